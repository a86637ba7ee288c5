"""Checks of notebook 13: do two orders agree, what is a paired difference worth, and which claims hold?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lipcourse.course.exercise import Case, Exercise, Mutant
from lipcourse.course.quizzes import Choice, Question, Quiz
from lipcourse.evaluation.intervals import Interval
from lipcourse.evaluation.orderings import judge
from lipcourse.training.methods import METHODS

Numbers = NDArray[np.float64]


# Exercise 1: do two orders agree?


def kendall_tau(first: ArrayLike, second: ArrayLike) -> float:
    """Return the agreement of the orders of two lists of numbers, in [-1, 1] (Kendall's tau).

    Source: M. G. Kendall, "A New Measure of Rank Correlation" (1938); of tied pairs neither is counted.
    """
    signs = _signs(first) * _signs(second)
    return float(signs.sum() / len(signs))


def _signs(values: ArrayLike) -> Numbers:
    """The sign of each pair's difference: (N (N - 1) / 2,)."""
    given = np.asarray(values, np.float64)
    one, other = np.triu_indices(len(given), 1)
    return np.sign(given[one] - given[other])


def _ranks(values: ArrayLike) -> NDArray[np.intp]:
    return np.argsort(np.argsort(np.asarray(values)))


def _orders() -> list[Case]:
    """Lists of distinct numbers: partly alike, reversed, and the paper's LMD and SSIM."""
    return [
        ([1.0, 2.0, 3.0, 4.0, 5.0], [1.1, 1.3, 1.2, 9.0, 1.25]),
        ([4.0, 3.0, 2.5, 1.0], [0.1, 0.2, 0.3, 0.4]),
        ([1.24, 1.38, 1.3, 1.18, 1.96, 1.39, 1.42], [0.77, 0.72, 0.7, 0.73, 0.52, 0.68, 0.59]),
    ]


TAU = Exercise(
    name="count_pairs",
    reference=kendall_tau,
    cases=_orders,
    picture="numbers",
    mutants=(
        Mutant(
            "the share that agrees",
            lambda first, second: float((_signs(first) == _signs(second)).mean()),
            "That is the share of pairs in the same order: 0 for reversed orders and 1/2 for chance. Take "
            "off the pairs in the other order, so that chance gives 0 and reversed orders -1.",
        ),
        Mutant(
            "not divided by the pairs",
            lambda first, second: float((_signs(first) * _signs(second)).sum()),
            "You counted the pairs and did not divide: then longer lists agree more. Divide by the number "
            "of pairs, N (N - 1) / 2.",
        ),
        Mutant(
            "neighbours only",
            lambda first, second: float(
                (np.sign(np.diff(np.asarray(first))) * np.sign(np.diff(np.asarray(second)))).mean()
            ),
            "You compare each method with the next one only. Of five there are ten pairs, not four.",
        ),
        Mutant(
            "correlation of the ranks",
            lambda first, second: float(np.corrcoef(_ranks(first), _ranks(second))[0, 1]),
            "That is Spearman's rho, the correlation of the ranks: another measure of the same thing. Here "
            "count pairs.",
        ),
        Mutant(
            "correlation of the values",
            lambda first, second: float(np.corrcoef(first, second)[0, 1]),
            "Pearson's r looks at the values: one method that is far off decides it. Only the order of each "
            "pair should count.",
        ),
        Mutant(
            "divided by all ordered pairs",
            lambda first, second: kendall_tau(first, second) / 2,
            "You divide by N (N - 1), in which each pair is counted twice, and count each pair once.",
        ),
    ),
)


# Exercise 2: what is a paired difference worth?


def talker_interval(first: Numbers, second: Numbers, talkers: Numbers, draws: Numbers) -> Numbers:
    """Return the 95% interval of the mean of `first` less `second`, for given draws of whole talkers.

    Args:
        first: (N,), a method's value for each clip.
        second: (N,), another's for the same clips.
        talkers: (N,), who speaks in each clip: 0 to K - 1.
        draws: (D, K), in each draw K talkers, some of them more than once.

    Returns:
        (2,), where it begins and ends.
    """
    return _interval(_means_of_draws(first - second, talkers, draws))


def _means_of_draws(values: Numbers, talkers: Numbers, draws: Numbers) -> Numbers:
    """The mean over all clips of the talkers of each draw, (D,)."""
    count = int(talkers.max()) + 1
    sums = np.bincount(talkers, values, count)[draws].sum(axis=1)
    clips: Numbers = np.bincount(talkers, minlength=count)[draws].sum(axis=1)
    return np.asarray(sums / clips)


def _interval(means: Numbers, tails: Sequence[float] = (0.025, 0.975)) -> Numbers:
    return np.asarray(np.quantile(means, tails))


def _apart(first: Numbers, second: Numbers, talkers: Numbers, draws: Numbers) -> Numbers:
    """Both intervals by themselves, and their ends subtracted."""
    one, other = (_interval(_means_of_draws(values, talkers, draws)) for values in (first, second))
    return np.array([one[0] - other[1], one[1] - other[0]])


def _talkers_alike(first: Numbers, second: Numbers, talkers: Numbers, draws: Numbers) -> Numbers:
    count = int(talkers.max()) + 1
    each = np.bincount(talkers, first - second, count) / np.bincount(talkers, minlength=count)
    return _interval(each[draws].mean(axis=1))


def _paired_cases() -> list[Case]:
    """Values that differ much from talker to talker and little between two methods, in unequal shares."""
    cases: list[Case] = []
    for seed in (0, 1):
        random = np.random.default_rng(seed)
        talkers = np.repeat(np.arange(6), [1, 2, 3, 4, 1, 5])
        base = random.normal(2.0, 0.6, 6)[talkers]
        gain = random.normal(0.15, 0.1, 6)[talkers]
        first = base + gain + random.normal(0, 0.03, len(talkers))
        second = base + random.normal(0, 0.03, len(talkers))
        cases.append((first, second, talkers, random.integers(0, 6, (400, 6))))
    return cases


INTERVAL = Exercise(
    name="paired_interval",
    reference=talker_interval,
    cases=_paired_cases,
    picture="numbers",
    mutants=(
        Mutant(
            "both apart",
            _apart,
            "You made an interval for each method and subtracted their ends. Both saw the *same* clips: take "
            "the difference clip by clip first, and what makes a clip hard for both falls out.",
        ),
        Mutant(
            "each talker the same",
            _talkers_alike,
            "You take each talker's mean first, so that one clip of one talker weighs as much as five of "
            "another. The mean is over all *clips* of the talkers drawn.",
        ),
        Mutant(
            "second less first",
            lambda first, second, talkers, draws: talker_interval(second, first, talkers, draws),
            "The sign is turned round: `first` less `second`.",
        ),
        Mutant(
            "90 % instead of 95 %",
            lambda first, second, talkers, draws: _interval(
                _means_of_draws(first - second, talkers, draws), (0.05, 0.95)
            ),
            "You cut 5 % off at each end, which leaves 90 %. For 95 % it is 2.5 % at each end.",
        ),
        Mutant(
            "two standard deviations",
            lambda first, second, talkers, draws: (
                np.mean(first - second)
                + np.array([-2, 2]) * np.std(_means_of_draws(first - second, talkers, draws))
            ),
            "Two standard deviations are right for a bell. The draws show the shape as it is: take their "
            "quantiles.",
        ),
        Mutant(
            "clips as talkers",
            lambda first, second, _, draws: _interval((first - second)[draws].mean(axis=1)),
            "You used the drawn numbers as clips: `draws` holds *talkers*. Take all clips of a talker that "
            "is drawn, as often as it is drawn.",
        ),
    ),
)


# Exercise 3: which claims hold?


def judge_claims(paper: Numbers, low: Numbers, high: Numbers) -> NDArray[np.int64]:
    """Return for each claimed difference 1 where it holds, -1 where it is reversed, 0 where it is open.

    Args:
        paper: (N,), the differences that the paper prints; none is 0.
        low: (N,), where the interval of the difference here begins.
        high: (N,), where it ends.
    """
    number = {"holds": 1, "reversed": -1, "open": 0}
    claims = zip(paper, low, high, strict=True)
    return np.array([number[judge(Interval((a + b) / 2, a, b, 1), sign)] for sign, a, b in claims])


def _claims() -> list[Case]:
    """Claims of both signs: held, reversed, and open on either side."""
    paper = np.array([0.3, 0.3, 0.3, 0.3, -0.2, -0.2, -0.2, -0.2, 0.05])
    low = np.array([0.1, -0.4, -0.1, -0.5, -0.3, 0.05, -0.4, -0.1, 0.01])
    high = np.array([0.5, -0.1, 0.4, 0.2, -0.1, 0.25, 0.1, 0.3, 0.02])
    return [(paper, low, high)]


CLAIMS = Exercise(
    name="which_hold",
    reference=judge_claims,
    cases=_claims,
    picture="numbers",
    mutants=(
        Mutant(
            "by the middle alone",
            lambda paper, low, high: np.sign(paper * (low + high)).astype(int),
            "You look at the middle of the interval only, so that nothing is ever open. An interval that "
            "holds 0 says that the difference may be nothing.",
        ),
        Mutant(
            "the paper's sign left out",
            lambda _, low, high: (low > 0).astype(int) - (high < 0).astype(int),
            "You tell where the interval lies, and not whether it lies on the *paper's* side. For LMD the "
            "paper's difference is negative where a method is better.",
        ),
        Mutant(
            "open is reversed",
            lambda paper, low, high: np.where(judge_claims(paper, low, high) == 1, 1, -1),
            "What does not hold is not yet reversed: where the interval holds 0, nothing can be said.",
        ),
        Mutant(
            "the paper's digit in the interval",
            lambda paper, low, high: np.where((low <= paper) & (paper <= high), 1, -1),
            "You ask whether the paper's own difference lies in the interval. The claim is about the "
            "*order*: which sign does the difference have here?",
        ),
        Mutant(
            "one end is enough",
            lambda paper, low, high: np.where(paper * low > 0, 1, np.where(paper * high < 0, -1, 0)),
            "One end on the paper's side is not enough: the whole interval must lie there, both ends.",
        ),
    ),
)

EXERCISES = (TAU, INTERVAL, CLAIMS)


# The quiz.


def _pairs_of_nine() -> int:
    """How many orderings nine methods have."""
    return len(_signs(range(len(METHODS))))


def _by_chance() -> int:
    """How many of 36 claims about nine equal methods get a verdict by chance, of which half "hold"."""
    return round(0.05 * _pairs_of_nine() / 2)


def _reversed_tau() -> float:
    return kendall_tau(range(9), range(9)[::-1])


def _interval_of_constant() -> str:
    """What pairing does where one method is worse by the same amount on every clip."""
    first, _, talkers, draws = _paired_cases()[0]
    paired = np.ptp(talker_interval(first + 0.1, first, talkers, draws))
    apart = np.ptp(_apart(first + 0.1, first, talkers, draws))
    return "nothing" if paired < 1e-9 < apart else "wide"


def _best_by_ssim() -> str:
    return max(METHODS, key=lambda letter: METHODS[letter].paper.ssim)


QUIZZES = (
    Quiz(
        "ablations",
        (
            Question(
                "How many claims of the kind 'x is better than y' do nine methods make, for one metric?",
                (
                    Choice("8", 8, "So many compare the full method with the others. And d with g?"),
                    Choice("36", 36, "9 x 8 / 2: each pair once."),
                    Choice("81", 81, "That counts each pair twice, and each method with itself."),
                ),
                _pairs_of_nine,
            ),
            Question(
                "Suppose all nine methods are equally good. About how many of the 36 claims will 'hold' at "
                "95 %, by chance alone?",
                (
                    Choice("None", 0, "An interval of 95 % misses the truth once in twenty times."),
                    Choice("1", 1, "36 x 5 % are wrong, to either side: 0.9 to the paper's."),
                    Choice("18", 18, "So many *means* would be in the paper's order. Intervals hold 0."),
                ),
                _by_chance,
            ),
            Question(
                "Kendall's tau of an order and its reverse?",
                (
                    Choice("0", 0.0, "0 is no relation. A reversed order is a very strict relation."),
                    Choice("-1", -1.0, "Every pair is in the other order."),
                    Choice("1", 1.0, "That is an order with itself."),
                ),
                _reversed_tau,
            ),
            Question(
                "On every clip y is worse than x by 0.1 px exactly, and talkers differ by 1 px. How wide is "
                "the paired interval of the difference?",
                (
                    Choice("0", "nothing", "Clip by clip the difference is 0.1: whoever is drawn."),
                    Choice(
                        "About 1 px", "wide", "So it is for each method's own mean, not for the difference."
                    ),
                ),
                _interval_of_constant,
            ),
            Question(
                "Which method has the best SSIM in the paper's table?",
                (
                    Choice("e, the full method", "e", "0.73, and one is better."),
                    Choice("a, without the adversarial loss", "a", "0.77: smooth pictures please SSIM."),
                    Choice("f, without derivatives", "f", "0.52, the lowest."),
                ),
                _best_by_ssim,
            ),
        ),
    ),
)
