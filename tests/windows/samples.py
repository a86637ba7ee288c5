"""Clips and prepared clips whose every part is known: material for tests, not a test itself."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import numpy as np

from lipcourse.corpora.base import Corpus
from lipcourse.errors import MediaError, ModelError
from lipcourse.media import Clip, Origin, Segment
from lipcourse.signals.alignment import MEAN_FACE
from lipcourse.windows.prepared import PreparedClip


def prepared(key="made/s1/a", *, frames=20, split="train", seed=0, **changes):
    """A clip of smooth pictures, which JPEG hardly changes, points and a noisy tone."""
    random = np.random.default_rng(seed)
    ramp = np.linspace(0, 200, 128)
    face = np.stack(
        [np.add.outer(ramp / 4, ramp / 2), np.add.outer(ramp, ramp * 0), np.full((128, 128), 90)], -1
    )
    levels = np.linspace(0, 20, frames)[:, None, None, None]
    seconds = frames / 25
    sound = 0.4 * np.sin(2 * np.pi * 220 * np.arange(round(seconds * 16000)) / 16000)
    options = {
        "key": key,
        "talker": "s1",
        "split": split,
        "fps": 25.0,
        "sample_rate": 16000,
        "mouths": (face[None, 32:96, 32:96] + levels).astype(np.uint8),
        "faces": (face[None] + levels).astype(np.uint8),
        "mouth_landmarks": random.uniform(0, 64, (frames, 20, 2)).astype(np.float32),
        "face_landmarks": random.uniform(-10, 140, (frames, 68, 2)).astype(np.float32),
        "mouth_transforms": random.standard_normal((frames, 2, 3)).astype(np.float32),
        "face_transforms": random.standard_normal((frames, 2, 3)).astype(np.float32),
        "found": random.random(frames) < 0.9,
        "waveform": (sound + 0.01 * random.standard_normal(len(sound))).astype(np.float32),
        "origin": ("made up", "CC0"),
        "transcript": "ah",
        "words": ((0.0, 0.4, "ah"),),
        "phones": ((0.0, 0.4, "AA"),),
        "metadata": {"lead_frames": 2},
    }
    return PreparedClip(**(options | changes))


class MadeCorpus(Corpus):
    """Grey pictures with true points: every key is a good clip but those in `bad`.

    Args:
        names: Of its clips; the last is for testing, the others for training.
        bad: Those that are damaged.
        fatal: Those at which the machine fails.
        deadly: Those that kill the process at work on them.
        level: Of the sound.
        log: A file that grows by the name of each clip that was read.
        seconds: How long it takes to read a clip.
    """

    name = "made"
    origin = Origin("made", "CC0")

    def __init__(self, names, *, bad=(), fatal=(), deadly=(), level=0.1, log=None, seconds=0.0):
        super().__init__()
        self._names, self._bad, self._fatal, self.level = tuple(names), tuple(bad), tuple(fatal), level
        self._deadly, self._log, self._seconds = tuple(deadly), log, seconds
        self._read = []

    def talkers(self):
        return ("s1",)

    def keys(self, talker=None, split=None):
        held = {"train": self._names[:-1], "validation": (), "test": self._names[-1:]}
        return tuple(f"made/{name}" for name in (held[split] if split else self._names))

    def clip(self, key):
        self._read.append(key)
        name = key.removeprefix("made/")
        if name in self._bad:
            raise MediaError("it is damaged", where=name)
        if name in self._fatal:
            raise ModelError("the predictor is missing")
        if name in self._deadly:
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(self._seconds)
        if self._log:
            with Path(self._log).open("a") as file:
                file.write(f"{name} {os.getpid()}\n")
        seed = sum(map(ord, name))
        points = (MEAN_FACE * 100 + 10).astype(np.float32)
        return Clip(
            key=key,
            talker="s1",
            frames=np.random.default_rng(seed).integers(0, 99, (5, 120, 120, 3), np.uint8),
            fps=25.0,
            waveform=(self.level * np.sin(np.arange(3200))).astype(np.float32),
            sample_rate=16000,
            origin=self.origin,
            phones=(Segment(0.0, 0.1, "AA"),),
            landmarks=np.repeat(points[None], 5, axis=0),
        )
