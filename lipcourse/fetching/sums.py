"""Checksums that came beside archives, in the form that `md5sum` and `sha256sum` write."""

from __future__ import annotations

import re
from pathlib import Path

from lipcourse.errors import CorpusError
from lipcourse.fetching.zenodo import matches

ALGORITHMS = {32: "md5", 40: "sha1", 64: "sha256"}
"""By the length of the sum."""

_LINE = re.compile(r"(?P<sum>[0-9A-Fa-f]{32,64})\s+\*?(?:.*/)?(?P<name>[^/]+)")


def read_sums(path: Path) -> dict[str, str]:
    """Read a list of checksums, one "sum name" a line; lines that begin with "#" are left out.

    Taught in notebook 05.

    Returns:
        The checksum of each file, as pooch writes it ("md5:5eb63b..."), by the file's name.

    Raises:
        CorpusError: It cannot be read, or a line of it is no checksum and name.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CorpusError("the checksums cannot be read", where=path, remedy="check the path") from error
    sums = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        found = _LINE.fullmatch(line.strip())
        if not found or len(found["sum"]) not in ALGORITHMS:
            raise CorpusError(
                f"{line!r} is not a checksum and a file name",
                where=f"{path} line {number}",
                remedy="write lines as md5sum or sha256sum does",
            )
        sums[found["name"]] = f"{ALGORITHMS[len(found['sum'])]}:{found['sum'].lower()}"
    return sums


def verify(path: Path, checksum: str) -> None:
    """Compare a file with its checksum.

    Raises:
        CorpusError: They differ.
    """
    if not matches(path, checksum):
        raise CorpusError(
            f"it is not what its checksum says ({checksum})", where=path, remedy="get the file again"
        )
