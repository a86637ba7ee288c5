"""A picture of a person, where the mouth is in it, and the picture again with another mouth."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lipcourse.errors import SignalError
from lipcourse.signals.alignment import crop_mouths, invert_transforms, paste_back, transform_points
from lipcourse.signals.faces import track_landmarks

MOUTH_SIZE = 64
LARGEST_SIDE = 1280
"""Pictures are shrunk to this many pixels: a larger film helps nobody whose mouth is 64 pixels wide."""


@dataclass(frozen=True)
class Portrait:
    """A picture, and the mouth that was cut out of it.

    Attributes:
        picture: uint8 (H, W, 3), RGB.
        mouth: uint8 (64, 64, 3), RGB.
        transform: float32 (2, 3), from pixels of the picture to pixels of the mouth.
    """

    picture: NDArray[np.uint8]
    mouth: NDArray[np.uint8]
    transform: NDArray[np.float32]

    def speaking(self, mouths: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the picture once for each mouth (T, 64, 64, 3), with it in its place: (T, H, W, 3)."""
        # Only what the mouth can touch is warped: the rest of a large picture stays as it is.
        edge = np.array([[0, 0], [1, 0], [0, 1], [1, 1]], np.float32) * MOUTH_SIZE - 0.5
        corners = transform_points(edge, invert_transforms(self.transform))
        left, top = np.maximum(np.floor(corners.min(axis=0)).astype(int) - 1, 0)
        right, bottom = np.ceil(corners.max(axis=0)).astype(int) + 2
        shifted = self.transform.copy()
        shifted[:, 2] += shifted[:, :2] @ np.array([left, top], np.float32)
        frames = np.repeat(self.picture[None], len(mouths), axis=0)
        for frame, mouth in zip(frames, mouths, strict=True):
            place = frame[top:bottom, left:right]
            place[:] = paste_back(place, mouth, shifted)
        return frames


def find_mouth(picture: NDArray[np.uint8], *, where: object | None = None) -> Portrait:
    """Find the face in a picture, and cut its mouth out as networks know mouths.

    Args:
        picture: uint8 (H, W, 3), RGB. A very large one is shrunk.
        where: What to call it in an error.

    Raises:
        SignalError: There is no face in it.
        ModelError: dlib's predictor is missing.

    Warns:
        UserWarning: There are several faces; the largest is taken.
    """
    shrink = LARGEST_SIDE / max(picture.shape[:2])
    if shrink < 1:
        picture = np.asarray(
            cv2.resize(picture, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA), np.uint8
        )
    try:
        landmarks = track_landmarks(picture[None], where=where).landmarks
    except SignalError as error:
        raise SignalError(
            "no face was found in the picture",
            where=where,
            remedy="give one of a face that looks at the camera, 40 pixels wide or more, "
            "or, if it shows lips alone, say --lip-crop",
        ) from error
    mouths, transforms = crop_mouths(picture[None], landmarks)
    return Portrait(picture, mouths[0], transforms[0])


def take_lips(picture: NDArray[np.uint8], *, where: object | None = None) -> Portrait:
    """Take a picture that shows lips alone, upright and about 3/4 as wide as the picture, as the mouth.

    Args:
        picture: uint8 (H, W, 3), RGB; of one that is not square, the middle is taken.
        where: What to call it in an error.

    Raises:
        SignalError: Its shorter side is below 16 pixels.
    """
    height, width = picture.shape[:2]
    side = min(height, width)
    if side < 16:
        raise SignalError(
            f"a lip crop of {width}x{height} pixels shows nothing", where=where, remedy="give a larger one"
        )
    scale = MOUTH_SIZE / side
    # Pixel centres are at whole numbers, so that edges are at halves.
    transform = np.array(
        [
            [scale, 0, scale * (0.5 - (width - side) // 2) - 0.5],
            [0, scale, scale * (0.5 - (height - side) // 2) - 0.5],
        ],
        np.float32,
    )
    left, top = (width - side) // 2, (height - side) // 2
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    square = np.ascontiguousarray(picture[top : top + side, left : left + side])
    mouth = cv2.resize(square, (MOUTH_SIZE, MOUTH_SIZE), interpolation=method)
    return Portrait(picture, np.asarray(mouth, np.uint8), transform)


def enlarge(mouths: NDArray[np.uint8], times: int) -> NDArray[np.uint8]:
    """Return mouths (T, 64, 64, 3) so many times as large, smoothly: (T, 64 times, 64 times, 3)."""
    if times == 1:
        return mouths
    size = MOUTH_SIZE * times
    return np.stack([cv2.resize(mouth, (size, size), interpolation=cv2.INTER_CUBIC) for mouth in mouths])
