"""How long 15 flow fields of a 64x64 mouth take by FlowNetS, beside Lucas and Kanade's method.

What glance needs is both: the flow, and its gradient with respect to the pictures.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from lipcourse.networks.flownet import FlowNet
from lipcourse.networks.layers import freeze
from lipcourse.networks.weights import load_network
from lipcourse.signals.flow import estimate_flow

FRAMES, SIDE = 16, 64
GFLOP_A_PAIR = 0.05
"""Multiplications and additions at a quarter width, counted by torch.utils.flop_counter: see the test."""


@pytest.fixture(scope="module")
def network() -> FlowNet:
    return freeze(load_network("flownet", FlowNet))


@pytest.fixture(scope="module")
def video() -> Tensor:
    coarse = torch.rand(FRAMES, 3, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1
    frames = functional.interpolate(coarse, size=(SIDE, SIDE), mode="bicubic", align_corners=True)
    return frames.clamp(-1, 1).transpose(0, 1).unsqueeze(0)


def forward(flow: Callable[[Tensor], Tensor], video: Tensor) -> None:
    with torch.inference_mode():
        flow(video)


def both_ways(flow: Callable[[Tensor], Tensor], video: Tensor) -> None:
    flow(video.clone().requires_grad_()).square().mean().backward()


@pytest.mark.parametrize("way", [forward, both_ways])
def test_time(benchmark, network: FlowNet, video: Tensor, way: Callable[..., None]) -> None:
    """Turn by turn, so that whatever else the machine does slows both."""
    methods = {"FlowNetS": network.estimate, "Lucas-Kanade": estimate_flow}
    times: dict[str, list[float]] = {name: [] for name in methods}
    for _ in range(20):
        for name, method in methods.items():
            start = time.perf_counter()
            way(method, video)
            times[name].append(time.perf_counter() - start)
    benchmark.group = "flow of 15 pairs of 64x64"
    ratio = min(times["FlowNetS"]) / min(times["Lucas-Kanade"])
    benchmark.extra_info["times as long as Lucas-Kanade"] = round(ratio, 2)
    benchmark.pedantic(way, (network.estimate, video), rounds=5)


def test_work(benchmark, network: FlowNet, video: Tensor) -> None:
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        forward(network.estimate, video)
    work = counter.get_total_flops() / 1e9
    benchmark.extra_info["GFLOP"] = round(work, 2)
    benchmark.pedantic(forward, (network.estimate, video), rounds=5)
    assert work == pytest.approx(GFLOP_A_PAIR * (FRAMES - 1), rel=0.1)
