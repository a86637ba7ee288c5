"""Picture files of every kind, as RGB."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from lipcourse.errors import MediaError
from lipcourse.media import read_image

RED = np.zeros((6, 8, 3), np.uint8) + np.array([200, 40, 0], np.uint8)


def test_colours_come_in_the_order_red_green_blue(tmp_path: Path) -> None:
    path = tmp_path / "réd.png"
    path.write_bytes(cv2.imencode(".png", RED[..., ::-1])[1].tobytes())
    np.testing.assert_array_equal(read_image(path), RED)


def test_grey_becomes_three_equal_channels(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "grey.png"), np.full((5, 7), 90, np.uint8))
    np.testing.assert_array_equal(read_image(tmp_path / "grey.png"), np.full((5, 7, 3), 90))


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_what_is_transparent_becomes_white(tmp_path: Path, depth: type) -> None:
    whole = np.iinfo(depth).max
    pixels = np.zeros((2, 2, 4), depth)
    pixels[..., 2] = whole  # red, in OpenCV's order
    pixels[0, 1, 3], pixels[1, :, 3] = whole, whole // 5
    cv2.imwrite(str(tmp_path / "see_through.png"), pixels)
    seen = read_image(tmp_path / "see_through.png")
    assert seen[0, 0].tolist() == [255, 255, 255]
    assert seen[0, 1].tolist() == [255, 0, 0]
    assert seen[1, 0].tolist() == [255, 204, 204]


def test_sixteen_bits_become_eight(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "deep.png"), np.full((4, 4, 3), 0x8080, np.uint16))
    assert read_image(tmp_path / "deep.png").tolist() == np.full((4, 4, 3), 0x80).tolist()


def test_a_photograph_taken_sideways_is_upright(tmp_path: Path) -> None:
    data = cv2.imencode(".jpg", np.zeros((16, 32, 3), np.uint8))[1].tobytes()
    turned = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
    path = tmp_path / "sideways.jpg"
    path.write_bytes(data[:2] + b"\xff\xe1" + (len(turned) + 2).to_bytes(2, "big") + turned + data[2:])
    assert read_image(path).shape == (32, 16, 3)


@pytest.mark.parametrize("content", [b"", b"no picture at all", None])
def test_what_is_no_picture_is_said_in_a_line(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "picture.png"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(MediaError) as error:
        read_image(path)
    assert str(error.value).startswith(str(path))
