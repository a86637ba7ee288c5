"""Cumulative probability of blur detection (CPBD): how sharp is a picture, with no other to compare it to?

An edge is seen as blurred once it is wide. How wide was measured on people: where a picture has little
contrast, an edge of 5 pixels is just noticeably blurred, elsewhere one of 3. CPBD is the share of edges on
which blur is not noticed: 0 for a hopelessly soft picture, 1 for one with sharp edges alone. It asks nothing
about likeness: noise is sharp, too.

N. D. Narvekar and L. J. Karam, "A No-Reference Image Blur Metric Based on the Cumulative Probability of Blur
Detection (CPBD)", IEEE Transactions on Image Processing 20 (9), 2011. The paper leaves choices open; here
they are those of PyPI's `cpbd` 1.0.7, which published tables rest on, down to its oddities:

- An edge's width is measured along its row, and so only where brightness changes mostly along the row, or
  changes not at all from the left neighbour to the right one (the crest of a thin line).
- A picture that grows brighter from left to right, and changes in no other way, has no edges.
- What is left over at the right and at the bottom, once a picture is cut into blocks, is not seen.

Taught in notebook 12.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, label
from torch import Tensor

from lipcourse.compiled import compiled
from lipcourse.errors import SignalError

Bytes = NDArray[np.uint8]
Doubles = NDArray[np.float64]

BLOCK = 64
"""Side of the blocks, in pixels."""

EDGE_SHARE = 0.002
"""A block counts if more than this share of its pixels lies on edges found by Canny's method."""

LOW_CONTRAST = 50
WIDTHS_JUST_NOTICEABLE = (5, 3)
"""Pixels: in blocks with levels no more than `LOW_CONTRAST` apart, and in all others."""

FARTHEST = 100
"""Further than this an edge's slope is not followed, in pixels."""

CANNY_LOW, CANNY_HIGH = np.float32(0.1), 0.2
"""Steepness at which an edge may go on, and at which it may start, in levels of 255: nearly everything. The
reference leaves Canny's thresholds at those for pictures in [0, 1]."""

PIXELS_AT_ONCE = 2**16
"""So many fit in a processor's cache, with all that is made of them."""

PEEK, MARGIN = 8, 6
"""Rows of a block looked at first, and further rows on either side that Canny's method needs for them."""


def cpbd(video: Tensor) -> Tensor:
    """Return the sharpness of videos, the mean of `sharpness` over their frames.

    Args:
        video: uint8 (..., T, H, W, 3), RGB, 64 pixels or more high and wide.

    Returns:
        (...), float32 in [0, 1]: one number a video.

    Raises:
        SignalError: `video` has another type or shape.

    Taught in notebook 12.
    """
    if video.dtype != torch.uint8 or video.ndim < 4 or video.shape[-1] != 3 or not video.shape[-4]:
        raise SignalError(
            f"a video of shape {tuple(video.shape)} and type {video.dtype} has no sharpness",
            remedy="give RGB levels, uint8 (..., T, H, W, 3), of one frame or more",
        )
    scores = torch.from_numpy(sharpness(luma(video.cpu().numpy())))
    return scores.mean(dim=-1).float().to(video.device)


def luma(frames: Bytes) -> Bytes:
    """Return RGB pictures (..., H, W, 3) as grey ones (..., H, W), rounded as Pillow does for its mode L."""
    # Weights and sums are whole numbers below 2^24, on which single precision makes no error.
    weighted = frames.astype(np.float32) @ np.array([19595, 38470, 7471], dtype=np.float32)
    return ((weighted + 32768) / 65536).astype(np.uint8)


