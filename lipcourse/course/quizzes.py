"""Quizzes whose right choice is found by running code, so that a key cannot be out of date.

A notebook shows one with `quizzes.ask("name")`: buttons by jupyterquiz, and folded under them the same
questions as plain text. The quizzes are in `lipcourse/course/checks/<topic>.py`, as `QUIZZES`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from html import escape
from typing import Any

from IPython.display import HTML, display
from jupyterquiz import display_quiz

from lipcourse.course.check import topics
from lipcourse.errors import CourseError

# White on these is readable (contrast 4.5 or more), and both sit on light and dark pages.
COLOURS = {
    "--jq-multiple-choice-bg": "#00527F",
    "--jq-many-choice-bg": "#00527F",
    "--jq-mc-button-bg": "#fafafa",
    "--jq-correct-color": "#006B4E",
    "--jq-incorrect-color": "#A84A00",
}


@dataclass(frozen=True)
class Choice:
    """One of the answers that are offered.

    Attributes:
        text: What the learner reads.
        value: What the text means to the code: the choice is right if it equals the question's `answer()`.
        feedback: What the learner reads after choosing it: why it is right, or what would make it so.
    """

    text: str
    value: Any
    feedback: str


@dataclass(frozen=True)
class Question:
    """A question with its choices.

    Attributes:
        text: The question. No mathematics in dollar signs: quizzes are shown without MathJax.
        choices: Two or more, in the order of the plain text (the buttons are shuffled).
        answer: Computes the value of the right choice with the package; a set where several are right.
        tolerance: How near a choice's number must be to the computed one, relative.
    """

    text: str
    choices: Sequence[Choice]
    answer: Callable[[], Any]
    tolerance: float = 1e-6

    def key(self) -> list[bool]:
        """Whether each choice is right, found by running the code.

        Raises:
            CourseError: No choice is right, or two are where one should be.
        """
        answer = self.answer()
        several = isinstance(answer, (set, frozenset))
        right: Collection[Any] = answer if several else [answer]
        key = [any(self._equal(choice.value, value) for value in right) for choice in self.choices]
        if sum(key) != len(right):
            raise CourseError(
                f"the code's answer is {answer!r}: {sum(key)} of the choices match it", where=self.text
            )
        return key

    def _equal(self, value: Any, right: Any) -> bool:
        if isinstance(value, (int, float)) and isinstance(right, (int, float)):
            return math.isclose(value, right, rel_tol=self.tolerance)
        return bool(value == right)


@dataclass(frozen=True)
class Quiz:
    """A few questions that a notebook asks together.

    Attributes:
        name: As in `quizzes.ask("name")`.
        questions: One or more.
    """

    name: str
    questions: Sequence[Question]


@cache
def quizzes() -> dict[str, Quiz]:
    """Every quiz, by name.

    Raises:
        CourseError: Two have one name.
    """
    found: dict[str, Quiz] = {}
    for topic in topics():
        for quiz in getattr(topic, "QUIZZES", ()):
            if quiz.name in found:
                raise CourseError(f"two quizzes are called {quiz.name!r}", where=topic.__name__)
            found[quiz.name] = quiz
    return found


def ask(name: str) -> None:
    """Show a quiz in the notebook.

    Raises:
        CourseError: There is no quiz of that name, or its code agrees with none of its choices.
    """
    if name not in quizzes():
        near = get_close_matches(name, quizzes(), n=1)
        raise CourseError(f"there is no quiz {name!r}", remedy=f"did you mean {near[0]!r}?" if near else None)
    show(quizzes()[name])


def show(quiz: Quiz) -> None:
    """Show a quiz: buttons, and the plain text folded under them."""
    keys = [question.key() for question in quiz.questions]
    display_quiz(
        [
            {
                "question": question.text,
                "type": "many_choice" if sum(key) > 1 else "multiple_choice",
                "answers": [
                    {"answer": choice.text, "correct": right, "feedback": choice.feedback}
                    for choice, right in zip(question.choices, key, strict=True)
                ],
            }
            for question, key in zip(quiz.questions, keys, strict=True)
        ],
        colors=COLOURS,
        max_width=720,
    )
    display(HTML(plain_text(quiz, keys)), metadata={"lipcourse": {"quiz": quiz.name}})


def plain_text(quiz: Quiz, keys: Sequence[Sequence[bool]]) -> str:
    """The questions, choices and, folded once more, answers, as HTML without a script."""
    parts = ["<details><summary>The same questions as plain text</summary>"]
    for number, (question, key) in enumerate(zip(quiz.questions, keys, strict=True), start=1):
        parts.append(f"<p><b>{number}.</b> {escape(question.text)}</p><ol type='a'>")
        parts += [f"<li>{escape(choice.text)}</li>" for choice in question.choices]
        parts.append("</ol><details style='margin-left:2em;'><summary>Answer</summary><ul>")
        for choice, right in zip(question.choices, key, strict=True):
            sign = "✓" if right else "✗"
            parts.append(f"<li>{sign} <b>{escape(choice.text)}</b> {escape(choice.feedback)}</li>")
        parts.append("</ul></details>")
    return "".join(parts) + "</details>"
