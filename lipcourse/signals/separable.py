"""Filters that are one small matrix along y and one along x: they blur, halve or double a picture.

For pictures of a mouth's size two products with matrices are quicker than convolutions, exact at the borders,
and as differentiable. Taught in notebook 04.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


class Constant:
    """Numbers that do not change, such as a filter's matrix (result, given), in single and double precision.

    They are kept as arrays, since a tensor made in inference mode could not be trained through later.

    Args:
        values: The numbers.
    """

    def __init__(self, values: NDArray[np.float64]) -> None:
        self.values = {np.float64: values, np.float32: values.astype(np.float32)}

    def like(self, pictures: Tensor) -> Tensor:
        """Return them in the type of `pictures`, where these are."""
        values = self.values[np.float64 if pictures.dtype == torch.float64 else np.float32]
        return torch.from_numpy(values).to(pictures)


def weighting(
    side: int,
    weights: Sequence[float] | NDArray[np.float64],
    beyond: Literal["nearest", "mirror"] = "nearest",
) -> NDArray[np.float64]:
    """Return the matrix that makes a pixel the weighted mean of its neighbours.

    Args:
        side: Pixels along the axis.
        weights: An odd number of them, the middle one that of the pixel itself.
        beyond: What is seen beyond the edge: its last pixel on and on, or the picture mirrored at it.

    Returns:
        (side, side).
    """
    matrix = np.zeros((side, side))
    pixels, last = np.arange(side), side - 1
    for step, weight in enumerate(weights, start=-(len(weights) // 2)):
        places = pixels + step
        seen = last - np.abs(last - np.abs(places)) if beyond == "mirror" else np.clip(places, 0, last)
        np.add.at(matrix, (pixels, seen), weight)
    return matrix


def gaussian(deviation: float, reach: int) -> NDArray[np.float64]:
    """Return the weights (2 reach + 1,) of a Gaussian blur of so many pixels; they are 1 in all."""
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / deviation) ** 2)
    return np.asarray(weights / weights.sum())


def apply(pictures: Tensor, vertical: Tensor, horizontal: Tensor) -> Tensor:
    """Return pictures (..., H, W) with one matrix applied along y and one along x."""
    result: Tensor = vertical @ (pictures @ horizontal.mT)
    return result
