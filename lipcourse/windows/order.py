"""The order of an epoch: which window comes when, found from the lengths of the clips alone.

Clips are dealt to a few lanes, and a window's place in its lane is the place of its clip plus a random
distance of at most SPREAD clips; the lanes then take turns. So neighbours in the order are of different
clips, and yet only about LANES x SPREAD clips are needed at any time, however large the corpus is. The order
knows nothing of batches, processes or loader workers: whatever their number, all follow the same one.

Taught in notebook 05.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]

LANES = 24
"""Windows that follow each other come from so many lanes in turn. Many numbers divide it: of 2, 3, 4, 6, 8,
12 or 24 processes each keeps to lanes of its own, and no two decode the same clip."""

LEAST_CLIPS_A_LANE = 4
"""A small corpus has fewer lanes, so that each lane has other clips to contrast a window with."""

SPREAD = 6
"""How many clips of a lane a window can come late: more shuffle better, and need more memory."""

SHARDS_TOGETHER = 8
"""Clips are shuffled over so many shards, themselves drawn at random: the others need not be at hand."""


@dataclass(frozen=True)
class Order:
    """The windows of an epoch, in order; all arrays are (N,).

    Attributes:
        clip: Which clip a window is cut from.
        start: Its first frame.
        image: Which frame of the same clip is the identity image.
        other: Which window of this order, of another clip, stands near it: its mismatch. -1: there is none.
    """

    clip: Numbers
    start: Numbers
    image: Numbers
    other: Numbers


def count_windows(frames: Numbers, length: int, stride: int) -> Numbers:
    """Return how many windows each clip has; frames at its end that fill no window are left out."""
    return np.maximum(0, (frames - length) // stride + 1)


def order_epoch(
    frames: Numbers,
    shards: Numbers,
    *,
    length: int,
    stride: int,
    seed: int,
    epoch: int,
    shuffle: bool,
    corpora: Numbers | None = None,
    first_frames: float = 0.0,
) -> Order:
    """Put the windows of all clips in order, each once; or of each corpus as many as the smallest has.

    Args:
        frames: (clips,), how long each clip is.
        shards: (clips,), the number of the shard that it lies in.
        length: Frames of a window.
        stride: Frames from the start of a window to the next one's.
        seed: Of all that is random here: the same seed and epoch give the same order.
        epoch: Which epoch it is.
        shuffle: False gives the clips' and their windows' own order, the same in all epochs.
        corpora: (clips,), the number of the corpus that each clip is from. Where they are given, an epoch
            shows as many windows of each corpus as of the smallest, those of the larger ones from clips that
            are drawn anew each epoch.
        first_frames: The share of windows whose identity image is the first frame of their clip; any frame of
            it is that of the others.

    Taught in notebook 05.
    """
    random = np.random.default_rng([seed, epoch if shuffle else 0])
    counts = count_windows(frames, length, stride)
    clips = _shuffle_clips(shards, random) if shuffle else np.arange(len(frames))
    if corpora is not None:
        counts = even_out(counts, clips, corpora)
    clips = clips[counts[clips] > 0]
    counts = counts[clips]
    place = np.repeat(np.arange(len(clips)), counts)
    clip, start = clips[place], stride * _count_up(counts)
    if shuffle:
        lanes, places = _deal(counts)
        turn = _take_turns(lanes[place], places[place] + SPREAD * random.random(len(clip)))
        clip, start, family = clip[turn], start[turn], lanes[place][turn]
    else:
        family = np.minimum(place // 2, max(0, len(clips) // 2 - 1))
    image = random.integers(0, frames[clip])
    image[random.random(len(clip)) < first_frames] = 0
    return Order(clip, start, image, _contrast(clip, family))


def even_out(counts: Numbers, clips: Numbers, corpora: Numbers) -> Numbers:
    """Leave each corpus as many windows as the smallest has.

    Args:
        counts: (clips,), how many windows each clip has.
        clips: The clips in any order: each corpus keeps those that come first.
        corpora: (clips,), the number of the corpus that each clip is from. One without a window is none.

    Returns:
        (clips,), how many windows of each clip are left: its first ones.
    """
    totals = np.bincount(corpora, weights=counts).astype(np.int64)
    least = totals[totals > 0].min(initial=counts.sum())
    left = counts.copy()
    for corpus in np.unique(corpora):
        own = clips[corpora[clips] == corpus]
        before = np.cumsum(counts[own]) - counts[own]
        left[own] = np.clip(least - before, 0, counts[own])
    return left


def _shuffle_clips(shards: Numbers, random: np.random.Generator) -> Numbers:
    """Draw clips at random out of a few shards, then out of the next few."""
    together = random.permutation(int(shards.max()) + 1) // SHARDS_TOGETHER
    return np.lexsort((random.random(len(shards)), together[shards]))


def _deal(counts: Numbers) -> tuple[Numbers, Numbers]:
    """Deal clips to lanes, each to the lane with the fewest windows; return lane and place in it, by clip."""
    divisors = [lanes for lanes in range(1, LANES + 1) if LANES % lanes == 0]
    most = max(1, len(counts) // LEAST_CLIPS_A_LANE)
    held = [(0, lane, 0) for lane in range(max(lanes for lanes in divisors if lanes <= most))]
    lanes, places = np.zeros(len(counts), np.int64), np.zeros(len(counts), np.int64)
    for clip, count in enumerate(counts.tolist()):
        windows, lane, clips = held[0]
        lanes[clip], places[clip] = lane, clips
        heapq.heapreplace(held, (windows + count, lane, clips + 1))
    return lanes, places


def _take_turns(lane: Numbers, place: NDArray[np.float64]) -> Numbers:
    """Order windows so that first comes the first of each lane, then the second of each, and so on."""
    by_lane = np.lexsort((place, lane))
    return by_lane[np.lexsort((lane[by_lane], _count_up(np.bincount(lane))))]


def _count_up(counts: Numbers) -> Numbers:
    """Return 0, 1, ..., n - 1 for each count n, one after the other."""
    return np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)


def _contrast(clip: Numbers, family: Numbers) -> Numbers:
    """Find a mismatch for each window in its family, which one process reads, so that it costs no decoding.

    Where a family has one clip only, any other family's will do; in a corpus of one clip there is none: -1.
    """
    near = _nearest_other(clip, family)
    return np.where(near >= 0, near, _nearest_other(clip, np.zeros_like(family)))


def _nearest_other(clip: Numbers, family: Numbers) -> Numbers:
    """Find for each window the last before it, else the first after it, of its family and another clip."""
    order = np.argsort(family, kind="stable")
    kin, own = family[order], clip[order]
    # A run is windows of one clip that follow each other in their family.
    begins = np.ones(len(own), bool)
    begins[1:] = (own[1:] != own[:-1]) | (kin[1:] != kin[:-1])
    firsts = np.flatnonzero(begins)
    run = np.cumsum(begins) - 1
    other = np.full(len(clip), -1)
    for near in (np.append(firsts[1:], len(own))[run], firsts[run] - 1):
        there = (near >= 0) & (near < len(own))
        there[there] = kin[near[there]] == kin[there]
        other[order[there]] = order[near[there]]
    return other