def sharpness(pictures: Bytes) -> Doubles:
    """Return the share of edges on which blur is not noticed: CPBD.

    Blur of an edge of width w is noticed with the probability 1 - exp(-(w / w_JNB)^3.6), and CPBD is the
    share of edges at which that is 63% at most. At w = w_JNB it is 1 - 1/e, or 63.2%; one pixel more gives
    85% or more. So these are the edges no wider than w_JNB.

    Args:
        pictures: Grey, uint8 (..., H, W), 64 pixels or more high and wide.

    Returns:
        float64 (...) in [0, 1]; 0 where a picture has no edges.

    Raises:
        SignalError: The pictures have another type, or are smaller than a block.

    Source: Narvekar and Karam 2011, Eqs. 1 and 6. Taught in notebook 12.
    """
    if pictures.dtype != np.uint8 or pictures.ndim < 2 or min(pictures.shape[-2:]) < BLOCK:
        raise SignalError(
            f"pictures of shape {pictures.shape} and type {pictures.dtype} have no sharpness",
            remedy=f"give grey levels, uint8 (..., H, W), of {BLOCK} pixels or more high and wide",
        )
    *batch, height, width = pictures.shape
    flat = pictures.reshape(-1, height, width)
    step = max(1, PIXELS_AT_ONCE // (height * width))
    parts = [_sharpness(flat[first : first + step]) for first in range(0, len(flat), step)]
    return np.concatenate([np.zeros(0), *parts]).reshape(batch)


def _sharpness(pictures: Bytes) -> Doubles:
    """Return the sharpness of each of (N, H, W)."""
    each = zip(pictures, edge_widths(pictures), edge_blocks(pictures), strict=True)
    return np.array([_share_of_sharp(picture, widths, counted) for picture, widths, counted in each])


@compiled
def _share_of_sharp(picture: Bytes, widths: NDArray[np.int16], counted: NDArray[np.bool_]) -> float:
    """Return which share of the edges in the blocks that count is no wider than can just be noticed."""
    edges, sharp = 0, 0
    for across in range(counted.shape[1]):
        for down in range(counted.shape[0]):
            top, left = BLOCK * down, BLOCK * across
            if counted[down, across]:
                darkest, brightest = 255, 0
                for row in range(top, top + BLOCK):
                    for column in range(left, left + BLOCK):
                        level = picture[row, column]
                        darkest, brightest = min(darkest, level), max(brightest, level)
                noticeable = WIDTHS_JUST_NOTICEABLE[0 if brightest - darkest <= LOW_CONTRAST else 1]
                for row in range(top, top + BLOCK):
                    for column in range(left, left + BLOCK):
                        edges += widths[row, column] > 0
                        sharp += 0 < widths[row, column] <= noticeable
    return sharp / max(edges, 1)


def edge_widths(pictures: Bytes) -> NDArray[np.int16]:
    """Find the edges of pictures, and measure how many pixels wide each is.

    Edges are where the slope along the row is large for the picture, and larger than on both sides. From
    there one walks left and right as long as brightness keeps falling, or rising.

    Args:
        pictures: Grey, uint8 (N, H, W).

    Returns:
        int16 (N, H, W): an edge's width in pixels, 2 or more; 0 where there is none.

    Source: Marziliano et al., "Perceptual blur and ringing metrics" (2004). Taught in notebook 12.
    """
    widths = np.zeros(pictures.shape, np.int16)
    levels = np.pad(pictures.astype(np.int32), ((0, 0), (1, 1), (1, 1)), mode="edge")
    for picture, found in zip(levels, widths, strict=True):
        _measure_edges(picture, found)
    return widths


@compiled
def _measure_edges(levels: NDArray[np.int32], widths: NDArray[np.int16]) -> None:
    """Write the width of each edge of a picture (H, W), given with its border doubled, (H + 2, W + 2)."""
    height, width = widths.shape
    strength = np.empty((height, width))
    total, uneven = 0.0, False
    for row in range(height):
        upper, middle, lower = levels[row], levels[row + 1], levels[row + 2]
        for left in range(width):
            right = left + 2
            across, down = middle[right] - middle[left], lower[left + 1] - upper[left + 1]
            sobel = (upper[right] - upper[left]) + 2 * across + (lower[right] - lower[left])
            strength[row, left] = sobel * sobel
            total += strength[row, left]
            uneven |= across != 0 and (down != 0 or across < 0)
    if not uneven:  # it grows brighter from left to right, if anything
        return
    # For squares of slopes, in levels a pixel, the limit is twice their root mean; Sobel's are 8 times those.
    limit = 64 * 2 * np.sqrt(total / (height * width) / 64)
    for row in range(height):
        for column in range(width):
            if strength[row, column] <= limit:
                strength[row, column] = 0
    for row in range(1, height - 1):
        upper, middle, lower = strength[row - 1], strength[row], strength[row + 1]
        for column in range(1, width - 1):
            here = middle[column]
            along = here > middle[column - 1] and here > middle[column + 1]
            if along or (here > upper[column] and here > lower[column]):
                line, place = levels[row + 1], column + 1
                across = line[place + 1] - line[place - 1]
                down = levels[row + 2, place] - levels[row, place]
                # Within 22.5 degrees of the row. Of whole numbers the ratio is never just tan 22.5 degrees.
                if across == 0 or abs(down) < (np.sqrt(2) - 1) * abs(across):
                    rising = -1 if across < 0 else 1
                    widths[row, column] = _walk(line, place, -1, rising) + _walk(line, place, 1, rising)


@compiled
def _walk(levels: NDArray[np.int32], place: int, side: int, rising: int) -> int:
    """Count the pixels from a place along its row while brightness keeps falling, or rising.

    Args:
        levels: (W + 2,), a row with its border doubled: there no slope goes on.
        place: Where to start.
        side: -1 to go left, 1 to go right.
        rising: 1 where brightness grows from left to right, -1 where it falls.

    Returns:
        1 or more: the first step is not asked about.
    """
    steps = 1
    inner = place + side
    while steps <= FARTHEST and (levels[inner + side] - levels[inner]) * side * rising > 0:
        steps, inner = steps + 1, inner + side
    return steps


def edge_blocks(pictures: Bytes) -> NDArray[np.bool_]:
    """Find the blocks of 64 x 64 pixels with edges in them, by Canny's method.

    Nine edge pixels are enough, and most blocks have as many in any few rows: only pictures where the middle
    rows of a block do not settle it are searched as a whole.

    Args:
        pictures: Grey, uint8 (N, H, W), 64 pixels or more high and wide.

    Returns:
        bool (N, H // 64, W // 64).

    Source: Canny, "A computational approach to edge detection" (1986), with scikit-image's numbers: smoothed
        by a Gaussian of 1 pixel, thresholds 0.1 and 0.2.
    """
    blocks = _blocks(pictures)
    first = (BLOCK - PEEK) // 2 - MARGIN
    strips = pictures[:, : blocks.shape[1] * BLOCK].reshape(-1, BLOCK, pictures.shape[2])
    steepness, crest = _crests(strips[:, first:-first])
    rows = (crest & (steepness >= CANNY_HIGH))[:, MARGIN:-MARGIN, : blocks.shape[3] * BLOCK]
    count = rows.reshape(len(pictures), blocks.shape[1], PEEK, blocks.shape[3], BLOCK).sum(axis=(2, 4))
    enough: NDArray[np.bool_] = count > EDGE_SHARE * BLOCK**2
    open_still = ~enough.all(axis=(1, 2))
    if open_still.any():
        enough[open_still] = _blocks(canny(pictures[open_still])).sum(axis=(2, 4)) > EDGE_SHARE * BLOCK**2
    return enough


def canny(pictures: Bytes) -> NDArray[np.bool_]:
    """Find edges by Canny's method: crests of steepness, and what hangs together with the steep ones.

    Args:
        pictures: Grey, uint8 (N, H, W).

    Returns:
        bool (N, H, W); nothing on the border.
    """
    steepness, crest = _crests(pictures)
    labels, count = label(crest, structure=np.array([np.zeros((3, 3)), np.ones((3, 3)), np.zeros((3, 3))]))
    steep = np.zeros(count + 1, dtype=bool)
    steep[labels[crest & (steepness >= CANNY_HIGH)]] = True
    edges: NDArray[np.bool_] = steep[labels]
    return edges


def _crests(pictures: Bytes) -> tuple[Doubles, NDArray[np.bool_]]:
    """Return how steep brightness is, and where it is steeper than on both sides, across the edge."""
    weight = gaussian_filter(np.ones(pictures.shape[1:]), 1.0, mode="constant") + np.finfo(np.float64).eps
    smooth = gaussian_filter(pictures.astype(np.float64), (0, 1, 1), mode="constant") / weight
    steepness, crest = np.empty(pictures.shape), np.zeros(pictures.shape, dtype=bool)
    bordered = np.pad(smooth, ((0, 0), (1, 1), (1, 1)), mode="edge")
    for picture, slope, found in zip(bordered, steepness, crest, strict=True):
        _find_crests(picture, float(CANNY_LOW), slope, found)
    return steepness, crest


@compiled
def _find_crests(smooth: Doubles, low: float, steepness: Doubles, crest: NDArray[np.bool_]) -> None:
    """Write how steep a picture (H, W) is, given with its border doubled, and where its crests are."""
    height, width = crest.shape
    across, down = np.empty((height, width)), np.empty((height, width))
    for row in range(height):
        upper, middle, lower = smooth[row], smooth[row + 1], smooth[row + 2]
        for column in range(width):
            left, right = column, column + 2
            x = 2 * (middle[right] - middle[left]) + (
                (upper[right] - upper[left]) + (lower[right] - lower[left])
            )
            y = 2 * (lower[column + 1] - upper[column + 1]) + (
                (lower[left] - upper[left]) + (lower[right] - upper[right])
            )
            across[row, column], down[row, column] = x, y
            steepness[row, column] = np.sqrt(y * y + x * x)
    for row in range(1, height - 1):
        for column in range(1, width - 1):
            own = steepness[row, column]
            if own < low:
                continue
            right, below = across[row, column], down[row, column]
            # Of a pixel's eight neighbours two lie next to where the gradient points to, and two opposite.
            x, y = (1 if right > 0 else -1), (1 if below > 0 else -1)
            wide, high = abs(right), abs(below)
            share = min(wide, high) / max(wide, high)
            straight_x, straight_y = (0, y) if high > wide else (x, 0)
            ahead = steepness[row + y, column + x] * share + steepness[
                row + straight_y, column + straight_x
            ] * (1 - share)
            behind = steepness[row - y, column - x] * share + steepness[
                row - straight_y, column - straight_x
            ] * (1 - share)
            crest[row, column] = ahead <= own and behind <= own


def _blocks(pictures: NDArray[np.generic]) -> NDArray[np.generic]:
    """View pictures (N, H, W) as whole blocks (N, H // 64, 64, W // 64, 64)."""
    rows, columns = pictures.shape[1] // BLOCK, pictures.shape[2] // BLOCK
    whole = pictures[:, : rows * BLOCK, : columns * BLOCK]
    return whole.reshape(-1, rows, BLOCK, columns, BLOCK)
