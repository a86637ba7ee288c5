"""Similarities are what they say, and a crop goes back to where it came from."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lipcourse.errors import SignalError
from lipcourse.signals.alignment import (
    MEAN_FACE,
    MOUTH,
    STEADY,
    align_faces,
    crop_mouths,
    fit_similarity,
    invert_transforms,
    mouth_opening,
    paste_back,
    smooth_transforms,
    transform_points,
)

angles = st.floats(-3, 3)
scales = st.floats(0.2, 5)
shifts = st.floats(-200, 200)


@st.composite
def similarities(draw: st.DrawFn) -> np.ndarray:
    angle, scale = draw(angles), draw(scales)
    a, b = scale * np.cos(angle), scale * np.sin(angle)
    return np.array([[a, -b, draw(shifts)], [b, a, draw(shifts)]])


faces = arrays(np.float64, (3, 68, 2), elements=st.floats(-1, 1)).map(
    lambda noise: 120 * MEAN_FACE + 100 + 3 * noise
)


def smooth_picture(seed: int = 0) -> np.ndarray:
    """A frame without fine detail, so that resampling it changes little."""
    noise = np.random.default_rng(seed).integers(0, 255, (18, 22, 3), np.uint8)
    return cv2.resize(noise, (352, 288), interpolation=cv2.INTER_CUBIC)


@given(faces, similarities())
def test_a_transform_and_its_inverse_lead_back(points: np.ndarray, transform: np.ndarray) -> None:
    transforms = np.repeat(transform[None], 3, axis=0)
    there = transform_points(points, transforms)
    np.testing.assert_allclose(transform_points(there, invert_transforms(transforms)), points, atol=1e-6)


@given(faces, similarities())
def test_the_fit_finds_the_similarity_that_moved_the_points(
    points: np.ndarray, transform: np.ndarray
) -> None:
    moved = transform_points(points, transform[None])
    np.testing.assert_allclose(fit_similarity(points, moved), transform[None].repeat(3, 0), atol=2e-3)


@given(faces, similarities())
def test_aligned_points_do_not_depend_on_where_the_head_was(
    points: np.ndarray, transform: np.ndarray
) -> None:
    target = 128 * MEAN_FACE[STEADY]
    moved = transform_points(points, transform[None])
    first = transform_points(points, fit_similarity(points[:, STEADY], target))
    second = transform_points(moved, fit_similarity(moved[:, STEADY], target))
    np.testing.assert_allclose(first, second, atol=0.01)


@given(faces)
def test_no_other_similarity_comes_nearer(points: np.ndarray) -> None:
    target = 128 * MEAN_FACE[STEADY]
    best = fit_similarity(points[:, STEADY], target).astype(np.float64)
    error = np.square(transform_points(points[:, STEADY], best) - target).sum()
    for turn in np.array(
        [[[1e-3, 0, 0], [0, 1e-3, 0]], [[0, -1e-3, 0], [1e-3, 0, 0]], [[0, 0, 0.1], [0, 0, 0]]]
    ):
        for other in (best + turn, best - turn):
            assert np.square(transform_points(points[:, STEADY], other) - target).sum() > error


def test_the_fit_is_opencvs_for_exact_points() -> None:
    source = 60 * MEAN_FACE[STEADY] + 20
    target = source @ np.array([[0.8, 0.6], [-0.6, 0.8]]) * 1.5 + 7
    theirs, _ = cv2.estimateAffinePartial2D(source, target)
    np.testing.assert_allclose(fit_similarity(source, target), theirs, atol=1e-4)


def test_transforms_take_pixels_of_the_frame_to_pixels_of_the_crop() -> None:
    """A white dot in the frame is found in the crop where the transform says."""
    landmarks = (150 * MEAN_FACE + 40)[None].astype(np.float32)
    frame = np.zeros((1, 288, 360, 3), np.uint8)
    x, y = 120, 130
    frame[0, y - 2 : y + 3, x - 2 : x + 3] = 255
    for cut, size in ((align_faces, 128), (crop_mouths, 64)):
        crops, transforms = cut(frame, landmarks)
        assert crops.shape == (1, size, size, 3)
        weights = crops[0, ..., 0].astype(float)
        rows, columns = np.mgrid[:size, :size]
        seen = np.array([(weights * columns).sum(), (weights * rows).sum()]) / weights.sum()
        expected = transform_points(np.array([[[x, y]]]), transforms)[0, 0]
        np.testing.assert_allclose(seen, expected, atol=0.2)


def test_the_mean_face_fills_its_crop() -> None:
    landmarks = (128 * MEAN_FACE - 0.5)[None]
    frame = smooth_picture()[None, :128, :128]
    crops, transforms = align_faces(frame, landmarks)
    np.testing.assert_allclose(transforms[0], [[1, 0, 0], [0, 1, 0]], atol=1e-5)
    np.testing.assert_array_equal(crops, frame)


def test_the_mean_face_is_symmetric() -> None:
    np.testing.assert_allclose(MEAN_FACE[16::-1, 0], 1 - MEAN_FACE[:17, 0], atol=2e-3)
    np.testing.assert_allclose(MEAN_FACE[MOUTH, 0].mean(), 0.5, atol=2e-3)


@pytest.mark.parametrize("degrees", [0, 12, -30])
def test_a_crop_pasted_back_gives_the_frame_again(degrees: float) -> None:
    frame = smooth_picture()
    turn = np.deg2rad(degrees)
    rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    landmarks = (150 * (MEAN_FACE - 0.5) @ rotation + (176, 144))[None]
    for cut in (align_faces, crop_mouths):
        crops, transforms = cut(frame[None], landmarks)
        again = paste_back(frame, crops[0], transforms[0])
        difference = np.abs(again.astype(int) - frame)
        assert difference.max() <= 6
        assert difference.mean() < 0.3


def test_pasting_changes_the_inside_softly_and_nothing_outside() -> None:
    frame = np.full((200, 200, 3), 50, np.uint8)
    white = np.full((64, 64, 3), 250, np.uint8)
    transform = np.array([[1.0, 0, -60], [0, 1.0, -80]])
    pasted = paste_back(frame, white, transform)
    assert (pasted[112, 92] == 250).all()
    assert (pasted[:79] == 50).all()
    assert (pasted[:, 125:] == 50).all()
    row = pasted[112, 60:80, 0].astype(int)
    assert (np.diff(row) >= 0).all()
    assert np.diff(row).max() < 40, "the edge is soft"
    hard = paste_back(frame, white, transform, feather=0)
    assert hard[112, 60, 0] == 250
    assert (frame == 50).all(), "the frame given is left alone"


def test_a_feather_out_of_range_is_refused() -> None:
    with pytest.raises(SignalError, match=r"feather of 0\.7"):
        paste_back(np.zeros((9, 9, 3), np.uint8), np.zeros((4, 4, 3), np.uint8), np.eye(2, 3), feather=0.7)


def test_smoothing_stills_trembling_and_keeps_similarities() -> None:
    generator = np.random.default_rng(1)
    landmarks = (150 * MEAN_FACE + 60)[None] + generator.normal(0, 1, (60, 68, 2))
    frames = np.zeros((60, 288, 360, 3), np.uint8)
    _, rough = align_faces(frames, landmarks)
    _, still = align_faces(frames, landmarks, smoothing=2)
    assert np.diff(still[..., 2], axis=0).std() < 0.3 * np.diff(rough[..., 2], axis=0).std()
    np.testing.assert_allclose(still[:, 0, 0], still[:, 1, 1], atol=1e-6)
    np.testing.assert_allclose(still[:, 0, 1], -still[:, 1, 0], atol=1e-6)
    np.testing.assert_allclose(
        smooth_transforms(np.repeat(rough[:1], 9, 0), 2), rough[:1].repeat(9, 0), rtol=1e-5
    )


def test_lips_move_in_the_mouth_crop() -> None:
    """The chin drops in one frame of many: the crop stays."""
    landmarks = np.repeat((150 * MEAN_FACE + 40)[None], 9, axis=0)
    landmarks[4, 55:60, 1] += 12
    _, transforms = crop_mouths(np.zeros((9, 288, 360, 3), np.uint8), landmarks)
    np.testing.assert_allclose(transforms, transforms[:1].repeat(9, 0), atol=1e-4)
    centre = transform_points(landmarks[:1, MOUTH], transforms[:1]).mean(axis=1)
    np.testing.assert_allclose(centre, [[31.5, 31.5]], atol=1e-3)


def test_a_large_face_is_made_small_without_aliasing() -> None:
    """A chequerboard finer than the crop's pixels becomes grey."""
    rows, columns = np.mgrid[:1200, :1200]
    board = (255 * ((rows // 3 + columns // 3) % 2)).astype(np.uint8)[..., None].repeat(3, -1)
    crops, _ = align_faces(board[None], (1100 * MEAN_FACE + 50)[None])
    assert crops[0, 20:-20, 20:-20].std() < 25


@given(similarities())
def test_mouth_opening_is_a_length(transform: np.ndarray) -> None:
    face = 100 * MEAN_FACE[None]
    scale = np.hypot(*transform[:, 0])
    np.testing.assert_allclose(
        mouth_opening(transform_points(face, transform[None])), scale * mouth_opening(face), rtol=1e-6
    )


def test_mouth_opening_measures_the_inner_lips() -> None:
    face = np.zeros((2, 68, 2))
    face[1, [65, 66, 67], 1] = (6, 9, 12)
    np.testing.assert_allclose(mouth_opening(face), [0, 9])
    face[1, [65, 66, 67], 1] = (6, 0, 0)
    np.testing.assert_allclose(mouth_opening(face), [0, 2])


@pytest.mark.parametrize("shape", [(2, 68, 2), (3, 20, 2)])
def test_landmarks_of_other_frames_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(SignalError, match=r"3 frames do not go with landmarks of shape"):
        align_faces(np.zeros((3, 90, 90, 3), np.uint8), np.ones(shape))


@pytest.mark.parametrize("value", [np.nan, 5.0], ids=["not a number", "all at one place"])
def test_landmarks_that_are_no_face_are_refused(value: float) -> None:
    with pytest.raises(SignalError, match="not numbers, or all at one place"):
        crop_mouths(np.zeros((1, 90, 90, 3), np.uint8), np.full((1, 68, 2), value))
