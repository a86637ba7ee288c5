"""Shards, written and read: whole, cut off, old, odd."""

from __future__ import annotations

import io
import json
import tarfile
import warnings
from contextlib import suppress

import numpy as np
import pytest
import webdataset
from fresh_python import printed
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import prepared

from lipcourse.errors import CorpusError
from lipcourse.windows.prepared import MEMBERS, decode_clip, encode_clip
from lipcourse.windows.shards import (
    INDEX,
    DamagedShardWarning,
    ShardIndex,
    is_whole,
    open_shards,
    read_index,
    read_one,
    read_samples,
    read_shards,
    sample_name,
    write_shard,
)

KEYS = ["made/s1/a", "made/s1.2/b.c", "made/s2/ü x"]


def write(path, keys=KEYS):
    samples = [encode_clip(prepared(key, seed=number, frames=4)) for number, key in enumerate(keys)]
    write_shard(path, ShardIndex([{"key": key} for key in keys]), samples)
    return path


@pytest.fixture
def shard(tmp_path):
    return write(tmp_path / "train-000000.tar")


def test_clips_come_back_in_order_with_their_keys(shard):
    assert [clip.key for clip in read_shards([shard])] == KEYS
    assert [json.loads(sample["clip.json"])["key"] for sample in read_samples(shard)] == KEYS
    assert [clip["key"] for clip in read_index(shard).clips] == KEYS
    assert is_whole(shard)


def test_one_clip_can_be_read_alone(shard):
    np.testing.assert_array_equal(
        read_one(shard, KEYS[1]).face_landmarks, list(read_shards([shard]))[1].face_landmarks
    )
    with pytest.raises(CorpusError, match="no clip 'other'"):
        read_one(shard, "other")


def test_webdataset_itself_reads_them(shard):
    samples = list(webdataset.WebDataset(str(shard), shardshuffle=False))
    assert [decode_clip(sample).key for sample in samples] == KEYS
    assert len({sample["__key__"] for sample in samples}) == len(KEYS)


def test_open_shards_is_a_stage_of_a_pipeline(shard):
    pipeline = webdataset.DataPipeline(
        webdataset.SimpleShardList([str(shard)]), open_shards, webdataset.map(decode_clip)
    )
    assert [clip.key for clip in pipeline] == KEYS


@given(st.lists(st.text(min_size=1, max_size=8), min_size=2, max_size=2, unique=True))
def test_names_tell_keys_apart_and_hold_no_dot(keys):
    first, second = map(sample_name, keys)
    assert first != second
    assert "." not in first
    assert first.isascii()


def test_writing_again_gives_the_same_bytes(tmp_path):
    assert write(tmp_path / "a.tar").read_bytes() == write(tmp_path / "b.tar").read_bytes()


def test_every_truncation_is_noticed(shard, tmp_path):
    whole = shard.read_bytes()
    with tarfile.open(shard) as tar:
        starts = [info.offset for info in tar][1:]
        end = max(info.offset_data + info.size for info in tar)
    # At the start of a header tarfile takes the end for the end of the archive, and inside one as well.
    cut = tmp_path / "cut.tar"
    for size in [*starts, *(start + 100 for start in starts), *(start + 600 for start in starts), end - 1]:
        cut.write_bytes(whole[:size])
        damaged: dict[str, str] = {}
        with pytest.warns(DamagedShardWarning, match=r"cut\.tar"):
            clips = list(read_shards([cut], damaged=damaged))
        assert [clip.key for clip in clips] == KEYS[: len(clips)]
        assert len(clips) < len(KEYS)
        assert list(damaged) == [str(cut)]
        assert not is_whole(cut)


def test_reading_goes_on_after_a_truncated_and_a_missing_shard(shard, tmp_path):
    cut = tmp_path / "cut.tar"
    cut.write_bytes(shard.read_bytes()[:20000])
    damaged: dict[str, str] = {}
    with pytest.warns(DamagedShardWarning) as warned:
        clips = list(read_shards([cut, tmp_path / "none.tar", shard], damaged=damaged))
    assert [clip.key for clip in clips][-3:] == KEYS
    assert list(damaged) == [str(cut), str(tmp_path / "none.tar")]
    assert len(warned) == 2


