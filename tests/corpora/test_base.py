"""Splits that are drawn by name."""

from __future__ import annotations

import pytest

from lipcourse.corpora.base import SPLITS, TEST_SHARE, VALIDATION_SHARE, draw_split

NAMES = [f"sentence {number}" for number in range(3000)]


@pytest.mark.parametrize("held_out", [False, True])
def test_sentences_fall_to_the_splits_by_their_shares_whoever_speaks(held_out: bool) -> None:
    drawn = [draw_split(name, "sentences", held_out=held_out) for name in NAMES]
    shares = {split: drawn.count(split) / len(NAMES) for split in SPLITS}
    assert shares["validation"] == pytest.approx(VALIDATION_SHARE, abs=0.02)
    assert shares["test"] == pytest.approx(TEST_SHARE, abs=0.02)
    assert drawn == [draw_split(name, "sentences", held_out=not held_out) for name in NAMES]


def test_of_unseen_talkers_all_is_for_testing_and_of_the_others_nothing() -> None:
    assert {draw_split(name, "talkers", held_out=True) for name in NAMES} == {"test"}
    drawn = [draw_split(name, "talkers", held_out=False) for name in NAMES]
    assert set(drawn) == {"train", "validation"}
    validation = {name for name, split in zip(NAMES, drawn, strict=True) if split == "validation"}
    assert validation == {n for n in NAMES if draw_split(n, "sentences", held_out=False) == "validation"}
