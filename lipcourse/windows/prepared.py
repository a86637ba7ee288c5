"""What a prepared clip is, and how it becomes a few small files: the members of a WebDataset sample.

| member                  | what it holds                                                                |
|-------------------------|------------------------------------------------------------------------------|
| `clip.json`             | key, talker, split, fps, sample rate, words, phones and what else is known    |
| `mouths.jpg`            | the mouth crops side by side, sixteen in a row (a film strip)                 |
| `faces.jpg`             | the face crops, likewise                                                      |
| `landmarks.safetensors` | points in both crops, int16 in 1/64 pixel; transforms from frame to crop      |
| `waveform.dpcm`         | 16-bit sound without loss: second differences, low bytes first, zlib          |

Sound is not FLAC, though FLAC would take a quarter less: torchaudio 2.9 and later decode nothing by
themselves, and the machine that trains has no libsndfile. A GRID clip of 3 s takes 0.46 MB (24 clips, mean).

Needs numpy, OpenCV and safetensors only. Taught in notebook 05.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from lipcourse.errors import CorpusError, SignalError

MOUTH_SIZE = 64
FACE_SIZE = 128
MOUTH_QUALITY = 90
FACE_QUALITY = 80
"""JPEG qualities: the mouth is what is learned."""

COLUMNS = 16
"""Crops in a row of a strip. Their sides are multiples of JPEG's 16-pixel blocks: no two crops share one."""

