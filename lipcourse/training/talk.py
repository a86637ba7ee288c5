"""Talking mouths in memory: grey pictures and log-mel columns of all clips of prepared corpora, to draw from.

A clip of 75 frames takes 0.46 MB, so that 1000 clips fit into half a gigabyte, and a step of a small network
never waits for a disk.

Needs torch, torchaudio, numpy, OpenCV, webdataset and safetensors only. Taught in notebook 12.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from lipcourse.errors import CorpusError
from lipcourse.networks.layers import SILENCE_DECIBELS
from lipcourse.signals.audio import COLUMNS_PER_FRAME, log_mel
from lipcourse.windows.prepared import decode_members
from lipcourse.windows.shards import open_shards

MEMBERS = ("clip.json", "mouths.jpg", "waveform.dpcm")
"""What is read of a prepared clip."""

Drawn = TypeVar("Drawn")

TURN = 0.15
"""The furthest that a picture is turned, in radians, zoomed, and moved, in halves of its side."""

NOISE = 0.05
"""Of pictures in [-1, 1], the standard deviation at most."""

LOUDER = (-10.0, 5.0)
"""Decibels added to a sound."""

FLOOR = (-100.0, -50.0)
"""Decibels of the noise that a sound is mixed with, at its lowest band and its highest."""


@dataclass(frozen=True)
class Talk:
    """The clips of one prepared corpus, on the CPU.

    Attributes:
        frames: uint8 (N, 64, 64), grey, clip after clip.
        sound: float32 (N, 4, 128), the log-mel columns of each frame in decibels.
        starts: int64 (C,), the first frame of each clip.
        lengths: int64 (C,), how many it has.
        talkers: Who speaks in each.
        source: Corpus, licence, clips and talkers, for the card.
    """

    frames: Tensor
    sound: Tensor
    starts: Tensor
    lengths: Tensor
    talkers: tuple[str, ...]
    source: dict[str, Any]

    @property
    def shares(self) -> Tensor:
        """How often each clip is drawn, (C,), 1 in all: less often where its talker has many.

        A talker of a hundred clips is drawn ten times as often as one of a single clip, not a hundred times.
        """
        counts = Counter(self.talkers)
        weights = torch.tensor([1 / math.sqrt(counts[talker]) for talker in self.talkers])
        return weights / weights.sum()

    def window(self, clip: int, start: int, frames: int) -> tuple[Tensor, Tensor]:
        """Return grey pictures (frames, 64, 64) and the columns (4 frames, 128) of a part of a clip."""
        first = int(self.starts[clip]) + start
        return self.frames[first : first + frames], self.sound[first : first + frames].flatten(0, 1)

    def draw(self, count: int, frames: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Draw windows: pictures uint8 (count, frames, 64, 64) and columns (count, 4 frames, 128)."""
        chosen = torch.multinomial(self.shares, count, replacement=True, generator=generator)
        room = self.lengths[chosen] - frames + 1
        starts = (torch.rand(count, generator=generator) * room).long()
        windows = [
            self.window(*place, frames) for place in zip(chosen.tolist(), starts.tolist(), strict=True)
        ]
        pictures, sound = zip(*windows, strict=True)
        return torch.stack(pictures), torch.stack(sound)


