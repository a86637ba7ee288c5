"""Synchrony: by how many frames do lips lead their sound, and how sure is that?

Pixels and shapes say nothing of timing when no real video is at hand. Here the estimators of the delay study
(`lipcourse.signals.sync`) look at a generated mouth and at the sound that it is to say: the offset at which
both go together best should be that of real videos, which is near 0, and should stand out from the others.
Taught in notebook 12.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from lipcourse.errors import OptionError, SignalError
from lipcourse.signals.audio import log_mel
from lipcourse.signals.flow import estimate_flow
from lipcourse.signals.sync import Method, delayed_correlations, sound_and_motion

OFFSETS = range(-7, 8)
"""Shifts tried, in frames. The delay study tries 0 to 7; a generator's lips may be late as well."""


@dataclass(frozen=True)
class Synchrony:
    """How sound and lips go together.

    Attributes:
        offset: Frames by which the lips lead the sound; negative where they are late.
        correlation: Pearson's r of the two tracks at this offset, in [-1, 1].
        margin: How much r is higher there than at any offset two frames or more away: 0 or less than 0.1 is
            no finding. Next neighbours are left out, since speech changes little within a frame.
    """

    offset: int
    correlation: float
    margin: float


def synchrony(
    video: NDArray[np.uint8],
    waveform: NDArray[np.float32],
    sample_rate: float,
    fps: float = 25.0,
    *,
    method: Method = "opening",
    offsets: Sequence[int] = OFFSETS,
) -> Synchrony:
    """Find by how many frames the lips of a video lead its sound.

    Args:
        video: A mouth crop, uint8 (T, H, W, 3), RGB.
        waveform: (N,), the sound, which begins with the first frame.
        sample_rate: Samples a second.
        fps: Video frames a second.
        method: Which tracks are compared, see `lipcourse.signals.sync.sound_and_motion`.
        offsets: Frames; ones two or more apart among them.

    Returns:
        The best offset, r there, and its margin.

    Raises:
        SignalError: The video is no video or too short for the offsets, its sound is unusable, or one of
            the two does not change.
        OptionError: There is no such method, or the offsets leave nothing to compare with.

    Source: glance, Fig. 4, on generated videos. Taught in notebook 12.
    """
    if video.ndim != 4 or video.shape[-1] != 3 or video.dtype != np.uint8:
        raise SignalError(
            f"an array of shape {video.shape} and type {video.dtype} is no video",
            remedy="give RGB levels, uint8 (T, H, W, 3)",
        )
    pictures = torch.from_numpy(video).permute(3, 0, 1, 2)[None].float() / 127.5 - 1
    columns = log_mel(torch.from_numpy(waveform)[None], sample_rate, fps, frames=len(video))[0]
    return track_synchrony(*sound_and_motion(columns, estimate_flow(pictures)[0], method), offsets)


def track_synchrony(sound: ArrayLike, motion: ArrayLike, offsets: Sequence[int] = OFFSETS) -> Synchrony:
    """Find by how many steps a track of motion leads one of sound.

    Args:
        sound: (T - 1,), how the sound changes from frame to frame.
        motion: (T - 1,), how the mouth does: such as differences of `mouth_opening`.
        offsets: Frames; ones two or more apart among them.

    Returns:
        The best offset (the first where several tie), r there, and its margin.

    Raises:
        SignalError: The tracks differ in length, hold NaN, are too short, or one does not change.
        OptionError: The offsets leave nothing to compare with.

    Taught in notebook 12.
    """
    tried = np.array(list(offsets), dtype=int)
    # Sound that is ahead of motion is motion behind sound, with the two exchanged.
    r, ahead = np.empty(len(tried)), tried < 0
    for tracks, those in (((sound, motion), ~ahead), ((motion, sound), ahead)):
        if those.any():
            r[those] = delayed_correlations(*tracks, np.abs(tried[those]).tolist())
    if not r.any():
        raise SignalError("the sound or the mouth does not change", remedy="give a clip of moving lips")
    best = int(r.argmax())
    away = np.abs(tried - tried[best]) >= 2
    if not away.any():
        raise OptionError(
            f"offsets {tried.tolist()} leave none to compare the best with",
            remedy="give some 2 or more apart",
        )
    return Synchrony(int(tried[best]), float(r[best]), float(r[best] - r[away].max()))
