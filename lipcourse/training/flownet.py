"""Training FlowNetS twice: on warps, whose flow is known, then on mouths, with OpenCV's flow as teacher.

    for each step:
        take pictures of mouths, bend each by a random flow            (stage 1: nothing else)
        take pairs of neighbouring frames, let the teacher see them    (stage 2: half of each batch)
        loss = end-point error of the flow, and of the guesses on the way to it
        step of Adam

The first stage knows the truth but not how mouths move, the second knows how they move but has a teacher who
errs: so half of each batch stays with the truth. Source: A. Dosovitskiy, P. Fischer et al., "FlowNet" (ICCV
2015), section 4; glance, section 3.3, whose FlowNet was tuned on mouths too. Taught in notebook 07.

Needs torch, numpy, OpenCV, webdataset and safetensors only.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from lipcourse.errors import CorpusError, ModelError, OptionError
from lipcourse.networks.cards import name_device
from lipcourse.networks.flownet import FlowNet
from lipcourse.networks.weights import describe, load_network, save_network
from lipcourse.signals.flow import estimate_flow
from lipcourse.training.warps import TRIAL_CELLS, known_pairs, trial_pairs
from lipcourse.windows.shards import read_shards

GUESS_WEIGHTS = (0.05, 0.1, 0.2, 0.3, 0.4)
"""Of the five guesses' errors, coarse to fine, beside the weight 1 of the flow itself."""

WARM_UP = 0.05
"""The share of a stage's steps in which the learning rate rises."""

TRIAL_EVERY = 500
"""Steps between two looks at the held-out talkers, and between two saved states."""


@dataclass(frozen=True)
class FlowNetOptions:
    """How to train.

    Attributes:
        width: Of the network.
        warp_steps: Steps of the first stage.
        mouth_steps: Steps of the second stage.
        batch: Pairs a step.
        learning_rate: Of Adam, at its highest; the second stage has a quarter of it.
        teacher: Whose flow of real mouths the second stage learns.
        clip_gradient: The longest gradient that is followed as it is.
        every: Of a clip's frames, take one in so many for warps.
        seed: Of the first weights and all that is drawn.
    """

    width: float = 0.25
    warp_steps: int = 20_000
    mouth_steps: int = 4_000
    batch: int = 16
    learning_rate: float = 1.5e-3
    teacher: Literal["farneback", "dis"] = "dis"
    clip_gradient: float = 5.0
    every: int = 2
    seed: int = 0

    def __post_init__(self) -> None:
        steps = (self.warp_steps, self.mouth_steps)
        if min(self.batch, self.every, sum(steps)) < 1 or min(steps) < 0:
            raise OptionError("batch, every and the steps of both stages together are 1 or more")


@dataclass(frozen=True)
class Mouths:
    """Mouths of prepared clips, on the CPU.

    Attributes:
        frames: uint8 (N, 3, 64, 64), RGB, clip after clip.
        follows: int64 (M,), each frame that has a neighbour after it in its clip.
        sources: Corpus, licence, clips and talkers of each source, for the card.
    """

    frames: Tensor
    follows: Tensor
    sources: list[dict[str, Any]]

    def pictures(self, index: Tensor) -> Tensor:
        """Return some frames, (N, 3, 64, 64) in [-1, 1]."""
        return self.frames[index].float() / 127.5 - 1


def load_mouths(folders: Sequence[Path], split: str) -> Mouths:
    """Read the mouths of one split of prepared corpora.

    Args:
        folders: What `lipcourse prepare` made.
        split: "train", "validation" or "test".

    Raises:
        CorpusError: There is no such shard.
    """
    clips: list[Tensor] = []
    sources: dict[tuple[str, str], dict[str, Any]] = {}
    for folder in folders:
        shards = sorted(folder.glob(f"{split}-*.tar"))
        if not shards:
            raise CorpusError(
                f"has no shards of the split {split!r}", where=folder, remedy="make it: lipcourse prepare"
            )
        for clip in read_shards(shards):
            clips.append(torch.from_numpy(np.ascontiguousarray(clip.mouths.transpose(0, 3, 1, 2))))
            source = sources.setdefault(clip.origin, {"clips": 0, "talkers": set()})
            source["clips"] += 1
            source["talkers"].add(clip.talker)
    ends = np.cumsum([len(clip) for clip in clips])
    told = [
        {"name": name, "licence": licence, "clips": each["clips"], "talkers": len(each["talkers"])}
        for (name, licence), each in sources.items()
    ]
    return Mouths(torch.cat(clips), torch.from_numpy(np.setdiff1d(np.arange(ends[-1]), ends - 1)), told)