def load_talk(folder: Path, split: str, frames: int) -> Talk:
    """Read the clips of a split that are as long as a window, or longer.

    Args:
        folder: What `lipcourse prepare` made.
        split: "train", "validation" or "test".
        frames: Of a window.

    Raises:
        CorpusError: There is no such shard, or no clip is long enough.
    """
    shards = sorted(folder.glob(f"{split}-*.tar"))
    if not shards:
        raise CorpusError(
            f"has no shards of the split {split!r}", where=folder, remedy="make it: lipcourse prepare"
        )
    pictures: list[Tensor] = []
    sounds: list[Tensor] = []
    talkers: list[str] = []
    origin = ("", "")
    for sample in open_shards({"url": str(shard)} for shard in shards):
        clip = decode_members({name: sample[name] for name in MEMBERS})
        if clip["frames"] < frames:
            continue
        grey = np.stack([cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in clip["mouths"]])
        waveform = torch.from_numpy(clip["waveform"])[None]
        columns = log_mel(waveform, clip["sample_rate"], clip["fps"], frames=clip["frames"])[0]
        pictures.append(torch.from_numpy(grey))
        sounds.append(columns.reshape(-1, COLUMNS_PER_FRAME, columns.shape[1]))
        talkers.append(clip["talker"])
        origin = clip["origin"]
    if not pictures:
        raise CorpusError(f"no clip of {split!r} has {frames} frames", where=folder, remedy="choose fewer")
    lengths = torch.tensor([len(part) for part in pictures])
    told = {"name": origin[0], "licence": origin[1], "clips": len(talkers), "talkers": len(set(talkers))}
    return Talk(
        torch.cat(pictures), torch.cat(sounds), lengths.cumsum(0) - lengths, lengths, tuple(talkers), told
    )


def draw_from_all(
    corpora: Sequence[Drawn], draw: Callable[[Drawn, int], tuple[Tensor, Tensor]], count: int
) -> tuple[Tensor, Tensor]:
    """Draw pairs of tensors in equal parts of each corpus, however large it is.

    Args:
        corpora: What is drawn from.
        draw: Takes a corpus and how much to draw of it.
        count: How much in all; what cannot be divided falls to the first.
    """
    parts = [count // len(corpora) + (number < count % len(corpora)) for number in range(len(corpora))]
    drawn = [draw(corpus, part) for corpus, part in zip(corpora, parts, strict=True) if part]
    first, second = zip(*drawn, strict=True)
    return torch.cat(first), torch.cat(second)


def seen_otherwise(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """Turn, zoom, move and mirror windows, each as a whole, and add noise: the mouth says the same.

    Args:
        pictures: (B, T, H, W) in [-1, 1].
        generator: Draws, on the same device.

    Returns:
        (B, T, H, W); beyond the edge the edge goes on.
    """
    device, count = pictures.device, len(pictures)
    turn, zoom, right, down, mirror = (
        2 * torch.rand(5, count, generator=generator, device=device) - 1
    ).unbind(0)
    scale, side = 1 + TURN * zoom, torch.where(mirror < 0, -1.0, 1.0)
    cosine, sine = scale * (TURN * turn).cos(), scale * (TURN * turn).sin()
    rows = [
        torch.stack([side * cosine, -sine, TURN * right], 1),
        torch.stack([side * sine, cosine, TURN * down], 1),
    ]
    grid = functional.affine_grid(torch.stack(rows, 1), list(pictures.shape), align_corners=False)
    moved = functional.grid_sample(pictures, grid, padding_mode="border", align_corners=False)
    deviation = NOISE * torch.rand(count, 1, 1, 1, generator=generator, device=device)
    return moved + deviation * torch.randn(moved.shape, generator=generator, device=device)


def heard_otherwise(log_mel: Tensor, generator: torch.Generator) -> Tensor:
    """Make sounds louder or softer and mix them with steady noise: the words are the same.

    Args:
        log_mel: (B, columns, bands) in decibels.
        generator: Draws, on the same device.

    Returns:
        (B, columns, bands) in decibels, never below silence.
    """
    count, bands = log_mel.shape[0], log_mel.shape[2]
    drawn = torch.rand(3, count, 1, 1, generator=generator, device=log_mel.device)
    louder = LOUDER[0] + (LOUDER[1] - LOUDER[0]) * drawn[0]
    lowest, highest = FLOOR[0] + (FLOOR[1] - FLOOR[0]) * drawn[1:]
    noise = torch.lerp(lowest, highest, torch.linspace(0, 1, bands, device=log_mel.device))
    natural = math.log(10) / 10  # decibels times this are natural logarithms of power
    mixed = torch.logaddexp((log_mel + louder) * natural, noise * natural) / natural
    return mixed.clamp(min=SILENCE_DECIBELS)
