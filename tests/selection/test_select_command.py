"""`lipcourse select`, as it is called."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from lipcourse.cli import main
from lipcourse.corpora.puppet.corpus import PuppetCorpus
from lipcourse.errors import SignalError
from lipcourse.selection import command, phones
from lipcourse.signals.selection import count_phonemes, distance_to_uniform, phoneme_shares
from lipcourse.windows.shards import FORMAT, FORMAT_VERSION

CLIPS = 12


@pytest.fixture(autouse=True)
def few_puppets(monkeypatch: pytest.MonkeyPatch) -> PuppetCorpus:
    """A corpus as small as a test's."""
    corpus = PuppetCorpus(CLIPS, 4)
    monkeypatch.setattr(command, "open_corpus", lambda *_: corpus)
    return corpus


@pytest.fixture
def prepared(few_puppets: PuppetCorpus, tmp_path: Path) -> Path:
    """What `lipcourse prepare` would write of it: phones of one clip are not known."""
    folder = tmp_path / "prepared"
    folder.mkdir()
    splits = {key: split for split in ("train", "test") for key in few_puppets.keys(split=split)}
    phones = (["AH"] * 9, ["AH", "T"], ["ZH", "OY"], ["AH", "T", "T"])
    clips = [
        {"key": key, "talker": key.split("/")[1], "split": split, "frames": 75, "shard": "all.tar"}
        | {"phones": [[0.1, 0.2, label] for label in phones[index % 4]]}
        for index, (key, split) in enumerate(splits.items())
    ]
    clips[0]["phones"] = []
    index = {"format": FORMAT, "version": FORMAT_VERSION, "origin": few_puppets.origin, "clips": clips}
    (folder / "index.json").write_text(json.dumps(index))
    return folder


def read(path: Path) -> dict:
    return json.loads(path.read_text())


def test_it_writes_the_kept_clips_and_a_figure(
    few_puppets: PuppetCorpus, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "new" / "kept.json"
    assert main(["select", "--split", "all", "--out", str(out), "--jobs", "1", "--seed", "5"]) == 0
    told = read(out)
    assert told["clips"] == CLIPS
    assert 0 < len(told["kept"]) < CLIPS
    every = few_puppets.keys()
    assert [key for key in every if key in told["kept"]] == told["kept"]
    assert len(told["sizes"]) == len(told["distances"]) == 50
    assert told["distance_after"] == min(told["distances"]) < told["distance_before"]
    for name, keys in (("before", every), ("after", told["kept"])):
        counts = count_phonemes(phones.find_phones(few_puppets, key) for key in keys)
        shares = phoneme_shares(counts)
        np.testing.assert_allclose(list(told[f"shares_{name}"].values()), shares, atol=1e-6)
        assert told[f"distance_{name}"] == pytest.approx(float(distance_to_uniform(shares)), abs=1e-6)
    picture = cv2.imread(str(out.with_suffix(".png")))
    assert picture.shape[1] > 600
    assert picture.std() > 10
    assert f"{len(told['kept'])} of {CLIPS} clips of puppet are kept" in capsys.readouterr().out
    assert sorted(path.name for path in out.parent.iterdir()) == ["kept.json", "kept.png"]


def test_the_same_options_write_the_same_bytes(tmp_path: Path) -> None:
    written = []
    for name in ("a", "b"):
        out = tmp_path / name / "kept.json"
        assert main(["select", "--out", str(out), "--jobs", "1"]) == 0
        written.append((out.read_bytes(), out.with_suffix(".png").read_bytes()))
    assert written[0] == written[1]


def test_only_training_clips_are_chosen_unless_all_are_asked_for(
    few_puppets: PuppetCorpus, tmp_path: Path
) -> None:
    out = tmp_path / "kept.json"
    assert main(["select", "--out", str(out), "--jobs", "1", "--smallest", "1"]) == 0
    assert read(out)["clips"] == len(few_puppets.keys(split="train")) < CLIPS
    assert set(read(out)["kept"]) <= set(few_puppets.keys(split="train"))


def test_phones_of_a_prepared_corpus_are_used(
    prepared: Path, tmp_path: Path, few_puppets: PuppetCorpus
) -> None:
    out = tmp_path / "kept.json"
    options = ["--distance", "l1", "--score", "rarest", "--largest", "2", "--smallest", "2", "--jobs", "1"]
    assert main(["select", "--prepared", str(prepared), "--out", str(out), *options]) == 0
    told = read(out)
    assert (told["distance"], told["score"], len(told["kept"])) == ("l1", "rarest", 2)
    rare = [clip["key"] for clip in read(prepared / "index.json")["clips"] if len(clip["phones"]) == 2]
    assert set(told["kept"]) & set(rare)
    # The one clip that the index knows no phones of was heard.
    assert told["shares_before"]["IY"] + told["shares_before"]["L"] > 0


def test_clips_without_phones_are_left_out_and_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    find = phones.find_phones

    def fail(corpus: PuppetCorpus, key: str) -> tuple[str, ...]:
        if key.startswith("puppet/s1/"):
            raise SignalError("there is no sound in it", where=key)
        return find(corpus, key)

    monkeypatch.setattr(phones, "find_phones", fail)
    out = tmp_path / "kept.json"
    assert main(["select", "--split", "all", "--out", str(out), "--jobs", "1"]) == 0
    told = read(out)
    assert told["clips"] == CLIPS - 3
    assert len(told["skipped"]) == 3
    assert "3 clips were left out" in capsys.readouterr().out
    monkeypatch.setattr(phones, "find_phones", lambda _, key: fail(_, "puppet/s1/" + key))
    assert main(["select", "--out", str(out), "--jobs", "1"]) == 1
    assert "the phones of none of its" in capsys.readouterr().err
    assert read(out) == told


@pytest.mark.parametrize(
    ("options", "status", "told"),
    [
        (["--smallest", "99"], 2, "from 99 to 6 of 6 clips cannot be kept"),
        (["--jobs", "0"], 2, "0 jobs cannot be"),
        (["--distance", "cosine"], 2, "cosine"),
        (["--prepared", "nowhere"], 1, "nowhere: there is no such folder"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(
    options: list[str], status: int, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["select", "--out", str(tmp_path / "kept.json"), *options]) == status
    assert told in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_the_figure_does_not_overwrite_the_clips(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["select", "--out", str(tmp_path / "kept.png")]) == 2
    assert "the figure is written to this file; name it .json" in capsys.readouterr().err


def test_clips_of_another_corpus_are_refused(
    prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "open_corpus", lambda *_: PuppetCorpus(CLIPS, 4, seed=3))
    assert main(["select", "--prepared", str(prepared), "--out", str(tmp_path / "kept.json")]) == 1
    assert "which puppet does not have; name the corpus that it was prepared from" in capsys.readouterr().err


def test_a_split_without_clips_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "open_corpus", lambda *_: PuppetCorpus(2, 1))
    assert main(["select", "--split", "validation", "--out", str(tmp_path / "kept.json")]) == 1
    assert "there is no validation clip to choose from" in capsys.readouterr().err
