"""Tiny films whose every picture and sound is known: material for tests, not a test itself."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

LEVELS_A_FRAME = 3
"""How much brighter each picture of a counting film is than the one before."""


def counting_frames(count: int, *, height: int = 48, width: int = 64) -> NDArray[np.uint8]:
    """Grey pictures (count, height, width, 3) that tell their number by their brightness."""
    levels = (20 + LEVELS_A_FRAME * np.arange(count)).astype(np.uint8)
    return np.broadcast_to(levels[:, None, None, None], (count, height, width, 3)).copy()


def frame_numbers(frames: NDArray[np.uint8]) -> list[int]:
    """Read the numbers of a counting film's pictures back from their brightness."""
    return [round((float(frame.mean()) - 20) / LEVELS_A_FRAME) for frame in frames]


def tone(seconds: float, sample_rate: int = 44_100, frequency: float = 440.0) -> NDArray[np.float32]:
    """A sine at half of full scale, (N,)."""
    time = np.arange(round(seconds * sample_rate)) / sample_rate
    return (0.5 * np.sin(2 * np.pi * frequency * time)).astype(np.float32)


def noise(seconds: float, sample_rate: int = 44_100, seed: int = 0) -> NDArray[np.float32]:
    """Smoothed noise (N,), whose correlation with itself has one sharp peak: it shows a shift."""
    white = np.random.default_rng(seed).standard_normal(round(seconds * sample_rate) + 15)
    return (0.2 * np.convolve(white, np.hanning(16), mode="valid") / 2.5).astype(np.float32)


def write_film(
    path: Path,
    frames: NDArray[np.uint8] | None = None,
    waveform: NDArray[np.float32] | None = None,
    *,
    fps: float = 25.0,
    sample_rate: int = 44_100,
    times: list[float] | None = None,
    sound_start: float = 0.0,
    video_codec: str = "libx264",
    audio_codec: str = "aac",
) -> Path:
    """Write pictures, sound or both with PyAV alone, into whatever container the suffix names.

    Args:
        path: The file to write.
        frames: uint8 (T, H, W, 3); None for a file without pictures.
        waveform: (N,), or (channels, N) with two channels; None for a file without sound.
        fps: Frames a second, where `times` is not given.
        sample_rate: Samples a second.
        times: When each frame is shown, in seconds, for a film at a varying rate.
        sound_start: When the sound begins, in seconds.
        video_codec: FFmpeg's name of the encoder for pictures.
        audio_codec: FFmpeg's name of the encoder for sound.
    """
    with av.open(path, "w") as container:
        video = audio = None
        if frames is not None:
            video = container.add_stream(video_codec, rate=Fraction(fps).limit_denominator(1001))
            video.height, video.width = frames.shape[1:3]
            video.pix_fmt = "yuv420p"
            tick = 1 / video.codec_context.framerate if times is None else Fraction(1, 90_000)
            video.codec_context.time_base = tick
        if waveform is not None:
            channels = np.atleast_2d(waveform)
            audio = container.add_stream(audio_codec, rate=sample_rate)
            audio.layout = "stereo" if len(channels) == 2 else "mono"
        if video is not None and frames is not None:
            for index, pixels in enumerate(frames):
                picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
                picture.pts = index if times is None else round(times[index] / tick)
                picture.time_base = tick
                container.mux(video.encode(picture))
            container.mux(video.encode(None))
        if audio is not None:
            layout = audio.layout.name
            sound = av.AudioFrame.from_ndarray(np.ascontiguousarray(channels), format="fltp", layout=layout)
            sound.sample_rate, sound.time_base = sample_rate, Fraction(1, sample_rate)
            sound.pts = round(sound_start * sample_rate)
            container.mux(audio.encode(sound))
            container.mux(audio.encode(None))
    return path


def shift(reference: NDArray[np.float32], heard: NDArray[np.float32]) -> int:
    """How many samples later `heard` is than `reference`, by correlation."""
    size = len(reference) + len(heard)
    spectrum = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(reference, size))
    lag = int(np.argmax(np.fft.irfft(spectrum, size)))
    return lag if lag < size // 2 else lag - size
