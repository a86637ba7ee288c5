"""Telling in words how a wrong answer differs from the right one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import permutations
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class Diagnosis(NamedTuple):
    """A difference that has a name, and a sentence on it."""

    mistake: str | None
    sentence: str


class Raised(NamedTuple):
    """A function raised an exception of this type in place of giving a result."""

    kind: type[BaseException]


def as_array(value: Any) -> Array | None:
    """Return numbers (a number, an array, a tensor, nested lists of one shape) as an array, else None."""
    if hasattr(value, "detach"):
        value = value.detach().cpu().resolve_conj().resolve_neg()
    if isinstance(value, (str, bytes, dict, set, Raised)) or value is None:
        return None
    try:
        array = np.asarray(value)
    except (ValueError, TypeError):
        return None
    return array if array.dtype.kind in "biufc" else None


def matches(target: Any, yours: Any, tolerance: float) -> bool:
    """Whether two results are the same: numbers within the tolerance, everything else equal.

    Args:
        target: The right result.
        yours: The other: it may be another kind of container or array of the same numbers.
        tolerance: Relative to the largest value of the target; integers must be equal.
    """
    if isinstance(target, dict):
        return (
            isinstance(yours, dict)
            and target.keys() == yours.keys()
            and all(matches(target[key], yours[key], tolerance) for key in target)
        )
    right, mine = as_array(target), as_array(yours)
    if right is not None and mine is not None:
        return right.shape == mine.shape and same_numbers(right, mine, tolerance)
    if isinstance(target, (list, tuple)) and not isinstance(target, Raised):
        return (
            isinstance(yours, (list, tuple))
            and len(target) == len(yours)
            and all(matches(a, b, tolerance) for a, b in zip(target, yours, strict=True))
        )
    return right is None and mine is None and type(target) is type(yours) and bool(target == yours)


def same_numbers(target: Array, yours: Array, tolerance: float) -> bool:
    """Whether two arrays of one shape hold the same numbers, NaN where the target has NaN."""
    if target.dtype.kind in "biu":
        return bool(np.array_equal(target, yours))
    finite = np.abs(target[np.isfinite(target)])
    size = float(finite.max()) if finite.size else 0.0
    return bool(np.allclose(yours, target, rtol=0, atol=tolerance * size + 1e-12, equal_nan=True))


def diagnose(target: Any, yours: Any, tolerance: float) -> Diagnosis:
    """Say how a result differs from the right one, most telling difference first."""
    right, mine = as_array(target), as_array(yours)
    if yours is None:
        return Diagnosis("nothing is returned", "Your function gives None: is there a `return` at its end?")
    if isinstance(target, dict) and isinstance(yours, dict) and target.keys() != yours.keys():
        return Diagnosis("wrong keys", f"The keys should be {sorted(target)}; yours are {sorted(yours)}.")
    if right is None and isinstance(target, (list, tuple, dict)):
        return _diagnose_parts(target, yours, tolerance)
    if right is None or mine is None:
        expected, found = type(target).__name__, type(yours).__name__
        if expected == found:
            return Diagnosis(None, f"The target is {target!r}; yours is {yours!r}.")
        return Diagnosis("wrong type", f"The target is of type {expected}; yours is of type {found}.")
    if right.shape != mine.shape:
        return _diagnose_shape(right, mine, tolerance)
    if not np.isfinite(mine).all() and np.isfinite(right).all():
        share = np.mean(~np.isfinite(mine))
        return Diagnosis(
            "NaN or infinity",
            f"{share:.0%} of your values are NaN or infinite: a division by zero, or the logarithm of zero?",
        )
    if right.size == 0:
        return Diagnosis(None, "The values differ.")
    return _diagnose_values(right, mine, tolerance)


def _diagnose_parts(target: Any, yours: Any, tolerance: float) -> Diagnosis:
    kind = type(target).__name__
    if not isinstance(yours, dict if isinstance(target, dict) else (list, tuple)):
        return Diagnosis(
            "wrong type", f"The target is a {kind} of {len(target)}; yours is of type {type(yours).__name__}."
        )
    if len(target) != len(yours):
        return Diagnosis("wrong length", f"The target is a {kind} of {len(target)}; yours has {len(yours)}.")
    keys = list(target) if isinstance(target, dict) else range(len(target))
    for key in keys:
        if not matches(target[key], yours[key], tolerance):
            inner = diagnose(target[key], yours[key], tolerance)
            return Diagnosis(inner.mistake, f"Part {key!r} of your answer: {inner.sentence}")
    return Diagnosis("wrong type", f"The target is a {kind}; yours is a {type(yours).__name__}.")


def _diagnose_shape(right: Array, mine: Array, tolerance: float) -> Diagnosis:
    shapes = f"The target has shape {right.shape}; yours has {mine.shape}."
    if right.ndim == mine.ndim <= 5:
        for order in permutations(range(mine.ndim)):
            turned = mine.transpose(order)
            if turned.shape == right.shape and same_numbers(right, turned, tolerance):
                return Diagnosis("axes in another order", f"{shapes} The values are right: {_swap(order)}.")
    if np.squeeze(right).shape == np.squeeze(mine).shape:
        return Diagnosis("an axis of length 1 too many or too few", shapes)
    differing = [axis for axis, (a, b) in enumerate(zip(right.shape, mine.shape, strict=False)) if a != b]
    if right.ndim == mine.ndim and len(differing) == 1:
        axis = differing[0]
        more = mine.shape[axis] - right.shape[axis]
        return Diagnosis(
            "wrong length", f"{shapes} Axis {axis} is {abs(more)} too {'long' if more > 0 else 'short'}."
        )
    return Diagnosis("wrong shape", shapes)


def _diagnose_values(right: Array, mine: Array, tolerance: float) -> Diagnosis:
    target, yours = (
        right.astype(np.complex128 if right.dtype.kind == "c" else np.float64),
        mine.astype(np.float64),
    )
    for diagnosis in (
        _diagnose_layout(target, yours, tolerance),
        _diagnose_scale(target, yours, tolerance),
        _diagnose_shift(target, yours, tolerance),
        _diagnose_edge(target, yours, tolerance),
    ):
        if diagnosis:
            return diagnosis
    wrong = ~np.isclose(yours, target, rtol=0, atol=tolerance * float(np.abs(target).max()) + 1e-12)
    if target.size == 1:
        return Diagnosis(None, f"The target is {right.item():.6g}; yours is {mine.item():.6g}.")
    first = tuple(int(i) for i in np.argwhere(wrong)[0])
    return Diagnosis(
        None,
        f"{wrong.mean():.0%} of the values differ, by {np.abs(yours - target).max():.4g} at most; "
        f"the first at {list(first)}: target {right[first]:.6g}, yours {mine[first]:.6g}.",
    )


def _diagnose_layout(target: Array, yours: Array, tolerance: float) -> Diagnosis | None:
    """Axes of one length swapped, or an axis reversed."""
    if target.size < 2:
        return None
    for order in permutations(range(target.ndim)) if target.ndim <= 4 else ():
        turned = yours.transpose(order)
        if (
            order != tuple(range(target.ndim))
            and turned.shape == target.shape
            and same_numbers(target, turned, tolerance)
        ):
            return Diagnosis(
                "axes in another order", f"The values are right, but their order is not: {_swap(order)}."
            )
    for axis in range(target.ndim):
        if same_numbers(target, np.flip(yours, axis), tolerance):
            return Diagnosis("reversed", f"The values are right, but reversed along axis {axis}.")
    return None


def _diagnose_scale(target: Array, yours: Array, tolerance: float) -> Diagnosis | None:
    """Everything multiplied by a constant, or with a constant added."""
    if target.size < 2:
        return None
    power = float(np.vdot(target, target).real)
    factor = float(np.vdot(target, yours).real) / power if power else 0.0
    if factor and not math.isclose(factor, 1) and same_numbers(factor * target, yours, tolerance):
        if math.isclose(factor, -1, rel_tol=tolerance):
            return Diagnosis("the sign is turned", "Every value is the target's with its sign turned.")
        inverse = f" (1/{1 / factor:.6g})" if abs(factor) < 1 else ""
        return Diagnosis("a constant factor", f"Every value is {factor:.6g} times the target{inverse}.")
    offset = float(np.mean(yours - target).real)
    if offset and same_numbers(target + offset, yours, tolerance):
        return Diagnosis(
            "a constant is added",
            f"Every value is the target's {'plus' if offset > 0 else 'minus'} {abs(offset):.6g}.",
        )
    wrapped = (yours - target) / 256
    if np.abs(wrapped).max() >= 1 and np.allclose(wrapped, np.round(wrapped), atol=1e-6):
        return Diagnosis(
            "8-bit numbers wrapped", "The differences are multiples of 256: 8-bit integers wrapped around."
        )
    return None


def _diagnose_shift(target: Array, yours: Array, tolerance: float) -> Diagnosis | None:
    """Right values in the wrong place along one axis."""
    for axis, length in enumerate(target.shape):
        for shift in range(1, min(length // 2, 16) + 1):
            early, late = _ends(target, axis, shift)
            if np.ptp(early) and same_numbers(early, _ends(yours, axis, shift)[1], tolerance):
                return Diagnosis(
                    "shifted", f"Your values come {shift} {_step(shift)} too late along axis {axis}."
                )
            if np.ptp(late) and same_numbers(late, _ends(yours, axis, shift)[0], tolerance):
                return Diagnosis(
                    "shifted", f"Your values come {shift} {_step(shift)} too early along axis {axis}."
                )
    return None


def _diagnose_edge(target: Array, yours: Array, tolerance: float) -> Diagnosis | None:
    """All right but for the first or last values along one axis."""
    for axis, length in enumerate(target.shape):
        for width in range(1, min(length // 4, 8) + 1):
            middle = [slice(None)] * target.ndim
            middle[axis] = slice(width, -width)
            inner = tuple(middle)
            if same_numbers(target[inner], yours[inner], tolerance):
                return Diagnosis(
                    "the edges differ",
                    f"All is right but the first or last {width} {_step(width)} along axis {axis}.",
                )
    return None


def _ends(array: Array, axis: int, shift: int) -> tuple[Array, Array]:
    """The array without its last, and without its first, `shift` steps along an axis."""
    length = array.shape[axis]
    return np.take(array, range(length - shift), axis), np.take(array, range(shift, length), axis)


def _step(count: int) -> str:
    return "step" if count == 1 else "steps"


def _swap(order: Sequence[int]) -> str:
    moved = [axis for axis, origin in enumerate(order) if axis != origin]
    if len(moved) == 2:
        return f"axes {moved[0]} and {moved[1]} are swapped"
    return f"your axes would have to be put in the order {list(order)}"


def differences(targets: Sequence[Any], yours: Sequence[Any], tolerance: float) -> Iterator[int]:
    """The cases whose results are not the same."""
    for index, (target, mine) in enumerate(zip(targets, yours, strict=True)):
        if not matches(target, mine, tolerance):
            yield index
