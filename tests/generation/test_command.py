"""`lipcourse generate glance`: a film from a sound and a picture, or one clear line that says why not."""

import tracemalloc
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
import torch
from synthetic import noise, shift, write_film

from lipcourse import cli
from lipcourse.generation.command import choose_device
from lipcourse.media import Clip, read_audio, read_clip
from lipcourse.networks.autoencoder import PerceptualAutoencoder
from lipcourse.networks.weights import save_network


@pytest.fixture(scope="module")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second and a half of sound."""
    folder = tmp_path_factory.mktemp("speech")
    return write_film(
        folder / "speech.wav", None, noise(1.5, 16_000), sample_rate=16_000, audio_codec="pcm_s16le"
    )


@pytest.fixture(scope="module")
def face(puppet: Clip, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("face") / "face.png"
    cv2.imwrite(str(path), puppet.frames[0][..., ::-1])
    return path


@pytest.fixture
def call(speech: Path, face: Path, weights_file: Path, tmp_path: Path, capsys):
    """Call the command with these options changed; return its status, what it says, and the film's path."""

    def called(*flags: str, **changes: object) -> tuple[int, str, str, Path]:
        options = {"audio": speech, "image": face, "out": tmp_path / "film.mp4", "weights": weights_file}
        options |= {"device": "cpu"} | changes
        words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        status = cli.main(["generate", "glance", *words, *flags])
        captured = capsys.readouterr()
        return status, captured.out, captured.err, Path(options["out"])

    return called


def test_a_film_shows_the_mouth_and_has_the_sound(call, speech: Path) -> None:
    status, said, errors, path = call()
    assert (status, errors.strip()) == (0, "")
    assert "38 frames (1.50 s) by drawn" in said
    film = read_clip(path)
    assert film.frames.shape == (38, 256, 256, 3)
    sound, sample_rate = read_audio(speech)
    assert film.sample_rate == sample_rate
    assert abs(shift(sound, film.waveform)) <= 1


def test_the_file_says_that_it_is_synthetic_and_by_which_weights(call) -> None:
    path = call(scale=1)[3]
    with av.open(path) as container:
        assert "Synthetic" in container.metadata["title"]
        assert "Synthetic" in container.metadata["comment"]
        assert "'drawn'" in container.metadata["comment"]


def test_the_whole_picture_is_shown_around_the_mouth(call, puppet: Clip) -> None:
    film = read_clip(call("--full-frame")[3])
    assert film.frames.shape[1:] == puppet.frames.shape[1:]
    changed = np.abs(film.frames[10].astype(float) - puppet.frames[0]).mean(axis=-1)
    column, row = np.rint(puppet.landmarks[0, 48:].mean(axis=0)).astype(int)
    assert changed[row - 5 : row + 5, column - 5 : column + 5].mean() > 5 * changed[:60].mean()


def test_sound_shorter_than_a_window_works(call, tmp_path: Path) -> None:
    short = write_film(tmp_path / "short.wav", None, noise(0.1), audio_codec="pcm_s16le")
    status, said, _, path = call(audio=short)
    assert status == 0
    assert len(read_clip(path).frames) == 2
    assert "2 frames" in said


def test_silence_works_and_is_said(call, tmp_path: Path) -> None:
    silent = write_film(tmp_path / "silent.wav", None, np.zeros(44_100, np.float32), audio_codec="pcm_s16le")
    status, _, errors, path = call(audio=silent)
    assert status == 0
    assert "the sound is silent" in errors
    assert path.exists()


@pytest.mark.parametrize("kind", ["grey", "transparent"])
def test_grey_and_transparent_pictures_work(call, puppet: Clip, tmp_path: Path, kind: str) -> None:
    picture = cv2.cvtColor(puppet.frames[0], cv2.COLOR_RGB2GRAY)
    if kind == "transparent":
        picture = np.dstack([puppet.frames[0][..., ::-1], np.full(picture.shape, 255, np.uint8)])
        picture[:20, :, 3] = 0
    cv2.imwrite(str(tmp_path / "face.png"), picture)
    assert call(image=tmp_path / "face.png")[0] == 0


