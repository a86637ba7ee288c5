"""Hair and scarves: one layer behind the head and one before it, drawn once a talker.

A style is an outline of the hair as a whole, an opening that leaves the face free, and a flow: for each
place, which strand it lies on and how far along. Strands are noise across the flow; a band along it catches
the light.
"""

from __future__ import annotations

import numpy as np

from lipcourse.corpora.puppet.drawing import Easel, curve, grain, noise
from lipcourse.corpora.puppet.geometry import Array, smoothstep
from lipcourse.corpora.puppet.hair_styles import STYLES, Points, Style
from lipcourse.corpora.puppet.identity import Identity

Layer = tuple[Array, Array]
"""Colours (side, side, 3) and cover (side, side), both in [0, 1]."""


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
