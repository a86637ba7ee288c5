"""Lines of progress, and what TensorBoard shows."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from lipcourse.training import journal as module
from lipcourse.training.journal import Journal
from lipcourse.training.presets import PRESETS
from lipcourse.training.run import Run
from lipcourse.training.validation import Validation

OPTIONS = replace(PRESETS["fast"], autoencoder_steps=10, steps=90, batch=4)
MEASURED = Validation(0.1, 30.0, 26.0, 0.7, 0.2)


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test sets."""
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr(module, "time", SimpleNamespace(perf_counter=lambda: clock.now))
    return clock


def fabric(first=True):
    return SimpleNamespace(is_global_zero=first, device=torch.device("cpu"))


def scalars(folder, name):
    events = EventAccumulator(str(folder / "log")).Reload()
    return {event.step: event.value for event in events.Scalars(name)}


def test_a_line_tells_speed_and_time_left_without_validations(tmp_path, clock):
    told = []
    run = Run(tmp_path)
    journal = Journal(fabric(), run, OPTIONS, told.append)
    run.step, clock.now = 20, 110.0
    journal.report({"pixel": 0.5}, "")
    assert (told[0].windows_per_second, told[0].seconds_left) == (8, 40)  # 20 of 100 steps in 10 s
    run.step, clock.now = 40, 150.0
    journal.validated(MEASURED, torch.rand(3, 8, 8), began=120.0)  # took 30 of these 40 s
    journal.report({"pixel": 0.4}, str(MEASURED))
    assert (told[1].windows_per_second, told[1].seconds_left) == (8, 30)
    assert told[1].note.startswith("pixel 0.1")
    journal.close()
    assert run.progress == told
    assert scalars(tmp_path, "training/pixel") == pytest.approx({20: 0.5, 40: 0.4})
    assert scalars(tmp_path, "validation/right") == pytest.approx({40: 0.7})
    images = EventAccumulator(str(tmp_path / "log")).Reload().Images("truth, right sound, wrong sound")
    assert [(image.step, image.width) for image in images] == [(40, 8)]


def test_steps_of_an_earlier_process_do_not_count_for_the_speed(tmp_path, clock):
    told = []
    run = Run(tmp_path)
    journal = Journal(fabric(), run, OPTIONS, told.append)
    run.step = 50  # as read from a checkpoint
    journal.begin()
    run.step, clock.now = 60, 105.0
    journal.report({}, "")
    journal.close()
    assert told[0].windows_per_second == 8


def test_only_the_first_process_tells(tmp_path):
    told = []
    run = Run(tmp_path, step=5)
    journal = Journal(fabric(first=False), run, OPTIONS, told.append)
    journal.report({"pixel": 0.5}, "")
    journal.close()
    assert told == run.progress == list(tmp_path.iterdir()) == []


def test_the_first_steps_are_the_autoencoders(tmp_path):
    told = []
    run = Run(tmp_path)
    journal = Journal(fabric(), run, OPTIONS, told.append)
    for run.step in (10, 11):
        journal.report({}, "")
    journal.close()
    assert [line.phase for line in told] == ["autoencoder", "glance"]
