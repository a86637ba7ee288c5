"""LDC2009V01: talkers found whatever the folders are called."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest
from synthetic import counting_frames, noise, write_film

from lipcourse.corpora.base import SPLITS
from lipcourse.corpora.ldc import LdcCorpus, folder_of
from lipcourse.errors import CorpusError, OptionError

TALKERS = tuple(f"S{number}" for number in range(1, 15))


def lay(root: Path, names: list[str]) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


@pytest.mark.parametrize(
    "pattern",
    [
        "{talker}/{kind}/{n}.mpg",
        "data/{talker}/{n}{kind}.avi",
        "disc/{kind}/{talker}/{n}.mov",
        "d/e/{talker}/{n}{kind}.mp4",
    ],
)
def test_the_level_with_fourteen_names_is_the_talkers(tmp_path: Path, pattern: str) -> None:
    names = [
        pattern.format(talker=talker, kind=kind, n=n)
        for talker in TALKERS
        for kind in ("words", "sentences")
        for n in range(3)
    ]
    corpus = LdcCorpus(lay(tmp_path, names))
    assert corpus.talkers() == TALKERS
    assert len(corpus) == len(names)
    held_out = {corpus.recording(key).talker for key in corpus.keys(split="test")}
    assert len(held_out) == 1
    assert not held_out & {corpus.recording(key).talker for key in corpus.keys(split="train")}
    assert sum(len(corpus.keys(split=split)) for split in SPLITS) == len(corpus)


def test_a_part_of_the_corpus_is_told_by_the_first_level_that_differs(tmp_path: Path) -> None:
    assert LdcCorpus(lay(tmp_path, ["data/S1/1.mpg", "data/S2/1.mpg"])).talkers() == ("S1", "S2")


def test_videos_without_folders_are_one_talker_s(tmp_path: Path) -> None:
    root = lay(tmp_path / "films", ["1.mpg", "2.mpg", "._1.mpg", "notes.txt"])
    assert LdcCorpus(root).talkers() == ("films",)
    assert LdcCorpus(root).keys() == ("ldc/1", "ldc/2")


def test_a_text_beside_a_video_is_its_transcript(tmp_path: Path) -> None:
    write_film(tmp_path / "hello.mp4", counting_frames(20), noise(0.8))
    (tmp_path / "hello.txt").write_text("The dog \n ran.")
    assert LdcCorpus(tmp_path).clip("ldc/hello").transcript == "The dog ran."
    (tmp_path / "hello.txt").unlink()
    assert LdcCorpus(tmp_path).clip("ldc/hello").transcript == ""


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no video in it"):
        LdcCorpus(tmp_path)
    with pytest.raises(CorpusError, match="no such folder"):
        LdcCorpus(tmp_path / "none")
    with pytest.raises(OptionError, match="talkers, sentences"):
        LdcCorpus(lay(tmp_path, ["1.mpg"]), unseen="faces")


def test_files_are_told_by_folder() -> None:
    assert folder_of(PurePosixPath("data/S1/1.MPG")) == "S1"
    assert folder_of(PurePosixPath("data/S1/1.txt")) is None
