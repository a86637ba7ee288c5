"""Intervals by talker, against plain loops."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lipcourse.errors import SignalError
from lipcourse.evaluation.intervals import bootstrap


def by_loops(values, talkers, draws, seed):
    """The same, one draw at a time, one talker at a time, one clip at a time."""
    names = sorted(set(talkers))
    drawn = np.random.default_rng(seed).multinomial(len(names), [1 / len(names)] * len(names), draws)
    means = []
    for counts in drawn:
        chosen = []
        for name, times in zip(names, counts, strict=True):
            own = [value for value, talker in zip(values, talkers, strict=True) if talker == name]
            chosen += own * times
        means.append(sum(chosen) / len(chosen))
    means.sort()
    return means[math.ceil(0.025 * draws) - 1], means[math.ceil(0.975 * draws) - 1]


@given(
    values=st.lists(st.floats(-100, 100), min_size=4, max_size=12),
    talkers=st.integers(2, 4),
    seed=st.integers(0, 9),
)
def test_the_interval_is_that_of_plain_loops(values, talkers, seed) -> None:
    names = [f"s{number % talkers}" for number in range(len(values))]
    found = bootstrap(values, names, seed=seed, draws=80)
    low, high = by_loops(values, names, 80, seed)
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-6)
    assert found.mean == pytest.approx(sum(values) / len(values), abs=1e-9)
    assert found.n == len(values)


def test_clips_of_few_talkers_are_few() -> None:
    """A hundred clips that only differ by talker are worth four."""
    talkers = [f"s{number % 4}" for number in range(100)]
    values = [float(number % 4) for number in range(100)]
    together = bootstrap(values, talkers)
    alone = bootstrap(values, [str(number) for number in range(100)])
    assert together.high - together.low > 3 * (alone.high - alone.low)


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    random = np.random.default_rng(0)
    talkers = [f"s{number // 5}" for number in range(150)]
    held = 0
    for trial in range(200):
        values = np.repeat(random.normal(0, 1, 30), 5) + random.normal(0, 1, 150)
        found = bootstrap(values, talkers, seed=trial, draws=400)
        held += found.low <= 0 <= found.high
    assert 0.88 <= held / 200 <= 0.99


def test_unknown_values_do_not_count() -> None:
    found = bootstrap([1, math.nan, 3], ["a", "b", "b"])
    assert (found.mean, found.n) == (2, 2)
    nothing = bootstrap([math.nan] * 3, ["a", "b", "b"])
    assert nothing.n == 0
    assert math.isnan(nothing.mean)


def test_one_talker_says_nothing_of_others() -> None:
    found = bootstrap([1, 2, 3], ["a"] * 3)
    assert (found.mean, found.n) == (2, 3)
    assert math.isnan(found.low)
    assert math.isnan(found.high)


def test_infinity_is_infinite_and_not_lost() -> None:
    all_right = bootstrap([math.inf] * 4, ["a", "b", "c", "d"])
    assert all_right[:3] == (math.inf, math.inf, math.inf)
    one = bootstrap([math.inf, 1, 2, 3], ["a", "b", "c", "d"])
    assert one.mean == one.high == math.inf
    assert 1 <= one.low <= 3
    assert bootstrap([-math.inf, 1, 2, 3], ["a", "b", "c", "d"]).low == -math.inf


@pytest.mark.filterwarnings("error")
def test_infinity_both_ways_has_no_mean() -> None:
    found = bootstrap([math.inf, -math.inf, 1.0], ["a", "b", "c"], draws=50)
    assert math.isnan(found.mean)
    assert found.n == 3


def test_the_same_seed_gives_the_same() -> None:
    values = np.random.default_rng(0).normal(0, 1, 20)
    talkers = [f"s{number % 5}" for number in range(20)]
    assert bootstrap(values, talkers, seed=3, draws=50) == bootstrap(values, talkers, seed=3, draws=50)
    assert bootstrap(values, talkers, seed=3, draws=50) != bootstrap(values, talkers, seed=4, draws=50)


def test_there_is_a_talker_for_each_value() -> None:
    with pytest.raises(SignalError, match="2 talkers"):
        bootstrap([1, 2, 3], ["a", "b"])
