"""Files that are there whole or not at all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from lipcourse.errors import CorpusError
from lipcourse.whole import beside, is_unfinished, remove_unfinished, write_whole


def test_a_file_is_replaced_at_once(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with beside(path) as unfinished:
        unfinished.write_text("new")
        assert path.read_text() == "old"
        assert is_unfinished(unfinished)
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_write_leaves_what_was_there(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")

    def fail():
        with beside(path) as unfinished:
            unfinished.write_text("half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_killed_writer_leaves_what_was_there_and_what_can_be_removed(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    code = (
        "import os, signal, sys, pathlib\n"
        "from lipcourse.whole import beside\n"
        "with beside(pathlib.Path(sys.argv[1])) as unfinished:\n"
        "    unfinished.write_text('half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, path], check=False)
    assert done.returncode == -signal.SIGKILL
    assert path.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 2
    remove_unfinished(tmp_path)
    assert list(tmp_path.iterdir()) == [path]


def test_many_writers_of_one_file_leave_one_whole(tmp_path):
    path = tmp_path / "deep" / "a.txt"
    texts = [str(number) * 100_000 for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda text: write_whole(path, text, remedy=""), texts * 4))
    assert path.read_text() in texts
    assert list(path.parent.iterdir()) == [path]


def test_what_cannot_be_written_is_told_with_what_to_do(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CorpusError, match=rf"file{os.sep}a\.txt: cannot be written \(.+\); make room"):
        write_whole(tmp_path / "file" / "a.txt", b"data", remedy="make room")
