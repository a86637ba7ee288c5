"""An exercise's check, as data: what is right, on which inputs, and which mistakes have a name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Case = tuple[Any, ...]
Function = Callable[..., Any]
Picture = Literal["auto", "numbers", "lines", "image", "points"]


@dataclass(frozen=True)
class Mutant:
    """A likely wrong answer.

    Attributes:
        name: The mistake in a few words: "centred padding".
        function: The exercise done with that mistake.
        hint: What to tell a learner who made it, in one or two sentences.
    """

    name: str
    function: Function
    hint: str


@dataclass(frozen=True)
class Exercise:
    """What a check knows of one exercise.

    Attributes:
        name: As in `check.<name>(...)` and in the notebook's source.
        reference: The right answer: the package's own function where there is one.
        cases: Arguments to call it with, one tuple a case, or a function that makes them (called once, when
            first needed). They must tell the reference and all mutants apart.
        mutants: At least three likely mistakes.
        tolerance: The error allowed, relative to the largest value of the target. Integers must be equal.
        picture: How target and yours are drawn side by side: "numbers" (a table), "lines" (1-D), "image"
            (2-D, or RGB), "points" (..., N, 2); "auto" chooses by shape.
        show: Draws them instead: `show(target, yours) -> Figure`, for a case that differs, else the first.
        alt: The alt text of that picture; None for a general one.
    """

    name: str
    reference: Function
    cases: Sequence[Case] | Callable[[], Sequence[Case]]
    mutants: Sequence[Mutant]
    tolerance: float = 1e-4
    picture: Picture = "auto"
    show: Callable[[Any, Any], Figure] | None = None
    alt: str | None = None

    @cached_property
    def inputs(self) -> Sequence[Case]:
        """The cases, made."""
        return self.cases() if callable(self.cases) else self.cases
