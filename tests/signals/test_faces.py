"""Following a face gives what detecting it on every frame gives, and says what it did not see."""

from __future__ import annotations

import importlib.util
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import cv2
import dlib
import numpy as np
import pytest

from lipcourse.corpora.puppet.corpus import PuppetCorpus
from lipcourse.errors import ModelError, SignalError
from lipcourse.media import Clip, read_clip
from lipcourse.signals import faces
from lipcourse.signals.alignment import MOUTH, transform_points
from lipcourse.signals.faces import (
    Frames,
    align_faces,
    clip_landmarks,
    crop_mouths,
    detect_faces,
    mouth_opening,
    place_points,
    predictor_path,
    track_landmarks,
)

GRID_TALKERS = ("s1", "s10", "s26", "s5")


def first_clip(folder: Path) -> Frames:
    return read_clip(sorted(folder.glob("*.mpg"))[0]).frames


@pytest.fixture(scope="module")
def talker(talker_file: Path) -> Frames:
    """A puppet or a real talker, who stands for all where any face will do."""
    return read_clip(talker_file).frames


@pytest.fixture(params=["puppet", *(pytest.param(name, marks=pytest.mark.grid) for name in GRID_TALKERS)])
def every_talker(request: pytest.FixtureRequest) -> Frames:
    """A puppet, and real talkers who differ in skin, beard and light."""
    if request.param == "puppet":
        return request.getfixturevalue("puppet").frames
    return first_clip(request.getfixturevalue("grid_root") / request.param)


@pytest.fixture(params=["puppet", pytest.param("grid", marks=pytest.mark.grid)])
def three_frames_each(request: pytest.FixtureRequest) -> dict[str, Frames]:
    """Three frames of each of several puppets, or of each talker of GRID."""
    if request.param == "puppet":
        return {clip.talker: clip.frames[::25] for clip in PuppetCorpus(4, 4).clips()}
    root = request.getfixturevalue("grid_root")
    return {path.name: first_clip(path)[::25] for path in sorted(root.iterdir()) if path.is_dir()}


@pytest.fixture
def no_faces() -> Frames:
    return np.random.default_rng(0).integers(0, 255, (20, 144, 180, 3), np.uint8)


def test_followed_mouths_are_those_of_detecting_on_every_frame(every_talker: Frames) -> None:
    frames = every_talker[:48]
    track = track_landmarks(frames)
    every = np.stack([place_points(frame, detect_faces(frame)[0]) for frame in frames])
    distance = np.linalg.norm(track.landmarks[:, MOUTH] - every[:, MOUTH], axis=-1)
    assert distance.mean() < 0.3
    assert track.detected.mean() < 0.25
    assert track.landmarks.shape == (48, 68, 2)
    assert track.landmarks.dtype == np.float32
    assert track.found.all()
    assert track.missing == 0


def test_every_one_detects_on_every_frame(talker: Frames) -> None:
    track = track_landmarks(talker[:6], every=1)
    assert track.detected.all()
    np.testing.assert_array_equal(track.boxes[3], detect_faces(talker[3])[0])
    np.testing.assert_array_equal(track.landmarks[3], place_points(talker[3], track.boxes[3]))


def test_points_are_dlibs_own(talker: Frames) -> None:
    rectangle = dlib.get_frontal_face_detector()(np.ascontiguousarray(talker[0]), 0)[0]
    shape = dlib.shape_predictor(str(predictor_path()))(np.ascontiguousarray(talker[0]), rectangle)
    points = [(shape.part(k).x, shape.part(k).y) for k in range(68)]
    np.testing.assert_array_equal(place_points(talker[0], detect_faces(talker[0])[0]), points)


def test_rows_with_padding_are_read_as_they_are(talker: Frames) -> None:
    height, width = talker.shape[1:3]
    padded = np.zeros((height, width + 24, 3), np.uint8)
    padded[:, :width] = talker[0]
    np.testing.assert_array_equal(detect_faces(padded[:, :width]), detect_faces(talker[0]))


def test_a_moving_face_is_followed(talker: Frames) -> None:
    """Rolled by 4 px a frame the face moves 92 px; the points move with it."""
    shift = 4 * np.arange(24)
    moved = np.stack([np.roll(talker[0], step - 46, axis=1) for step in shift])
    track = track_landmarks(moved)
    centres = track.landmarks.mean(axis=1)
    np.testing.assert_allclose(centres[:, 0] - centres[0, 0], shift, atol=4)
    np.testing.assert_allclose(centres[:, 1], centres[0, 1], atol=3)


def test_frames_without_a_face_are_marked_and_interpolated(talker: Frames) -> None:
    frames = talker[:40].copy()
    frames[20:25] = 0
    track = track_landmarks(frames)
    assert np.flatnonzero(~track.found).tolist() == [20, 21, 22, 23, 24]
    assert track.missing == 5
    before, after = track.landmarks[19], track.landmarks[25]
    np.testing.assert_allclose(track.landmarks[22], (before + after) / 2, atol=1e-3)


