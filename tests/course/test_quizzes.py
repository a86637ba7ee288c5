from __future__ import annotations

import sys

import pytest

from lipcourse.course import quizzes
from lipcourse.course.quizzes import Choice, Question, Quiz
from lipcourse.errors import CourseError

CHOICES = (Choice("three & a bit", 3.14159, "Yes."), Choice("three", 3, "No."), Choice("four", 4, "<No.>"))
QUIZ = Quiz("pi", (Question("How large is pi?", CHOICES, lambda: 3.141593, tolerance=1e-5),))


def test_the_key_is_computed():
    assert QUIZ.questions[0].key() == [True, False, False]
    assert Question("Whole?", CHOICES, lambda: {3, 4}).key() == [False, True, True]


def test_a_key_that_code_does_not_bear_out_is_refused():
    with pytest.raises(CourseError, match="0 of the choices match"):
        Question("How large?", CHOICES, lambda: 3.2).key()
    with pytest.raises(CourseError, match="2 of the choices match"):
        Question("How large?", (*CHOICES, CHOICES[1]), lambda: 3).key()


def test_plain_text_tells_the_same_without_a_script():
    text = quizzes.plain_text(QUIZ, [[True, False, False]])
    assert "three &amp; a bit" in text
    assert "&lt;No.&gt;" in text
    assert text.count("✓") == 1
    assert "<script" not in text
    assert text.count("<details") == text.count("</details>") == 2


def test_a_quiz_needs_no_network(socket_disabled, monkeypatch):
    shown = []
    for module in (quizzes, sys.modules["jupyterquiz.dynamic.display"]):
        monkeypatch.setattr(module, "display", lambda output, **_: shown.append(output.data))
    quizzes.show(QUIZ)
    page = "".join(shown)
    assert "How large is pi?" in page
    assert "src=" not in page.replace("script.src = 'https://cdn.jsdelivr.net", "")


def test_an_unknown_quiz_says_which_was_meant(monkeypatch):
    monkeypatch.setattr(quizzes, "quizzes", lambda: {"pi": QUIZ})
    with pytest.raises(CourseError, match="did you mean 'pi'"):
        quizzes.ask("pie")
