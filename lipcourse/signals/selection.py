"""Sample selection: of many clips, those that together say all phonemes about equally often.

Algorithm 1 of recurrent ("Talking Face Generation by Conditional Recurrent Adversarial Network", 2018). In
English one phoneme in ten is a schwa and one in a thousand the middle of "measure", so a network trained on
all clips sees some mouths a hundred times as often as others. Pure arithmetic on phoneme counts. Taught in
notebook 05.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lipcourse.corpora.puppet.phones import ARPABET
from lipcourse.errors import OptionError, SignalError

PHONEMES = tuple(sorted(ARPABET))
"""The 39 phonemes of the CMU dictionary, in the order of every histogram here."""

DRAWS = 50
"""k of Algorithm 1: how many sizes are tried."""

SMALLEST_SHARE = 5_000 / 15_114
"""The paper draws sizes from 5 000 to 15 114 clips; we take the larger number for its whole corpus."""

Distance = Literal["kl", "l1", "chi2"]
Score = Literal["inverse_frequency", "information", "rarest"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Selection:
    """What Algorithm 1 chose, and what it tried.

    Attributes:
        chosen: Indices of the clips that are kept, int64 (n,), the rarest first.
        sizes: How many clips each draw would have kept, int64 (draws,).
        distances: How far from uniform each draw's histogram was, float64 (draws,).
        before: The share of each phoneme in all clips, float64 (39,).
        after: The same in the clips that are kept.
        distance_before: How far from uniform `before` is.
        distance_after: How far `after` is.
    """

    chosen: NDArray[np.int64]
    sizes: NDArray[np.int64]
    distances: Array
    before: Array
    after: Array
    distance_before: float
    distance_after: float


def count_phonemes(clips: Iterable[Iterable[str]]) -> NDArray[np.int64]:
    """Count how often each clip says each phoneme.

    Args:
        clips: The phones of each clip, in ARPABET without stress.

    Returns:
        int64 (clips, 39), columns as in `PHONEMES`.

    Raises:
        SignalError: A phone is not one of the 39.

    Taught in notebook 05.
    """
    column = {phoneme: index for index, phoneme in enumerate(PHONEMES)}
    rows = []
    for phones in clips:
        row = np.zeros(len(PHONEMES), np.int64)
        for phone in phones:
            if phone not in column:
                raise SignalError(
                    f"{phone!r} is no phoneme of ARPABET", remedy="leave out stress and silence: AH, not AH0"
                )
            row[column[phone]] += 1
        rows.append(row)
    return np.array(rows, np.int64).reshape(len(rows), len(PHONEMES))


def phoneme_shares(counts: ArrayLike) -> Array:
    """Return the share of each phoneme in all that the clips say together.

    Args:
        counts: (clips, 39).

    Returns:
        float64 (39,), which sum to 1.

    Raises:
        SignalError: The clips say nothing.

    Taught in notebook 05.
    """
    total = np.asarray(counts, np.float64).sum(axis=0)
    if not total.any():
        raise SignalError(
            "the clips say nothing: no phoneme to count", remedy="align their transcripts first"
        )
    return np.asarray(total / total.sum())


def _kullback_leibler(shares: Array) -> Array:
    # What never occurs adds nothing: p log p goes to 0 with p.
    logarithms = np.log(np.where(shares > 0, shares, 1) * shares.shape[-1])
    return np.asarray((shares * logarithms).sum(axis=-1))


def _absolute(shares: Array) -> Array:
    return np.asarray(np.abs(shares - 1 / shares.shape[-1]).sum(axis=-1))


def _chi_squared(shares: Array) -> Array:
    return np.asarray((np.square(shares - 1 / shares.shape[-1]) * shares.shape[-1]).sum(axis=-1))


_DISTANCES: Mapping[str, Callable[[Array], Array]] = {
    "kl": _kullback_leibler,
    "l1": _absolute,
    "chi2": _chi_squared,
}


def distance_to_uniform(shares: ArrayLike, distance: Distance = "kl") -> Array:
    """Measure how far a histogram is from one in which all phonemes are equally frequent.

    The paper does not say which distance it uses.

    Args:
        shares: (..., 39), which sum to 1 along the last axis.
        distance: "kl", the divergence KL(shares || uniform) in nats, at most log 39; "l1", the sum of
            absolute differences; "chi2", that of squared ones over the uniform share.

    Returns:
        float64 (...); 0 for a uniform histogram, above it for any other.

    Raises:
        OptionError: There is no such distance.

    Taught in notebook 05.
    """
    return _choose(_DISTANCES, distance, "distance")(np.asarray(shares, np.float64))


def _choose(table: Mapping[str, Callable[..., Array]], name: str, what: str) -> Callable[..., Array]:
    if name not in table:
        raise OptionError(f"there is no {what} {name!r}", remedy=f"choose from {', '.join(table)}")
    return table[name]


def _mean_over_phones(counts: Array, values: Array) -> Array:
    return np.asarray(counts @ values / np.maximum(counts.sum(axis=1), 1))


_SCORES: Mapping[str, Callable[[Array, Array], Array]] = {
    "inverse_frequency": lambda counts, shares: _mean_over_phones(counts, 1 / shares),
    "information": lambda counts, shares: _mean_over_phones(counts, -np.log(shares)),
    "rarest": lambda counts, shares: np.where(counts > 0, 1 / shares, 0).max(axis=1, initial=0),
}


def score_rarity(counts: ArrayLike, score: Score = "inverse_frequency") -> Array:
    """Score how rare the phonemes of each clip are in all the clips.

    The paper ranks clips by rarity, but does not say how it is measured.

    Args:
        counts: (clips, 39).
        score: "inverse_frequency", the mean of 1 / share over a clip's phones; "information", the mean of
            -log share; "rarest", 1 / share of its rarest phone alone.

    Returns:
        float64 (clips,); the rarer, the higher. A clip that says nothing has 0, the least.

    Raises:
        OptionError: There is no such score.
        SignalError: The clips say nothing.

    Taught in notebook 05.
    """
    function = _choose(_SCORES, score, "score")
    numbers = np.asarray(counts, np.float64)
    shares = phoneme_shares(numbers)
    said = shares > 0
    return function(numbers[:, said], shares[said])


def select_clips(
    counts: ArrayLike,
    *,
    smallest: int | None = None,
    largest: int | None = None,
    draws: int = DRAWS,
    distance: Distance = "kl",
    score: Score = "inverse_frequency",
    seed: int = 0,
) -> Selection:
    """Choose clips whose phonemes are as equally frequent as can be: Algorithm 1 of recurrent.

    Clips are ranked by rarity. Then `draws` times a size is drawn at random, the rarest clips of that number
    are taken, and of all draws the one is kept whose histogram is nearest to uniform.

    Args:
        counts: How often each clip says each phoneme, (clips, 39).
        smallest: The least number of clips to keep; None for `SMALLEST_SHARE` of them.
        largest: The greatest; None for all.
        draws: How many sizes are tried.
        distance: As in `distance_to_uniform`.
        score: As in `score_rarity`.
        seed: Decides the sizes.

    Raises:
        OptionError: The sizes or draws cannot be, or there is no such distance or score.
        SignalError: The clips say nothing.

    Source: recurrent, Algorithm 1 and Fig. 3.

    Taught in notebook 05.
    """
    numbers = np.asarray(counts, np.float64)
    most = len(numbers) if largest is None else largest
    least = max(1, min(round(len(numbers) * SMALLEST_SHARE), most)) if smallest is None else smallest
    if not 1 <= least <= most <= len(numbers):
        raise OptionError(
            f"from {least} to {most} of {len(numbers)} clips cannot be kept",
            remedy="choose 1 or more, and no more than there are",
        )
    if draws < 1:
        raise OptionError(f"{draws} draws choose nothing", remedy="choose 1 or more")
    order = np.argsort(-score_rarity(numbers, score), kind="stable")
    totals = numbers[order].cumsum(axis=0)
    sizes = np.random.default_rng(seed).integers(least, most, draws, endpoint=True)
    shares = totals[sizes - 1] / totals[sizes - 1].sum(axis=1, keepdims=True)
    distances = distance_to_uniform(shares, distance)
    best = int(distances.argmin())
    before = phoneme_shares(numbers)
    return Selection(
        chosen=order[: sizes[best]],
        sizes=sizes,
        distances=distances,
        before=before,
        after=shares[best],
        distance_before=float(distance_to_uniform(before, distance)),
        distance_after=float(distances[best]),
    )
