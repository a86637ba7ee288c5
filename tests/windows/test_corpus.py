"""A corpus to shards: all of it, again, after a kill, after a change, with bad clips among the good ones."""

from __future__ import annotations

import errno
import json
import math
import os
import shutil
import subprocess
import sys
import tarfile
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from filelock import FileLock
from samples import MadeCorpus, prepared

from lipcourse.corpora.folder import FolderCorpus
from lipcourse.corpora.grid import GridCorpus
from lipcourse.corpora.puppet.corpus import PuppetCorpus
from lipcourse.errors import CorpusError, ModelError, OptionError
from lipcourse.media import Segment, write_video
from lipcourse.windows import corpus as corpus_module
from lipcourse.windows.corpus import PARTS, prepare
from lipcourse.windows.prepared import encode_clip
from lipcourse.windows.shards import ShardIndex, read_index, read_shards, write_shard


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


def test_only_the_clips_asked_for_are_prepared(tmp_path):
    prepare(MadeCorpus("abcde"), tmp_path)
    only = {"made/b", "made/d", "made/e"}
    made = prepare(MadeCorpus("abcde"), tmp_path, only=only)
    assert [clip["key"] for clip in made.index["clips"]] == ["made/b", "made/d", "made/e"]
    assert (made.done, made.skipped) == (0, [])
    assert prepare(MadeCorpus("abcde"), tmp_path, only=only, limit=1).index["clips"][0]["key"] == "made/b"
    with pytest.raises(CorpusError, match="no clip"):
        prepare(MadeCorpus("abcde"), tmp_path, only=())


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


def test_other_options_or_another_maker_prepare_all_anew(tmp_path, monkeypatch):
    prepare(MadeCorpus("abc"), tmp_path)
    assert prepare(MadeCorpus("abc", level=0.2), tmp_path).done == 3
    monkeypatch.setattr(MadeCorpus, "version", "draws otherwise")
    assert prepare(MadeCorpus("abc", level=0.2), tmp_path).done == 3


def test_a_shard_that_was_cut_off_is_named_and_only_what_is_lost_is_made_again(tmp_path):
    prepare(MadeCorpus("abcdefg"), tmp_path, clips_a_shard=3)
    before = shards_of(tmp_path)
    path = tmp_path / "train-000001.tar"
    whole = path.read_bytes()
    with tarfile.open(path) as tar:
        second = next(info.offset for info in tar if info.name.startswith("made/e"))
    for size, lost in ((second + 600, "ef"), (second, "ef"), (700, "def"), (0, "def")):
        path.write_bytes(whole[:size])
        again = MadeCorpus("abcdefg")
        made = prepare(again, tmp_path, clips_a_shard=3)
        assert again._read == [f"made/{name}" for name in lost]
        assert made.done == len(lost)
        (note,) = made.notes
        assert note.startswith(f"{path}: ")
        assert note.endswith("what could not be used of it was made anew")
        assert shards_of(tmp_path) == before


def test_shards_of_an_older_format_are_made_anew_and_that_is_told(tmp_path):
    prepare(MadeCorpus("abc"), tmp_path)
    before = shards_of(tmp_path)
    old = ShardIndex([{"key": "made/a", "fingerprint": "f"}], version=0)
    write_shard(tmp_path / "train-000000.tar", old, [encode_clip(prepared("made/a"))])
    made = prepare(MadeCorpus("abc"), tmp_path)
    assert made.done == 2
    assert "train-000000.tar: its format is version 0; this code reads version" in made.notes[0]
    assert shards_of(tmp_path) == before


@pytest.mark.parametrize("kind", ["newer", "another program's", "no tar file", "compressed"])
def test_files_that_are_not_ours_are_refused_and_left_as_they_are(tmp_path, kind):
    path = tmp_path / "train-000000.tar"
    if kind == "newer":
        write_shard(path, ShardIndex(version=99), [])
    elif kind == "no tar file":
        path.write_text("my notes on trains")
    else:
        (tmp_path / "note.txt").write_text("hello")
        with tarfile.open(path, "w:gz" if kind == "compressed" else "w") as tar:
            tar.add(tmp_path / "note.txt", "note.txt")
    before = path.read_bytes()
    with pytest.raises(CorpusError, match=r"train-000000\.tar: .*; choose another folder, or move that file"):
        prepare(MadeCorpus("abc"), tmp_path)
    assert path.read_bytes() == before


def test_what_a_killed_run_was_writing_is_removed(tmp_path):
    (tmp_path / ".train-000000.tar.123.part").write_bytes(b"half")
    prepare(MadeCorpus("abc"), tmp_path)
    assert not list(tmp_path.glob("*.part"))


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


