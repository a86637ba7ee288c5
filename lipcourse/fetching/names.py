"""Which names in an archive may become files: those that stay in their folder on every kind of machine."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath

from lipcourse.errors import CorpusError

# Windows opens a device by these names, whatever their suffix.
DEVICES = frozenset(
    {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in "0123456789")}
)
_FORBIDDEN = re.compile(r'[\x00-\x1f<>:"|?*\\]')


def safe_path(name: str, archive: object) -> PurePosixPath:
    r"""Turn a name in an archive into a path below a folder.

    Taught in notebook 05.

    Args:
        name: As the archive has it, parts divided by "/".
        archive: What to call the archive in an error.

    Raises:
        CorpusError: The name could lead elsewhere, here or on Windows: it is absolute or empty, goes up
            ("..") or names a drive ("C:"), a stream or a device ("NUL"), divides by "\", holds a control
            character, or a part of it ends with a dot or a space.
    """
    parts = [part for part in name.rstrip("/").split("/") if part != "."]
    if not parts or any(_is_unsafe(part) for part in parts):
        raise CorpusError(
            f"the name {name!r} in it could lead out of its folder",
            where=archive,
            remedy="nothing was written there; do not trust this archive",
        )
    return PurePosixPath(*parts)


def _is_unsafe(part: str) -> bool:
    return (
        not part  # An empty first part makes a path absolute.
        or part == ".."
        or part[-1] in ". "
        or bool(_FORBIDDEN.search(part))
        or part.partition(".")[0].strip().lower() in DEVICES
    )


class Names:
    """The names seen so far in an archive: no two may be one file, on whatever disk.

    Args:
        archive: What to call the archive in an error.
    """

    def __init__(self, archive: object) -> None:
        self._archive = archive
        self._files: set[str] = set()
        self._folders: set[str] = set()

    def add(self, path: PurePosixPath) -> None:
        """Take note of a file.

        Raises:
            CorpusError: There was one of that name, or of one that differs in upper and lower case or in how
                accents are written, or one of them would have to be a file and a folder.
        """
        name = _folded(path)
        above = {_folded(folder) for folder in path.parents[:-1]}
        if name in self._files or name in self._folders or above & self._files:
            raise CorpusError(
                f"the name {str(path)!r} in it is there twice, or as a file and a folder",
                where=self._archive,
                remedy="one would overwrite the other; do not trust this archive",
            )
        self._files.add(name)
        self._folders |= above


def _folded(path: PurePosixPath) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", str(path)).casefold())
