"""What each of the three systems is fed: the parts of a clip that it needs, and the batches cut from them.

A batch's pictures are bytes, a quarter of their size as numbers, until `to(device)` turns them into what the
networks take, on the device. What is computed from sound is computed once a clip and cut like pictures.

Needs numpy, OpenCV, safetensors, torch and torchaudio only. Taught in notebook 05.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Generic, Literal, NamedTuple, Self, TypeVar

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lipcourse.signals.audio import COLUMNS_PER_FRAME, log_mel, mfcc_atvg, mfcc_recurrent
from lipcourse.windows.prepared import decode_members

SystemName = Literal["glance", "atvg", "recurrent"]

RECURRENT_SIZE = 112

Parts = dict[str, Tensor]
"""What a system needs of a clip, time first: "pictures" and "sound", maybe "landmarks"."""


@dataclass(frozen=True)
class Batch:
    """What the batches of all systems have: B windows of T frames.

    Attributes:
        keys: The clip of each window.
        talkers: Who speaks in each.
        starts: int64 (B,), the first frame of each in its clip.
        video: uint8 (B, 3, T, H, W), RGB; after `to`, float32 in [-1, 1].
        image: uint8 (B, 3, H, W), any frame of the same clip, for its identity; after `to`, likewise.
    """

    keys: tuple[str, ...]
    talkers: tuple[str, ...]
    starts: Tensor
    video: Tensor
    image: Tensor

    def __len__(self) -> int:
        return len(self.keys)

    def to(self, device: torch.device | str) -> Self:
        """Return the batch on a device, pictures as float32 in [-1, 1]; it is bytes that travel there."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        moved: dict[str, Any] = {
            name: _move(value, device) for name, value in values.items() if isinstance(value, Tensor)
        }
        return replace(self, **moved)


@dataclass(frozen=True)
class GlanceBatch(Batch):
    """Windows for glance: `video` is of mouths, H = W = 64.

    Attributes:
        log_mel: float32 (B, 4T, 128), decibels; columns 4t to 4t + 3 belong to frame t.
        other_video: (B, 3, T, 64, 64) as `video`, a window of another clip: v_k with k != j of Eq. 4.
        landmarks: float32 (B, T, 20, 2), the lips' points in pixels of the crop, x then y.
    """

    log_mel: Tensor
    other_video: Tensor
    landmarks: Tensor


@dataclass(frozen=True)
class AtvgBatch(Batch):
    """Windows for atvg: `video` is of faces, H = W = 128, and `image` the example frame.

    Attributes:
        mfcc: float32 (B, T, 28, 12), the 280 ms around each frame.
        landmarks: float32 (B, T, 68, 2), pixels of the crop, x then y.
        image_landmarks: float32 (B, 68, 2), likewise, of the example frame.
    """

    mfcc: Tensor
    landmarks: Tensor
    image_landmarks: Tensor


@dataclass(frozen=True)
class RecurrentBatch(Batch):
    """Windows for recurrent: `video` is of faces, H = W = 112.

    Attributes:
        mfcc: float32 (B, T, 35, 12), the 350 ms around each frame.
    """

    mfcc: Tensor


class Cut(NamedTuple):
    """A window to be cut.

    Attributes:
        key: Of its clip.
        talker: Of its clip.
        parts: Of its clip.
        start: Its first frame.
        image: Which frame of its clip is the identity image.
        other: Parts of another clip; where no mismatch is needed, of the same.
        other_start: Where the mismatched window starts in it.
    """

    key: str
    talker: str
    parts: Parts
    start: int
    image: int
    other: Parts
    other_start: int


AnyBatch = TypeVar("AnyBatch", bound=Batch, covariant=True)


@dataclass(frozen=True)
class System(Generic[AnyBatch]):
    """How a system is fed.

    Attributes:
        members: The members of a prepared clip that it needs.
        decode: Makes parts of them.
        cut: Makes a batch of windows of so many frames.
        contrasts: Whether a window comes with one of another clip.
    """

    members: tuple[str, ...]
    decode: Callable[[Mapping[str, Any]], Parts]
    cut: Callable[[Sequence[Cut], int], AnyBatch]
    contrasts: bool = False


def _decode_glance(members: Mapping[str, Any]) -> Parts:
    facts = decode_members(members)
    return {
        "pictures": torch.from_numpy(facts["mouths"]),
        "sound": _hear(log_mel, facts).reshape(facts["frames"], COLUMNS_PER_FRAME, -1),
        "landmarks": torch.from_numpy(facts["mouth_landmarks"]),
    }


