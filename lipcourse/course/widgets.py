"""Sliders around a drawing function, whose errors are seen.

ipywidgets' own `interact` swallows an exception in a callback: the notebook goes on as if nothing had
happened. Here the learner sees it where the figure would be, and `drive_all`, which the course's runner calls
at the end of every notebook, moves each control to its ends and its middle and raises what callbacks raised.
"""

from __future__ import annotations

import base64
import inspect
from collections.abc import Callable, Iterator, Mapping
from html import escape
from typing import Any, Protocol

import ipywidgets
from IPython.display import display
from matplotlib.figure import Figure

from lipcourse.errors import CourseError
from lipcourse.pictures import close, png_bytes


class Driven(Protocol):
    """What `drive_all` can move; `errors` holds what went wrong since it was made."""

    errors: list[str]

    def drive(self) -> None:
        """Move every control through its values."""


class Explorer:
    """A drawing function, its controls, and the place where it draws.

    Args:
        function: Called with one value a control, by name; returns a matplotlib figure, text, or anything
            that IPython shows as HTML (a player, a verdict).
        controls: What ipywidgets makes a control of: (low, high) or (low, high, step), a list or dict of
            options, True or False, or a widget. It starts at the default of the function's argument, if any.
        alt: What the figure shows, for those who cannot see it.
    """

    def __init__(self, function: Callable[..., Any], controls: Mapping[str, Any], alt: str) -> None:
        self.function = function
        self.alt = alt
        self.errors: list[str] = []
        parameters = inspect.signature(function).parameters
        self.controls = {
            name: _make_control(name, given, parameters.get(name)) for name, given in controls.items()
        }
        self.canvas = ipywidgets.HTML()
        for control in self.controls.values():
            control.observe(lambda _: self.draw(), names="value")
        self.box = ipywidgets.VBox([*self.controls.values(), self.canvas])

    def draw(self) -> None:
        """Call the function with the controls' values and show what it returns, or what it raised."""
        values = {name: control.value for name, control in self.controls.items()}
        try:
            self.canvas.value = to_html(self.function(**values), self.alt)
        except Exception as fault:  # noqa: BLE001 - shown to the learner, kept for the runner
            given = ", ".join(f"{name}={value!r}" for name, value in values.items())
            told = f"{self.function.__name__}({given}) raised {type(fault).__name__}: {fault}"
            self.errors.append(told)
            self.canvas.value = f'<pre style="color:#D55E00; white-space:pre-wrap;">{escape(told)}</pre>'

    def drive(self) -> None:
        """Move each control to its low end, its middle and its high end, then back to where it was."""
        for control in self.controls.values():
            move(control)


_explorers: dict[tuple[str, ...], Driven] = {}


def explore(function: Callable[..., Any], *, alt: str = "", **controls: Any) -> None:
    """Show a drawing function with a control for each of its arguments.

    The cell after it shows a plain figure of the same, for those who read without a kernel.

    Args:
        function: Draws for given values and returns a figure, text or an object with HTML.
        alt: What the figure shows, for those who cannot see it.
        controls: One for each argument: (low, high[, step]), options, a truth value, or a widget.

    Raises:
        CourseError: No control can be made of what was given.
    """
    explorer = Explorer(function, controls, alt or f"What {function.__name__} draws for these values.")
    register(function.__name__, *controls, shown=explorer)
    explorer.draw()
    display(explorer.box)


def register(*name: str, shown: Driven) -> Driven | None:
    """Let `drive_all` move something that is shown.

    Args:
        name: The same cell run again has the same name, and replaces what it showed.
        shown: What has controls.

    Returns:
        What had this name before.
    """
    before = _explorers.get(name)
    _explorers[name] = shown
    return before


def drive_all() -> None:
    """Move every control of the notebook to its ends and its middle.

    Raises:
        CourseError: A callback raised, now or since the notebook was opened.
    """
    for explorer in _explorers.values():
        explorer.drive()
    errors = [error for explorer in _explorers.values() for error in explorer.errors]
    if errors:
        raise CourseError("; ".join(dict.fromkeys(errors)))


def move(control: Any) -> None:
    """Move a control to its low end, its middle and its high end, then back to where it was."""
    start = control.value
    for value in _stops(control):
        control.value = value
    control.value = start


def _make_control(name: str, given: Any, parameter: inspect.Parameter | None) -> Any:
    control = ipywidgets.interactive.widget_from_abbrev(given)
    if control is None:
        raise CourseError(
            f"no control can be made of {given!r}", where=name, remedy="give (low, high), options or a widget"
        )
    if parameter is not None and parameter.default is not inspect.Parameter.empty:
        control.value = parameter.default
    control.description = control.description or name.replace("_", " ")
    control.style.description_width = "initial"
    if control.has_trait("continuous_update"):
        control.continuous_update = False  # a drawing at each pixel of the way would lag behind the hand
    return control


def _stops(control: Any) -> Iterator[Any]:
    """The values to drive a control through: its ends and middle, or its first, middle and last option."""
    if control.has_trait("min") and control.has_trait("max"):
        middle = (control.min + control.max) / 2
        yield from (control.min, type(control.value)(middle), control.max)
    elif control.has_trait("options"):
        options = [value for _, value in control._options_full]
        yield from (options[0], options[len(options) // 2], options[-1])
    elif isinstance(control.value, bool):
        yield from (False, True)


def to_html(shown: Any, alt: str) -> str:
    """What a drawing function returned, as HTML.

    Args:
        shown: A figure, text, or what has HTML of its own.
        alt: What a figure shows, for those who cannot see it.

    Raises:
        CourseError: It is nothing of these.
    """
    if isinstance(shown, Figure):
        data = base64.b64encode(png_bytes(shown)).decode()
        close(shown)
        told = escape(alt, quote=True)
        return f'<img alt="{told}" style="max-width:100%;" src="data:image/png;base64,{data}">'
    for method in ("html", "_repr_html_"):
        if callable(getattr(shown, method, None)):
            return str(getattr(shown, method)())
    if isinstance(shown, str):
        return f"<pre>{escape(shown)}</pre>"
    raise CourseError(f"a drawing function returns a figure or text, not {type(shown).__name__}")
