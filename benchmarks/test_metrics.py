"""How much faster than its definition's loops CPBD is: 16 textures of 64 x 64 pixels, in one run.

PyPI's `cpbd` 1.0.7, which leaves Canny's method and Sobel's slopes to libraries, is faster than these loops:
measured by hand on 209 real and made frames, it took 32 to 43 times as long as ours on one core.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from plain_cpbd import cpbd_by_loops
from scipy.ndimage import gaussian_filter

from lipcourse.metrics.cpbd import sharpness

FRAMES, LEAST_RATIO = 16, 60.0


@pytest.fixture(scope="module")
def pictures() -> NDArray[np.uint8]:
    noise = np.random.default_rng(0).normal(128, 300, (FRAMES, 64, 64))
    return gaussian_filter(noise, (0, 1.5, 1.5)).clip(0, 255).astype(np.uint8)


def least_seconds(function: Callable[[], object], rounds: int) -> float:
    """Return the processor seconds of the quickest of some runs."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        function()
        times.append(time.process_time() - start)
    return min(times)


def test_cpbd(benchmark, pictures: NDArray[np.uint8]) -> None:
    benchmark.pedantic(sharpness, (pictures,), warmup_rounds=2, rounds=15)


def test_cpbd_is_many_times_as_fast_as_loops(benchmark, pictures: NDArray[np.uint8]) -> None:
    few = pictures[:4]
    loops = least_seconds(lambda: [cpbd_by_loops(picture) for picture in few], 2) / len(few)
    ours = least_seconds(lambda: sharpness(pictures), 10) / FRAMES
    benchmark.extra_info["times as fast as loops"] = round(loops / ours, 1)
    benchmark.pedantic(sharpness, (pictures,), rounds=3)
    print(
        f"\n{loops * 1e3:.1f} ms a frame by loops, {ours * 1e3:.2f} by ours: {loops / ours:.0f} times as fast"
    )
    assert loops / ours >= LEAST_RATIO
