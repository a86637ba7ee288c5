"""Hair and scarves: one layer behind the head and one before it, with strands drawn along a flow, once a talker.

A style is an outline of the hair as a whole, an opening that leaves the face free, and a flow: for each place, which
strand it lies on and how far along. Strands are noise across the flow; a band along it catches the light.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lipcourse.corpora.puppet.drawing import Easel, curve, grain, noise
from lipcourse.corpora.puppet.geometry import Array, smoothstep
from lipcourse.corpora.puppet.identity import Identity

Layer = tuple[Array, Array]
"""Colours (side, side, 3) and cover (side, side), both in [0, 1]."""

Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Style:
    """How hair is cut; outlines are the right half, from the top down, in face units.

    Attributes:
        outline: Outer edge of the hair.
        opening: Edge of the face's opening; below its last point the face is free.
        behind: Outer edge of the hair behind the neck; none if empty.
        root: Where the strands start: they run away from here.
        texture: "straight", "wavy", "curly", "shaved" or "cloth".
        fluff: How ragged the outer edge is, in face units.
        lean: How far the opening is pushed to the right at its top, for a parting on one side.
    """

    outline: Points
    opening: Points
    behind: Points = ()
    root: tuple[float, float] = (0.0, -1.25)
    texture: str = "straight"
    fluff: float = 0.015
    lean: float = 0.0


_HAIRLINE: Points = ((0.0, -0.93), (0.42, -0.88), (0.71, -0.70), (0.83, -0.44), (0.93, -0.22), (0.965, 0.12))
_CLOSE: Points = ((0.0, -1.47), (0.46, -1.40), (0.82, -1.14), (1.03, -0.70), (1.065, -0.25), (1.02, 0.12))
_FALL: Points = (
    (0.0, -0.98),
    (0.30, -0.80),
    (0.62, -0.52),
    (0.83, -0.20),
    (0.93, 0.30),
    (0.98, 0.95),
    (1.0, 1.6),
    (0.96, 2.6),
)
_LONG: Points = (
    (0.0, -1.53),
    (0.52, -1.46),
    (0.93, -1.14),
    (1.15, -0.60),
    (1.20, 0.05),
    (1.24, 0.80),
    (1.33, 1.60),
    (1.36, 2.6),
)

STYLES = {
    "buzz": Style(((0.0, -1.42), (0.48, -1.34), (0.85, -1.06), (1.0, -0.68), (1.025, -0.25), (1.0, 0.05)), _HAIRLINE,
                  texture="shaved", fluff=0.0),
    "crop": Style(((0.0, -1.53), (0.50, -1.46), (0.87, -1.17), (1.06, -0.72), (1.075, -0.25), (1.01, 0.10)),
                  ((0.0, -0.84), (0.30, -0.80), (0.62, -0.72), (0.80, -0.52), (0.92, -0.24), (0.965, 0.12)),
                  root=(0.0, -1.75), fluff=0.03),
    "side_part": Style(((0.0, -1.58), (0.52, -1.49), (0.88, -1.18), (1.06, -0.72), (1.075, -0.25), (1.01, 0.12)),
                       ((0.0, -0.90), (0.36, -0.93), (0.68, -0.76), (0.82, -0.48), (0.92, -0.22), (0.965, 0.14)),
                       root=(0.52, -1.12), lean=0.10),
    "quiff": Style(((0.0, -1.66), (0.45, -1.61), (0.80, -1.28), (1.01, -0.76), (1.045, -0.25), (1.0, 0.08)), _HAIRLINE,
                   root=(0.15, -2.4), fluff=0.02),
    "curly": Style(((0.0, -1.60), (0.55, -1.52), (0.98, -1.20), (1.17, -0.72), (1.14, -0.28), (1.02, 0.06)),
                   ((0.0, -0.84), (0.38, -0.80), (0.68, -0.66), (0.83, -0.42), (0.93, -0.20), (0.965, 0.08)),
                   texture="curly", fluff=0.06),
    "receding": Style(((0.0, -1.42), (0.46, -1.35), (0.83, -1.08), (1.04, -0.68), (1.07, -0.22), (1.01, 0.14)),
                      ((0.0, -1.06), (0.22, -1.10), (0.58, -1.16), (0.80, -0.86), (0.92, -0.40), (0.965, 0.14))),
    "bald": Style(((0.0, -1.0), (0.9, -0.95), (1.0, -0.62), (1.045, -0.35), (1.035, -0.10), (1.0, 0.10)),
                  ((0.0, -1.7), (0.85, -1.5), (0.955, -0.70), (0.935, -0.40), (0.945, -0.15), (0.97, 0.10)),
                  texture="shaved", fluff=0.0),
    "long": Style(_LONG, _FALL, behind=_LONG),
    "wavy": Style(((0.0, -1.56), (0.55, -1.49), (1.0, -1.16), (1.24, -0.58), (1.31, 0.10), (1.40, 0.85), (1.50, 1.60), (1.52, 2.6)),
                  ((0.0, -0.95), (0.36, -0.84), (0.68, -0.60), (0.86, -0.22), (0.95, 0.30), (1.02, 0.95), (1.06, 1.6), (1.04, 2.6)),
                  behind=_LONG, root=(0.25, -1.30), texture="wavy", fluff=0.035, lean=0.16),
    "bob": Style(((0.0, -1.55), (0.54, -1.48), (0.97, -1.16), (1.20, -0.58), (1.26, 0.10), (1.29, 0.80), (1.22, 1.42), (1.0, 1.52)),
                 ((0.0, -0.94), (0.33, -0.84), (0.66, -0.60), (0.86, -0.22), (0.95, 0.25), (0.96, 0.80), (0.92, 1.25), (0.86, 1.52)),
                 behind=((0.0, -1.3), (1.0, -1.0), (1.24, 0.0), (1.25, 0.8), (1.15, 1.40), (0.0, 1.48)), root=(-0.30, -1.30), lean=-0.14),
    "bun": Style(_CLOSE, ((0.0, -0.95), (0.42, -0.89), (0.72, -0.70), (0.85, -0.42), (0.95, -0.15), (0.985, 0.16)),
                 behind=((0.0, -1.74), (0.26, -1.70), (0.38, -1.52), (0.34, -1.30), (0.0, -1.2)), root=(0.0, -1.75)),
    "fringe": Style(_LONG, ((0.0, -0.50), (0.40, -0.48), (0.74, -0.40), (0.88, -0.10), (0.94, 0.35), (0.98, 0.95), (1.0, 1.6), (0.96, 2.6)),
                    behind=_LONG, root=(0.0, -1.62), fluff=0.02),
    "afro": Style(((0.0, -1.66), (0.72, -1.62), (1.24, -1.28), (1.50, -0.70), (1.46, -0.05), (1.22, 0.42), (1.04, 0.50)),
                  ((0.0, -0.84), (0.42, -0.78), (0.72, -0.60), (0.88, -0.32), (0.97, 0.0), (1.03, 0.50)),
                  behind=((0.0, -1.66), (0.72, -1.62), (1.24, -1.28), (1.48, -0.70), (1.44, 0.0), (1.15, 0.55), (0.0, 0.9)),
                  texture="curly", fluff=0.07),
    "scarf": Style(((0.0, -1.56), (0.55, -1.47), (0.97, -1.12), (1.18, -0.55), (1.21, 0.10), (1.16, 0.90), (1.10, 1.55), (1.45, 2.05), (2.2, 2.6)),
                   ((0.0, -0.88), (0.44, -0.81), (0.75, -0.58), (0.915, -0.15), (0.95, 0.40), (0.915, 1.0), (0.80, 1.55), (0.62, 1.98), (0.40, 2.6)),
                   behind=((0.0, 1.0), (0.95, 1.2), (1.0, 1.9), (1.5, 2.2), (2.2, 2.6), (0.0, 2.7)), texture="cloth", fluff=0.0),
    "pixie": Style(((0.0, -1.58), (0.54, -1.50), (0.92, -1.18), (1.10, -0.70), (1.11, -0.20), (1.04, 0.25)),
                   ((0.0, -0.72), (0.38, -0.66), (0.72, -0.50), (0.84, -0.26), (0.93, 0.0), (0.985, 0.30)),
                   root=(0.62, -1.20), fluff=0.03, lean=0.20),
}  # fmt: skip


def paint_hair(identity: Identity, easel: Easel) -> tuple[Layer, Layer]:
    """Draw a talker's hair.

    Returns:
        The layer behind the head and the one before it.
    """
    random = np.random.Generator(np.random.PCG64([identity.seed, 4]))
    style = STYLES[identity.hair_style]
    strands, along = _flow(style, random, easel)
    tufts = grain(random, easel, 0.05) + 0.6 * grain(random, easel, 0.11)
    ragged = style.fluff * (tufts if style.texture == "curly" else 0.25 * tufts + 0.8 * strands)
    outer = _soft(easel, _whole(style.outline, 0.0), 0.02 + style.fluff * 0.4, ragged)
    free = _soft(easel, _open_below(_whole(style.opening, style.lean)), 0.02, 0.010 * strands)
    cover = outer * (1.0 - free)
    colours = _colour(identity, style, random, easel, strands, along)
    # The opening's edge is in the shade of the hair above it.
    if style.texture == "shaved":
        fade = easel.blur(cover, 0.05) * smoothstep(0.15, -0.15, easel.y)
        cover = np.clip(0.80 + 0.12 * grain(random, easel, 0.012), 0, 1) * fade * outer
    rim = 1.0 - np.clip(easel.blur(cover, 0.10) * 1.15, 0.0, 1.0)
    colours = colours * (1.0 - 0.45 * rim)[..., None]
    if not style.behind:
        return (np.zeros_like(colours), np.zeros_like(cover)), (colours, cover)
    back = _soft(easel, _whole(style.behind, 0.0), 0.02 + style.fluff * 0.4, ragged)
    return (colours * 0.55, back), (colours, cover)


def _whole(half: Points, lean: float) -> Array:
    """Mirror the right half of a line, and push its top sideways."""
    right = curve(half, steps=16)
    line = np.concatenate([right[::-1], right[1:] * (-1.0, 1.0)])
    line[:, 0] += lean * smoothstep(-0.45, -0.95, line[:, 1])
    return line


def _open_below(line: Array) -> Array:
    """Close an opening far below the picture."""
    return np.concatenate([line, [(-1.0, 3.4), (1.0, 3.4)]])


def _soft(easel: Easel, outline: Array, softness: float, ragged: Array) -> Array:
    """Cover of an outline whose edge is roughened by `ragged`, in face units."""
    blurred = easel.blur(easel.fill(outline), softness)
    near = 4.0 * blurred * (1.0 - blurred)  # tufts grow at the edge alone
    return smoothstep(0.30, 0.70, blurred + near * np.clip(0.4 * ragged / softness, -0.45, 0.45))


def _flow(style: Style, random: np.random.Generator, easel: Easel) -> tuple[Array, Array]:
    """Strand noise in [-1, 1], and how far each place lies along its strand, in face units."""
    x, y = easel.x - style.root[0], easel.y - style.root[1]
    along = np.hypot(x, y)
    # Strands leave the root on all sides and then bend downwards, as hair falls.
    angle = np.arctan2(x, np.maximum(y, -0.4) + 0.35) * 9.0 + x * 7.0
    if style.texture == "wavy":
        angle = angle + 0.55 * np.sin(along * 9.0 + 2.0 * x) + 0.3 * grain(random, easel, 0.3)
    angle = angle + 0.12 * grain(random, easel, 0.2)
    strands = (
        0.55 * noise(random, angle * 2.0)
        + 0.30 * noise(random, angle * 5.0)
        + 0.15 * noise(random, angle * 13.0)
    )
    return np.asarray(strands), along


def _colour(
    identity: Identity, style: Style, random: np.random.Generator, easel: Easel, strands: Array, along: Array
) -> Array:
    base = np.array(identity.hair)
    right, down, _ = identity.light
    round_ = 0.95 - 0.16 * (easel.x**2) * 0.6 + 0.12 * (easel.x * right + (easel.y + 0.4) * down * 0.6)
    if style.texture == "cloth":
        cloth = np.array(identity.clothes) * 0.5 + np.array(identity.wall)[::-1] * 0.45
        folds = noise(
            random, np.arctan2(easel.x, easel.y + 2.2) * 14.0 + 1.5 * np.hypot(easel.x, easel.y - 0.4)
        )
        return np.asarray(cloth * (round_ * (1.0 + 0.10 * folds))[..., None])
    if style.texture == "curly":
        curls = 0.6 * grain(random, easel, 0.035) + 0.5 * grain(random, easel, 0.07)
        tone = round_ * (1.0 + 0.20 * np.clip(curls, -2, 2))
        shine = np.clip(curls - 0.4, 0.0, 1.0) * 0.10
    elif style.texture == "shaved":
        tone, shine = round_, np.zeros_like(strands)
    else:
        tone = round_ * (1.0 + 0.30 * strands)
        band = (along - 0.62 - 0.12 * strands - 0.25 * right * easel.x) / 0.17
        shine = np.exp(-(band**2)) * (0.22 + 0.12 * strands)
        band = (along - 1.75 - 0.15 * strands) / 0.30
        shine = shine + 0.6 * np.exp(-(band**2)) * (0.12 + 0.10 * strands)
    picture = base * tone[..., None]
    return np.asarray(picture + np.clip(shine, 0, 1)[..., None] * (0.35 + 0.9 * base) * 0.8)
