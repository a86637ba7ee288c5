"""A corpus to shards: all of it, again, after a kill, after a change, with bad clips among the good ones."""

from __future__ import annotations

import json
import math
import os
import shutil
from types import SimpleNamespace

import pytest
from filelock import FileLock
from samples import MadeCorpus

from lipcourse.corpora.grid import GridCorpus
from lipcourse.corpora.puppet.corpus import PuppetCorpus
from lipcourse.errors import CorpusError, ModelError, OptionError
from lipcourse.windows import corpus as corpus_module
from lipcourse.windows.corpus import PARTS, prepare
from lipcourse.windows.shards import read_index, read_shards


def shards_of(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.tar"))}


def test_every_clip_is_in_a_shard_and_in_the_index(tmp_path):
    made = prepare(MadeCorpus("abcde"), tmp_path, clips_a_shard=3)
    index = json.loads((tmp_path / "index.json").read_text())
    assert index == made.index
    assert made.done == 5
    assert index["shards"] == ["train-000000.tar", "train-000001.tar", "test-000000.tar"]
    assert [(clip["key"], clip["split"], clip["shard"]) for clip in index["clips"]] == [
        ("made/a", "train", "train-000000.tar"),
        ("made/b", "train", "train-000000.tar"),
        ("made/c", "train", "train-000000.tar"),
        ("made/d", "train", "train-000001.tar"),
        ("made/e", "test", "test-000000.tar"),
    ]
    first = index["clips"][0]
    assert (first["talker"], first["seconds"], first["phones"]) == ("s1", 0.2, [[0.0, 0.1, "AA"]])
    assert first["level"] == pytest.approx(20 * math.log10(0.1 / math.sqrt(2)), abs=0.1)
    assert sum(first["opening"]) == 5
    clips = list(read_shards(tmp_path / name for name in index["shards"]))
    assert [clip.key for clip in clips] == [f"made/{name}" for name in "abcde"]
    assert {path.name for path in tmp_path.iterdir()} == {*index["shards"], "index.json", ".lock"}


def test_bad_clips_are_left_out_with_their_reason(tmp_path):
    made = prepare(MadeCorpus("abcd", bad="ad"), tmp_path)
    assert [clip["key"] for clip in made.index["clips"]] == ["made/b", "made/c"]
    assert made.index["skipped"] == [
        {"key": "made/a", "reason": "a: it is damaged"},
        {"key": "made/d", "reason": "d: it is damaged"},
    ]
    assert [clip.key for clip in read_shards([tmp_path / "train-000000.tar"])] == ["made/b", "made/c"]


def test_a_second_run_does_nothing(tmp_path):
    prepare(MadeCorpus("abcd", bad="b"), tmp_path)
    before = shards_of(tmp_path)
    again = MadeCorpus("abcd", bad="b")
    assert prepare(again, tmp_path).done == 0
    assert again._read == []
    assert shards_of(tmp_path) == before


def test_a_run_that_broke_off_goes_on_to_the_same_result(tmp_path, monkeypatch):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    prepare(MadeCorpus("abcdefg"), whole, clips_a_shard=3)
    true = corpus_module._prepare_part
    count = SimpleNamespace(left=5)

    def killed(*arguments):
        count.left -= 1
        if count.left < 0:
            raise KeyboardInterrupt
        return true(*arguments)

    monkeypatch.setattr(corpus_module, "_prepare_part", killed)
    with pytest.raises(KeyboardInterrupt):
        prepare(MadeCorpus("abcdefg"), broken, clips_a_shard=3)
    assert not (broken / "index.json").exists()
    assert len(list((broken / PARTS).iterdir())) + 3 == 5
    monkeypatch.undo()
    again = MadeCorpus("abcdefg")
    assert prepare(again, broken, clips_a_shard=3).done == 2
    assert again._read == ["made/f", "made/g"]
    assert shards_of(broken) == shards_of(whole)
    assert (broken / "index.json").read_text() == (whole / "index.json").read_text()


def test_clips_that_come_and_go_cost_only_themselves(tmp_path):
    grown, fresh = tmp_path / "grown", tmp_path / "fresh"
    prepare(MadeCorpus("bcdefz", bad="c"), grown, clips_a_shard=2)
    after = MadeCorpus("abcez", bad="c")
    assert prepare(after, grown, clips_a_shard=2).done == 1
    assert after._read == ["made/a"]
    prepare(MadeCorpus("abcez", bad="c"), fresh, clips_a_shard=2)
    assert shards_of(grown) == shards_of(fresh)
    assert (grown / "index.json").read_text() == (fresh / "index.json").read_text()


def test_other_options_prepare_all_anew(tmp_path):
    prepare(MadeCorpus("abc"), tmp_path)
    assert prepare(MadeCorpus("abc", level=0.2), tmp_path).done == 3


def test_a_shard_that_was_cut_off_is_made_again(tmp_path):
    prepare(MadeCorpus("abcdef"), tmp_path, clips_a_shard=2)
    before = shards_of(tmp_path)
    path = tmp_path / "train-000001.tar"
    path.write_bytes(path.read_bytes()[:9000])
    assert prepare(MadeCorpus("abcdef"), tmp_path, clips_a_shard=2).done == 2
    assert shards_of(tmp_path) == before


def test_two_processes_give_the_same_shards(tmp_path):
    for jobs in (1, 2):
        prepare(PuppetCorpus(clips=3, talkers=2, size=96, keep=False), tmp_path / str(jobs), jobs=jobs)
    assert shards_of(tmp_path / "1") == shards_of(tmp_path / "2")
    index = read_index(tmp_path / "1" / "train-000000.tar")
    assert index.clips[0]["phones"]


def test_two_clips_with_one_key_are_told(tmp_path):
    made = prepare(MadeCorpus("abac"), tmp_path)
    assert [clip["key"] for clip in made.index["clips"]] == ["made/a", "made/b", "made/c"]
    assert made.index["skipped"] == [{"key": "made/a", "reason": "2 clips have this key; the first is kept"}]


def test_a_fault_of_the_machine_is_no_fault_of_the_clip(tmp_path):
    with pytest.raises(ModelError):
        prepare(MadeCorpus("abc", fatal="b"), tmp_path)


def test_a_full_disk_is_said_and_what_is_done_is_kept(tmp_path, monkeypatch):
    def full(path, index, samples):
        raise CorpusError("cannot be written (No space left on device)", where=path)

    monkeypatch.setattr(corpus_module, "write_shard", full)
    with pytest.raises(CorpusError, match="No space left"):
        prepare(MadeCorpus("abc"), tmp_path)
    assert not (tmp_path / "index.json").exists()


def test_two_runs_into_one_folder_are_refused(tmp_path):
    with FileLock(tmp_path / ".lock"), pytest.raises(CorpusError, match="another run"):
        prepare(MadeCorpus("abc"), tmp_path)


@pytest.mark.parametrize("options", [{"jobs": 0}, {"jobs": -2}, {"limit": 0}, {"clips_a_shard": 0}])
def test_odd_options_are_refused(tmp_path, options):
    with pytest.raises(OptionError):
        prepare(MadeCorpus("abc"), tmp_path, **options)


def test_a_real_clip_fits_into_half_a_megabyte_and_a_changed_file_is_read_again(grid_root, tmp_path):
    root, out = tmp_path / "grid", tmp_path / "out"
    (root / "s1").mkdir(parents=True)
    source = sorted(grid_root.glob("s1/*.mpg"))[0]
    shutil.copy(source, root / "s1")
    (root / "s1" / "swwp2s.mpg").write_bytes(b"")
    made = prepare(GridCorpus(root), out)
    assert len(made.index["clips"]) == len(made.index["skipped"]) == 1
    clip = made.index["clips"][0]
    assert (clip["frames"], clip["found"]) == (75, 1.0)
    assert (out / clip["shard"]).stat().st_size < 500_000
    assert prepare(GridCorpus(root), out).done == 0
    os.utime(root / "s1" / source.name, ns=(1, 1))
    assert prepare(GridCorpus(root), out).done == 1
