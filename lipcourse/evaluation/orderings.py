"""Which of a paper's orderings hold here: "e is better than d" is a claim, and a difference tests it.

For each metric the paper's digits put every two methods in an order. Here each pair has a mean difference
over the same clips and its 95% interval, whole talkers drawn. The claim holds where the interval lies on the
paper's side of 0, is reversed where it lies on the other, and else nothing can be said: a table of bare means
has an order too, and most of it may be chance. Taught in notebook 13.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import Literal, NamedTuple

from lipcourse.evaluation.intervals import Interval
from lipcourse.training.methods import Digits

Verdict = Literal["holds", "reversed", "open"]
VERDICTS: tuple[Verdict, ...] = ("holds", "reversed", "open")

LOWER_IS_BETTER = ("lmd",)

MEASURED_BY = {"lmd": "lmd", "ssim": "ssim", "psnr": "psnr_wrapped", "cpbd": "cpbd"}
"""What compares with each of the paper's metrics: its PSNR wraps at 256."""


class Ordering(NamedTuple):
    """One claim of the paper, and what was found.

    Attributes:
        metric: Of `Digits`.
        better: The method that the paper says is better.
        worse: Than which.
        paper: By how much, better less worse.
        found: The same difference here, with its interval.
        verdict: Whether it holds.
    """

    metric: str
    better: str
    worse: str
    paper: float
    found: Interval
    verdict: Verdict


def judge(difference: Interval, sign: float) -> Verdict:
    """Return whether a difference, of which the paper says that it has this sign, does.

    Args:
        difference: Mean and interval; without an interval (one talker) nothing can be said.
        sign: Above 0 or below.
    """
    if sign * difference.low > 0 and sign * difference.high > 0:
        return "holds"
    if sign * difference.low < 0 and sign * difference.high < 0:
        return "reversed"
    return "open"


def find_orderings(
    paper: Mapping[str, Digits], difference: Callable[[str, str, str], Interval]
) -> list[Ordering]:
    """Return every ordering of two methods that the paper prints, and whether it holds.

    Args:
        paper: The digits of each method.
        difference: Called with two methods and one of our metrics: the first's value less the second's.

    Returns:
        A pair for each metric, in the order of `paper`; none where the paper prints the same digits, or where
        there is no clip for which both have a value.
    """
    orderings = []
    for metric, ours in MEASURED_BY.items():
        sign = -1 if metric in LOWER_IS_BETTER else 1
        for first, second in combinations(paper, 2):
            gap = sign * (getattr(paper[first], metric) - getattr(paper[second], metric))
            if not gap:
                continue
            better, worse = (first, second) if gap > 0 else (second, first)
            found = difference(better, worse, ours)
            if found.n:
                orderings.append(Ordering(metric, better, worse, sign * abs(gap), found, judge(found, sign)))
    return orderings


def count_verdicts(orderings: Sequence[Ordering]) -> dict[str, dict[Verdict, int]]:
    """Return for each metric how many orderings hold, are reversed, and are open."""
    metrics = dict.fromkeys(each.metric for each in orderings)
    return {
        metric: {
            verdict: sum(each.metric == metric and each.verdict == verdict for each in orderings)
            for verdict in VERDICTS
        }
        for metric in metrics
    }


def agreement(orderings: Sequence[Ordering]) -> dict[str, float]:
    """Return for each metric Kendall's tau of the paper's order and that of our means.

    1 for the same order, -1 for the reverse, about 0 for chance: pairs in the same order less pairs in the
    other, over all pairs. It does not know how sure the order is.

    Source: M. G. Kendall, "A New Measure of Rank Correlation" (1938), without ties.
    """
    told = {}
    for metric in dict.fromkeys(each.metric for each in orderings):
        signs = [
            (each.found.mean * each.paper > 0) - (each.found.mean * each.paper < 0)
            for each in orderings
            if each.metric == metric
        ]
        told[metric] = sum(signs) / len(signs)
    return told
