"""The inception-style score is its formula written out in loops, and lies between 1 and the classes."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lipcourse.errors import OptionError, SignalError
from lipcourse.metrics.inception import inception_score


def by_loops(rows: list[list[float]]) -> float:
    classes = range(len(rows[0]))
    mean = [sum(row[y] for row in rows) / len(rows) for y in classes]
    divergence = 0.0
    for row in rows:
        divergence += sum(row[y] * math.log(row[y] / mean[y]) for y in classes if row[y] > 0)
    return math.exp(divergence / len(rows))


@given(pictures=st.integers(1, 30), classes=st.integers(1, 6), seed=st.integers(0, 99), data=st.data())
def test_it_is_the_formula_on_each_split(pictures: int, classes: int, seed: int, data) -> None:
    splits = data.draw(st.integers(1, pictures))
    noise = torch.randn(pictures, classes, generator=torch.Generator().manual_seed(seed))
    probabilities = (3 * noise).softmax(dim=1)
    scores = inception_score(probabilities, splits)
    assert scores.shape == (splits,)
    sizes = [pictures // splits + (part < pictures % splits) for part in range(splits)]
    rows = iter(probabilities.double().tolist())
    expected = [by_loops([next(rows) for _ in range(size)]) for size in sizes]
    torch.testing.assert_close(scores, torch.tensor(expected, dtype=torch.float64), rtol=1e-5, atol=1e-9)
    assert (scores >= 1 - 1e-6).all()
    assert (scores <= classes + 1e-5).all()


def test_sure_and_diverse_is_the_number_of_classes() -> None:
    assert inception_score(torch.eye(7).repeat(3, 1), 3).tolist() == pytest.approx([7, 7, 7])


@pytest.mark.parametrize("rows", [torch.eye(4)[[2] * 8], torch.full((8, 4), 0.25)])
def test_one_class_or_no_idea_is_one(rows: torch.Tensor) -> None:
    assert inception_score(rows, 2).tolist() == pytest.approx([1, 1])


@pytest.mark.parametrize(
    "table",
    [
        torch.zeros(3),
        torch.zeros(0, 3),
        torch.tensor([[1.5, -0.5]]),
        torch.tensor([[float("nan"), 1.0]]),
        torch.tensor([[0.5, 0.4]]),
    ],
)
def test_what_is_no_probability_is_refused(table: torch.Tensor) -> None:
    with pytest.raises(SignalError, match="probabilities"):
        inception_score(table, 1)


@pytest.mark.parametrize("splits", [0, 4])
def test_more_splits_than_pictures_are_refused(splits: int) -> None:
    with pytest.raises(OptionError, match="split"):
        inception_score(torch.full((3, 2), 0.5), splits)