def test_a_face_that_comes_late_is_held_at_the_start(talker: Frames) -> None:
    frames = talker[:30].copy()
    frames[:10] = 90
    track = track_landmarks(frames)
    assert np.flatnonzero(~track.found).tolist() == list(range(10))
    np.testing.assert_array_equal(track.landmarks[0], track.landmarks[10])


def test_of_two_faces_the_larger_is_taken_and_it_is_said(talker: Frames) -> None:
    smaller = [
        cv2.resize(frame, None, fx=0.75, fy=0.75, interpolation=cv2.INTER_AREA) for frame in talker[:6]
    ]
    height, width = smaller[0].shape[:2]
    both = np.pad(talker[:6], ((0, 0), (0, 0), (width, 0), (0, 0)))
    both[:, :height, :width] = smaller
    with pytest.warns(UserWarning, match=r"two\.mp4: 2 faces in a frame; the larger is tracked"):
        track = track_landmarks(both, where="two.mp4")
    assert track.faces == 2
    assert (track.landmarks[..., 0].mean(axis=1) > width).all()


def test_points_of_a_clip_are_its_own_or_tracked(puppet: Clip) -> None:
    points, found = clip_landmarks(puppet)
    np.testing.assert_array_equal(points, puppet.landmarks)
    assert found.all()
    twice = np.concatenate([puppet.frames, puppet.frames[:, ::2, ::2].repeat(2, axis=1)], axis=2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        points, found = clip_landmarks(replace(puppet, frames=twice, landmarks=None))
    assert np.abs(points - track_landmarks(twice).landmarks).max() == 0
    assert found.mean() > 0.9


def test_a_clip_with_hardly_a_face_is_refused(puppet: Clip) -> None:
    frames = puppet.frames.copy()
    frames[20:] = 128
    with pytest.raises(SignalError, match=r"puppet/.*a face in only \d+ of 75 frames"):
        clip_landmarks(replace(puppet, frames=frames, landmarks=None))


def test_a_small_face_is_found_by_doubling(talker: Frames) -> None:
    third = np.ascontiguousarray(talker[:3, ::3, ::3])
    assert len(detect_faces(third[0])) == 0
    track = track_landmarks(third)
    full = track_landmarks(talker[:3])
    assert np.abs(3 * track.landmarks - full.landmarks).mean() < 4


def test_no_face_is_one_clear_line(no_faces: Frames) -> None:
    with pytest.raises(
        SignalError, match=r"^noise\.mp4: no face found in 20 frames; choose a clip"
    ) as caught:
        track_landmarks(no_faces, where="noise.mp4")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "frames",
    [np.zeros((0, 9, 9, 3), np.uint8), np.zeros((4, 9, 9), np.uint8), np.zeros((2, 9, 9, 3), np.float32)],
    ids=["no frames", "grey", "float"],
)
def test_what_is_no_picture_is_refused(frames: Frames) -> None:
    with pytest.raises(SignalError, match="are no pictures"):
        track_landmarks(frames)


def test_threads_agree(talker: Frames) -> None:
    alone = [detect_faces(frame) for frame in talker[:6]]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(detect_faces, talker[:6]))
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_missing_package_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModelError, match="predictor is missing; install it: pip install"):
        predictor_path()


@pytest.mark.parametrize("content", [None, b"not a model"], ids=["missing", "broken"])
def test_a_bad_model_file_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, talker: Frames, content: bytes | None
) -> None:
    model = tmp_path / "models" / "shape_predictor_68_face_landmarks.dat"
    model.parent.mkdir()
    if content:
        model.write_bytes(content)
    spec = SimpleNamespace(origin=str(tmp_path / "__init__.py"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)
    faces._predictor.cache_clear()
    with pytest.raises(ModelError, match=r"face_landmarks\.dat: .*pip install") as caught:
        track_landmarks(talker[:1])
    assert "\n" not in str(caught.value)


def test_eyes_and_nose_lie_still_in_aligned_faces(talker: Frames) -> None:
    track = track_landmarks(talker)
    crops, transforms = align_faces(talker, track.landmarks)
    assert crops.shape == (75, 128, 128, 3)
    aligned = transform_points(track.landmarks, transforms)
    eyes_and_nose, mouth = aligned[:, 27:48], aligned[:, MOUTH]
    assert eyes_and_nose.std(axis=0).mean() < 0.6
    assert mouth.std(axis=0).mean() > eyes_and_nose.std(axis=0).mean()
    assert (aligned > 0).all()
    assert (aligned < 127).all()


def test_the_mouth_crop_holds_the_mouth_of_every_talker(three_frames_each: dict[str, Frames]) -> None:
    for name, frames in three_frames_each.items():
        landmarks = track_landmarks(frames).landmarks
        crops, transforms = crop_mouths(frames, landmarks)
        mouths = transform_points(landmarks[:, MOUTH], transforms)
        assert crops.shape == (3, 64, 64, 3)
        assert mouths.min() > 4, name
        assert mouths.max() < 59, name


def test_a_talking_mouth_opens_and_closes(talker: Frames) -> None:
    opening = mouth_opening(track_landmarks(talker).landmarks)
    assert opening.shape == (75,)
    assert opening.min() < 2
    assert opening.max() > 5
