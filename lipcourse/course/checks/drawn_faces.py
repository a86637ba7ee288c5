"""Talkers drawn with ellipses: 68 points for checks that must not wait for a corpus."""

from __future__ import annotations

from math import pi

import torch
from torch import Tensor

from lipcourse.signals.shapes import MOUTH

# What a drawn face can do, and how it can look: each moves the points of `face` a little.
MOVES = ("opens", "rounds", "turns", "raises the brows", "has a long chin", "has a wide face")


def face() -> Tensor:
    """A face of ellipses, (68, 2), about one unit from its centre to its jaw; y points down."""
    jaw = torch.linspace(pi, 0, 17)
    brow = torch.linspace(0, pi, 5)
    eye, outer, inner = (torch.arange(count) * 2 * pi / count + pi for count in (6, 12, 8))
    parts = [
        torch.stack([1.1 * jaw.cos(), 0.1 + 1.3 * jaw.sin()], 1),
        torch.stack([-0.55 - 0.3 * brow.cos(), -0.5 - 0.12 * brow.sin()], 1),
        torch.stack([0.55 - 0.3 * brow.cos(), -0.5 - 0.12 * brow.sin()], 1),
        torch.stack([torch.zeros(4), torch.linspace(-0.25, 0.2, 4)], 1),
        torch.stack([torch.linspace(-0.2, 0.2, 5), 0.32 + 0.05 * torch.linspace(0, pi, 5).sin()], 1),
        torch.stack([-0.5 + 0.22 * eye.cos(), -0.25 + 0.1 * eye.sin()], 1),
        torch.stack([0.5 + 0.22 * eye.cos(), -0.25 + 0.1 * eye.sin()], 1),
        torch.stack([0.42 * outer.cos(), 0.72 + 0.16 * outer.sin()], 1),
        torch.stack([0.3 * inner.cos(), 0.72 + 0.06 * inner.sin()], 1),
    ]
    return torch.cat(parts).double()


def moves() -> Tensor:
    """One movement of `face` for each of `MOVES`, (6, 68, 2)."""
    still = face()
    change = torch.zeros(len(MOVES), 68, 2, dtype=still.dtype)
    change[0, :17, 1] = 0.15 * (still[:17, 1] - 0.1)
    change[0, MOUTH, 1] = (still[MOUTH, 1] - 0.7).clamp(min=0) * 1.5
    change[1, MOUTH, 0] = -0.4 * still[MOUTH, 0]
    change[2, :, 0] = 0.2 * (1 - still[:, 0].square())
    change[3, 17:27, 1] = -0.12
    change[4, 4:13, 1] = 0.25 * (still[4:13, 1] - 0.6).clamp(min=0)
    change[5, :, 0] = 0.15 * still[:, 0]
    return change


def talk(seed: int, frames: int) -> Tensor:
    """Frames of one talker, (T, 68, 2): the chin and the width stay, the rest moves."""
    generator = torch.Generator().manual_seed(seed)
    amounts = torch.randn(frames, len(MOVES), generator=generator, dtype=torch.float64)
    amounts[:, 4:] = 2 * amounts[0, 4:]
    shapes = face() + torch.einsum("tk,kpc->tpc", amounts, moves())
    noise = torch.randn(shapes.shape, generator=generator, dtype=torch.float64)
    return torch.add(shapes, noise, alpha=0.01)
