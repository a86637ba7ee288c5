"""Read a video or sound file, whatever FFmpeg makes of it, as steady pictures and mono sound."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple, overload

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream
from numpy.typing import NDArray

from lipcourse.errors import MediaError
from lipcourse.media.clip import Clip, Origin

LARGEST_CLIP_BYTES = 4 * 2**30
"""How much memory the pictures of one clip may fill; a longer film is refused before the machine is full."""

CUT_OFF_SECONDS = 0.2
"""A file that ends this much before the end its own header names has been cut off."""

GAP_SECONDS = 0.05
"""Sound that comes this much later than it is due leaves a gap; less is rounding of time stamps."""

COPY_AGAIN = "copy or download it again"

_Piece = tuple[float, NDArray[np.float32]]
"""When a piece of sound is heard, in seconds on the file's own clock, and its mono samples (n,)."""


def read_clip(
    path: str | Path,
    *,
    fps: float = 25.0,
    key: str | None = None,
    talker: str = "unknown",
    origin: Origin | None = None,
    max_side: int | None = None,
) -> Clip:
    """Read a video file with its sound (with PyAV, which is FFmpeg).

    A file at another frame rate, or at a varying one, is resampled: the frame at `t / fps` seconds is the one
    whose time is nearest. A picture recorded sideways is turned upright. The sound's channels are averaged;
    its sample rate is kept. Sound that starts after the first picture gets silence before it, and sound that
    starts earlier is cut, so that both begin at time zero; their ends are left as they are. Any number of
    frames from one upward is read: who needs more (a window of 16, say) must look.

    A file that was cut off is refused where that can be seen: a part would pass for the whole.

    Taught in notebook 01.

    Args:
        path: Any file that FFmpeg reads.
        fps: Frames a second of the clip returned.
        key: The clip's name; by default "file/" and the file's name without its suffix.
        talker: Who speaks.
        origin: Where it comes from; by default Origin("file", "unknown").
        max_side: Pictures with a longer side are shrunk to this many pixels, their shape kept.

    Raises:
        MediaError: The file is missing, empty, cut off, damaged or not a video, lacks pictures or sound, or
            is too long for memory.
    """
    path = Path(path)
    if fps <= 0:
        raise MediaError(f"{fps:g} frames a second is not a frame rate", where=path, remedy="use one above 0")
    film = _read_film(path, fps, max_side)
    waveform, sample_rate = _read_sound(path, film.start)
    end = film.start + max(len(film.frames) / fps, len(waveform) / sample_rate)
    if end < film.header_end - CUT_OFF_SECONDS:
        there, whole = end - film.start, film.header_end - film.start
        raise MediaError(
            f"the file is cut off after {there:.2f} of {whole:.2f} s", where=path, remedy=COPY_AGAIN
        )
    return Clip(
        key=key or f"file/{path.stem}",
        talker=talker,
        frames=film.frames,
        fps=float(fps),
        waveform=waveform,
        sample_rate=sample_rate,
        origin=origin or Origin("file", "unknown"),
    )


def read_frames(path: str | Path, *, fps: float = 25.0, max_side: int | None = None) -> NDArray[np.uint8]:
    """Read the pictures of a video file, with sound or without, as `read_clip` reads them.

    Args:
        path: Any file that FFmpeg reads.
        fps: Frames a second of the frames returned.
        max_side: Pictures with a longer side are shrunk to this many pixels, their shape kept.

    Returns:
        uint8 (T, H, W, 3), RGB.

    Raises:
        MediaError: The file is missing, empty, damaged or not a video, or is too long for memory.

    Taught in notebook 01.
    """
    return _read_film(Path(path), fps, max_side).frames


def read_audio(path: str | Path) -> tuple[NDArray[np.float32], int]:
    """Read the sound of a sound or video file, from its first sample on (with PyAV, which is FFmpeg).

    Taught in notebook 01.

    Returns:
        The waveform, float32 (N,), mono in [-1, 1], and its sample rate in Hz.

    Raises:
        MediaError: The file is missing, empty, damaged or not a sound, or holds no sound.
    """
    return _read_sound(Path(path), start=None)


@dataclass(frozen=True)
class Sound:
    """The sound of an open file.

    Attributes:
        sample_rate: Samples a second.
        seconds: How long it lasts as the file's header has it; None where that is not said.
        pieces: The waveform in pieces, float32 (n,) each, mono in [-1, 1]; it can be gone through once.
    """

    sample_rate: int
    seconds: float | None
    pieces: Iterator[NDArray[np.float32]]