LONGEST = COLUMNS * (65535 // FACE_SIZE)
"""Frames that fit into a JPEG, which is 65535 pixels high at most: 8176, or 327 s at 25 a second."""

POINT_STEPS = 64
"""Steps a pixel in which points are kept: the largest error is 1/128 pixel, the largest position 511."""

Timed = tuple[float, float, str]
"""Start and end in seconds, and a name: a `lipcourse.media.Segment`, whose room needs PyAV."""


@dataclass(frozen=True)
class PreparedClip:
    """A clip ready for training: crops, points in them, sound, and what is known of it.

    Attributes:
        key: A name unique over all corpora, such as "grid/s1/bbaf2n".
        talker: Who speaks, unique within the corpus.
        split: "train", "validation" or "test".
        fps: Frames a second.
        sample_rate: Samples a second of `waveform`.
        mouths: uint8 (T, 64, 64, 3), RGB.
        faces: uint8 (T, 128, 128, 3), RGB.
        mouth_landmarks: float32 (T, 20, 2), the lips' points in pixels of `mouths`, x then y.
        face_landmarks: float32 (T, 68, 2), all points in pixels of `faces`.
        mouth_transforms: float32 (T, 2, 3), from pixels of the frame to pixels of `mouths`.
        face_transforms: float32 (T, 2, 3), from pixels of the frame to pixels of `faces`.
        found: bool (T,), whether a face was found in the frame; elsewhere points are interpolated.
        waveform: float32 (N,), mono, in [-1, 1].
        transcript: What is said, in words, or "".
        words: When each word is said.
        phones: When each phone (ARPABET) is said.
        origin: Corpus and licence.
        metadata: Facts that only some corpora know.
    """

    key: str
    talker: str
    split: str
    fps: float
    sample_rate: int
    mouths: NDArray[np.uint8]
    faces: NDArray[np.uint8]
    mouth_landmarks: NDArray[np.float32]
    face_landmarks: NDArray[np.float32]
    mouth_transforms: NDArray[np.float32]
    face_transforms: NDArray[np.float32]
    found: NDArray[np.bool_]
    waveform: NDArray[np.float32]
    origin: tuple[str, str]
    transcript: str = ""
    words: Sequence[Timed] = ()
    phones: Sequence[Timed] = ()
    metadata: Mapping[str, object] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        """How long the pictures last."""
        return len(self.mouths) / self.fps


FACTS = (
    "key",
    "talker",
    "split",
    "fps",
    "sample_rate",
    "transcript",
    "words",
    "phones",
    "origin",
    "metadata",
)
POINTS = ("mouth_landmarks", "face_landmarks")
TENSORS = ("mouth_transforms", "face_transforms", "found")
MEMBERS = ("clip.json", "faces.jpg", "landmarks.safetensors", "mouths.jpg", "waveform.dpcm")


def encode_clip(clip: PreparedClip) -> dict[str, bytes]:
    """Turn a clip into the members of its sample, by name; the same clip gives the same bytes.

    Raises:
        SignalError: The clip is empty or longer than LONGEST frames, its parts differ in length, or a point
            lies far outside its crop.
    """
    count = len(clip.mouths)
    lengths = {len(getattr(clip, name)) for name in ("faces", *POINTS, *TENSORS)} | {count}
    if lengths != {count}:
        raise SignalError(f"its parts have different numbers of frames: {sorted(lengths)}", where=clip.key)
    if not 0 < count <= LONGEST:
        raise SignalError(
            f"{count} frames do not fit into a strip", where=clip.key, remedy=f"cut it to 1 to {LONGEST}"
        )
    facts = {name: getattr(clip, name) for name in FACTS} | {"frames": count}
    points = {name: _fixed(getattr(clip, name), clip.key) for name in POINTS}
    return {
        "clip.json": json.dumps(facts, sort_keys=True, default=_plain).encode(),
        "faces.jpg": _encode_strip(clip.faces, FACE_QUALITY),
        "landmarks.safetensors": save(points | {name: getattr(clip, name) for name in TENSORS}),
        "mouths.jpg": _encode_strip(clip.mouths, MOUTH_QUALITY),
        "waveform.dpcm": encode_sound(clip.waveform),
    }


def decode_clip(members: Mapping[str, Any]) -> PreparedClip:
    """Turn a sample's members back into a clip.

    Args:
        members: The bytes of each of MEMBERS; others, such as WebDataset's own `__key__`, are left alone.

    Raises:
        CorpusError: A member is missing or damaged.
    """
    missing = [name for name in MEMBERS if name not in members]
    if missing:
        raise CorpusError(
            f"a sample lacks {', '.join(missing)}", where=members.get("__url__"), remedy="prepare it again"
        )
    with _damage_told(members):
        facts = decode_members(members)
        del facts["frames"]
        return PreparedClip(**facts)


def decode_members(members: Mapping[str, Any]) -> dict[str, Any]:
    """Turn those members that are given back into a clip's attributes: what is not needed costs nothing.

    Args:
        members: The bytes of "clip.json" and of any others of MEMBERS; further ones are left alone.

    Returns:
        The attributes of `PreparedClip` that they hold, by name, and `frames`, how many there are.

    Raises:
        CorpusError: A member is damaged.
    """
    with _damage_told(members):
        facts: dict[str, Any] = json.loads(members["clip.json"])
        for name in ("words", "phones"):
            facts[name] = tuple((start, end, label) for start, end, label in facts[name])
        facts["origin"] = tuple(facts["origin"])
        if "landmarks.safetensors" in members:
            facts |= load(members["landmarks.safetensors"])
            for name in POINTS:
                facts[name] = facts[name].astype(np.float32) / POINT_STEPS
        for name, size in (("mouths", MOUTH_SIZE), ("faces", FACE_SIZE)):
            if f"{name}.jpg" in members:
                facts[name] = _decode_strip(members[f"{name}.jpg"], facts["frames"], size)
        if "waveform.dpcm" in members:
            facts["waveform"] = decode_sound(members["waveform.dpcm"])
    return facts


@contextmanager
def _damage_told(members: Mapping[str, Any]) -> Iterator[None]:
    """Turn what a damaged sample makes of its decoders into one line that names it."""
    try:
        yield
    except (cv2.error, KeyError, SafetensorError, TypeError, ValueError, zlib.error) as error:
        name = members.get("__key__", "a clip")
        raise CorpusError(
            f"the sample of {name} is damaged ({error})",
            where=members.get("__url__"),
            remedy="prepare it again",
        ) from error


def encode_sound(waveform: NDArray[np.float32]) -> bytes:
    """Pack a waveform (N,) in [-1, 1] as 16-bit samples without further loss, to about half their size.

    Neighbouring samples are alike, so that second differences are small (Shorten, Robinson 1994, and FLAC
    begin like this); zlib then finds the nearly constant high bytes, kept apart from the low ones.
    """
    samples = np.clip(np.rint(waveform * np.float32(32768)), -32768, 32767).astype("<i2")
    small = np.diff(samples, n=2, prepend=np.zeros(2, "<i2"))
    # The sign moves to the lowest bit: small numbers of either sign then have a high byte of zero.
    folded = ((small << 1) ^ (small >> 15)).astype("<i2")
    return zlib.compress(folded.view(np.uint8).reshape(-1, 2).T.tobytes())


def decode_sound(data: bytes) -> NDArray[np.float32]:
    """Unpack what `encode_sound` packed, float32 (N,), exact to 16 bits.

    Raises:
        zlib.error: The bytes are damaged.
    """
    planes = np.frombuffer(zlib.decompress(data), np.uint8).reshape(2, -1)
    folded = planes[1].astype(np.uint16) << 8 | planes[0]
    small = (folded >> 1 ^ -(folded & 1)).view(np.int16)
    samples = np.cumsum(np.cumsum(small, dtype=np.int16), dtype=np.int16)
    return np.multiply(samples, np.float32(1 / 32768), dtype=np.float32)


def _encode_strip(crops: NDArray[np.uint8], quality: int) -> bytes:
    """Lay crops (T, S, S, 3) out in rows of COLUMNS, the last one repeated to fill up, as one JPEG."""
    filled = np.concatenate([crops, np.repeat(crops[-1:], -len(crops) % COLUMNS, axis=0)])
    size = crops.shape[1]
    rows = filled.reshape(-1, COLUMNS, size, size, 3).transpose(0, 2, 1, 3, 4)
    strip = np.ascontiguousarray(rows.reshape(-1, COLUMNS * size, 3)[..., ::-1])
    _, data = cv2.imencode(".jpg", strip, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return data.tobytes()


def _decode_strip(data: bytes, count: int, size: int) -> NDArray[np.uint8]:
    """Cut a strip into its first `count` crops."""
    strip = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)
    if strip is None:
        raise ValueError("a strip is no picture")
    crops = strip.reshape(-1, size, COLUMNS, size, 3).swapaxes(1, 2).reshape(-1, size, size, 3)
    return np.ascontiguousarray(crops[:count], np.uint8)


def _fixed(points: NDArray[np.float32], key: str) -> NDArray[np.int16]:
    """Turn pixels into whole steps of 1/64."""
    steps = np.rint(points * POINT_STEPS)
    if not np.all(np.abs(steps) < 2**15):
        raise SignalError("a landmark is not a number or lies far outside its crop", where=key)
    return steps.astype(np.int16)


def _plain(value: object) -> object:
    """Turn numpy's numbers and arrays into what JSON knows."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} does not go into JSON")
