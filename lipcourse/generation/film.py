"""A sound file and a portrait become a film with sound, piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lipcourse.generation.glance import generate
from lipcourse.generation.listening import FPS
from lipcourse.generation.portrait import Portrait, enlarge
from lipcourse.media import Sound, open_audio, open_video
from lipcourse.networks.lips import LipGenerator

SILENT = 1e-3
"""Sound that nowhere exceeds this (60 decibels below full scale) is silence."""


@dataclass(frozen=True)
class Film:
    """What was made.

    Attributes:
        frames: How many pictures.
        seconds: How long the sound is.
        peak: The largest amplitude heard, 1 at full scale.
    """

    frames: int
    seconds: float
    peak: float

    @property
    def silent(self) -> bool:
        """Whether there was nothing to hear."""
        return self.peak < SILENT


def make_film(
    network: LipGenerator,
    audio: str | Path,
    portrait: Portrait,
    out: str | Path,
    *,
    full_frame: bool = False,
    scale: int = 1,
    title: str = "Synthetic speech video",
    comment: str = "",
    progress: Callable[[int, int | None], None] | None = None,
) -> Film:
    """Make a film of a person who says what a file says. Memory does not grow with the file's length.

    Args:
        network: A trained generator in `eval` mode, on any device.
        audio: A sound or video file of any length.
        portrait: The person.
        out: The MP4 file to write, in a folder that exists; it appears when it is whole.
        full_frame: Show the portrait with the moving mouth in it, else the mouth alone.
        scale: How many times as large the mouth alone is shown.
        title: Stored in the file.
        comment: Stored in the file: say that it is synthetic, and by which weights.
        progress: Called with how many frames are done, and how many there will be if the file says.

    Raises:
        MediaError: The sound cannot be read or the film cannot be written.
    """
    mouth = enlarge(portrait.mouth[None], scale)[0]
    height, width = (portrait.picture if full_frame else mouth).shape[:2]
    frames = samples = 0
    peak = 0.0
    with (
        open_audio(audio) as sound,
        open_video(
            out, height, width, fps=FPS, sample_rate=sound.sample_rate, title=title, comment=comment
        ) as film,
    ):

        def heard(sound: Sound) -> Iterator[NDArray[np.float32]]:
            nonlocal samples, peak
            for piece in sound.pieces:
                film.hear(piece)
                samples += len(piece)
                peak = max(peak, float(np.abs(piece).max(initial=0)))
                yield piece

        total = None if sound.seconds is None else max(1, round(sound.seconds * FPS))
        for mouths in generate(network, heard(sound), sound.sample_rate, portrait.mouth):
            film.show(portrait.speaking(mouths) if full_frame else enlarge(mouths, scale))
            frames += len(mouths)
            if progress is not None:
                progress(frames, total)
    return Film(frames, samples / sound.sample_rate, peak)
