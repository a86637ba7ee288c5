"""The trained results that are shipped, and the script that makes them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from samples import prepared

from lipcourse.course import loss_grid
from lipcourse.course.loss_grid import FOLDER, RUNS, STAGES, draw_trained, load_grid, make_grid, true_strip
from lipcourse.errors import CourseError, OptionError
from lipcourse.networks.glance import Generator
from lipcourse.training.live import LOSSES
from lipcourse.training.methods import METHODS


def test_the_grid_is_shipped_whole_and_small():
    grid = load_grid()
    assert list(grid) == list(RUNS)
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 1_000_000
    for letter, method in METHODS.items():
        run = grid[f"{letter} · {method.name}"]
        assert run.weights == {name: getattr(method.weights, name) for name in LOSSES}


def test_each_run_tells_its_whole_way():
    for run in load_grid().values():
        assert run.strips.shape == (len(STAGES), *true_strip().shape)
        assert (run.steps[0], run.steps[-1]) == (STAGES[0], STAGES[-1])
        assert run.losses.keys() == run.shares.keys() == set(LOSSES)
        assert all(len(values) == len(run.steps) for values in (*run.losses.values(), *run.shares.values()))
        assert sum(values[-1] for values in run.shares.values()) == pytest.approx(1, abs=1e-4)


def test_a_stage_is_drawn_or_refused():
    run = next(iter(load_grid().values()))
    assert len(draw_trained(run, STAGES[1], true_strip()).axes) == 2
    with pytest.raises(OptionError, match="step 3 was not kept; choose of 0"):
        draw_trained(run, 3, true_strip())


@pytest.fixture
def small(monkeypatch):
    generator = Generator(width=1 / 32)
    clips = [prepared(f"made/s/{n}", seed=n) for n in range(3)]
    monkeypatch.setattr(loss_grid, "one_puppet", lambda count: clips)
    monkeypatch.setattr(loss_grid, "OPTIONS", replace(loss_grid.OPTIONS, width=1 / 32, autoencoder_steps=1))
    monkeypatch.setattr(loss_grid, "load_network", lambda name: generator)
    monkeypatch.setattr(loss_grid, "STAGES", (0, 2))
    monkeypatch.setattr(loss_grid, "LOOK_EVERY", 1)
    monkeypatch.setattr(loss_grid, "RUNS", dict(list(RUNS.items())[:2]))


def test_making_the_grid_goes_on_where_it_was_stopped(small, tmp_path, capsys):
    make_grid(tmp_path)
    first = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    (tmp_path / "run01.json").unlink()
    capsys.readouterr()
    make_grid(tmp_path)
    assert capsys.readouterr().err.startswith("a gentle judge")
    again = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert again["run00.webp"] == first["run00.webp"]
    assert again["run01.webp"] == first["run01.webp"]
    assert list(load_grid(tmp_path)) == ["pixels alone", "a gentle judge"]


def test_a_missing_or_damaged_grid_says_how_to_make_it(small, tmp_path):
    with pytest.raises(CourseError, match=r"no trained results; make them: python -m lipcourse\.course"):
        load_grid(tmp_path / "nowhere")
    (tmp_path / "run00.json").write_text(json.dumps({"name": "another"}))
    with pytest.raises(CourseError, match="it is not the run 'pixels alone'"):
        load_grid(tmp_path)
    with pytest.raises(CourseError, match="missing or damaged"):
        true_strip(tmp_path)
