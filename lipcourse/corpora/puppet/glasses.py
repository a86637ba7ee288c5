"""Glasses: two rims, a bridge, temples and a glint, drawn once a talker before the face."""

from __future__ import annotations

import numpy as np

from lipcourse.corpora.puppet.drawing import Easel, curve
from lipcourse.corpora.puppet.geometry import EYE_CENTRE, Array
from lipcourse.corpora.puppet.identity import Identity

# The right rim, about the middle of the eye.
_ROUND = ((0.31, 0.0), (0.22, 0.22), (0.0, 0.31), (-0.22, 0.22), (-0.31, 0.0), (-0.22, -0.22), (0.0, -0.31),
          (0.22, -0.22))  # fmt: skip
_SQUARE = ((0.345, -0.10), (0.33, 0.06), (0.27, 0.18), (0.13, 0.225), (-0.10, 0.225), (-0.24, 0.19),
           (-0.31, 0.07), (-0.325, -0.09), (-0.27, -0.17), (-0.12, -0.195), (0.13, -0.20),
           (0.28, -0.185))  # fmt: skip


def paint_glasses(identity: Identity, easel: Easel) -> tuple[Array, Array]:
    """Draw a talker's glasses, or nothing.

    Returns:
        Colours (side, side, 3) and cover (side, side), both in [0, 1].
    """
    colours, cover = np.zeros((easel.side, easel.side, 3)), np.zeros((easel.side, easel.side))
    if identity.glasses == "none":
        return colours, cover
    random = np.random.Generator(np.random.PCG64([identity.seed, 6]))
    tones = (
        (0.10, 0.10, 0.11),
        (0.30, 0.18, 0.11),
        (0.62, 0.52, 0.36),
        (0.20, 0.22, 0.34),
        (0.45, 0.12, 0.14),
    )
    tone = tones[int(random.integers(len(tones)))]
    centre = np.array([-EYE_CENTRE[0] * max(identity.eye_spacing, 0.98), 0.03])
    rim = curve(_ROUND if identity.glasses == "round" else _SQUARE, closed=True)
    right = np.concatenate([rim, rim[:1]]) + centre
    inner = right[:, 0].min()
    bridge = curve(
        [(inner + 0.01, -0.02), (inner * 0.4, -0.075), (-inner * 0.4, -0.075), (-inner - 0.01, -0.02)]
    )
    temple = np.array([(right[:, 0].max(), -0.06), (1.03, -0.10)])
    frame = easel.stroke([right, right * (-1.0, 1.0), bridge, temple, temple * (-1.0, 1.0)], 0.030)
    glint = np.array([(-0.16, 0.10), (0.02, -0.14), (0.09, -0.14), (-0.09, 0.10)]) * 0.8 + (0.04, -0.02)
    left = centre * (-1.0, 1.0)
    shine = easel.blur(easel.fill(glint + centre) + easel.fill(glint + left), 0.012)
    lens = np.clip(easel.fill(right) + easel.fill(right * (-1.0, 1.0)), 0.0, 1.0)
    cover = np.maximum(0.05 * lens + 0.10 * shine * lens, frame)
    lit = 1.0 + 0.5 * np.clip(-easel.y - 0.05, 0.0, 0.3)
    colours = 1.0 + (np.array(tone) * lit[..., None] - 1.0) * frame[..., None]
    return colours, cover
