"""A selection as it is read again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from samples import MadeCorpus

from lipcourse.errors import CorpusError
from lipcourse.windows.kept import read_kept

CORPUS = MadeCorpus("abcde")
"""Of which e is for testing."""


def write(folder: Path, **changes: object) -> Path:
    path = folder / "kept.json"
    path.write_text(json.dumps({"corpus": "made", "split": "train", "kept": ["made/b", "made/d"]} | changes))
    return path


def test_a_selection_of_one_split_leaves_the_others_whole(tmp_path: Path) -> None:
    assert read_kept(write(tmp_path), CORPUS) == {"made/b", "made/d", "made/e"}


def test_a_selection_of_all_splits_leaves_what_it_kept(tmp_path: Path) -> None:
    assert read_kept(write(tmp_path, split="all"), CORPUS) == {"made/b", "made/d"}


def test_a_selection_of_another_corpus_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"kept\.json: is of grid; name the corpus"):
        read_kept(write(tmp_path, corpus="grid"), CORPUS)
    with pytest.raises(CorpusError, match="holds made/z, which made does not have; name the corpus"):
        read_kept(write(tmp_path, kept=["made/b", "made/z"]), CORPUS)


@pytest.mark.parametrize("text", ["{", "[]", "3", "\x00", '{"corpus": "made", "split": "train", "kept": 3}'])
def test_what_is_no_selection_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "kept.json"
    path.write_text(text)
    with pytest.raises(CorpusError, match=r"kept\.json: is no selection of clips; give the file"):
        read_kept(path, CORPUS)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"kept\.json: cannot be read \(No such file"):
        read_kept(tmp_path / "kept.json", CORPUS)
