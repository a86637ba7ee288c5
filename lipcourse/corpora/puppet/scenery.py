"""What stands behind a puppet's head: the wall, the neck and the clothes, drawn once a talker."""

from __future__ import annotations

import numpy as np

from lipcourse.corpora.puppet.drawing import Easel, bump, curve, grain, paint, shade
from lipcourse.corpora.puppet.geometry import Array, smoothstep
from lipcourse.corpora.puppet.identity import Identity


def paint_wall(identity: Identity, easel: Easel) -> Array:
    """A wall, lighter where the light falls, with a soft vignette; (side, side, 3)."""
    random = np.random.Generator(np.random.PCG64([identity.seed, 3]))
    right, down, _ = identity.light
    glow = 1.0 + 0.10 * (easel.x * right + easel.y * down) - 0.035 * (easel.x**2 + (easel.y - 0.3) ** 2)
    glow = glow + 0.14 * bump(easel.x, easel.y, (0.0, 0.2), 1.6, 1.6) + 0.012 * grain(random, easel, 0.35)
    return np.asarray(np.array(identity.wall) * glow[..., None] * 0.95)


def paint_body(identity: Identity, easel: Easel) -> tuple[Array, Array]:
    """Neck and clothes.

    Returns:
        Colours (side, side, 3) and cover (side, side), both in [0, 1].
    """
    x, y = easel.x, easel.y
    broad = 0.70 - 0.16 * identity.feminine
    neck = [
        (broad * 0.72, 0.85),
        (broad * 0.88, 1.7),
        (broad * 1.02, 2.02),
        (broad * 1.5, 2.22),
        (2.3, 2.45),
        (2.3, 3.0),
    ]
    shape = curve([*neck, *((-a, b) for a, b in neck[::-1])], closed=True)
    picture = np.zeros((easel.side, easel.side, 3)) + np.array(identity.skin) * (0.90, 0.84, 0.82)
    across = x / broad
    shade(picture, 0.28 * np.clip(np.abs(across) ** 3, 0, 1) * np.ones_like(y))
    shade(picture, np.clip(0.16 * across * -np.sign(identity.light[0]), 0, 1) * np.ones_like(y))
    shade(picture, 0.50 * smoothstep(2.30, 1.65, y) * bump(x, y, (0.0, 1.6), 0.95, 0.75))

    shoulder = 0.55 - 0.09 * identity.feminine
    edge = {
        "round": [(shoulder + 0.25, 2.10), (0.45, 2.30), (0.0, 2.36)],
        "v": [(shoulder + 0.28, 2.10), (0.30, 2.42), (0.0, 2.70)],
        "collar": [(shoulder + 0.18, 1.98), (0.42, 2.18), (0.10, 2.42), (0.0, 2.50)],
    }[identity.neckline]
    rim = curve([*edge, *((-a, b) for a, b in edge[-2::-1])])
    shoulders = [(1.35, 2.22), (2.4, 2.45), (2.4, 3.2)]
    cloth = easel.fill(np.concatenate([rim, [(-a, b) for a, b in shoulders], shoulders[::-1]]))
    colour = (
        np.array(identity.clothes)
        * (1.04 - 0.16 * np.clip(x * x / 4 - x * identity.light[0] * 0.3, -1, 1))[..., None]
    )
    shadow = easel.blur(easel.stroke([rim], 0.05), 0.035)
    shade(picture, 0.5 * shadow)
    picture += (colour - picture) * cloth[..., None]
    paint(
        picture,
        np.array(identity.clothes) * 0.72,
        0.8 * easel.stroke([rim + np.array([0.0, 0.035])], 0.012) * cloth,
    )
    return picture, np.clip(easel.fill(shape) + cloth, 0.0, 1.0)
