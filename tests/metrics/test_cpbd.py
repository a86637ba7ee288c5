"""CPBD is what the published package says, and what its definition says pixel by pixel."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from fresh_python import printed
from numpy.typing import NDArray
from plain_cpbd import canny_by_loops, cpbd_by_loops, widths_by_loops
from scipy.ndimage import gaussian_filter

from lipcourse.errors import SignalError
from lipcourse.media import read_clip
from lipcourse.metrics import cpbd as module
from lipcourse.metrics.cpbd import canny, cpbd, edge_blocks, edge_widths, luma, sharpness


def pattern(name: str) -> NDArray[np.uint8]:
    """Draw a picture of 100 x 140 pixels in whole numbers, the same on every machine."""
    y, x = np.mgrid[:100, :140]
    noise = (x * 7919 + y * 104729 ^ x * y * 31) % 251

    def mean(side: int) -> NDArray[np.int64]:
        """Means over squares, around the border where they reach beyond."""
        return sum(np.roll(noise, (i, j), (0, 1)) for i in range(side) for j in range(side)) // side**2

    return {
        "noise": noise,
        "soft": mean(2),
        "softer": mean(3),
        "softest": mean(5),
        "faint": 100 + mean(3) // 6,
        "half of it faint": np.where(x < 64, 100 + mean(3) // 8, mean(3)),
        "lines on a slope": 200 * (x % 9 == 4) * (y % 31 > 3) + y // 4,
        "rises": x,
        "falls": 255 - x,
        "flat": 0 * x,
    }[name].astype(np.uint8)


PUBLISHED = {
    "noise": 0.8880534670008353,
    "soft": 0.8411284335560505,
    "softer": 0.6925704526046115,
    "softest": 0.5813953488372093,
    "faint": 0.981672394043528,
    "half of it faint": 0.7032457496136012,
    "lines on a slope": 1.0,
    "rises": 0.0,
    "falls": 0.0,
    "flat": 0.0,
}
"""Computed with PyPI's `cpbd` 1.0.7 on scikit-image 0.26 (its import of `scipy.ndimage.imread` taken out)."""


