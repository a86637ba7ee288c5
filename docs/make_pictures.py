"""Draw the pictures that README.md shows: `.venv/bin/python docs/make_pictures.py`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lipcourse import pictures
from lipcourse.corpora.puppet.corpus import PuppetCorpus
from lipcourse.media import Clip

TALKERS = 40

# What a mouth can do: its opening and its width pick a frame of the clip.
MOMENTS: tuple[tuple[str, Callable[[NDArray[np.floating], NDArray[np.floating]], np.intp]], ...] = (
    ("open", lambda opening, _: opening.argmax()),
    ("shut", lambda opening, _: opening.argmin()),
    ("round", lambda opening, width: np.where(opening > 0.1 * opening.max(), width, np.inf).argmin()),
    ("spread", lambda _, width: width.argmax()),
)


def portrait(clip: Clip, moment: int) -> NDArray[np.uint8]:
    """Return the frame at which a puppet's mouth does what is asked for."""
    assert clip.landmarks is not None
    spoken = slice(int(clip.phones[0].start * clip.fps), int(clip.phones[-1].end * clip.fps))
    points = clip.landmarks[spoken]
    opening = np.linalg.norm(points[:, 66] - points[:, 62], axis=-1)
    width = np.linalg.norm(points[:, 54] - points[:, 48], axis=-1)
    return clip.frames[spoken][MOMENTS[moment][1](opening, width)]


def main() -> None:
    """Write docs/puppets.png: each of 40 talkers at a telling moment of a sentence."""
    corpus = PuppetCorpus(clips=TALKERS, talkers=TALKERS, size=160)
    moments = [index % len(MOMENTS) for index in range(TALKERS)]
    portraits = [portrait(clip, moment) for clip, moment in zip(corpus, moments, strict=True)]
    figure = pictures.contact_sheet(portraits, [MOMENTS[m][0] for m in moments], columns=10, width=12)
    Path(__file__).with_name("puppets.png").write_bytes(pictures.png_bytes(figure))


if __name__ == "__main__":
    main()
