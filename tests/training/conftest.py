"""Prepared clips of mouths that open with the sound, and a training of glance small enough for tests."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from samples import prepared

from lipcourse.training.presets import PRESETS
from lipcourse.windows.prepare import describe
from lipcourse.windows.prepared import encode_clip
from lipcourse.windows.shards import FORMAT, FORMAT_VERSION, ShardIndex, write_shard

FRAMES = 10


def make_clip(key, talker, split, seed):
    """A clip of FRAMES: the louder, the larger the dark hole in a face of its own colour."""
    random = np.random.default_rng(seed)
    loudness = np.abs(np.sin(np.arange(FRAMES) * random.uniform(0.5, 1.5) + random.uniform(0, 3)))
    y, x = np.mgrid[-1:1:64j, -1:1:64j]
    colour = random.uniform(120, 220, 3)
    hole = (x**2 / 0.16 + y**2 / (0.01 + 0.2 * loudness[:, None, None]) < 1)[..., None]
    mouths = np.where(hole, 20, colour).astype(np.uint8)
    wave = np.repeat(loudness, 640) * np.sin(2 * np.pi * 300 * np.arange(FRAMES * 640) / 16000)
    return prepared(
        key,
        frames=FRAMES,
        split=split,
        seed=seed,
        talker=talker,
        mouths=mouths,
        waveform=(wave / 2).astype("f4"),
    )


def write(folder, clips):
    """Write clips as `lipcourse prepare` does, a shard a split."""
    folder.mkdir(parents=True, exist_ok=True)
    told = []
    for split in dict.fromkeys(clip.split for clip in clips):
        own = [clip for clip in clips if clip.split == split]
        name = f"{split}-000000.tar"
        write_shard(folder / name, ShardIndex(clips=[describe(each) for each in own]), map(encode_clip, own))
        told += [describe(each) | {"shard": name} for each in own]
    index = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "origin": ["made", "CC0 1.0"],
        "corpus": "made",
        "clips": told,
        "skipped": [],
    }
    (folder / "index.json").write_text(json.dumps(index))
    return folder


@pytest.fixture(scope="session")
def speaking():
    return make_clip


@pytest.fixture(scope="session")
def write_prepared():
    return write


@pytest.fixture(scope="session")
def shards(tmp_path_factory):
    """Six clips of three talkers to learn from, two of a fourth to validate on."""
    clips = [make_clip(f"made/s{n % 3}/{n}", f"s{n % 3}", "train", n) for n in range(6)]
    clips += [make_clip(f"made/s9/{n}", "s9", "validation", n) for n in (8, 9)]
    return write(tmp_path_factory.mktemp("prepared"), clips)


@pytest.fixture
def tiny():
    """All of `fast`, in networks of one channel or a few."""
    return replace(
        PRESETS["fast"], width=1 / 32, frames=4, stride=3, batch=2, steps=3, autoencoder_steps=2,
        save_every=2, validate_every=2, validation_windows=4, device="cpu",
    )  # fmt: skip
