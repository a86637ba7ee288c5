"""The report's counts are those of the clips, and its page is whole without a network."""

from __future__ import annotations

import base64
import re
from html.parser import HTMLParser

import cv2
import numpy as np
import pytest
from samples import MadeCorpus

from lipcourse.preparation import tally as tally_module
from lipcourse.preparation.report import draw_talkers, write_report
from lipcourse.preparation.tally import Tally, kind, tally
from lipcourse.windows.corpus import prepare


@pytest.fixture
def made(tmp_path):
    return prepare(MadeCorpus("abcdefgc", bad="bf"), tmp_path, clips_a_shard=3)


def test_counts_are_those_of_the_clips(made):
    counts = tally(made)
    assert (counts.kept, counts.left_out) == (5, 3)
    assert counts.clips == {"train": 5}
    assert counts.seconds["train"]["s1"] == pytest.approx(0.2 * counts.clips["train"])
    assert (counts.frames, counts.found, counts.full) == (25, 25, 5)
    assert counts.phones == 5
    assert counts.opening.sum() == 25
    assert counts.levels.sum() == counts.peaks.sum() == 5
    # A sine of amplitude 0.1 has -23 dB, which lie in the bar from -24 to -22.
    assert counts.levels[(-24 + 60) // 2] == 5
    assert counts.reasons == {"it is damaged": 2, "… clips have this key; the first is kept": 1}
    assert {key for _, key in counts.shown} == {clip["key"] for clip in made.index["clips"]}


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        (
            "talks/s1/a.mpg: the file is cut off after 1.20 of 3.00 s",
            "the file is cut off after … of … s",
        ),
        ("a face in only 12 of 75 frames", "a face in only … of … frames"),
        ("it says 'bin', but the clip is 'lay'", "it says …, but the clip is …"),
        ("no face found", "no face found"),
    ],
)
def test_reasons_of_one_kind_are_counted_together(reason, expected):
    assert kind(reason) == expected


def test_every_talker_is_shown_before_any_is_shown_twice(monkeypatch):
    monkeypatch.setattr(tally_module, "SHOWN", 4)
    counts = Tally(
        first={"s1": ("x.tar", "a"), "s2": ("x.tar", "b")},
        others=[("x.tar", name) for name in "abcdef"],
    )
    assert [key for _, key in counts.shown] == ["a", "b", "c", "e"]
    counts = Tally(first={f"s{number}": ("x.tar", f"{number}") for number in range(8)})
    assert [key for _, key in counts.shown] == ["0", "2", "4", "6"]


class Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.sources, self.alts = [], []

    def handle_starttag(self, tag, attributes):
        named = dict(attributes)
        self.sources += [named[name] for name in ("src", "href") if name in named]
        if tag == "img":
            self.alts.append(named["alt"])


def test_the_page_holds_all_it_shows(made):
    path = write_report(made)
    text = path.read_text()
    links = Links()
    links.feed(text)
    assert len(links.sources) == len(links.alts) == 4
    assert all(links.alts)
    for source in links.sources:
        head, data = source.split(",")
        assert head == "data:image/png;base64"
        assert cv2.imdecode(np.frombuffer(base64.b64decode(data), np.uint8), cv2.IMREAD_COLOR).std() > 5
    assert not re.search(r"https?://|<script", text)
    for told in ("clips in<td>8", "kept<td>5,", "left out<td>3", "it is damaged", "in 100.00% of 25 frames"):
        assert told in text


@pytest.mark.parametrize("talkers", [3, 200])
def test_many_talkers_become_a_histogram(talkers):
    counts = Tally()
    for number in range(talkers):
        counts.seconds["test" if number % 5 == 0 else "train"][f"s{number}"] = 3.0 * (1 + number % 7)
    (axes,) = draw_talkers(counts).axes
    assert axes.get_ylabel() == ("seconds" if talkers == 3 else "talkers")
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["train", "test"]
