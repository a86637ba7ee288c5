from __future__ import annotations

import base64
import io
import re
import wave

import numpy as np
import pytest

from lipcourse.course import players
from lipcourse.errors import CourseError
from lipcourse.media import Clip, Origin, read_clip

RATE = 16000


@pytest.fixture
def clip():
    frames = np.full((20, 48, 64, 3), 90, np.uint8)
    time = np.arange(int(0.8 * RATE)) / RATE
    sound = np.where(time < 0.4, 0, 0.5 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)
    return Clip("test/one", "one", frames, 25.0, sound, RATE, Origin("test", "none"), transcript="a <tone>")


def decoded(player):
    kind, data = re.search(r'src="data:([^;]+);base64,([^"]+)"', player.html).groups()
    return kind, base64.b64decode(data)


def test_sound_is_carried_whole():
    samples = np.array([0, 0.5, -1, 2], np.float32)
    kind, data = decoded(players.audio(samples, 8000, 'A "click"'))
    assert kind == "audio/wav"
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getframerate(), file.getnchannels()) == (8000, 1)
        played = np.frombuffer(file.readframes(9), "<i2") / 32767
    np.testing.assert_allclose(played, [0, 0.5, -1, 1], atol=1e-4)


@pytest.mark.parametrize("samples", [[], [[0.1], [0.2]], [0.0, np.nan]])
def test_what_is_no_sound_is_refused(samples):
    with pytest.raises(CourseError, match="waveform"):
        players.audio(samples, 8000)


def test_a_clip_plays_with_its_sound(clip, tmp_path):
    player = players.video(clip)
    kind, data = decoded(player)
    assert kind == "video/mp4"
    (tmp_path / "seen.mp4").write_bytes(data)
    again = read_clip(tmp_path / "seen.mp4")
    assert again.frames.shape == clip.frames.shape
    assert np.abs(again.waveform).max() > 0.3
    assert 'aria-label="test/one: a &lt;tone&gt;"' in player.html
    assert "http" not in player.html
    assert repr(player) == "[player] test/one: a <tone>"


def test_frames_alone_play_too(clip):
    assert decoded(players.video(clip.frames, fps=25.0, alt="Grey."))[0] == "video/mp4"


def test_the_spectrogram_shows_the_tone_and_a_line_that_moves(clip):
    drawn = players.add_spectrogram(clip, height=40)
    assert drawn.shape == (20, 88, 64, 3)
    np.testing.assert_array_equal(drawn[:, :48], clip.frames)
    strip = drawn[:, 48:].astype(int)
    line = [int(strip[t].sum(-1).min(0).argmax()) for t in range(20)]
    assert all(abs(x - (t + 0.5) / 20 * 64) <= 2 for t, x in enumerate(line))
    assert strip[0, :, 40:].mean() > 2 * strip[0, :, 6:26].mean()  # silence, then a tone
    bright = strip[0, :, 36:].sum(-1).mean(1).argmax()
    assert bright > 20  # a low tone is low in the picture


def test_a_clip_plays_with_its_spectrogram(clip):
    player = players.video_with_spectrogram(clip, width=500)
    assert 'width="500"' in player.html
    assert "spectrogram" in player.alt
