"""TCD-TIMIT: two cameras, phones from label files, and the recommended split."""

from __future__ import annotations

import pickle
import shutil
from pathlib import Path, PurePosixPath

import pytest
from synthetic import counting_frames, noise, write_film

from lipcourse.corpora.base import SPLITS
from lipcourse.corpora.tcd_timit import TEST_TALKERS, TcdTimitCorpus, talker_of
from lipcourse.errors import CorpusError, OptionError
from lipcourse.media import Segment

LABELS = """#!MLF!#
"Q:/Videos/TCD-TIMIT/volunteers/01M/Clips/straightcam/SA1.rec"
0 1000000 sil
1000000 2000000 sh
2000000 3500000 iy
3500000 4000000 dx
4000000 5000000 sil
.
"Q:\\Videos\\TCD-TIMIT\\volunteers\\28M\\Clips\\straightcam\\sa1.mp4"
0 5000000 ao
.
"""


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_film(tmp_path_factory.mktemp("film") / "film.mp4", counting_frames(20), noise(0.8))


@pytest.fixture
def root(tmp_path: Path, film: Path) -> Path:
    for talker in ("volunteers/01M", "volunteers/28M", "lipspeakers/Lipspkr1"):
        for camera in ("straightcam", "30degcam"):
            folder = tmp_path / talker / "Clips" / camera
            folder.mkdir(parents=True)
            shutil.copy(film, folder / "sa1.mp4")
    (tmp_path / "volunteer_labelfiles.mlf").write_text(LABELS)
    (tmp_path / "volunteers/01M/Clips/straightcam/SA1.txt").write_text(
        "0 5000 She\n5000 9000 had your\n9000 9500 suit.\n"
    )
    return tmp_path


def test_a_clip_has_its_phones_and_its_sentence(root: Path) -> None:
    clip = TcdTimitCorpus(root).clip("tcd_timit/01M/straightcam/sa1")
    assert clip.phones == (Segment(0.1, 0.2, "SH"), Segment(0.2, 0.35, "IY"), Segment(0.35, 0.4, "T"))
    assert clip.transcript == "she had your suit"
    assert clip.talker == "01M"


def test_each_camera_is_a_corpus(root: Path) -> None:
    for camera in ("straightcam", "30degcam"):
        corpus = TcdTimitCorpus(root, camera=camera)
        keys = corpus.keys()
        assert keys == tuple(f"tcd_timit/{talker}/{camera}/sa1" for talker in ("01M", "28M", "Lipspkr1"))
        assert all(camera in corpus.recording(key).path.parts for key in keys)
    with pytest.raises(OptionError, match="straightcam, 30degcam"):
        TcdTimitCorpus(root, camera="side")


def test_recommended_talkers_are_never_met_in_training(root: Path) -> None:
    corpus = TcdTimitCorpus(root)
    assert corpus.keys(split="test") == ("tcd_timit/28M/straightcam/sa1",)
    assert len(TEST_TALKERS) == len(set(TEST_TALKERS)) == 17


def test_unseen_sentences_are_in_one_split_each(tmp_path: Path) -> None:
    for talker in ("01M", "28M", "30F"):
        folder = tmp_path / "volunteers" / talker / "Clips" / "straightcam"
        folder.mkdir(parents=True)
        for number in range(60):
            (folder / f"si{number}.mp4").touch()
    corpus = TcdTimitCorpus(tmp_path, unseen="sentences")
    splits: dict[str, set[str]] = {}
    for split in SPLITS:
        for key in corpus.keys(split=split):
            splits.setdefault(key.rpartition("/")[2], set()).add(split)
    assert all(len(found) == 1 for found in splits.values())
    assert {split for found in splits.values() for split in found} == set(SPLITS)


def test_a_clip_alone_carries_its_own_phones_alone(root: Path) -> None:
    corpus = TcdTimitCorpus(root)
    key = "tcd_timit/01M/straightcam/sa1"
    alone = pickle.loads(pickle.dumps(corpus.only(key)))
    assert alone.keys() == (key,)
    assert alone.clip(key).phones == corpus.clip(key).phones
    assert len(pickle.dumps(alone)) < len(pickle.dumps(corpus))
    assert corpus.files(key) == (
        root / "volunteers/01M/Clips/straightcam/sa1.mp4",
        root / "volunteers/01M/Clips/straightcam/SA1.txt",
        root / "volunteer_labelfiles.mlf",
    )


def test_labels_that_cannot_be_read_are_named(root: Path) -> None:
    (root / "volunteer_labelfiles.mlf").write_text(LABELS.replace("1000000 2000000 sh", "now then sh"))
    with pytest.raises(CorpusError, match=r"mlf line 4: 'now then sh' is not a start, an end and a phone"):
        TcdTimitCorpus(root)


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no clip of the straightcam in it"):
        TcdTimitCorpus(tmp_path)
    with pytest.raises(CorpusError, match="no such folder"):
        TcdTimitCorpus(tmp_path / "none")


def test_files_are_told_by_talker() -> None:
    assert talker_of(PurePosixPath("volunteers/01M/Clips/straightcam/straightcam/sa1.mp4")) == "01M"
    assert talker_of(PurePosixPath("x/lipspeakers/Lipspkr2/Clips/30degcam/SA1.txt")) == "Lipspkr2"
    assert talker_of(PurePosixPath("volunteers/readme.txt")) is None
    assert talker_of(PurePosixPath("volunteer_labelfiles.mlf")) is None
