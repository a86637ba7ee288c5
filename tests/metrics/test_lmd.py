"""The landmark distance is Eq. 5 of glance, written out in loops, and has the properties of a distance."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lipcourse.errors import SignalError
from lipcourse.metrics.lmd import landmark_distance

mouths = arrays(np.float64, (4, 20, 2), elements=st.floats(-300, 300))


def by_loops(reference: np.ndarray, generated: np.ndarray) -> float:
    total = 0.0
    for real, made in zip(reference, generated, strict=True):
        real_x, real_y = sum(real[:, 0]) / 20, sum(real[:, 1]) / 20
        made_x, made_y = sum(made[:, 0]) / 20, sum(made[:, 1]) / 20
        for p in range(20):
            dx = (real[p, 0] - real_x) - (made[p, 0] - made_x)
            dy = (real[p, 1] - real_y) - (made[p, 1] - made_y)
            total += math.sqrt(dx * dx + dy * dy)
    return total / (len(reference) * 20)


@given(mouths, mouths)
def test_it_is_the_equation(reference: np.ndarray, generated: np.ndarray) -> None:
    expected = by_loops(reference, generated)
    assert float(landmark_distance(reference, generated)) == pytest.approx(expected, abs=1e-9)
    tensors = torch.from_numpy(reference), torch.from_numpy(generated)
    assert landmark_distance(*tensors).item() == pytest.approx(expected, abs=1e-9)


@given(mouths, mouths)
def test_zero_on_itself_and_alike_both_ways(reference: np.ndarray, generated: np.ndarray) -> None:
    assert float(landmark_distance(reference, reference)) == 0
    assert float(landmark_distance(reference, generated)) == float(landmark_distance(generated, reference))


@given(mouths, mouths, arrays(np.float64, (4, 1, 2), elements=st.floats(-50, 50)))
def test_where_a_mouth_lies_does_not_count(reference: np.ndarray, generated: np.ndarray, shift) -> None:
    here = landmark_distance(reference, generated)
    np.testing.assert_allclose(landmark_distance(reference, generated + shift), here, atol=1e-9)


@given(mouths, mouths, st.floats(0.1, 10))
def test_it_scales_with_size(reference: np.ndarray, generated: np.ndarray, size: float) -> None:
    here = landmark_distance(reference, generated)
    np.testing.assert_allclose(landmark_distance(size * reference, size * generated), size * here, atol=1e-8)


@given(mouths, mouths, mouths)
def test_no_way_round_is_shorter(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> None:
    assert landmark_distance(a, c) <= landmark_distance(a, b) + landmark_distance(b, c) + 1e-9


def test_a_batch_gives_one_number_a_clip() -> None:
    reference, generated = torch.randn(2, 3, 5, 20, 2), torch.randn(2, 3, 5, 20, 2)
    distance = landmark_distance(reference, generated)
    assert distance.shape == (2, 3)
    torch.testing.assert_close(distance[1, 2], landmark_distance(reference[1, 2], generated[1, 2]))
    as_array = landmark_distance(reference.numpy(), generated.numpy())
    assert isinstance(as_array, np.ndarray)
    np.testing.assert_allclose(as_array, distance.numpy(), rtol=1e-5)


def test_gradients_flow_and_are_finite_where_mouths_agree() -> None:
    reference = torch.randn(2, 20, 2, dtype=torch.float64)
    generated = reference.clone().requires_grad_()
    landmark_distance(reference, generated).backward()
    assert torch.isfinite(generated.grad).all()
    other = torch.randn(2, 20, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: landmark_distance(reference, x), other)


@pytest.mark.parametrize("shapes", [((4, 20, 2), (5, 20, 2)), ((4, 68, 2), (4, 68, 2)), ((20, 2), (20, 2))])
def test_other_shapes_are_refused(shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    with pytest.raises(SignalError, match=r"landmarks\[\.\.\., 48:68, :\]"):
        landmark_distance(np.zeros(shapes[0]), np.zeros(shapes[1]))
