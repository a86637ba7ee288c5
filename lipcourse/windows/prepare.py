"""Turn a clip into what training needs: find the face, cut out face and mouth, keep the points in both.

Needs dlib, where the clip has no true landmarks. Taught in notebook 05.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lipcourse.errors import CorpusError, SignalError
from lipcourse.media import Clip
from lipcourse.signals.alignment import MOUTH, align_faces, crop_mouths, mouth_opening, transform_points
from lipcourse.signals.faces import clip_landmarks
from lipcourse.windows.prepared import FACE_SIZE, MOUTH_SIZE, PreparedClip

OPENING_BINS = 32
"""Bins of a clip's histogram of mouth openings, a pixel of the mouth crop wide; the last holds all above."""

SILENT = -120.0
"""Decibels told for a sound that is all zeros."""


def prepare_clip(clip: Clip, split: str) -> PreparedClip:
    """Prepare one clip.

    True landmarks are used where the clip has them; else the face is tracked.

    Args:
        clip: A clip of one face.
        split: The split it belongs to.

    Raises:
        CorpusError: Its words or phones go on when its pictures have ended.
        SignalError: There is no face in a fifth of the frames or more, or no sound.
        ModelError: dlib's predictor is missing.

    Taught in notebook 05.
    """
    if not len(clip.waveform):
        raise SignalError("there is no sound in it", where=clip.key)
    last = max((end for _, end, _ in (*clip.words, *clip.phones)), default=0.0)
    if last > clip.seconds + 1 / clip.fps:
        raise CorpusError(
            f"what is said ends at {last:.2f} s, but the pictures at {clip.seconds:.2f} s",
            where=clip.key,
            remedy="find the transcript that belongs to the clip",
        )
    landmarks, found = clip_landmarks(clip)
    faces, face_transforms = align_faces(clip.frames, landmarks, FACE_SIZE)
    mouths, mouth_transforms = crop_mouths(clip.frames, landmarks, MOUTH_SIZE)
    return PreparedClip(
        key=clip.key,
        talker=clip.talker,
        split=split,
        fps=clip.fps,
        sample_rate=clip.sample_rate,
        mouths=mouths,
        faces=faces,
        mouth_landmarks=transform_points(landmarks[:, MOUTH], mouth_transforms).astype(np.float32),
        face_landmarks=transform_points(landmarks, face_transforms).astype(np.float32),
        mouth_transforms=mouth_transforms,
        face_transforms=face_transforms,
        found=found,
        waveform=clip.waveform,
        transcript=clip.transcript,
        words=clip.words,
        phones=clip.phones,
        origin=clip.origin,
        metadata=clip.metadata,
    )


def describe(clip: PreparedClip) -> dict[str, Any]:
    """Say what the index tells of a clip.

    Returns:
        key, talker, split, seconds, frames, phones (start and end in seconds, label), found (share of frames
        with a face), opening (frames in each of OPENING_BINS), level and peak (decibels of full scale).
    """
    # The opening needs the inner lips alone, 60 to 67 of the 68 points.
    points = np.zeros((len(clip.mouths), 68, 2), np.float32)
    points[:, MOUTH] = clip.mouth_landmarks
    opening = np.minimum(mouth_opening(points), OPENING_BINS - 0.5)
    return {
        "key": clip.key,
        "talker": clip.talker,
        "split": clip.split,
        "seconds": round(clip.seconds, 4),
        "frames": len(clip.mouths),
        "phones": [list(phone) for phone in clip.phones],
        "found": round(float(clip.found.mean()), 4),
        "opening": np.histogram(opening, OPENING_BINS, (0, OPENING_BINS))[0].tolist(),
        "level": _decibels(float(np.sqrt(np.mean(np.square(clip.waveform, dtype=np.float64))))),
        "peak": _decibels(float(np.abs(clip.waveform).max())),
    }


def _decibels(amplitude: float) -> float:
    """Decibels of full scale, to a tenth."""
    return round(20 * np.log10(amplitude), 1) if amplitude > 1e-6 else SILENT
