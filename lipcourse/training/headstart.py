"""Two head starts for a generator that has little time: hear first, and paint pictures before films.

Neither is the paper's, which trains on a GPU for days. On a laptop's processor, for as many minutes:

* A window of 16 frames shows one person, at 16 times the work of one picture. A generator that first learns
  from pictures, the middle frames of windows whose sound is heard whole, meets 16 people in that time. It
  looks at no neighbouring frame yet (`keep_still`), so that the films it makes are these pictures in a row,
  and learning from films goes on from there.
* In pixels, what the sound changes is little beside who it is, and is learned last. Where lips go is known in
  every prepared clip: the audio encoder can learn that alone, at a hundredth of the work (`Ear`), as ATVGnet
  does (Chen et al., 2019, section 3.1).

Taught in notebook 11.
"""

from __future__ import annotations

import math
from functools import partial

import torch
from torch import Tensor, nn

from lipcourse.networks.glance import PaintingConvolution

POINTS = 20
"""Of the lips: points 48 to 67 of a face."""

ROWS = 16
"""Heights of pitch in the audio features."""


class Ear(nn.Module):
    """Reads where the lips go from audio features; a linear layer, so that the encoder must do the hearing.

    Args:
        channels: Of the audio features.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.read = nn.Linear(channels * ROWS, POINTS * 2)
        nn.init.zeros_(self.read.weight)

    def forward(self, audio_features: Tensor) -> Tensor:
        """Return the lips' points, (B, T, 20, 2) in pixels, from f_s (B, C, T, 16)."""
        features = audio_features.transpose(1, 2).flatten(2)
        return self.read(features).unflatten(2, (POINTS, 2))  # type: ignore[no-any-return]


def hearing_loss(points: Tensor, truth: Tensor) -> Tensor:
    """Return the mean square of how far lips are from where they move, in pixels.

    Both are taken less their mean over the window: where a mouth is, and how wide, no sound tells.

    Args:
        points: (B, T, 20, 2), pixels.
        truth: The same shape.

    Returns:
        One number: pixels squared.
    """
    moved, truly = (each - each.mean(dim=1, keepdim=True) for each in (points, truth))
    return (moved - truly).square().mean()


def keep_still(generator: nn.Module, *, fresh: bool) -> None:
    """Let a generator look at no neighbouring frame, and learn none: what it paints depends on one.

    Weights of other times become 0, and their gradients too, from now on.

    Args:
        generator: Changed in place.
        fresh: Its weights are newly drawn: those of the middle are enlarged, since fewer inputs meet.
    """
    for layer in generator.modules():
        if not isinstance(layer, nn.Conv3d | nn.ConvTranspose3d):
            continue
        taps = layer.kernel_size[0]
        middle = torch.zeros(taps, device=layer.weight.device).index_fill_(
            0, torch.tensor(taps // 2, device=layer.weight.device), 1.0
        )[:, None, None]
        with torch.no_grad():
            layer.weight.mul_(middle * (math.sqrt(taps) if fresh else 1.0))
        if isinstance(layer, PaintingConvolution):
            # Its edges repeat the frame, so that all its taps would learn; elsewhere the others see nothing.
            hook = partial(torch.mul, middle)
            layer.weight.register_hook(hook)  # type: ignore[no-untyped-call]
