"""Players for video and sound that are part of the notebook: no file beside it, no network.

Taught in notebook 01; used in all.
"""

from __future__ import annotations

import base64
import io
import tempfile
import wave
from dataclasses import dataclass
from html import escape
from pathlib import Path

import cv2
import matplotlib as mpl
import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from lipcourse.errors import CourseError
from lipcourse.media.clip import Clip
from lipcourse.media.writing import write_video
from lipcourse.signals.audio import log_mel


@dataclass(frozen=True)
class Player:
    """A player that a notebook shows when it is a cell's last value.

    Attributes:
        html: The player, whole.
        alt: What one sees or hears.
    """

    html: str
    alt: str

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return f"[player] {self.alt}"


def audio(waveform: ArrayLike, sample_rate: int, alt: str = "Sound") -> Player:
    """Make a player for sound (16-bit WAV).

    Args:
        waveform: (N,), mono, in [-1, 1]; what goes beyond is clipped.
        sample_rate: Samples a second.
        alt: What one hears, shown beside the player.

    Raises:
        CourseError: There is no sound, or it holds NaN.
    """
    samples = np.asarray(waveform, dtype=np.float32)
    if samples.ndim != 1 or samples.size == 0:
        raise CourseError(f"a waveform is (N,) samples of one channel, this is {samples.shape}", where=alt)
    if not np.isfinite(samples).all():
        raise CourseError("the waveform holds NaN or infinity", where=alt)
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sample_rate)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return _player("audio", "audio/wav", buffer.getvalue(), alt, 'style="width:min(420px, 100%);"')


def video(
    clip: Clip | NDArray[np.uint8],
    *,
    fps: float = 25.0,
    waveform: NDArray[np.floating] | None = None,
    sample_rate: int | None = None,
    alt: str = "",
    width: int | None = None,
) -> Player:
    """Make a player for a clip, or for frames with or without sound (H.264 and AAC).

    Args:
        clip: A clip, which brings its own sound, or frames: uint8 (T, H, W, 3), RGB.
        fps: Frames a second, where frames are given.
        waveform: Sound for the frames, (N,), or other sound for the clip.
        sample_rate: Samples a second of `waveform`.
        alt: What one sees, shown below the player; for a clip, what is said, if nothing else.
        width: How wide it is shown, in pixels; None: as wide as the frames, but 320 at least.

    Raises:
        MediaError: The frames or the sound cannot be written.
    """
    if isinstance(clip, Clip):
        frames, fps = clip.frames, clip.fps
        alt = alt or f"{clip.key}: {clip.transcript}".rstrip(": ")
        if waveform is None:
            waveform, sample_rate = clip.waveform, clip.sample_rate
    else:
        frames = clip
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "video.mp4"
        write_video(path, frames, fps=fps, waveform=waveform, sample_rate=sample_rate)
        data = path.read_bytes()
    shown = width or max(320, frames.shape[2])
    return _player(
        "video",
        "video/mp4",
        data,
        alt or "Video",
        f'loop playsinline width="{shown}" style="max-width:100%;"',
    )


def video_with_spectrogram(
    clip: Clip, *, height: int = 96, alt: str = "", width: int | None = None
) -> Player:
    """Make a player for a clip with its log-mel spectrogram below, where a line marks the moment.

    Args:
        clip: Pictures and sound.
        height: How high the spectrogram is, in pixels of the video.
        alt: What one sees.
        width: How wide it is shown, in pixels.

    Raises:
        MediaError: The frames or the sound cannot be written.
        SignalError: The sound is no sound: NaN, or nothing.
    """
    frames = add_spectrogram(clip, height)
    said = f"{clip.key}: {clip.transcript}".rstrip(": ")
    told = alt or f"{said}. Below, its spectrogram, with a line that marks the moment."
    return video(
        frames, fps=clip.fps, waveform=clip.waveform, sample_rate=clip.sample_rate, alt=told, width=width
    )


def add_spectrogram(clip: Clip, height: int = 96) -> NDArray[np.uint8]:
    """Draw a clip's log-mel spectrogram below its frames, low sounds at the bottom.

    Returns:
        uint8 (T, H + height, W, 3), RGB; in frame t a white line stands in the middle of its four columns.
    """
    count, _, frame_width, _ = clip.frames.shape
    waveform = torch.from_numpy(np.ascontiguousarray(clip.waveform))[None]
    bands = log_mel(waveform, clip.sample_rate, clip.fps, frames=count)[0].T.flip(0).numpy()
    # A quarter is black: the silent bands would otherwise take most of the colours.
    low, high = np.quantile(bands, 0.25), bands.max()
    unit = np.clip((bands - low) / max(high - low, 1e-6), 0, 1).astype(np.float32)
    unit = cv2.resize(unit, (frame_width, height), interpolation=cv2.INTER_AREA)
    strip = (mpl.colormaps["magma"](unit)[..., :3] * 255).astype(np.uint8)
    drawn = np.concatenate([clip.frames, np.broadcast_to(strip, (count, *strip.shape))], axis=1)
    for index in range(count):
        x = round((index + 0.5) / count * frame_width)
        drawn[index, -height:, max(0, x - 1) : x + 1] = 255
    return drawn


def _player(tag: str, kind: str, data: bytes, alt: str, attributes: str) -> Player:
    told = escape(alt, quote=True)
    source = f"data:{kind};base64,{base64.b64encode(data).decode()}"
    return Player(
        f'<figure style="margin:6px 0;"><{tag} controls preload="metadata" aria-label="{told}" {attributes} '
        f'src="{source}"></{tag}><figcaption style="opacity:.75;">{told}</figcaption></figure>',
        alt,
    )
