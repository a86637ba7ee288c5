"""The networks that judge other networks, where their weights are there: else their metrics are absent.

The sync expert hears whether lips go with a sound; the classifier says which of eight kinds of mouth a
picture shows, for the inception-style score. Taught in notebook 12.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lipcourse.evaluation.intervals import DRAWS, TAILS, Interval
from lipcourse.networks.classifier import VisemeClassifier
from lipcourse.networks.sync_expert import SyncExpert
from lipcourse.networks.weights import available, load_network

SYNC_EXPERT, CLASSIFIER = "sync-expert", "classifier"
"""The names of their weights."""


class Experts(NamedTuple):
    """The networks at hand, in `eval` mode."""

    sync: SyncExpert | None = None
    classifier: VisemeClassifier | None = None

    @property
    def missing(self) -> tuple[str, ...]:
        """Names of the weights that are not there."""
        return tuple(
            name for name, network in zip((SYNC_EXPERT, CLASSIFIER), self, strict=True) if network is None
        )


@lru_cache(maxsize=1)
def find_experts() -> Experts:
    """Load the experts whose weights are there, once a process.

    Raises:
        ModelError: Weights are there and cannot be read.
    """
    there = available()
    return Experts(
        load_network(SYNC_EXPERT, SyncExpert) if SYNC_EXPERT in there else None,
        load_network(CLASSIFIER, VisemeClassifier) if CLASSIFIER in there else None,
    )


def class_sums(probabilities: Tensor) -> NDArray[np.float64]:
    """Return all that the inception-style score needs of videos whose frames are classified.

    Args:
        probabilities: (..., T, 8), p(y|x) of each frame x.

    Returns:
        (..., 10): how many frames; the sum over frames of sum_y p(y|x) log p(y|x); those of each p(y|x).
    """
    likely = probabilities.double().cpu().numpy()
    certainty = _certainty(likely)[..., None]
    told = np.concatenate([np.ones_like(certainty), certainty, likely], axis=-1)
    return np.asarray(told.sum(axis=-2))


def inception_interval(
    sums: NDArray[np.float64], talkers: Sequence[str], *, seed: int = 0, draws: int = DRAWS
) -> Interval:
    """Return the inception-style score of all clips together, and its 95% interval, whole talkers drawn.

    exp(E KL(p(y|x) || p(y))) is the exponential of the mean certainty less that of the mean: it needs no more
    of a talker than sums, so that 4000 draws cost nothing. A draw holds some talkers twice and others not at
    all, fewer kinds of pictures than there are: the interval lies a little low.

    Args:
        sums: (N, 10), of each clip what `class_sums` gives.
        talkers: Of each clip.
        seed: Of the draws.
        draws: How many.

    Source: `lipcourse.metrics.inception`. Taught in notebook 12.
    """
    names, member = np.unique(np.asarray(talkers), return_inverse=True)
    score = float(_scores(sums.sum(axis=0, keepdims=True))[0])
    if len(names) < 2:
        return Interval(score, np.nan, np.nan, len(sums))
    each = np.zeros((len(names), sums.shape[1]))
    np.add.at(each, member, sums)
    shares = np.full(len(names), 1 / len(names))
    drawn = np.random.default_rng(seed).multinomial(len(names), shares, draws)
    low, high = np.quantile(_scores(drawn @ each), TAILS)
    return Interval(score, float(low), float(high), len(sums))


def _scores(totals: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn sums (..., 10) into scores (...)."""
    count, certainty, likely = totals[..., 0], totals[..., 1], totals[..., 2:] / totals[..., :1]
    return np.asarray(np.exp(certainty / count - _certainty(likely)))


def _certainty(likely: NDArray[np.float64]) -> NDArray[np.float64]:
    """The sum over classes of p log p, of (..., 8); a class of probability 0 adds nothing."""
    of_each = torch.from_numpy(np.ascontiguousarray(likely))
    return np.asarray(torch.special.xlogy(of_each, of_each).sum(dim=-1))
