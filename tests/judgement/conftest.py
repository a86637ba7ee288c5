"""A small prepared corpus, folders of videos and a run: what `lipcourse evaluate` is given."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
import torch

from lipcourse.corpora.puppet.corpus import PuppetCorpus
from lipcourse.evaluation.trivial import blurred
from lipcourse.media import write_video
from lipcourse.networks.glance import Generator
from lipcourse.networks.weights import save_network
from lipcourse.windows.prepare import describe, prepare_clip
from lipcourse.windows.prepared import PreparedClip, encode_clip
from lipcourse.windows.shards import FORMAT, FORMAT_VERSION, ShardIndex, write_shard

FRAMES, FIRST = 20, 25
"""Where puppets speak."""

PER_FRAME = (
    "faces",
    "mouths",
    "mouth_landmarks",
    "face_landmarks",
    "mouth_transforms",
    "face_transforms",
    "found",
)


def cut(clip: PreparedClip, key: str, talker: str) -> PreparedClip:
    """The middle of a clip, under another name."""
    kept = slice(FIRST, FIRST + FRAMES)
    samples = slice(*(round(frame * clip.sample_rate / clip.fps) for frame in (kept.start, kept.stop)))
    parts = {name: getattr(clip, name)[kept] for name in PER_FRAME}
    return dataclasses.replace(
        clip, key=key, talker=talker, waveform=clip.waveform[samples], words=(), phones=(), **parts
    )


@pytest.fixture(scope="session")
def clips(own_cache: None) -> list[PreparedClip]:
    corpus = PuppetCorpus(2, 2, size=240)
    whole = [prepare_clip(corpus.clip(key), "test") for key in corpus.keys()]  # noqa: SIM118
    return [cut(clip, f"puppet/s{n}/{name}", f"s{n}") for n, clip in enumerate(whole) for name in "ab"]


@pytest.fixture(scope="session")
def prepared(clips: list[PreparedClip], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The clips as `lipcourse prepare` writes them."""
    folder = tmp_path_factory.mktemp("prepared")
    told = [describe(clip) for clip in clips]
    write_shard(folder / "test-000000.tar", ShardIndex(clips=told), map(encode_clip, clips))
    index = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "origin": list(clips[0].origin),
        "clips": [each | {"shard": "test-000000.tar"} for each in told],
        "skipped": [],
    }
    (folder / "index.json").write_text(json.dumps(index))
    return folder


@pytest.fixture(scope="session")
def soft(clips: list[PreparedClip], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of blurred mouths, silent, named after the clips."""
    folder = tmp_path_factory.mktemp("made") / "soft"
    for clip in clips:
        path = folder / clip.key.removeprefix("puppet/")
        path.parent.mkdir(parents=True, exist_ok=True)
        write_video(path.with_suffix(".mp4"), blurred(clip.mouths, 2), fps=25)
    return folder


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose network nobody trained."""
    folder = tmp_path_factory.mktemp("runs") / "untrained"
    folder.mkdir()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = Generator(1 / 16).eval()
    save_network(folder / "best.safetensors", network, system="glance", options={"width": 1 / 16})
    return folder
