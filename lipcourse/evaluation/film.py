"""What can be said of one video, or of one sound, alone: found once, however many it is compared with.

Each true clip is another clip's "another talker", and the same sound is heard with all videos of a clip.
What is asked of them again and again, such as how pixels move, is kept here. A video that stands still costs
little more than one picture. Taught in notebook 12.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lipcourse.errors import SignalError
from lipcourse.evaluation.experts import Experts, class_sums
from lipcourse.metrics.cpbd import BLOCK, cpbd
from lipcourse.metrics.images import Moments, moments
from lipcourse.metrics.motion import flow_intensity
from lipcourse.networks.sync_expert import WINDOW
from lipcourse.signals.audio import log_mel
from lipcourse.signals.flow import LEAST_SIDE, estimate_flow
from lipcourse.signals.sync import loudness_steps, opening_steps

Video = NDArray[np.uint8]

NO_EXPERTS = Experts()


class Sound(NamedTuple):
    """What is heard with a video: waveform (N,), samples a second."""

    waveform: NDArray[np.float32]
    sample_rate: float


class Motion(NamedTuple):
    """How a video moves: its mean squared movement a frame, and how fast the mouth opens, (T - 1,)."""

    movement: float
    opening: NDArray[np.float64]


class Film:
    """A video, and what is found in it alone.

    Args:
        video: uint8 (T, H, W, 3), RGB.
        experts: Networks that judge.

    Raises:
        SignalError: It is no video.
    """

    def __init__(self, video: Video, experts: Experts = NO_EXPERTS) -> None:
        if video.dtype != np.uint8 or video.ndim != 4 or video.shape[-1] != 3 or not len(video):
            raise SignalError(
                f"an array of shape {video.shape} and type {video.dtype} is no video",
                remedy="give RGB levels, uint8 (T, H, W, 3), of one frame or more",
            )
        self.video, self.experts = video, experts

    def __str__(self) -> str:
        count, height, width, _ = self.video.shape
        return f"{count} frame{'s' if count != 1 else ''} of {width} x {height}"

    @cached_property
    def still(self) -> bool:
        """Whether all frames are the same."""
        return bool((self.video[1:] == self.video[:1]).all())

    @cached_property
    def frames(self) -> Tensor:
        """The levels that it shows, uint8 (T, H, W, 3): one frame of a film that stands still."""
        return torch.from_numpy(self.video[:1] if self.still else self.video)

    @cached_property
    def moments(self) -> Moments:
        """What SSIM asks of it: of one frame, where it stands still."""
        return moments(self.frames)

    @cached_property
    def sharpness(self) -> float:
        """CPBD; NaN where a side is shorter than 64 pixels."""
        return float(cpbd(self.frames)) if min(self.video.shape[1:3]) >= BLOCK else float("nan")

    @cached_property
    def motion(self) -> Motion | None:
        """How it moves; None where it is one frame or too small."""
        return _motions([self])[0]

    @cached_property
    def points(self) -> Tensor | None:
        """The sync expert's points (T - 4, 128) of 64x64 lips; None without it, or without a window."""
        count = len(self.video) - WINDOW + 1
        if self.experts.sync is None or count < 1:
            return None
        shown = self.video[:WINDOW] if self.still else self.video
        with torch.no_grad():
            seen: Tensor = self.experts.sync.see(_in_network_range(torch.from_numpy(shown)))[0]
        return seen.expand(count, -1)

    @cached_property
    def classes(self) -> NDArray[np.float64] | None:
        """What `class_sums` gives of all frames; None without a classifier, or of other than 64x64."""
        if self.experts.classifier is None or self.video.shape[1:3] != (64, 64):
            return None
        sums = class_sums(self.experts.classifier, self.frames.numpy())
        return sums * (len(self.video) / len(self.frames))


def see_motion(films: Iterable[Film]) -> None:
    """See how films move, those of one shape all at once: it is less work than one by one.

    Args:
        films: Their `motion` is known from then on.
    """
    alike: dict[tuple[int, ...], list[Film]] = {}
    for film in films:
        if "motion" not in vars(film):
            alike.setdefault(film.video.shape, []).append(film)
    for group in alike.values():
        for film, motion in zip(group, _motions(group), strict=True):
            film.motion = motion


def _motions(films: Sequence[Film]) -> list[Motion | None]:
    """Return how each of some films of one shape moves; None where they are of one frame or too small."""
    count, height, width, _ = films[0].video.shape
    if count < 2 or min(height, width) < LEAST_SIDE:
        return [None] * len(films)
    moving = [film for film in films if not film.still]  # what is known of the others costs nothing
    seen: dict[Film, Motion] = {}
    if moving:
        flow = estimate_flow(torch.cat([_in_network_range(film.frames) for film in moving]))
        movements = flow_intensity(flow).mean(dim=(-2, -1)).tolist()
        seen = dict(zip(moving, map(Motion, movements, opening_steps(flow)), strict=True))
    return [seen.get(film, Motion(0.0, np.zeros(count - 1))) for film in films]


class Voice:
    """A sound, and what is found in it alone, for a video of so many frames.

    Args:
        sound: What is heard from the first frame on.
        frames: Frames of the video.
        fps: Frames a second.
        experts: Networks that judge.
    """

    def __init__(self, sound: Sound, frames: int, fps: float = 25.0, experts: Experts = NO_EXPERTS) -> None:
        self.sound, self.frames, self.fps, self.experts = sound, frames, fps, experts

    @cached_property
    def columns(self) -> Tensor:
        """Its log-mel spectrogram (1, 4T, 128), dB."""
        waveform = torch.from_numpy(np.ascontiguousarray(self.sound.waveform))[None]
        return log_mel(waveform, self.sound.sample_rate, self.fps, frames=self.frames)

    @cached_property
    def loudness(self) -> NDArray[np.float64]:
        """How much louder it grows from frame to frame, (T - 1,)."""
        return loudness_steps(self.columns[0])

    @cached_property
    def points(self) -> Tensor | None:
        """The sync expert's points (T - 4, 128); None without it, or without a window."""
        if self.experts.sync is None or self.frames < WINDOW:
            return None
        with torch.no_grad():
            heard: Tensor = self.experts.sync.hear(self.columns)[0]
        return heard


def _in_network_range(frames: Tensor) -> Tensor:
    """Levels (T, H, W, 3) as a video (1, 3, T, H, W) in [-1, 1]."""
    return frames.permute(3, 0, 1, 2)[None].float() / 127.5 - 1
