"""Talking mouths in memory: windows of the right moments, and changes that keep what is said."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from talking import talking, talking_corpus, write_corpus

from lipcourse.errors import CorpusError
from lipcourse.signals.audio import log_mel
from lipcourse.training.talk import Talk, draw_from_all, heard_otherwise, load_talk, seen_otherwise


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return talking_corpus(tmp_path_factory.mktemp("talk"))


def drawing(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_a_window_is_of_the_same_moment_of_pictures_and_sound(folder):
    talk = load_talk(folder, "train", 15)
    clip = talking("talking/a/1", "train", seed=1)
    pictures, sound = talk.window(1, 3, 10)
    grey = clip.mouths[3:13] @ np.array([0.299, 0.587, 0.114])
    assert np.abs(pictures.numpy() - grey).mean() < 3  # JPEG
    columns = log_mel(torch.from_numpy(clip.waveform)[None], 16000, frames=24)[0, 12:52]
    loud = columns > -60  # what is softer has been rounded to 16 bits
    torch.testing.assert_close(sound[loud], columns[loud], atol=0.5, rtol=0)
    assert talk.source == {
        "name": "talking (drawn for a test)", "licence": "CC0 1.0", "clips": 4, "talkers": 2,
    }  # fmt: skip


def test_windows_stay_within_their_clips():
    frames = torch.arange(30, dtype=torch.uint8).repeat_interleave(4).reshape(30, 2, 2)
    sound = torch.arange(30.0).repeat_interleave(4 * 3).reshape(30, 4, 3)
    talk = Talk(frames, sound, torch.tensor([0, 10]), torch.tensor([10, 20]), ("a", "b"), {})
    pictures, columns = talk.draw(200, 8, drawing())
    first, last = pictures[:, 0, 0, 0].int(), pictures[:, -1, 0, 0].int()
    assert torch.equal(last - first, torch.full((200,), 7))
    assert set(first.tolist()) == {*range(3), *range(10, 23)}
    assert torch.equal(columns[:, ::4, 0].int(), pictures[:, :, 0, 0].int())


def test_a_talker_of_many_clips_is_drawn_more_often_but_not_as_often():
    talkers = ("a",) * 9 + ("b",)
    talk = Talk(torch.zeros(10), torch.zeros(10), torch.arange(10), torch.ones(10), talkers, {})
    assert talk.shares.tolist() == pytest.approx([1 / 12] * 9 + [3 / 12])


def test_each_corpus_gives_its_part():
    def draw(corpus, count):
        return torch.full((count,), corpus), torch.zeros(count)

    assert draw_from_all([1, 2], draw, 5)[0].tolist() == [1, 1, 1, 2, 2]
    assert draw_from_all([1, 2, 3], draw, 2)[0].tolist() == [1, 2]


def test_no_shards_and_no_long_clips(folder, tmp_path):
    with pytest.raises(CorpusError, match=r"no shards of the split 'train'.*lipcourse prepare"):
        load_talk(tmp_path, "train", 5)
    with pytest.raises(CorpusError, match="no clip of 'train' has 25 frames"):
        load_talk(folder, "train", 25)
    both = write_corpus(tmp_path / "both", [talking("t/a/1", "train", 1), talking("t/a/2", "train", 2, 40)])
    assert load_talk(both, "train", 25).lengths.tolist() == [40]


def test_pictures_change_as_wholes_and_only_a_little():
    y, x = np.mgrid[-1:1:64j, -1:1:64j]
    picture = torch.from_numpy(np.where(x**2 / 0.16 + (y - 0.2) ** 2 / 0.04 < 1, -0.8, 0.5)).float()
    given = picture.expand(32, 3, 64, 64)
    changed = seen_otherwise(given, drawing())
    assert changed.shape == given.shape
    still = (changed[:, 0] - changed[:, 1]).abs().mean(dim=(1, 2))
    moved = (changed[:, 0] - given[:, 0]).abs().mean(dim=(1, 2))
    assert float(still.max()) < 0.09  # noise alone: all frames of a window move alike
    assert float(moved.mean()) > 2 * float(still.mean())
    area = (changed.mean(dim=1) < -0.15).float().mean(dim=(1, 2)) / (picture < 0).float().mean()
    assert 0.65 < float(area.min()) < 0.9 < 1.1 < float(area.max()) < 1.5
    assert torch.equal(seen_otherwise(given, drawing(3)), seen_otherwise(given, drawing(3)))


def test_half_of_the_pictures_are_mirrored():
    ramp = torch.linspace(-1, 1, 64).expand(200, 1, 64, 64)
    slope = seen_otherwise(ramp, drawing()).diff(dim=3).mean(dim=(1, 2, 3))
    assert 0.35 < float((slope < 0).float().mean()) < 0.65


def test_sounds_get_louder_or_softer_over_noise():
    given = torch.full((64, 8, 128), -30.0)
    given[:, :4] = -100
    heard = heard_otherwise(given, drawing())
    change = heard[:, 4:, 0] + 30
    assert -10.1 < float(change.min()) < -7 < 2 < float(change.max()) < 5.1
    assert float((heard[:, 4] - heard[:, 5]).abs().max()) == 0
    floor = heard[:, 0]
    assert float(floor.min()) >= -100
    assert float(floor.max()) > -60
    assert (floor < heard[:, 4]).all()
