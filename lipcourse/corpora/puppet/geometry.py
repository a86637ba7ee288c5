"""Where the 68 points of a puppet that looks straight ahead are: at rest, and with its parts in motion.

Face units: the origin lies between the eyes, x to the viewer's right, y downwards, z towards the viewer, and
half the width of the average face is 1. The average face is the mean of dlib's points on GRID's talkers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lipcourse.corpora.puppet.identity import Identity
from lipcourse.corpora.puppet.pose import Pose

Array = NDArray[np.float64]

UNIT = 0.245
"""One face unit as a share of the picture's side."""

CENTRE = (0.5, 0.42)
"""Where the origin of the face units lies in the picture, as shares of its side."""

JAW_DROP = 0.32
"""How far the chin sinks at jaw 1, in face units."""

# The left half of the average face (viewer's left); the right half mirrors it.
_JAW = ((-1.0, 0.10), (-0.985, 0.38), (-0.96, 0.66), (-0.92, 0.935), (-0.85, 1.20), (-0.715, 1.43),
        (-0.51, 1.625), (-0.275, 1.765), (0.0, 1.81))  # fmt: skip
_BROW = ((-0.83, -0.195), (-0.725, -0.325), (-0.55, -0.375), (-0.36, -0.355), (-0.175, -0.30))
_EYE = (
    (-0.63, -0.003),
    (-0.517, -0.066),
    (-0.382, -0.062),
    (-0.259, 0.022),
    (-0.386, 0.052),
    (-0.525, 0.053),
)
_NOSE = ((0.0, -0.07), (0.0, 0.115), (0.0, 0.29), (0.0, 0.475), (-0.205, 0.68), (-0.105, 0.715), (0.0, 0.735))
EYE_CENTRE = (-0.445, 0.0)
MOUTH_LINE = 1.131
"""Height of the line between the closed lips of the average face."""


@dataclass(frozen=True)
class Mouth:
    """The lips in each frame, in face units of the head that looks straight ahead; each array is (T,).

    Attributes:
        half_width: From the middle to a corner.
        corner: Height (y) of the corners.
        upper: Height of the inner edge of the upper lip in the middle.
        lower: Height of the inner edge of the lower lip in the middle.
        inner: Share of the half width at which the inner edges meet.
        upper_lip: Thickness of the upper lip in the middle, the notch left out.
        lower_lip: Thickness of the lower lip in the middle.
        notch: Depth of the notch of the upper lip, as a share of its thickness.
        roundness: 0 for lips that meet at a point, 1 for an oval.
        line: Height of the closed lips' line at rest: the upper teeth hang from here.
        chin_drop: How far the chin has sunk.
    """

    half_width: Array
    corner: Array
    upper: Array
    lower: Array
    inner: Array
    upper_lip: Array
    lower_lip: Array
    notch: Array
    roundness: Array
    line: float
    chin_drop: Array

    def curves(self, frame: int | slice, across: Array) -> tuple[Array, Array, Array, Array]:
        """Heights of the four edges of the lips, from the top of the upper lip to the bottom of the lower.

        Args:
            frame: One frame, or all of them as `slice(None)`.
            across: Places along the mouth, (P,): -1 at the left corner, 1 at the right.

        Returns:
            Four arrays (P,), or (T, P) for all frames; beyond a corner they keep its height.
        """

        def value(channel: Array) -> Array:
            return np.asarray(channel[frame])[..., None]

        power = 1.0 - 0.45 * value(self.roundness)
        arch = np.maximum(1.0 - across**2, 0.0)
        inside = np.maximum(1.0 - (across / value(self.inner)) ** 2, 0.0) ** power
        corner, upper, lower = value(self.corner), value(self.upper), value(self.lower)
        # The cupid's bow: a notch with a peak at either side.
        bow = arch ** (0.38 + 0.42 * power) - value(self.notch) * np.exp(-((across / 0.15) ** 2))
        tubercle = (
            0.10 * value(self.upper_lip) * np.exp(-((across / 0.22) ** 2)) * (1.0 - value(self.roundness))
        )
        outer_upper = corner + (upper - corner) * arch**power - value(self.upper_lip) * bow
        inner_upper = corner + (upper - corner) * inside + tubercle * (inside > 0)
        inner_lower = np.maximum(corner + (lower - corner) * inside + tubercle * (inside > 0), inner_upper)
        outer_lower = (
            corner + (lower - corner) * arch**power + value(self.lower_lip) * arch ** (0.30 + 0.38 * power)
        )
        return outer_upper, inner_upper, inner_lower, outer_lower


