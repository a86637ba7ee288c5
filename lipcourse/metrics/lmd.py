"""Landmark distance (LMD): are the lips where the real ones are?

Eq. 5 of glance (Chen et al., "Lip Movements Generation at a Glance", ECCV 2018). Pixels can be right on
average while lips stand still; landmarks ask about the shape alone.

Taught in notebook 02.
"""

from __future__ import annotations

from typing import overload

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lipcourse.errors import SignalError


@overload
def landmark_distance(reference: Tensor, generated: Tensor) -> Tensor: ...


@overload
def landmark_distance(
    reference: NDArray[np.floating], generated: NDArray[np.floating]
) -> NDArray[np.floating]: ...


def landmark_distance(
    reference: Tensor | NDArray[np.floating], generated: Tensor | NDArray[np.floating]
) -> Tensor | NDArray[np.floating]:
    """Mean distance between mouth points once the mean points lie on each other (glance, Eq. 5).

    In each frame the 20 points' mean is taken away from both mouths: a generated clip may show its face a few
    pixels aside, and that is no fault of its lips. Then the Euclidean distances are averaged over points and
    frames. What remains counts size, tilt and shape.

    Args:
        reference: (..., T, 20, 2), the real mouth in pixels, array or tensor.
        generated: The same shape and kind.

    Returns:
        (...), pixels: one number a clip. Tensors stay on their device and carry gradients.

    Raises:
        SignalError: The shapes differ, or are not those of mouths.
    """
    if reference.shape != generated.shape or reference.ndim < 3 or reference.shape[-2:] != (20, 2):
        raise SignalError(
            f"mouths of shapes {tuple(reference.shape)} and {tuple(generated.shape)} cannot be compared",
            remedy="pass two of shape (..., T, 20, 2): landmarks[..., 48:68, :]",
        )
    # A difference less its mean is the difference of both less their means.
    difference = torch.as_tensor(reference) - torch.as_tensor(generated)
    residue = difference - difference.mean(dim=-2, keepdim=True)
    distance: Tensor = torch.linalg.vector_norm(residue, dim=-1).mean(dim=(-2, -1))
    return distance if isinstance(reference, Tensor) else np.asarray(distance.numpy())
