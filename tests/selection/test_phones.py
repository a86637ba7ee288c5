"""What clips say: known by a prepared corpus, known by its making, or heard."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from lipcourse.corpora.base import Corpus
from lipcourse.corpora.puppet.corpus import PuppetCorpus
from lipcourse.errors import CorpusError, SignalError
from lipcourse.media import Clip
from lipcourse.selection.phones import find_all_phones, find_phones, read_phones
from lipcourse.windows.index import INDEX_FILE
from lipcourse.windows.shards import FORMAT, FORMAT_VERSION


class Real(Corpus):
    """A clip as of a corpus that does not know its phones."""

    name = "real"

    def __init__(self, clip: Clip) -> None:
        super().__init__()
        self.clips_by_key = {
            "real/s1/good": replace(clip, phones=(), words=()),
            "real/s1/silent": replace(clip, phones=(), waveform=0 * clip.waveform, key="real/s1/silent"),
        }

    def talkers(self) -> tuple[str, ...]:
        return ("s1",)

    def keys(self, talker: str | None = None, split: str | None = None) -> tuple[str, ...]:
        return tuple(self.clips_by_key) if split in (None, "train") else ()

    def clip(self, key: str) -> Clip:
        return self.clips_by_key[key]


@pytest.fixture
def real(puppet: Clip) -> Real:
    return Real(puppet)


def test_puppets_say_what_their_clips_say_without_being_drawn(puppet: Clip) -> None:
    corpus = PuppetCorpus(1, 1, size=240)
    assert find_phones(corpus, puppet.key) == tuple(phone.label for phone in puppet.phones)


def test_phones_that_are_not_known_are_heard(real: Real, puppet: Clip) -> None:
    heard = find_phones(real, "real/s1/good")
    assert len(heard) == pytest.approx(len(puppet.phones), abs=2)
    shared = set(heard) & {phone.label for phone in puppet.phones}
    assert len(shared) > 0.8 * len(set(heard))


def test_a_clip_whose_phones_cannot_be_known_says_why(real: Real) -> None:
    found = dict(find_all_phones(real, real.keys()))
    assert list(found) == list(real.keys())
    assert isinstance(found["real/s1/good"], tuple)
    assert isinstance(found["real/s1/silent"], SignalError)
    assert "real/s1/silent: there is no sound in it" in str(found["real/s1/silent"])


def test_processes_find_the_same() -> None:
    corpus = PuppetCorpus(4, 2)
    alone, together = (list(find_all_phones(corpus, corpus.keys(), jobs=jobs)) for jobs in (1, 2))
    assert alone == together


def test_a_prepared_corpus_tells_split_and_phones(tmp_path: Path) -> None:
    known = {"talker": "s", "frames": 75, "shard": "a.tar", "seconds": 3}
    clips = [
        known | {"key": "puppet/s1/a", "split": "train", "phones": [[0.1, 0.2, "B"], [0.2, 0.3, "IH"]]},
        known | {"key": "puppet/s2/b", "split": "test", "phones": []},
    ]
    index = {"format": FORMAT, "version": FORMAT_VERSION, "origin": ["puppets", "CC0 1.0"], "clips": clips}
    (tmp_path / INDEX_FILE).write_text(json.dumps(index))
    assert read_phones(tmp_path) == {"puppet/s1/a": ("train", ("B", "IH")), "puppet/s2/b": ("test", ())}
    (tmp_path / INDEX_FILE).write_text(json.dumps(index | {"version": FORMAT_VERSION - 1}))
    with pytest.raises(CorpusError, match="prepare the corpus again"):
        read_phones(tmp_path)