def shape_mouth(identity: Identity, pose: Pose) -> Mouth:
    """Turn the channels of a pose into lips: what a jaw, a spread or a closure does to each edge.

    Args:
        identity: The talker, whose lips differ in width and fullness.
        pose: The channels, (T,) each.

    Returns:
        The lips in each frame.
    """
    jaw, spread, push, closed, tuck = (
        np.asarray(channel, np.float64)
        for channel in (pose.jaw, pose.spread, pose.protrusion, pose.closure, pose.tuck)
    )
    wide, narrow = np.maximum(spread, 0.0), np.maximum(-spread, 0.0)
    rounding = np.clip(0.55 * narrow + 0.45 * push, 0.0, 1.0)
    line = MOUTH_LINE * identity.face_length
    free = 1.0 - np.clip(closed, 0.0, 1.0)
    drop = JAW_DROP * jaw
    half_width = 0.39 * identity.mouth_width * (1.0 + 0.17 * wide - 0.31 * narrow) * (1.0 - 0.12 * push)
    half_width = half_width * (1.0 - 0.10 * jaw) * (1.0 + 0.03 * closed)
    corner = (
        line
        - identity.smile
        - 0.03 * wide
        + drop * (0.44 - 0.30 * closed)
        + 0.02 * closed
        + 0.025 * rounding
        + 0.012
    )
    middle = line + 0.10 * drop  # where pressed lips meet: the lower lip comes up most of the way
    upper = middle - free * (0.06 * jaw + 0.02 * push + 0.055 * tuck + 0.10 * drop)
    lower = middle + free * (1.02 * drop * (1.0 - 0.85 * tuck) + 0.04 * push - 0.012 * tuck)
    pressed = 1.0 - 0.42 * closed
    upper_lip = 0.139 * identity.upper_lip * pressed * (1.0 - 0.14 * wide + 0.16 * push - 0.12 * jaw)
    lower_lip = (
        0.176
        * identity.lower_lip
        * pressed
        * (1.0 - 0.12 * wide + 0.04 * push - 0.12 * jaw)
        * (1.0 - 0.34 * tuck)
    )
    return Mouth(
        half_width=half_width,
        corner=corner,
        upper=upper,
        lower=lower,
        inner=0.84 - 0.22 * rounding + 0.04 * wide,
        upper_lip=upper_lip,
        lower_lip=lower_lip,
        notch=0.30
        * identity.cupid_bow
        * (1.0 - 0.5 * np.clip(jaw, 0, 1))
        * (1.0 - 0.35 * rounding)
        * (1 - 0.4 * closed),
        roundness=np.clip(0.75 * jaw + 0.65 * rounding, 0.0, 1.0) * free,
        line=line,
        chin_drop=drop * (1.0 - 0.15 * closed) + 0.015 * push,
    )


def _mirror(left: Array) -> Array:
    return left * (-1.0, 1.0)


def rest_points(identity: Identity) -> Array:
    """The talker's own points at rest: the 48 of jaw, brows, nose and eyes, (48, 2) in face units.

    They follow the numbering of 300-W that dlib uses; the 20 of the mouth come from `Mouth.curves`.
    """
    jaw = np.array(_JAW)
    low = smoothstep(0.3, 1.45, jaw[:, 1])
    jaw[:, 0] *= 1.0 + (identity.jaw_width - 1.0) * low * (1 - smoothstep(1.5, 1.8, jaw[:, 1]))
    jaw[5:8, 0] *= 1.0 + (identity.chin_width - 1.0) * np.array([0.25, 0.6, 1.0])
    jaw[:, 1] = 0.1 + (jaw[:, 1] - 0.1) * identity.face_length

    brow = np.array(_BROW)
    brow[:, 0] = EYE_CENTRE[0] * identity.eye_spacing + (brow[:, 0] - EYE_CENTRE[0])
    level = brow[:, 1].mean()
    brow[:, 1] = level * identity.brow_height + (brow[:, 1] - level) * (0.55 + 0.45 * identity.brow_arch)

    eye = (np.array(_EYE) - EYE_CENTRE) * identity.eye_size
    eye[:, 1] += identity.eye_tilt * eye[:, 0] / 0.19
    eye += (EYE_CENTRE[0] * identity.eye_spacing, EYE_CENTRE[1])

    nose = np.array(_NOSE)
    nose[:, 1] *= identity.nose_length
    nose[4:, 0] *= identity.nose_width

    return np.concatenate(
        [
            jaw,
            _mirror(jaw[-2::-1]),
            brow,
            _mirror(brow[::-1]),
            nose,
            _mirror(nose[5:3:-1]),
            eye,
            _mirror(eye[[3, 2, 1, 0, 5, 4]]),
        ]
    )


