"""Every exercise and quiz of the course, whatever notebook it is in."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from lipcourse.course import check
from lipcourse.course.judge import judge
from lipcourse.course.quizzes import plain_text, quizzes
from lipcourse.course.source import Source, make_answer, make_stub, read_sources, split_task
from lipcourse.errors import CourseError

SOURCES = read_sources(Path(__file__).parents[2] / "notebooks")
EXERCISES = check.exercises()
TAUGHT = {name: source for source in SOURCES for name in source.exercises()}


def learners_function(source: Source, name: str, text: str):
    """Run the imports of a notebook and then one cell, and return the function that it defines."""
    imports = [
        node
        for cell in source.cells
        if cell.kind == "code"
        for node in cell.tree.body
        if isinstance(node, (ast.Import, ast.ImportFrom))
    ]
    namespace: dict[str, object] = {}
    exec(compile(ast.Module(imports, []), source.name, "exec"), namespace)
    exec(compile(text, f"{source.name}: {name}", "exec"), namespace)
    cell = source.solutions()[name]
    function = next(node.name for node in reversed(cell.tree.body) if isinstance(node, ast.FunctionDef))
    return namespace[function]


def test_notebooks_and_checks_know_the_same_exercises():
    assert TAUGHT.keys() == EXERCISES.keys()


def test_notebooks_ask_every_quiz():
    asked = {
        node.args[0].value
        for source in SOURCES
        for cell in source.cells
        if cell.kind == "code"
        for node in ast.walk(cell.tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "quizzes.ask"
    }
    assert asked == quizzes().keys()


@pytest.mark.parametrize("name", sorted(TAUGHT))
def test_the_solution_is_accepted(name):
    source = TAUGHT[name]
    verdict = judge(
        EXERCISES[name], learners_function(source, name, make_answer(source.solutions()[name].text))
    )
    assert verdict.status == "passed", repr(verdict)


@pytest.mark.parametrize("name", sorted(TAUGHT))
def test_the_stub_is_not_done_yet(name):
    source = TAUGHT[name]
    verdict = judge(
        EXERCISES[name], learners_function(source, name, make_stub(source.solutions()[name].text, name))
    )
    assert verdict.status == "todo", repr(verdict)


@pytest.mark.parametrize("name", sorted(EXERCISES))
def test_each_mutant_is_rejected_under_its_own_name(name):
    mutants = EXERCISES[name].mutants
    assert len(mutants) >= 3
    assert (
        len({mutant.name for mutant in mutants}) == len({mutant.hint for mutant in mutants}) == len(mutants)
    )
    for mutant in mutants:
        verdict = judge(EXERCISES[name], mutant.function)
        assert (verdict.status, verdict.mistake) == ("wrong", mutant.name), repr(verdict)
        assert mutant.hint.strip()
        assert verdict.hint == mutant.hint


@pytest.mark.parametrize("name", sorted(TAUGHT))
def test_hints_come_in_two_stages(name):
    _, hints = split_task(TAUGHT[name].exercises()[name].text)
    assert len(hints) == 2
    assert all(hints)
    assert hints[0] != hints[1]


@pytest.mark.parametrize("name", sorted(quizzes()))
def test_the_key_of_a_quiz_is_what_the_code_computes(name):
    quiz = quizzes()[name]
    keys = [question.key() for question in quiz.questions]
    for question, key in zip(quiz.questions, keys, strict=True):
        assert any(key), question.text
        assert not all(key), question.text
        assert len({choice.text for choice in question.choices}) == len(question.choices)
        assert all(choice.feedback for choice in question.choices)
        assert "$" not in question.text + "".join(
            choice.text + choice.feedback for choice in question.choices
        )
    text = plain_text(quiz, keys)
    assert text.count("✓") == sum(map(sum, keys))


def test_an_unknown_check_says_which_was_meant():
    name = next(iter(EXERCISES))
    with pytest.raises(AttributeError, match=f"did you mean check.{name}"):
        getattr(check, name + "x")


def test_a_check_is_found_by_its_name():
    name = next(iter(EXERCISES))
    assert getattr(check, name)(EXERCISES[name].reference).passed
    assert name in dir(check)


def test_two_exercises_of_one_name_are_refused(monkeypatch, double):
    from types import SimpleNamespace

    twice = SimpleNamespace(__name__="twice", EXERCISES=(double, double))
    monkeypatch.setattr(check, "topics", lambda: (twice,))
    with pytest.raises(CourseError, match="two exercises are called 'double'"):
        check.exercises.__wrapped__()
