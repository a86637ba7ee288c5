"""Write a file so that nobody ever sees half of it."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from lipcourse.errors import CorpusError

UNFINISHED = ".part"
"""How the name of a file ends while it is being written; it begins with a dot."""


def write_whole(path: Path, data: bytes, *, remedy: str) -> None:
    """Write a file beside its place and rename it; of several writers, the last wins.

    Args:
        path: The file. Its folder is made where it is missing.
        data: What it holds.
        remedy: What the user can do where it cannot be written.

    Raises:
        CorpusError: It cannot be written.
    """
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}{UNFINISHED}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            unfinished.write_bytes(data)
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise CorpusError(f"cannot be written ({error.strerror})", where=path, remedy=remedy) from error
