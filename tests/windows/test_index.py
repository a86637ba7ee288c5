"""What index.json tells, and that what is no index of today's format is refused wherever one is read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from small_corpora import read_clips, write_corpus, write_index

from lipcourse.errors import CorpusError
from lipcourse.evaluation.sources import held_out, talkers, training_sources
from lipcourse.selection.phones import read_phones
from lipcourse.windows.index import CLIP_FACTS, read_corpus_index
from lipcourse.windows.shards import FORMAT, FORMAT_VERSION
from lipcourse.windows.shelf import read_catalogue

READERS = [
    read_corpus_index,
    read_phones,
    lambda folder: read_catalogue([folder], "train"),
    lambda folder: training_sources([folder]),
    lambda folder: held_out(folder, "train", 2),
    lambda folder: talkers(folder, "train"),
]
"""All that read an index.json."""


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = write_corpus(tmp_path / "made", (40, 33))
    return write_index(folder, [clip | {"phones": [], "seconds": 1.5} for clip in read_clips(folder)])


def test_it_tells_the_origin_and_of_each_clip_what_is_needed(corpus: Path) -> None:
    index = read_corpus_index(corpus)
    assert (index.origin.corpus, index.origin.licence) == ("made", "CC0 1.0")
    assert [clip["key"] for clip in index.clips] == ["made/s0/0", "made/s1/1"]
    assert all(clip.keys() == CLIP_FACTS for clip in index.clips)
    asked = read_corpus_index(corpus, more=["seconds"])
    assert [clip.pop("seconds") for clip in asked.clips] == [1.5, 1.5]
    assert asked == index


def test_it_is_read_by_address(corpus: Path) -> None:
    assert read_corpus_index(f"file://{corpus}/") == read_corpus_index(corpus)


@pytest.mark.parametrize("read", READERS)
def test_all_readers_read_todays_format(read, corpus: Path) -> None:
    assert read(corpus)


@pytest.mark.parametrize("read", READERS)
def test_all_readers_refuse_an_older_format_and_a_newer_one(read, corpus: Path) -> None:
    write_index(corpus, [{"name": "another layout"}], version=FORMAT_VERSION - 1)
    with pytest.raises(CorpusError, match=r"index\.json: .*version 0.*prepare the corpus again"):
        read(corpus)
    write_index(corpus, [], version=FORMAT_VERSION + 1)
    with pytest.raises(CorpusError, match="install the lipcourse that wrote it"):
        read(corpus)


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "\x00",
        '{"clips": []}',
        json.dumps({"format": FORMAT, "version": FORMAT_VERSION, "clips": []}),
        json.dumps({"format": FORMAT, "version": FORMAT_VERSION, "origin": ["a", "b"], "clips": [3]}),
        json.dumps({"format": FORMAT, "version": FORMAT_VERSION, "origin": ["a"], "clips": []}),
    ],
)
def test_all_readers_refuse_a_damaged_index(read, text: str, tmp_path: Path) -> None:
    (tmp_path / "index.json").write_text(text)
    with pytest.raises(CorpusError, match=r"index\.json: is no index of prepared clips, or damaged"):
        read(tmp_path)


@pytest.mark.parametrize("read", READERS)
def test_all_readers_refuse_a_folder_without_an_index(read, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"no prepared corpus: its index\.json cannot be read"):
        read(tmp_path)
    with pytest.raises(CorpusError, match="there is no such folder"):
        read(tmp_path / "none")


def test_phones_are_asked_for_where_a_clip_has_none(corpus: Path) -> None:
    clips = read_clips(corpus)
    del clips[1]["phones"]
    write_index(corpus, clips)
    assert len(read_corpus_index(corpus).clips) == 2
    with pytest.raises(CorpusError, match=r"damaged.*phones"):
        read_phones(corpus)
