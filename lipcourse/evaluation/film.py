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
from lipcourse.metrics.images import Moments, colour_planes, moments
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
    def levels(self) -> Tensor:
        """The same as planes of one colour each, float32 (T, 3, H, W), from 0 to 255."""
        return colour_planes(self.frames)

    @cached_property
    def moments(self) -> Moments:
        """What SSIM asks of it: of one frame, where it stands still."""
        return moments(self.levels)

    @cached_property
    def sharpness(self) -> float:
        """CPBD; NaN where a side is shorter than 64 pixels."""
        return float(cpbd(self.frames)) if min(self.video.shape[1:3]) >= BLOCK else float("nan")

    @cached_property
    def motion(self) -> Motion | None:
        """How it moves; None where it is one frame or too small."""
        return _motions([self], _in_network_range([self]))[0]

    @cached_property
    def points(self) -> Tensor | None:
        """The sync expert's points (T - 4, 128); None without it or a window, or of other than 64x64."""
        return _points([self], _in_network_range([self]))[0]

    @cached_property
    def classes(self) -> NDArray[np.float64] | None:
        """What `class_sums` gives of all frames; None without a classifier, or of other than 64x64."""
        return _classes([self], _in_network_range([self]))[0]


def see_together(films: Iterable[Film], *, listening: bool = True) -> None:
    """See how films move and what the experts make of them, those of one shape all at once.

    It is less work than one by one.

    Args:
        films: Their `motion`, `classes` and `points` are known from then on; they have the same experts.
        listening: Whether the points will be asked for: there is a sound to compare them with.
    """
    found = {"motion": _motions, "classes": _classes, **({"points": _points} if listening else {})}
    alike: dict[tuple[int, ...], list[Film]] = {}
    for film in films:
        if not found.keys() <= vars(film).keys():
            alike.setdefault((*film.video.shape, film.still), []).append(film)
    for group in alike.values():
        pictures = _in_network_range(group)
        for name, see in found.items():
            for film, seen in zip(group, see(group, pictures), strict=True):
                setattr(film, name, seen)


def _in_network_range(films: Sequence[Film]) -> Tensor:
    """What films show, (B, T, 3, H, W) in [-1, 1]; T is 1 where they stand still."""
    return torch.stack([film.levels for film in films]).div_(127.5).sub_(1)


# Each of these sees films of one shape, all of which move or none of which does.


def _motions(films: Sequence[Film], pictures: Tensor) -> Sequence[Motion | None]:
    count, height, width, _ = films[0].video.shape
    if count < 2 or min(height, width) < LEAST_SIDE:
        return [None] * len(films)
    if films[0].still:  # what is known costs nothing
        return [Motion(0.0, np.zeros(count - 1))] * len(films)
    flow = estimate_flow(pictures.movedim(2, 1))
    movements = flow_intensity(flow).mean(dim=(-2, -1)).tolist()
    return list(map(Motion, movements, opening_steps(flow)))


@torch.no_grad()
def _points(films: Sequence[Film], pictures: Tensor) -> Sequence[Tensor | None]:
    expert, count = films[0].experts.sync, len(films[0].video) - WINDOW + 1
    if expert is None or count < 1 or films[0].video.shape[1:3] != (64, 64):
        return [None] * len(films)
    shown = pictures.expand(-1, WINDOW, -1, -1, -1) if films[0].still else pictures
    return [each.expand(count, -1) for each in expert.see(shown.movedim(2, 1))]


def _classes(films: Sequence[Film], pictures: Tensor) -> Sequence[NDArray[np.float64] | None]:
    classifier = films[0].experts.classifier
    if classifier is None or films[0].video.shape[1:3] != (64, 64):
        return [None] * len(films)
    likely = classifier.likelihoods(pictures.flatten(0, 1)).reshape(*pictures.shape[:2], -1)
    return list(class_sums(likely) * (len(films[0].video) / pictures.shape[1]))


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