def smoothstep(start: float, end: float, value: Array) -> Array:
    """Rise smoothly from 0 at `start` to 1 at `end`."""
    share = np.clip((value - start) / (end - start), 0.0, 1.0)
    return share * share * (3.0 - 2.0 * share)


def jaw_share(identity: Identity, y: Array) -> Array:
    """How much of the chin's drop the skin at height `y` takes part in: none at the nose, all at the chin."""
    line = MOUTH_LINE * identity.face_length
    return smoothstep(line - 0.20, line + 0.42, y)


def brow_share(y: Array) -> Array:
    """How much of the brows' rise the skin at height `y` takes part in: none at the eyes."""
    return smoothstep(-0.12, -0.26, y) * smoothstep(-1.05, -0.5, y)


BROW_RISE = 0.10
"""How far the brows rise at brow 1, in face units."""


def face_points(identity: Identity, pose: Pose, mouth: Mouth) -> Array:
    """All 68 points of the head that looks straight ahead, in face units, (T, 68, 2)."""
    frames = len(pose)
    points = np.empty((frames, 68, 2))
    rest = rest_points(identity)
    points[:, :48] = rest
    points[:, :17, 1] += mouth.chin_drop[:, None] * jaw_share(identity, rest[:17, 1])
    points[:, 17:27, 1] -= BROW_RISE * np.asarray(pose.brow, np.float64)[:, None] * brow_share(rest[17:27, 1])
    for corner in (36, 42):  # the upper lid comes down to meet the lower
        for lid, below in ((1, 5), (2, 4)):
            gap = rest[corner + below, 1] - rest[corner + lid, 1]
            points[:, corner + lid, 1] += gap * np.asarray(pose.blink, np.float64)
    points[:, 48:] = _mouth_points(mouth)
    return points


def _mouth_points(mouth: Mouth) -> Array:
    # The corners are marked where the lips are still seen to part, a little inside of where they end.
    outer = np.array([-0.965, -0.654, -0.282, 0.0, 0.282, 0.654, 0.965])
    below = np.array([0.667, 0.305, 0.0, -0.305, -0.667])
    top, _, _, _ = mouth.curves(slice(None), outer)
    _, _, _, bottom = mouth.curves(slice(None), below)
    width = mouth.half_width[:, None]
    points = np.empty((len(mouth.half_width), 20, 2))
    points[:, :7] = np.stack([outer * width, top], axis=-1)
    points[:, [0, 6], 1] = mouth.corner[:, None]
    points[:, 7:12] = np.stack([below * width, bottom], axis=-1)
    inner = mouth.inner[:, None] * np.array([-1.0, -0.335, 0.0, 0.335, 1.0])
    for frame in range(len(points)):
        _, upper, lower, _ = mouth.curves(frame, inner[frame])
        points[frame, 12:17] = np.stack([inner[frame] * mouth.half_width[frame], upper], axis=-1)
        points[frame, 17:] = np.stack(
            [inner[frame, 3:0:-1] * mouth.half_width[frame], lower[3:0:-1]], axis=-1
        )
    return points


def to_pixels(points: Array, size: int) -> Array:
    """Face units to pixels of a picture of that side; a whole number is the middle of a pixel."""
    return np.asarray(points * (UNIT * size) + np.array(CENTRE) * size - 0.5)
