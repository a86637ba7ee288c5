"""A shipped generator's card: what was measured is told, and the file is the network that was measured."""

from __future__ import annotations

import json
import shlex
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch
import tyro

from lipcourse.errors import CorpusError
from lipcourse.evaluation.glance_card import SHEET_FRAMES, command, sheet_rows, ship
from lipcourse.networks.glance import Generator
from lipcourse.networks.weights import describe, load_network, save_network
from lipcourse.training.presets import PRESETS, GlanceOptions
from lipcourse.windows.prepare import describe as describe_clip
from lipcourse.windows.prepared import PreparedClip, encode_clip
from lipcourse.windows.shards import ShardIndex, write_shard

WIDTH = 1 / 32


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("run") / "best.safetensors"
    torch.manual_seed(0)
    facts = {"steps": 7, "seed": 0, "seconds": 1.5, "device": "CPU", "training": {"width": WIDTH}}
    options = {"width": WIDTH, "block_kernel": "1x3x3"}
    return save_network(path, Generator(WIDTH), system="glance", options=options, facts=facts)


def prepared(folder: Path, clips: list[PreparedClip]) -> Path:
    """A folder as `lipcourse prepare` leaves it, of a shard a clip."""
    told = []
    for number, clip in enumerate(clips):
        name = f"{clip.split}-{number:06d}.tar"
        facts = describe_clip(clip)
        write_shard(folder / name, ShardIndex(clips=[facts]), [encode_clip(clip)])
        told.append(facts | {"shard": name})
    index = asdict(ShardIndex(clips=told)) | {"origin": clips[0].origin}
    (folder / "index.json").write_text(json.dumps(index))
    return folder


def test_a_card_tells_what_was_measured_on_what(
    weights: Path, clips: list[PreparedClip], tmp_path: Path
) -> None:
    learned = replace(clips[0], key="puppet/learned", split="train", talker="somebody else")
    folder = prepared(tmp_path, [*clips, learned])
    out = tmp_path / "glance-small.safetensors"
    card = ship(weights, [folder], out, progress=lambda _: None)
    text = card.read_text()
    assert "talkers never trained on: 2 clips of 2 talkers (test)" in text
    for film in ("generated", "another clip's sound", "first frame repeated", "mean frame", "right video"):
        assert film in text
    told = describe(out)
    assert told.stored == "float16"
    (source,) = told.facts["data"]
    assert (source["clips"], source["talkers"]) == (1, 1)
    stored, trained = load_network(out, Generator), load_network(weights, Generator)
    for name, values in trained.state_dict().items():
        torch.testing.assert_close(stored.state_dict()[name].float(), values.float(), rtol=1e-3, atol=1e-3)
    assert out.with_suffix(".png").read_bytes()[:4] == b"\x89PNG"


def test_a_talker_of_the_training_makes_it_sentences_that_are_new(
    weights: Path, clips: list[PreparedClip], tmp_path: Path
) -> None:
    learned = replace(clips[0], key="puppet/learned", split="train")
    folder = prepared(tmp_path, [*clips, learned])
    card = ship(weights, [folder], tmp_path / "small.safetensors", clips=2, progress=lambda _: None)
    assert "sentences never trained on" in card.read_text()


def test_each_clip_has_three_rows(weights: Path, clips: list[PreparedClip]) -> None:
    rows = sheet_rows(load_network(weights, Generator), clips)
    assert [len(row) for row in rows] == [SHEET_FRAMES] * 3
    assert any((rows[0][frame] == clips[0].mouths[3]).all() for frame in range(SHEET_FRAMES))


def test_corpora_without_held_out_clips_are_told(
    weights: Path, clips: list[PreparedClip], tmp_path: Path
) -> None:
    folder = prepared(tmp_path, [replace(clips[0], split="train")])
    with pytest.raises(CorpusError, match="no corpus has held-out clips"):
        ship(weights, [folder], tmp_path / "small.safetensors")
    with pytest.raises(CorpusError, match="there is no such folder"):
        ship(weights, [tmp_path / "nowhere"], tmp_path / "small.safetensors")


def test_a_card_tells_of_every_training_in_order(clips: list[PreparedClip], tmp_path: Path) -> None:
    before = {"steps": 2000, "seconds": 60.0, "training": {"painted": 3}, "corpora": 1, "begun_from": None}
    facts = {"steps": 7, "seed": 0, "seconds": 120.0, "device": "CPU", "training": {"batch": 2}, "corpora": 2}
    path = save_network(
        tmp_path / "best.safetensors", Generator(WIDTH), system="glance",
        options={"width": WIDTH, "block_kernel": "1x3x3"}, facts=facts | {"begun_from": before},
    )  # fmt: skip
    text = ship(path, [prepared(tmp_path, clips)], tmp_path / "out.safetensors", clips=2).read_text()
    assert "2,007 steps" in text
    assert "3 minutes" in text
    (line,) = (line for line in text.splitlines() if "| command" in line)
    first, second = line.removeprefix("| command | ").strip("| `").split(" && ")
    assert first.endswith("--data CORPUS1 --out RUN1 --painted 3")
    assert "--data CORPUS1 CORPUS2 --out RUN2 --initial RUN1/best.safetensors" in second


def test_the_command_of_a_card_gives_the_options_again() -> None:
    usual = PRESETS["class"]
    weights = replace(usual.weights, correlation=0.5)
    chosen = replace(
        usual, weights=weights, batch=2, betas=(0.9, 0.99), channels_last=False, derivative=False, painted=0
    )
    told = command(json.loads(json.dumps({"training": asdict(chosen), "corpora": 2})))
    words = shlex.split(told)
    assert words[:7] == ["lipcourse", "train", "glance", "--profile", "class", "--data", "CORPUS1"]
    options = words[words.index("RUN1") + 1 :]
    given = tyro.cli(GlanceOptions, args=options, default=usual, config=(tyro.conf.FlagCreatePairsOff,))
    assert given == chosen
