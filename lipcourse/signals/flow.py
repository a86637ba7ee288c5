"""Optical flow: how far each pixel moves from one video frame to the next, in pixels.

The flow of a pixel points to where it went: `second(x + flow(x))` looks like `first(x)`. The first number
of a pair is dx (to the right), the second dy (down).

Lucas and Kanade's method, on a pyramid of pictures, is written in torch: gradients flow through it, so a
generator can learn from the motion that it makes (the correlation loss and the three-stream discriminator
of glance, "Lip Movements Generation at a Glance", ECCV 2018, which took FlowNet for this). It has no
weights, and runs on any device; where no gradient is asked for, its steps are loops on the processor.
OpenCV's Farneback and DIS stand behind the same call, to compare with. Taught in notebook 04.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Literal, get_args

import cv2
import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor
from torch.nn import functional

from lipcourse.compiled import COMPILES
from lipcourse.errors import OptionError, SignalError
from lipcourse.signals.flow_steps import improve
from lipcourse.signals.separable import Constant, apply, from_middle, gaussian, weighting

Method = Literal["lucas_kanade", "farneback", "dis"]
Bytes = NDArray[np.uint8]
Floats = NDArray[np.floating]

LUMA = (0.299, 0.587, 0.114)
"""What red, green and blue add to brightness (ITU-R BT.601)."""

LEAST_SIDE = 16

BINOMIAL = (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16)
"""The blur before every second pixel is taken (Burt and Adelson 1983)."""

SLOPE = (-1 / 2, 0.0, 1 / 2)
"""Of a pixel: half of how much its next neighbours differ."""

# Orange and blue, green and purple (Okabe and Ito): colours that differ for any kind of colour vision.
WHEEL = np.array([(230, 159, 0), (0, 158, 115), (0, 114, 178), (204, 121, 167)], dtype=np.float64)


def estimate_flow(video: Tensor, method: Method = "lucas_kanade") -> Tensor:
    """Measure the flow from each frame to the next.

    Args:
        video: (B, 3, T, H, W), RGB in [-1, 1], with T of 2 or more and sides of 16 pixels or more.
        method: "lucas_kanade" has gradients and runs where `video` is; "farneback" and "dis" are OpenCV's,
            which see 8-bit pictures on the CPU.

    Returns:
        (B, 2, T - 1, H, W), pixels a frame, dx then dy; in the type and on the device of `video`.

    Raises:
        SignalError: `video` has another shape.
        OptionError: There is no such method, or gradients are asked of one that has none.

    Source: see `lucas_kanade`; G. Farneback, SCIA 2003; T. Kroeger et al., "Fast Optical Flow using Dense
    Inverse Search", ECCV 2016. Taught in notebook 04.
    """
    if method not in get_args(Method):
        raise OptionError(f"there is no flow {method!r}", remedy=f"choose {', '.join(get_args(Method))}")
    if video.ndim != 5 or video.shape[1] != 3 or video.shape[2] < 2 or min(video.shape[3:]) < LEAST_SIDE:
        raise SignalError(
            f"a video of shape {tuple(video.shape)} has no flow",
            remedy=f"give (B, 3, T, H, W) with T of 2 or more and sides of {LEAST_SIDE} or more",
        )
    # Half precision cannot hold the squares of faint slopes.
    grey = brightness(video.to(torch.promote_types(video.dtype, torch.float32)))
    batch, frames, height, width = grey.shape
    first, second = (part.reshape(-1, height, width) for part in (grey[:, :-1], grey[:, 1:]))
    if method == "lucas_kanade":
        flow = lucas_kanade(first, second)
    elif video.requires_grad:
        raise OptionError(f"{method} has no gradients", remedy="choose lucas_kanade, or detach the video")
    else:
        flow = _by_opencv(first, second, _farneback if method == "farneback" else _dis)
    return flow.reshape(batch, frames - 1, 2, height, width).transpose(1, 2).to(video.dtype)


def brightness(video: Tensor) -> Tensor:
    """Return RGB videos (B, 3, ...) in grey, (B, ...)."""
    red, green, blue = video.unbind(dim=1)
    return LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue


def lucas_kanade(
    first: Tensor,
    second: Tensor,
    *,
    levels: int = 3,
    iterations: int = 2,
    window: float = 2.5,
    damping: float = 1e-4,
) -> Tensor:
    """Measure the flow between pairs of grey pictures, coarse to fine; differentiable in both.

    On each level the second picture is pulled back by the flow so far. What still differs from the first is
    put down to a small further movement (u, v), the same for all pixels of a window: least squares over the
    window gives two equations for two numbers. The slopes are those of the mean of both pictures, which is
    right to one order more than those of either.

    Args:
        first: (N, H, W), brightness in [-1, 1], in single or double precision.
        second: (N, H, W), the pictures that follow.
        levels: Pictures in the pyramid, each half as large as the one before. Three see movements of up
            to about 8 pixels.
        iterations: Steps on each level.
        window: Standard deviation of the Gaussian window, in pixels of the level. Larger is steadier against
            noise, smaller follows finer movement.
        damping: Added to the squared slopes. Where a window is flat nothing can be seen, and the flow
            stays as the coarser level left it.

    Returns:
        (N, 2, H, W), pixels, dx then dy.

    Raises:
        SignalError: The pictures are not (N, H, W) of one shape.
        OptionError: There are more levels than pictures of this size have.

    Source: B. D. Lucas and T. Kanade, IJCAI 1981; the pyramid from J.-Y. Bouguet, "Pyramidal Implementation
    of the Lucas Kanade Feature Tracker", Intel 2000. Taught in notebook 04.
    """
    if first.ndim != 3 or first.shape != second.shape:
        raise SignalError(f"pictures of shapes {tuple(first.shape)} and {tuple(second.shape)} are no pairs")
    if levels < 1 or min(first.shape[1:]) < 2 ** (levels + 1):
        raise OptionError(
            f"{levels} levels for pictures of {tuple(first.shape[1:])}", remedy="choose fewer, from 1"
        )
    pictures = torch.cat([first, second])
    in_loops = (
        COMPILES
        and pictures.device.type == "cpu"
        and pictures.dtype == torch.float32
        and not pictures.requires_grad
        and not torch.compiler.is_compiling()
    )
    with torch.autocast(first.device.type, enabled=False):
        pyramid = [pictures]
        for _ in range(levels - 1):
            pyramid.append(apply(pyramid[-1], *_for(pyramid[-1], _halving)))
        flow = pictures.new_zeros(len(first), 2, *pyramid[-1].shape[-2:])
        for level, scene in enumerate(reversed(pyramid)):
            if level > 0:
                flow = 2 * apply(flow, *_for(scene, _doubling))
            before, after = scene.chunk(2)
            if in_loops:
                flow = flow.contiguous()  # it is written into
                arrays = before.contiguous().numpy(), after.contiguous().numpy(), flow.numpy()
                weights = from_middle(_window(window))
                improve(*arrays, iterations=iterations, window=weights, damping=damping)
            else:
                for _ in range(iterations):
                    flow = flow + _small_flow(before, warp(after.unsqueeze(1), flow)[:, 0], window, damping)
    return flow


def warp(pictures: Tensor, flow: Tensor) -> Tensor:
    """Pull pictures back by a flow: `result(x) = pictures(x + flow(x))`, the border going on beyond the edge.

    Args:
        pictures: (N, C, H, W).
        flow: (N, 2, H, W), pixels, dx then dy.

    Returns:
        (N, C, H, W); differentiable in both.
    """
    here, pixel = (each.like(flow) for each in _places(*flow.shape[-2:]))
    places = torch.addcmul(here, flow, pixel).movedim(1, -1)  # a view: to interleave x and y takes long
    return functional.grid_sample(pictures, places, padding_mode="border", align_corners=True)


@lru_cache(maxsize=256)
def _places(height: int, width: int) -> tuple[Constant, Constant]:
    """Where each pixel is, (2, height, width), and how wide one is, (2, 1, 1), on [-1, 1], x then y."""
    x, y = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
    pixel = np.array([2 / (width - 1), 2 / (height - 1)]).reshape(2, 1, 1)
    return Constant(np.stack([x, y])), Constant(pixel)


def _small_flow(before: Tensor, after: Tensor, window: float, damping: float) -> Tensor:
    """One step of Lucas and Kanade between (N, H, W) that differ by less than a pixel or so: (N, 2, H, W)."""
    both, left = before + after, before - after
    along_y, along_x = _for(both, _slope)
    slope_x, slope_y = both @ along_x.mT, along_y @ both
    vertical, horizontal = _for(both, partial(_blurring, deviation=window))
    products = (slope_x, slope_x), (slope_x, slope_y), (slope_y, slope_y), (slope_x, left), (slope_y, left)
    xx, xy, yy, xt, yt = (apply(one * other, vertical, horizontal) for one, other in products)
    xx, yy = xx + damping, yy + damping
    numerators = torch.stack([yy * xt - xy * yt, xx * yt - xy * xt], dim=1)
    return torch.div(numerators, (xx * yy - xy * xy).unsqueeze(1))


def _for(pictures: Tensor, make: Callable[[int], Constant]) -> tuple[Tensor, Tensor]:
    """Return the matrices of a filter along y and along x of pictures, in their type and where they are."""
    height, width = pictures.shape[-2:]
    return make(height).like(pictures), make(width).like(pictures)


def _window(deviation: float) -> NDArray[np.float64]:
    """The weights of a Gaussian that is cut off at two standard deviations."""
    return gaussian(deviation, max(1, round(2 * deviation)))


@lru_cache(maxsize=256)
def _blurring(side: int, deviation: float) -> Constant:
    """(side, side): a Gaussian blur."""
    return Constant(weighting(side, _window(deviation)))


@lru_cache(maxsize=256)
def _slope(side: int) -> Constant:
    """(side, side): how steep the mean of two pictures is, given their sum."""
    return Constant(weighting(side, SLOPE) / 2)


@lru_cache(maxsize=256)
def _halving(side: int) -> Constant:
    """(side / 2 rounded up, side): blur, then take pixels 0, 2, 4, ..."""
    return Constant(weighting(side, BINOMIAL)[::2].copy())


@lru_cache(maxsize=256)
def _doubling(side: int) -> Constant:
    """(side, side / 2 rounded up): pixels 0, 2, 4, ... given, those between by linear interpolation."""
    given = np.eye((side + 1) // 2)
    places = np.arange(side) / 2
    return Constant(np.stack([np.interp(places, np.arange(len(given)), row) for row in given], axis=1))


def _by_opencv(first: Tensor, second: Tensor, method: Callable[[Bytes, Bytes], Floats]) -> Tensor:
    """Run one of OpenCV's methods on each pair of grey pictures (N, H, W): (N, 2, H, W)."""
    earlier, later = (
        ((part.detach().float().cpu().clamp(-1, 1) + 1) * 127.5).round().byte().numpy()
        for part in (first, second)
    )
    flows = np.stack([method(before, after) for before, after in zip(earlier, later, strict=True)])
    return torch.from_numpy(flows).permute(0, 3, 1, 2).to(first)


