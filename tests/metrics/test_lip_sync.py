"""Lip sync of points whose sync is known."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from lipcourse.errors import OptionError, SignalError
from lipcourse.metrics.lip_sync import LEAST_WINDOWS, OFFSETS, distance_curve, lip_sync


def points(count: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return functional.normalize(torch.randn(count, 64, generator=generator), dim=1)


def later(heard: Tensor, shift: int) -> Tensor:
    """Sound that comes `shift` frames later; strangers fill the gap."""
    kept = heard[max(0, -shift) : len(heard) - max(0, shift)]
    gap = points(abs(shift), seed=99)
    return torch.cat([gap, kept]) if shift > 0 else torch.cat([kept, gap])


@pytest.mark.parametrize("offsets", [OFFSETS, range(-3, 1), (0, 5, -2)])
def test_the_curve_is_the_plain_loops(offsets):
    seen, heard = points(20, 1), points(20, 2)
    plain = [
        sum(
            float(sum((a - b) ** 2 for a, b in zip(seen[t], heard[t + k], strict=True)) ** 0.5)
            for t in range(20)
            if 0 <= t + k < 20
        )
        / (20 - abs(k))
        for k in offsets
    ]
    assert distance_curve(seen, heard, offsets).tolist() == pytest.approx(plain, rel=1e-5)


@pytest.mark.parametrize("shift", range(-7, 8))
def test_a_shift_is_found_and_counts(shift):
    seen = points(40)
    found, own = lip_sync(seen, later(seen, shift)), lip_sync(seen, seen)
    assert found.offset == shift
    assert found.best_distance == pytest.approx(0, abs=1e-6)
    assert own.distance == own.best_distance == pytest.approx(0, abs=1e-6)
    assert own.confidence > 1
    if shift:
        assert found.distance > 1
        assert abs(found.confidence) < 0.1


def test_lse_forgives_a_shift_which_distance_and_confidence_do_not():
    seen = points(60)
    found, own = lip_sync(seen, later(seen, 3)), lip_sync(seen, seen)
    assert found.best_confidence == pytest.approx(own.best_confidence, abs=0.03)
    assert found.best_distance == pytest.approx(own.best_distance, abs=1e-6)
    assert own.confidence - found.confidence > 1


def test_strangers_have_a_distance_of_about_the_root_of_two_and_no_confidence():
    found = lip_sync(points(60, 1), points(60, 2))
    assert found.distance == pytest.approx(2**0.5, abs=0.05)
    assert abs(found.confidence) < 0.05


def test_median_and_least_are_those_of_the_curve():
    found = lip_sync(points(30, 1), points(30, 2))
    ordered = sorted(found.curve)
    assert len(ordered) == len(OFFSETS)
    assert found.best_distance == ordered[0] == found.curve[list(OFFSETS).index(found.offset)]
    assert found.best_confidence == pytest.approx(ordered[7] - ordered[0])
    assert found.confidence == pytest.approx(ordered[7] - found.curve[7])


def test_the_shortest_clip_that_can_be_shifted():
    shortest = max(OFFSETS) + LEAST_WINDOWS
    assert lip_sync(points(shortest), points(shortest)).offset == 0
    with pytest.raises(SignalError, match=rf"{shortest - 1} windows are too few to shift by 7.*{shortest}"):
        lip_sync(points(shortest - 1), points(shortest - 1))


def test_what_cannot_be_measured():
    with pytest.raises(SignalError, match=r"\(20, 64\) and \(19, 64\)"):
        lip_sync(points(20), points(19))
    wrong = points(20)
    wrong[3, 3] = torch.nan
    with pytest.raises(SignalError, match="NaN"):
        lip_sync(points(20), wrong)
    with pytest.raises(OptionError, match="lack 0"):
        lip_sync(points(20), points(20), range(1, 4))
