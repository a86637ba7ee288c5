"""GRID as a user fetches it: the script, from a server that behaves like Zenodo."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from archives import tree, zip_of
from fake_zenodo import FakeZenodo, Mood
from filelock import FileLock

from lipcourse.corpora.grid import GridCorpus
from lipcourse.fetching import grid, ledger
from lipcourse.fetching.script import main

SENTENCES = ("bbaf2n", "lgwm5a", "pwij3p")
Script = Callable[..., int]


def film(talker: str, sentence: str) -> bytes:
    return f"{talker} {sentence}".encode() * 200


@pytest.fixture
def grid_server(zenodo: FakeZenodo) -> FakeZenodo:
    for talker in ("s1", "s2", "s10"):
        clips = {f"{talker}/{sentence}.mpg": film(talker, sentence) for sentence in SENTENCES}
        clutter = {f"__MACOSX/{talker}/._bbaf2n.mpg": b"x", f"{talker}/.DS_Store": b"x"}
        zenodo.files[f"{talker}.zip"] = zip_of(clips | clutter)
    # As in the archive, the folders bear wrong talkers' numbers.
    words = b"0 2500 sil\n2500 5000 bin\n"
    zenodo.files["alignments.zip"] = zip_of(
        {f"alignments/s9/{sentence}.align": words for sentence in SENTENCES}
    )
    zenodo.files["audio_25k.zip"] = zip_of({"audio_25k/s1/bbaf2n.wav": b"x"})
    zenodo.files["jasagrid.pdf"] = b"%PDF"
    return zenodo


@pytest.fixture
def script(grid_server: FakeZenodo, tmp_path: Path) -> Script:
    """Runs the script for GRID into a folder and returns its exit status."""

    def run(*words: str) -> int:
        out = ["--out", str(tmp_path / "grid"), "--server", grid_server.address]
        return main(grid.GridOptions, grid.install, "GRID", [*out, *words])

    return run


def test_all_of_grid_is_fetched_unpacked_and_listed(
    script: Script, grid_server: FakeZenodo, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert script() == 0
    out = tmp_path / "grid"
    clips = {
        f"{talker}/{sentence}.mpg": film(talker, sentence)
        for talker in ("s1", "s2", "s10")
        for sentence in SENTENCES
    }
    there = tree(out)
    listed = there.pop("clips.csv").decode()
    assert {name: data for name, data in there.items() if name.endswith(".mpg")} == clips
    assert set(there) - set(clips) == {f"alignments/s9/{sentence}.align" for sentence in SENTENCES}
    rows = list(csv.DictReader(listed.splitlines()))
    assert [row["key"] for row in rows] == list(GridCorpus(out).keys())
    assert {row["file"]: int(row["bytes"]) for row in rows} == {
        name: len(data) for name, data in clips.items()
    }
    told = capsys.readouterr().out
    assert "9 clips of 3 talkers" in told
    assert "9 with a text" in told
    assert not grid_server.asked_for("audio_25k.zip")


def test_words_are_found_by_name_whatever_their_folder(script: Script, tmp_path: Path) -> None:
    assert script() == 0
    recording = GridCorpus(tmp_path / "grid").recording("grid/s10/lgwm5a")
    assert [text.parent.name for text in recording.texts] == ["s9"]


def test_one_archive_is_on_the_disk_at_a_time(
    script: Script, grid_server: FakeZenodo, tmp_path: Path
) -> None:
    out = tmp_path / "grid"
    largest = corpus = 0

    def look(name: str) -> None:
        nonlocal largest
        assert not list(out.glob("*.zip"))
        used = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
        largest = max(largest, used + len(grid_server.files[name]))

    grid_server.on_request = look
    assert script() == 0
    corpus = sum(map(len, tree(out).values()))
    assert 0 < largest <= 2 * corpus


def test_a_second_run_downloads_nothing(
    script: Script, grid_server: FakeZenodo, capsys: pytest.CaptureFixture[str]
) -> None:
    assert script() == 0
    asked = len(grid_server.requests)
    assert script() == 0
    assert [request.path for request in grid_server.requests[asked:]] == ["/api/records/3625687"]
    assert capsys.readouterr().out.count("was unpacked already") == 4


def test_what_was_lost_or_has_changed_is_fetched_again(
    script: Script, grid_server: FakeZenodo, tmp_path: Path
) -> None:
    assert script() == 0
    (tmp_path / "grid/s2/lgwm5a.mpg").unlink()
    grid_server.files["s10.zip"] = zip_of({"s10/bbaf2n.mpg": b"a new film"})
    assert script() == 0
    asked = {name: len(grid_server.asked_for(name)) for name in grid_server.files}
    assert asked == {
        "s1.zip": 1, "s2.zip": 2, "s10.zip": 2, "alignments.zip": 1, "audio_25k.zip": 0, "jasagrid.pdf": 0,
    }  # fmt: skip
    there = tree(tmp_path / "grid")
    assert there["s2/lgwm5a.mpg"] == film("s2", "lgwm5a")
    assert there["s10/bbaf2n.mpg"] == b"a new film"


def test_some_talkers_and_some_clips(script: Script, grid_server: FakeZenodo, tmp_path: Path) -> None:
    assert script("--talkers", "s1", "s10", "--limit", "2") == 0
    assert GridCorpus(tmp_path / "grid").talkers() == ("s1", "s10")
    assert len(GridCorpus(tmp_path / "grid")) == 4
    assert not grid_server.asked_for("s2.zip")
    assert script("--talkers", "s1") == 0  # all of its clips are wanted now
    assert len(GridCorpus(tmp_path / "grid").keys("s1")) == 3
    asked = len(grid_server.requests)
    assert script("--talkers", "s1", "--limit", "1") == 0  # they are there
    assert len(grid_server.requests) == asked + 1


def test_a_dry_run_writes_nothing(
    script: Script, grid_server: FakeZenodo, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert script("--talkers", "s2", "--dry-run") == 0
    assert not list(tmp_path.iterdir())
    assert len(grid_server.requests) == 1
    told = capsys.readouterr().out
    checksum = hashlib.md5(grid_server.files["s2.zip"]).hexdigest()
    assert f"s2.zip: 0.0 MB, md5:{checksum}" in told
    assert "nothing was done" in told
    assert "s1.zip" not in told


def test_a_broken_line_is_gone_on_from(script: Script, grid_server: FakeZenodo, tmp_path: Path) -> None:
    grid_server.moods["s1.zip"] = [Mood(breaks_after=50), Mood(429)]
    assert script("--talkers", "s1") == 0
    assert grid_server.asked_for("s1.zip") == [None, "bytes=50-", "bytes=50-"]
    assert tree(tmp_path / "grid")["s1/bbaf2n.mpg"] == film("s1", "bbaf2n")


def test_a_run_that_broke_off_is_gone_on_with(
    script: Script, grid_server: FakeZenodo, tmp_path: Path
) -> None:
    grid_server.moods["s2.zip"] = [Mood(breaks_after=70), Mood(404)]
    assert script() == 1
    assert (tmp_path / "grid/s2.zip.part").stat().st_size == 70
    assert script() == 0
    assert grid_server.asked_for("s2.zip") == [None, "bytes=70-", "bytes=70-"]
    assert grid_server.asked_for("s1.zip") == [None]
    assert len(GridCorpus(tmp_path / "grid")) == 9


@pytest.mark.parametrize(
    ("name", "mood", "words"),
    [
        ("record", Mood(404), "no such file on the server (404)"),
        ("s1.zip", Mood(404), "no such file on the server (404)"),
        ("s1.zip", Mood(403), "the server refuses it (403)"),
        ("s1.zip", Mood(429, {"Retry-After": "3600"}), "the server asks to wait 60 minutes"),
    ],
)
def test_failures_are_one_line(
    script: Script,
    grid_server: FakeZenodo,
    capsys: pytest.CaptureFixture[str],
    name: str,
    mood: Mood,
    words: str,
) -> None:
    grid_server.moods[name] = [mood]
    assert script() == 1
    error = capsys.readouterr().err
    assert words in error
    assert error.startswith(f"error: {grid_server.address}")
    assert error.count("\n") == 1


def test_a_wrong_checksum_is_one_line(
    script: Script, grid_server: FakeZenodo, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    grid_server.checksums["s1.zip"] = "0" * 32
    assert script() == 1
    error = capsys.readouterr().err
    assert f"not what the record's checksum says (md5:{'0' * 32}); it was deleted; run it again" in error
    assert error.count("\n") == 1
    assert not list((tmp_path / "grid").glob("s1*"))


def test_a_hostile_archive_is_one_line(
    script: Script, grid_server: FakeZenodo, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    grid_server.files["s1.zip"] = zip_of({"../evil.mpg": b"x"})
    assert script() == 1
    error = capsys.readouterr().err
    assert "could lead out of its folder" in error
    assert error.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["grid"]


def test_options_that_cannot_be(script: Script, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert script("--talkers", "s1", "s21") == 2
    assert "there is no talker s21; choose from s1, s2, s10" in capsys.readouterr().err
    assert script("--limit", "0") == 2
    assert "choose a limit of 1 or more" in capsys.readouterr().err
    (tmp_path / "grid").write_text("a file, not a folder")
    assert script() == 1
    assert "cannot be used" in capsys.readouterr().err


def test_two_runs_do_not_write_into_one_folder(
    script: Script, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "grid").mkdir()
    with FileLock(tmp_path / "grid" / ".lock"):
        assert script() == 1
    assert "another run is writing into it; wait for it" in capsys.readouterr().err
    assert not list((tmp_path / "grid").glob("s*"))


def test_notes_that_cannot_be_read_are_named(
    script: Script, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert script() == 0
    (tmp_path / "grid" / ledger.LEDGER / "s1.zip.json").write_text("{")
    assert script() == 1
    assert "s1.zip.json: it cannot be read; delete it" in capsys.readouterr().err


def test_ctrl_c_is_told(
    script: Script, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*args: object, **named: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(grid, "fetch", interrupt)
    assert script() == 130
    assert "run it again to go on" in capsys.readouterr().err
