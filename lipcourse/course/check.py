"""The checks of all exercises, by name: `check.columns(columns)` in a notebook.

Each notebook's checks are in `lipcourse/course/checks/<topic>.py`: `EXERCISES`, a tuple of `Exercise`, and
`QUIZZES`, a tuple of `Quiz`. They are loaded when a check is first asked for.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from difflib import get_close_matches
from functools import cache
from types import ModuleType

from lipcourse.course import checks
from lipcourse.course.exercise import Exercise
from lipcourse.course.judge import judge
from lipcourse.course.verdict import Verdict
from lipcourse.errors import CourseError


@cache
def topics() -> tuple[ModuleType, ...]:
    """The modules of `lipcourse.course.checks`, in order."""
    names = sorted(module.name for module in pkgutil.iter_modules(checks.__path__))
    return tuple(importlib.import_module(f"{checks.__name__}.{name}") for name in names)


@cache
def exercises() -> dict[str, Exercise]:
    """Every exercise, by name.

    Raises:
        CourseError: Two have one name.
    """
    found: dict[str, Exercise] = {}
    for topic in topics():
        for exercise in getattr(topic, "EXERCISES", ()):
            if exercise.name in found:
                raise CourseError(f"two exercises are called {exercise.name!r}", where=topic.__name__)
            found[exercise.name] = exercise
    return found


def __getattr__(name: str) -> Callable[[object], Verdict]:
    """Return the check called `name`: a function that takes the learner's function.

    Raises:
        AttributeError: There is no such check.
    """
    if name.startswith("_"):
        raise AttributeError(name)
    if name not in exercises():
        near = get_close_matches(name, exercises(), n=1)
        raise AttributeError(
            f"there is no check {name!r}" + (f": did you mean check.{near[0]}?" if near else "")
        )
    return lambda function: judge(exercises()[name], function)


def __dir__() -> list[str]:
    return sorted(exercises())
