"""What the report counts, read from the shards one at a time: memory does not grow with the corpus."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lipcourse.corpora.base import spread
from lipcourse.windows.corpus import Preparation
from lipcourse.windows.prepare import OPENING_BINS, SILENT
from lipcourse.windows.shards import ShardIndex

LOUDEST, QUIETEST = 0, -60
LEVEL_STEP = 2
"""Decibels of full scale: the range of the histogram of levels, and a bar's width."""

SHOWN = 24
"""Clips on the contact sheet."""


def _level_bins() -> NDArray[np.int64]:
    return np.zeros((LOUDEST - QUIETEST) // LEVEL_STEP, np.int64)


@dataclass
class Tally:
    """Counts over the clips of a corpus.

    Attributes:
        seconds: Of clips, by split and talker.
        clips: How many, by split.
        frames: How many in all clips.
        found: In how many of them there is a face.
        full: In how many clips there is a face in every frame.
        phones: How many are labelled.
        opening: int64 (OPENING_BINS,), frames by how far the mouth is open, in pixels of the mouth crop.
        levels: int64 (bins,), clips by the level of their sound; below the range counts as its end.
        peaks: The same of their loudest sample.
        silent: How many clips are all zeros.
        reasons: Clips left out, by the kind of reason.
        first: Shard and key of each talker's first clip.
        others: The same of clips evenly chosen from the corpus.
    """

    seconds: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    clips: Counter[str] = field(default_factory=Counter)
    frames: int = 0
    found: float = 0.0
    full: int = 0
    phones: int = 0
    opening: NDArray[np.int64] = field(default_factory=lambda: np.zeros(OPENING_BINS, np.int64))
    levels: NDArray[np.int64] = field(default_factory=_level_bins)
    peaks: NDArray[np.int64] = field(default_factory=_level_bins)
    silent: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    first: dict[str, tuple[str, str]] = field(default_factory=dict)
    others: list[tuple[str, str]] = field(default_factory=list)

    @property
    def kept(self) -> int:
        """How many clips are in the shards."""
        return self.clips.total()

    @property
    def left_out(self) -> int:
        """How many clips are not."""
        return self.reasons.total()

    @property
    def shown(self) -> list[tuple[str, str]]:
        """Shard and key of the clips for the contact sheet: one of each talker, then others."""
        talkers = spread(list(self.first.values()), SHOWN)
        others = [clip for clip in self.others if clip not in talkers]
        return talkers + spread(others, SHOWN - len(talkers))


def tally(made: Preparation) -> Tally:
    """Count what is in the shards, and what was left out.

    Raises:
        CorpusError: A shard cannot be read.
    """
    counts = Tally()
    numbers = {number * made.clips // SHOWN for number in range(SHOWN)}
    for name, index in zip(made.shards, made.indexes(), strict=True):
        _add(counts, name, index, numbers)
    counts.reasons.update(kind(reason) for reason in made.unlisted.values())
    return counts


def kind(reason: str) -> str:
    """Reduce a reason to its kind: names of files and numbers, which differ from clip to clip, are left out.

    >>> kind("talks/s1/a.mpg: the file is cut off after 1.20 of 3.00 s")
    'the file is cut off after … of … s'
    """
    without_place = re.sub(r"^.*?[/.][^:]*: ", "", reason)
    return re.sub(r"\d+(\.\d+)?|'[^']*'", "…", without_place)


def _add(counts: Tally, name: str, index: ShardIndex, numbers: set[int]) -> None:
    for clip in index.clips:
        counts.first.setdefault(clip["talker"], (name, clip["key"]))
        if counts.kept in numbers:
            counts.others.append((name, clip["key"]))
        counts.clips[clip["split"]] += 1
        counts.seconds[clip["split"]][clip["talker"]] += clip["seconds"]
        counts.frames += clip["frames"]
        counts.found += clip["found"] * clip["frames"]
        counts.full += clip["found"] == 1
        counts.phones += len(clip["phones"])
        counts.opening += clip["opening"]
        counts.levels[_bin(clip["level"])] += 1
        counts.peaks[_bin(clip["peak"])] += 1
        counts.silent += clip["level"] <= SILENT
    counts.reasons.update(kind(clip.get("what", clip["reason"])) for clip in index.skipped)


def _bin(decibels: float) -> int:
    return int(np.clip((decibels - QUIETEST) // LEVEL_STEP, 0, (LOUDEST - QUIETEST) // LEVEL_STEP - 1))
