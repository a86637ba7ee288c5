"""What was unpacked from which archive, so that a later run knows it when the archive is gone."""

from __future__ import annotations

import json
from pathlib import Path

from lipcourse.errors import CorpusError
from lipcourse.whole import write_whole

LEDGER = ".unpacked"
"""The folder beside the corpus that holds a page for each archive."""


def unpacked_files(folder: Path, name: str, identity: str, chosen: str) -> dict[str, int] | None:
    """Name the files that an archive was unpacked to; None where it was not, or one of them is gone.

    Taught in notebook 05.

    Args:
        folder: Where the corpus lies.
        name: Of the archive.
        identity: What changes when the archive does: its checksum, or its size and time.
        chosen: What is wanted of it; an archive that was unpacked as a whole ("all") will do for any choice.

    Returns:
        The size in bytes of each file, by its path in `folder`.

    Raises:
        CorpusError: What was noted cannot be read.
    """
    path = _page(folder, name)
    if not path.is_file():
        return None
    try:
        page = json.loads(path.read_text(encoding="utf-8"))
        files: dict[str, int] = page["files"]
        same = page["identity"] == identity and page["chosen"] in ("all", chosen)
        done = same and all(_is_there(folder / file, size) for file, size in files.items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CorpusError("it cannot be read", where=path, remedy="delete it and run this again") from error
    return files if done else None


def note(folder: Path, name: str, identity: str, chosen: str, files: dict[str, int]) -> None:
    """Note that an archive was unpacked.

    Raises:
        CorpusError: The disk is full, or the folder cannot be written to.
    """
    page = {"identity": identity, "chosen": chosen, "files": files}
    write_whole(_page(folder, name), json.dumps(page), remedy="make room, then run it again")


def _page(folder: Path, name: str) -> Path:
    return folder / LEDGER / f"{name.replace('/', '_')}.json"


def _is_there(path: Path, size: int) -> bool:
    return path.is_file() and path.stat().st_size == size
