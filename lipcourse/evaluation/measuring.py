"""All videos of a clip measured, in whichever process is asked to: the work behind `compare`.

Taught in notebook 12.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from lipcourse.errors import LipcourseError, ModelError, OptionError
from lipcourse.evaluation.experts import Experts, find_experts
from lipcourse.evaluation.film import Film, Video, Voice, see_together
from lipcourse.evaluation.landmarks import find_lips
from lipcourse.evaluation.measures import Lips, measure_film
from lipcourse.evaluation.references import Reference, References
from lipcourse.evaluation.trivial import BASELINES, Baseline

LARGEST_PIECE = 32
"""Clips that a process measures at a time: their partner, which is often the same, is looked into once."""

KEPT = 4
"""True clips kept at hand: partners are near each other."""


class Measured(NamedTuple):
    """What was measured on a clip.

    Attributes:
        frames: How many it has.
        values: Of each method each metric.
        classes: Of each method what was classified.
        faceless: Whether lips were to be found, and the true video has no face to find them in.
    """

    frames: int
    values: Mapping[str, Mapping[str, float]]
    classes: Mapping[str, NDArray[np.float64]]
    faceless: bool


class Task(NamedTuple):
    """What a process must know to measure a clip."""

    references: References
    methods: Mapping[str, Mapping[str, Video]]
    baselines: tuple[str, ...]
    partners: Mapping[str, Mapping[str, str]]
    landmarks: bool
    experts: bool

    def only(self, keys: Sequence[str]) -> Task:
        """Return what a process must know to measure these clips, and no video of others."""
        partners = {self.partners[kind][key] for kind in self.partners for key in keys if self.partners[kind]}
        methods = {
            name: {key: videos[key] for key in keys if key in videos} if isinstance(videos, dict) else videos
            for name, videos in self.methods.items()
        }
        return self._replace(references=self.references.only({*keys, *partners}), methods=methods)


class _True(NamedTuple):
    """A true clip, which is also another's partner: its film and voice are looked into once."""

    reference: Reference
    film: Film
    voice: Voice | None


def pieces(task: Task, jobs: int) -> list[list[str]]:
    """Cut a task into clips that a process measures at a time: fewer and fewer, so that all end together.

    Finding lips takes so long that a clip at a time is best: progress is seen, and there is little to share.
    """
    keys, cut = list(task.references), list[list[str]]()
    while keys:
        size = 1 if task.landmarks else min(LARGEST_PIECE, max(1, len(keys) // (4 * jobs)))
        cut.append(keys[:size])
        keys = keys[size:]
    return cut


def measure(task: Task, keys: Sequence[str]) -> list[tuple[str, Measured | str]]:
    """Measure clips, or tell why they cannot be.

    Args:
        task: What to measure.
        keys: Of clips, near each other.

    Returns:
        Of each clip what was measured, or why it cannot be.

    Raises:
        ModelError: dlib's predictor, or a network, cannot be used.
        OptionError: The call cannot be answered, whatever the clip.
    """
    experts = find_experts() if task.experts else Experts()

    @lru_cache(maxsize=KEPT)
    def true(key: str) -> _True:
        reference = task.references[key]
        film = Film(reference.video, experts)
        if reference.sound is None:
            return _True(reference, film, None)
        return _True(reference, film, Voice(reference.sound, len(film.video), reference.fps, experts))

    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # on pictures as small as these, threads wait for each other
    try:
        with torch.inference_mode():
            return [(key, _measure_or_tell(task, key, true)) for key in keys]
    finally:
        torch.set_num_threads(threads)


def _measure_or_tell(task: Task, key: str, true: Callable[[str], _True]) -> Measured | str:
    for name, videos in task.methods.items():
        if key not in videos:
            return f"{name} has no video for it"
    try:
        films = {name: videos[key] for name, videos in task.methods.items()}
        return _measure_clip(task, true(key), films, true)
    except (ModelError, OptionError):  # of the machine or the call, not of the clip
        raise
    except LipcourseError as error:
        return str(error)


def _measure_clip(
    task: Task, truth: _True, films: Mapping[str, Video], true: Callable[[str], _True]
) -> Measured:
    """Measure the methods' videos of a clip, and the baselines."""
    reference = truth.reference
    clip = reference.clip if task.landmarks else None
    found = None if clip is None else find_lips(clip, reference.video)

    def lips(film: Film) -> Lips | None:
        if clip is None or found is None or film.video.shape != reference.video.shape:
            return None  # a video of another shape is refused by what measures it
        made = found if film is truth.film else find_lips(clip, film.video)
        return Lips(made, found, reference.true_points)

    shown = {name: (Film(video, truth.film.experts), truth.voice) for name, video in films.items()}
    for name in task.baselines:
        kind = BASELINES[name].needs_other
        other = true(task.partners[kind][reference.key]) if kind else truth
        shown[name] = _baseline(BASELINES[name], truth, other)
    see_together({film for film, _ in shown.values()}, listening=reference.sound is not None)
    values = {
        name: measure_film(film, truth.film, voice=voice, true_voice=truth.voice, landmarks=lips(film))
        for name, (film, voice) in shown.items()
    }
    sums = {name: film.classes for name, (film, _) in shown.items()}
    classes = {name: each for name, each in sums.items() if each is not None}
    return Measured(len(reference.video), values, classes, task.landmarks and reference.clip is None)


def _baseline(baseline: Baseline, truth: _True, other: _True) -> tuple[Film, Voice | None]:
    """Make a video that needs no network, with its sound; a whole true one is not looked into again."""
    video = baseline.film(truth.film.video, other.film.video)
    known = (each.film for each in (truth, other) if each.film.video is video)
    film = next(known, None) or Film(video, truth.film.experts)
    if not baseline.other_sound or other.voice is None:
        return film, truth.voice if not baseline.other_sound else None
    frames, fps = len(video), truth.reference.fps
    if (other.voice.frames, other.voice.fps) == (frames, fps):
        return film, other.voice
    return film, Voice(other.voice.sound, frames, fps, truth.film.experts)
