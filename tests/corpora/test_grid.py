"""GRID: names that spell sentences, words beside clips, splits that never move, and bad clips left out."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from synthetic import counting_frames, noise, write_film

from lipcourse.corpora.align import only_words, read_align
from lipcourse.corpora.base import SPLITS, SkippedClipWarning
from lipcourse.corpora.grid import TEST_TALKERS, GridCorpus, sentence
from lipcourse.errors import CorpusError, MediaError, OptionError

ALIGN = (
    "0 2500 sil\n2500 5000 bin\n5000 7500 blue\n7500 8000 at\n8000 9000 f\n9000 10000 two\n10000 12500 now\n"
)


@pytest.fixture(scope="module")
def one_film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "film.mpg"
    return write_film(path, counting_frames(20), noise(0.8), video_codec="mpeg1video", audio_codec="mp2")


def make_corpus(root: Path, film: Path, names: list[str]) -> Path:
    """Lay copies of one film out as `talker/name.mpg`."""
    for name in names:
        path = root / f"{name}.mpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(film, path)
    return root


def test_a_name_spells_a_sentence() -> None:
    assert sentence("swwp2s") == "set white with p two soon"
    assert sentence("bbaszn") == "bin blue at s zero now"
    assert sentence("pwij3p") == "place white in j three please"
    assert sentence("lrby9a") == "lay red by y nine again"


@given(st.text(max_size=8))
def test_only_gridlike_names_spell_sentences(name: str) -> None:
    alphabets = ("blps", "bgrw", "abiw", "abcdefghijklmnopqrstuvxyz", "z123456789", "anps")
    fits = len(name) == 6 and all(c in letters for c, letters in zip(name, alphabets, strict=True))
    if fits:
        assert len(sentence(name).split()) == 6
    else:
        with pytest.raises(CorpusError):
            sentence(name)


def test_keys_are_in_natural_order_and_by_talker(tmp_path: Path, one_film: Path) -> None:
    root = make_corpus(
        tmp_path, one_film, ["s10/bbaf2n", "s2/swwp2s", "s2/video/pwij3p", "other/bbaf2n", "s3/._bbaf2n"]
    )
    corpus = GridCorpus(root)
    assert corpus.talkers() == ("s2", "s10")
    assert corpus.keys() == ("grid/s2/pwij3p", "grid/s2/swwp2s", "grid/s10/bbaf2n")
    assert corpus.keys(talker="s10") == ("grid/s10/bbaf2n",)
    assert len(corpus) == 3
    assert [clip.key for clip in corpus] == list(corpus.keys())
    assert [clip.key for clip in corpus.clips(limit=2)] == list(corpus.keys()[:2])
    assert list(corpus.clips(limit=0)) == []


def test_words_are_found_by_name_in_any_folder(tmp_path: Path, one_film: Path) -> None:
    root = make_corpus(tmp_path, one_film, ["s1/bbaf2n", "s1/bbaf3n"])
    (root / "alignments" / "s7").mkdir(parents=True)
    (root / "alignments" / "s7" / "bbaf2n.align").write_text(ALIGN)
    corpus = GridCorpus(root)
    clip = corpus.clip("grid/s1/bbaf2n")
    assert clip.transcript == "bin blue at f two now"
    assert " ".join(word.label for word in clip.words) == clip.transcript
    assert clip.words[0].start == pytest.approx(0.1)
    assert (clip.talker, clip.key) == ("s1", "grid/s1/bbaf2n")
    assert "GRID" in clip.origin.corpus
    assert clip.origin.licence == "CC BY 4.0"
    assert corpus.clip("grid/s1/bbaf3n").words == ()


def test_a_clip_is_read_from_its_video_and_its_words_and_can_be_sent_alone(
    tmp_path: Path, one_film: Path
) -> None:
    root = make_corpus(tmp_path, one_film, ["s1/bbaf2n", "s1/swwp2s"])
    (root / "alignments").mkdir()
    (root / "alignments" / "bbaf2n.align").write_text(ALIGN)
    corpus = GridCorpus(root)
    told = (root / "s1" / "bbaf2n.mpg", root / "alignments" / "bbaf2n.align")
    assert corpus.files("grid/s1/bbaf2n") == told
    assert corpus.files("grid/s1/swwp2s") == (root / "s1" / "swwp2s.mpg",)
    alone = corpus.only("grid/s1/bbaf2n")
    assert alone.keys() == ("grid/s1/bbaf2n",)
    assert alone.clip("grid/s1/bbaf2n").words == corpus.clip("grid/s1/bbaf2n").words
    assert len(corpus) == 2
    with pytest.raises(CorpusError, match="no clip 'grid/s1/none'"):
        corpus.files("grid/s1/none")


def test_bad_clips_are_left_out_counted_and_listed(tmp_path: Path, one_film: Path) -> None:
    names = ["s1/bbaf2n", "s1/bbaf3n", "s1/bbaf4n", "s1/bbaf5n", "s1/readme"]
    root = make_corpus(tmp_path, one_film, names)
    (root / "s1/bbaf2n.mpg").write_bytes(b"")
    (root / "s1/bbaf3n.align").write_text(ALIGN)  # it says "two"
    (root / "s1/bbaf4n.align").write_text(ALIGN.replace("two", "four").replace("12500", "75000"))
    corpus = GridCorpus(root)
    with pytest.warns(SkippedClipWarning) as warned:
        keys = [clip.key for clip in corpus.clips()]
    assert keys == ["grid/s1/bbaf5n"]
    assert len(warned) == 4
    assert set(corpus.skipped) == {f"grid/{name}" for name in names} - set(keys)
    assert "empty" in corpus.skipped["grid/s1/bbaf2n"]
    assert "'bin blue at f three now'" in corpus.skipped["grid/s1/bbaf3n"]
    assert "the last word at 3.00 s" in corpus.skipped["grid/s1/bbaf4n"]
    assert "not the name of a GRID sentence" in corpus.skipped["grid/s1/readme"]
    with pytest.raises(MediaError, match="empty"):
        corpus.clip("grid/s1/bbaf2n")
    with pytest.warns(SkippedClipWarning):
        assert [clip.key for clip in corpus.clips(limit=1)] == ["grid/s1/bbaf5n"]


def test_a_corpus_of_bad_clips_says_so(tmp_path: Path) -> None:
    (tmp_path / "s1").mkdir()
    (tmp_path / "s1" / "bbaf2n.mpg").write_bytes(b"")
    with (
        pytest.warns(SkippedClipWarning),
        pytest.raises(CorpusError, match="none of its 1 clips could be read"),
    ):
        list(GridCorpus(tmp_path).clips())


def empty_files(root: Path, talkers: dict[str, int]) -> Path:
    """Files with GRID's names and nothing in them: a corpus to list, not to read."""
    names = [
        f"{a}{b}{c}{d}{e}{f}"
        for f in "anps"
        for e in "z123456789"
        for d in "abcde"
        for a in "blps"
        for b in "bg"
        for c in "a"
    ]
    for talker, count in talkers.items():
        (root / talker).mkdir(parents=True)
        for name in names[:count]:
            (root / talker / f"{name}.mpg").touch()
    return root


