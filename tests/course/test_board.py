"""The board: sliders that act on the next step, buttons, and errors that are seen."""

from __future__ import annotations

import asyncio
import threading
import time
from dataclasses import replace

import numpy as np
import pytest
from samples import prepared

from lipcourse.course import board as boards
from lipcourse.course import widgets
from lipcourse.course.board import OWN, Board, show_board
from lipcourse.course.board_pictures import POINTS, draw_history, film, push_images
from lipcourse.course.sentences import Sentences
from lipcourse.errors import CourseError
from lipcourse.training.background import THREAD_NAME
from lipcourse.training.live import LOSSES, LiveTraining
from lipcourse.training.losses import ObjectiveWeights
from lipcourse.training.presets import PRESETS


@pytest.fixture(autouse=True)
def _no_explorers(monkeypatch):
    monkeypatch.setattr(widgets, "_explorers", {})


@pytest.fixture(scope="module")
def made():
    clips = [prepared(f"made/s/{n}", seed=n) for n in range(3)]
    sentences = Sentences(clips, batch=2, frames=4, shown_frames=4)
    options = replace(PRESETS["fast"], width=1 / 32, frames=4, batch=2, autoencoder_steps=1, device="cpu")
    return LiveTraining(options, sentences.draw, sentences.shown())


@pytest.fixture
def live(made):
    made.reset(replace(PRESETS["fast"], width=1 / 32, frames=4, batch=2, device="cpu"))
    return made


@pytest.fixture
def board(live):
    board = Board(live)
    yield board
    board.close()


def threads():
    return [thread for thread in threading.enumerate() if thread.name == THREAD_NAME]


def wait(condition):
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until, "waited for a minute"
        time.sleep(0.01)


def test_a_moved_slider_acts_on_the_next_step_while_it_runs(board):
    board.run_button.click()
    wait(lambda: board.live.steps >= 1)
    board.sliders["pixel"].value = 5.0
    turned_at = board.live.steps
    wait(lambda: board.live.steps >= turned_at + 2)
    board.pause_button.click()
    used = {look.step: look.options.weights.pixel for look in board.live.history}
    assert used[1] == 0.5
    # The step that was under way keeps what it began with.
    assert used[turned_at + 2] == 5.0
    assert board.method.value == OWN
    assert f"step {board.live.steps}" in board._status.value
    assert "pixel 5" in board._status.value


def test_buttons_run_pause_and_reset(board):
    first = board.live.history[0].losses
    assert "paused" in board._status.value
    board.run_button.click()
    assert "running" in board._status.value
    wait(lambda: board.live.steps >= 2)
    board.pause_button.click()
    assert threads() == []
    steps = board.live.steps
    board.run_button.click()
    wait(lambda: board.live.steps > steps)
    board.reset_button.click()
    assert len(threads()) == 1
    board.pause_button.click()
    board.reset_button.click()
    assert board.live.steps == 0
    assert board.live.history[0].losses == first
    assert board.errors == []


def test_close_leaves_no_thread(board):
    board.run_button.click()
    assert len(threads()) == 1
    board.close()
    assert threads() == []


def test_a_method_sets_the_sliders(board):
    board.sliders["adversarial"].value = 0.0
    assert board.method.value == "a"
    board.method.value = "d"
    assert [board.sliders[name].value for name in LOSSES] == [0.0, 0.5, 1.0, 1.0]
    assert board.live.options.weights == ObjectiveWeights(correlation=0.0)
    assert board.method.value == "d"


@pytest.mark.parametrize("letter", ["f", "g", "h", "i"])
def test_a_method_with_other_networks_begins_anew(board, letter):
    board.live.step()
    board.method.value = letter
    assert board.live.steps == 0
    assert board.method.value == letter
    assert board.live.step().step == 1
    board.method.value = "e"
    assert (board.live.options.motion, board.live.options.derivative) == ("flow", True)


