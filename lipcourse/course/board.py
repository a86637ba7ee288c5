"""The loss-weight board: sliders for what counts, while a small network learns and shows what it makes of it.

The network trains in a thread of its own (`lipcourse.training.background`); everything that is shown is drawn
in the notebook's thread, which the training asks for by way of the kernel's event loop. A slider is read at
the next step. What goes wrong is shown on the board, and stops the training.

Taught in notebook 10.
"""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from html import escape
from typing import Any

import cv2
import ipywidgets
import numpy as np
from IPython.display import display
from numpy.typing import NDArray

from lipcourse.course import widgets
from lipcourse.course.board_pictures import draw_history, film, push_images
from lipcourse.errors import CourseError
from lipcourse.training.background import Background
from lipcourse.training.live import LOSSES, LiveTraining, true_frames
from lipcourse.training.methods import METHODS, Method
from lipcourse.training.presets import GlanceOptions

WEIGHTS = (0.0, 1e-4, 1e-3, 0.01, 0.03, 0.1, 0.3, 0.5, 1.0, 2.0, 5.0, 10.0, 100.0)
LAMBDAS = (0.0, 0.25, 0.5, 0.75, 1.0, 2.0)
OWN = ""
"""What the list of methods says where the sliders stand as in none of them."""

SECONDS_A_DRAWING = 0.7
PATIENCE = 60.0
"""Seconds that `Board.drive` waits for one step."""


class Board(ipywidgets.VBox):  # type: ignore[misc]
    """Sliders, buttons and pictures around a training.

    `close` stops the training, and so do the end of the kernel and another board of the same name.

    Args:
        live: The training; the board alone steps it from now on.

    Attributes:
        sliders: By what they turn: the four losses, "lambda_p" and "lambda_u".
        method: A list of the methods of the paper's Table 2.
        errors: What went wrong since the board was made; the last is shown.
    """

    def __init__(self, live: LiveTraining) -> None:
        self.live = live
        self.errors: list[str] = []
        self.background = Background(live.step, self._tell)
        self._truth = true_frames(live)
        self._loop = _running_loop()
        self._due: asyncio.TimerHandle | None = None
        self._drawn = 0.0
        self._told = ""
        self.sliders = {name: _slider(name, WEIGHTS, getattr(live.options.weights, name)) for name in LOSSES}
        for name in ("lambda_p", "lambda_u"):
            self.sliders[name] = _slider(name, LAMBDAS, getattr(live.options, name))
        methods = [("your own", OWN), *((f"{letter} · {m.name}", letter) for letter, m in METHODS.items())]
        self.method = ipywidgets.Dropdown(options=methods, value=self._letter(), description="method")
        self.run_button = _button("run", "play", "success")
        self.pause_button = _button("pause", "pause", "")
        self.reset_button = _button("reset", "undo", "")
        self._status, self._film, self._pushes, self._curves = (ipywidgets.HTML() for _ in range(4))
        for name, slider in self.sliders.items():
            slider.observe(self._guarded(partial(self._turned, name)), "value")
        self.method.observe(self._guarded(lambda change: self._chosen(change.new)), "value")
        self.run_button.on_click(self._guarded(lambda _: self.run()))
        self.pause_button.on_click(self._guarded(lambda _: self.pause()))
        self.reset_button.on_click(self._guarded(lambda _: self.reset()))
        buttons = ipywidgets.HBox([self.run_button, self.pause_button, self.reset_button])
        left = ipywidgets.VBox([self.method, *self.sliders.values(), buttons, self._status])
        right = ipywidgets.VBox([self._film, self._pushes])
        super().__init__([ipywidgets.HBox([left, right]), self._curves])
        self.redraw()

    def run(self) -> None:
        """Train, from where it stands, until paused."""
        self._told = ""
        self.background.run()
        self.redraw()

    def pause(self) -> None:
        """Stop after the step that is under way."""
        self.background.pause()
        self.redraw()

    def reset(self) -> None:
        """Begin anew with the weights as they stand; it goes on running if it was."""
        self._begin(None)

    def close(self) -> None:
        """Stop the training and take the board away."""
        self.background.pause()
        if self._due is not None:
            self._due.cancel()
        super().close()

    def redraw(self) -> None:
        """Show how things are now."""
        look, seen = self.live.history[-1], self.live.pictures
        self._drawn = time.monotonic()
        self._status.value = self._state()
        self._film.value = _picture(
            film(self._truth, seen.frames), "Above the true mouth, below the generated one.", width=512
        )
        maps = push_images(seen, look.options.weights)
        self._pushes.value = (
            "where each loss pushes the pixels<br>"
            + "".join(_picture(image, name, width=100) for name, image in maps.items())
        )  # fmt: skip
        self._curves.value = widgets.to_html(
            draw_history(self.live.history), "Four loss curves, and each loss's share of the push."
        )

    def drive(self) -> None:
        """Move every control, press every button, and wait for one step; for `widgets.drive_all`."""
        before = self.live.options
        for control in (*self.sliders.values(), self.method):
            widgets.move(control)
        self.run_button.click()
        steps, patient_until = self.live.steps, time.monotonic() + PATIENCE
        while self.background.running and self.live.steps == steps:
            if time.monotonic() > patient_until:
                self._fail(CourseError(f"no step was done within {PATIENCE:g} seconds"))
                break
            time.sleep(0.05)
        self.pause_button.click()
        self.reset_button.click()
        if self.live.options != before:
            self._begin(before)
        self._show_weights()

    def _turned(self, name: str, change: Any) -> None:
        """A slider was moved: the next step is done with it."""
        self.live.turn(**{name: change.new})
        self.method.value = self._letter()
        self._status.value = self._state()

    def _chosen(self, letter: str) -> None:
        """A method was chosen: its weights, and new networks where it needs others."""
        if letter in {OWN, self._letter()}:
            return
        options = METHODS[letter].options(self.live.options)
        networks = (options.motion, options.derivative)
        if networks == (self.live.options.motion, self.live.options.derivative):
            self.live.turn(**asdict(options.weights))
        else:
            self._begin(options)
        self._show_weights()

    def _show_weights(self) -> None:
        """Let the sliders and the list stand as the weights are."""
        weights = asdict(self.live.options.weights)
        for name in LOSSES:
            self.sliders[name].value = weights[name]
        self.method.value = self._letter()

    def _begin(self, options: GlanceOptions | None) -> None:
        running = self.background.running
        self.background.pause()
        self.background.error, self._told = None, ""
        self.live.reset(options)
        if running:
            self.background.run()
        self.redraw()

    def _letter(self) -> str:
        """The method that the sliders stand for, if any."""
        return next((letter for letter, each in METHODS.items() if _is(each, self.live)), OWN)

    def _state(self) -> str:
        """Say in words what is going on."""
        look = self.live.history[-1]
        error = self.background.error
        doing = "stopped" if error else "running" if self.background.running else "paused"
        used = ", ".join(f"{name} {getattr(look.options.weights, name):g}" for name in LOSSES)
        told = f"<b>{doing}</b> · step {look.step} · {look.seconds:.2f} s a step<br>that step used {used}"
        if error and not self._told:
            self._note(error)
        if self._told:
            told += f'<pre style="color:#D55E00; white-space:pre-wrap;">{escape(self._told)}</pre>'
        return f'<div style="line-height:1.4; max-width:300px;">{told}</div>'

    def _guarded(self, react: Callable[[Any], None]) -> Callable[[Any], None]:
        """Show what a reaction to a control raises, which ipywidgets would only log."""

        def guarded(event: Any) -> None:
            try:
                react(event)
            except Exception as fault:  # noqa: BLE001 - shown to the learner, kept for the runner
                self._fail(fault)

        return guarded

    def _fail(self, fault: Exception) -> None:
        self._note(fault)
        self._status.value = self._state()

    def _note(self, fault: Exception) -> None:
        self._told = f"{type(fault).__name__}: {fault}"
        self.errors.append(self._told)

    def _tell(self) -> None:
        """A step was done: called in the training's thread."""
        # At the kernel's end the loop is closed, and nobody is left to be told.
        with suppress(RuntimeError):
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self._soon)

    def _soon(self) -> None:
        """Draw at the next moment at which that is not too often."""
        if self._loop is not None and self._due is None:
            wait = self._drawn + SECONDS_A_DRAWING - time.monotonic()
            self._due = self._loop.call_later(max(0.0, wait), self._guarded(self._draw_now), None)

    def _draw_now(self, _: Any) -> None:
        self._due = None
        self.redraw()


