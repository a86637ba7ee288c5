"""Lucas and Kanade's steps in plain loops, where no gradient is asked for: quicker than tensors by half.

`lipcourse.signals.flow` says what is done and why; a test says that both do the same. Taught in notebook 04.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lipcourse.compiled import compiled
from lipcourse.signals.separable import blur

Floats = NDArray[np.float32]
Window = tuple[np.float32, ...]

PIXELS_AT_ONCE = 8 * 64**2
"""Of pairs of pictures: so many fit in a processor's cache, with all that is made of them."""


def improve(
    before: Floats, after: Floats, flow: Floats, *, iterations: int, window: Window, damping: float
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
    step = max(1, PIXELS_AT_ONCE // (height * width))
    for part in (slice(start, start + step) for start in range(0, len(before), step)):
        pulled = np.empty_like(before[part])
        products, sums = (np.empty((5, *pulled.shape), np.float32) for _ in range(2))
        for _ in range(iterations):
            _pull(after[part], flow[part], pulled)
            _multiply_slopes(before[part], pulled, products)
            blur(products.reshape(-1, height, width), window, False, sums.reshape(-1, height, width))
            _solve(sums, np.float32(damping), flow[part])


@compiled
def _pull(pictures: Floats, flow: Floats, pulled: Floats) -> None:
    """Write `pulled(x) = pictures(x + flow(x))`, the border going on beyond the edge."""
    count, height, width = pictures.shape
    zero, right, bottom = np.float32(0), np.float32(width - 1), np.float32(height - 1)
    for pair in range(count):
        picture = pictures[pair]
        for row in range(height):
            dx, dy, line = flow[pair, 0, row], flow[pair, 1, row], pulled[pair, row]
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
    count, height, width = before.shape
    quarter = np.float32(0.25)  # a slope is half a difference, and that of the mean of both is half of both
    xx, xy, yy, xt, yt = products[0], products[1], products[2], products[3], products[4]
    both = np.empty((height, width + 2), np.float32)  # one more on either side
    for pair in range(count):
        for row in range(height):
            for x in range(width):
                both[row, x + 1] = before[pair, row, x] + after[pair, row, x]
            both[row, 0], both[row, width + 1] = both[row, 1], both[row, width]
        for row in range(height):
            upper, middle, lower = both[max(row - 1, 0)], both[row], both[min(row + 1, height - 1)]
            first, second = before[pair, row], after[pair, row]
            for x in range(width):
                slope_x = quarter * (middle[x + 2] - middle[x])
                slope_y = quarter * (lower[x + 1] - upper[x + 1])
                left = first[x] - second[x]
                xx[pair, row, x], xy[pair, row, x] = slope_x * slope_x, slope_x * slope_y
                yy[pair, row, x] = slope_y * slope_y
                xt[pair, row, x], yt[pair, row, x] = slope_x * left, slope_y * left


@compiled
def _solve(sums: Floats, damping: np.float32, flow: Floats) -> None:
    """Add the movement that explains best what is left in each window."""
    _, count, height, width = sums.shape
    for pair in range(count):
        for row in range(height):
            xx, xy, yy = sums[0, pair, row], sums[1, pair, row], sums[2, pair, row]
            xt, yt = sums[3, pair, row], sums[4, pair, row]
            dx, dy = flow[pair, 0, row], flow[pair, 1, row]
            for x in range(width):
                across, down = xx[x] + damping, yy[x] + damping
                determinant = across * down - xy[x] * xy[x]
                dx[x] += (down * xt[x] - xy[x] * yt[x]) / determinant
                dy[x] += (across * yt[x] - xy[x] * xt[x]) / determinant
