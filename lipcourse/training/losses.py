"""The losses of glance: does the mouth move with the sound, is each pixel right, is it sharp, is it real?

Every loss is one number, the mean over the batch (and, for pixels and features, over their elements, so that
the size of a frame does not change its weight). Taught in notebooks 07, 08, 09 and 10.

Source: Chen et al., "Lip Movements Generation at a Glance" (2018), Eqs. 1 to 4.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from lipcourse.errors import ModelError, OptionError

CorrelationMode = Literal["flat", "channel_mean"]


def correlation_loss(
    audio: Tensor, motion: Tensor, *, mode: CorrelationMode = "flat", epsilon: float = 1e-8
) -> Tensor:
    """Return how little the changes of sound and the movements of the mouth go together (Eq. 1).

    One less the cosine between phi_s and phi_v. With outputs of ReLU, which are never negative, it lies in
    [0, 1]. It does not see size: two encoders that both give the same constant have reached 0, which notebook
    07 shows.

    "flat" takes a clip's 16 x 15 numbers as one vector, as Eq. 1 reads. "channel_mean" takes the mean of the
    16 channels first and compares two tracks of 15 steps, as the released code does.

    Where a vector is zero there is no direction: the loss is 1. The cosine's gradient grows as a vector
    shrinks, and `epsilon` bounds it (by 1 / epsilon times the other's size), so train with clipped gradients.

    Source: glance, Eq. 1 and released code. Taught in notebook 07.

    Args:
        audio: phi_s, (B, C, T).
        motion: phi_v, (B, C, T).
        mode: "flat" or "channel_mean".
        epsilon: Added to the product of the two lengths, so that nothing is divided by zero.

    Returns:
        One number, the mean over the batch.

    Raises:
        ModelError: The shapes differ.
        OptionError: `mode` is neither.
    """
    _same_shape(audio, motion)
    if mode == "flat":
        first, second = audio.flatten(1), motion.flatten(1)
    elif mode == "channel_mean":
        first, second = audio.mean(dim=1), motion.mean(dim=1)
    else:
        raise OptionError(f"no correlation loss {mode!r}", remedy="choose of flat, channel_mean")
    # Half precision has no room for an epsilon of 1e-8.
    first, second = _at_least_single(first), _at_least_single(second)
    lengths: Tensor = torch.linalg.vector_norm(first, dim=1) * torch.linalg.vector_norm(second, dim=1)
    return (1 - (first * second).sum(dim=1) / (lengths + epsilon)).mean()


def pixel_loss(video: Tensor, target: Tensor) -> Tensor:
    """Return the mean absolute difference of two videos (the paper's L1).

    Source: glance, section 3.4. Taught in notebook 08.

    Args:
        video: (B, 3, T, H, W) in [-1, 1].
        target: The same shape.

    Returns:
        One number in [0, 2].

    Raises:
        ModelError: The shapes differ.
    """
    _same_shape(video, target)
    return functional.l1_loss(_at_least_single(video), _at_least_single(target))


def perceptual_loss(features: Tensor, target_features: Tensor) -> Tensor:
    """Return the mean squared difference of two videos' features (Eq. 3).

    The paper's squared L2 distance, divided by the number of features.

    Source: glance, Eq. 3. Taught in notebook 08.

    Args:
        features: Of any shape; `PerceptualAutoencoder.encode` of what was generated.
        target_features: The same of the true video.

    Returns:
        One number, 0 or more.

    Raises:
        ModelError: The shapes differ.
    """
    _same_shape(features, target_features)
    return functional.mse_loss(_at_least_single(features), _at_least_single(target_features))


def generator_loss(generated: Tensor) -> Tensor:
    """Return how little the discriminator believes what was generated: -log D(s, v_hat).

    On logits, as -log sigmoid(x) = softplus(-x): the paper's formula, without its overflow.

    Source: glance, section 3.5. Taught in notebook 09.

    Args:
        generated: Logits, (B,), of the right sound with generated video.

    Returns:
        One number; ln 2 where the discriminator cannot tell.
    """
    return functional.softplus(-_at_least_single(generated)).mean()


def discriminator_loss(
    matched: Tensor,
    generated: Tensor,
    mismatched: Tensor,
    *,
    lambda_p: float = 0.5,
    lambda_u: float = 0.5,
) -> Tensor:
    """Return how badly the discriminator tells three kinds of pairs apart (Eq. 4).

    -log D(s_j, v_j) - lambda_p log(1 - D(s_j, v_hat_j)) - lambda_u log(1 - D(s_j, v_k)), k != j. The last
    term shows it real video with the wrong sound: without it, a sharp mouth that says something else would
    pass.

    On logits x, as -log sigmoid(x) = softplus(-x) and -log(1 - sigmoid(x)) = softplus(x), which stay finite
    however sure the discriminator is.

    Source: glance, Eq. 4. Taught in notebook 09.

    Args:
        matched: Logits, (B,), of real video with its own sound.
        generated: Logits, (B,), of generated video with the sound it was made from.
        mismatched: Logits, (B,), of real video with another clip's sound.
        lambda_p: Weight of the generated pairs.
        lambda_u: Weight of the mismatched pairs.

    Returns:
        One number; 2 ln 2 at the default weights where every D is 1/2.
    """
    real = functional.softplus(-_at_least_single(matched)).mean()
    fake = functional.softplus(_at_least_single(generated)).mean()
    wrong = functional.softplus(_at_least_single(mismatched)).mean()
    return real + lambda_p * fake + lambda_u * wrong


@dataclass(frozen=True)
class ObjectiveWeights:
    """How much each loss counts in what the generator minimises (Eq. 2); the defaults are the paper's.

    A weight of 0 leaves a loss out: Table 2's ablations are a (adversarial), b (pixel), c (perceptual) and
    d (correlation). Source: glance, Eq. 2. Taught in notebook 10.

    Attributes:
        correlation: Of `correlation_loss`.
        pixel: Of `pixel_loss`.
        perceptual: Of `perceptual_loss`.
        adversarial: Of `generator_loss`.

    Raises:
        OptionError: A weight is negative or not finite.
    """

    correlation: float = 1.0
    pixel: float = 0.5
    perceptual: float = 1.0
    adversarial: float = 1.0

    def __post_init__(self) -> None:
        for name, weight in asdict(self).items():
            if not (math.isfinite(weight) and weight >= 0):
                raise OptionError(f"the {name} loss cannot have weight {weight}", remedy="give 0 or more")

    def total(self, losses: Mapping[str, Tensor]) -> Tensor:
        """Return the weighted sum of the losses (Eq. 2).

        Args:
            losses: Each loss by its name here. One whose weight is 0 may be left out, and is not looked at.

        Returns:
            One number.

        Raises:
            OptionError: A loss with a weight is missing, a name is unknown, or every weight is 0.
        """
        weights = {name: weight for name, weight in asdict(self).items() if weight}
        if unknown := sorted(set(losses) - set(asdict(self))):
            raise OptionError(
                f"no weight for {', '.join(unknown)}", remedy=f"choose of {', '.join(asdict(self))}"
            )
        if missing := sorted(set(weights) - set(losses)):
            raise OptionError(f"no {', '.join(missing)} loss given", remedy="give it, or set its weight to 0")
        if not weights:
            raise OptionError("every loss has weight 0", remedy="give one of them a weight")
        return torch.stack([weight * losses[name] for name, weight in weights.items()]).sum()


def _at_least_single(tensor: Tensor) -> Tensor:
    """Half precision as float32; float32 and float64 as they are."""
    return tensor.to(torch.promote_types(tensor.dtype, torch.float32))


def _same_shape(first: Tensor, second: Tensor) -> None:
    """Refuse shapes that broadcasting would quietly compare."""
    if first.shape != second.shape:
        raise ModelError(
            f"a loss compares {tuple(first.shape)} with {tuple(second.shape)}: the shapes differ"
        )
