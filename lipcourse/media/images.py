"""Read a picture file, whatever its kind, as RGB."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lipcourse.errors import MediaError


def read_image(path: str | Path) -> NDArray[np.uint8]:
    """Read a picture with OpenCV: grey becomes RGB, what is transparent becomes white, 16 bits become 8.

    A photograph taken sideways is turned upright, as its file says.

    Args:
        path: A JPEG, PNG, WebP, BMP or TIFF file.

    Returns:
        uint8 (H, W, 3), RGB.

    Raises:
        MediaError: The file is missing, empty, damaged, or no picture.
    """
    path = Path(path)
    if not path.is_file():
        raise MediaError("there is no such file", where=path, remedy="check the path")
    data = np.fromfile(path, np.uint8)
    stored = _decode(data, cv2.IMREAD_UNCHANGED, path)
    if stored.ndim == 2 or stored.shape[2] < 4:
        return np.asarray(_decode(data, cv2.IMREAD_COLOR_RGB, path), np.uint8)
    whole = 255 if stored.dtype == np.uint8 else 65535
    colours, opacity = stored[..., 2::-1] / whole, stored[..., 3:] / whole
    return np.asarray(np.rint(255 * (colours * opacity + 1 - opacity)), np.uint8)


def _decode(data: NDArray[np.uint8], flags: int, path: Path) -> NDArray[Any]:
    """Decode a picture, or refuse it."""
    try:
        picture = cv2.imdecode(data, flags)
    except cv2.error:  # an empty file, or a picture that claims to be larger than any memory
        picture = None
    if picture is None:
        raise MediaError("it is no picture, or it is damaged", where=path, remedy="give a JPEG or PNG file")
    return np.asarray(picture)