def _farneback(before: Bytes, after: Bytes) -> Floats:
    start = np.zeros((*before.shape, 2), np.float32)
    return np.asarray(cv2.calcOpticalFlowFarneback(before, after, start, 0.5, 3, 9, 3, 5, 1.1, 0))


def _dis(before: Bytes, after: Bytes) -> Floats:
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    search.setFinestScale(
        0
    )  # its default stops at half the size, for pictures of many more pixels than a mouth
    return np.asarray(search.calc(before, after, np.zeros((*before.shape, 2), np.float32)))


def draw_flow(
    flow: ArrayLike, *, longest: float | None = None, wheel_size: int = 64
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Draw flow as colour: the hue says where to, the strength how far; white stays where it is.

    Right is orange, down green, left blue, up purple, and between them their mixtures.

    Args:
        flow: (..., 2, H, W), pixels, dx then dy.
        longest: The length, in pixels, drawn at full strength; by default the longest in `flow`.
        wheel_size: Side of the legend in pixels.

    Returns:
        The picture, uint8 (..., H, W, 3), RGB, and its legend, uint8 (wheel_size, wheel_size, 3): the
        colour of a movement from the centre to each place of the wheel, whose rim is `longest`.

    Raises:
        SignalError: `flow` has another shape, or is not finite.

    Source: the wheel of S. Baker et al., "A Database and Evaluation Methodology for Optical Flow", IJCV 2011,
    in the colours of Okabe and Ito. Taught in notebook 04.
    """
    field = np.asarray(flow, dtype=np.float64)
    if field.ndim < 3 or field.shape[-3] != 2 or not np.isfinite(field).all():
        raise SignalError(
            f"a flow of shape {field.shape} cannot be drawn", remedy="give finite (..., 2, H, W)"
        )
    dx, dy = np.moveaxis(field, -3, 0)
    full = longest or float(np.hypot(dx, dy).max(initial=0)) or 1.0
    y, x = np.mgrid[-1 : 1 : wheel_size * 1j, -1 : 1 : wheel_size * 1j]
    wheel = _colour(x, y)
    wheel[np.hypot(x, y) > 1] = 255
    return _colour(dx / full, dy / full), wheel


def _colour(dx: Floats, dy: Floats) -> NDArray[np.uint8]:
    """The colours of movements (...), of length 1 at full strength: uint8 (..., 3)."""
    place = np.arctan2(dy, dx) / (np.pi / 2) % 4  # 0 right, 1 down, 2 left, 3 up
    before, share = place.astype(int) % 4, (place % 1)[..., None]
    hue = WHEEL[before] * (1 - share) + WHEEL[(before + 1) % 4] * share
    strength = np.minimum(np.hypot(dx, dy), 1)[..., None]
    return np.asarray(np.rint(255 + (hue - 255) * strength), dtype=np.uint8)