def _decode_atvg(members: Mapping[str, Any]) -> Parts:
    facts = decode_members(members)
    return {
        "pictures": torch.from_numpy(facts["faces"]),
        "sound": _hear(mfcc_atvg, facts),
        "landmarks": torch.from_numpy(facts["face_landmarks"]),
    }


def _decode_recurrent(members: Mapping[str, Any]) -> Parts:
    facts = decode_members(members)
    return {
        "pictures": torch.from_numpy(shrink(facts["faces"], RECURRENT_SIZE)),
        "sound": _hear(mfcc_recurrent, facts),
    }


def _cut_glance(cuts: Sequence[Cut], frames: int) -> GlanceBatch:
    return GlanceBatch(
        **_common(cuts, frames),
        log_mel=_windows(cuts, "sound", frames).flatten(1, 2),
        other_video=_pictures([cut.other["pictures"][cut.other_start :][:frames] for cut in cuts]),
        landmarks=_windows(cuts, "landmarks", frames),
    )


def _cut_atvg(cuts: Sequence[Cut], frames: int) -> AtvgBatch:
    return AtvgBatch(
        **_common(cuts, frames),
        mfcc=_windows(cuts, "sound", frames),
        landmarks=_windows(cuts, "landmarks", frames),
        image_landmarks=torch.stack([cut.parts["landmarks"][cut.image] for cut in cuts]),
    )


def _cut_recurrent(cuts: Sequence[Cut], frames: int) -> RecurrentBatch:
    return RecurrentBatch(**_common(cuts, frames), mfcc=_windows(cuts, "sound", frames))


_FACE_MEMBERS = ("clip.json", "faces.jpg", "landmarks.safetensors", "waveform.dpcm")
_MOUTH_MEMBERS = ("clip.json", "mouths.jpg", "landmarks.safetensors", "waveform.dpcm")

SYSTEMS: Mapping[str, System[Batch]] = {
    "glance": System(_MOUTH_MEMBERS, _decode_glance, _cut_glance, contrasts=True),
    "atvg": System(_FACE_MEMBERS, _decode_atvg, _cut_atvg),
    "recurrent": System(("clip.json", "faces.jpg", "waveform.dpcm"), _decode_recurrent, _cut_recurrent),
}


def shrink(crops: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Make crops (T, S, S, 3) smaller: each pixel of (T, size, size, 3) is the mean of the area it covers.

    One crop at a time: for a larger picture OpenCV would use its threads, and those of a process are not in
    the loader workers forked from it, which would wait for them forever.
    """
    smaller = [cv2.resize(crop, (size, size), interpolation=cv2.INTER_AREA) for crop in crops]
    return np.stack(smaller).astype(np.uint8, copy=False)


def _hear(feature: Callable[..., Tensor], facts: Mapping[str, Any]) -> Tensor:
    """Compute what a network hears of a clip."""
    waveform = torch.from_numpy(facts["waveform"])[None]
    return feature(waveform, facts["sample_rate"], facts["fps"], frames=facts["frames"])[0]


def _common(cuts: Sequence[Cut], frames: int) -> dict[str, Any]:
    """Fill in what all batches have."""
    return {
        "keys": tuple(cut.key for cut in cuts),
        "talkers": tuple(cut.talker for cut in cuts),
        "starts": torch.tensor([cut.start for cut in cuts]),
        "video": _pictures([cut.parts["pictures"][cut.start :][:frames] for cut in cuts]),
        "image": torch.stack([cut.parts["pictures"][cut.image] for cut in cuts]).movedim(-1, 1),
    }


def _pictures(windows: list[Tensor]) -> Tensor:
    """Put (T, H, W, 3) together as (B, 3, T, H, W); no byte moves for the change of order."""
    return torch.stack(windows).movedim(-1, 1)


def _windows(cuts: Sequence[Cut], part: str, frames: int) -> Tensor:
    """Cut a part of each clip, (T, ...), to the window's frames: (B, frames, ...)."""
    return torch.stack([cut.parts[part][cut.start :][:frames] for cut in cuts])


def _move(value: Tensor, device: torch.device | str) -> Tensor:
    """Move to a device; bytes become float32 in [-1, 1] there."""
    value = value.to(device, non_blocking=True)
    if value.dtype != torch.uint8:
        return value
    return value.to(torch.float32, memory_format=torch.contiguous_format).div_(127.5).sub_(1)
