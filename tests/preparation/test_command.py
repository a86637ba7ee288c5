"""`lipcourse prepare`, from its options to what it tells."""

from __future__ import annotations

import json
import shutil

import pytest

from lipcourse.corpora.puppet.writer import PuppetOptions
from lipcourse.errors import OptionError
from lipcourse.preparation.command import run
from lipcourse.windows.index import read_corpus_index
from lipcourse.windows.prepared import decode_clip
from lipcourse.windows.shards import read_samples


def test_a_corpus_is_prepared_and_told(grid_root, tmp_path, capsys):
    (tmp_path / "grid" / "s1").mkdir(parents=True)
    shutil.copy(sorted(grid_root.glob("s1/*.mpg"))[0], tmp_path / "grid" / "s1")
    (tmp_path / "grid" / "s1" / "swwp2s.mpg").write_bytes(b"")
    run(out=tmp_path / "out", corpus="grid", root=tmp_path / "grid", jobs=1)
    told = capsys.readouterr().out
    assert "1 clips are in 1 shards; 2 were done now." in told
    assert "grid/s1/swwp2s: " in told
    assert (tmp_path / "out" / "index.json").is_file()
    assert str(tmp_path / "out" / "report.html") in told


def test_puppets_to_prepare_can_be_chosen(tmp_path):
    puppets = PuppetOptions(clips=1, talkers=1, size=160, lead_frames=2)
    run(out=tmp_path, corpus="puppet", jobs=1, puppets=puppets)
    (shard,) = tmp_path.glob("*.tar")
    (clip,) = (decode_clip(sample) for sample in read_samples(shard))
    assert clip.metadata["lead_frames"] == 2


def test_odd_options_are_refused(tmp_path):
    with pytest.raises(OptionError):
        run(out=tmp_path / "out", corpus="puppet", limit=0)


def test_the_clips_of_a_selection_are_prepared(tmp_path):
    puppets = PuppetOptions(clips=3, talkers=3, size=160)
    corpus = puppets.open()
    keys = corpus.keys(split="train")
    kept = tmp_path / "kept.json"
    kept.write_text(json.dumps({"corpus": "puppet", "split": "all", "kept": keys[-1:]}))
    run(out=tmp_path / "out", corpus="puppet", jobs=1, puppets=puppets, only=kept)
    assert [clip["key"] for clip in read_corpus_index(tmp_path / "out").clips] == [keys[-1]]
