"""Work in a thread: it can be paused, fails aloud, and is never left behind."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import pytest

from lipcourse.training.background import THREAD_NAME, Background


def threads():
    return [thread for thread in threading.enumerate() if thread.name == THREAD_NAME]


class Work:
    """Counts its rounds; fails in the round that it is told."""

    def __init__(self, fails_at=0):
        self.rounds, self.fails_at = 0, fails_at
        self.done = threading.Event()

    def __call__(self):
        self.rounds += 1
        time.sleep(0.001)
        if self.rounds == self.fails_at:
            raise ValueError(f"round {self.rounds}")
        if self.rounds >= 3:
            self.done.set()


def test_it_goes_on_until_paused_and_can_go_on_again():
    work = Work()
    background = Background(work)
    assert (background.running, threads()) == (False, [])
    background.run()
    assert work.done.wait(30)
    assert background.running
    background.pause()
    rounds = work.rounds
    assert (background.running, threads()) == (False, [])
    time.sleep(0.05)
    assert work.rounds == rounds
    work.done.clear()
    background.run()
    assert work.done.wait(30)
    background.pause()
    assert work.rounds > rounds


def test_running_twice_makes_one_thread():
    background = Background(Work())
    background.run()
    background.run()
    assert len(threads()) == 1
    background.pause()
    background.pause()
    assert threads() == []


def test_an_error_ends_the_thread_and_is_kept_until_it_runs_again():
    told = threading.Event()
    work = Work(fails_at=2)
    background = Background(work, lambda: background.error and told.set())
    background.run()
    assert told.wait(30)
    assert isinstance(background.error, ValueError)
    assert not background.running
    background.run()
    assert background.error is None
    assert work.done.wait(30)
    background.pause()
    assert threads() == []


def test_each_round_is_told():
    work, told = Work(), []
    background = Background(work, lambda: told.append(work.rounds))
    background.run()
    assert work.done.wait(30)
    background.pause()
    assert told == list(range(1, work.rounds + 1))


@pytest.mark.parametrize("ending", ["", "raise SystemExit(3)"])
def test_python_ends_while_it_runs(ending):
    code = f"""
import time
from lipcourse.training.background import Background
rounds = []
def work():
    time.sleep(0.05)
    rounds.append("half")
    time.sleep(0.05)
    print("whole round", flush=True)
Background(work).run()
time.sleep(0.2)
{ending}
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == (3 if ending else 0)
    assert done.stderr == ""
    assert "whole round" in done.stdout
