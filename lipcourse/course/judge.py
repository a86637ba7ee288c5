"""Judging a learner's function: run it beside the reference, and name the mistake if there is one."""

from __future__ import annotations

import copy
import linecache
import reprlib
import traceback
from collections.abc import Sequence
from typing import Any

from lipcourse.course.diagnosis import Raised, as_array, diagnose, differences, matches
from lipcourse.course.exercise import Case, Exercise, Function
from lipcourse.course.side_by_side import draw, is_number
from lipcourse.course.verdict import Row, Verdict


def judge(exercise: Exercise, function: object) -> Verdict:
    """Run a learner's function on every case of an exercise and say what is right or wrong with it.

    Nothing that the function does escapes: an exception of its own becomes part of the verdict.
    """
    if not callable(function):
        return Verdict(
            exercise.name,
            "wrong",
            f"This is {_describe(function)}, not a function.",
            mistake="the result, not the function",
            hint=f"Give the function itself, without calling it: check.{exercise.name}({exercise.name})",
        )
    targets = [_run(exercise.reference, case) for case in exercise.inputs]
    yours: list[Any] = []
    for case in exercise.inputs:
        given = copy.deepcopy(case)
        try:
            yours.append(function(*given))
        except NotImplementedError:
            return Verdict(
                exercise.name, "todo", "Write your answer in the cell above, then run this one again."
            )
        except Exception as fault:  # noqa: BLE001 - whatever the learner's function raises is what the verdict tells
            results = [_run(function, each) for each in exercise.inputs]
            return _named(exercise, results) or _raised(exercise, function, case, fault)
        if _changed(case, given) and not _changes_its_input(exercise.reference, case):
            return Verdict(
                exercise.name,
                "wrong",
                "Your function changed the array that it was given.",
                mistake="the input was changed in place",
                hint="Its owner still needs it: work on a copy, or write `x = x * 2` in place of `x *= 2`.",
            )
    wrong = next(differences(targets, yours, exercise.tolerance), None)
    rows = _rows(exercise, targets, yours)
    picture, alt = (None, "") if rows else draw(exercise, targets[wrong or 0], yours[wrong or 0])
    if wrong is None:
        headline = (
            "Your function gives the target in every case."
            if len(targets) > 1
            else "Your function gives the target."
        )
        return Verdict(exercise.name, "passed", headline, rows=rows, picture=picture, alt=alt)
    diagnosis = diagnose(targets[wrong], yours[wrong], exercise.tolerance)
    named = _named(exercise, yours)
    return Verdict(
        exercise.name,
        "wrong",
        diagnosis.sentence,
        mistake=named.mistake if named else diagnosis.mistake,
        hint=named.hint if named else "",
        rows=rows,
        picture=picture,
        alt=alt,
    )


def _run(function: Function, case: Case) -> Any:
    """The result of a function on a copy of the case, or the type of what it raised."""
    try:
        return function(*copy.deepcopy(case))
    except Exception as fault:  # noqa: BLE001 - an exception is a result too: some mistakes show so
        return Raised(type(fault))


def _named(exercise: Exercise, results: Sequence[Any]) -> Verdict | None:
    """The verdict with the name of the mutant that gives the same wrong results, if one does."""
    for mutant in exercise.mutants:
        theirs = [_run(mutant.function, case) for case in exercise.inputs]
        if next(differences(theirs, results, exercise.tolerance), None) is None:
            raised = next((result.kind.__name__ for result in results if isinstance(result, Raised)), None)
            headline = f"Your function raised {raised}." if raised else ""
            return Verdict(exercise.name, "wrong", headline, mistake=mutant.name, hint=mutant.hint)
    return None


def _raised(exercise: Exercise, function: Function, case: Case, fault: Exception) -> Verdict:
    """What the learner's function raised, and on which line of theirs."""
    own = getattr(getattr(function, "__code__", None), "co_filename", None)
    frames = [frame for frame in traceback.extract_tb(fault.__traceback__) if frame.filename == own]
    line = ""
    if frames:
        text = frames[-1].line or linecache.getline(frames[-1].filename, frames[-1].lineno or 0)
        line = f"line {frames[-1].lineno}:  {text.strip()}"
    given = ", ".join(_describe(argument) for argument in case)
    message = " ".join(str(fault).split()) or "no message"
    return Verdict(
        exercise.name,
        "wrong",
        f"Your function raised {type(fault).__name__}: {message}",
        hint=f"It was called with ({given}).",
        line=line,
    )


def _changed(before: Case, after: Case) -> bool:
    return any(not matches(a, b, 0.0) for a, b in zip(before, after, strict=True) if as_array(a) is not None)


def _changes_its_input(reference: Function, case: Case) -> bool:
    given = copy.deepcopy(case)
    reference(*given)
    return _changed(case, given)


def _rows(exercise: Exercise, targets: Sequence[Any], yours: Sequence[Any]) -> tuple[Row, ...]:
    """The table of numbers, where every target is a single number (or the exercise asks for a table)."""
    if exercise.show or exercise.picture not in {"auto", "numbers"}:
        return ()
    if exercise.picture == "auto" and not all(is_number(target) for target in targets):
        return ()
    return tuple(
        Row(
            ", ".join(_describe(a) for a in case),
            _describe(t),
            _describe(y),
            matches(t, y, exercise.tolerance),
        )
        for case, t, y in zip(exercise.inputs, targets, yours, strict=True)
    )


def _describe(value: object) -> str:
    """A value in a few characters: numbers as they are, arrays by shape."""
    array = as_array(value)
    if array is None:
        return reprlib.repr(value)
    if array.ndim == 0:
        number = array.item()
        return f"{number:.6g}" if isinstance(number, float) else str(number)
    if array.size <= 6:
        return np_text(array)
    return f"array {array.dtype} {array.shape}"


def np_text(array: Any) -> str:
    """A short array on one line."""
    return " ".join(str(array.round(4).tolist()).split())
