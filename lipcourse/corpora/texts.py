"""Texts beside clips: what is said in them."""

from __future__ import annotations

from pathlib import Path

from lipcourse.errors import CorpusError


def read_text(path: Path) -> str:
    """Read a text in UTF-8, with or without a byte order mark.

    Raises:
        CorpusError: It cannot be read, or is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CorpusError(
            "it cannot be read as UTF-8 text", where=path, remedy="copy the file again"
        ) from error


def text_beside(path: Path) -> tuple[Path, ...]:
    """Name the text beside a video, `hello.txt` beside `hello.mp4`; nothing where there is none."""
    text = path.with_suffix(".txt")
    return (text,) if text.is_file() else ()