def test_a_transcript_that_goes_on_after_the_pictures_is_told(tmp_path, monkeypatch):
    true = MadeCorpus.clip
    late = (Segment(0.1, 0.9, "ah"),)

    def clip(self, key):
        return replace(true(self, key), words=late) if key == "made/b" else true(self, key)

    monkeypatch.setattr(MadeCorpus, "clip", clip)
    made = prepare(MadeCorpus("abc"), tmp_path)
    ((key, reason),) = made.skipped
    assert key == "made/b"
    assert "what is said ends at 0.90 s, but the pictures at 0.20 s; find the transcript" in reason


def test_a_corpus_of_bad_clips_is_an_error(tmp_path):
    with pytest.raises(
        CorpusError, match="none of its 2 clips could be prepared; the first, made/a: a: it is"
    ):
        prepare(MadeCorpus("ab", bad="ab"), tmp_path)


def test_a_file_that_changes_while_it_is_prepared_ends_the_run(tmp_path, monkeypatch):
    monkeypatch.setattr(corpus_module, "fingerprint", lambda *_: "another")
    with pytest.raises(CorpusError, match=r"made/a: its files or the code are not those .* run it again"):
        prepare(MadeCorpus("abc"), tmp_path)


def test_bad_files_among_good_ones_are_skipped_with_their_reasons(tmp_path, puppet, puppet_file):
    root = tmp_path / "mine"
    for name in (
        "ann/good.mp4",
        "ann/cut.mp4",
        "ben/good.mp4",
        "ben/twice.mp4",
        "ben/twice.mov",
        "ben/late.mp4",
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(puppet_file, root / name)
    (root / "ann/empty.mp4").touch()
    (root / "ann/text.mp4").write_text("no video")
    (root / "ann/cut.mp4").write_bytes(puppet_file.read_bytes()[:20000])
    (root / "ben/late.align").write_text("0 50000 good\n50000 100000 day\n")
    grey = np.full_like(puppet.frames[:20], 128)
    sound = {"waveform": puppet.waveform[:20000], "sample_rate": puppet.sample_rate}
    write_video(root / "ann/faceless.mp4", grey, fps=25, **sound)
    made = prepare(FolderCorpus(root), tmp_path / "out", jobs=2)
    assert {clip["key"] for clip in made.index["clips"]} == {
        "folder/ann/good",
        "folder/ben/good",
        "folder/ben/twice",
    }
    reasons = dict(made.skipped)
    for key, reason in {
        "folder/ann/cut": "cut off",
        "folder/ann/empty": "the file is empty",
        "folder/ann/text": "not a video",
        "folder/ann/faceless": "no face found in 20 frames",
        "folder/ben/late": "what is said ends at 4.00 s",
        "folder/ben/twice.mp4": "has the same name as twice.mov",
    }.items():
        assert reason in reasons.pop(key)
    assert not reasons
    (root / "ben/late.align").write_text("0 50000 good\n50000 60000 day\n")
    again = prepare(FolderCorpus(root), tmp_path / "out")
    assert (again.done, again.clips) == (1, 4)


FULL = """
import resource, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from samples import MadeCorpus
from lipcourse.errors import CorpusError
from lipcourse.windows.corpus import prepare
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), int(sys.argv[3])))
try:
    prepare(MadeCorpus("abcdef"), Path(sys.argv[2]), clips_a_shard=3)
except CorpusError as error:
    print(error)
"""


def test_where_the_system_takes_no_more_bytes_nothing_is_left_half_written(tmp_path):
    whole, full = tmp_path / "whole", tmp_path / "full"
    prepare(MadeCorpus("abcdef"), whole, clips_a_shard=3)
    # A part fits, a shard of three does not.
    limit = max(map(len, shards_of(whole).values())) - 1
    command = [sys.executable, "-c", FULL, str(Path(__file__).parent), str(full), str(limit)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "cannot be written (File too large); make room or choose another folder, then run it again" in told
    assert not list(full.glob("*.tar"))
    assert not list(full.rglob("*.part"))
    assert len(list((full / PARTS).iterdir())) == 3
    assert prepare(MadeCorpus("abcdef"), full, clips_a_shard=3).done == 3
    assert shards_of(full) == shards_of(whole)


def test_a_full_disk_met_while_reading_a_clip_is_no_fault_of_the_clip(tmp_path, monkeypatch):
    def full(self, key):
        raise CorpusError("its cache cannot be written") from OSError(errno.ENOSPC, "No space left")

    monkeypatch.setattr(MadeCorpus, "clip", full)
    with pytest.raises(CorpusError, match="its cache cannot be written"):
        prepare(MadeCorpus("abc"), tmp_path)


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
    # Words lie in other folders than their clips, and count as well.
    (root / "alignments").mkdir()
    shutil.copy(next(grid_root.rglob(f"{source.stem}.align")), root / "alignments")
    assert prepare(GridCorpus(root), out).done == 1
    assert len(next(read_shards([out / clip["shard"]])).words) == 6
    os.utime(root / "alignments" / f"{source.stem}.align", ns=(1, 1))
    assert prepare(GridCorpus(root), out).done == 1
    assert prepare(GridCorpus(root), out).done == 0
