"""Every metric of one made video against the true one.

What cannot be measured is NaN and no error: a single frame does not move, a still mouth goes with no sound,
and in a mouth made badly enough nobody finds lips. How many clips have a value is told beside every mean.
Taught in notebook 12.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lipcourse.errors import SignalError
from lipcourse.evaluation.experts import Experts
from lipcourse.evaluation.landmarks import MouthPoints
from lipcourse.metrics.cpbd import BLOCK, cpbd
from lipcourse.metrics.images import psnr, psnr_wrapped, ssim
from lipcourse.metrics.lmd import landmark_distance
from lipcourse.metrics.motion import flow_intensity
from lipcourse.metrics.synchrony import Synchrony, track_synchrony
from lipcourse.signals.alignment import mouth_opening
from lipcourse.signals.audio import log_mel
from lipcourse.signals.flow import LEAST_SIDE, estimate_flow
from lipcourse.signals.sync import sound_and_motion

Video = NDArray[np.uint8]

NO_EXPERTS = Experts()

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


class Sound(NamedTuple):
    """What is heard with a video: waveform (N,), samples a second."""

    waveform: NDArray[np.float32]
    sample_rate: float


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
    return Truth(reference, sound, fps).measure(generated, landmarks=landmarks, sound=sound, experts=experts)


class Truth:
    """A true video, against which many are measured: what is the same for all is computed once.

    Args:
        video: uint8 (T, H, W, 3), RGB.
        sound: What is heard with it.
        fps: Frames a second.

    Raises:
        SignalError: It is no video.
    """

    def __init__(self, video: Video, sound: Sound | None = None, fps: float = 25.0) -> None:
        _check(video)
        self.video, self.sound, self.fps = video, sound, fps

    @cached_property
    def flow(self) -> Tensor | None:
        """How its pixels move."""
        return _flow(self.video)

    @cached_property
    def lead(self) -> float:
        """Frames by which its lips lead its sound."""
        found = _synchrony(self.flow, self.sound, len(self.video), self.fps)
        return float("nan") if found is None else float(found.offset)

    def measure(
        self,
        generated: Video,
        *,
        landmarks: Lips | None = None,
        sound: Sound | None = None,
        experts: Experts = NO_EXPERTS,
    ) -> dict[str, float]:
        """Measure a video made for this one, heard with `sound`; see `measure_clip`."""
        _check(generated)
        if generated.shape != self.video.shape:
            raise SignalError(
                f"{_told(generated)} where the reference has {_told(self.video)}",
                remedy="make it as long and as large",
            )
        pair = torch.from_numpy(self.video), torch.from_numpy(generated)
        flow = self.flow if generated is self.video else _flow(generated)
        values = dict.fromkeys(MEASURES, float("nan"))
        if landmarks is not None:
            values |= _shapes(landmarks)
        values |= {
            "ssim": float(ssim(*pair)),
            "psnr": float(psnr(*pair)),
            "psnr_wrapped": float(psnr_wrapped(*pair)),
        }
        if min(generated.shape[1:3]) >= BLOCK:
            values["cpbd"] = float(cpbd(torch.from_numpy(generated[:1] if _still(generated) else generated)))
        if flow is not None:
            values["movement"] = float(flow_intensity(flow).mean())
        found = _synchrony(flow, sound, len(generated), self.fps)
        if found is not None:
            values |= {
                "sync_offset": float(found.offset),
                "sync_error": abs(found.offset - self.lead),
                "sync_margin": found.margin,
            }
        if experts.sync is not None and sound is not None and len(generated) >= LEAST_HEARD:
            heard = experts.sync.judge(generated, sound.waveform, sound.sample_rate, self.fps)
            values |= {"sync_distance": heard.distance, "sync_confidence": heard.confidence}
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


def _flow(video: Video) -> Tensor | None:
    """The flow (1, 2, T - 1, H, W) of a video; None where it is one frame or too small."""
    count, height, width, _ = video.shape
    if count < 2 or min(height, width) < LEAST_SIDE:
        return None
    if _still(video):  # what is known costs nothing
        return torch.zeros(1, 2, count - 1, height, width)
    return estimate_flow(torch.from_numpy(video).permute(3, 0, 1, 2)[None].float() / 127.5 - 1)


def _synchrony(flow: Tensor | None, sound: Sound | None, frames: int, fps: float) -> Synchrony | None:
    """When the lips go with the sound; None where one of them does not change, or the clip is too short."""
    if flow is None or sound is None or not flow.any():
        return None
    columns = log_mel(torch.from_numpy(sound.waveform)[None], sound.sample_rate, fps, frames=frames)[0]
    try:
        return track_synchrony(*sound_and_motion(columns, flow[0], "opening"))
    except SignalError:  # silence, or fewer frames than the offsets need
        return None


def _still(video: Video) -> bool:
    """Whether all frames are the same."""
    return bool((video[1:] == video[:1]).all())


def _check(video: Video) -> None:
    """Make sure that something is a video."""
    if video.dtype != np.uint8 or video.ndim != 4 or video.shape[-1] != 3 or not len(video):
        raise SignalError(
            f"an array of shape {video.shape} and type {video.dtype} is no video",
            remedy="give RGB levels, uint8 (T, H, W, 3), of one frame or more",
        )


def _told(video: Video) -> str:
    """Say how long and how large a video is."""
    count, height, width, _ = video.shape
    return f"{count} frame{'s' if count != 1 else ''} of {width} x {height}"
