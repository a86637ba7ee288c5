"""Lucas and Kanade's steps in plain loops, where no gradient is asked for: a third of the time of tensors.

`lipcourse.signals.flow` says what is done and why; a test says that both do the same. Taught in notebook 04.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lipcourse.compiled import compiled
from lipcourse.signals.separable import blur

Floats = NDArray[np.float32]


@compiled
def improve(
    before: Floats,
    after: Floats,
    flow: Floats,
    iterations: int,
    window: tuple[np.float32, ...],
    damping: np.float32,
) -> None:
    """Add small movements to the flow between pictures that is known so far.

    Args:
        before: (N, H, W), brightness.
        after: (N, H, W), the pictures that follow.
        flow: (N, 2, H, W), pixels, dx then dy: it is written into.
        iterations: How many times.
        window: The weights of the window along one axis, from its middle on.
        damping: Added to the squared slopes.
    """
    height, width = before.shape[1:]
    pulled = np.empty((height, width), np.float32)
    products = np.empty((5, height, width), np.float32)
    sums = np.empty((5, height, width), np.float32)
    for pair in range(len(before)):
        for _ in range(iterations):
            _pull(after[pair], flow[pair], pulled)
            _multiply_slopes(before[pair], pulled, products)
            for number in range(5):
                blur(products[number], window, False, sums[number])
            _solve(sums, damping, flow[pair])


@compiled
def _pull(picture: Floats, flow: Floats, pulled: Floats) -> None:
    """Write `pulled(x) = picture(x + flow(x))`, the border going on beyond the edge."""
    height, width = picture.shape
    zero, right, bottom = np.float32(0), np.float32(width - 1), np.float32(height - 1)
    for row in range(height):
        dx, dy, line = flow[0, row], flow[1, row], pulled[row]
        for column in range(width):
            x = min(max(np.float32(column) + dx[column], zero), right)
            y = min(max(np.float32(row) + dy[column], zero), bottom)
            left, top = min(np.uint32(x), np.uint32(width - 2)), min(np.uint32(y), np.uint32(height - 2))
            share_x, share_y = x - np.float32(left), y - np.float32(top)
            beside, under = left + np.uint32(1), top + np.uint32(1)
            above = picture[top, left] + share_x * (picture[top, beside] - picture[top, left])
            below = picture[under, left] + share_x * (picture[under, beside] - picture[under, left])
            line[column] = above + share_y * (below - above)


@compiled
def _multiply_slopes(before: Floats, after: Floats, products: Floats) -> None:
    """Write the five products of slopes, and of slopes and what is left, that a window sums up."""
    height, width = before.shape
    quarter = np.float32(0.25)  # a slope is half a difference, and that of the mean of both is half of both
    xx, xy, yy, xt, yt = products[0], products[1], products[2], products[3], products[4]
    both = np.empty((height, width + 2), np.float32)  # one more on either side
    for row in range(height):
        for x in range(width):
            both[row, x + 1] = before[row, x] + after[row, x]
        both[row, 0], both[row, width + 1] = both[row, 1], both[row, width]
    for row in range(height):
        upper, middle, lower = both[max(row - 1, 0)], both[row], both[min(row + 1, height - 1)]
        first, second = before[row], after[row]
        for x in range(width):
            slope_x = quarter * (middle[x + 2] - middle[x])
            slope_y = quarter * (lower[x + 1] - upper[x + 1])
            left = first[x] - second[x]
            xx[row, x], xy[row, x], yy[row, x] = slope_x * slope_x, slope_x * slope_y, slope_y * slope_y
            xt[row, x], yt[row, x] = slope_x * left, slope_y * left


@compiled
def _solve(sums: Floats, damping: np.float32, flow: Floats) -> None:
    """Add the movement that explains best what is left in each window."""
    for row in range(sums.shape[1]):
        xx, xy, yy, xt, yt = sums[0, row], sums[1, row], sums[2, row], sums[3, row], sums[4, row]
        dx, dy = flow[0, row], flow[1, row]
        for column in range(sums.shape[2]):
            across, down = xx[column] + damping, yy[column] + damping
            determinant = across * down - xy[column] * xy[column]
            dx[column] += (down * xt[column] - xy[column] * yt[column]) / determinant
            dy[column] += (across * yt[column] - xy[column] * xt[column]) / determinant
