"""How many windows a second glance's training does, and how near that is to what the device can do.

The device's rate is measured in the same run, on large matrix products of the type that the training uses.
"GFLOP" are those of convolutions and matrix products, forward and backward, as PyTorch counts them.
"""

from __future__ import annotations

import time
from functools import partial

import pytest
import torch
from torch.optim import Adam
from torch.utils.flop_counter import FlopCounterMode

from lipcourse.training.glance import Glance, adversarial_step
from lipcourse.training.loop import launch
from lipcourse.training.losses import ObjectiveWeights
from lipcourse.training.presets import GlanceOptions
from lipcourse.windows.dataset import GlanceBatch

GPU = torch.cuda.is_available()
PIXEL = ObjectiveWeights(correlation=0, pixel=1, perceptual=0, adversarial=0)
WHOLE = ObjectiveWeights()
SIZES = [(1.0, 16), (0.5, 16)] if GPU else [(0.25, 4), (0.0625, 4)]


def made_up(windows: int, frames: int) -> GlanceBatch:
    """A batch of noise."""
    video = torch.rand(windows, 3, frames, 64, 64) * 2 - 1
    return GlanceBatch(
        keys=("noise",) * windows,
        talkers=("nobody",) * windows,
        starts=torch.zeros(windows, dtype=torch.int64),
        video=video,
        image=video[:, :, 0],
        log_mel=torch.rand(windows, 4 * frames, 128) * 80 - 100,
        other_video=video.flip(2),
        landmarks=torch.zeros(windows, frames, 20, 2),
    )


def finish() -> None:
    """Wait until the device has done what it was given."""
    if GPU:
        torch.cuda.synchronize()


def matrix_rate(dtype: torch.dtype) -> float:
    """FLOP/s of large matrix products, the best of five."""
    side, device = (8192, "cuda") if GPU else (1024, "cpu")
    first, second = (torch.randn(side, side, device=device, dtype=dtype) for _ in range(2))
    rates = []
    for _ in range(6):
        finish()
        began = time.perf_counter()
        first @ second
        finish()
        rates.append(2 * side**3 / (time.perf_counter() - began))
    return max(rates[1:])


@pytest.mark.parametrize("channels_last", [False, True], ids=["contiguous", "channels_last"])
@pytest.mark.parametrize("weights", [PIXEL, WHOLE], ids=["pixel", "whole"])
@pytest.mark.parametrize(("width", "batch"), SIZES)
def test_step(benchmark, width: float, batch: int, weights: ObjectiveWeights, channels_last: bool) -> None:
    options = GlanceOptions(width=width, batch=batch, weights=weights)
    fabric = launch()
    glance = Glance(options).to(fabric.device)
    if channels_last:
        for layer in glance.modules():
            if isinstance(layer, torch.nn.Conv3d | torch.nn.ConvTranspose3d):
                layer.to(memory_format=torch.channels_last_3d)
    glance.prepare(pretraining=False)
    learners = torch.nn.ModuleList([glance.generator, glance.audio_derivative, glance.flow_encoder])
    adam = partial(Adam, lr=options.learning_rate, betas=options.betas)
    optimizers = {
        "discriminator": adam(glance.discriminator.parameters()),
        "generator": adam(learners.parameters()),
    }
    windows = made_up(batch, options.frames).to(fabric.device)

    def step() -> None:
        adversarial_step(fabric, glance, optimizers, windows)
        finish()

    with FlopCounterMode(display=False) as counter:
        step()
    rounds = 10 if GPU else 2
    benchmark.group = f"width {width:g}, batch {batch}"
    benchmark.pedantic(step, warmup_rounds=2 if GPU else 1, rounds=rounds)
    seconds, flop = benchmark.stats.stats.min, counter.get_total_flops()
    half = GPU and torch.cuda.is_bf16_supported()
    rate = matrix_rate(torch.bfloat16 if half else torch.float32)
    benchmark.extra_info["windows a second"] = batch / seconds
    benchmark.extra_info["share of matrix rate"] = flop / seconds / rate
    memory = f", {torch.cuda.max_memory_allocated() / 2**30:.1f} GiB" if GPU else ""
    print(
        f"\nwidth {width:g}, batch {batch}: {batch / seconds:.1f} windows/s, {flop / 1e9:.0f} GFLOP a step, "
        f"{flop / seconds / 1e9:.0f} GFLOP/s: {flop / seconds / rate:.0%} of matrix products' "
        f"{rate / 1e9:.0f} GFLOP/s{memory}"
    )
    assert flop / seconds < rate
