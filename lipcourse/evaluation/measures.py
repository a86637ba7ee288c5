"""Every metric of one made video against the true one.

What cannot be measured is NaN and no error: a single frame does not move, a still mouth goes with no sound,
and in a mouth made badly enough nobody finds lips. How many clips have a value is told beside every mean.
Taught in notebook 12.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from lipcourse.errors import SignalError
from lipcourse.evaluation.experts import Experts
from lipcourse.evaluation.film import NO_EXPERTS, Film, Sound, Video, Voice
from lipcourse.evaluation.landmarks import MouthPoints
from lipcourse.metrics.images import psnr, psnr_wrapped, structural_similarity
from lipcourse.metrics.lip_sync import lip_sync
from lipcourse.metrics.lmd import landmark_distance
from lipcourse.metrics.synchrony import Synchrony, track_synchrony
from lipcourse.signals.alignment import mouth_opening

LEAST_HEARD = 15
"""Frames without which the sync expert cannot shift a clip by 7."""


class Measure(NamedTuple):
    """What one should know of a metric.

    Attributes:
        label: Its name in tables, with its unit.
        better: Which way is better; None where neither is.
        digits: How many after the point are worth printing.
        meaning: What it says, in a line.
    """

    label: str
    better: Literal["lower", "higher"] | None
    digits: int
    meaning: str


MEASURES: Mapping[str, Measure] = {
    "lmd": Measure(
        "LMD, px", "lower", 2, "landmark distance (Eq. 5), lips found in both videos in the same way"
    ),
    "lmd_true": Measure(
        "LMD to true points, px", "lower", 2, "landmark distance from the points that the corpus knows"
    ),
    "opening": Measure(
        "opening r", "higher", 2, "Pearson's r of how far the mouth is open and how far it truly is"
    ),
    "without_face": Measure(
        "without a face", "lower", 3, "share of the frames in which no face was found: left out of the above"
    ),
    "ssim": Measure("SSIM", "higher", 3, "structural similarity"),
    "psnr": Measure("PSNR, dB", "higher", 1, "peak signal-to-noise ratio"),
    "psnr_wrapped": Measure(
        "wrapped PSNR, dB",
        "higher",
        1,
        "the same with the published evaluation's 8-bit slip: a floor of 27.9",
    ),
    "cpbd": Measure("CPBD", None, 3, "sharpness, of this video alone: it should be that of the truth"),
    "movement": Measure(
        "movement, px²", None, 3, "mean squared movement a frame: it should be that of the truth"
    ),
    "sync_offset": Measure(
        "lead, frames", None, 1, "frames by which the lips lead the sound, by its best offset"
    ),
    "sync_error": Measure(
        "lead error, frames", "lower", 1, "how far that is from the true video's with its own sound"
    ),
    "sync_margin": Measure(
        "sync margin", "higher", 2, "how much better the best offset is than any 2 or more frames away"
    ),
    "sync_distance": Measure(
        "sync distance", "lower", 3, "how far the sync expert finds lips and sound apart, at no shift"
    ),
    "sync_confidence": Measure(
        "sync confidence", "higher", 3, "how much nearer they are than at other shifts, for the expert"
    ),
}
"""The metrics of `measure_clip`, in the order of tables."""


class Lips(NamedTuple):
    """Where the lips are in a pair of videos.

    Attributes:
        generated: Found in the made video.
        reference: Found in the true one, in the same way.
        true: float32 (T, 20, 2), the points that the corpus knows; None where it knows none.
    """

    generated: MouthPoints
    reference: MouthPoints
    true: NDArray[np.float32] | None = None


def measure_clip(
    generated: Video,
    reference: Video,
    *,
    landmarks: Lips | None = None,
    sound: Sound | None = None,
    fps: float = 25.0,
    experts: Experts = NO_EXPERTS,
) -> dict[str, float]:
    """Measure one made video against the true one.

    Args:
        generated: uint8 (T, H, W, 3), RGB; the metrics of shape and timing want mouth crops, 64 pixels wide.
        reference: The same shape.
        landmarks: The lips in both (see `lipcourse.evaluation.landmarks.find_lips`); without them no metric
            that needs them has a value.
        sound: What is heard, from the first frame on; without it nothing is said on synchrony.
        fps: Frames a second.
        experts: Networks that judge; `find_experts()` gives those whose weights are there.

    Returns:
        For each of MEASURES a number; NaN where it cannot be measured, infinite PSNR where nothing differs.

    Raises:
        SignalError: The videos differ in length or size, or are no videos.
    """
    film, truth = Film(generated, experts), Film(reference, experts)
    voice = None if sound is None else Voice(sound, len(reference), fps, experts)
    return measure_film(film, truth, voice=voice, true_voice=voice, landmarks=landmarks)


def measure_film(
    film: Film,
    truth: Film,
    *,
    voice: Voice | None = None,
    true_voice: Voice | None = None,
    landmarks: Lips | None = None,
) -> dict[str, float]:
    """Measure one made video against the true one, both of which keep what was found in them.

    Args:
        film: The made video; the true one itself costs nothing.
        truth: The true one.
        voice: What is heard with the made video.
        true_voice: What belongs to the true one.
        landmarks: The lips in both.

    Returns:
        As `measure_clip` does.

    Raises:
        SignalError: The videos differ in length or size.
    """
    if film.video.shape != truth.video.shape:
        raise SignalError(f"{film} where the reference has {truth}", remedy="make it as long and as large")
    values = dict.fromkeys(MEASURES, float("nan"))
    if landmarks is not None:
        values |= _shapes(landmarks)
    values |= _pixels(film, truth) | {"cpbd": film.sharpness}
    if film.motion is not None:
        values["movement"] = film.motion.movement
    if found := _synchrony(film, voice):
        true = found if film is truth and voice is true_voice else _synchrony(truth, true_voice)
        values |= {
            "sync_offset": float(found.offset),
            "sync_error": float(abs(found.offset - true.offset)) if true else float("nan"),
            "sync_margin": found.margin,
        }
    if voice is not None and len(film.video) >= LEAST_HEARD:
        seen, heard = film.points, voice.points
        if seen is not None and heard is not None:
            judged = lip_sync(seen, heard)
            values |= {"sync_distance": judged.distance, "sync_confidence": judged.confidence}
    return values


def distance(truth: MouthPoints, lips: MouthPoints) -> float:
    """LMD over the frames in which both were found; NaN where there is none."""
    both = truth.found & lips.found
    if not both.any():
        return float("nan")
    return float(landmark_distance(truth.landmarks[both], lips.landmarks[both]))


def opening_correlation(truth: MouthPoints, lips: MouthPoints) -> float:
    """Pearson's r of both openings over the frames in which both were found; NaN where one stands still."""
    both = truth.found & lips.found
    true, made = (_openings(points.landmarks[both]) for points in (truth, lips))
    if len(true) < 2 or true.std() < 1e-6 or made.std() < 1e-6:
        return float("nan")
    return float(np.corrcoef(true, made)[0, 1])


