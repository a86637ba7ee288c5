"""Filters by matrices and by loops are what SciPy makes of the same weights."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import correlate1d

from lipcourse.signals.separable import Constant, apply, blur, from_middle, gaussian, weighting


def by_scipy(picture, weights, mode):
    return correlate1d(correlate1d(picture, weights, axis=0, mode=mode), weights, axis=1, mode=mode)


@given(
    height=st.integers(7, 20),
    width=st.integers(7, 20),
    reach=st.integers(1, 5),
    deviation=st.floats(0.5, 4),
    mirrored=st.booleans(),
)
def test_loops_blur_as_scipy_does(height, width, reach, deviation, mirrored) -> None:
    pictures = np.random.default_rng(height * width).normal(size=(2, height, width)).astype(np.float32)
    weights, blurred = gaussian(deviation, reach), np.empty_like(pictures)
    assert weights.sum() == pytest.approx(1)
    blur(pictures, from_middle(weights), mirrored, blurred)
    expected = [by_scipy(each, weights, "mirror" if mirrored else "nearest") for each in pictures]
    np.testing.assert_allclose(blurred, expected, atol=1e-6)


@given(height=st.integers(3, 20), width=st.integers(3, 20))
def test_matrices_filter_as_scipy_does(height, width) -> None:
    pictures = torch.from_numpy(np.random.default_rng(0).normal(size=(2, 3, height, width)))
    weights = np.array([0.2, -1.0, 3.0, 0.5, 0.0])
    matrices = (Constant(weighting(side, weights)).like(pictures) for side in (height, width))
    for found, given_ in zip(apply(pictures, *matrices).flatten(0, 1), pictures.flatten(0, 1), strict=True):
        np.testing.assert_allclose(found, by_scipy(given_.numpy(), weights, "nearest"), atol=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_constant_takes_the_type_asked_for_and_can_be_trained_through(dtype) -> None:
    constant = Constant(np.eye(3))
    with torch.inference_mode():
        assert constant.like(torch.zeros(3, 3, dtype=dtype)).dtype == dtype
    given_ = torch.ones(3, 3, dtype=dtype, requires_grad=True)
    (constant.like(given_) @ given_).sum().backward()
    assert (given_.grad == 1).all()
