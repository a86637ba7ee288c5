"""An archive that came in parts, read as one file: nothing is copied together."""

from __future__ import annotations

import io
import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

from lipcourse.errors import CorpusError

_PART = re.compile(r"(?P<whole>.+?)[_-]?part(?P<letters>[a-z]{2})")


class JoinedFile(io.RawIOBase):
    """Files one after another, as `cat` would join them, read without joining them.

    Args:
        paths: The files, in order.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._files = [path.open("rb") for path in paths]
        self._ends = list(accumulate(path.stat().st_size for path in paths))
        self._position = 0

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def seekable(self) -> bool:
        """Tell that it can be read from anywhere."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a byte, counted over all files."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._ends[-1]}[whence]
        self._position = max(0, start + offset)
        return self._position

    def tell(self) -> int:
        """Say at which byte it is, counted over all files."""
        return self._position

    def readinto(self, buffer: Any) -> int:
        """Read up to the end of one file."""
        number = bisect_right(self._ends, self._position)
        if number == len(self._files):
            return 0
        begins = self._ends[number] - self._size(number)
        file = self._files[number]
        file.seek(self._position - begins)
        read = file.readinto(memoryview(buffer))
        self._position += read
        return read

    def close(self) -> None:
        """Close all files."""
        for file in self._files:
            file.close()
        super().close()

    def _size(self, number: int) -> int:
        return self._ends[number] - (self._ends[number - 1] if number else 0)


def join_parts(paths: Iterable[Path]) -> dict[Path, list[Path]]:
    """Group files into archives: `lrw-v1-partaa`, `-partab`, ... are one, `s1.zip` is one of its own.

    Returns:
        The files of each archive in order, by the archive's path (without "-partaa").

    Raises:
        CorpusError: A part before another is missing.
    """
    groups: dict[Path, list[Path]] = defaultdict(list)
    for path in sorted(paths):
        found = _PART.fullmatch(path.name)
        parts = groups[path.with_name(found["whole"]) if found else path]
        due = "".join(chr(ord("a") + digit) for digit in divmod(len(parts), 26))
        if found and found["letters"] != due:
            raise CorpusError(f"the part {due!r} before it is missing", where=path, remedy="get all parts")
        parts.append(path)
    return dict(groups)
