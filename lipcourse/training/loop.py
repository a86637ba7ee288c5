"""What any training here needs around its algorithm: processes, one step of an optimiser, a line of progress.

Several processes share a step: each works on its own part of the batch, and gradients are averaged between
backward and optimiser (`minimise`). All processes then do the same, from the same weights, and stay alike.
Taught in notebook 11.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from lipcourse.errors import OptionError
from lipcourse.networks.glance import PaintingConvolution
from lipcourse.networks.layers import ResidualBlock
from lipcourse.training.presets import Device, Precision, Schedule

if TYPE_CHECKING:
    from lightning.fabric import Fabric


class NotFiniteError(ArithmeticError):
    """A loss or a gradient is no number; its argument says which."""


def launch(device: Device = "auto", precision: Precision = "auto") -> Fabric:
    """Join the processes of this run: one by default, as many as `torchrun` has started.

        torchrun --nproc-per-node 4 -m lipcourse.cli train glance --data prepared --profile full --out run

    Args:
        device: "auto" takes a CUDA GPU where there is one.
        precision: "auto" is bf16 on a CUDA GPU that has it, else float32.

    Raises:
        OptionError: CUDA is asked for and absent, or bf16 on a GPU without it.
    """
    from lightning.fabric import Fabric  # here, since it takes seconds

    if device == "cuda" and not torch.cuda.is_available():
        raise OptionError(
            "CUDA is asked for, and this machine has no CUDA GPU that PyTorch can use",
            remedy="choose --device cpu, or look at lipcourse doctor",
        )
    on_gpu = device != "cpu" and torch.cuda.is_available()
    if precision == "bf16" and on_gpu and not torch.cuda.is_bf16_supported():
        raise OptionError("this GPU has no bf16", remedy="choose --precision float32")
    half = precision == "bf16" or (precision == "auto" and on_gpu and torch.cuda.is_bf16_supported())
    world, local = (int(os.environ.get(name, "1")) for name in ("WORLD_SIZE", "LOCAL_WORLD_SIZE"))
    fabric = Fabric(
        accelerator="cuda" if on_gpu else "cpu",
        strategy="ddp" if world > 1 else "auto",
        devices=local,
        num_nodes=world // local,
        precision="bf16-mixed" if half else "32-true",
    )
    fabric.launch()
    if on_gpu:
        torch.set_float32_matmul_precision("high")
        torch.backends.cudnn.benchmark = True  # every batch has the same shapes
    return fabric


def minimise(
    fabric: Fabric,
    name: str,
    optimizer: Optimizer,
    total: Tensor,
    losses: Mapping[str, Tensor],
    clip: float,
) -> dict[str, float]:
    """Do one step of an optimiser down the gradient of a loss, averaged over all processes.

    Args:
        fabric: The processes.
        name: What learns.
        optimizer: Of the weights that may change.
        total: What is to become smaller: one number.
        losses: What to tell of it, by name.
        clip: The longest gradient; a longer one is shortened to it. 0 for any length.

    Returns:
        The losses, and "NAME gradient": its length before it was shortened; means over all processes.

    Raises:
        NotFiniteError: One of them is no number. Weights and optimiser are then as they were.
    """
    optimizer.zero_grad()
    fabric.backward(total)
    values = torch.stack([loss.detach().float() for loss in losses.values()])
    parameters = [
        each for group in optimizer.param_groups for each in group["params"] if each.grad is not None
    ]
    if fabric.world_size > 1:
        values = _average(fabric, values, [each.grad for each in parameters])
    length = nn.utils.clip_grad_norm_(parameters, clip or math.inf)
    told = dict(zip([*losses, f"{name} gradient"], [*values.tolist(), length.item()], strict=True))
    for each, value in told.items():
        if not math.isfinite(value):
            raise NotFiniteError(each)
    optimizer.step()
    return told


def _average(fabric: Fabric, values: Tensor, gradients: list[Tensor]) -> Tensor:
    """Average over all processes, in one message: the gradients in place, the values as returned."""
    parts = [values, *gradients]
    everything = torch.cat([part.flatten() for part in parts])
    fabric.all_reduce(everything, reduce_op="mean")
    averaged = torch.split(everything, [part.numel() for part in parts])
    for gradient, mean in zip(gradients, averaged[1:], strict=True):
        gradient.copy_(mean.view_as(gradient))
    return averaged[0]


def learning_rate(highest: float, step: int, steps: int, schedule: Schedule, warmup: int) -> float:
    """Return the learning rate of a step, counted from 0, of a training of `steps`.

    Args:
        highest: What it rises to, and falls from.
        step: From 0.
        steps: Of the whole training.
        schedule: "constant", or "cosine": down to 0 along half a wave once it has risen.
        warmup: In how many steps it rises, in a straight line.
    """
    if step < warmup:
        return highest * (step + 1) / warmup
    if schedule == "constant":
        return highest
    return highest * 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup)))


@contextmanager
def held(network: nn.Module) -> Iterator[None]:
    """Let gradients flow through a network without computing any for its own weights."""
    network.requires_grad_(False)
    try:
        yield
    finally:
        network.requires_grad_(True)


def fix_statistics(network: nn.Module) -> None:
    """Let batch normalisation use its running statistics, as they are, from now on.

    By statistics of the batch a window's result depends on the windows beside it, so that two processes with
    half of a batch each do not do what one does with the whole. `SyncBatchNorm` mends that on GPUs; fixed
    statistics mend it anywhere.
    """
    for layer in network.modules():
        if isinstance(layer, nn.modules.batchnorm._BatchNorm):
            layer.eval()


@contextmanager
def measuring_statistics(network: nn.Module, but: nn.Module | None = None) -> Iterator[None]:
    """Let batch normalisation forget its statistics, and take those of all that is shown meanwhile.

    Args:
        network: Whose.
        but: A part of it that keeps its own.
    """
    others = set(but.modules()) if but is not None else set()
    layers = [
        layer
        for layer in network.modules()
        if isinstance(layer, nn.modules.batchnorm._BatchNorm) and layer not in others
    ]
    momenta = [layer.momentum for layer in layers]
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None  # the mean over all, not a running one
        layer.train()
    try:
        yield
    finally:
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum


QUIET = 0.1
"""What is left of the change that a residual block adds, and of what is painted, at the start."""


def start_quietly(network: nn.Module) -> None:
    """Make first weights smaller where no statistics of a batch keep the signal's size.

    Each of nine residual blocks, drawn as usual, adds as much as there is: the signal's variance grows 2^9
    times, and tanh is stuck at its ends. Begun as a tenth of a change they learn from the first step
    (Goyal et al. 2017 and Zhang et al., "Fixup" 2019, begin at 0).
    """
    with torch.no_grad():
        for layer in network.modules():
            if isinstance(layer, ResidualBlock):
                cast(Tensor, layer.change[-1].weight).fill_(QUIET)
            elif isinstance(layer, PaintingConvolution):
                layer.weight.mul_(QUIET)


@dataclass(frozen=True)
class Progress:
    """How far a run is; as text it is a line.

    Attributes:
        step: Steps done.
        steps: Steps to do in all.
        phase: What is being trained.
        losses: Their values at this step, by name.
        windows_per_second: Since the line before.
        seconds_left: At this speed.
        memory: The most that the device has held, in bytes; 0 on a CPU.
        skipped: Steps left out because a loss was no number.
        note: What else happened, such as a validation.
    """

    step: int
    steps: int
    phase: str
    losses: Mapping[str, float]
    windows_per_second: float
    seconds_left: float
    memory: int = 0
    skipped: int = 0
    note: str = ""

    def __str__(self) -> str:
        parts = [
            f"{self.phase} {self.step}/{self.steps}",
            *(f"{name} {value:.4f}" for name, value in self.losses.items()),
            f"{self.windows_per_second:.1f} windows/s",
            f"{duration(self.seconds_left)} left",
            f"{self.memory / 2**30:.1f} GiB" if self.memory else "",
            f"{self.skipped} skipped" if self.skipped else "",
            self.note,
        ]
        return "  ".join(part for part in parts if part)


def duration(seconds: float) -> str:
    """Say a time in hours, minutes and seconds: "1:02:03" or "2:03"."""
    hours, rest = divmod(round(seconds), 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60}:{rest % 60:02d}"
