"""Pairs of pictures whose flow is known, because the second is bent into the first.

Nobody can say where each pixel of a filmed mouth goes. So one picture is taken, a smooth field of movements
is drawn at random, and the picture is pulled along it: as many pairs as one likes, each with its exact flow.
Taught in notebook 07.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

CELLS = (3, 4, 6, 8)
"""Fields are drawn at so many points a side, and are smooth between them."""

LONGEST_MEAN = 4.0
"""The mean length of a drawn field, in pixels, is below this."""

TRIAL_CELLS = (4, 6, 8)
TRIAL_LENGTH = 1.53


def known_pairs(pictures: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Make one pair of each picture, for training.

    Both pictures of a pair are the given one, mirrored, turned, zoomed and shifted a little; the first is
    also bent by a random flow. Then light, colours and noise change, in both alike and in each a little.

    Args:
        pictures: (N, 3, H, W) in [-1, 1], H = W.
        generator: What draws; on the device of `pictures`.

    Returns:
        First and second pictures (N, 3, H, W) in [-1, 1], and the flow between them, (N, 2, H, W), pixels,
        dx then dy: `second(x + flow(x))` is `first(x)` but for light and noise.
    """
    count, _, side, _ = pictures.shape
    flow = random_flow(count, side, generator)
    view = torch.eye(2, device=pictures.device) + 0.12 * _normal((count, 2, 2), generator)
    view[:, :, 0] *= torch.where(_uniform((count, 1), generator) < 0.5, -1.0, 1.0)
    shift = 0.05 * _normal((count, 1, 1, 2), generator)
    place = _places(side).to(pictures.device)

    def seen(where: Tensor) -> Tensor:
        turned = torch.einsum("nij,nhwj->nhwi", view, where) + shift
        return functional.grid_sample(pictures, turned, padding_mode="border", align_corners=True)

    moved = place + flow.permute(0, 2, 3, 1) * (2 / (side - 1))
    gain = 1 + 0.2 * (2 * _uniform((count, 3, 1, 1), generator) - 1)
    offset = 0.2 * _normal((count, 1, 1, 1), generator)
    noise = 0.1 * _uniform((count, 1, 1, 1), generator) ** 2
    change = 0.04 * _uniform((count, 1, 1, 1), generator)
    pair = []
    for where in (moved, place.expand_as(moved)):
        own_gain = gain * (1 + change * _normal((count, 1, 1, 1), generator))
        own_offset = offset + change * _normal((count, 1, 1, 1), generator)
        lit = torch.addcmul(own_offset, seen(where), own_gain)
        grain = _uniform(tuple(lit.shape), generator).sub_(0.5)
        pair.append(lit.addcmul_(noise, grain).clamp_(-1, 1))
    return pair[0], pair[1], flow


def random_flow(count: int, side: int, generator: torch.Generator) -> Tensor:
    """Draw smooth fields of movements (N, 2, H, W) in pixels: shifts, turns, zooms and bends, mixed.

    In half of them only a round part of the picture moves, as lips do in a still face.
    """
    device = generator.device
    place = _places(side).to(device)
    affine = _normal((count, 2, 3), generator)
    homogeneous = torch.cat([place, torch.ones_like(place[..., :1])], dim=-1)
    shares = _uniform((1 + len(CELLS), count, 1, 1), generator) ** 2
    field = torch.einsum("nij,hwj->nihw", shares[0] * affine, homogeneous)
    for cells, share in zip(CELLS, shares[1:].unsqueeze(-1), strict=True):
        field = field + _smooth(share * _normal((count, 2, cells, cells), generator), side)
    length = LONGEST_MEAN * _uniform((count, 1, 1, 1), generator) ** 1.5
    mean = field.square().sum(dim=1, keepdim=True).sqrt().mean(dim=(2, 3), keepdim=True)
    field = field * (length / mean)
    centre = 1.2 * _uniform((count, 1, 1, 2), generator) - 0.6
    radius = 0.25 + 0.5 * _uniform((count, 1, 1), generator)
    window = torch.exp(-0.5 * ((place - centre) / radius.unsqueeze(-1)).square().sum(dim=-1))
    everywhere = _uniform((count, 1, 1), generator) < 0.5
    return field * torch.where(everywhere, 1.0, window).unsqueeze(1)


def trial_pairs(pictures: Tensor, cells: int, seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """Make one pair of each picture for comparing methods: no change of light, a mean length of 1.53 pixels.

    Args:
        pictures: (N, 3, H, W) in [-1, 1], H = W.
        cells: At how many points a side the flow is drawn; one of `TRIAL_CELLS` in reports.
        seed: Of the drawing.

    Returns:
        As `known_pairs`; the pictures are 8 bits deep.
    """
    side = pictures.shape[-1]
    generator = torch.Generator().manual_seed(seed)
    flow = _smooth(_normal((len(pictures), 2, cells, cells), generator), side)
    flow = flow * (TRIAL_LENGTH / flow.norm(dim=1).mean())
    moved = _places(side) + flow.permute(0, 2, 3, 1) * (2 / (side - 1))
    first = functional.grid_sample(pictures, moved, mode="bicubic", padding_mode="border", align_corners=True)
    return _eight_bits(first), _eight_bits(pictures), flow


def _smooth(points: Tensor, side: int) -> Tensor:
    """Values at a few points (N, 2, cells, cells), and smoothly between them (N, 2, side, side).

    Bicubic interpolation is a matrix from the left and one from the right: many times as quick in this form.
    """
    line = torch.eye(points.shape[-1]).view(1, 1, -1, points.shape[-1])
    matrix = functional.interpolate(line, size=(side, points.shape[-1]), mode="bicubic", align_corners=True)
    matrix = matrix[0, 0].to(points.device)
    return matrix @ points @ matrix.mT


def _places(side: int) -> Tensor:
    """Where each pixel of a picture is, (side, side, 2): x then y, from -1 to 1."""
    line = torch.linspace(-1, 1, side)
    y, x = torch.meshgrid(line, line, indexing="ij")
    return torch.stack([x, y], dim=-1)


def _eight_bits(pictures: Tensor) -> Tensor:
    """The nearest of 256 brightnesses in [-1, 1]."""
    return ((pictures.clamp(-1, 1) + 1) * 127.5).round() / 127.5 - 1


def _normal(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    return torch.randn(shape, generator=generator, device=generator.device)


def _uniform(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    return torch.rand(shape, generator=generator, device=generator.device)
