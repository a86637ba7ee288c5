"""What a loader says of damage, of older formats, and of corpora that cannot be used as asked."""

from __future__ import annotations

import json
import tarfile
import warnings

import pytest
from small_corpora import LENGTHS, listed, read_clips, windows, write_corpus, write_index

from lipcourse.errors import CorpusError
from lipcourse.windows.dataset import WindowLoader, WindowsWarning
from lipcourse.windows.shards import FORMAT_VERSION, DamagedShardWarning


@pytest.fixture
def corpus(tmp_path):
    return write_corpus(tmp_path / "made")


def cut_short(path, clip):
    """Cut a shard off in the pictures of one of its clips."""
    with tarfile.open(path) as tar:
        places = {info.name: info.offset_data for info in tar}
    place = next(offset for name, offset in places.items() if name.endswith(f"/{clip}.mouths.jpg"))
    path.write_bytes(path.read_bytes()[: place + 50])


def given_windows(loader):
    return sorted(window for batch in loader for window in listed(batch))


def left(lost):
    return [window for window in windows(LENGTHS) if window[0] not in lost]


@pytest.mark.parametrize("workers", [0, 1])
@pytest.mark.parametrize("shuffle", [True, False])
def test_a_truncated_shard_is_named_and_the_epoch_goes_on(corpus, workers, shuffle):
    shard = corpus / "train-000001.tar"
    cut_short(shard, 6)
    loader = WindowLoader(corpus, "glance", workers=workers, shuffle=shuffle)
    with pytest.warns(DamagedShardWarning, match=r"train-000001\.tar"):
        batches = list(loader)
    assert sorted(window for batch in batches for window in listed(batch)) == left({6, 7})
    assert list(loader.damaged) == [str(shard)]
    assert loader.lost == 2
    for batch in batches:
        # Red tells the clip: a mismatch is of neither the same nor a lost one.
        others = ((batch.other_video[:, 0].float().mean((1, 2, 3)) - 10) / 20).round().long().tolist()
        assert all(other not in (own, 6, 7) for other, (own, _) in zip(others, listed(batch), strict=True))


def test_a_missing_shard_is_named_and_the_epoch_goes_on(corpus):
    (corpus / "train-000000.tar").unlink()
    loader = WindowLoader(corpus, "glance")
    with pytest.warns(DamagedShardWarning, match=r"train-000000\.tar"):
        assert given_windows(loader) == left({0, 1, 2, 3})


def test_a_clip_that_cannot_be_decoded_is_left_out(corpus):
    shard = corpus / "train-000000.tar"
    whole = shard.read_bytes()
    with tarfile.open(shard) as tar:
        place = next(info.offset_data for info in tar if info.name.endswith("/2.waveform.dpcm"))
    shard.write_bytes(whole[:place] + b"\xff" * 100 + whole[place + 100 :])
    loader = WindowLoader(corpus, "glance")
    with pytest.warns(DamagedShardWarning, match="made/s2/2"):
        assert given_windows(loader) == left({2})
    assert loader.lost == 1


def test_a_clip_of_another_length_than_told_is_left_out(corpus):
    clips = read_clips(corpus)
    clips[3]["frames"] += 5
    write_index(corpus, clips)
    with pytest.warns(DamagedShardWarning, match=r"index\.json"):
        assert given_windows(WindowLoader(corpus, "atvg")) == left({3})


def test_all_processes_give_as_many_batches_when_a_shard_is_damaged(corpus):
    (corpus / "train-000000.tar").write_bytes(b"")
    for rank in (0, 1):
        loader = WindowLoader(corpus, "glance", batch=1, rank=rank, world=2)
        with pytest.warns(DamagedShardWarning):
            sizes = [len(batch) for batch in loader]
        assert len(sizes) == len(loader)
        assert min(sizes) == 1


def test_nothing_but_damage_is_an_error(corpus):
    for shard in corpus.glob("*.tar"):
        shard.write_bytes(b"")
    with pytest.warns(DamagedShardWarning), pytest.raises(CorpusError, match="not one clip"):
        list(WindowLoader(corpus, "glance"))


