"""A corpus is opened by its name, or by what the environment says."""

from __future__ import annotations

from pathlib import Path

import pytest

from lipcourse.corpora.folder import FolderCorpus
from lipcourse.corpora.grid import GridCorpus
from lipcourse.corpora.puppet.corpus import PuppetCorpus
from lipcourse.corpora.registry import open_corpus
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


def test_an_unknown_name() -> None:
    with pytest.raises(OptionError, match="puppet, grid, folder"):
        open_corpus("none")
