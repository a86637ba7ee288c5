"""The eyes of a puppet: what opens between the lids, drawn anew each frame."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from lipcourse.corpora.puppet.drawing import Easel, curve, paint, shade
from lipcourse.corpora.puppet.geometry import Array, rest_points
from lipcourse.corpora.puppet.identity import Identity

Floats = NDArray[np.float32]

_IRIS_RADIUS = 0.088


def draw_lids(identity: Identity, easel: Easel, picture: Array) -> None:
    """Draw what a blink leaves as it is, in place: the crease above each eye and the line below."""
    left = rest_points(identity)[36:42]
    top = curve(left[:4], steps=10)
    lift = np.array([[0.0, -0.030 - 0.030 * (1.0 - identity.eye_hood)]])
    crease = easel.stroke([top + lift, (top + lift) * (-1.0, 1.0)], 0.013)
    shade(picture, (0.50 - 0.30 * identity.eye_hood) * easel.blur(crease, 0.010))
    if identity.make_up > 0.3:
        lid = np.concatenate([top, (top + lift)[::-1]])
        cover = easel.blur(easel.fill(lid) + easel.fill(lid * (-1.0, 1.0)), 0.025)
        paint(picture, np.array(identity.skin) * (0.62, 0.46, 0.48), 0.55 * identity.make_up * cover)
    below = curve(left[[0, 5, 4, 3]] + [[0.0, 0.012]], steps=10)
    shade(picture, 0.35 * easel.blur(easel.stroke([below, below * (-1.0, 1.0)], 0.010), 0.008))


class Eyes:
    """Draws both eyes of one talker into pictures of one size.

    Args:
        identity: The talker.
        easel: The picture's size as drawn.
    """

    def __init__(self, identity: Identity, easel: Easel) -> None:
        self._identity = identity
        self._easel = easel
        points = rest_points(identity)
        self._corners = {-1: points[36:42], 1: points[[45, 44, 43, 42, 47, 46]]}
        # Eyes look alike in most frames: the last ones are kept.
        self._kept = lru_cache(maxsize=128)(self._draw_eye)

    def draw(self, canvas: NDArray[np.uint8], blink: float, gaze: float) -> None:
        """Draw both eyes onto a straight face, in place.

        Args:
            canvas: (side, side, 4), red, green, blue and cover.
            blink: 0 open, 1 shut.
            gaze: How far the irises are moved to the viewer's right, in face units; a quarter pixel is the
                finest step.
        """
        step = 4.0 * self._easel.unit
        for side in (-1, 1):
            window, keep, add = self._kept(side, round(blink * 64.0) / 64.0, round(gaze * step) / step)
            canvas[window] = np.rint(canvas[window] * keep + add)

    def _draw_eye(
        self, side: int, blink: float, gaze: float
    ) -> tuple[tuple[slice, slice, slice], Floats, Floats]:
        """One eye: its window, what it leaves of the skin, (H, W, 1), and what it adds, (H, W, 3) to 255."""
        points = self._corners[side]
        outer, inner = points[0], points[3]
        middle, half = (outer[0] + inner[0]) / 2, abs(outer[0] - inner[0]) / 2
        rows, columns = self._easel.window(
            middle - half * 1.3, points[:, 1].min() - 0.1, middle + half * 1.3, 0.15
        )
        unit, y, x = self._easel.unit, self._easel.y[rows], self._easel.x[:, columns]
        across = np.clip((x - middle) / half, -1.0, 1.0)  # -1 and 1 at the corners
        arch = (1.0 - across**2) ** 0.72
        base = outer[1] + (inner[1] - outer[1]) * (1.0 - side * across) / 2
        level = (outer[1] + inner[1]) / 2
        bottom = base + 1.12 * (points[4:, 1].mean() - level) * arch
        top = base - 1.12 * (level - points[1:3, 1].mean()) * arch
        top = top + (bottom - top) * blink
        within = np.abs(x - middle) < half
        opening = (
            np.clip((y - top) * unit + 0.5, 0.0, 1.0) * np.clip((bottom - y) * unit + 0.5, 0.0, 1.0) * within
        )

        # The white is shaded by the upper lid and towards the corners, and pink at the inner one.
        white = 0.90 - 0.24 * across**2 - np.clip(0.30 - (y - top) * 5.0, 0.0, 0.30)
        pink = np.clip(-side * across - 0.72, 0.0, 1.0)
        ball = white[..., None] * (1.0, 0.98, 0.97) - pink[..., None] * (0.0, 1.1, 1.0)

        radius = _IRIS_RADIUS * (0.5 + 0.5 * self._identity.eye_size)
        dx, dy = x - (middle - 0.012 * side + gaze), y - (level - 0.012)
        ring = np.hypot(dx, dy) / radius
        glow = 0.85 + 0.55 * np.clip(dy / radius, -0.6, 1.0) - 0.62 * np.clip(ring * 4.0 - 3.0, 0.0, 1.0)
        glow *= 1.0 - 0.94 * np.clip((0.40 - ring) * radius * unit + 0.5, 0.0, 1.0)  # the pupil
        glow *= 1.0 - np.clip(0.5 - (y - top) * 7.0, 0.0, 0.5)
        paint(
            ball,
            np.array(self._identity.iris) * glow[..., None],
            np.clip((1.0 - ring) * radius * unit + 0.5, 0.0, 1.0),
        )
        toward = 0.33 if self._identity.light[0] > 0 else -0.33
        spark = np.hypot(dx - radius * toward, dy + radius * 0.36)
        paint(ball, (1.0, 1.0, 1.0), 0.92 * np.clip((radius * 0.24 - spark) * unit + 0.5, 0.0, 1.0))

        # Lashes: a line along the upper lid, thicker towards the temple.
        thick = (0.014 + 0.008 * self._identity.make_up) * (0.75 + 0.5 * side * across) * (0.35 + 0.65 * arch)
        lashes = np.clip((thick - np.abs(y - top + thick * 0.5)) * unit + 0.5, 0.0, 1.0) * within
        lashes = (lashes * (0.70 + 0.25 * self._identity.make_up))[..., None]
        opening = opening[..., None]
        dark = np.array(self._identity.hair) * 0.25 * (1.0 - self._identity.make_up)
        add = np.clip(ball, 0.0, 1.0) * opening * (1.0 - lashes) + dark * lashes
        keep = (1.0 - opening) * (1.0 - lashes)
        return (rows, columns, slice(0, 3)), keep.astype(np.float32), (add * 255.0).astype(np.float32)


def gaze_for(yaw: float) -> float:
    """Where the irises go so that a turned head keeps its eyes on the viewer, in face units."""
    return float(np.clip(-yaw / 25.0, -1.0, 1.0)) * 0.055
