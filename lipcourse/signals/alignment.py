"""Faces and mouths cut out of frames, upright and all of one size, and put back where they came from.

A network should spend its effort on how lips move, not on where the head is. So each frame is turned,
scaled and shifted (a similarity: no shear, no stretch) until the eyes and the nose lie where they lie in one
mean face. Eyes and nose, not the mouth: what speech moves must not move the picture.

Each cut returns its `transforms` (T, 2, 3), which take pixels of the frame to pixels of the crop; with them
`paste_back` puts a made mouth into the real frame. Pixel centres are at whole numbers, as OpenCV has it.

Needs numpy, SciPy and OpenCV only. Taught in notebook 02.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from lipcourse.errors import SignalError

JAW = slice(0, 17)
NOSE = slice(27, 36)
EYES = slice(36, 48)
MOUTH = slice(48, 68)
STEADY = slice(27, 48)
"""Nose and eyes: the points that speech leaves where they are."""

MEAN_FACE: NDArray[np.float64] = np.array(
    [
        *((0.157, 0.274), (0.166, 0.370), (0.178, 0.464), (0.194, 0.559), (0.221, 0.648), (0.268, 0.728)),
        *((0.332, 0.793), (0.410, 0.843), (0.500, 0.858), (0.590, 0.843), (0.668, 0.793), (0.732, 0.728)),
        *((0.779, 0.648), (0.806, 0.559), (0.822, 0.464), (0.834, 0.370), (0.843, 0.274)),
        *((0.221, 0.198), (0.262, 0.154), (0.324, 0.142), (0.389, 0.153), (0.449, 0.178)),
        *((0.551, 0.178), (0.611, 0.153), (0.676, 0.142), (0.738, 0.154), (0.779, 0.198)),
        *((0.500, 0.249), (0.500, 0.312), (0.500, 0.373), (0.500, 0.437)),
        *((0.430, 0.488), (0.464, 0.501), (0.500, 0.510), (0.536, 0.501), (0.570, 0.488)),
        *((0.290, 0.267), (0.326, 0.246), (0.372, 0.246), (0.412, 0.273), (0.370, 0.284), (0.324, 0.285)),
        *((0.588, 0.273), (0.628, 0.246), (0.674, 0.246), (0.710, 0.267), (0.676, 0.285), (0.630, 0.284)),
        *((0.380, 0.627), (0.423, 0.602), (0.467, 0.587), (0.500, 0.597), (0.533, 0.587), (0.577, 0.602)),
        *((0.620, 0.627), (0.578, 0.666), (0.535, 0.682), (0.500, 0.686), (0.465, 0.682), (0.422, 0.666)),
        *((0.401, 0.627), (0.467, 0.618), (0.500, 0.621), (0.533, 0.618), (0.599, 0.627), (0.533, 0.639)),
        *((0.500, 0.643), (0.467, 0.639)),
    ]
)
"""68 points in the unit square, x then y: ten GRID talkers (CC BY 4.0) averaged, made symmetric, with room
around them for an open mouth and a lowered chin."""

MOUTH_SIDE = 0.45
"""Side of the mouth crop in the unit square of `MEAN_FACE`: the widest GRID mouth fills 3/4 of it."""


def align_faces(
    frames: NDArray[np.uint8],
    landmarks: NDArray[np.floating],
    size: int = 128,
    *,
    smoothing: float = 0.0,
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Cut an upright face of `size` pixels out of each frame, eyes and nose in the same place in all.

    Args:
        frames: uint8 (T, H, W, 3).
        landmarks: (T, 68, 2), pixels of the frames.
        size: Side of the crops in pixels.
        smoothing: Frames over which the transforms are averaged (see `smooth_transforms`); 0 is off.

    Returns:
        Crops, uint8 (T, size, size, 3), and transforms from frame to crop, float32 (T, 2, 3).

    Raises:
        SignalError: The shapes do not belong together, or a landmark is not a number.
    """
    transforms = _steady_transforms(frames, landmarks, size, smoothing)
    return _cut(frames, transforms, size), transforms


