"""Mouths put back into their faces, and their lips found there."""

import dataclasses

import numpy as np
import pytest

from lipcourse.errors import SignalError
from lipcourse.evaluation.landmarks import compose_faces, find_lips
from lipcourse.metrics.lmd import landmark_distance
from lipcourse.signals.alignment import transform_points


def test_points_go_from_the_large_face_to_the_mouth(clips) -> None:
    clip = clips[0]
    _, transforms = compose_faces(clip, clip.mouths)
    large = (clip.face_landmarks + 0.5) * 4 - 0.5
    np.testing.assert_allclose(
        transform_points(large[:, 48:], transforms), clip.mouth_landmarks, atol=0.05
    )  # kept in 1/64 px


def test_a_true_mouth_changes_its_face_little_and_another_only_where_mouths_are(clips) -> None:
    clip = clips[0]
    true, transforms = compose_faces(clip, clip.mouths)
    red, _ = compose_faces(clip, np.broadcast_to(np.array([255, 0, 0], np.uint8), clip.mouths.shape))
    assert true.shape == (len(clip.mouths), 512, 512, 3)
    small = true[:, 2::4, 2::4].astype(float)
    assert np.abs(small - clip.faces).mean() < 8
    middle = np.rint(-np.linalg.inv(transforms[0, :, :2]) @ (transforms[0, :, 2] - 31.5)).astype(int)
    assert red[0, middle[1], middle[0]].tolist() == [255, 0, 0]
    changed = np.abs(red.astype(int) - true).max(axis=(0, 3)) > 0
    assert not changed[:100].any()
    assert 0.1 < changed.mean() < 0.3


def test_true_lips_are_found_again(clips) -> None:
    for clip in clips:
        lips = find_lips(clip, clip.mouths)
        assert lips.found.all()
        assert landmark_distance(clip.mouth_landmarks, lips.landmarks) < 2.5
        assert np.abs(clip.mouth_landmarks.mean(axis=1) - lips.landmarks.mean(axis=1)).max() < 4


def test_frames_without_a_face_are_told(clips) -> None:
    blank = dataclasses.replace(clips[0], faces=np.full_like(clips[0].faces, 128))
    lips = find_lips(blank, np.full_like(clips[0].mouths, 128))
    assert not lips.found.any()
    assert np.isnan(lips.landmarks).all()


def test_there_must_be_a_mouth_for_each_face(clips) -> None:
    with pytest.raises(SignalError, match="3 mouths for 12 faces"):
        compose_faces(clips[0], clips[0].mouths[:3])
