"""Clips to look at and listen to: the truth, every method and every baseline side by side, with their sound.

Taught in notebook 12.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from lipcourse.evaluation.film import Sound, Video
from lipcourse.evaluation.references import References
from lipcourse.evaluation.trivial import BASELINES, find_partners
from lipcourse.media import write_video
from lipcourse.metrics.motion import movement_intensity

SIDE = 160
"""How wide a mouth is shown, in pixels."""

BAND = 26
"""Height of the strip with a film's name, in pixels."""

TRUTH = "truth"


@dataclass(frozen=True)
class Shown:
    """A clip of the gallery.

    Attributes:
        key: Of the clip.
        films: Of the truth, each method and each baseline the video, uint8 (T, H, W, 3).
        sound: What is heard with all of them but those with a wrong sound.
        wrong: The other clip's sound, if a baseline has it.
        fps: Frames a second.
    """

    key: str
    films: Mapping[str, Video]
    sound: Sound | None
    wrong: Sound | None
    fps: float


def choose_clips(
    methods: Mapping[str, Mapping[str, Video]],
    references: References,
    keys: Sequence[str],
    baselines: Sequence[str],
    count: int = 4,
) -> list[Shown]:
    """Choose clips evenly from those that were measured, and make their films again.

    Args:
        methods: As for `compare`.
        references: The true clips.
        keys: Those that were measured.
        baselines: Those that were made.
        count: How many clips at most.
    """
    count = min(count, len(keys))
    partners = find_partners(references.talkers)
    shown = []
    for key in (keys[number * len(keys) // count] for number in range(count)):
        reference = references[key]
        films = {TRUTH: reference.video} | {name: videos[key] for name, videos in methods.items()}
        wrong = None
        for name in baselines:
            baseline, other = BASELINES[name], reference
            if baseline.needs_other:
                other = references[partners[baseline.needs_other][key]]
            if baseline.other_sound:
                wrong = other.sound
            else:
                films[name] = baseline.film(reference.video, other.video)
        shown.append(Shown(key, films, reference.sound, wrong, reference.fps))
    return shown


def side_by_side(shown: Shown) -> Video:
    """Return all films of a clip in a row, each enlarged and with its name above, uint8 (T, H, W, 3)."""
    return np.concatenate([_named(name, film) for name, film in shown.films.items()], axis=2)


def players(shown: Shown) -> list[tuple[str, str]]:
    """Return the films of a clip as sources for a page that needs no file beside it, and what they show."""
    told = [(_encoded(side_by_side(shown), shown.sound, shown.fps), f"{shown.key}: {', '.join(shown.films)}")]
    if shown.wrong is not None:
        film = _named("right video", shown.films[TRUTH])
        told.append((_encoded(film, shown.wrong, shown.fps), f"{shown.key}: right video, wrong audio"))
    return told


def movement_maps(clips: Sequence[Shown]) -> dict[str, NDArray[np.float32]]:
    """Return where films move: the mean movement intensity (H, W) over clips, for each film that can move.

    Films of one frame, and those of another size than the first clip's, are left out.
    """
    maps: dict[str, list[NDArray[np.float32]]] = {}
    for shown in clips:
        for name, film in shown.films.items():
            if len(film) > 1 and film.shape[1:] == clips[0].films[TRUTH].shape[1:]:
                video = torch.from_numpy(film).permute(3, 0, 1, 2)[None].float() / 127.5 - 1
                maps.setdefault(name, []).append(movement_intensity(video)[0].numpy())
    return {name: np.mean(each, axis=0) for name, each in maps.items()}


def _named(name: str, film: Video) -> Video:
    """Enlarge a film to SIDE pixels' width and write its name above it."""
    height = round(film.shape[1] * SIDE / film.shape[2])
    frames = [cv2.resize(frame, (SIDE, height), interpolation=cv2.INTER_CUBIC) for frame in film]
    band = np.full((BAND, SIDE, 3), 255, np.uint8)
    width = cv2.getTextSize(name, cv2.FONT_HERSHEY_SIMPLEX, 1.0, 1)[0][0]
    scale = min(0.45, (SIDE - 8) / width)
    cv2.putText(band, name, (4, 18), cv2.FONT_HERSHEY_SIMPLEX, scale, (0, 0, 0), 1, cv2.LINE_AA)
    return np.stack([np.concatenate([band, frame]) for frame in frames]).astype(np.uint8, copy=False)


def _encoded(film: Video, sound: Sound | None, fps: float) -> str:
    """Return a film as the source of a page's video."""
    waveform, rate = (None, None) if sound is None else (sound.waveform, int(sound.sample_rate))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"
        write_video(path, film, fps=fps, waveform=waveform, sample_rate=rate)
        return f"data:video/mp4;base64,{base64.b64encode(path.read_bytes()).decode()}"
