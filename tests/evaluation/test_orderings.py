"""What of a paper's orderings holds: verdicts by intervals, counts, and Kendall's tau."""

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lipcourse.evaluation.intervals import Interval, bootstrap
from lipcourse.evaluation.orderings import MEASURED_BY, agreement, count_verdicts, find_orderings, judge
from lipcourse.training.methods import METHODS, Digits

TALKERS = [f"s{number}" for number in range(10) for _ in range(2)]


def between(values):
    """What `Comparison.difference` does, for one number a clip of each method, the same for all metrics."""
    return lambda name, other, _: bootstrap(values[name] - values[other], TALKERS, draws=200)


@pytest.mark.parametrize(
    ("low", "high", "sign", "verdict"),
    [
        (0.1, 0.3, 1, "holds"),
        (0.1, 0.3, -1, "reversed"),
        (-0.3, -0.1, 1, "reversed"),
        (-0.3, -0.1, -1, "holds"),
        (-0.1, 0.3, 1, "open"),
        (0.0, 0.3, 1, "open"),
        (math.nan, math.nan, 1, "open"),
    ],
)
def test_an_interval_is_on_one_side_or_tells_nothing(low, high, sign, verdict):
    assert judge(Interval((low + high) / 2, low, high, 20), sign) == verdict


def test_what_the_paper_prints_holds_where_it_is_measured():
    """Each clip's values are the paper's digits: every ordering holds, whichever way is better."""
    paper = {name: method.paper for name, method in METHODS.items()}

    def difference(name, other, metric):
        own = {ours: theirs for theirs, ours in MEASURED_BY.items()}[metric]
        gap = getattr(paper[name], own) - getattr(paper[other], own)
        return bootstrap(np.full(20, gap), TALKERS, draws=50)

    orderings = find_orderings(paper, difference)
    assert {each.verdict for each in orderings} == {"holds"}
    assert set(agreement(orderings).values()) == {1.0}
    for metric in MEASURED_BY:
        distinct = sum(
            getattr(first, metric) != getattr(second, metric)
            for first, second in combinations(paper.values(), 2)
        )
        assert count_verdicts(orderings)[metric] == {"holds": distinct, "reversed": 0, "open": 0}
    full = [each for each in orderings if each.metric == "lmd" and "e" in (each.better, each.worse)]
    assert {each.better for each in full} == {"e"}


def test_methods_that_do_the_same_are_open():
    random = np.random.default_rng(0)
    paper = {"x": Digits(1, 0.5, 29, 0.1), "y": Digits(2, 0.4, 28, 0.2)}
    noise = {name: random.normal(size=20) for name in paper}
    orderings = find_orderings(paper, between(noise))
    assert [each.verdict for each in orderings] == ["open"] * 4
    assert [each.better for each in orderings] == ["x", "x", "x", "y"]


def test_methods_with_equal_digits_have_no_order():
    same = Digits(1, 0.5, 29, 0.1)
    assert find_orderings({"x": same, "y": same}, between({"x": np.zeros(20), "y": np.ones(20)})) == []


def test_what_has_no_value_has_no_order():
    nothing = {"x": np.full(20, np.nan), "y": np.zeros(20)}
    assert find_orderings({"x": Digits(1, 1, 1, 1), "y": Digits(2, 2, 2, 2)}, between(nothing)) == []


@given(st.permutations(range(6)))
def test_tau_is_scipy_s(order):
    from scipy.stats import kendalltau

    paper = {str(place): Digits(place, 0, 0, 0) for place in range(6)}
    values = {str(place): np.full(20, float(each)) for place, each in enumerate(order)}
    found = agreement(find_orderings(paper, between(values)))
    assert found == {"lmd": pytest.approx(kendalltau(range(6), order).statistic)}