def train(
    folders: Sequence[Path],
    out: Path,
    options: FlowNetOptions | None = None,
    *,
    start: Path | None = None,
    report: Callable[[str], None] = print,
) -> Path:
    """Train FlowNetS and save it.

    After the first stage `warps.safetensors` is in the folder, after the second `flownet.safetensors`, and
    while it goes on `latest.safetensors`, twice a thousand steps.

    Args:
        folders: Prepared corpora: the split "train" is learned from, "test" (other talkers) measures.
        out: The folder to write into.
        options: How to train.
        start: A network to go on from, such as `latest.safetensors` of a run that was stopped.
        report: Takes a line of progress.

    Returns:
        The trained network's file.

    Raises:
        CorpusError: A folder has no shards.
        ModelError: The loss is no longer a number, or `start` cannot be used.

    Source: see the module. Taught in notebook 07.
    """
    options = options or FlowNetOptions()
    mouths, held_out = load_mouths(folders, "train"), load_mouths(folders, "test")
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(options.seed)
    network = FlowNet(options.width) if start is None else load_network(start, FlowNet, width=options.width)
    network = network.to(device)
    earlier: dict[str, Any] = {"done": {"warps": 0, "flownet": 0}, "seconds": 0, "sittings": 0}
    earlier |= {} if start is None else describe(start).facts
    done, began = dict(earlier["done"]), time.monotonic() - earlier["seconds"]
    # A training that goes on draws other pairs than those it has seen.
    generator = torch.Generator(device).manual_seed(options.seed + sum(done.values()))
    stages = {"warps": options.warp_steps, "flownet": options.mouth_steps}
    for name, steps in stages.items():
        if not steps:
            continue
        rate = options.learning_rate * (0.25 if name == "flownet" else 1)
        optimiser = torch.optim.Adam(network.parameters(), lr=rate)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, partial(_rate, steps=steps))
        network.train()
        for step in range(1, steps + 1):
            first, second, flow = _batch(mouths, options, generator, with_teacher=name == "flownet")
            loss = flow_loss(network, first, second, flow)
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            length = torch.nn.utils.clip_grad_norm_(network.parameters(), options.clip_gradient)
            if not torch.isfinite(length):
                raise ModelError(f"the loss is no number at step {step} of {name}", remedy="learn slower")
            optimiser.step()
            schedule.step()
            done[name] += 1
            if step % TRIAL_EVERY == 0 or step == steps:
                seconds = time.monotonic() - began
                error = trial_error(network, held_out)
                report(
                    f"{name} {step}/{steps}: loss {loss.item():.3f}, held-out {error:.3f} px, {seconds:.0f} s"
                )
                facts = {**asdict(options), "done": done, "steps": sum(done.values())}
                facts |= {"seconds": round(seconds), "sittings": earlier["sittings"] + 1}
                facts |= {
                    "sources": mouths.sources,
                    "device": name_device(device),
                }
                place = out / f"{name if step == steps else 'latest'}.safetensors"
                told = {"width": options.width}
                path = save_network(place, network, system="flownet", options=told, facts=facts)
    return path


def flow_loss(network: FlowNet, first: Tensor, second: Tensor, flow: Tensor) -> Tensor:
    """Return the end-point error of the flow, in pixels, plus a share of that of each guess on the way.

    Args:
        network: What sees the flow.
        first: (N, 3, H, W) in [-1, 1].
        second: (N, 3, H, W), the pictures that follow.
        flow: (N, 2, H, W), the truth or a teacher's opinion of it.

    Source: FlowNet, section 4 (EPE at each size). Taught in notebook 07.
    """
    guesses = network(first, second)
    final = functional.interpolate(guesses[-1], size=flow.shape[2:], mode="bilinear", align_corners=False)
    loss = end_point_error(final, flow)
    for weight, guess in zip(GUESS_WEIGHTS, guesses, strict=True):
        seen = functional.adaptive_avg_pool2d(flow, guess.shape[2:])
        loss = loss + weight * end_point_error(guess, seen)
    return loss


def end_point_error(flow: Tensor, truth: Tensor) -> Tensor:
    """Return the mean distance, in pixels, between where two flows (N, 2, H, W) say that pixels go."""
    # A root has no slope at 0, where a pixel is exactly right.
    return ((flow - truth).square().sum(dim=1) + 1e-12).sqrt().mean()


@torch.no_grad()
def trial_error(network: FlowNet, mouths: Mouths, pictures: int = 64) -> float:
    """Return the end-point error on warps of the talkers in `mouths`, in pixels; no movement has 1.53."""
    index = torch.linspace(0, len(mouths.frames) - 1, pictures).long()
    device = next(network.parameters()).device
    errors = []
    for cells in TRIAL_CELLS:
        first, second, flow = trial_pairs(mouths.pictures(index), cells)
        seen = network.estimate(torch.stack([first, second], dim=2).to(device))[:, :, 0]
        errors.append(float(end_point_error(seen.cpu(), flow)))
    return sum(errors) / len(errors)


def _batch(
    mouths: Mouths, options: FlowNetOptions, generator: torch.Generator, *, with_teacher: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """Draw a batch of pairs and their flow; half of it real and seen by the teacher, if there is one."""
    device = generator.device
    real = options.batch // 2 if with_teacher else 0
    count = options.batch - real
    index = options.every * torch.randint(
        len(mouths.frames) // options.every, (count,), generator=generator, device=device
    )
    pairs = known_pairs(mouths.pictures(index.cpu()).to(device), generator)
    if not real:
        return pairs
    chosen = torch.randint(len(mouths.follows), (real,), generator=generator, device=device)
    before = mouths.follows[chosen.cpu()]
    video = torch.stack([mouths.pictures(before), mouths.pictures(before + 1)], dim=2)
    flow = estimate_flow(video, options.teacher)[:, :, 0]
    taught = (video[:, :, 0], video[:, :, 1], flow)
    first, second, flow = (
        torch.cat([known, part.to(device)]) for known, part in zip(pairs, taught, strict=True)
    )
    return first, second, flow


def _rate(step: int, steps: int) -> float:
    """The learning rate at a step, 1 at its highest: a short rise, then half a cosine down to 0."""
    rise = max(1, round(WARM_UP * steps))
    if step < rise:
        return (step + 1) / rise
    return 0.5 * (1 + math.cos(math.pi * (step - rise) / max(1, steps - rise)))
