"""Prepared clips whose lips follow their sound, frame by frame: material for tests, not a test itself."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
from samples import prepared

from lipcourse.windows.prepare import describe
from lipcourse.windows.prepared import PreparedClip, encode_clip
from lipcourse.windows.shards import ShardIndex, write_shard


def talking(key: str, split: str, seed: int, frames: int = 24) -> PreparedClip:
    """A clip whose mouth is as open as its sound is loud; open for AA, closed for M, and both take turns."""
    random = np.random.default_rng(seed)
    stretches = random.integers(2, 5, frames)
    opened = np.repeat(np.arange(frames) % 2, stretches)[:frames].astype(float)
    y, x = np.mgrid[-1:1:64j, -1:1:64j]
    hole = x**2 / 0.16 + y**2 / (0.01 + 0.3 * opened[:, None, None]) < 1
    mouths = np.where(hole[..., None], 20, random.uniform(120, 220, 3)).astype(np.uint8)
    tone = np.sin(2 * np.pi * 300 * np.arange(frames * 640) / 16000)
    edges = np.flatnonzero(np.diff(opened, prepend=-1, append=-1)) / 25
    phones = tuple(
        (start, end, "AA" if opened[round(start * 25)] else "M")
        for start, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)
    )
    return prepared(
        key,
        frames=frames,
        split=split,
        seed=seed,
        talker=key.split("/")[1],
        mouths=mouths,
        waveform=(np.repeat(0.02 + 0.4 * opened, 640) * tone).astype(np.float32),
        phones=phones,
        origin=("talking (drawn for a test)", "CC0 1.0"),
    )


def write_corpus(folder: Path, clips: list[PreparedClip]) -> Path:
    """Write clips as `lipcourse prepare` does, a shard a split."""
    folder.mkdir(parents=True, exist_ok=True)
    told = []
    for split in dict.fromkeys(clip.split for clip in clips):
        own, name = [clip for clip in clips if clip.split == split], f"{split}-000000.tar"
        facts = [describe(clip) for clip in own]
        write_shard(folder / name, ShardIndex(clips=facts), map(encode_clip, own))
        told += [each | {"shard": name} for each in facts]
    index = asdict(ShardIndex(clips=told)) | {"origin": clips[0].origin, "corpus": "talking"}
    (folder / "index.json").write_text(json.dumps(index))
    return folder


def talking_corpus(folder: Path) -> Path:
    """Four clips of two talkers to learn from, and of two others two each to validate on and to test."""
    splits = {"train": "aabb", "validation": "cc", "test": "dd"}
    names = [(split, talker) for split, talkers in splits.items() for talker in talkers]
    return write_corpus(
        folder,
        [talking(f"talking/{who}/{n}", split, seed=n) for n, (split, who) in enumerate(names)],
    )
