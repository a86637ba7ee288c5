"""The eyes of a puppet: what opens between the lids, drawn anew each frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lipcourse.corpora.puppet.drawing import Easel, curve, paint, shade
from lipcourse.corpora.puppet.geometry import Array, rest_points
from lipcourse.corpora.puppet.identity import Identity

Floats = NDArray[np.float32]

_IRIS_RADIUS = 0.088


def draw_lids(identity: Identity, easel: Easel, picture: Array) -> None:
    """Draw what stays when the eyes blink: the crease above and the soft line below, onto the skin, in place."""
    left = rest_points(identity)[36:42]
    top = curve(left[:4], steps=10)
    lift = np.array([[0.0, -0.030 - 0.030 * (1.0 - identity.eye_hood)]])
    crease = easel.stroke([top + lift, (top + lift) * (-1.0, 1.0)], 0.013)
    shade(picture, (0.50 - 0.30 * identity.eye_hood) * easel.blur(crease, 0.010))
    if identity.make_up > 0.3:
        lid = np.concatenate([top, (top + lift)[::-1]])
        cover = easel.blur(easel.fill(lid) + easel.fill(lid * (-1.0, 1.0)), 0.025)
        paint(picture, np.array(identity.skin) * (0.62, 0.46, 0.48), 0.55 * identity.make_up * cover)
    below = curve(left[[0, 5, 4, 3]], steps=10) + (0.0, 0.012)
    shade(picture, 0.35 * easel.blur(easel.stroke([below, below * (-1.0, 1.0)], 0.010), 0.008))


class Eyes:
    """Draws both eyes of one talker into pictures of one size.

    Args:
        identity: The talker.
        easel: The picture's size as drawn.
    """

    def __init__(self, identity: Identity, easel: Easel) -> None:
        self.identity = identity
        self._easel = easel
        self._unit = np.float32(easel.unit)
        points = rest_points(identity)
        self._sides = [(points[36:42], -1.0), (points[[45, 44, 43, 42, 47, 46]], 1.0)]
        self._lash = np.array(identity.hair, np.float32) * np.float32(0.25 * (1.0 - identity.make_up))
        self._iris = np.array(identity.iris, np.float32)

    def draw(self, canvas: NDArray[np.uint8], blink: float, gaze: float) -> None:
        """Draw both eyes onto a straight face, in place.

        Args:
            canvas: (side, side, 4), red, green, blue and cover.
            blink: 0 open, 1 shut.
            gaze: How far the irises are moved to the viewer's right, in face units.
        """
        for points, side in self._sides:
            self._draw_eye(canvas, points, side, blink, gaze)

    def _draw_eye(
        self, canvas: NDArray[np.uint8], points: Array, side: float, blink: float, gaze: float
    ) -> None:
        outer, inner = points[0], points[3]
        middle, half = (outer[0] + inner[0]) / 2, abs(outer[0] - inner[0]) / 2
        rows, columns = self._easel.window(
            middle - half * 1.3, points[:, 1].min() - 0.10, middle + half * 1.3, 0.15
        )
        x = self._easel.x[0, columns]
        across = np.clip((x - middle) / half, -1.0, 1.0)  # -1 and 1 at the corners
        arch = (1.0 - across**2) ** 0.72
        base = outer[1] + (inner[1] - outer[1]) * (1.0 - side * across) / 2
        rise = base.mean() - points[1:3, 1].mean()
        fall = points[4:, 1].mean() - base.mean()
        bottom = base + fall * 1.12 * arch
        top = base - rise * 1.12 * arch
        top = top + (bottom - top) * blink

        y = self._easel.y[rows].astype(np.float32)
        unit = self._unit
        upper, lower = top.astype(np.float32), bottom.astype(np.float32)
        within = (np.abs(x - middle) < half).astype(np.float32)
        opening = np.clip((y - upper) * unit + 0.5, 0, 1) * np.clip((lower - y) * unit + 0.5, 0, 1) * within
        patch = canvas[rows, columns, :3].astype(np.float32) / np.float32(255)

        # The white: shaded by the upper lid and towards the corners, pink at the inner one.
        white = 0.90 - 0.24 * across.astype(np.float32) ** 2 - np.clip(0.30 - (y - upper) * 5.0, 0.0, 0.30)
        pink = np.clip(-side * across - 0.72, 0, 1).astype(np.float32)
        ball = white[..., None] * np.array([1.0, 0.98, 0.97], np.float32)
        ball -= pink[:, None] * np.array([0.0, 1.1, 1.0], np.float32)

        radius = np.float32(_IRIS_RADIUS * (0.5 + 0.5 * self.identity.eye_size))
        dx = (x - (middle + 0.012 * -side + gaze)).astype(np.float32)
        dy = y - np.float32(base.mean() - 0.012)
        away = np.sqrt(dx * dx + dy * dy)
        ring = away / radius
        glow = 0.85 + 0.55 * np.clip(dy / radius, -0.6, 1.0) - 0.62 * np.clip(ring * 4.0 - 3.0, 0.0, 1.0)
        glow = glow * (1.0 - np.clip((0.40 - ring) * radius * unit + 0.5, 0.0, 1.0) * 0.94)
        glow *= 1.0 - np.clip(0.5 - (y - upper) * 7.0, 0.0, 0.5)
        cover = np.clip((radius - away) * unit + 0.5, 0.0, 1.0)[..., None]
        ball += (self._iris * glow[..., None] - ball) * cover
        sparkle_x = np.float32(radius * (0.33 if self.identity.light[0] > 0 else -0.33))
        spark = np.sqrt((dx - sparkle_x) ** 2 + (dy + radius * 0.36) ** 2)
        ball += (1.0 - ball) * (np.clip((radius * 0.24 - spark) * unit + 0.5, 0.0, 1.0) * 0.92)[..., None]

        patch += (ball - patch) * opening[..., None]
        # Lashes: a line along the upper lid, thicker towards the temple.
        thick = (0.014 + 0.008 * self.identity.make_up) * (0.75 + 0.5 * side * across) * (0.35 + 0.65 * arch)
        thick = thick.astype(np.float32)
        line = np.clip((thick - np.abs(y - upper + thick * 0.5)) * unit + 0.5, 0.0, 1.0) * within
        patch += (self._lash - patch) * (line * np.float32(0.70 + 0.25 * self.identity.make_up))[..., None]
        canvas[rows, columns, :3] = np.rint(np.clip(patch, 0.0, 1.0) * np.float32(255))


def gaze_for(yaw: float) -> float:
    """Where the irises go so that a turned head keeps its eyes on the viewer, in face units."""
    return float(np.clip(-yaw / 25.0, -1.0, 1.0)) * 0.055
