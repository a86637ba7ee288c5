"""Signal-to-noise ratio and structural similarity: how near are the pixels?

Both compare two videos pixel by pixel and know nothing of lips: a film that repeats its first frame scores
well, since most of a mouth's surroundings stand still. Always print them beside such a film's.

`psnr_wrapped` is no measure of quality. It rebuilds the slip of glance's released evaluation, which squares
differences of 8-bit pictures in 8 bits, so that published numbers can be read. Taught in notebook 12.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from lipcourse.errors import SignalError
from lipcourse.signals.separable import Constant, apply, gaussian, weighting

WHITE = 255.0

WINDOW_REACH, WINDOW_DEVIATION = 5, 1.5
"""Of SSIM's Gaussian windows, in pixels."""

STEADY_MEAN, STEADY_VARIANCE = (0.01 * WHITE) ** 2, (0.03 * WHITE) ** 2
"""Added to SSIM's quotients, so that black and flat pictures have one."""

PICTURES_AT_A_TIME = 8
"""Whose similarity is computed at once: more would not stay in a processor's cache."""


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
    # In single precision 8-bit levels and their squares are exact; wider types keep theirs.
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
    total = (difference * difference).sum(dim=(-4, -3, -2, -1), dtype=torch.int64)
    return _decibels(total.double() / reference.shape[-4:].numel())


def ssim(reference: Tensor, generated: Tensor) -> Tensor:
    """Return the structural similarity of videos: means, variances and covariance in Gaussian windows.

    The windows are 11 pixels wide with a standard deviation of 1.5; colours and pictures are averaged. At the
    edges a picture is mirrored, and all pixels count; scikit-image leaves the outer five out.

    torchmetrics gives the same numbers (a test says so) in three times as long: a Gaussian window is one
    small matrix from the left and one from the right.

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
    return each.reshape(reference.shape[:-3]).mean(dim=-1)


class Moments(NamedTuple):
    """What SSIM asks of one video alone, (N, 3, H, W) each: N is 1 for a film of one and the same picture.

    Attributes:
        pictures: The levels.
        mean: Their mean in the window around each pixel.
        energy: The square of that mean, and half of what steadies it.
        spread: Their variance there, and half of what steadies it.
    """

    pictures: Tensor
    mean: Tensor
    energy: Tensor
    spread: Tensor


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
    parts = (_moments(part) for part in torch.split(pictures, PICTURES_AT_A_TIME))
    return Moments(pictures, *(torch.cat(each) for each in zip(*parts, strict=True)))


def _moments(pictures: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return mean, energy and spread; see `Moments`."""
    mean, power = _in_windows(pictures), _in_windows(pictures * pictures)
    energy = mean * mean
    return mean, energy + STEADY_MEAN / 2, power - energy + STEADY_VARIANCE / 2


def structural_similarity(first: Moments, second: Moments) -> Tensor:
    """Return the SSIM of each picture with its partner, (N,), from what is known of both; see `ssim`."""
    count = max(len(first.pictures), len(second.pictures))
    parts = zip(*(_in_parts(each, count) for each in (first, second)), strict=True)
    return torch.cat([_structural_similarity(*pair) for pair in parts])


def _in_parts(video: Moments, count: int) -> Iterator[Moments]:
    """Cut what is known of `count` pictures into as many at a time as a processor's cache holds."""
    whole = [part.expand(count, -1, -1, -1) for part in video]
    for start in range(0, count, PICTURES_AT_A_TIME):
        yield Moments(*(part[start : start + PICTURES_AT_A_TIME] for part in whole))


def _structural_similarity(first: Moments, second: Moments) -> Tensor:
    both = first.mean * second.mean
    covariance = _in_windows(first.pictures * second.pictures) - both + STEADY_VARIANCE / 2
    most = (first.energy + second.energy) * (first.spread + second.spread)
    return 4 * ((both + STEADY_MEAN / 2) * covariance / most).mean(dim=(1, 2, 3))


def _in_windows(pictures: Tensor) -> Tensor:
    """The mean in the Gaussian window around each pixel of pictures (..., H, W); edges are mirrored."""
    return apply(pictures, *(_windows(side).like(pictures) for side in pictures.shape[-2:]))


@lru_cache(maxsize=16)
def _windows(side: int) -> Constant:
    """(side, side): each pixel becomes the mean in its Gaussian window."""
    return Constant(weighting(side, gaussian(WINDOW_DEVIATION, WINDOW_REACH), "mirror"))


def _check(reference: Tensor, generated: Tensor) -> None:
    """Make sure that two videos can be compared."""
    if reference.shape != generated.shape or reference.ndim < 4 or reference.shape[-1] != 3:
        raise SignalError(
            f"videos of shapes {tuple(reference.shape)} and {tuple(generated.shape)} cannot be compared",
            remedy="pass two of shape (..., T, H, W, 3)",
        )


def _decibels(error: Tensor) -> Tensor:
    """Turn mean squared differences into decibels below white."""
    return (10 * torch.log10(WHITE**2 / error)).float()
