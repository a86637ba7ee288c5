"""A list of what a corpus holds, and what is wrong with it at first sight."""

from __future__ import annotations

import csv
import io
from collections import Counter
from pathlib import Path

from lipcourse.corpora.base import SPLITS, FileCorpus
from lipcourse.whole import write_whole

INDEX = "clips.csv"


def write_index(corpus: FileCorpus, folder: Path) -> list[str]:
    """List a corpus's clips in `clips.csv`: key, talker, split, file, bytes.

    Clips are not decoded: that is what `lipcourse prepare` does.

    Taught in notebook 05.

    Args:
        corpus: As its reader finds it.
        folder: Where it lies.

    Returns:
        What there is to say of it, a line each: how many clips, of which splits, how many files are empty.

    Raises:
        CorpusError: The list cannot be written.
    """
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(("key", "talker", "split", "file", "bytes"))
    splits: Counter[str] = Counter()
    empty = texts = 0
    for key, recording in corpus.recordings.items():
        size = recording.path.stat().st_size
        rows.writerow(
            (key, recording.talker, recording.split, recording.path.relative_to(folder).as_posix(), size)
        )
        splits[recording.split] += 1
        empty += size == 0
        texts += bool(recording.texts)
    path = folder / INDEX
    write_whole(path, text.getvalue(), remedy="make room, then run it again")
    counts = ", ".join(f"{splits[split]} {split}" for split in SPLITS)
    lines = [
        f"{len(corpus)} clips of {len(corpus.talkers())} talkers ({counts}), {texts} with a text",
        f"they are listed in {path}",
    ]
    if empty:
        lines.append(f"{empty} of them are empty files: delete those and run this again")
    return lines
