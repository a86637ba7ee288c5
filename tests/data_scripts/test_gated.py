"""Corpora that must be applied for, as a user installs them from archives that lie in a folder."""

from __future__ import annotations

import csv
import hashlib
import runpy
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from archives import tar_of, tree, zip_of

from lipcourse.corpora.registry import open_corpus

SCRIPTS = Path(__file__).parents[2] / "data_scripts"

LRW = {
    f"lipread_mp4/{word}/{split}/{word}_{number:05d}.{suffix}": f"{word} {split} {number} {suffix}".encode()
    * 30
    for word in ("ABOUT", "BECAUSE")
    for split in ("train", "val", "test")
    for number in (1, 2, 3)
    for suffix in ("mp4", "txt")
}
VOXCELEB = {
    f"dev/mp4/id0001{talker}/21Uxsk56VDQ/{number:05d}.mp4": b"film"
    for talker in (2, 3)
    for number in (1, 2, 3)
}
CAMERAS = ("straightcam", "30degcam")

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a script as `python data_scripts/NAME.py` does; returns its exit status, and what it told."""
    monkeypatch.chdir(tmp_path)

    def script(name: str, *words: str) -> tuple[int, str, str]:
        path = SCRIPTS / f"{name}.py"
        monkeypatch.setattr(sys, "argv", [str(path), *words])
        with pytest.raises(SystemExit) as stop:
            runpy.run_path(str(path), run_name="__main__")
        told = capsys.readouterr()
        assert isinstance(stop.value.code, int)
        return stop.value.code, told.out, told.err

    return script


def put(files: dict[str, bytes], folder: str = "downloads") -> None:
    for name, data in files.items():
        path = Path(folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def parts(name: str, data: bytes, count: int = 3) -> dict[str, bytes]:
    size = len(data) // count + 1
    return {f"{name}-parta{chr(97 + n)}": data[n * size : (n + 1) * size] for n in range(count)}


@pytest.mark.parametrize("name", ["grid", "lrw", "ldc", "tcd_timit", "voxceleb"])
def test_help_helps(run: Run, name: str) -> None:
    status, told, _ = run(name, "--help")
    words = " ".join(told.split())
    assert status == 0
    assert f"python data_scripts/{name}.py --" in words
    assert f"lipcourse prepare --corpus {name} --root" in words
    assert "https://" in words or name == "grid"
    assert "room for" in words
    for option in ("--out", "--talkers", "--limit", "--dry-run"):
        assert option in words


@pytest.mark.parametrize("name", ["lrw", "ldc", "tcd_timit", "voxceleb"])
def test_who_has_nothing_is_told_where_to_apply(run: Run, name: str) -> None:
    Path("empty").mkdir()
    for archives in ("empty", "nowhere"):
        status, _, error = run(name, "--archives", archives, "--out", "out")
        assert status == 1
        assert error.startswith(f"error: {archives}: no ")
        assert "https://" in error
        assert error.count("\n") == 1
    status, _, error = run(name, "--out", "out")
    assert (status, error.count("\n")) == (1, 1)
    assert "out: no such folder" in error
    assert "https://" in error
    assert not Path("out").exists()


def test_lrw_comes_out_of_its_parts(run: Run) -> None:
    put(parts("lrw-v1", tar_of(LRW)))
    status, told, _ = run("lrw", "--archives", "downloads", "--out", "lrw")
    assert status == 0
    assert {name: data for name, data in tree(Path("lrw")).items() if name != "clips.csv"} == LRW
    assert "18 clips of 1 talkers (6 train, 6 validation, 6 test), 18 with a text" in told
    assert len(list(Path("downloads").iterdir())) == 3  # they are the user's
    rows = list(csv.DictReader(Path("lrw/clips.csv").read_text().splitlines()))
    assert rows[0] == {
        "key": "lrw/ABOUT/test/ABOUT_00001", "talker": "unknown", "split": "test",
        "file": "lipread_mp4/ABOUT/test/ABOUT_00001.mp4",
        "bytes": str(len(LRW["lipread_mp4/ABOUT/test/ABOUT_00001.mp4"])),
    }  # fmt: skip
    status, told, _ = run("lrw", "--archives", "downloads", "--out", "lrw")
    assert "was unpacked already" in told
    assert len(open_corpus("lrw", "lrw").keys()) == 18


def test_some_words_and_clips_of_lrw(run: Run) -> None:
    put(parts("lrw-v1", tar_of(LRW)))
    status, _, _ = run("lrw", "--archives", "downloads", "--out", "lrw", "--talkers", "ABOUT", "--limit", "2")
    assert status == 0
    keys = [
        f"lrw/ABOUT/{split}/ABOUT_0000{number}" for split in ("test", "train", "val") for number in (1, 2)
    ]
    assert sorted(open_corpus("lrw", "lrw").keys()) == keys
    assert all(path.with_suffix(".txt").is_file() for path in Path("lrw").rglob("*.mp4"))


def test_checksums_are_verified_before_anything_is_unpacked(run: Run) -> None:
    archive = parts("lrw-v1", tar_of(LRW))
    put(archive)
    sums = {name: hashlib.md5(data).hexdigest() for name, data in archive.items()}
    good = "".join(f"{checksum}  {name}\n" for name, checksum in sums.items())
    bad = good.replace(sums["lrw-v1-partab"], "0" * 32)
    put({"bad": bad.encode(), "short": good.splitlines()[0].encode(), "good": good.encode()}, ".")
    words = ("--archives", "downloads", "--out", "lrw", "--checksums")
    status, _, error = run("lrw", *words, "bad")
    assert status == 1
    assert "lrw-v1-partab: it is not what its checksum says" in error
    status, _, error = run("lrw", *words, "short")
    assert status == 1
    assert "lrw-v1-partab: no checksum is given for it; add it to short" in error
    assert not list(Path("lrw").rglob("*.mp4"))
    status, told, _ = run("lrw", *words, "good")
    assert status == 0
    assert told.count("its checksum is right") == 3


def test_a_missing_part_is_named(run: Run) -> None:
    archive = parts("lrw-v1", tar_of(LRW))
    del archive["lrw-v1-partab"]
    put(archive)
    status, _, error = run("lrw", "--archives", "downloads", "--out", "lrw")
    assert status == 1
    assert "downloads/lrw-v1-partac: the part 'ab' before it is missing" in error


def test_archives_are_deleted_only_when_asked_and_all_is_unpacked(run: Run) -> None:
    put({"vox2_test_mp4.zip": zip_of(VOXCELEB)})
    words = ("--archives", "downloads", "--out", "vox", "--delete-archives")
    assert run("voxceleb", *words, "--limit", "1")[0] == 0
    assert list(Path("downloads").iterdir())
    status, told, _ = run("voxceleb", *words)
    assert status == 0
    assert "vox2_test_mp4.zip: deleted" in told
    assert not list(Path("downloads").iterdir())
    assert {name: data for name, data in tree(Path("vox")).items() if name != "clips.csv"} == VOXCELEB


def test_a_dry_run_writes_nothing(run: Run) -> None:
    put(parts("lrw-v1", tar_of(LRW)))
    status, told, _ = run("lrw", "--archives", "downloads", "--out", "lrw", "--dry-run")
    assert status == 0
    assert "lrw-v1: 3 file(s), 0.1 MB" in told
    assert "nothing was done" in told
    assert not Path("lrw").exists()


def test_voxceleb_from_two_archives(run: Run) -> None:
    test = {"mp4/id00017/01dfn2spqyE/00001.mp4": b"film"}
    put({"vox2_test_mp4.zip": zip_of(test)})
    put({name.replace("-", "_"): data for name, data in parts("vox2_dev_mp4", zip_of(VOXCELEB)).items()})
    status, told, _ = run("voxceleb", "--archives", "downloads", "--out", "vox", "--limit", "2")
    assert status == 0
    assert "5 clips of 3 talkers" in told
    corpus = open_corpus("voxceleb", "vox")
    assert corpus.keys(split="test") == ("voxceleb/id00017/01dfn2spqyE/00001",)
    status, _, error = run(
        "voxceleb", "--archives", "downloads", "--out", "vox", "--talkers", "id00001", "id00012"
    )
    assert status == 2
    assert "there is no talker id00001; choose from id00012, id00013, id00017" in error


def test_tcd_timit_from_archives_that_are_told_apart_by_their_folders(run: Run) -> None:
    for folder in ("volunteers/01M", "volunteers/28M", "lipspeakers/Lipspkr1"):
        for camera in CAMERAS:
            films = {f"{camera}/{name}.mp4": f"{folder} {camera} {name}".encode() for name in ("sa1", "si7")}
            put({f"{folder}/Clips/{camera}.zip": zip_of(films)})
    words = ("--archives", "downloads", "--out", "tcd")
    status, told, _ = run("tcd_timit", *words)
    assert status == 0
    assert "6 clips of 3 talkers" in told
    assert len(list(Path("tcd").rglob("*.mp4"))) == 12
    corpus = open_corpus("tcd_timit", "tcd")
    assert corpus.keys(split="test") == ("tcd_timit/28M/straightcam/sa1", "tcd_timit/28M/straightcam/si7")
    status, told, _ = run("tcd_timit", *words, "--talkers", "01M")
    assert status == 0
    assert told.count("was unpacked already") == 6


def test_ldc_from_a_compressed_tar(run: Run) -> None:
    talkers = [f"S{number:02d}" for number in range(14)]
    films = {
        f"LDC2009V01/data/{talker}/words/{talker}w{n}.mpg": b"film" for talker in talkers for n in (1, 2)
    }
    put({"LDC2009V01.tgz": tar_of(films, "w:gz")})
    status, told, _ = run("ldc", "--archives", "downloads", "--out", "ldc")
    assert status == 0
    assert "28 clips of 14 talkers" in told


def test_what_the_user_unpacked_is_checked_and_listed(run: Run) -> None:
    put(LRW, "lrw")
    Path("lrw/lipread_mp4/ABOUT/val/ABOUT_00002.mp4").write_bytes(b"")
    status, told, _ = run("lrw", "--out", "lrw")
    assert status == 0
    assert "18 clips" in told
    assert "1 of them are empty files" in told
    put({"notes.txt": b"x"}, "other")
    status, _, error = run("lrw", "--out", "other")
    assert status == 1
    assert "other: no LRW clip in it" in error
