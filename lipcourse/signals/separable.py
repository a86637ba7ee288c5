"""Filters that are one small matrix along y and one along x: they blur, halve or double a picture.

For pictures of a mouth's size two products with matrices are quicker than convolutions, exact at the borders,
and as differentiable. `blur` does the same in loops, for loops that need it. Taught in notebook 04.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lipcourse.compiled import compiled


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


def weighting(side: int, weights: Sequence[float] | NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the matrix that makes a pixel the weighted sum of its neighbours; edges go on and on.

    Args:
        side: Pixels along the axis.
        weights: An odd number of them, the middle one that of the pixel itself.

    Returns:
        (side, side).
    """
    matrix = np.zeros((side, side))
    pixels = np.arange(side)
    for step, weight in enumerate(weights, start=-(len(weights) // 2)):
        np.add.at(matrix, (pixels, np.clip(pixels + step, 0, side - 1)), weight)
    return matrix


def gaussian(deviation: float, reach: int) -> NDArray[np.float64]:
    """Return the weights (2 reach + 1,) of a Gaussian blur of so many pixels; they are 1 in all."""
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / deviation) ** 2)
    return np.asarray(weights / weights.sum())


def apply(pictures: Tensor, vertical: Tensor, horizontal: Tensor) -> Tensor:
    """Return pictures (..., H, W) with one matrix applied along y and one along x."""
    result: Tensor = vertical @ (pictures @ horizontal.mT)
    return result


@compiled
def blur(
    pictures: NDArray[np.float32],
    weights: tuple[np.float32, ...],
    mirrored: bool,
    blurred: NDArray[np.float32],
) -> None:
    """Write the weighted sum around each pixel of pictures.

    Args:
        pictures: (N, H, W).
        weights: The pixel's own along each axis, and those of pixels 1, 2, ... away (see `from_middle`).
        mirrored: Whether a picture is mirrored at its edges; else its last pixels go on and on.
        blurred: (N, H, W), which is written into.
    """
    height, width = pictures.shape[1:]
    reach = len(weights) - 1
    padded = np.empty((height + 2 * reach, width), np.float32)
    line = np.empty(width + 2 * reach, np.float32)
    for number in range(len(pictures)):
        picture, result = pictures[number], blurred[number]
        for row in range(height + 2 * reach):
            seen = _seen(row - reach, height, mirrored)
            for x in range(width):
                padded[row, x] = picture[seen, x]
        for row in range(height):
            near = padded[row : row + 2 * reach + 1]
            for x in range(width):
                total = weights[0] * near[reach, x]
                for step in range(1, reach + 1):
                    total += weights[step] * (near[reach - step, x] + near[reach + step, x])
                line[reach + x] = total
            for step in range(1, reach + 1):
                line[reach - step] = line[reach + _seen(-step, width, mirrored)]
                line[reach + width - 1 + step] = line[reach + _seen(width - 1 + step, width, mirrored)]
            for x in range(width):
                total = weights[0] * line[reach + x]
                for step in range(1, reach + 1):
                    total += weights[step] * (line[reach + x - step] + line[reach + x + step])
                result[row, x] = total


@compiled
def _seen(place: int, side: int, mirrored: bool) -> int:
    """Which of so many pixels is seen at a place, which may lie beyond them."""
    if mirrored:
        return min(abs(place), 2 * (side - 1) - place)
    return min(max(place, 0), side - 1)


def from_middle(weights: NDArray[np.float64]) -> tuple[np.float32, ...]:
    """Return a symmetric filter's weights from the middle one on, as `blur` wants them."""
    return tuple(weights[len(weights) // 2 :].astype(np.float32))
