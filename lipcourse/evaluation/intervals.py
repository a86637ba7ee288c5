"""Means with intervals that know how few talkers there are.

A hundred clips of two talkers are not a hundred independent clips: a network that fits one of the two well
looks good on fifty clips at once. So whole talkers are drawn, with replacement, and the mean is taken over
all clips of those drawn (a cluster bootstrap); `scipy.stats.bootstrap` draws clips. Taught in notebook 12.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lipcourse.errors import SignalError

DRAWS = 4000
TAILS = (0.025, 0.975)
"""What an interval of 95% leaves out on either side."""


class Interval(NamedTuple):
    """A mean and its 95% interval.

    Attributes:
        mean: Over the clips that have a value; NaN where none has, infinite where one is; NaN again where
            some are infinite and others infinitely less.
        low: Where the interval begins; NaN where there are fewer than two talkers to draw from.
        high: Where it ends.
        n: How many clips have a value.
    """

    mean: float
    low: float
    high: float
    n: int


def bootstrap(values: ArrayLike, talkers: Sequence[str], *, seed: int = 0, draws: int = DRAWS) -> Interval:
    """Return the mean of some clips' values and its 95% percentile interval, whole talkers drawn.

    Args:
        values: (N,), a number a clip; NaN where it has none.
        talkers: Of each clip.
        seed: Of the draws: the same for the same result.
        draws: How many times as many talkers as there are are drawn, with replacement.

    Raises:
        SignalError: There is not one talker for each value.

    Source: B. Efron, "Bootstrap Methods: Another Look at the Jackknife" (1979), with talkers for units.
    Taught in notebook 12.
    """
    each = np.asarray(values, np.float64)
    if each.shape != (len(talkers),):
        raise SignalError(
            f"values of shape {each.shape} for {len(talkers)} talkers", remedy="give one a clip"
        )
    known = ~np.isnan(each)
    count = int(known.sum())
    if not count:
        return Interval(np.nan, np.nan, np.nan, 0)
    names, member = np.unique(np.asarray(talkers)[known], return_inverse=True)
    with np.errstate(invalid="ignore"):  # infinity and its negative have no mean, which NaN says
        mean = float(each[known].mean())
    if len(names) < 2:
        return Interval(mean, np.nan, np.nan, count)
    # A draw is how often each talker is in it, and needs no more of a talker than a sum and a count.
    drawn = np.random.default_rng(seed).multinomial(len(names), np.full(len(names), 1 / len(names)), draws)
    totals = _totals(each[known], member, drawn)
    means = totals / (drawn @ np.bincount(member))
    # Nothing between two draws: half-way from a number to infinity is not a number.
    low, high = np.quantile(means, TAILS, method="inverted_cdf")
    return Interval(mean, float(low), float(high), count)


def _totals(
    values: NDArray[np.float64], member: NDArray[np.intp], drawn: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Sum the values of the talkers in each draw. A talker drawn no times adds nothing, not 0 x infinity."""
    finite = np.where(np.isfinite(values), values, 0.0)
    totals: NDArray[np.float64] = drawn.astype(np.float64) @ np.bincount(member, finite)
    with np.errstate(invalid="ignore"):
        for infinite in (np.inf, -np.inf):
            totals[drawn @ np.bincount(member, values == infinite) > 0] += infinite
    return totals
