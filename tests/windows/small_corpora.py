"""Small prepared corpora in which each picture tells its clip and frame: material for tests, not a test."""

from __future__ import annotations

import json

import numpy as np
from samples import prepared

from lipcourse.windows.prepared import encode_clip
from lipcourse.windows.shards import FORMAT, FORMAT_VERSION, ShardIndex, write_shard

LENGTHS = (40, 33, 24, 48, 16, 40, 31, 56, 40, 25)


def tell(shape, clip):
    """Pictures of one colour: red tells the clip, green the frame, in steps that survive JPEG."""
    pictures = np.full(shape, 128, np.uint8)
    pictures[..., 0] = 20 * clip + 10
    pictures[..., 1] = 4 * np.arange(shape[0])[:, None, None]
    return pictures


def write_corpus(folder, lengths=LENGTHS, *, talkers=3, split="train", clips_a_shard=4, name="made"):
    """Write a corpus; clip n is "made/sM/n" and M is n modulo `talkers`."""
    folder.mkdir(parents=True, exist_ok=True)
    clips = []
    for first in range(0, len(lengths), clips_a_shard):
        numbers = range(first, min(first + clips_a_shard, len(lengths)))
        shard = f"{split}-{first // clips_a_shard:06d}.tar"
        told = [describe(number, lengths[number], talkers, split, name) for number in numbers]
        write_shard(
            folder / shard,
            ShardIndex(told),
            (sample(number, **facts) for number, facts in zip(numbers, told, strict=True)),
        )
        clips += [facts | {"shard": shard} for facts in told]
    return write_index(folder, clips)


def write_index(folder, clips, **changes):
    index = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "origin": ["made", "CC0 1.0"],
        "clips": clips,
        "skipped": [],
    }
    (folder / "index.json").write_text(json.dumps(index | changes))
    return folder


def read_clips(folder):
    """What index.json tells of the clips."""
    return json.loads((folder / "index.json").read_text())["clips"]


def describe(number, frames, talkers, split, name="made"):
    talker = f"s{number % talkers}"
    return {"key": f"{name}/{talker}/{number}", "talker": talker, "split": split, "frames": frames}


def sample(number, key, talker, split, frames):
    return encode_clip(
        prepared(
            key,
            seed=number,
            frames=frames,
            talker=talker,
            split=split,
            mouths=tell((frames, 64, 64, 3), number),
            faces=tell((frames, 128, 128, 3), number),
        )
    )


def windows(lengths, frames=16, stride=8):
    """Every window of a corpus, as clip number and start."""
    return [
        (clip, start) for clip, count in enumerate(lengths) for start in range(0, count - frames + 1, stride)
    ]


def listed(batch):
    """The windows of a batch, as clip number and start."""
    return [
        (int(key.rsplit("/")[-1]), start)
        for key, start in zip(batch.keys, batch.starts.tolist(), strict=True)
    ]
