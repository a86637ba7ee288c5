"""Training the sync expert: which moment's sound belongs to these lips, of all moments of the same clip?

    for each step:
        draw windows of clips, as many of each corpus
        points for lips and for sound, one of each for every five frames
        loss = cross-entropy of the right moment among all of the window,     (what timing is learned from)
               and a share of that among all windows of the batch
        step of Adam

SyncNet compared two points at a time, in sync or not. To choose one of many is the same question asked of all
pairs at once, and learns from each step as much as from hundreds of pairs. Moments when nobody speaks cannot
be told apart: part of the loss stays.

The first stage learns from the first corpus alone, so that what it finds in the others, it has not been told:
by how much their lips lead their sound. The second learns from all.

Source: S.-W. Chung, J. S. Chung and H.-G. Kang, "Perfect match: improved cross-modal embeddings for
audio-visual synchronisation" (ICASSP 2019), the multi-way matching; A. van den Oord et al., "Representation
learning with contrastive predictive coding" (2018), Eq. 4. Taught in notebook 12.

Needs torch, torchaudio, lightning, numpy, OpenCV, webdataset and safetensors only.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from lipcourse.errors import ModelError, OptionError
from lipcourse.metrics.lip_sync import LEAST_WINDOWS, OFFSETS, lip_sync
from lipcourse.networks.cards import name_device
from lipcourse.networks.sync_expert import WINDOW, SyncExpert
from lipcourse.networks.weights import describe, load_network, save_network
from lipcourse.training.loop import NotFiniteError, launch, learning_rate, minimise
from lipcourse.training.presets import Device
from lipcourse.training.talk import Talk, draw_from_all, heard_otherwise, load_talk, seen_otherwise

FIRST, FINAL, LATEST = (f"{name}.safetensors" for name in ("first", "sync-expert", "latest"))
"""The files of a run: after each of the two stages, and on the way."""

LEAST_FRAMES = WINDOW - 1 + LEAST_WINDOWS + max(OFFSETS)
"""Of a clip that can be measured at all shifts."""

WARM_UP = 0.05
"""The share of a stage's steps in which the learning rate rises."""

TRIAL_CLIPS = 40
"""Held-out clips of each corpus that a trial looks at."""


@dataclass(frozen=True)
class SyncOptions:
    """How to train.

    Attributes:
        width: Of the network.
        first_steps: Steps of the first stage, which learns from the first corpus alone; 0 leaves it out.
        steps: Steps of the second stage, which learns from all.
        batch: Windows a step, of this process.
        frames: Video frames of a window; four less are the moments to choose from.
        learning_rate: Of Adam, at its highest.
        temperature: Cosines are divided by it: the lower, the more the nearest wrong moments count.
        others: The share of the loss that chooses among all windows of the batch.
        clip_gradient: The longest gradient that is followed as it is.
        seed: Of the first weights and all that is drawn.
        device: "auto" takes a CUDA GPU where there is one.
        save_every: Steps between two trials, and between two saved states.

    Raises:
        OptionError: A value cannot be.
    """

    width: float = 1.0
    first_steps: int = 500
    steps: int = 1500
    batch: int = 16
    frames: int = 40
    learning_rate: float = 2e-3
    temperature: float = 0.1
    others: float = 0.5
    clip_gradient: float = 5.0
    seed: int = 0
    device: Device = "auto"
    save_every: int = 250

    def __post_init__(self) -> None:
        if (
            min(self.batch, self.save_every, self.first_steps + self.steps) < 1
            or min(self.first_steps, self.steps) < 0
        ):
            raise OptionError("batch, save_every and the steps of both stages together are 1 or more")
        if self.frames <= WINDOW or self.temperature <= 0:
            raise OptionError(f"frames are more than {WINDOW}, and the temperature is above 0")