def test_test_talkers_are_never_met_in_training(tmp_path: Path) -> None:
    root = empty_files(tmp_path, {"s1": 400, "s2": 20, "s3": 100, "s31": 20})
    corpus = GridCorpus(root)
    test = corpus.keys(split="test")
    assert {key.split("/")[1] for key in test} == {"s2", "s31"} <= set(TEST_TALKERS)
    assert len(test) == 40
    validation = corpus.keys(split="validation")
    assert 25 <= len(validation) <= 75
    assert sorted(key for split in SPLITS for key in corpus.keys(split=split)) == sorted(corpus.keys())


def test_unseen_sentences_give_every_talker_every_split(tmp_path: Path) -> None:
    corpus = GridCorpus(empty_files(tmp_path, {"s1": 400}), unseen="sentences")
    sizes = [len(corpus.keys(split=split)) for split in SPLITS]
    assert sum(sizes) == 400
    np.testing.assert_allclose(sizes, [320, 40, 40], atol=25)


@pytest.mark.parametrize("unseen", ["talkers", "sentences"])
def test_a_part_of_grid_is_split_as_all_of_it(tmp_path: Path, unseen: str) -> None:
    whole = GridCorpus(empty_files(tmp_path / "whole", {"s1": 100, "s2": 10, "s3": 50}), unseen=unseen)
    part = GridCorpus(empty_files(tmp_path / "part", {"s1": 30, "s3": 20}), unseen=unseen)
    for split in SPLITS:
        assert set(part.keys(split=split)) == set(part.keys()) & set(whole.keys(split=split))


def test_what_is_not_there_is_named(tmp_path: Path, one_film: Path) -> None:
    corpus = GridCorpus(make_corpus(tmp_path / "grid", one_film, ["s1/bbaf2n"]))
    with pytest.raises(CorpusError, match="choose from s1"):
        corpus.keys(talker="s99")
    with pytest.raises(OptionError, match="train, validation, test"):
        corpus.keys(split="dev")
    with pytest.raises(CorpusError, match="no clip 'grid/s1/none'"):
        corpus.clip("grid/s1/none")
    with pytest.raises(CorpusError, match="there is no test clip of s1 here"):
        next(corpus.clips(talker="s1", split="test"))
    with pytest.raises(OptionError, match="talkers, sentences"):
        GridCorpus(tmp_path / "grid", unseen="faces")
    with pytest.raises(CorpusError, match="no such folder"):
        GridCorpus(tmp_path / "none")
    with pytest.raises(CorpusError, match="no GRID clip"):
        GridCorpus(tmp_path)


# The real corpus -------------------------------------------------------------------------------


@pytest.mark.grid
def test_real_clips_are_what_the_corpus_says(grid_root: Path) -> None:
    corpus = GridCorpus(grid_root)
    assert len(corpus) >= 1
    for talker in corpus.talkers()[:4]:
        clip = next(corpus.clips(talker=talker))
        assert clip.frames.shape[0] in (74, 75)
        assert clip.frames.shape[1:] == (288, 360, 3)
        assert clip.sample_rate == 44_100
        assert clip.seconds - 0.1 < len(clip.waveform) / 44_100 < clip.seconds + 0.1
        assert clip.transcript == " ".join(word.label for word in clip.words)
        assert all(a.end <= b.start for a, b in zip(clip.words, clip.words[1:], strict=False))
        # While words are said it is louder than before the first.
        first = int(clip.words[0].start * 44_100)
        spoken = clip.waveform[first : int(clip.words[-1].end * 44_100)]
        assert np.square(spoken).mean() > 4 * np.square(clip.waveform[: first // 2]).mean()


@pytest.mark.grid
def test_every_real_sentence_has_its_words(grid_root: Path) -> None:
    corpus = GridCorpus(grid_root)
    for recording in corpus.recordings.values():
        said = [word.label for word in only_words(read_align(recording.texts[0]))]
        assert " ".join(said) == sentence(recording.path.stem)
    for unseen in ("talkers", "sentences"):
        sizes = {split: len(GridCorpus(grid_root, unseen=unseen).keys(split=split)) for split in SPLITS}
        assert sum(sizes.values()) == len(corpus)
