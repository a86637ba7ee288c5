import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lipcourse.corpora.puppet.geometry import face_points, rest_points, shape_mouth, to_pixels
from lipcourse.corpora.puppet.identity import draw_identity
from lipcourse.corpora.puppet.pose import Pose
from lipcourse.corpora.puppet.turning import Turn, depth

SEEDS = (0, 3, 12, 17)
MIRROR = [*range(16, -1, -1), *range(26, 16, -1), *range(27, 31), *range(35, 30, -1), 45, 44, 43, 42, 47, 46,
          39, 38, 37, 36, 41, 40, *range(54, 47, -1), *range(59, 54, -1), *range(64, 59, -1),
          67, 66, 65]  # fmt: skip


def ramp(start=0.0, end=1.0, frames=11):
    return np.linspace(start, end, frames, dtype=np.float32)


def posed(seed, frames=11, **channels):
    identity = draw_identity(seed)
    pose = Pose.rest(frames, **channels)
    return face_points(identity, pose, shape_mouth(identity, pose))


def opening(points):
    return (points[:, 65:68, 1] - points[:, [63, 62, 61], 1]).mean(axis=1)


@pytest.mark.parametrize("seed", SEEDS)
def test_wider_jaw_is_wider_mouth_and_lower_chin(seed):
    points = posed(seed, jaw=ramp())
    assert np.all(np.diff(opening(points)) > 0)
    assert np.all(np.diff(points[:, 8, 1]) > 0)
    assert np.ptp(points[:, 0, 1]) == 0  # the ears stay


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("jaw", [0.0, 0.3, 0.8])
def test_closure_brings_the_inner_lips_together_whatever_the_jaw_does(seed, jaw):
    points = posed(seed, jaw=np.full(11, jaw, np.float32), closure=ramp())
    assert opening(points)[-1] == pytest.approx(0.0, abs=1e-9)
    assert opening(points)[-1] <= opening(points)[0]
    lips = points[:, 57, 1] - points[:, 51, 1]
    assert lips[-1] < 0.75 * lips[0]  # pressed thin


@pytest.mark.parametrize("seed", SEEDS)
def test_spread_sets_the_width_and_protrusion_narrows(seed):
    def width(points):
        return points[:, 54, 0] - points[:, 48, 0]

    assert np.all(np.diff(width(posed(seed, spread=ramp(-1.0, 1.0)))) > 0)
    assert np.all(np.diff(width(posed(seed, protrusion=ramp()))) < 0)


def test_tuck_keeps_the_lower_lip_up_and_bares_the_teeth():
    jaw = np.full(11, 0.2, np.float32)
    points = posed(3, jaw=jaw, tuck=ramp())
    assert np.all(np.diff(points[:, 66, 1]) < 0)
    assert np.all(np.diff(points[:, 62, 1]) < 0)


@pytest.mark.parametrize("seed", SEEDS)
def test_blink_shuts_both_eyes(seed):
    points = posed(seed, blink=ramp())
    for upper, lower in ((37, 41), (38, 40), (43, 47), (44, 46)):
        gap = points[:, lower, 1] - points[:, upper, 1]
        assert np.all(np.diff(gap) < 0)
        assert gap[-1] == pytest.approx(0.0, abs=1e-6)


def test_brows_rise_and_eyes_stay():
    points = posed(3, brow=ramp())
    assert np.all(np.diff(points[:, 17:27, 1].mean(axis=1)) < 0)
    assert np.ptp(points[:, 36:48], axis=0).max() == 0


@pytest.mark.parametrize("seed", SEEDS)
def test_straight_face_mirrors_itself(seed):
    points = posed(seed, frames=1)[0]
    np.testing.assert_allclose(points[MIRROR] * (-1.0, 1.0), points, atol=1e-9)
    assert rest_points(draw_identity(seed)).shape == (48, 2)


@pytest.mark.parametrize("seed", SEEDS)
def test_turning_left_mirrors_turning_right(seed):
    identity = draw_identity(seed)
    pose = Pose.rest(2, yaw=np.array([-25, 25], np.float32))
    left, right = Turn.of(pose).apply(identity, face_points(identity, pose, shape_mouth(identity, pose)))
    np.testing.assert_allclose(left[MIRROR] * (-1.0, 1.0), right, atol=1e-9)
    assert right[30, 0] > 0.15  # the nose goes to the viewer's right


def test_signs_of_pose_are_those_its_docstring_gives():
    identity = draw_identity(3)

    def turned(**channels):
        pose = Pose.rest(1, **{name: np.array([value], np.float32) for name, value in channels.items()})
        return Turn.of(pose).apply(identity, face_points(identity, pose, shape_mouth(identity, pose)))[0]

    still = turned()
    assert turned(pitch=10)[30, 1] > still[30, 1]
    assert turned(roll=10)[27, 0] > still[27, 0]  # what is above the neck goes to the right
    np.testing.assert_allclose(turned(shift_x=0.1) - still, np.broadcast_to((0.2, 0.0), (68, 2)), atol=1e-7)
    np.testing.assert_allclose(turned(shift_y=0.1) - still, np.broadcast_to((0.0, 0.2), (68, 2)), atol=1e-7)


@settings(max_examples=30, deadline=None)
@given(yaw=st.floats(-25, 25), pitch=st.floats(-10, 10), roll=st.floats(-10, 10), seed=st.integers(0, 50))
def test_inverse_undoes_the_turn(yaw, pitch, roll, seed):
    identity = draw_identity(seed)
    turn = Turn.of(Pose.rest(1, yaw=np.float32([yaw]), pitch=np.float32([pitch]), roll=np.float32([roll])))
    points = rest_points(identity)[None]
    np.testing.assert_allclose(turn.inverse(identity, turn.apply(identity, points)), points, atol=1e-3)


def test_slopes_of_depth_are_its_derivatives():
    identity = draw_identity(5)
    random = np.random.default_rng(0)
    x, y = random.uniform(-1.3, 1.3, 200), random.uniform(-1.5, 2.0, 200)
    _, slope_x, slope_y = depth(identity, x, y)
    step = 1e-6
    along_x = (depth(identity, x + step, y)[0] - depth(identity, x - step, y)[0]) / (2 * step)
    along_y = (depth(identity, x, y + step)[0] - depth(identity, x, y - step)[0]) / (2 * step)
    np.testing.assert_allclose(slope_x, along_x, atol=1e-6)
    np.testing.assert_allclose(slope_y, along_y, atol=1e-6)


def test_fuller_lips_are_thicker():
    identity = draw_identity(3)
    pose = Pose.rest(1)
    thin = shape_mouth(dataclasses.replace(identity, lower_lip=0.8), pose)
    full = shape_mouth(dataclasses.replace(identity, lower_lip=1.2), pose)
    assert full.lower_lip[0] > thin.lower_lip[0]


def test_pixels_scale_with_the_picture():
    point = np.array([0.3, 1.1])
    np.testing.assert_allclose((to_pixels(point, 320) + 0.5) / 2.0, to_pixels(point, 160) + 0.5)
