"""How long a frame of glance's generator takes, by width, precision and batch, and how much memory a film.

Printed are ms a frame, GFLOP a frame as the network computes it, and the share of the rate at which the same
machine, just before, multiplied matrices of 1024x1024 in the same precision.
"""

from __future__ import annotations

import subprocess
import sys
import time
from itertools import product

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from lipcourse.networks.glance import Generator

FRAMES = 16
MOST_MS = 15.0
"""A frame at half width, in float32, on two cores that multiply matrices at `USUAL_RATE`: the paper's own
figure, on a GTX 1080 Ti."""
USUAL_RATE = 180e9
TEN_MINUTES = 600


def has_bfloat16() -> bool:
    """Whether this processor computes in bfloat16; elsewhere it is imitated, slowly."""
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def matrix_rate(precision: torch.dtype) -> float:
    """Return the floating point operations a second of a matrix product, the best of ten."""
    left, right = (torch.randn(1024, 1024, dtype=precision) for _ in "ab")
    times = []
    for _ in range(11):
        begin = time.perf_counter()
        left @ right
        times.append(time.perf_counter() - begin)
    return 2 * 1024**3 / min(times)


def operations(network: Generator, *inputs: torch.Tensor) -> int:
    """Return how many floating point operations a forward pass takes."""
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        network(*inputs)
    return int(counter.get_total_flops())


@pytest.mark.parametrize(
    ("width", "precision", "batch"),
    list(product((0.25, 0.5, 1.0), (torch.float32, torch.bfloat16), (1, 8))),
    ids=lambda value: str(value).removeprefix("torch."),
)
def test_ms_a_frame(benchmark, width: float, precision: torch.dtype, batch: int) -> None:
    if precision == torch.bfloat16 and not has_bfloat16():
        pytest.skip("this processor has no bfloat16")
    network = Generator(width).eval()
    network.decoder.to(memory_format=torch.channels_last_3d)
    inputs = torch.randn(batch, 4 * FRAMES, 128) * 10 - 50, torch.rand(batch, 3, 64, 64) * 2 - 1
    work = operations(network, *inputs)
    rate = matrix_rate(precision)

    def forward() -> None:
        with torch.inference_mode(), torch.autocast("cpu", precision, precision != torch.float32):
            network(*inputs)

    benchmark.group = "glance generator, 16 frames"
    benchmark.pedantic(forward, warmup_rounds=1, rounds=max(3, 10 // batch))
    seconds = benchmark.stats.stats.min / (batch * FRAMES)
    share = work / (batch * FRAMES) / seconds / rate
    told = {
        "ms a frame": round(1000 * seconds, 2),
        "GFLOP a frame": round(work / (batch * FRAMES) / 1e9, 3),
        "share of matrix rate": round(share, 2),
        "matrix GFLOP/s": round(rate / 1e9),
    }
    benchmark.extra_info.update(told)
    print(f"\nwidth {width:g}, {precision}, batch {batch}: {told}")
    if width == 0.5 and precision == torch.float32:
        # On another machine, or a busy one, what its matrix products take longer is forgiven.
        assert 1000 * seconds * min(1, rate / USUAL_RATE) <= MOST_MS


MAKE_FILM = """
import resource, sys, numpy, torch
from lipcourse.generation.glance import generate
from lipcourse.networks.glance import Generator
second = numpy.random.default_rng(0).standard_normal(44_100).astype("float32") / 10
image = numpy.zeros((64, 64, 3), "uint8")
made = generate(Generator(0.25).eval(), (second for _ in range(int(sys.argv[1]))), 44_100, image)
print(sum(map(len, made)), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_ten_minutes_of_video_stay_below_two_gigabytes(benchmark) -> None:
    """In a process of its own, since a process keeps the peak of whatever it did before."""

    def make() -> tuple[int, int]:
        command = [sys.executable, "-c", MAKE_FILM, str(TEN_MINUTES)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        frames, peak = map(int, done.stdout.split())
        return frames, peak

    frames, peak = benchmark.pedantic(make, rounds=1)
    benchmark.extra_info["peak memory, GB"] = round(peak / 1e6, 2)
    assert frames == TEN_MINUTES * 25
    assert peak < 2e6  # kB
