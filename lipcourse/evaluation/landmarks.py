"""Where the lips are in mouths that were made: pasted into their face again, and found by dlib.

dlib finds faces, not mouths. A prepared clip keeps its face too, 128 pixels wide and upright; the made mouth
goes back into it, four times as large, and the face is tracked as in any film. Found so, the points of a true
mouth lie 0.5 px from those found in the original frames (LMD, in pixels of the 64x64 crop; GRID), and those
of a slightly blurred true mouth 0.2 px from the true mouth's: no score below that means anything. In faces
only twice as large the latter is 0.3, since dlib gives whole pixels.

So the true mouth's points, too, must be found in this way before both are compared. Taught in notebook 12.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from lipcourse.errors import SignalError
from lipcourse.signals.alignment import MOUTH, invert_transforms, paste_back, transform_points
from lipcourse.signals.faces import track_landmarks
from lipcourse.windows.prepared import PreparedClip

ENLARGED = 4
"""How many times as large the 128x128 face is made."""


class MouthPoints(NamedTuple):
    """The lips' points in a film of mouths.

    Attributes:
        landmarks: float32 (T, 20, 2), pixels of the mouth crop; interpolated where `found` is False.
        found: bool (T,), whether dlib found the face in the frame.
    """

    landmarks: NDArray[np.float32]
    found: NDArray[np.bool_]


def find_lips(clip: PreparedClip, mouths: NDArray[np.uint8]) -> MouthPoints:
    """Find the lips of mouths made for a clip: in its faces, with these mouths in their places.

    Where dlib finds no face at all, every point is NaN.

    Args:
        clip: Whose faces are used.
        mouths: uint8 (T, 64, 64, 3), RGB, as many as the clip has; `clip.mouths` for the true ones.

    Raises:
        SignalError: There are more or fewer.
        ModelError: dlib's predictor is missing.
    """
    faces, transforms = compose_faces(clip, mouths)
    try:
        track = track_landmarks(faces, where=clip.key)
    except SignalError:  # no face in any frame: a mouth can be made so badly
        return MouthPoints(np.full((len(mouths), 20, 2), np.nan, np.float32), np.zeros(len(mouths), bool))
    points = transform_points(track.landmarks[:, MOUTH], transforms)
    return MouthPoints(points.astype(np.float32), track.found)


def compose_faces(
    clip: PreparedClip, mouths: NDArray[np.uint8]
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Put mouths into a clip's faces.

    Args:
        clip: Whose faces are used.
        mouths: uint8 (T, 64, 64, 3), as many as the clip has.

    Returns:
        Faces, uint8 (T, 512, 512, 3), and transforms from their pixels to the mouths', (T, 2, 3).

    Raises:
        SignalError: There are more or fewer mouths.
    """
    if len(mouths) != len(clip.faces):
        raise SignalError(f"{len(mouths)} mouths for {len(clip.faces)} faces", where=clip.key)
    # From the large face to the face, to the frame it was cut from, to the mouth; pixel centres are at whole
    # numbers.
    shrink = np.array([[1, 0, 0.5], [0, 1, 0.5]]) / ENLARGED - [[0, 0, 0.5], [0, 0, 0.5]]
    large_to_frame = _chain(
        np.broadcast_to(shrink, (len(mouths), 2, 3)), invert_transforms(clip.face_transforms)
    )
    transforms = _chain(large_to_frame, clip.mouth_transforms)
    faces = np.stack(
        [
            paste_back(_enlarge(face), mouth, transform)
            for face, mouth, transform in zip(clip.faces, mouths, transforms, strict=True)
        ]
    )
    return faces, transforms


def _enlarge(face: NDArray[np.uint8]) -> NDArray[np.uint8]:
    large = cv2.resize(face, None, fx=ENLARGED, fy=ENLARGED, interpolation=cv2.INTER_CUBIC)
    return np.asarray(large, np.uint8)


def _chain(first: NDArray[np.floating], second: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the transforms (T, 2, 3) that do the first and then the second."""
    linear = second[..., :2] @ first
    linear[..., 2] += second[..., 2]
    return np.asarray(linear, np.float64)