def test_an_error_of_a_step_is_shown_and_raised_by_the_drive(board, monkeypatch):
    def fail():
        raise ValueError("the <lip> is gone")

    monkeypatch.setattr(board.background, "_work", fail)
    board.run_button.click()
    wait(lambda: board.background.error)
    board.pause_button.click()
    assert "stopped" in board._status.value
    assert "ValueError: the &lt;lip&gt; is gone" in board._status.value
    widgets.register("board", shown=board)
    with pytest.raises(CourseError, match="the <lip> is gone"):
        widgets.drive_all()


def test_all_sliders_at_zero_say_what_to_do(board):
    for name in LOSSES:
        board.sliders[name].value = 0.0
    board.run_button.click()
    wait(lambda: board.background.error)
    board.redraw()
    assert "every loss has weight 0; give one of them a weight" in board._status.value
    board.sliders["pixel"].value = 1.0
    board.run_button.click()
    wait(lambda: board.live.steps >= 1)
    board.pause_button.click()
    assert "weight 0" not in board._status.value


def test_an_error_of_a_button_is_shown(board, monkeypatch):
    def fail(options):
        raise ValueError("no reset")

    monkeypatch.setattr(board.live, "reset", fail)
    board.reset_button.click()
    assert "ValueError: no reset" in board._status.value
    assert board.errors == ["ValueError: no reset"]


def test_the_drive_moves_everything_and_leaves_it_as_it_was(live):
    board = show_board(live)
    before = live.options
    widgets.drive_all()
    assert live.options == before
    assert threads() == []
    board.close()


def test_the_drive_does_not_wait_for_ever(board, monkeypatch):
    monkeypatch.setattr(boards, "PATIENCE", 0.2)
    monkeypatch.setattr(board.background, "_work", lambda: time.sleep(0.05))
    board.drive()
    assert board.errors == ["CourseError: no step was done within 0.2 seconds"]


def test_a_second_board_closes_the_first(live):
    first = show_board(live)
    first.run()
    second = show_board(live)
    assert not first.background.running
    second.close()


def test_in_a_kernel_it_draws_by_itself(live):
    async def watch():
        board = Board(live)
        before = board._curves.value
        board.run()
        try:
            async with asyncio.timeout(60):
                while board._curves.value == before or live.steps < 2:
                    await asyncio.sleep(0.01)
        finally:
            board.close()
        return board._status.value

    assert "running" in asyncio.run(watch())


def test_every_picture_has_an_alt_text(board):
    shown = board._film.value + board._pushes.value + board._curves.value
    assert shown.count("<img") == shown.count('<img alt="') == 7


def test_a_film_has_a_row_each():
    rows = [np.full((16, 4, 5, 3), level, np.uint8) for level in (10, 20)]
    rows[0][15] = 99
    strip = film(*rows, count=3)
    assert strip.shape == (8, 15, 3)
    assert (strip[:4, :10] == 10).all()
    assert (strip[:4, 10:] == 99).all()
    assert (strip[4:] == 20).all()


def test_what_pushes_together_is_the_weighted_sum(live):
    alone = push_images(live.pictures, ObjectiveWeights(0, 0, 2, 0))
    assert list(alone) == [*LOSSES, "all, weighted"]
    assert (alone["all, weighted"] == alone["perceptual"]).all()
    nothing = push_images(live.pictures, ObjectiveWeights(0, 0, 0, 0))
    assert (nothing["all, weighted"] == nothing["all, weighted"][0, 0]).all()


def test_a_line_marks_where_a_weight_was_turned(live):
    live.step()
    plain = len(draw_history(live.history).axes[0].lines)
    live.turn(pixel=2.0)
    live.step()
    assert len(draw_history(live.history).axes[0].lines) == plain + 1


def test_long_histories_are_thinned_but_end_where_they_end(live):
    look = live.history[0]
    history = [replace(look, step=step) for step in range(4 * POINTS + 3)]
    curve = draw_history(history).axes[0].lines[0].get_xdata()
    assert len(curve) <= POINTS + 1
    assert (curve[0], curve[-1]) == (0, 4 * POINTS + 2)