def test_nothing_but_damaged_shards_is_an_error(tmp_path):
    empty = tmp_path / "empty.tar"
    empty.write_bytes(b"")
    with pytest.warns(DamagedShardWarning), pytest.raises(CorpusError, match="not one shard"):
        list(read_shards([empty]))


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_flipped_bytes_are_at_worst_a_damaged_shard(data, tmp_path_factory):
    path = write(tmp_path_factory.mktemp("flip") / "a.tar", KEYS[:1])
    content = bytearray(path.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= 0xFF
    path.write_bytes(content)
    with warnings.catch_warnings(), suppress(CorpusError):
        warnings.simplefilter("ignore", DamagedShardWarning)
        list(read_shards([path]))


@pytest.mark.parametrize(
    ("version", "remedy"), [(0, "prepare the corpus again"), (2, "install the lipcourse")]
)
def test_another_version_is_refused_with_what_to_do(tmp_path, version, remedy):
    path = tmp_path / "old.tar"
    write_shard(path, ShardIndex([{"key": "a"}], version=version), [encode_clip(prepared("a"))])
    for read in (read_index, lambda path: list(read_shards([path]))):
        with pytest.raises(CorpusError, match=rf"old\.tar.*version {version}.*{remedy}"):
            read(path)
    assert not is_whole(path)


def test_other_tar_files_are_refused(tmp_path):
    path = tmp_path / "other.tar"
    with tarfile.open(path, "w") as tar:
        info = tarfile.TarInfo("hello.txt")
        info.size = 2
        tar.addfile(info, io.BytesIO(b"hi"))
    with pytest.raises(CorpusError, match="no shard of prepared clips"):
        list(read_shards([path]))
    assert not is_whole(path)


def test_a_failed_write_leaves_what_was_there(shard):
    before = shard.read_bytes()

    def breaking():
        yield encode_clip(prepared(KEYS[0]))
        raise OSError(28, "No space left on device")

    with pytest.raises(CorpusError, match=r"No space left on device.*make room"):
        write_shard(shard, ShardIndex([{"key": key} for key in KEYS]), breaking())
    assert shard.read_bytes() == before
    assert [path.name for path in shard.parent.iterdir()] == [shard.name]


def test_samples_and_clips_must_be_as_many(tmp_path):
    with pytest.raises(CorpusError, match="as many"):
        write_shard(tmp_path / "a.tar", ShardIndex([{"key": "a"}]), [])


def test_a_shard_with_nothing_in_it_is_whole(tmp_path):
    write_shard(tmp_path / "a.tar", ShardIndex(skipped=[{"key": "a", "reason": "no face"}]), [])
    assert is_whole(tmp_path / "a.tar")
    assert list(read_shards([tmp_path / "a.tar"])) == []
    with tarfile.open(tmp_path / "a.tar") as tar:
        assert tar.getnames() == [INDEX]


def test_members_are_named_as_said(shard):
    with tarfile.open(shard) as tar:
        assert tar.getnames()[1:6] == [f"made/s1/a.{name}" for name in MEMBERS]


def test_reading_imports_nothing_that_a_bare_pytorch_machine_lacks():
    code = (
        "import sys, lipcourse.windows.shards\n"
        "lacks = {'av', 'dlib', 'librosa', 'soundfile', 'joblib', 'matplotlib', 'IPython'}\n"
        "print(sorted(lacks & set(sys.modules)))"
    )
    assert printed(code) == "[]"


def test_a_clip_that_cannot_be_decoded_is_left_out_and_the_rest_is_read(shard):
    members = list(read_samples(shard))
    members[0] = {**members[0], "waveform.dpcm": b"no sound"}
    write_shard(shard, ShardIndex([{"key": key} for key in KEYS]), members)
    damaged = {}
    with pytest.warns(DamagedShardWarning, match="a clip was left out"):
        assert [clip.key for clip in read_shards([shard], damaged=damaged)] == KEYS[1:]
    assert list(damaged) == [str(shard)]


def test_a_newer_version_is_known_even_where_its_index_has_other_fields(tmp_path):
    path = tmp_path / "new.tar"
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
        facts = json.dumps({"format": "lipcourse.shard", "version": 99, "moods": []}).encode()
        info = tarfile.TarInfo(INDEX)
        info.size = len(facts)
        tar.addfile(info, io.BytesIO(facts))
    with pytest.raises(CorpusError, match=r"version 99.*install the lipcourse"):
        read_index(path)
