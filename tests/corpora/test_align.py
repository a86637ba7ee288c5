"""Word times are read as seconds, and a wrong file is told by its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from lipcourse.corpora.align import only_words, read_align
from lipcourse.errors import CorpusError


def test_units_become_seconds_and_silences_can_be_left_out(tmp_path: Path) -> None:
    path = tmp_path / "swwp2s.align"
    path.write_text("0 12250 sil\r\n12250 19250 SET\n\n19250 20000 sp\n20000 27250 white\n")
    segments = read_align(path)
    assert [segment.label for segment in segments] == ["sil", "set", "sp", "white"]
    assert segments[1].start == pytest.approx(0.49)
    assert segments[1].end == pytest.approx(0.77)
    assert [word.label for word in only_words(segments)] == ["set", "white"]


@pytest.mark.parametrize("line", ["12250 set", "a b set", "200 100 set", "-5 100 set", "0 1 two words"])
def test_a_wrong_line_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "x.align"
    path.write_text(f"0 100 sil\n{line}\n")
    with pytest.raises(CorpusError, match=r"x\.align line 2"):
        read_align(path)


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "x.align"
    path.write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(CorpusError, match="cannot be read"):
        read_align(path)
    with pytest.raises(CorpusError, match="cannot be read"):
        read_align(tmp_path / "none.align")