def show_board(live: LiveTraining) -> Board:
    """Show the board of a training in the notebook; one that was shown before is closed.

    Returns:
        The board.
    """
    board = Board(live)
    before = widgets.register("board", shown=board)
    if isinstance(before, Board):
        before.close()
    display(board)
    return board


def _is(method: Method, live: LiveTraining) -> bool:
    asked = (method.weights, method.motion, method.derivative)
    return asked == (live.options.weights, live.options.motion, live.options.derivative)


def _running_loop() -> asyncio.AbstractEventLoop | None:
    """The kernel's event loop; there is none outside a kernel, where `redraw` is for the caller."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _slider(name: str, stops: tuple[float, ...], value: float) -> Any:
    options = sorted({*stops, value})
    return ipywidgets.SelectionSlider(
        options=[(f"{stop:g}", stop) for stop in options],
        value=value,
        description=name,
        style={"description_width": "90px"},
        layout={"width": "300px"},
    )


def _button(name: str, icon: str, style: str) -> Any:
    return ipywidgets.Button(description=name, icon=icon, button_style=style, layout={"width": "90px"})


def _picture(image: NDArray[np.uint8], alt: str, width: int) -> str:
    """An image with its caption, as HTML; quickly, since it is done at each step."""
    data = base64.b64encode(cv2.imencode(".png", image[..., ::-1])[1].tobytes()).decode()
    told = escape(alt, quote=True)
    return (
        f'<figure style="display:inline-block; margin:2px;"><img alt="{told}" width="{width}" '
        f'src="data:image/png;base64,{data}"><figcaption style="font-size:80%;">{told}</figcaption></figure>'
    )
