"""The order of an epoch: every window once, mismatches of other clips, few clips at a time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lipcourse.windows.order import LANES, SPREAD, count_windows, even_out, order_epoch

LENGTHS = st.lists(st.integers(1, 120), min_size=1, max_size=60)


def ordered(frames, *, length=16, stride=8, seed=0, epoch=0, shuffle=True, clips_a_shard=4):
    frames = np.array(frames)
    shards = np.arange(len(frames)) // clips_a_shard
    return order_epoch(frames, shards, length=length, stride=stride, seed=seed, epoch=epoch, shuffle=shuffle)


def windows_of(order):
    return list(zip(order.clip.tolist(), order.start.tolist(), strict=True))


def most_clips_at_once(order):
    """How many clips somebody who reads the whole order keeps at most, from first to last use."""
    uses = np.stack([order.clip, order.clip[order.other]], axis=1).reshape(-1)
    firsts = {clip: place for place, clip in reversed(list(enumerate(uses.tolist())))}
    lasts = {clip: place for place, clip in enumerate(uses.tolist())}
    changes = np.zeros(len(uses) + 1, int)
    for clip, first in firsts.items():
        changes[first] += 1
        changes[lasts[clip] + 1] -= 1
    return int(np.cumsum(changes).max())


@given(LENGTHS, st.integers(1, 40), st.integers(1, 20), st.booleans(), st.integers(0, 3))
def test_every_window_comes_once(frames, length, stride, shuffle, seed):
    expected = [
        (clip, start)
        for clip, count in enumerate(frames)
        for start in range(0, count, stride)
        if start + length <= count
    ]
    if not expected:
        assert count_windows(np.array(frames), length, stride).sum() == 0
        return
    order = ordered(frames, length=length, stride=stride, shuffle=shuffle, seed=seed)
    assert sorted(windows_of(order)) == expected
    assert shuffle or windows_of(order) == expected
    assert ((order.image >= 0) & (order.image < np.array(frames)[order.clip])).all()


@given(LENGTHS, st.booleans())
def test_a_mismatch_is_of_another_clip(frames, shuffle):
    if sum(count >= 16 for count in frames) == 0:
        return
    order = ordered(frames, shuffle=shuffle)
    if len(set(order.clip.tolist())) == 1:
        assert (order.other == -1).all()
    else:
        assert (order.clip[order.other] != order.clip).all()
        assert (order.other >= 0).all()


def test_the_same_seed_and_epoch_give_the_same_order_and_others_do_not():
    def order(seed, epoch, **options):
        return windows_of(ordered([75] * 50, seed=seed, epoch=epoch, **options))

    assert order(3, 1) == order(3, 1)
    assert order(3, 1) != order(3, 2)
    assert order(3, 1) != order(4, 1)
    assert order(3, 1, shuffle=False) == order(4, 2, shuffle=False)


@pytest.mark.parametrize("clips", [500, 2000])
def test_few_clips_are_needed_at_a_time_however_many_there_are(clips):
    assert most_clips_at_once(ordered([75] * clips, clips_a_shard=64)) < 1.3 * LANES * SPREAD


def test_windows_near_each_other_are_of_different_clips():
    order = ordered([75] * 400, clips_a_shard=64)
    batches = order.clip[: len(order.clip) // 8 * 8].reshape(-1, 8)
    assert all(len(set(batch)) == 8 for batch in batches.tolist())
    # A clip's own windows come in any order, and those of other clips between them.
    gaps = np.diff(np.flatnonzero(order.clip == order.clip[1000]))
    assert gaps.max() > LANES


def test_an_epoch_stays_with_a_few_shards_at_a_time():
    order = ordered([75] * 1600, clips_a_shard=64)
    early = set((order.clip[:1000] // 64).tolist())
    assert len(early) <= 8
    assert set((ordered([75] * 1600, clips_a_shard=64, epoch=1).clip[:1000] // 64).tolist()) != early


@settings(max_examples=30)
@given(st.sampled_from([2, 3, 4, 6, 8]))
def test_no_two_processes_need_the_same_clip(world):
    order = ordered([75] * 240)
    for rank in range(world):
        share = np.arange(rank, len(order.clip), world)
        others = np.setdiff1d(np.arange(len(order.clip)), share)
        needed = set(order.clip[share]) | set(order.clip[order.other[share]])
        assert not needed & set(order.clip[others].tolist())


@given(LENGTHS, LENGTHS, st.integers(0, 3), st.booleans())
def test_a_small_corpus_has_as_many_windows_as_a_large_one(small, large, epoch, shuffle):
    frames = np.array(small + large)
    corpora = np.repeat([0, 1], [len(small), len(large)])
    counts = count_windows(frames, 16, 8)
    least = min((n for n in (counts[corpora == corpus].sum() for corpus in (0, 1)) if n), default=0)
    shards = np.zeros(len(frames), np.int64)
    order = order_epoch(
        frames, shards, length=16, stride=8, seed=0, epoch=epoch, shuffle=shuffle, corpora=corpora
    )
    shown = np.bincount(corpora[order.clip], minlength=2)
    assert set(shown.tolist()) <= {0, least}
    assert (shown > 0).tolist() == [bool(counts[corpora == corpus].sum()) for corpus in (0, 1)]
    assert len(set(windows_of(order))) == len(order.clip)
    assert even_out(counts, np.arange(len(frames)), corpora).sum() == len(order.clip)


def test_each_epoch_shows_other_clips_of_the_larger_corpus():
    frames, corpora = np.full(110, 75), np.repeat([0, 1], [10, 100])

    def shown(epoch):
        shards = np.zeros(110, np.int64)
        order = order_epoch(
            frames, shards, length=16, stride=8, seed=0, epoch=epoch, shuffle=True, corpora=corpora
        )
        return set(order.clip.tolist())

    assert len(shown(0)) == 20
    assert shown(0) & shown(1) >= set(range(10))
    assert len(shown(0) | shown(1)) > 25


@given(st.floats(0, 1), st.integers(0, 3))
def test_a_share_of_identity_images_are_first_frames(share, seed):
    def order(**options):
        shards = np.zeros(200, np.int64)
        return order_epoch(
            np.full(200, 75), shards, length=16, stride=8, seed=seed, epoch=0, shuffle=True, **options
        )

    usual, rested = order(), order(first_frames=share)
    assert windows_of(rested) == windows_of(usual)
    changed = rested.image != usual.image
    assert not rested.image[changed].any()
    assert np.mean(rested.image == 0) == pytest.approx(share + (1 - share) / 75, abs=0.06)
