"""Sound read and films written piece by piece."""

from pathlib import Path

import av
import numpy as np
import pytest
from synthetic import counting_frames, frame_numbers, noise, shift, tone, write_film

from lipcourse.errors import MediaError
from lipcourse.media import open_audio, open_video, read_audio, read_clip


@pytest.mark.parametrize(("suffix", "codec"), [("wav", "pcm_s16le"), ("m4a", "aac"), ("mkv", "flac")])
def test_the_pieces_are_the_whole_sound(tmp_path: Path, suffix: str, codec: str) -> None:
    path = write_film(tmp_path / f"sound.{suffix}", None, noise(3.0), audio_codec=codec)
    whole, sample_rate = read_audio(path)
    with open_audio(path) as sound:
        pieces = list(sound.pieces)
    np.testing.assert_array_equal(np.concatenate(pieces), whole)
    assert sound.sample_rate == sample_rate
    assert sound.seconds == pytest.approx(3.0, abs=0.05)
    assert max(map(len, pieces)) < 10_000


def test_sound_that_is_damaged_further_on_is_refused_there(tmp_path: Path) -> None:
    path = write_film(tmp_path / "sound.mkv", None, noise(8.0), audio_codec="flac")
    data = bytearray(path.read_bytes())
    middle = len(data) * 3 // 4
    data[middle : middle + 2000] = bytes(2000)
    path.write_bytes(data)
    heard: list[int] = []
    with pytest.raises(MediaError, match=r"sound\.mkv"), open_audio(path) as sound:
        heard.extend(map(len, sound.pieces))
    assert sum(heard) > 44_100


def test_a_film_in_pieces_is_seen_and_heard_as_one(tmp_path: Path) -> None:
    frames, sound = counting_frames(50), noise(2.0, 16_000)
    path = tmp_path / "film.mp4"
    with open_video(path, 48, 64, fps=25, sample_rate=16_000, title="A film", comment="made up") as film:
        for part in range(5):
            film.hear(sound[part * 6400 : (part + 1) * 6400])
            film.show(frames[part * 10 : (part + 1) * 10])
        film.hear(sound[:0])
    clip = read_clip(path)
    assert frame_numbers(clip.frames) == list(range(50))
    assert abs(shift(sound, clip.waveform)) <= 1
    assert np.corrcoef(sound, clip.waveform[: len(sound)])[0, 1] > 0.99
    with av.open(path) as container:
        assert (container.metadata["title"], container.metadata["comment"]) == ("A film", "made up")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda film: film.show(counting_frames(2, height=50)), "do not go into a film"),
        (lambda film: film.show(np.zeros((2, 48, 64), np.uint8)), "are no video"),
        (lambda film: film.hear(np.zeros((2, 100), np.float32)), "cannot be written"),
        (lambda film: film.hear(np.array([0, np.nan], np.float32)), "first at 0.001 s"),
        (lambda _: None, "without a picture"),
    ],
)
def test_what_does_not_fit_leaves_no_film(tmp_path: Path, wrong, words: str) -> None:
    path = tmp_path / "film.mp4"
    with pytest.raises(MediaError, match=words), open_video(path, 48, 64, fps=25, sample_rate=1000) as film:
        wrong(film)
    assert not list(tmp_path.iterdir())


def test_a_silent_film_takes_no_sound(tmp_path: Path) -> None:
    with (
        pytest.raises(MediaError, match="without sound"),
        open_video(tmp_path / "a.mp4", 48, 64, fps=25) as film,
    ):
        film.hear(tone(0.1))


@pytest.mark.parametrize(
    "options", [{"fps": 0}, {"fps": 25, "sample_rate": 0}, {"fps": 25, "sample_rate": 10**6}]
)
def test_rates_that_cannot_be_are_refused(tmp_path: Path, options: dict[str, int]) -> None:
    with pytest.raises(MediaError, match="rate"), open_video(tmp_path / "a.mp4", 48, 64, **options):
        pass


def test_a_missing_folder_is_found_before_any_work(tmp_path: Path) -> None:
    with (
        pytest.raises(MediaError, match="no such folder"),
        open_video(tmp_path / "no" / "a.mp4", 8, 8, fps=25),
    ):
        raise AssertionError