def textures(count: int = 3, height: int = 64, width: int = 64, seed: int = 0) -> NDArray[np.uint8]:
    noise = np.random.default_rng(seed).normal(128, 250, (count, height, width))
    blurred = [gaussian_filter(one, 0.5 + index) for index, one in enumerate(noise)]
    return np.clip(blurred, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("name", PUBLISHED)
def test_values_are_those_of_the_published_package(name: str) -> None:
    assert sharpness(pattern(name)) == pytest.approx(PUBLISHED[name], abs=1e-12)


@pytest.mark.parametrize("name", ["half of it faint", "rises"])
def test_patterns_by_loops(name: str) -> None:
    assert cpbd_by_loops(pattern(name)) == pytest.approx(PUBLISHED[name], abs=1e-12)


def test_textures_agree_with_loops() -> None:
    pictures = textures()
    expected = [cpbd_by_loops(picture) for picture in pictures]
    assert 0 < min(expected) < max(expected) < 1
    np.testing.assert_allclose(sharpness(pictures), expected, atol=1e-12)


@pytest.mark.grid
def test_real_mouths_and_frames_agree_with_loops(grid_root) -> None:
    frames = read_clip(sorted(grid_root.glob("s1/*.mpg"))[0]).frames[[40]]
    pictures = luma(frames[:, 150:230, 140:240])
    expected = [cpbd_by_loops(picture) for picture in pictures]
    np.testing.assert_allclose(sharpness(pictures), expected, atol=1e-12)


def test_widths_agree_with_loops_and_are_followed_for_a_hundred_pixels_only() -> None:
    # A wedge of 130 pixels on either side, cut by dark rows, so that there is an angle at all.
    x = np.minimum(np.arange(262), 261 - np.arange(262))
    wedge = np.where(np.arange(20)[:, None] % 5 == 0, 0, x).astype(np.uint8)
    steep = wedge + np.where(np.isin(np.arange(262), (110, 111)), 60, 0).astype(np.uint8)
    for picture in [*textures(), wedge, steep]:
        found = edge_widths(picture[None])[0]
        np.testing.assert_array_equal(found, widths_by_loops(picture.astype(float).tolist()))


@pytest.mark.parametrize(("low", "high"), [(0.1, 0.2), (20.0, 60.0)])
def test_canny_agrees_with_loops(monkeypatch: pytest.MonkeyPatch, low: float, high: float) -> None:
    """At its own thresholds hysteresis hardly ever decides, at others it does."""
    monkeypatch.setattr(module, "CANNY_LOW", low)
    monkeypatch.setattr(module, "CANNY_HIGH", high)
    pictures = textures(2)
    edges = canny(pictures)
    levels = [picture.astype(float).tolist() for picture in pictures]
    np.testing.assert_array_equal(edges, [canny_by_loops(one, low, high) for one in levels])
    if low > 1:
        assert (edges != np.array([canny_by_loops(one, high, high) for one in levels])).any()
        assert (edges != np.array([canny_by_loops(one, low, low) for one in levels])).any()


@pytest.mark.parametrize("row", [2, 20, 32, 55])
def test_a_block_counts_wherever_in_it_the_edges_are(row: int) -> None:
    """Few edges: a small square in one of two blocks, whether or not the first look passes over it."""
    pictures = np.full((2, 64, 128), 90, dtype=np.uint8)
    pictures[0, row : row + 4, 80:84] = 150
    np.testing.assert_array_equal(edge_blocks(pictures), [[[False, True]], [[False, False]]])


def test_more_than_eight_edge_pixels_make_an_edge_block() -> None:
    """One faint spot: also where the first look at the middle rows sees only some of it."""
    rng = np.random.default_rng(0)
    pictures = np.full((150, 64, 64), 90, dtype=np.uint8)
    for picture in pictures:
        top, left = rng.integers(4, 56, 2)
        picture[top : top + 2, left : left + 3] = rng.integers(90, 95, (2, 3))
    counts = canny(pictures).sum(axis=(1, 2))
    assert {8, 9} <= set(counts)
    np.testing.assert_array_equal(edge_blocks(pictures)[:, 0, 0], counts > 8)


def test_blur_lowers_it_and_noise_raises_it() -> None:
    picture = textures(2)[1]
    blurred = np.array([gaussian_filter(picture.astype(float), sigma) for sigma in (0.01, 1, 2, 4)])
    scores = sharpness(blurred.round().astype(np.uint8))
    assert (np.diff(scores) < 0).all()
    noisy = picture + np.random.default_rng(0).normal(0, 20, picture.shape)
    assert sharpness(noisy.clip(0, 255).astype(np.uint8)) > scores[0]


def test_grey_is_that_of_pillow() -> None:
    colours = np.random.default_rng(0).integers(0, 256, (5000, 3)).astype(np.uint8)
    colours[0] = 255
    expected = [(19595 * int(r) + 38470 * int(g) + 7471 * int(b) + 32768) >> 16 for r, g, b in colours]
    np.testing.assert_array_equal(luma(colours), expected)


@pytest.mark.parametrize("batch", [(), (2,), (2, 3)])
def test_there_is_one_number_a_video(batch: tuple[int, ...]) -> None:
    count = int(np.prod(batch)) * 2
    grey = textures(count, 70, 90).reshape(*batch, 2, 70, 90)
    scores = cpbd(torch.from_numpy(grey)[..., None].expand(*grey.shape, 3))
    assert scores.shape == batch
    assert scores.dtype == torch.float32
    np.testing.assert_allclose(scores, sharpness(grey).mean(axis=-1), rtol=1e-6)


def test_many_pictures_are_the_same_as_one_by_one() -> None:
    pictures = np.concatenate([textures(7, seed=seed) for seed in range(3)])
    np.testing.assert_array_equal(sharpness(pictures), [sharpness(picture) for picture in pictures])
    assert sharpness(pictures[:0]).shape == (0,)


@pytest.mark.parametrize(
    "video",
    [
        torch.zeros(2, 64, 64, 3),
        torch.zeros(2, 64, 64, dtype=torch.uint8),
        torch.zeros(64, 64, 3, dtype=torch.uint8),
        torch.zeros(0, 64, 64, 3, dtype=torch.uint8),
        torch.zeros(2, 64, 63, 3, dtype=torch.uint8),
    ],
)
def test_what_has_no_sharpness_is_refused(video: torch.Tensor) -> None:
    with pytest.raises(SignalError, match="no sharpness"):
        cpbd(video)


def test_it_is_the_same_where_nothing_compiles() -> None:
    code = (
        "import sys; sys.modules['numba'] = None\n"
        "import numpy as np; from lipcourse.metrics.cpbd import sharpness\n"
        "np.seterr(over='raise')\n"
        "y, x = np.mgrid[:64, :64]\n"
        "print(sharpness(((x * 7919 + y * 104729 ^ x * y * 31) % 251).astype(np.uint8)).item())"
    )
    assert float(printed(code)) == sharpness(pattern("noise")[:64, :64])
