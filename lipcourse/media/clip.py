"""What a clip is: pictures, sound, and what is known of both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Segment(NamedTuple):
    """A stretch of sound with a name: a word, or a phone in ARPABET. Times in seconds."""

    start: float
    end: float
    label: str


class Origin(NamedTuple):
    """Where a clip comes from and on what terms it may be used."""

    corpus: str
    licence: str


@dataclass(frozen=True)
class Clip:
    """One talker saying one thing: pictures, sound, and what is known of both.

    Time zero is the start of the first picture: frame t is shown from `t / fps` seconds, and sample n is
    heard at `n / sample_rate` seconds. Pictures and sound may end at different times (in GRID the sound is
    22 ms shorter).

    Attributes:
        key: A name unique over all corpora, such as "grid/s1/bbaf2n".
        talker: Who speaks, unique within the corpus.
        frames: uint8 (T, H, W, 3), RGB.
        fps: Frames a second.
        waveform: float32 (N,), mono, in [-1, 1].
        sample_rate: Samples a second of `waveform`.
        transcript: What is said, in words, or "".
        words: When each word is said.
        phones: When each phone (ARPABET) is said.
        landmarks: float32 (T, 68, 2), true points in pixels, x then y; None where the corpus has none.
        origin: Corpus and licence.
        metadata: Facts that only some corpora know, such as how far the lips lead the sound.
    """

    key: str
    talker: str
    frames: NDArray[np.uint8]
    fps: float
    waveform: NDArray[np.float32]
    sample_rate: int
    origin: Origin
    transcript: str = ""
    words: tuple[Segment, ...] = ()
    phones: tuple[Segment, ...] = ()
    landmarks: NDArray[np.float32] | None = None
    metadata: Mapping[str, object] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        """How long the pictures last."""
        return len(self.frames) / self.fps
