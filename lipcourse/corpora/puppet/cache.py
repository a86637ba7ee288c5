"""Clips kept on disk, so that a puppet is drawn once: pixels, points and samples exactly as they were."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from lipcourse.cache import CACHE_VARIABLE, cache_root
from lipcourse.errors import CorpusError
from lipcourse.media import Clip, Origin, Segment
from lipcourse.whole import write_whole

FORMAT = 1
"""Counts up when the layout of the files changes."""


def cache_folder() -> Path:
    """Say where clips are kept: in the folder of this format, as drawn by this very code.

    The name holds a digest of the code that draws and speaks, so that a changed puppet is never taken from
    an old file.
    """
    return cache_root() / "puppets" / f"v{FORMAT}-{code_digest()}"


@cache
def code_digest() -> str:
    """Digest the code that draws and speaks: another one may make other puppets."""
    sources = sorted(Path(__file__).parent.glob("*.py"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:12]


def save_clip(clip: Clip, path: Path) -> None:
    """Keep a clip. The file is written beside and renamed when whole; the last of several writers wins.

    Args:
        clip: With landmarks, and with samples that are whole multiples of 1/32768.
        path: The file; its folder is made.

    Raises:
        CorpusError: It cannot be written.
    """
    if clip.landmarks is None:
        raise CorpusError("a clip without landmarks is no puppet", where=clip.key)
    count, height, width, _ = clip.frames.shape
    strip = np.ascontiguousarray(clip.frames).reshape(count * height, width, 3)
    _, png = cv2.imencode(".png", strip, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    tensors: dict[str, NDArray[Any]] = {
        "frames": np.asarray(png, np.uint8).reshape(-1),
        "landmarks": np.ascontiguousarray(clip.landmarks),
        "waveform": np.round(clip.waveform * 32768.0).astype(np.int16),
    }
    facts = json.dumps(
        {
            "key": clip.key,
            "talker": clip.talker,
            "fps": clip.fps,
            "frames": count,
            "sample_rate": clip.sample_rate,
            "origin": clip.origin,
            "transcript": clip.transcript,
            "words": clip.words,
            "phones": clip.phones,
            "metadata": dict(clip.metadata),
        }
    )
    data = save(tensors, {"facts": facts, "digest": _digest(tensors, facts)})
    write_whole(path, data, remedy=f"set {CACHE_VARIABLE} to a folder that you may write to")


def load_clip(path: Path) -> Clip | None:
    """Fetch a clip, bit for bit as it was kept.

    Returns:
        The clip; None where there is none, or where the file is damaged.
    """
    if not path.is_file():
        return None
    try:
        with safe_open(path, "numpy") as file:
            tensors = {name: file.get_tensor(name) for name in ("frames", "landmarks", "waveform")}
            kept = file.metadata() or {}
    except (SafetensorError, OSError):
        return None
    if kept.get("digest") != _digest(tensors, kept.get("facts", "")):
        return None
    facts = json.loads(kept["facts"])
    strip = np.asarray(cv2.imdecode(tensors["frames"], cv2.IMREAD_COLOR), np.uint8)
    return Clip(
        key=facts["key"],
        talker=facts["talker"],
        frames=strip.reshape(facts["frames"], -1, strip.shape[1], 3),
        fps=facts["fps"],
        waveform=tensors["waveform"].astype(np.float32) / np.float32(32768),
        sample_rate=facts["sample_rate"],
        origin=Origin(*facts["origin"]),
        transcript=facts["transcript"],
        words=tuple(Segment(*word) for word in facts["words"]),
        phones=tuple(Segment(*phone) for phone in facts["phones"]),
        landmarks=tensors["landmarks"],
        metadata=facts["metadata"],
    )


def _digest(tensors: dict[str, NDArray[Any]], facts: str) -> str:
    digest = hashlib.sha256(facts.encode())
    for name in sorted(tensors):
        digest.update(np.ascontiguousarray(tensors[name]).tobytes())
    return digest.hexdigest()
