"""Write pictures and sound as a video that browsers play."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
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
    _check_folder(path)
    _check_frames(frames, path)
    if waveform is None:
        sample_rate = None
    else:
        _check_sound(waveform, sample_rate, path)
    with open_video(path, *frames.shape[1:3], fps=fps, sample_rate=sample_rate) as film:
        film.show(frames)
        if waveform is not None:
            film.hear(waveform)


@contextmanager
def open_video(
    path: str | Path,
    height: int,
    width: int,
    *,
    fps: float,
    sample_rate: int | None = None,
    title: str = "",
    comment: str = "",
) -> Iterator[VideoWriter]:
    """Open a video to write it piece by piece, however long it becomes; it is as `write_video` says.

    Pictures and sound may come in any order, but what is far ahead of the other waits in memory. The file
    appears when the block ends well, and never if it ends with an error.

    Args:
        path: The file to write, in a folder that exists.
        height: Of the pictures, in pixels.
        width: Of the pictures, in pixels.
        fps: Frames a second.
        sample_rate: Samples a second of the sound; None for a silent film.
        title: Stored in the file, where players and `ffprobe` show it.
        comment: Likewise.

    Raises:
        MediaError: A rate cannot be, no picture came, or the folder is missing or cannot be written to.
    """
    path = Path(path)
    _check_folder(path)
    if fps <= 0:
        raise MediaError(f"{fps:g} frames a second is not a frame rate", where=path, remedy="use one above 0")
    if sample_rate is not None and not 0 < sample_rate <= AAC_SAMPLE_RATES[-1]:
        raise MediaError(
            f"sound at sample rate {sample_rate} cannot be written",
            where=path,
            remedy=f"give at most {AAC_SAMPLE_RATES[-1]} Hz",
        )
    try:
        with (
            beside(path) as unfinished,
            av.open(unfinished.absolute(), "w", format="mp4", options={"movflags": "faststart"}) as container,
        ):
            container.metadata.update({"title": title, "comment": comment})
            film = VideoWriter(container, path, height, width, fps, sample_rate)
            yield film
            film.finish()
    except (OSError, av.FFmpegError) as error:
        raise MediaError(
            f"cannot be written ({error.strerror})",
            where=path,
            remedy="choose a folder that you may write to, with room in it",
        ) from error


class VideoWriter:
    """An open video, which takes pictures and sound as they come. `open_video` makes it.

    Args:
        container: The open file.
        path: What to call it in an error.
        height: Of the pictures, in pixels.
        width: Of the pictures, in pixels.
        fps: Frames a second.
        sample_rate: Samples a second of the sound; None for a silent film.
    """

    def __init__(
        self,
        container: OutputContainer,
        path: Path,
        height: int,
        width: int,
        fps: float,
        sample_rate: int | None,
    ) -> None:
        self._container, self._path = container, path
        self._size = height, width
        self._rate = Fraction(fps).limit_denominator(1001)
        self._shown = self._heard = 0
        self._sample_rate = sample_rate
        video = container.add_stream("libx264", rate=self._rate, options={"crf": "18", "preset": "veryfast"})
        video.height, video.width = height + height % 2, width + width % 2
        video.pix_fmt = "yuv420p"
        # With several threads x264's bytes depend on how many processors there are.
        video.codec_context.thread_count = 1
        # Players guess the colours of a video that does not say which they are.
        video.colorspace, video.color_range = Colorspace.ITU709, ColorRange.MPEG
        video.color_primaries, video.color_trc = ColorPrimaries.BT709, ColorTrc.BT709
        self._video = video
        if sample_rate is not None:
            stored_rate = next(known for known in AAC_SAMPLE_RATES if known >= sample_rate)
            # The standard allows 6 bits a sample and channel.
            self._audio = container.add_stream(
                "aac", rate=stored_rate, layout="mono", bit_rate=min(128_000, 6 * stored_rate)
            )

    def show(self, frames: NDArray[np.uint8]) -> None:
        """Add pictures, uint8 (T, H, W, 3), RGB.

        Raises:
            MediaError: They are no pictures, or not as large as this film's.
        """
        _check_frames(frames, self._path, self._size)
        height, width = self._size
        to_even = ((0, height % 2), (0, width % 2), (0, 0))
        for pixels in frames:
            even = np.ascontiguousarray(np.pad(pixels, to_even, mode="edge"))
            picture = VideoFrame.from_ndarray(even, format="rgb24").reformat(
                format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
            )
            picture.pts, picture.time_base = self._shown, 1 / self._rate
            self._container.mux(self._video.encode(picture))
            self._shown += 1

    def hear(self, waveform: NDArray[np.floating]) -> None:
        """Add mono sound (N,), which is clipped to [-1, 1].

        Raises:
            MediaError: It is no sound, or the film is silent.
        """
        if self._sample_rate is None:
            raise MediaError("the film was opened without sound", where=self._path)
        _check_sound(waveform, self._sample_rate, self._path, since=self._heard)
        samples = np.clip(waveform, -1.0, 1.0).astype(np.float32)[None]
        if samples.size:
            sound = AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="fltp", layout="mono")
            sound.sample_rate, sound.time_base = self._sample_rate, Fraction(1, self._sample_rate)
            sound.pts = self._heard
            self._container.mux(self._audio.encode(sound))
            self._heard += samples.size

    def finish(self) -> None:
        """Write what the encoders still hold.

        Raises:
            MediaError: No picture has come.
        """
        if not self._shown:
            raise MediaError("a film without a picture cannot be written", where=self._path)
        self._container.mux(self._video.encode(None))
        if self._heard:
            self._container.mux(self._audio.encode(None))


def _check_folder(path: Path) -> None:
    """Refuse a file in no folder, before any work is done for it."""
    if not path.parent.is_dir():
        raise MediaError("no such folder", where=path.parent, remedy="make it first, or choose another")


def _check_frames(frames: NDArray[np.uint8], path: Path, size: tuple[int, int] | None = None) -> None:
    """Refuse what is no pictures, or not of this height and width."""
    if frames.ndim != 4 or frames.shape[-1] != 3 or frames.size == 0 or frames.dtype != np.uint8:
        raise MediaError(
            f"frames of shape {frames.shape} and type {frames.dtype} are no video",
            where=path,
            remedy="give uint8 (T, H, W, 3) with T of 1 or more",
        )
    if size is not None and frames.shape[1:3] != size:
        raise MediaError(
            f"frames of {frames.shape[1:3]} pixels do not go into a film of {size} (height, width)",
            where=path,
        )


def _check_sound(
    waveform: NDArray[np.floating], sample_rate: int | None, path: Path, *, since: int = 0
) -> None:
    """Refuse what is no sound; `since` is how many samples came before."""
    if waveform.ndim != 1 or not sample_rate or not 0 < sample_rate <= AAC_SAMPLE_RATES[-1]:
        raise MediaError(
            f"a waveform of shape {waveform.shape} at sample rate {sample_rate} cannot be written",
            where=path,
            remedy=f"give mono sound (N,) and its sample rate, at most {AAC_SAMPLE_RATES[-1]} Hz",
        )
    bad = np.flatnonzero(~np.isfinite(waveform))
    if bad.size:
        raise MediaError(
            f"the waveform holds NaN or infinity {bad.size} times, "
            f"first at {(since + bad[0]) / sample_rate:.3f} s",
            where=path,
            remedy="find the step that made it; divisions by zero and logarithms of zero do",
        )