def _shapes(lips: Lips) -> dict[str, float]:
    """The metrics of where the lips are."""
    made, found = lips.generated, lips.reference
    if len(made.found) != len(found.found):
        raise SignalError(f"lips of {len(made.found)} frames where the reference has {len(found.found)}")
    values = {
        "lmd": distance(found, made),
        "opening": opening_correlation(found, made),
        "without_face": float((~made.found).mean()),
    }
    if lips.true is not None:
        known = MouthPoints(lips.true, np.ones(len(lips.true), bool))
        values["lmd_true"] = distance(known, made)
    return values


def _openings(mouths: NDArray[np.float32]) -> NDArray[np.floating]:
    """How far mouths (T, 20, 2) are open, (T,)."""
    faces = np.zeros((len(mouths), 68, 2), np.float32)
    faces[:, 48:] = mouths
    return mouth_opening(faces)


def _pixels(film: Film, truth: Film) -> dict[str, float]:
    """How near the pixels are."""
    if film is truth:
        return {"ssim": 1.0, "psnr": float("inf"), "psnr_wrapped": float("inf")}
    pair = torch.from_numpy(truth.video), torch.from_numpy(film.video)
    return {
        "ssim": float(structural_similarity(truth.moments, film.moments).mean()),
        "psnr": float(psnr(*pair)),
        "psnr_wrapped": float(psnr_wrapped(*pair)),
    }


def _synchrony(film: Film, voice: Voice | None) -> Synchrony | None:
    """When the lips go with the sound; None where one of them does not change, or the clip is too short."""
    if voice is None or film.motion is None or not film.motion.movement:
        return None
    try:
        return track_synchrony(voice.loudness, film.motion.opening)
    except SignalError:  # silence, or fewer frames than the offsets need
        return None