@contextmanager
def open_audio(path: str | Path) -> Iterator[Sound]:
    """Open a sound or video file to hear it piece by piece, however long it is (with PyAV, which is FFmpeg).

    Together the pieces are what `read_audio` returns.

    Raises:
        MediaError: As `read_audio`; damage is found when the piece is asked for.
    """
    path = Path(path)
    with _opened(path) as container:
        sample_rate, pieces = _decode_sound(container, path)
        seconds = container.duration / av.time_base if container.duration else None
        yield Sound(sample_rate, seconds, _heard(pieces, sample_rate, path))


class _Film(NamedTuple):
    """Pictures at a steady rate; times in seconds on the file's own clock."""

    frames: NDArray[np.uint8]
    start: float
    header_end: float


@contextmanager
def _opened(path: Path) -> Iterator[InputContainer]:
    """Open a file for reading; what FFmpeg finds wrong with it meanwhile becomes a MediaError."""
    if not path.is_file():
        raise MediaError("there is no such file", where=path, remedy="check the path")
    if path.stat().st_size == 0:
        raise MediaError("the file is empty", where=path, remedy=COPY_AGAIN)
    # An absolute path cannot be taken for an address such as "concat:...".
    with _readable(path), av.open(path.absolute()) as container:
        yield container


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Turn what FFmpeg finds wrong with a file into a MediaError."""
    try:
        yield
    except av.FFmpegError as error:
        raise MediaError(
            f"it is not a video or sound file, or it is damaged or cut off ({error.strerror})",
            where=path,
            remedy=f"{COPY_AGAIN}, or choose another",
        ) from error


def _read_film(path: Path, fps: float, max_side: int | None) -> _Film:
    with _opened(path) as container:
        # A song's cover is a video stream to FFmpeg.
        films = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
        if not films:
            raise MediaError(
                "there is no video stream in it", where=path, remedy="choose a file with pictures"
            )
        header_end = ((container.start_time or 0) + (container.duration or 0)) / av.time_base
        start = 0.0
        converter = VideoReformatter()
        frames: list[NDArray[np.uint8]] = []
        for frame in _at_rate(_decoded(container, films[0], path), fps):
            if not frames:
                start = frame.time
            frames.append(_pixels(frame, max_side, converter))
            if len(frames) * frames[0].nbytes > LARGEST_CLIP_BYTES:
                raise MediaError(
                    f"its pictures need more than {LARGEST_CLIP_BYTES / 2**30:g} GB of memory",
                    where=path,
                    remedy="cut it into shorter clips, or make its pictures smaller",
                )
    if not frames:
        raise MediaError("no picture in it can be decoded", where=path, remedy=COPY_AGAIN)
    return _Film(np.stack(frames), start, header_end)


@overload
def _decoded(container: InputContainer, stream: VideoStream, path: Path) -> Iterator[VideoFrame]: ...
@overload
def _decoded(container: InputContainer, stream: AudioStream, path: Path) -> Iterator[AudioFrame]: ...
def _decoded(container: InputContainer, stream: Any, path: Path) -> Iterator[Any]:
    """Decode a stream, and refuse what FFmpeg had to patch: the file is damaged there, or cut off."""
    time = 0.0
    for packet in container.demux(stream):
        for frame in packet.decode():
            if frame.time is None:
                raise MediaError(
                    f"its {stream.type} does not say when it is played",
                    where=path,
                    remedy="convert it to MP4",
                )
            time = frame.time
            if frame.is_corrupt:
                raise _damaged(path, time)
            yield frame
        if packet.is_corrupt:
            raise _damaged(path, time)


def _damaged(path: Path, time: float) -> MediaError:
    return MediaError("it is damaged, or cut off", where=f"{path} at {time:.2f} s", remedy=COPY_AGAIN)


def _at_rate(pictures: Iterable[VideoFrame], fps: float) -> Iterator[VideoFrame]:
    """Yield, for each tick of `1 / fps` seconds since the first picture, the picture nearest in time.

    Times are exact fractions: half-way between two pictures it is always the earlier, so that 12.5 fps
    become 25 by showing each picture twice, without a stutter.
    """
    step = 1 / Fraction(fps).limit_denominator(1001)
    tick = 0
    shown: tuple[Fraction, VideoFrame] | None = None
    start = Fraction(0)
    for following in pictures:
        time = _exact(following.pts, following)
        if shown is None:
            start = time
        else:
            middle = (shown[0] + time) / 2 - start
            while tick * step <= middle:
                yield shown[1]
                tick += 1
        shown = (time, following)
    if shown is None:
        return
    time, last = shown
    end = time - start + (_exact(last.duration, last) or step)
    for _ in range(tick, max(1, round(end / step))):
        yield last


def _exact(ticks: int | None, frame: VideoFrame) -> Fraction:
    """Turn a frame's own ticks into seconds."""
    return (ticks or 0) * (frame.time_base or Fraction(0))


