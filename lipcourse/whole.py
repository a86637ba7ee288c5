"""Write a file so that nobody ever sees half of it, however the writer ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from lipcourse.errors import CorpusError

UNFINISHED = ".part"
"""How the name of a file ends while it is being written; it begins with a dot."""


@contextmanager
def beside(path: Path) -> Iterator[Path]:
    """Give a name beside `path` to write to; when all went well the file is renamed, else it is removed.

    Of several writers, on one machine or on many that share a disk, the last wins. A writer that is killed
    leaves its unfinished file: see `remove_unfinished`.

    Args:
        path: The file, in a folder that there is.

    Raises:
        OSError: There is no such folder, or it cannot be written to.
    """
    unfinished = path.with_name(f".{path.name}.{uuid4().hex[:12]}{UNFINISHED}")
    try:
        yield unfinished
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def write_whole(path: Path, data: bytes | str, *, remedy: str) -> None:
    """Write a file beside its place and rename it.

    Args:
        path: The file. Its folder is made where it is missing.
        data: What it holds; a text is written as UTF-8.
        remedy: What the user can do where it cannot be written.

    Raises:
        CorpusError: It cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside(path) as unfinished:
            unfinished.write_bytes(data.encode() if isinstance(data, str) else data)
    except OSError as error:
        raise CorpusError(f"cannot be written ({error.strerror})", where=path, remedy=remedy) from error


def is_unfinished(path: Path) -> bool:
    """Tell by its name whether a file is one that a killed writer left."""
    return path.name.startswith(".") and path.suffix == UNFINISHED


def remove_unfinished(folder: Path) -> None:
    """Remove what killed writers left in a folder. Nobody may be writing there."""
    for path in folder.iterdir():
        if is_unfinished(path):
            path.unlink(missing_ok=True)
