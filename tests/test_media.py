"""Reading any film, writing one that browsers play, and what is said of films that are wrong."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from synthetic import counting_frames, frame_numbers, noise, shift, tone, write_film

from lipcourse.errors import MediaError
from lipcourse.media import read_audio, read_clip, reading, write_video

CONTAINERS = {
    ".mp4": {},
    ".mov": {},
    ".mkv": {},
    ".ts": {},
    ".mpg": {"video_codec": "mpeg1video", "audio_codec": "mp2"},
    ".webm": {"video_codec": "libvpx-vp9", "audio_codec": "libopus", "sample_rate": 48_000},
}


def one_line(error: pytest.ExceptionInfo[MediaError], path: Path) -> str:
    """The message, once it is sure that it is one line that names the file and says what to do."""
    message = str(error.value)
    assert "\n" not in message
    assert str(path) in message
    assert error.value.remedy
    assert error.value.exit_status == 1
    return message


# Reading ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", CONTAINERS)
def test_every_container_gives_its_pictures_in_order_and_its_sound_in_time(
    tmp_path: Path, suffix: str
) -> None:
    options = CONTAINERS[suffix]
    sound = noise(1.0, options.get("sample_rate", 44_100))
    path = write_film(tmp_path / f"film{suffix}", counting_frames(25), sound, **options)
    clip = read_clip(path)
    assert frame_numbers(clip.frames) == list(range(25))
    assert clip.sample_rate == options.get("sample_rate", 44_100)
    assert abs(shift(sound, clip.waveform)) <= 1
    assert np.corrcoef(clip.waveform[2000:40_000], sound[2000:40_000])[0, 1] > 0.9


def test_types_names_and_layout(tmp_path: Path) -> None:
    clip = read_clip(write_film(tmp_path / "hello.mp4", counting_frames(20, width=90), tone(0.8)))
    assert clip.frames.shape == (20, 48, 90, 3)
    assert clip.frames.dtype == np.uint8
    assert clip.frames.flags.c_contiguous
    assert clip.waveform.dtype == np.float32
    assert clip.waveform.flags.c_contiguous
    assert np.abs(clip.waveform[:30_000]).max() == pytest.approx(0.5, abs=0.05)
    assert (clip.key, clip.talker, clip.fps, clip.seconds) == ("file/hello", "unknown", 25.0, 0.8)


@pytest.mark.parametrize(
    ("fps", "count", "expected"),
    [
        (50, 40, list(range(0, 40, 2))),
        (100, 80, list(range(0, 80, 4))),
        (12.5, 10, [number // 2 for number in range(20)]),
        (
            30,
            30,
            [0, 1, 2, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 16, 17, 18, 19, 20, 22, 23, 24, 25, 26, 28, 29],
        ),
    ],
)
def test_another_frame_rate_becomes_25(tmp_path: Path, fps: float, count: int, expected: list[int]) -> None:
    clip = read_clip(write_film(tmp_path / "film.mp4", counting_frames(count), tone(count / fps), fps=fps))
    assert frame_numbers(clip.frames) == expected
    assert clip.fps == 25.0


def test_the_rate_can_be_chosen(tmp_path: Path) -> None:
    path = write_film(tmp_path / "film.mp4", counting_frames(25), tone(1.0))
    clip = read_clip(path, fps=5)
    assert frame_numbers(clip.frames) == [0, 5, 10, 15, 20]
    assert clip.seconds == 1.0
    with pytest.raises(MediaError, match="not a frame rate"):
        read_clip(path, fps=0)


def test_a_varying_frame_rate_is_resampled_by_nearest_time(tmp_path: Path) -> None:
    times = [0.0, 0.1, 0.12, 0.3, 0.5, 0.9]
    path = write_film(tmp_path / "film.mkv", counting_frames(6), tone(1.0), times=times)
    clip = read_clip(path)
    ticks = np.arange(len(clip.frames)) / 25
    distance = np.abs(ticks[:, None] - np.array(times))
    shown = distance[np.arange(len(ticks)), frame_numbers(clip.frames)]
    assert clip.frames.shape[0] >= 23
    np.testing.assert_allclose(shown, distance.min(axis=1), atol=1e-9)


@pytest.mark.parametrize("late", [0.2, -0.2])
def test_sound_that_starts_elsewhere_is_moved_to_the_first_picture(tmp_path: Path, late: float) -> None:
    sound = noise(1.0)
    path = write_film(tmp_path / "film.mkv", counting_frames(25), sound, sound_start=late)
    clip = read_clip(path)
    assert shift(sound, clip.waveform) / 44_100 == pytest.approx(late, abs=1e-3)
    if late > 0:
        assert not clip.waveform[: round(0.19 * 44_100)].any()
    heard, _ = read_audio(path)
    assert shift(sound, heard) / 44_100 == pytest.approx(0, abs=0.03)


def test_a_gap_in_the_sound_is_silence() -> None:
    ones = np.ones(1000, dtype=np.float32)
    joined = reading._join([(1.0, ones), (1.125, ones), (1.5, ones)], 8000, start=1.0)
    assert joined.shape == (5000,)
    assert joined[:2000].all()
    assert not joined[2000:4000].any()
    assert joined[4000:].all()


@given(jitter=st.lists(st.floats(-0.001, 0.001), min_size=1, max_size=20))
def test_rounded_time_stamps_leave_the_sound_whole(jitter: list[float]) -> None:
    pieces = [np.full(160, index + 1, dtype=np.float32) for index in range(len(jitter))]
    timed = [
        (0.02 * index + off, piece) for index, (off, piece) in enumerate(zip(jitter, pieces, strict=True))
    ]
    np.testing.assert_array_equal(reading._join(timed, 8000, start=timed[0][0]), np.concatenate(pieces))


def test_two_channels_are_averaged(tmp_path: Path) -> None:
    left, right = tone(1.0, frequency=300), tone(1.0, frequency=700)
    path = write_film(tmp_path / "sound.wav", None, np.stack([left, right]), audio_codec="pcm_f32le")
    heard, sample_rate = read_audio(path)
    assert sample_rate == 44_100
    np.testing.assert_allclose(heard, (left + right) / 2, atol=1e-6)


@pytest.mark.parametrize("codec", ["pcm_u8", "pcm_s16le", "pcm_s32le", "pcm_f64le"])
def test_every_sample_type_comes_to_the_same_scale(tmp_path: Path, codec: str) -> None:
    sound = tone(0.5)
    heard, _ = read_audio(write_film(tmp_path / "sound.wav", None, sound, audio_codec=codec))
    np.testing.assert_allclose(heard, sound, atol=2 / 256 if codec == "pcm_u8" else 2 / 32768)


def test_sound_beyond_full_scale_is_clipped(tmp_path: Path) -> None:
    heard, _ = read_audio(write_film(tmp_path / "loud.wav", None, 4 * tone(0.1), audio_codec="pcm_f32le"))
    assert heard.max() == 1.0
    assert heard.min() == -1.0


def test_telephone_sound_keeps_its_rate(tmp_path: Path) -> None:
    clip = read_clip(
        write_film(tmp_path / "film.mp4", counting_frames(25), noise(1.0, 8000), sample_rate=8000)
    )
    assert clip.sample_rate == 8000
    assert abs(shift(noise(1.0, 8000), clip.waveform)) <= 1


def test_few_frames_and_silence_are_read(tmp_path: Path) -> None:
    clip = read_clip(write_film(tmp_path / "short.mp4", counting_frames(3), np.zeros(5000, dtype=np.float32)))
    assert frame_numbers(clip.frames) == [0, 1, 2]
    assert not clip.waveform.any()


@pytest.mark.parametrize("seconds", [0.4, 2.0])
def test_pictures_and_sound_of_different_length_are_left_as_they_are(tmp_path: Path, seconds: float) -> None:
    sound = noise(seconds)
    clip = read_clip(write_film(tmp_path / "film.mp4", counting_frames(25), sound))
    assert len(clip.frames) == 25
    assert 0 <= len(clip.waveform) - len(sound) < 1024  # AAC comes in blocks of 1024
    assert shift(sound, clip.waveform) == 0


def test_a_large_picture_can_be_shrunk(tmp_path: Path) -> None:
    path = write_film(tmp_path / "film.mp4", counting_frames(5, height=120, width=200), tone(0.2))
    assert read_clip(path, max_side=100).frames.shape == (5, 60, 100, 3)
    assert read_clip(path, max_side=400).frames.shape == (5, 120, 200, 3)


def test_a_picture_recorded_sideways_is_turned_upright(tmp_path: Path) -> None:
    frames = counting_frames(5)
    frames[:, :8, :8] = 255  # a white mark in the upper left corner
    path = write_film(tmp_path / "phone.mp4", frames, tone(0.2))
    # The matrix of the track header, 16.16 and 2.30 fixed point: as stored, and a quarter turn to the right.
    upright = np.array([1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30], dtype=">i4").tobytes()
    turned = np.array([0, 1 << 16, 0, -1 << 16, 0, 0, 0, 0, 1 << 30], dtype=">i4").tobytes()
    track = path.read_bytes().index(b"tkhd")
    data = bytearray(path.read_bytes())
    at = data.index(upright, track)
    data[at : at + len(turned)] = turned
    path.write_bytes(data)
    clip = read_clip(path)
    assert clip.frames.shape == (5, 64, 48, 3)
    assert clip.frames.flags.c_contiguous
    assert clip.frames[2, :6, -6:].mean() > 240
    assert clip.frames[2, -6:, :6].mean() < 60


# Films that are wrong -----------------------------------------------------------------------------


def test_no_sound(tmp_path: Path) -> None:
    path = write_film(tmp_path / "film.mp4", counting_frames(5))
    for read in (read_clip, read_audio):
        with pytest.raises(MediaError) as error:
            read(path)
        assert "no sound" in one_line(error, path)


def test_no_pictures(tmp_path: Path) -> None:
    path = write_film(tmp_path / "sound.mp4", None, tone(0.5))
    with pytest.raises(MediaError) as error:
        read_clip(path)
    assert "no video stream" in one_line(error, path)


def test_a_cover_picture_is_no_film(tmp_path: Path) -> None:
    path = tmp_path / "song.mp3"
    with av.open(path, "w") as song:
        audio, cover = song.add_stream("libmp3lame", rate=44_100), song.add_stream("png")
        cover.height, cover.width, cover.pix_fmt = 48, 64, "rgb24"
        cover.disposition = av.stream.Disposition.attached_pic
        sound = av.AudioFrame.from_ndarray(tone(0.5)[None], format="fltp", layout="mono")
        sound.sample_rate, sound.pts = 44_100, 0
        song.mux(cover.encode(av.VideoFrame.from_ndarray(counting_frames(1)[0], format="rgb24")))
        song.mux(cover.encode(None))
        song.mux(audio.encode(sound))
        song.mux(audio.encode(None))
    with av.open(path) as song:
        assert song.streams.video
    with pytest.raises(MediaError, match="no video stream"):
        read_clip(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"This is no film at all.\n" * 200, "not a video or sound file"),
        (bytes(5000), "not a video or sound file"),
    ],
)
def test_a_file_that_is_no_film(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(content)
    for read in (read_clip, read_audio):
        with pytest.raises(MediaError) as error:
            read(path)
        assert said in one_line(error, path)


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "none.mp4", tmp_path):
        with pytest.raises(MediaError) as error:
            read_clip(path)
        assert "no such file" in one_line(error, path)


@pytest.mark.parametrize("share", [0.03, 0.4, 0.7])
@pytest.mark.parametrize("suffix", CONTAINERS)
def test_a_film_cut_off_is_refused(tmp_path: Path, suffix: str, share: float) -> None:
    options = CONTAINERS[suffix]
    rng = np.random.default_rng(0)
    frames = rng.integers(0, 255, (50, 48, 64, 3), dtype=np.uint8)  # noise is large, so every part is
    sound = noise(2.0, options.get("sample_rate", 44_100))
    path = write_film(tmp_path / f"film{suffix}", frames, sound, **options)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(MediaError) as error:
        read_clip(path)
    one_line(error, path)


def test_our_own_film_cut_off_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    write_video(path, counting_frames(50), fps=25, waveform=noise(2.0), sample_rate=44_100)
    whole = path.read_bytes()
    for share in (0.1, 0.5, 0.9):
        path.write_bytes(whole[: int(share * len(whole))])
        with pytest.raises(MediaError):
            read_clip(path)


def test_damage_in_the_middle_is_refused(grid_root: Path, tmp_path: Path) -> None:
    source = next(iter(sorted(grid_root.glob("s1/*.mpg"))))
    path = tmp_path / "damaged.mpg"
    path.write_bytes(source.read_bytes()[:150_000])
    with pytest.raises(MediaError, match=r"at \d+\.\d\d s: it is damaged, or cut off"):
        read_clip(path)


def test_a_film_too_long_for_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LARGEST_CLIP_BYTES", 10 * 48 * 64 * 3)
    assert len(read_clip(write_film(tmp_path / "a.mp4", counting_frames(10), tone(0.4))).frames) == 10
    path = write_film(tmp_path / "b.mp4", counting_frames(11), tone(0.4))
    with pytest.raises(MediaError, match="memory"):
        read_clip(path)


def test_sound_that_holds_nan_is_refused(tmp_path: Path) -> None:
    sound = tone(0.1)
    sound[100] = np.nan
    path = write_film(tmp_path / "sound.wav", None, sound, audio_codec="pcm_f32le")
    with pytest.raises(MediaError) as error:
        read_audio(path)
    assert "NaN" in one_line(error, path)


# Writing ------------------------------------------------------------------------------------------


def smooth_frames(count: int, height: int, width: int) -> NDArray[np.uint8]:
    """Pictures whose colours change slowly over the picture and over time."""
    t, y, x = np.meshgrid(np.arange(count), np.arange(height), np.arange(width), indexing="ij")
    channels = [
        128 + 100 * np.sin(x / 20 + t / 9),
        128 + 100 * np.cos(y / 24),
        128 + 100 * np.sin((x + y) / 30),
    ]
    return np.stack(channels, axis=-1).astype(np.uint8)


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    path, frames, sound = tmp_path / "film.mp4", smooth_frames(30, 64, 80), noise(1.2)
    write_video(path, frames, fps=25, waveform=sound, sample_rate=44_100)
    clip = read_clip(path)
    assert clip.frames.shape == frames.shape
    assert np.abs(clip.frames.astype(float) - frames).mean() < 3
    assert clip.sample_rate == 44_100
    assert shift(sound, clip.waveform) == 0
    assert np.corrcoef(clip.waveform[: len(sound)], sound)[0, 1] > 0.99
    assert abs(len(clip.waveform) / 44_100 - 1.2) < 1 / 25


@pytest.mark.parametrize(
    "colour", [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0), (201, 151, 121)]
)
def test_colours_keep_their_values(tmp_path: Path, colour: tuple[int, int, int]) -> None:
    frames = np.broadcast_to(np.array(colour, dtype=np.uint8), (3, 32, 32, 3))
    write_video(tmp_path / "film.mp4", frames, fps=25, waveform=tone(0.12), sample_rate=44_100)
    read = read_clip(tmp_path / "film.mp4").frames
    assert np.abs(read[1].astype(int) - colour).max() <= 3


def test_browsers_can_play_it(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    write_video(path, smooth_frames(30, 64, 80), fps=29.97, waveform=noise(1.0), sample_rate=44_100)
    with av.open(path) as film:
        video, audio = film.streams.video[0], film.streams.audio[0]
        assert video.codec_context.name == "h264"
        assert video.codec_context.pix_fmt == "yuv420p"
        assert float(video.average_rate) == pytest.approx(29.97, abs=0.01)
        assert audio.codec_context.name == "aac"
        assert float(film.duration / av.time_base) == pytest.approx(30 / 29.97, abs=0.04)
    data = path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


@settings(max_examples=10, deadline=None)
@given(
    frames=hnp.arrays(
        np.uint8, st.tuples(st.integers(1, 3), st.integers(1, 40), st.integers(1, 40), st.just(3))
    )
)
def test_any_size_is_written_and_odd_ones_grow_by_a_pixel(
    tmp_path_factory: pytest.TempPathFactory, frames: NDArray[np.uint8]
) -> None:
    path = tmp_path_factory.mktemp("films") / "film.mp4"
    write_video(path, frames, fps=25, waveform=tone(0.1), sample_rate=44_100)
    count, height, width, _ = frames.shape
    assert read_clip(path).frames.shape == (count, height + height % 2, width + width % 2, 3)


def test_the_pixel_added_to_an_odd_side_repeats_the_last(tmp_path: Path) -> None:
    frames = np.full((2, 33, 33, 3), 200, dtype=np.uint8)
    write_video(tmp_path / "film.mp4", frames, fps=25, waveform=tone(0.1), sample_rate=44_100)
    assert np.abs(read_clip(tmp_path / "film.mp4").frames[0].astype(int) - 200).max() <= 3


@pytest.mark.parametrize(("given_rate", "stored_rate"), [(8000, 8000), (16_000, 16_000), (20_000, 22_050)])
def test_sample_rates_that_aac_lacks_are_resampled(tmp_path: Path, given_rate: int, stored_rate: int) -> None:
    write_video(
        tmp_path / "film.mp4",
        counting_frames(25),
        fps=25,
        waveform=tone(1.0, given_rate),
        sample_rate=given_rate,
    )
    heard, sample_rate = read_audio(tmp_path / "film.mp4")
    assert sample_rate == stored_rate
    spectrum = np.abs(np.fft.rfft(heard[:stored_rate]))
    assert np.argmax(spectrum) == pytest.approx(440, abs=2)


def test_a_silent_film_can_be_written(tmp_path: Path) -> None:
    write_video(tmp_path / "film.mp4", counting_frames(5), fps=25)
    with av.open(tmp_path / "film.mp4") as film:
        assert not film.streams.audio
        assert sum(1 for _ in film.decode(video=0)) == 5


FRAMES = counting_frames(5)


@pytest.mark.parametrize(
    ("frames", "options", "said"),
    [
        (FRAMES[0], {}, "no video"),
        (FRAMES[:0], {}, "no video"),
        (FRAMES.astype(np.float32), {}, "no video"),
        (FRAMES[..., :1], {}, "no video"),
        (FRAMES, {"fps": 0}, "not a frame rate"),
        (
            FRAMES,
            {"waveform": np.array([0.0, np.nan, np.inf]), "sample_rate": 8000},
            "2 times, first at 0.000 s",
        ),
        (FRAMES, {"waveform": np.zeros((2, 100)), "sample_rate": 8000}, "cannot be written"),
        (FRAMES, {"waveform": np.zeros(100)}, "sample rate None"),
        (FRAMES, {"waveform": np.zeros(100), "sample_rate": 192_000}, "192000"),
    ],
)
def test_what_is_no_film_is_not_written(
    tmp_path: Path, frames: NDArray[np.uint8], options: dict[str, object], said: str
) -> None:
    path = tmp_path / "film.mp4"
    with pytest.raises(MediaError) as error:
        write_video(path, frames, **{"fps": 25, **options})
    assert said in one_line(error, path)
    assert not list(tmp_path.iterdir())


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(MediaError) as error:
        write_video(tmp_path / "none" / "film.mp4", FRAMES, fps=25)
    assert "no such folder" in one_line(error, tmp_path / "none")


def test_a_read_only_folder_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "read_only"
    folder.mkdir()
    folder.chmod(0o555)
    if os.access(folder, os.W_OK):
        pytest.skip("this user may write everywhere")
    with pytest.raises(MediaError) as error:
        write_video(folder / "film.mp4", FRAMES, fps=25)
    assert "ermission denied" in one_line(error, folder / "film.mp4")
    assert not list(folder.iterdir())


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS, errno.ENOSPC])
def test_an_error_while_writing_leaves_the_older_film_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    path = tmp_path / "film.mp4"
    write_video(path, FRAMES, fps=25)
    older = path.read_bytes()

    def fail(self: Path, target: Path) -> Path:
        raise OSError(number, os.strerror(number), str(target))

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(MediaError) as error:
        write_video(path, counting_frames(9), fps=25)
    assert os.strerror(number) in one_line(error, path)
    assert path.read_bytes() == older
    assert list(tmp_path.iterdir()) == [path]


def test_an_interrupted_writer_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("lipcourse.media.writing.VideoWriter.show", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_video(tmp_path / "film.mp4", FRAMES, fps=25)
    assert not list(tmp_path.iterdir())
