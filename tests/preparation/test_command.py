"""`lipcourse prepare`, from its options to what it tells."""

from __future__ import annotations

import shutil

import pytest

from lipcourse.errors import OptionError
from lipcourse.preparation.command import run


def test_a_corpus_is_prepared_and_told(grid_root, tmp_path, capsys):
    (tmp_path / "grid" / "s1").mkdir(parents=True)
    shutil.copy(sorted(grid_root.glob("s1/*.mpg"))[0], tmp_path / "grid" / "s1")
    (tmp_path / "grid" / "s1" / "swwp2s.mpg").write_bytes(b"")
    run(out=tmp_path / "out", corpus="grid", root=tmp_path / "grid", jobs=1)
    told = capsys.readouterr().out
    assert "1 clips are in 1 shards; 2 were done now." in told
    assert "grid/s1/swwp2s: " in told
    assert (tmp_path / "out" / "index.json").is_file()
    assert str(tmp_path / "out" / "report.html") in told


def test_odd_options_are_refused(tmp_path):
    with pytest.raises(OptionError):
        run(out=tmp_path / "out", corpus="puppet", limit=0)
