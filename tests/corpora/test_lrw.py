"""LRW: words in the middle of clips, and the corpus's own splits."""

from __future__ import annotations

import shutil
from pathlib import Path, PurePosixPath

import pytest
from synthetic import counting_frames, noise, write_film

from lipcourse.corpora.lrw import LrwCorpus, word_and_split_of, word_of
from lipcourse.errors import CorpusError

TEXT = (
    "Text:  ABOUT\nDisk reference: 6109\nChannel: BBC News\nClip start: 1.2 seconds\nDuration: 0.40 seconds\n"
)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_film(tmp_path_factory.mktemp("film") / "film.mp4", counting_frames(29), noise(1.16))


@pytest.fixture
def root(tmp_path: Path, film: Path) -> Path:
    for split in ("train", "val", "test"):
        folder = tmp_path / "lipread_mp4" / "ABOUT" / split
        folder.mkdir(parents=True)
        shutil.copy(film, folder / "ABOUT_00001.mp4")
        (folder / "ABOUT_00001.txt").write_text(TEXT)
    return tmp_path


def test_the_splits_are_the_corpus_s_own(root: Path) -> None:
    corpus = LrwCorpus(root)
    assert corpus.keys(split="train") == ("lrw/ABOUT/train/ABOUT_00001",)
    assert corpus.keys(split="validation") == ("lrw/ABOUT/val/ABOUT_00001",)
    assert corpus.keys(split="test") == ("lrw/ABOUT/test/ABOUT_00001",)
    assert corpus.talkers() == ("unknown",)
    assert LrwCorpus(root / "lipread_mp4").keys() == corpus.keys()


def test_the_word_is_in_the_middle(root: Path) -> None:
    clip = LrwCorpus(root).clip("lrw/ABOUT/train/ABOUT_00001")
    assert clip.transcript == "about"
    assert clip.words[0].label == "about"
    assert clip.words[0].start == pytest.approx(1.16 / 2 - 0.2)
    assert clip.words[0].end == pytest.approx(1.16 / 2 + 0.2)
    assert "no redistribution" in clip.origin.licence


def test_a_clip_without_a_text_has_no_word_times(root: Path) -> None:
    (root / "lipread_mp4/ABOUT/train/ABOUT_00001.txt").unlink()
    clip = LrwCorpus(root).clip("lrw/ABOUT/train/ABOUT_00001")
    assert (clip.transcript, clip.words) == ("about", ())


@pytest.mark.parametrize(
    "text", ["Text: ABOUT\n", "Duration: 9.00 seconds\n", "Duration: 0.0\n", "Duration: ...\n"]
)
def test_a_text_that_cannot_be_true_is_named(root: Path, text: str) -> None:
    (root / "lipread_mp4/ABOUT/train/ABOUT_00001.txt").write_text(text)
    corpus = LrwCorpus(root)
    with pytest.raises(
        CorpusError, match=r"ABOUT_00001\.txt: it gives no duration within the clip's 1\.16 s"
    ):
        corpus.clip("lrw/ABOUT/train/ABOUT_00001")


def test_a_text_in_another_encoding_is_named(root: Path) -> None:
    (root / "lipread_mp4/ABOUT/train/ABOUT_00001.txt").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(CorpusError, match="cannot be read as UTF-8 text"):
        LrwCorpus(root).clip("lrw/ABOUT/train/ABOUT_00001")


def test_what_is_not_lrw_is_left_out(root: Path, film: Path) -> None:
    for name in (
        "ABOUT/train/BECAUSE_00001.mp4",
        "ABOUT/other/ABOUT_00001.mp4",
        "ABOUT/train/._ABOUT_00001.mp4",
    ):
        path = root / "lipread_mp4" / name
        path.parent.mkdir(exist_ok=True)
        shutil.copy(film, path)
    assert len(LrwCorpus(root)) == 3
    with pytest.raises(CorpusError, match="no LRW clip in it"):
        LrwCorpus(root / "lipread_mp4/ABOUT/other")
    with pytest.raises(CorpusError, match="no such folder"):
        LrwCorpus(root / "none")


def test_files_are_told_by_word() -> None:
    path = PurePosixPath("lipread_mp4/ABOUT/val/ABOUT_00003.txt")
    assert (word_of(path), word_and_split_of(path)) == ("ABOUT", "ABOUT/val")
    assert word_of(PurePosixPath("readme.txt")) is word_and_split_of(PurePosixPath("ABOUT/x.mp4")) is None
