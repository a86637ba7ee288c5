"""The delay study over a corpus: a small corpus whose leads are known, what is written, what is refused."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from lipcourse.cli import main
from lipcourse.corpora.base import Corpus
from lipcourse.corpora.puppet.corpus import PuppetCorpus
from lipcourse.delays import command
from lipcourse.delays.command import choose_keys
from lipcourse.delays.measure import ClipDelays, add_noise, collect, measure_clip, measure_corpus
from lipcourse.delays.report import Study, draw, plot_histogram, table
from lipcourse.errors import CorpusError, MediaError, SignalError
from lipcourse.media import Clip, Origin
from lipcourse.pictures import subplots
from lipcourse.signals.alignment import MEAN_FACE
from lipcourse.signals.sync import METHODS, OFFSETS, DelayStudy

RATE = 8000


def talk(lead: int | None, *, seed: int = 0, frames: int = 50) -> Clip:
    """A drawn mouth that opens as it grows loud, `lead` frames early."""
    random = np.random.default_rng(seed)
    drawn = np.clip(np.convolve(random.normal(size=frames + 9), (0.5, 1, 0.5), "valid"), 0.05, 2)
    ahead = lead or 0
    opening, loudness = drawn[7 : 7 + frames], drawn[7 - ahead : 7 - ahead + frames]
    points = (MEAN_FACE * 64 + 8).astype(np.float32)
    centre = points[48:68].mean(0)
    pictures = np.full((frames, 80, 80, 3), (224, 172, 140), np.uint8)
    texture = random.integers(-40, 40, (80, 80, 1))
    for picture, gap in zip(pictures, opening, strict=True):
        for radii, colour in (((13, 4 + 4 * gap), (170, 60, 70)), ((9, 4 * gap), (50, 10, 20))):
            place, size = np.rint(centre * 16).astype(int), np.rint(np.array(radii) * 16).astype(int)
            box = (tuple(map(int, place)), tuple(map(int, size)))
            points_of_lip = cv2.ellipse2Poly(*box, 0, 0, 360, 5)
            cv2.fillPoly(picture, [points_of_lip], colour, cv2.LINE_AA, 4)
    pictures[:] = np.clip(pictures + texture, 0, 255)
    amplitude = np.repeat(10 ** (loudness - 2), RATE // 25)
    waveform = (0.3 * amplitude * np.sign(random.normal(size=len(amplitude)))).astype(np.float32)
    metadata = {} if lead is None else {"lead_frames": lead}
    landmarks = np.repeat(points[None], frames, axis=0)
    key = f"drawn/s1/{seed}"
    return Clip(
        key,
        "s1",
        pictures,
        25.0,
        waveform,
        RATE,
        Origin("drawn", "CC0"),
        landmarks=landmarks,
        metadata=metadata,
    )


class DrawnCorpus(Corpus):
    """Four clips of which one cannot be read, one is too short, and one shows no face."""

    name = "drawn"
    origin = Origin("drawn", "CC0")

    def talkers(self) -> tuple[str, ...]:
        return ("s1",)

    def keys(self, talker=None, split=None) -> tuple[str, ...]:
        return ("good", "broken", "short", "faceless", "silent")

    def clip(self, key: str) -> Clip:
        if key == "broken":
            raise MediaError("is cut off", where="broken.mp4")
        clip = replace(talk(3, frames=12 if key == "short" else 50), key=key)
        if key == "faceless":
            return replace(clip, frames=np.zeros_like(clip.frames), landmarks=None)
        return replace(clip, waveform=np.zeros_like(clip.waveform)) if key == "silent" else clip


class EmptyCorpus(DrawnCorpus):
    def keys(self, talker=None, split=None) -> tuple[str, ...]:
        return ()


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("LIPCOURSE_CACHE", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.delenv("LIPCOURSE_GRID", raising=False)
    return


@pytest.fixture(scope="module")
def measured() -> list[ClipDelays]:
    return [measure_clip(talk(lead, seed=lead)) for lead in OFFSETS]


@pytest.mark.parametrize("lead", OFFSETS)
def test_opening_finds_the_lead_of_a_drawn_mouth(lead: int, measured: list[ClipDelays]) -> None:
    assert measured[lead].lead == lead
    assert measured[lead].correlations["opening"].argmax() == lead
    assert measured[lead].correlations["opening"][lead] > 0.5


@pytest.mark.parametrize("flow_method", ["farneback", "dis"])
def test_any_flow_serves(flow_method: str) -> None:
    clip = measure_clip(talk(4), methods=("opening",), flow_method=flow_method)
    assert clip.correlations.keys() == {"opening"}
    assert clip.correlations["opening"].argmax() == 4


def test_the_lead_of_puppets_is_found_within_a_frame_with_noise_and_without() -> None:
    corpus = PuppetCorpus(3, 3, seed=7, size=96)
    for noise_snr in (None, 10.0):
        results = list(measure_corpus(corpus, corpus.keys(), noise_snr=noise_snr))
        studies = collect([clip for clip in results if isinstance(clip, ClipDelays)])
        assert studies["opening"].found_within(1) == 1


def test_a_silent_clip_and_a_still_mouth_are_said_to_be() -> None:
    clip = talk(2)
    with pytest.raises(SignalError, match="does not change"):
        measure_clip(replace(clip, waveform=np.zeros_like(clip.waveform)))
    with pytest.raises(SignalError, match="does not change"):
        measure_clip(replace(clip, frames=np.repeat(clip.frames[:1], 50, axis=0)))


def test_noise_has_the_power_asked_for_and_is_the_same_each_time() -> None:
    waveform = talk(0).waveform
    noise = add_noise(waveform, 10.0) - waveform
    ratio = 10 * np.log10(np.mean(waveform**2) / np.mean(noise**2))
    assert ratio == pytest.approx(10, abs=0.2)
    np.testing.assert_array_equal(add_noise(waveform, 10.0), add_noise(waveform, 10.0))
    assert waveform.dtype == add_noise(waveform, 10.0).dtype


def test_bad_clips_are_left_out_with_their_reasons() -> None:
    corpus = DrawnCorpus()
    good, *skipped = measure_corpus(corpus, corpus.keys())
    assert isinstance(good, ClipDelays)
    reasons = dict(skipped)
    assert list(reasons) == ["broken", "short", "faceless", "silent"]
    assert reasons["broken"] == "broken.mp4: is cut off"
    assert "too few" in reasons["short"]
    assert "no face" in reasons["faceless"]
    assert "does not change" in reasons["silent"]


def test_processes_measure_the_same() -> None:
    corpus = PuppetCorpus(2, 2, size=96)
    one, two = (list(measure_corpus(corpus, corpus.keys(), jobs=jobs)) for jobs in (1, 2))
    for first, second in zip(one, two, strict=True):
        assert first.key == second.key
        for method in METHODS:
            np.testing.assert_allclose(first.correlations[method], second.correlations[method], atol=1e-6)


def test_the_table_and_summary_hold_each_clip_and_method(measured: list[ClipDelays]) -> None:
    rows = list(csv.DictReader(table(measured).splitlines()))
    assert len(rows) == len(measured) * len(METHODS)
    opening = [row for row in rows if row["method"] == "opening"]
    assert [int(row["best_offset"]) for row in opening] == [int(row["lead_frames"]) for row in opening]
    assert float(opening[3]["r3"]) == pytest.approx(measured[3].correlations["opening"][3], abs=1e-4)
    unknown = replace(measured[0], lead=None)
    assert next(csv.DictReader(table([unknown]).splitlines()))["lead_frames"] == ""
    summary = Study("drawn", "dis", 3.0, measured, {"bad": "why"}).summary()
    assert summary["methods"]["opening"]["histogram"] == [1] * 8
    assert summary["methods"]["opening"]["found_exactly"] == 1
    assert summary["skipped"] == {"bad": "why"}
    assert json.loads(json.dumps(summary)) == summary


def test_the_figure_has_a_row_a_method_with_the_example_and_the_histogram(measured: list[ClipDelays]) -> None:
    figure = draw(measured, measured[5])
    assert len(figure.axes) == 9
    tracks, offsets, histogram = figure.axes[6:]
    assert measured[5].key in tracks.get_title()
    assert "5 frames later" in tracks.get_legend().get_texts()[1].get_text()
    np.testing.assert_array_equal(offsets.lines[0].get_ydata(), measured[5].correlations["opening"])
    assert [bar.get_height() for bar in histogram.patches] == [1] * 8
    assert histogram.get_title() == "100% within one frame"


def test_a_histogram_without_known_leads_claims_nothing() -> None:
    _, axes = subplots()
    plot_histogram(axes, DelayStudy(("a",), np.eye(8)[2:3], (None,)))
    assert axes.get_title() == ""
    assert not axes.lines


def test_keys_are_chosen_evenly_with_the_example_among_them() -> None:
    corpus = PuppetCorpus(10, 5)
    keys = corpus.keys()
    assert choose_keys(corpus, None) == list(keys)
    assert choose_keys(corpus, 3) == [keys[0], keys[3], keys[6]]
    assert choose_keys(corpus, 99) == list(keys)
    assert choose_keys(corpus, 3, keys[5]) == [keys[5], keys[3], keys[6]]
    with pytest.raises(CorpusError, match="no clip 'puppet/s1/nobody'"):
        choose_keys(corpus, 3, "puppet/s1/nobody")
    with pytest.raises(CorpusError, match="no clip here"):
        choose_keys(EmptyCorpus(), None)


def test_the_command_writes_figure_and_tables_and_lists_what_it_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "open_corpus", lambda name, root: DrawnCorpus())
    out = tmp_path / "new" / "folder"
    assert main(["delays", "--out", str(out), "--jobs", "1", "--noise-snr", "20", "--flow", "dis"]) == 0
    assert sorted(path.name for path in out.iterdir()) == ["delays.csv", "delays.json", "delays.png"]
    summary = json.loads((out / "delays.json").read_text())
    assert (summary["clips"], summary["flow"], summary["noise_snr"]) == (1, "dis", 20)
    assert list(summary["skipped"]) == ["broken", "short", "faceless", "silent"]
    assert cv2.imread(str(out / "delays.png")).shape[1] > 1000
    told = capsys.readouterr().out
    assert "4 clips were left out" in told
    assert "broken.mp4: is cut off" in told


def test_one_method_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "open_corpus", lambda name, root: DrawnCorpus())
    assert main(["delays", "--out", str(tmp_path), "--jobs", "1", "--method", "opening", "--limit", "1"]) == 0
    summary = json.loads((tmp_path / "delays.json").read_text())
    assert list(summary["methods"]) == ["opening"]
    assert summary["methods"]["opening"]["found_within_one"] == 1


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (["--limit", "0"], 2, "limit of 1 or more"),
        (["--jobs", "0"], 2, "0 jobs"),
        (["--corpus", "nowhere"], 2, "choose from"),
        (["--example", "nobody"], 1, "no clip 'nobody'"),
        (["--method", "guess"], 2, "guess"),
        (["--corpus", "grid"], 1, "LIPCOURSE_GRID"),
    ],
)
def test_wrong_options_are_one_line_and_write_nothing(
    words: list[str], status: int, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["delays", "--out", str(tmp_path / "out"), *words]) == status
    assert message in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "out").exists()


def test_a_file_in_place_of_the_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    taken = tmp_path / "taken"
    taken.write_text("mine")
    assert main(["delays", "--corpus", "puppet", "--limit", "1", "--out", str(taken)]) == 2
    assert "cannot be used as a folder" in capsys.readouterr().err
    assert taken.read_text() == "mine"


def test_a_corpus_without_a_good_clip_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(DrawnCorpus, "keys", lambda self, talker=None, split=None: ("broken", "short"))
    monkeypatch.setattr(command, "open_corpus", lambda name, root: DrawnCorpus())
    assert main(["delays", "--out", str(tmp_path), "--jobs", "1"]) == 1
    assert "none of its 2 clips" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.grid
def test_on_grid_most_clips_agree(grid_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIPCOURSE_GRID", str(grid_root))
    corpus = command.open_corpus("grid", None)
    keys = [corpus.keys(talker)[0] for talker in corpus.talkers()[:6]]
    results = list(measure_corpus(corpus, keys, methods=("opening",)))
    studies = collect([clip for clip in results if isinstance(clip, ClipDelays)])
    assert len(studies["opening"].keys) >= 5
    assert np.median(studies["opening"].best_offsets) <= 1
    assert studies["opening"].found_within(1) is None
