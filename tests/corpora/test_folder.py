"""Any folder of videos is a corpus: talkers by folder, texts beside videos, splits drawn by name."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from synthetic import counting_frames, noise, write_film

from lipcourse.corpora.folder import FolderCorpus, split_by_name
from lipcourse.errors import CorpusError, OptionError


@pytest.fixture(scope="module")
def one_film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_film(tmp_path_factory.mktemp("film") / "film.mp4", counting_frames(10), noise(0.4))


@pytest.fixture
def root(tmp_path: Path, one_film: Path) -> Path:
    """Two talkers, one of them with a deeper folder, and a clip that belongs to neither."""
    root = tmp_path / "mine"
    for name in ("ann/hello.mp4", "ann/holiday/sea.MOV", "ben/hello.mp4", "loose.mp4", ".trash/old.mp4"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(one_film, root / name)
    (root / "ann" / "notes.pdf").touch()
    return root


def test_folders_are_talkers(root: Path) -> None:
    corpus = FolderCorpus(root, licence="my own")
    assert corpus.talkers() == ("ann", "ben", "mine")
    assert corpus.keys() == ("folder/ann/hello", "folder/ann/holiday/sea", "folder/ben/hello", "folder/loose")
    assert corpus.keys(talker="ann") == ("folder/ann/hello", "folder/ann/holiday/sea")
    clip = corpus.clip("folder/ann/holiday/sea")
    assert (clip.talker, clip.transcript, clip.words) == ("ann", "", ())
    assert clip.origin == ("mine", "my own")
    assert len(clip.frames) == 10


def test_texts_beside_a_video_are_read(root: Path) -> None:
    (root / "ann/hello.txt").write_text("\ufeffHello,\n  world\n", encoding="utf-8")
    (root / "ben/hello.align").write_text("0 1000 sil\n1000 3000 good\n3000 5000 day\n")
    corpus = FolderCorpus(root)
    assert corpus.files("folder/ann/hello") == (root / "ann/hello.mp4", root / "ann/hello.txt")
    assert corpus.files("folder/ben/hello") == (root / "ben/hello.mp4", root / "ben/hello.align")
    assert corpus.clip("folder/ann/hello").transcript == "Hello, world"
    clip = corpus.clip("folder/ben/hello")
    assert clip.transcript == "good day"
    assert clip.words[1] == (pytest.approx(0.12), pytest.approx(0.2), "day")
    (root / "ann/hello.txt").write_bytes("Zürich".encode("latin-1"))
    with pytest.raises(CorpusError, match="UTF-8"):
        corpus.clip("folder/ann/hello")


def test_of_two_videos_of_one_name_one_is_read_and_the_other_noted(root: Path, one_film: Path) -> None:
    shutil.copy(one_film, root / "ann/hello.mkv")
    corpus = FolderCorpus(root)
    assert len(corpus) == 4
    assert corpus.recording("folder/ann/hello").path.suffix == ".mkv"
    assert "same name" in corpus.skipped["folder/ann/hello.mp4"]


def test_large_pictures_are_shrunk(root: Path) -> None:
    assert FolderCorpus(root, max_side=32).clip("folder/loose").frames.shape == (10, 24, 32, 3)


def test_a_folder_without_videos(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no such folder"):
        FolderCorpus(tmp_path / "none")
    (tmp_path / "notes.txt").touch()
    with pytest.raises(CorpusError, match="no video in it"):
        FolderCorpus(tmp_path)


def test_a_split_of_another_name_is_refused(root: Path) -> None:
    with pytest.raises(OptionError):
        FolderCorpus(root, unseen="faces")


TALKERS = st.dictionaries(st.text(max_size=5), st.sampled_from("abcdefgh"), min_size=1, max_size=60)


@given(talkers=TALKERS, unseen=st.sampled_from(["talkers", "sentences"]))
def test_splits_are_complete_steady_and_leave_training_something(
    talkers: dict[str, str], unseen: str
) -> None:
    splits = split_by_name(talkers, unseen)
    assert splits.keys() == talkers.keys()
    assert "train" in splits.values()
    assert splits == split_by_name(dict(reversed(talkers.items())), unseen)
    test = {talkers[key] for key, split in splits.items() if split == "test"}
    if unseen == "talkers":
        assert not test & {talkers[key] for key, split in splits.items() if split != "test"}
        assert bool(test) == (len(set(talkers.values())) > 1)
    elif len(talkers) >= 3:
        assert set(splits.values()) == {"train", "validation", "test"}
