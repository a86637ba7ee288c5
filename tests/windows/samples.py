"""Prepared clips whose every part is known: material for tests, not a test itself."""

from __future__ import annotations

import numpy as np

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
