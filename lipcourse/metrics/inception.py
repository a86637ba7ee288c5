"""Inception-style score: does a classifier recognise each picture, and all its classes in all of them?

Salimans et al., "Improved Techniques for Training GANs" (2016), as the recurrent paper uses it. The score
bears the name of a network trained on photographs of a thousand kinds of things, which has little to say on
mouths. Here the classes are a corpus's own, and so is the classifier: one trained on that corpus, of its
talkers or phones. Scores so found compare generators on the same corpus with the same classifier, and
nothing else: they are not the numbers of any paper. Taught in notebook 12.
"""

from __future__ import annotations

import torch
from torch import Tensor

from lipcourse.errors import OptionError, SignalError

SUMS_TO_ONE = 1e-3


def inception_score(probabilities: Tensor, splits: int = 10) -> Tensor:
    """Return exp(E KL(p(y|x) || p(y))) of each split: from 1, all alike, up to the number of classes.

    A score over few pictures is too low, since p(y) follows them. So compare scores of the same number of
    pictures and of splits alone.

    Args:
        probabilities: (N, classes), p(y|x) of each picture, by a classifier trained on the corpus. Pictures
            should be in random order: a split whose pictures are of one talker has few classes.
        splits: How many parts of consecutive pictures, nearly equal in size; at most N.

    Returns:
        float64 (splits,): print their mean and standard deviation.

    Raises:
        SignalError: These are not probabilities that sum to 1, or there are none.
        OptionError: There are fewer pictures than splits, or no splits.

    Taught in notebook 12.
    """
    given = probabilities.double()
    if given.ndim != 2 or not given.numel() or not (given >= 0).all():
        raise SignalError(
            f"a table of shape {tuple(given.shape)} does not hold probabilities of 0 or more",
            remedy="give (N, classes), after a softmax",
        )
    if not ((given.sum(dim=1) - 1).abs() < SUMS_TO_ONE).all():
        raise SignalError("probabilities of a picture do not sum to 1", remedy="give them after a softmax")
    if not 1 <= splits <= len(given):
        raise OptionError(
            f"{len(given)} pictures cannot be split into {splits} parts", remedy="choose fewer splits"
        )
    scores = []
    for part in given.tensor_split(splits):
        mean = part.mean(dim=0)
        # A class of probability 0 adds nothing: xlogy(0, 0) is 0.
        divergence = torch.special.xlogy(part, part) - torch.special.xlogy(part, mean)
        scores.append(divergence.sum(dim=1).mean().exp())
    return torch.stack(scores)
