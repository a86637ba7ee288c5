from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lipcourse.course.diagnosis import diagnose, matches
from lipcourse.course.exercise import Exercise, Mutant
from lipcourse.course.judge import judge

RANDOM = np.random.default_rng(0)
IMAGE = RANDOM.normal(size=(20, 30))
SQUARE = RANDOM.normal(size=(9, 9))


def stub(x):
    raise NotImplementedError("Your turn: double")


def test_the_right_answer_passes(double):
    verdict = judge(double, lambda x: x + x)
    assert verdict.passed
    assert verdict.mistake is None
    assert [row.right for row in verdict.rows] == [True, True]


def test_a_stub_is_not_done_yet(double):
    verdict = judge(double, stub)
    assert verdict.status == "todo"
    assert "Not done yet" in verdict.html()


def test_each_mutant_is_called_by_its_name(double):
    for mutant in double.mutants:
        verdict = judge(double, mutant.function)
        assert (verdict.status, verdict.mistake, verdict.hint) == ("wrong", mutant.name, mutant.hint)


def test_a_mutant_is_told_by_all_cases_not_one(double):
    verdict = judge(double, lambda x: 1 if x == 1 else 7)  # as "squared" and "unchanged" for 1 only
    assert verdict.status == "wrong"
    assert verdict.mistake is None


def test_an_exception_is_told_with_the_learners_own_line(double):
    def broken(x):
        amount = 0
        return x / amount

    verdict = judge(double, broken)
    assert verdict.status == "wrong"
    assert "ZeroDivisionError" in verdict.headline
    assert "return x / amount" in verdict.line


def test_an_exception_may_be_a_mutants(double):
    exercise = Exercise(
        "first",
        lambda x: x[0],
        [([1, 2],)],
        [Mutant("off by length", lambda x: x[len(x)], "Counting starts at 0.")],
    )
    verdict = judge(exercise, lambda x: x[2])
    assert verdict.mistake == "off by length"
    assert "IndexError" in verdict.headline


def test_an_input_changed_in_place_is_named_and_does_not_spoil_the_next_case():
    exercise = Exercise("twice", lambda x: x * 2, [(np.ones(3),), (np.arange(3.0),)], [])

    def in_place(x):
        x *= 2
        return x

    verdict = judge(exercise, in_place)
    assert verdict.mistake == "the input was changed in place"
    assert (exercise.inputs[0][0] == 1).all()


def test_the_result_in_place_of_the_function(double):
    verdict = judge(double, 6)
    assert verdict.status == "wrong"
    assert "check.double(double)" in verdict.hint


def test_a_verdict_speaks_html_text_and_metadata(double):
    verdict = judge(double, lambda x: "<b>")
    data, metadata = verdict._repr_mimebundle_()
    assert metadata == {"lipcourse": {"check": "double", "status": "wrong"}}
    assert "&lt;b&gt;" in data["text/html"]
    assert "target 2, yours" in data["text/plain"]
    assert "http" not in data["text/html"]


@pytest.mark.parametrize(
    ("yours", "mistake"),
    [
        (None, "nothing is returned"),
        ("text", "wrong type"),
        (IMAGE.T, "axes in another order"),
        (IMAGE[None], "an axis of length 1 too many or too few"),
        (IMAGE[:, 1:], "wrong length"),
        (IMAGE.ravel(), "wrong shape"),
        (np.where(IMAGE > 0, IMAGE, np.nan), "NaN or infinity"),
        (20 / np.log(10) * IMAGE, "a constant factor"),
        (-IMAGE, "the sign is turned"),
        (IMAGE + 3, "a constant is added"),
        (np.roll(IMAGE, 2, axis=1), "shifted"),
        (IMAGE[::-1], "reversed"),
        (np.pad(IMAGE[1:-1], ((1, 1), (0, 0))), "the edges differ"),
        (np.sqrt(np.abs(IMAGE)), None),
    ],
)
def test_general_mistakes_have_names(yours, mistake):
    assert diagnose(IMAGE, yours, 1e-4).mistake == mistake


def test_a_square_transposed_is_seen_by_its_values():
    assert diagnose(SQUARE, SQUARE.T, 1e-4).mistake == "axes in another order"


def test_a_shift_says_how_far_and_which_way():
    assert "2 steps too late along axis 1" in diagnose(IMAGE, np.roll(IMAGE, 2, axis=1), 1e-4).sentence
    assert "1 step too early along axis 0" in diagnose(IMAGE, np.roll(IMAGE, -1, axis=0), 1e-4).sentence


def test_wrapped_bytes_are_recognised():
    true = np.array([[-3.0, 200.0], [17.0, -150.0]])
    assert diagnose(true, true.astype(np.int16).astype(np.uint8), 1e-4).mistake == "8-bit numbers wrapped"


def test_parts_of_an_answer_are_told_apart():
    found = diagnose((SQUARE, IMAGE), (SQUARE, IMAGE + 1), 1e-4)
    assert found.mistake == "a constant is added"
    assert found.sentence.startswith("Part 1")
    assert diagnose({"a": 1}, {"b": 1}, 1e-4).mistake == "wrong keys"


@given(arrays(np.float64, (4, 3), elements=st.floats(-1e6, 1e6)))
def test_the_same_numbers_match_in_any_container(values):
    for same in (
        values,
        values.tolist(),
        torch.from_numpy(values),
        torch.from_numpy(values).requires_grad_(),
    ):
        assert matches(values, same, 1e-6)
        assert matches(same, values, 1e-6)


@given(arrays(np.float64, 5, elements=st.floats(-1e6, 1e6)), st.integers(0, 4))
def test_another_number_does_not_match(values, index):
    other = values.copy()
    other[index] += 0.01 * np.abs(values).max() + 1
    assert not matches(values, other, 1e-4)


def test_integers_must_be_equal():
    assert not matches(1_000_000, 1_000_001, 1e-4)
    assert matches(64, 64.0, 1e-4)


@pytest.mark.parametrize(
    "result",
    [
        RANDOM.normal(size=40),
        IMAGE,
        RANDOM.random((5, 68, 2)),
        RANDOM.integers(0, 255, (8, 8, 3), np.uint8),
        IMAGE * 1j,
    ],
    ids=["lines", "image", "points", "rgb", "complex"],
)
def test_target_and_yours_are_drawn_side_by_side(result):
    exercise = Exercise("picture", lambda: result, [()], [])
    wrong = judge(exercise, lambda: result[:-1])
    assert wrong.picture.startswith(b"\x89PNG")
    assert wrong.alt
    assert judge(exercise, lambda: None).picture.startswith(b"\x89PNG")


def test_an_exercise_may_draw_itself():
    from matplotlib.figure import Figure

    seen = []

    def draw(target, yours):
        seen.append((target, yours))
        return Figure()

    exercise = Exercise("own", lambda x: x, [([1, 2],), ([3, 4],)], [], show=draw, alt="Mine.")
    verdict = judge(exercise, lambda x: [1, 2])
    assert seen == [([3, 4], [1, 2])]
    assert verdict.alt == "Mine."


def test_an_exercises_own_drawing_is_not_given_another_shape():
    exercise = Exercise("own", lambda: np.ones((4, 2)), [()], [], show=lambda target, yours: 1 / 0)
    assert judge(exercise, lambda: np.ones(3)).picture.startswith(b"\x89PNG")
    assert judge(exercise, lambda: None).picture.startswith(b"\x89PNG")