def test_a_lip_crop_is_taken_only_when_asked(call, lips, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "lips.png"), lips)
    status, _, errors, path = call(image=tmp_path / "lips.png")
    assert status == 1
    assert "no face" in errors
    assert not path.exists()
    assert call("--lip-crop", image=tmp_path / "lips.png")[0] == 0


def test_several_faces_are_said_and_the_largest_speaks(call, puppet: Clip, tmp_path: Path) -> None:
    small = cv2.resize(puppet.frames[0], (180, 180))
    both = np.full((240, 430, 3), 255, np.uint8)
    both[:, :240], both[:180, 250:] = puppet.frames[0], small
    cv2.imwrite(str(tmp_path / "both.png"), both[..., ::-1])
    status, _, errors, _ = call(image=tmp_path / "both.png")
    assert status == 0
    assert "2 faces" in errors


def _other_system(folder: Path) -> Path:
    return save_network(
        folder / "other.safetensors",
        PerceptualAutoencoder(1 / 16),
        system="autoencoder",
        options={"width": 1 / 16},
    )


def _cut_off(weights: Path, folder: Path) -> Path:
    path = folder / "cut.safetensors"
    path.write_bytes(weights.read_bytes()[:-5000])
    return path


def test_what_cannot_be_is_one_clear_line(call, weights_file: Path, tmp_path: Path) -> None:
    text = tmp_path / "text.png"
    text.write_text("no picture")
    garbage = tmp_path / "garbage.wav"
    garbage.write_bytes(bytes(range(256)) * 20)
    cases = [
        ({"audio": tmp_path / "none.wav"}, 1, "none.wav: there is no such file"),
        ({"audio": garbage}, 1, "garbage.wav: it is not a video or sound file"),
        ({"image": tmp_path / "none.png"}, 1, "none.png: there is no such file"),
        ({"image": text}, 1, "text.png: it is no picture"),
        ({"out": tmp_path / "no" / "film.mp4"}, 1, "no such folder"),
        ({"out": tmp_path / "film.avi"}, 2, "film.avi: the film is an MP4 file"),
        (
            {"weights": _other_system(tmp_path)},
            1,
            "other.safetensors: holds a network of the system autoencoder",
        ),
        ({"weights": _cut_off(weights_file, tmp_path)}, 1, "cut.safetensors: is cut off"),
        ({"weights": "no-such-weights"}, 1, "no network 'no-such-weights' is shipped"),
        ({"scale": 0}, 2, "0 times as large"),
    ]
    before = set(tmp_path.iterdir())
    for changes, status, words in cases:
        got, said, errors, _ = call(**changes)
        assert (got, said) == (status, ""), changes
        assert words in errors
        assert errors.startswith("error: ")
        assert errors.count("\n") == 1
    assert set(tmp_path.iterdir()) == before | {
        path for path in tmp_path.iterdir() if path.suffix == ".safetensors"
    }


def test_cuda_that_is_not_there_is_said(call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    status, _, errors, _ = call(device="cuda")
    assert status == 2
    assert errors.startswith("error: there is no CUDA GPU")
    assert choose_device("auto").type == "cpu"


def test_memory_does_not_grow_with_the_sounds_length(call, lips, tmp_path: Path) -> None:
    """Of what Python and numpy hold; the process as a whole is measured in benchmarks/test_generation.py."""
    cv2.imwrite(str(tmp_path / "lips.png"), lips)
    peaks = []
    for seconds in (11, 11, 22):  # the first time, modules are loaded too
        sound = write_film(tmp_path / "long.wav", None, np.tile(noise(1.0), seconds), audio_codec="pcm_s16le")
        tracemalloc.start()
        status, said, _, _ = call("--lip-crop", image=tmp_path / "lips.png", audio=sound, scale=1)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert (status, said.split()[0]) == (0, str(25 * seconds))
    assert peaks[2] - peaks[1] < 1e6, peaks  # 11 s of sound are 1.9 MB, and of mouths 3.4 MB
