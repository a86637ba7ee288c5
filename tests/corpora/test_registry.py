"""A corpus is opened by its name, or by what the environment says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lipcourse.corpora.folder import FolderCorpus
from lipcourse.corpora.grid import GridCorpus
from lipcourse.corpora.puppet.corpus import PuppetCorpus
from lipcourse.corpora.registry import CORPORA, TO_LEARN_FROM, open_corpus
from lipcourse.errors import CorpusError, OptionError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "s1").mkdir()
    (tmp_path / "s1" / "bbaf2n.mpg").touch()
    return tmp_path


def test_by_name_and_by_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LIPCOURSE_GRID", raising=False)
    assert isinstance(open_corpus("grid", folder), GridCorpus)
    assert isinstance(open_corpus("folder", folder), FolderCorpus)
    assert isinstance(open_corpus(root=folder), FolderCorpus)


@pytest.mark.parametrize("name", [name for name in CORPORA if name != "puppet"])
def test_a_corpus_is_called_what_it_is_opened_as(name: str, tmp_path: Path) -> None:
    for inside in (
        "s1/bbaf2n.mpg",
        "ABOUT/val/ABOUT_00001.mp4",
        "volunteers/01M/Clips/straightcam/sa1.mp4",
        "id00012/x/00001.mp4",
    ):
        (tmp_path / inside).parent.mkdir(parents=True)
        (tmp_path / inside).touch()
    corpus = open_corpus(name, tmp_path)
    assert corpus.name == name
    assert all(key.startswith(f"{name}/") for key in corpus.keys())  # noqa: SIM118 - iterating reads clips


def test_the_environment_names_grid(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIPCOURSE_GRID", str(folder))
    assert isinstance(open_corpus(), GridCorpus)
    assert open_corpus("grid").keys() == ("grid/s1/bbaf2n",)


def test_nobody_says_where(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LIPCOURSE_GRID", raising=False)
    with pytest.raises(CorpusError, match="set LIPCOURSE_GRID"):
        open_corpus("grid")
    with pytest.raises(CorpusError, match="root"):
        open_corpus("folder")


def test_puppets_are_there_where_nothing_else_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LIPCOURSE_GRID", raising=False)
    assert isinstance(open_corpus(), PuppetCorpus)
    with pytest.raises(OptionError, match="no folder"):
        open_corpus("puppet", "somewhere")


def test_puppets_to_learn_from_move_their_lips_with_the_sound_and_others_lead_as_drawn(
    tmp_path: Path,
) -> None:
    few = replace(TO_LEARN_FROM, clips=12, talkers=12)
    learned = open_corpus("puppet", puppets=few)
    keys = learned.keys()
    assert {learned.clip(key).metadata["lead_frames"] for key in keys[:3]} == {0}
    drawn = open_corpus("puppet", puppets=replace(few, lead_frames=None))
    leads = [drawn.clip(key).metadata["lead_frames"] for key in keys[:3]]
    assert any(leads)
    shifted = open_corpus("puppet", puppets=replace(few, lead_frames=leads[0]))
    np.testing.assert_array_equal(shifted.clip(keys[0]).frames, drawn.clip(keys[0]).frames)
    np.testing.assert_array_equal(shifted.clip(keys[0]).waveform, learned.clip(keys[0]).waveform)


def test_an_unknown_name() -> None:
    with pytest.raises(OptionError, match="puppet, grid, folder"):
        open_corpus("none")