@pytest.mark.parametrize("workers", [0, 1])
def test_a_shard_of_an_older_format_is_refused(corpus, workers):
    shard = corpus / "train-000001.tar"
    version = f'"version": {FORMAT_VERSION}'.encode()
    assert version in shard.read_bytes()
    shard.write_bytes(shard.read_bytes().replace(version, b'"version": 0'))
    with pytest.raises(
        CorpusError, match=r"train-000001\.tar: .*version 0.*prepare the corpus again"
    ) as caught:
        list(WindowLoader(corpus, "glance", workers=workers))
    assert "\n" not in str(caught.value)


def test_an_index_of_another_format_is_refused(corpus):
    write_index(corpus, [{"name": "another layout"}], version=FORMAT_VERSION - 1)
    with pytest.raises(CorpusError, match="prepare the corpus again"):
        WindowLoader(corpus, "glance")
    write_index(corpus, [], version=FORMAT_VERSION + 1)
    with pytest.raises(CorpusError, match="install the lipcourse that wrote it"):
        WindowLoader(corpus, "glance")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        json.dumps({"format": "another", "version": 1, "clips": []}),
        json.dumps(
            {"format": "lipcourse prepared clips", "version": FORMAT_VERSION, "clips": [{"key": "a"}]}
        ),
        json.dumps(
            {
                "format": "lipcourse prepared clips",
                "version": FORMAT_VERSION,
                "clips": [
                    {"key": "a", "talker": "s", "split": "train", "frames": 75, "shard": "../outside.tar"}
                ],
            }
        ),
    ],
)
def test_a_damaged_index_is_refused(tmp_path, text):
    (tmp_path / "index.json").write_text(text)
    with pytest.raises(CorpusError, match=r"index\.json.*prepare the corpus again"):
        WindowLoader(tmp_path, "glance")


def test_a_folder_that_is_no_prepared_corpus_is_refused(tmp_path):
    with pytest.raises(CorpusError, match="no such folder"):
        WindowLoader(tmp_path / "none", "glance")
    with pytest.raises(CorpusError, match=r"no prepared corpus.*lipcourse prepare"):
        WindowLoader(tmp_path, "glance")


def test_an_empty_split_is_refused_and_the_others_are_named(corpus):
    with pytest.raises(CorpusError, match=r"split 'test' \(train has 10\)"):
        WindowLoader(corpus, "glance", split="test")


def test_the_same_corpus_twice_is_refused(corpus):
    with pytest.raises(CorpusError, match="two clips have the key"):
        WindowLoader([corpus, corpus], "glance")


def test_short_clips_are_counted_and_said(tmp_path):
    corpus = write_corpus(tmp_path, (40, 15, 40, 3))
    with pytest.warns(WindowsWarning, match="2 of 4 clips are shorter than 16 frames"):
        loader = WindowLoader(corpus, "glance")
    assert loader.short == 2
    assert given_windows(loader) == windows((40, 0, 40))
    with pytest.raises(CorpusError, match=r"longest clip .* has 40 frames"):
        WindowLoader(corpus, "glance", frames=41)


def test_mismatches_of_a_single_talker_are_said_and_of_a_single_clip_refused(tmp_path):
    alone = write_corpus(tmp_path / "talker", (40, 40), talkers=1)
    with pytest.warns(WindowsWarning, match="one talker"):
        assert given_windows(WindowLoader(alone, "glance")) == windows((40, 40))
    single = write_corpus(tmp_path / "clip", (40,))
    with pytest.raises(CorpusError, match="prepare two clips or more"):
        WindowLoader(single, "glance")
    assert given_windows(WindowLoader(single, "atvg")) == windows((40,))


def test_a_talker_in_training_and_testing_is_said_clearly(tmp_path):
    corpus = write_corpus(tmp_path, (40, 40, 40))
    training = read_clips(corpus)
    write_corpus(tmp_path, (40, 40), talkers=2, split="test")
    testing = [clip | {"key": f"{clip['key']}-test"} for clip in read_clips(corpus)]
    write_index(corpus, training + testing)
    with pytest.raises(CorpusError, match="unseen talkers, but there are clips of s0, s1"):
        WindowLoader(corpus, "glance", unseen="talkers")
    with pytest.warns(WindowsWarning, match="s0, s1: for training as well"):
        WindowLoader(corpus, "glance", split="test")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        WindowLoader(corpus, "glance", split="test", unseen="sentences")
        WindowLoader(corpus, "glance")
