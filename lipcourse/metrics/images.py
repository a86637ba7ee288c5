"""Signal-to-noise ratio and structural similarity: how near are the pixels?

Both compare two videos pixel by pixel and know nothing of lips: a film that repeats its first frame scores
well, since most of a mouth's surroundings stand still. Always print them beside such a film's.

`psnr_wrapped` is no measure of quality. It rebuilds the slip of glance's released evaluation, which squares
differences of 8-bit pictures in 8 bits, so that published numbers can be read. Taught in notebook 12.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lipcourse.compiled import compiled
from lipcourse.errors import SignalError
from lipcourse.signals.separable import blur, from_middle, gaussian

WHITE = 255.0

WINDOW_REACH, WINDOW_DEVIATION = 5, 1.5
"""Of SSIM's Gaussian windows, in pixels."""

WINDOW = from_middle(gaussian(WINDOW_DEVIATION, WINDOW_REACH))

STEADY_MEAN, STEADY_VARIANCE = np.float32((0.01 * WHITE) ** 2 / 2), np.float32((0.03 * WHITE) ** 2 / 2)
"""Half of what is added to SSIM's quotients, so that black and flat pictures have one."""

PICTURES_AT_ONCE = 4
"""So many fit in a processor's cache, with all that is made of them."""

Floats = NDArray[np.float32]


def psnr(reference: Tensor, generated: Tensor) -> Tensor:
    """Return the peak signal-to-noise ratio of videos, 10 log10(255^2 / mean squared difference).

    The mean goes over a video's frames too, before the logarithm: a mean of decibels would be infinite once a
    single frame is right. Differences are taken in floating point, at the size the videos have.

    Args:
        reference: The real videos (..., T, H, W, 3), levels from 0 to 255, of any type.
        generated: The same shape.

    Returns:
        (...), decibels: one number a video, float32. Infinite where both are the same; levels one apart give
        48.1, white and black 0.

    Raises:
        SignalError: The shapes differ, or are not those of RGB videos.
    """
    _check(reference, generated)
    if reference.dtype == generated.dtype == torch.uint8:
        return _decibels(
            _means(lambda one, other: cv2.norm(one, other, cv2.NORM_L2SQR), reference, generated)
        )
    kind = torch.promote_types(torch.promote_types(reference.dtype, generated.dtype), torch.float32)
    difference = reference.to(kind) - generated.to(kind)
    return _decibels((difference * difference).mean(dim=(-4, -3, -2, -1)).double())


def psnr_wrapped(reference: Tensor, generated: Tensor) -> Tensor:
    """Return what glance's released evaluation prints in place of the signal-to-noise ratio.

    There the difference of two 8-bit levels and its square both wrap around at 256: 10 less 20 is 246, whose
    square counts as 100, and a difference of 16 or of 32 counts as none. Noise so scores 27.9 dB.

    Args:
        reference: The real videos, uint8 (..., T, H, W, 3).
        generated: The same shape and type.

    Returns:
        (...), float32: one number a video. Use it only beside published numbers.

    Raises:
        SignalError: The shapes differ, are not those of RGB videos, or the levels are not uint8.
    """
    _check(reference, generated)
    if reference.dtype != torch.uint8 or generated.dtype != torch.uint8:
        raise SignalError("only 8-bit levels wrap around", remedy="give uint8 videos")
    difference = reference - generated
    return _decibels(_means(lambda squares: cv2.norm(squares, cv2.NORM_L1), difference * difference))


def ssim(reference: Tensor, generated: Tensor) -> Tensor:
    """Return the structural similarity of videos: means, variances and covariance in Gaussian windows.

    The windows are 11 pixels wide with a standard deviation of 1.5; colours and pictures are averaged. At the
    edges a picture is mirrored, and all pixels count; scikit-image leaves the outer five out.

    torchmetrics gives the same numbers (a test says so) in several times as long.

    Source: Wang et al., "Image quality assessment" (2004).

    Args:
        reference: The real videos (..., T, H, W, 3), levels from 0 to 255, of any type; 11 pixels or more
            high and wide.
        generated: The same shape.

    Returns:
        (...), one number a video, float32; 1 where both are the same.

    Raises:
        SignalError: The shapes differ, are not those of RGB videos, or the pictures are too small.
    """
    _check(reference, generated)
    each = structural_similarity(moments(colour_planes(reference)), moments(colour_planes(generated)))
    return each.reshape(reference.shape[:-3]).mean(dim=-1).to(reference.device)


class Moments(NamedTuple):
    """What SSIM asks of pictures alone, float32 (N, 3, H, W) each.

    Attributes:
        pictures: The levels.
        mean: Their mean in the window around each pixel.
        energy: The square of that mean, and half of what steadies it.
        spread: Their variance there, and half of what steadies it.
    """

    pictures: Floats
    mean: Floats
    energy: Floats
    spread: Floats


