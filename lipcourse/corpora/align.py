"""When each word of a sentence is said: GRID's .align files."""

from __future__ import annotations

from pathlib import Path

from lipcourse.errors import CorpusError
from lipcourse.media import Segment

UNITS_PER_SECOND = 25_000
"""GRID counts in samples of its 25 kHz sound: 1000 of them make a video frame."""

SILENCES = frozenset({"sil", "sp"})


def read_align(path: str | Path) -> tuple[Segment, ...]:
    """Read an .align file: one word a line, as start, end (both in 1/25000 s) and word.

    Silences ("sil", "sp") are kept; `only_words` leaves them out.

    Taught in notebook 05.

    Returns:
        What is said when, in seconds.

    Raises:
        CorpusError: A line is not "start end word", or ends before it starts.
    """
    path = Path(path)
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CorpusError(
            "the word times cannot be read", where=path, remedy="copy the file again"
        ) from error
    return tuple(
        _segment(line, f"{path} line {number}") for number, line in enumerate(lines, 1) if line.strip()
    )


def only_words(segments: tuple[Segment, ...]) -> tuple[Segment, ...]:
    """Leave out the silences."""
    return tuple(segment for segment in segments if segment.label not in SILENCES)


def _segment(line: str, place: str) -> Segment:
    try:
        start, end, label = line.split()
        segment = Segment(int(start) / UNITS_PER_SECOND, int(end) / UNITS_PER_SECOND, label.lower())
    except ValueError as error:
        raise CorpusError(f"{line!r} is not a start, an end and a word", where=place) from error
    if not 0 <= segment.start <= segment.end:
        raise CorpusError(f"{line!r} ends before it starts", where=place)
    return segment
