"""Where the mouth is in a picture, and the picture with another."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from lipcourse.errors import SignalError
from lipcourse.generation.portrait import LARGEST_SIDE, enlarge, find_mouth, take_lips
from lipcourse.media import Clip
from lipcourse.signals.alignment import paste_back, transform_points


def test_the_mouth_is_found_where_it_is(puppet: Clip) -> None:
    portrait = find_mouth(puppet.frames[0])
    assert portrait.mouth.shape == (64, 64, 3)
    lips = transform_points(puppet.landmarks[0, 48:], portrait.transform)
    assert np.abs(lips.mean(axis=0) - 31.5).max() < 5


@pytest.mark.grid
def test_real_faces_are_found(grid_root: Path) -> None:
    from lipcourse.media import read_clip

    picture = read_clip(sorted(grid_root.glob("s1/*.mpg"))[0]).frames[0]
    portrait = find_mouth(picture)
    back = portrait.speaking(portrait.mouth[None])[0]
    assert np.abs(back.astype(int) - picture).mean() < 0.5  # its own mouth changes nothing to speak of


def test_a_mouth_goes_back_where_it_was_and_nowhere_else(puppet: Clip) -> None:
    portrait = find_mouth(puppet.frames[0])
    red = np.zeros((3, 64, 64, 3), np.uint8) + np.array([255, 0, 0], np.uint8)
    frames = portrait.speaking(red)
    assert frames.shape == (3, *puppet.frames.shape[1:])
    whole = paste_back(portrait.picture, red[0], portrait.transform)
    assert np.abs(frames[0].astype(int) - whole).max() <= 1
    column, row = np.rint(puppet.landmarks[0, 48:].mean(axis=0)).astype(int)
    assert frames[0, row, column].tolist() == [255, 0, 0]
    assert np.array_equal(frames[0, :20], portrait.picture[:20])


@pytest.mark.parametrize("side", ["left", "top"])
def test_a_mouth_at_the_edge_of_the_picture_goes_back_too(puppet: Clip, side: str) -> None:
    portrait = find_mouth(puppet.frames[0])
    moved = portrait.transform.copy()
    moved[:, 2] += moved[:, :2] @ ((90, 0) if side == "left" else (0, 150))
    at_edge = type(portrait)(portrait.picture, portrait.mouth, moved)
    whole = paste_back(portrait.picture, portrait.mouth, moved)
    assert np.abs(at_edge.speaking(portrait.mouth[None])[0].astype(int) - whole).max() <= 1


def test_a_huge_picture_is_shrunk(puppet: Clip) -> None:
    huge = cv2.resize(puppet.frames[0], (2600, 2600))
    assert max(find_mouth(huge).picture.shape) == LARGEST_SIDE


def test_a_picture_without_a_face_is_refused_with_what_to_do() -> None:
    with pytest.raises(SignalError) as error:
        find_mouth(np.full((64, 64, 3), 120, np.uint8), where="wall.png")
    assert str(error.value).startswith("wall.png: no face was found in the picture; give one of a face")
    assert "--lip-crop" in str(error.value)


def test_lips_alone_are_taken_as_they_are(lips) -> None:
    portrait = take_lips(lips)
    assert np.array_equal(portrait.mouth, lips)
    np.testing.assert_allclose(portrait.transform, [[1, 0, 0], [0, 1, 0]])


@pytest.mark.parametrize("shape", [(100, 160), (160, 100), (40, 33)])
def test_of_lips_that_are_not_square_the_middle_is_taken(shape: tuple[int, int]) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (*shape, 3)).astype(np.uint8)
    picture = cv2.GaussianBlur(picture, (0, 0), 4)
    portrait = take_lips(picture)
    assert portrait.mouth.shape == (64, 64, 3)
    back = portrait.speaking(portrait.mouth[None])[0]
    assert np.abs(back.astype(int) - picture).mean() < 1.5  # the transform says where it came from


def test_lips_too_small_are_refused() -> None:
    with pytest.raises(SignalError, match="9x200"):
        take_lips(np.zeros((200, 9, 3), np.uint8))


def test_a_mouth_is_shown_larger(lips) -> None:
    assert enlarge(lips[None], 1) is not None
    assert enlarge(np.stack([lips, lips]), 3).shape == (2, 192, 192, 3)
