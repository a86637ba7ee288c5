"""VoxCeleb2: talkers by number, and videos that are in one split as a whole."""

from __future__ import annotations

import shutil
from pathlib import Path, PurePosixPath

import pytest
from synthetic import counting_frames, noise, write_film

from lipcourse.corpora.voxceleb import VoxCelebCorpus, talker_of
from lipcourse.errors import CorpusError


def lay(root: Path, names: list[str]) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def test_a_clip_is_read(tmp_path: Path) -> None:
    film = write_film(tmp_path / "film.mp4", counting_frames(20), noise(0.8))
    path = tmp_path / "dev/mp4/id00012/21Uxsk56VDQ/00001.mp4"
    path.parent.mkdir(parents=True)
    shutil.copy(film, path)
    clip = next(VoxCelebCorpus(tmp_path).clips())
    assert (clip.key, clip.talker, clip.transcript) == ("voxceleb/id00012/21Uxsk56VDQ/00001", "id00012", "")


def test_test_talkers_are_those_of_the_other_archive(tmp_path: Path) -> None:
    dev = [
        f"dev/mp4/id{talker:05d}/video-{talker}-{video}/{number:05d}.mp4"
        for talker in range(10)
        for video in range(10)
        for number in (1, 2, 3)
    ]
    lay(tmp_path, [*dev, "mp4/id00017/01dfn2spqyE/00001.mp4", "mp4/id00017/._x/00001.mp4x", "mp4/notes.mp4"])
    corpus = VoxCelebCorpus(tmp_path)
    assert corpus.keys(split="test") == ("voxceleb/id00017/01dfn2spqyE/00001",)
    validation = corpus.keys(split="validation")
    assert 0.03 < len(validation) / len(dev) < 0.2
    videos = {
        split: {key.split("/")[2] for key in corpus.keys(split=split)} for split in ("train", "validation")
    }
    assert not videos["train"] & videos["validation"]
    assert len(validation) == 3 * len(videos["validation"])
    assert VoxCelebCorpus(tmp_path / "dev").keys(split="train") == corpus.keys(split="train")


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no VoxCeleb2 clip in it"):
        VoxCelebCorpus(tmp_path)
    with pytest.raises(CorpusError, match="no such folder"):
        VoxCelebCorpus(tmp_path / "none")


def test_files_are_told_by_talker() -> None:
    assert talker_of(PurePosixPath("dev/mp4/id00012/21Uxsk56VDQ/00001.mp4")) == "id00012"
    assert talker_of(PurePosixPath("id00012/x/00001.mp4")) == "id00012"
    assert talker_of(PurePosixPath("dev/mp4/id00012/readme.txt")) is None