def train(
    folders: Sequence[Path],
    out: Path,
    options: SyncOptions | None = None,
    *,
    start: Path | None = None,
    report: Callable[[str], None] = print,
) -> Path:
    """Train a sync expert and save it.

    After the first stage `first.safetensors` is in the folder, after the second `sync-expert.safetensors`,
    and on the way `latest.safetensors`.

    Args:
        folders: Prepared corpora: the split "train" is learned from, "validation" (other talkers or
            sentences) measures. The first is that of the first stage.
        out: The folder to write into.
        options: How to train.
        start: A network to go on from, such as `latest.safetensors` of a run that was stopped.
        report: Takes a line of progress.

    Returns:
        The trained network's file.

    Raises:
        CorpusError: A folder has no shards, or no clips as long as a window.
        ModelError: The loss is no longer a number, or `start` cannot be used.

    Source: see the module. Taught in notebook 12.
    """
    options = options or SyncOptions()
    fabric = launch(options.device, "float32")
    talks = [load_talk(folder, "train", options.frames) for folder in folders]
    held_out = [load_talk(folder, "validation", LEAST_FRAMES) for folder in folders]
    torch.manual_seed(options.seed)
    built = (
        SyncExpert(options.width) if start is None else load_network(start, SyncExpert, width=options.width)
    )
    network = built.to(fabric.device)
    earlier: dict[str, Any] = {"done": {"first": 0, "all": 0}, "seconds": 0, "sittings": 0}
    earlier |= {} if start is None else describe(start).facts
    done, began = dict(earlier["done"]), time.monotonic() - earlier["seconds"]
    # Every process, and a training that goes on, draws other windows.
    seed = options.seed + sum(done.values()) * fabric.world_size + fabric.global_rank
    order, drawing = torch.Generator().manual_seed(seed), torch.Generator(fabric.device).manual_seed(seed)
    path = out / FINAL
    for stage, steps, learned in (("first", options.first_steps, talks[:1]), ("all", options.steps, talks)):
        optimizer = torch.optim.Adam(network.parameters(), lr=options.learning_rate)
        for step in range(steps):
            network.train()
            for group in optimizer.param_groups:
                group["lr"] = learning_rate(
                    options.learning_rate, step, steps, "cosine", max(1, round(WARM_UP * steps))
                )
            pictures, sound = draw_from_all(
                learned, lambda talk, count: talk.draw(count, options.frames, order), options.batch
            )
            video = seen_otherwise(pictures.to(fabric.device).float() / 127.5 - 1, drawing)
            columns = heard_otherwise(sound.to(fabric.device), drawing)
            seen, heard = network(in_colour(video), columns)
            losses = sync_losses(seen, heard, options.temperature)
            total = (1 - options.others) * losses["moment"] + options.others * losses["clip and moment"]
            try:
                told = minimise(fabric, "expert", optimizer, total, losses, options.clip_gradient)
            except NotFiniteError as error:
                raise ModelError(
                    f"{error} is no number at step {step + 1} of the stage {stage!r}", remedy="learn slower"
                ) from error
            done[stage] += 1
            last = step + 1 == steps
            if not (last or (step + 1) % options.save_every == 0) or not fabric.is_global_zero:
                continue
            found = [trial(network, talk) for talk in held_out]
            seconds = time.monotonic() - began
            report(
                f"{stage} {step + 1}/{steps}: moment {told['moment']:.3f}, in sync on held-out clips "
                f"{', '.join(f'{share:.0%}' for share in found)}, {seconds:.0f} s"
            )
            facts = {**asdict(options), "done": done, "sources": [talk.source for talk in talks]}
            facts |= {"seconds": round(seconds), "sittings": earlier["sittings"] + 1}
            facts["device_used"] = name_device(fabric.device)
            name = {"first": FIRST, "all": FINAL}[stage] if last else LATEST
            path = save_network(
                out / name, network, system="sync", options={"width": options.width}, facts=facts
            )
    return path


def sync_losses(seen: Tensor, heard: Tensor, temperature: float) -> dict[str, Tensor]:
    """Return how badly the right sound is chosen for lips, and the right lips for sound, by cosine.

    Args:
        seen: (B, N, D), points of lips, of length 1: N moments of B windows.
        heard: (B, N, D), points of their sound.
        temperature: Cosines are divided by it.

    Returns:
        "moment": the cross-entropy of the choice among the N moments of the same window; "clip and moment":
        among the B N moments of all windows.

    Source: see the module. Taught in notebook 12.
    """
    batch, moments = seen.shape[:2]
    within = (seen @ heard.transpose(1, 2)) / temperature
    right = torch.arange(moments, device=seen.device).expand(batch, -1).flatten()
    across = (seen.flatten(0, 1) @ heard.flatten(0, 1).T) / temperature
    return {
        "moment": _both_ways(within.flatten(0, 1), within.transpose(1, 2).flatten(0, 1), right),
        "clip and moment": _both_ways(across, across.T, torch.arange(len(across), device=seen.device)),
    }


@torch.no_grad()
def trial(network: SyncExpert, talk: Talk) -> float:
    """Return the share of clips, evenly chosen, whose sound fits best where it is, within a frame."""
    network.eval()
    device = next(network.parameters()).device
    count = min(TRIAL_CLIPS, len(talk.lengths))
    chosen = torch.linspace(0, len(talk.lengths) - 1, count).long().tolist()
    found = 0
    for clip in chosen:
        pictures, sound = talk.window(clip, 0, int(talk.lengths[clip]))
        video = in_colour((pictures.to(device).float() / 127.5 - 1)[None])
        seen, heard = network(video, sound.to(device)[None])
        found += abs(lip_sync(seen[0], heard[0]).offset) <= 1
    return found / count


def in_colour(grey: Tensor) -> Tensor:
    """Return grey video (B, T, H, W) as one in colour (B, 3, T, H, W), without a copy."""
    return grey.unsqueeze(1).expand(-1, 3, -1, -1, -1)


def _both_ways(rows: Tensor, columns: Tensor, right: Tensor) -> Tensor:
    """The mean cross-entropy of the choice of sound for lips, and of lips for sound."""
    return (functional.cross_entropy(rows, right) + functional.cross_entropy(columns, right)) / 2