def _pixels(frame: VideoFrame, max_side: int | None, converter: VideoReformatter) -> NDArray[np.uint8]:
    """Turn a decoded picture into RGB pixels, uint8 (H, W, 3), upright and at most `max_side` long."""
    shrink = min(1.0, (max_side or np.inf) / max(frame.width, frame.height))
    converted = converter.reformat(
        frame,
        format="rgb24",
        width=max(1, round(frame.width * shrink)),
        height=max(1, round(frame.height * shrink)),
        interpolation="AREA" if shrink < 1 else "BILINEAR",
    )
    upright = np.rot90(converted.to_ndarray(), round(frame.rotation / 90))
    # PyAV's rows are padded at some widths, which C libraries such as dlib misread.
    return np.ascontiguousarray(upright, dtype=np.uint8)


def _read_sound(path: Path, start: float | None) -> tuple[NDArray[np.float32], int]:
    """Read mono sound from the time `start` on the file's own clock, or from its own start."""
    with _opened(path) as container:
        sample_rate, pieces = _decode_sound(container, path)
        return _checked(_join(pieces, sample_rate, start), path), sample_rate


def _checked(waveform: NDArray[np.float32], path: Path) -> NDArray[np.float32]:
    """Return sound within [-1, 1], or refuse it."""
    if not np.isfinite(waveform).all():
        raise MediaError("the sound holds NaN or infinity", where=path, remedy="record or convert it again")
    return np.clip(waveform, -1.0, 1.0)


def _decode_sound(container: InputContainer, path: Path) -> tuple[int, Iterator[_Piece]]:
    """Begin to decode sound: its sample rate, and its pieces one after the other, at least one."""
    if not container.streams.audio:
        raise MediaError(
            "there is no sound (audio stream) in it", where=path, remedy="choose a file with sound"
        )
    frames = _decoded(container, container.streams.audio[0], path)
    # Only what is decoded tells the rate: some headers (HE-AAC) name half of it.
    first = next(frames, None)
    if first is None:
        raise MediaError("no sound in it can be decoded", where=path, remedy=COPY_AGAIN)
    return first.sample_rate, _mono(chain([first], frames))


def _heard(pieces: Iterable[_Piece], sample_rate: int, path: Path) -> Iterator[NDArray[np.float32]]:
    """Yield sound from its first piece on, as it is asked for: errors must name the file then, too."""
    with _readable(path):
        for piece in _laid(pieces, sample_rate, None):
            yield _checked(piece, path)


def _mono(frames: Iterable[AudioFrame]) -> Iterator[_Piece]:
    """Average the channels of decoded sound."""
    to_float = AudioResampler(format="fltp")
    for frame in frames:
        for part in to_float.resample(frame):
            yield part.time or 0.0, part.to_ndarray().mean(axis=0, dtype=np.float32)


def _join(pieces: Iterable[_Piece], sample_rate: int, start: float | None) -> NDArray[np.float32]:
    """Lay pieces of sound at their times, into one waveform (N,)."""
    return np.concatenate([np.zeros(0, np.float32), *_laid(pieces, sample_rate, start)])


def _laid(pieces: Iterable[_Piece], sample_rate: int, start: float | None) -> Iterator[NDArray[np.float32]]:
    """Yield sound from the time `start` on, or from the first piece; where none is due, silence."""
    position, given = None, 0
    for time, samples in pieces:
        start = time if start is None else start
        due = round((time - start) * sample_rate)
        if position is None or due - position > GAP_SECONDS * sample_rate:
            position = due
        if position > given:
            yield np.zeros(position - given, np.float32)
            given = position
        heard = samples[max(0, -position) :]
        yield heard
        position += len(samples)
        given += len(heard)
