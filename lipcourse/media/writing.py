"""Write pictures and sound as a video that browsers play."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from numpy.typing import NDArray

from lipcourse.errors import MediaError
from lipcourse.whole import beside

AAC_SAMPLE_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000)


def write_video(
    path: str | Path,
    frames: NDArray[np.uint8],
    *,
    fps: float,
    waveform: NDArray[np.floating] | None = None,
    sample_rate: int | None = None,
) -> None:
    """Write pictures and sound as an MP4 that browsers play (H.264 in yuv420p, AAC, the index in front).

    The file is written beside `path` and renamed when it is whole. H.264 in yuv420p stores colour for 2x2
    pixels at a time: at an odd width or height the last column or row is written twice, so the video is a
    pixel larger. AAC knows only some sample rates: at another, the sound is resampled to the next higher one.
    Sound beyond [-1, 1] is clipped.

    Taught in notebook 02.

    Args:
        path: The file to write, in a folder that exists.
        frames: uint8 (T, H, W, 3), RGB, at least one.
        fps: Frames a second.
        waveform: Mono sound in [-1, 1], (N,), from the start of the first frame; None for a silent film.
        sample_rate: Samples a second of `waveform`.

    Raises:
        MediaError: The frames or the sound cannot be written as they are (shape, type, NaN), or the folder is
            missing or cannot be written to.
    """
    path = Path(path)
    _check(path, frames, fps, waveform, sample_rate)
    try:
        with (
            beside(path) as unfinished,
            av.open(unfinished.absolute(), "w", format="mp4", options={"movflags": "faststart"}) as container,
        ):
            _encode(container, frames, fps, waveform, sample_rate)
    except (OSError, av.FFmpegError) as error:
        raise MediaError(
            f"cannot be written ({error.strerror})",
            where=path,
            remedy="choose a folder that you may write to, with room in it",
        ) from error


def _check(
    path: Path,
    frames: NDArray[np.uint8],
    fps: float,
    waveform: NDArray[np.floating] | None,
    sample_rate: int | None,
) -> None:
    """Refuse what cannot become a video, before anything is written."""
    if not path.parent.is_dir():
        raise MediaError("no such folder", where=path.parent, remedy="make it first, or choose another")
    if frames.ndim != 4 or frames.shape[-1] != 3 or frames.size == 0 or frames.dtype != np.uint8:
        raise MediaError(
            f"frames of shape {frames.shape} and type {frames.dtype} are no video",
            where=path,
            remedy="give uint8 (T, H, W, 3) with T of 1 or more",
        )
    if fps <= 0:
        raise MediaError(f"{fps:g} frames a second is not a frame rate", where=path, remedy="use one above 0")
    if waveform is None:
        return
    if waveform.ndim != 1 or not sample_rate or not 0 < sample_rate <= AAC_SAMPLE_RATES[-1]:
        raise MediaError(
            f"a waveform of shape {waveform.shape} at sample rate {sample_rate} cannot be written",
            where=path,
            remedy=f"give mono sound (N,) and its sample rate, at most {AAC_SAMPLE_RATES[-1]} Hz",
        )
    bad = np.flatnonzero(~np.isfinite(waveform))
    if bad.size:
        raise MediaError(
            f"the waveform holds NaN or infinity {bad.size} times, first at {bad[0] / sample_rate:.3f} s",
            where=path,
            remedy="find the step that made it; divisions by zero and logarithms of zero do",
        )


def _encode(
    container: OutputContainer,
    frames: NDArray[np.uint8],
    fps: float,
    waveform: NDArray[np.floating] | None,
    sample_rate: int | None,
) -> None:
    """Encode pictures, then sound, into an open file."""
    height, width = frames.shape[1:3]
    to_even = ((0, height % 2), (0, width % 2), (0, 0))
    rate = Fraction(fps).limit_denominator(1001)
    video = container.add_stream("libx264", rate=rate, options={"crf": "18", "preset": "veryfast"})
    video.height, video.width = height + height % 2, width + width % 2
    video.pix_fmt = "yuv420p"
    # With several threads x264's bytes depend on how many processors there are.
    video.codec_context.thread_count = 1
    # Players guess the colours of a video that does not say which they are.
    video.colorspace, video.color_range = Colorspace.ITU709, ColorRange.MPEG
    video.color_primaries, video.color_trc = ColorPrimaries.BT709, ColorTrc.BT709
    audio = None
    if waveform is not None and sample_rate is not None:
        stored_rate = next(known for known in AAC_SAMPLE_RATES if known >= sample_rate)
        # The standard allows 6 bits a sample and channel.
        audio = container.add_stream(
            "aac", rate=stored_rate, layout="mono", bit_rate=min(128_000, 6 * stored_rate)
        )

    for index, pixels in enumerate(frames):
        even = np.ascontiguousarray(np.pad(pixels, to_even, mode="edge"))
        picture = VideoFrame.from_ndarray(even, format="rgb24").reformat(
            format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
        )
        picture.pts, picture.time_base = index, 1 / rate
        container.mux(video.encode(picture))
    container.mux(video.encode(None))

    if audio is not None and waveform is not None and sample_rate is not None:
        samples = np.clip(waveform, -1.0, 1.0).astype(np.float32)[None]
        sound = AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="fltp", layout="mono")
        sound.sample_rate, sound.pts, sound.time_base = sample_rate, 0, Fraction(1, sample_rate)
        container.mux(audio.encode(sound))
        container.mux(audio.encode(None))
