"""The head turned in space: how deep each place of a face is, where it lands, and where it came from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lipcourse.corpora.puppet.geometry import Array
from lipcourse.corpora.puppet.identity import Identity
from lipcourse.corpora.puppet.pose import Pose

PIVOT = 1.2
"""Height that the head nods and tilts about, in face units."""


def depth(identity: Identity, x: Array, y: Array) -> tuple[Array, Array, Array]:
    """How far each place of the face stands out towards the viewer, with its slopes along x and y.

    Flat in front and steep at the sides, as a face is; the slope stays finite, so that a turned head never
    folds over itself. A bump on it is the nose. All in face units.
    """
    middle = 0.35
    height = np.where(y < middle, 1.42, 2.2) * identity.face_length  # a chin recedes less than a forehead
    far = x * x + ((y - middle) / height) ** 2
    bend = (1.0 + 3.0 * far * far) ** 0.25
    head = 1.57 * (1.0 - bend) + 0.33
    level = 0.50 * identity.nose_length
    nose = 0.25 * np.exp(-((x / 0.17) ** 2) - ((y - level) / 0.30) ** 2)
    fall = -4.71 * far / bend**3
    slope_x = fall * x - 2.0 * nose * x / 0.17**2
    slope_y = fall * (y - middle) / height**2 - 2.0 * nose * (y - level) / 0.30**2
    return head + nose, slope_x, slope_y


@dataclass(frozen=True)
class Turn:
    """The head's turn and place in each frame: picture = matrix @ (x, y - PIVOT, z) + offset, in face units.

    Attributes:
        matrix: (T, 2, 3), the first two rows of a rotation (weak perspective: depth does not change size).
        offset: (T, 2).
    """

    matrix: Array
    offset: Array

    @classmethod
    def of(cls, pose: Pose) -> Turn:
        """Nod first, then turn, then tilt."""
        yaw, pitch, roll = (
            np.deg2rad(np.asarray(angle, np.float64)) for angle in (pose.yaw, pose.pitch, pose.roll)
        )
        zero, one = np.zeros(len(pose)), np.ones(len(pose))

        def stack(rows: list[list[Array]]) -> Array:
            return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)

        nod = stack(
            [[one, zero, zero], [zero, np.cos(pitch), np.sin(pitch)], [zero, -np.sin(pitch), np.cos(pitch)]]
        )
        turn = stack([[np.cos(yaw), zero, np.sin(yaw)], [zero, one, zero], [-np.sin(yaw), zero, np.cos(yaw)]])
        tilt = stack(
            [[np.cos(roll), -np.sin(roll), zero], [np.sin(roll), np.cos(roll), zero], [zero, zero, one]]
        )
        shift = np.stack([pose.shift_x, pose.shift_y], axis=-1).astype(np.float64) * 2.0
        return cls((tilt @ turn @ nod)[:, :2], shift + np.array([0.0, PIVOT]))

    def apply(self, identity: Identity, points: Array) -> Array:
        """Turn points of the straight face, (T, P, 2), into face units of the picture, (T, P, 2)."""
        z, _, _ = depth(identity, points[..., 0], points[..., 1])
        solid = np.stack([points[..., 0], points[..., 1] - PIVOT, z], axis=-1)
        return np.asarray(np.einsum("tij,tpj->tpi", self.matrix, solid) + self.offset[:, None])

    def inverse(self, identity: Identity, targets: Array, steps: int = 6) -> Array:
        """Find the points of the straight face that land on given places of the picture, by Newton's method.

        Args:
            identity: The talker, whose depth decides where a place goes.
            targets: (T, P, 2), or (P, 2) for the same places in each frame, in face units.
            steps: Newton's steps: six leave less than a thousandth of a unit.

        Returns:
            (T, P, 2), in face units.
        """
        aim = targets - self.offset[:, None]
        a, b, c = (self.matrix[:, 0, column, None] for column in range(3))
        d, e, f = (self.matrix[:, 1, column, None] for column in range(3))
        x, y = aim[..., 0], aim[..., 1] + PIVOT
        for _ in range(steps):
            z, slope_x, slope_y = depth(identity, x, y)
            miss_x = aim[..., 0] - (a * x + b * (y - PIVOT) + c * z)
            miss_y = aim[..., 1] - (d * x + e * (y - PIVOT) + f * z)
            j11, j12, j21, j22 = a + c * slope_x, b + c * slope_y, d + f * slope_x, e + f * slope_y
            determinant = j11 * j22 - j12 * j21
            x = x + (j22 * miss_x - j12 * miss_y) / determinant
            y = y + (j11 * miss_y - j21 * miss_x) / determinant
        return np.stack([x, y], axis=-1)