def colour_planes(video: Tensor) -> Tensor:
    """Return videos (..., T, H, W, 3) as planes of one colour each, float32 (N, 3, H, W)."""
    return video.reshape(-1, *video.shape[-3:]).permute(0, 3, 1, 2).contiguous().float()


def moments(pictures: Tensor) -> Moments:
    """Return what SSIM asks of pictures (N, 3, H, W) alone, so that it is computed once for many others.

    Raises:
        SignalError: The pictures are too small.
    """
    if min(pictures.shape[-2:]) <= 2 * WINDOW_REACH:
        raise SignalError("pictures below 11 pixels have no structural similarity", remedy="give larger ones")
    levels = pictures.detach().float().contiguous().cpu().numpy()
    found = Moments(levels, *(np.empty_like(levels) for _ in range(3)))
    for part in _parts(len(levels)):
        shown, mean, energy, spread = (each[part] for each in found)
        _average(shown, mean)
        _average(shown * shown, spread)
        np.multiply(mean, mean, out=energy)
        spread -= energy
        spread += STEADY_VARIANCE
        energy += STEADY_MEAN
    return found


def structural_similarity(first: Moments, second: Moments) -> Tensor:
    """Return the SSIM of each picture with its partner, (N,) on the CPU, from what is known of both.

    One of the two may be of a single picture, the partner of each of the other's.
    """
    similarity = np.empty(max(len(first.pictures), len(second.pictures)), np.float32)
    for part in _parts(len(similarity)):
        one, other = (Moments(*(x[part] if len(x) > 1 else x for x in each)) for each in (first, second))
        products = one.pictures * other.pictures
        covariance = np.empty_like(products)
        _average(products, covariance)
        _compare(one, other, covariance, similarity[part])
    return torch.from_numpy(similarity)


def _parts(count: int) -> Iterator[slice]:
    """Cut so many pictures into as many at a time as a processor's cache holds."""
    return (slice(start, start + PICTURES_AT_ONCE) for start in range(0, count, PICTURES_AT_ONCE))


def _average(pictures: Floats, mean: Floats) -> None:
    """Write the mean in the window around each pixel of pictures (N, 3, H, W)."""
    shape = -1, *pictures.shape[-2:]
    blur(pictures.reshape(shape), WINDOW, True, mean.reshape(shape))


@compiled
def _compare(first: Moments, second: Moments, means: Floats, similarity: Floats) -> None:
    """Write the similarity of each picture with its partner, given the means of their products."""
    _, colours, height, width = means.shape
    columns = np.empty(width, np.float32)
    for picture in range(len(means)):
        one, other = min(picture, len(first.pictures) - 1), min(picture, len(second.pictures) - 1)
        for x in range(width):
            columns[x] = 0
        for colour in range(colours):
            for row in range(height):
                mean_a, mean_b = first.mean[one, colour, row], second.mean[other, colour, row]
                energy_a, energy_b = first.energy[one, colour, row], second.energy[other, colour, row]
                spread_a, spread_b = first.spread[one, colour, row], second.spread[other, colour, row]
                product = means[picture, colour, row]
                for x in range(width):
                    both = mean_a[x] * mean_b[x]
                    likeness = (both + STEADY_MEAN) * (product[x] - both + STEADY_VARIANCE)
                    columns[x] += likeness / ((energy_a[x] + energy_b[x]) * (spread_a[x] + spread_b[x]))
        total = 0.0
        for x in range(width):
            total += columns[x]
        similarity[picture] = 4 * total / (colours * height * width)


def _check(reference: Tensor, generated: Tensor) -> None:
    """Make sure that two videos can be compared."""
    if reference.shape != generated.shape or reference.ndim < 4 or reference.shape[-1] != 3:
        raise SignalError(
            f"videos of shapes {tuple(reference.shape)} and {tuple(generated.shape)} cannot be compared",
            remedy="pass two of shape (..., T, H, W, 3)",
        )


def _means(add: Callable[..., float], *videos: Tensor) -> Tensor:
    """A sum over 8-bit videos (..., T, H, W, 3), which OpenCV adds up in whole numbers, by their size.

    Returns:
        (...), double: the sum over the count.
    """
    *batch, frames, height, width, colours = videos[0].shape
    tables = [video.reshape(-1, frames * height, width * colours).cpu().numpy() for video in videos]
    sums = [add(*each) for each in zip(*tables, strict=True)]
    means = torch.tensor(sums, dtype=torch.float64) / (frames * height * width * colours)
    return means.reshape(batch).to(videos[0].device)


def _decibels(error: Tensor) -> Tensor:
    """Turn mean squared differences into decibels below white."""
    return (10 * torch.log10(WHITE**2 / error)).float()
