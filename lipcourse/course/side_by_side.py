"""Drawing target and yours side by side, as lines, images or points."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lipcourse.course.diagnosis import as_array
from lipcourse.course.exercise import Exercise

Array = NDArray[Any]
BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#888888"  # Okabe-Ito


def is_number(value: Any) -> bool:
    """Whether a result is best shown in a table: a number, text, or a handful of them."""
    array = as_array(value)
    return (
        array.size <= 6 and array.ndim <= 1
        if array is not None
        else not isinstance(value, (list, tuple, dict))
    )


def draw(exercise: Exercise, target: Any, yours: Any) -> tuple[bytes | None, str]:
    """Draw one case's target and yours.

    Returns:
        A PNG and its alt text; None and "" where there is nothing to draw.
    """
    if exercise.show and _alike(target, yours):
        told = exercise.alt or f"Target and your answer to {exercise.name}, side by side."
        return png(exercise.show(target, yours)), told
    right, mine = _drawable(target), _drawable(yours)
    if right is None:
        return None, ""
    kind = _choose(exercise, right)
    panels = 1 if mine is None else 2
    figure = Figure(figsize=(4.6 * panels, 2.9), layout="constrained", dpi=110)
    # One scale for both, so that a difference in size is seen.
    axes = figure.subplots(1, panels, squeeze=False, sharey=kind == "lines")[0]
    for index, (axis, values) in enumerate(zip(axes, [right, mine], strict=False)):
        title = ("target", "yours")[index]
        if values is not None:
            _panel(axis, kind, values, (BLUE, ORANGE)[index], right)
            axis.set_title(f"{title}  {values.shape}", fontsize=10)
    return png(figure), f"Two panels, the target and your answer to {exercise.name}, drawn as {kind}."


def png(figure: Figure) -> bytes:
    """The figure as a PNG, whatever matplotlib's backend."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", facecolor="white")
    return buffer.getvalue()


def _alike(target: Any, yours: Any) -> bool:
    """Whether a result has the target's shape, so that an exercise's own drawing can take it."""
    right, mine = as_array(target), as_array(yours)
    if right is not None or mine is not None:
        return right is not None and mine is not None and right.shape == mine.shape
    if isinstance(target, dict):
        return isinstance(yours, dict) and target.keys() == yours.keys()
    if isinstance(target, (list, tuple)) and isinstance(yours, (list, tuple)):
        return len(target) == len(yours) and all(map(_alike, target, yours))
    return type(target) is type(yours)


def _drawable(value: Any) -> Array | None:
    """The numbers to draw: of several parts the first that is an array with an axis."""
    if isinstance(value, dict):
        value = tuple(value.values())
    array = as_array(value)
    if array is None and isinstance(value, (list, tuple)):
        return next((part for part in map(_drawable, value) if part is not None), None)
    if array is None or array.ndim == 0 or array.size == 0:
        return None
    return np.abs(array) if array.dtype.kind == "c" else array


def _choose(exercise: Exercise, target: Array) -> str:
    if exercise.picture not in {"auto", "numbers"}:
        return exercise.picture
    if target.ndim == 1:
        return "lines"
    return "points" if target.shape[-1] == 2 and target.shape[-2] in {20, 68} else "image"


def _panel(axis: Any, kind: str, values: Array, colour: str, target: Array) -> None:
    """One panel; points lie on the target's, in grey."""
    if kind == "lines":
        axis.plot(np.atleast_2d(values).reshape(-1, values.shape[-1]).T, color=colour, linewidth=1.6)
        axis.grid(color=GREY, alpha=0.25)
    elif kind == "points" and values.ndim >= 2 and values.shape[-1] == 2:
        points = values.reshape(-1, *values.shape[-2:])[0]
        frame = target.reshape(-1, *target.shape[-2:])[0]
        axis.scatter(frame[:, 0], frame[:, 1], s=26, facecolors="none", edgecolors=GREY, linewidths=0.8)
        axis.scatter(points[:, 0], points[:, 1], s=9, color=colour)
        axis.set_aspect("equal", adjustable="datalim")
        axis.invert_yaxis()
        axis.set_axis_off()
    else:
        _image(axis, values, target)


def _image(axis: Any, values: Array, target: Array) -> None:
    coloured = values.ndim >= 3 and values.shape[-1] == 3
    image = values.reshape(-1, *values.shape[-3:])[0] if coloured else np.atleast_2d(values)
    if not coloured:
        image = image.reshape(-1, *image.shape[-2:])[0]
    if coloured and image.dtype.kind == "f":
        image = np.clip(image if np.nanmin(target) >= 0 else (image + 1) / 2, 0, 1)
    shown = axis.imshow(
        image, cmap="viridis", vmin=float(np.nanmin(target)), vmax=float(np.nanmax(target)),
        aspect="equal" if coloured or 0.4 < image.shape[0] / image.shape[1] < 2.5 else "auto",
        interpolation="nearest",
    )  # fmt: skip
    if not coloured:
        axis.figure.colorbar(shown, ax=axis, shrink=0.9)