def crop_mouths(
    frames: NDArray[np.uint8],
    landmarks: NDArray[np.floating],
    size: int = 64,
    *,
    smoothing: float = 0.0,
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Cut an upright mouth of `size` pixels out of each frame, to one scale for all talkers.

    The crop is fixed to the eyes and the nose and its centre to the median mouth of these frames, so that
    lips move in the crop and the crop does not move with the lips. Pass the frames of one clip.

    Args:
        frames: uint8 (T, H, W, 3).
        landmarks: (T, 68, 2), pixels of the frames.
        size: Side of the crops in pixels.
        smoothing: Frames over which the transforms are averaged (see `smooth_transforms`); 0 is off.

    Returns:
        Crops, uint8 (T, size, size, 3), and transforms from frame to crop, float32 (T, 2, 3).

    Raises:
        SignalError: The shapes do not belong together, or a landmark is not a number.
    """
    transforms = _steady_transforms(frames, landmarks, size / MOUTH_SIDE, smoothing)
    mouths = transform_points(landmarks[:, MOUTH], transforms)
    transforms[..., 2] += (size - 1) / 2 - np.median(mouths.mean(axis=1), axis=0)
    return _cut(frames, transforms, size), transforms


def paste_back(
    frame: NDArray[np.uint8],
    crop: NDArray[np.uint8],
    transform: NDArray[np.floating],
    *,
    feather: float = 0.15,
) -> NDArray[np.uint8]:
    """Put a crop back into its frame; towards the crop's edge the frame shows through.

    Args:
        frame: uint8 (H, W, 3); not changed.
        crop: uint8 (h, w, 3), such as a mouth made by a network.
        transform: (2, 3), from the frame to the crop, as `align_faces` and `crop_mouths` return it.
        feather: Width of the soft edge as a share of the crop's side, 0 for none, at most 0.5.

    Returns:
        uint8 (H, W, 3).

    Raises:
        SignalError: `feather` is not in [0, 0.5].
    """
    if not 0 <= feather <= 0.5:
        raise SignalError(f"a feather of {feather} cannot be", remedy="choose a share from 0 to 0.5")
    size = frame.shape[1::-1]
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    matrix = np.asarray(transform, np.float64)
    pixels = cv2.warpAffine(crop, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    opacity = np.outer(_ramp(crop.shape[0], feather), _ramp(crop.shape[1], feather))
    alpha = cv2.warpAffine(opacity, matrix, size, flags=flags)[..., None]
    return np.rint(frame + alpha * (pixels.astype(np.float32) - frame)).astype(np.uint8)


def fit_similarity(source: NDArray[np.floating], target: NDArray[np.floating]) -> NDArray[np.float32]:
    """Find the turn, scale and shift that bring points nearest to others in the least-squares sense.

    With points as complex numbers a similarity is z -> a z + b, and `a` is one regression coefficient
    (the plane case of Umeyama, "Least-squares estimation of transformation parameters", PAMI 1991).

    Args:
        source: (..., P, 2).
        target: (P, 2) or (..., P, 2).

    Returns:
        float32 (..., 2, 3).

    Raises:
        SignalError: All source points of a frame are one point, or one is not a number.
    """
    z = source[..., 0] + 1j * source[..., 1].astype(np.float64)
    w = target[..., 0] + 1j * target[..., 1].astype(np.float64)
    z_mean, w_mean = z.mean(axis=-1, keepdims=True), w.mean(axis=-1, keepdims=True)
    spread = (np.abs(z - z_mean) ** 2).sum(axis=-1)
    if not np.all(spread > 0):
        raise SignalError("landmarks are not numbers, or all at one place", remedy="track the face anew")
    a = (np.conj(z - z_mean) * (w - w_mean)).sum(axis=-1) / spread
    b = w_mean[..., 0] - a * z_mean[..., 0]
    rows = [np.stack([a.real, -a.imag, b.real], axis=-1), np.stack([a.imag, a.real, b.imag], axis=-1)]
    return np.stack(rows, axis=-2).astype(np.float32)


def transform_points(points: NDArray[np.floating], transforms: NDArray[np.floating]) -> NDArray[np.floating]:
    """Move points (..., P, 2) with the transforms (..., 2, 3) of their frames."""
    linear, shift = transforms[..., :2], transforms[..., 2]
    moved: NDArray[np.floating] = points @ np.swapaxes(linear, -1, -2) + shift[..., None, :]
    return moved


def invert_transforms(transforms: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return the transforms (..., 2, 3) that lead back: from the crop to the frame."""
    linear = np.linalg.inv(transforms[..., :2])
    shift = -linear @ transforms[..., 2:]
    return np.concatenate([linear, shift], axis=-1)


def smooth_transforms(transforms: NDArray[np.floating], frames: float) -> NDArray[np.float32]:
    """Average transforms (T, 2, 3) over time with a Gaussian of `frames` frames' standard deviation.

    dlib gives whole pixels, so an alignment trembles by a fraction of one; one or two frames' smoothing
    stills that, at the price of cutting a quick nod short. The mean of similarities is a similarity again.
    """
    smooth: NDArray[np.float32] = gaussian_filter1d(transforms, frames, axis=0, mode="nearest")
    return smooth.astype(np.float32)


def mouth_opening(landmarks: NDArray[np.floating]) -> NDArray[np.floating]:
    """How far the inner lips are apart, mean of three pairs of points, in pixels.

    Args:
        landmarks: (..., 68, 2), pixels.

    Returns:
        (...), pixels, 0 where the lips touch.
    """
    upper, lower = landmarks[..., 61:64, :], landmarks[..., 67:64:-1, :]
    apart: NDArray[np.floating] = np.linalg.norm(lower - upper, axis=-1).mean(axis=-1)
    return apart


def _steady_transforms(
    frames: NDArray[np.uint8], landmarks: NDArray[np.floating], size: float, smoothing: float
) -> NDArray[np.float32]:
    """Fit each frame's eyes and nose to those of the mean face, drawn on a square of `size` pixels."""
    if landmarks.shape != (len(frames), 68, 2):
        raise SignalError(
            f"{len(frames)} frames do not go with landmarks of shape {landmarks.shape}",
            remedy="pass landmarks (T, 68, 2), one set a frame",
        )
    # The unit square begins at the left edge of pixel 0, half a pixel before that pixel's centre at 0.
    transforms = fit_similarity(landmarks[:, STEADY], MEAN_FACE[STEADY] * size - 0.5)
    return smooth_transforms(transforms, smoothing) if smoothing > 0 else transforms


def _cut(frames: NDArray[np.uint8], transforms: NDArray[np.float32], size: int) -> NDArray[np.uint8]:
    """Warp each frame with its transform; where the frame ends its edge is repeated."""
    crops = np.empty((len(frames), size, size, 3), np.uint8)
    for crop, frame, transform in zip(crops, frames, transforms, strict=True):
        scale = float(np.hypot(transform[0, 0], transform[1, 0]))
        # Bilinear sampling looks at four pixels only: a face made much smaller is blurred first, lest it
        # aliases.
        source = cv2.GaussianBlur(frame, (0, 0), 0.5 / scale) if scale < 0.6 else frame
        cv2.warpAffine(
            source, transform, (size, size), dst=crop, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
    return crops


def _ramp(length: int, feather: float) -> NDArray[np.float32]:
    """One inside, falling to zero towards both ends over `feather` of the length."""
    if feather == 0:
        return np.ones(length, np.float32)
    edge = np.minimum(np.arange(length), np.arange(length)[::-1]) + 0.5
    return np.clip(edge / (feather * length), 0, 1).astype(np.float32)
