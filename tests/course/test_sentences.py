"""Windows of a few clips in memory."""

from __future__ import annotations

import pytest
import torch
from samples import prepared

from lipcourse.course.sentences import Sentences, one_puppet
from lipcourse.errors import OptionError


@pytest.fixture(scope="module")
def sentences():
    clips = [prepared(f"made/s/{n}", seed=n, transcript=f"word {n}") for n in range(4)]
    return Sentences(clips, batch=3, frames=6, shown_frames=8)


def test_a_step_has_the_same_batch_each_time(sentences):
    one, again, other = sentences.draw(3), sentences.draw(3), sentences.draw(4)
    assert one.keys == again.keys
    assert torch.equal(one.video, again.video)
    assert (one.keys, one.starts.tolist()) != (other.keys, other.starts.tolist())


def test_the_sentence_that_is_shown_is_not_learned_from(sentences):
    shown = sentences.shown()
    assert shown.keys == ("made/s/3",)
    assert shown.video.shape == (1, 3, 8, 64, 64)
    assert shown.log_mel.shape == (1, 32, 128)
    drawn = {key for step in range(30) for key in sentences.draw(step).keys}
    assert drawn == {f"made/s/{n}" for n in range(3)}


def test_a_mismatch_is_of_another_clip():
    clips = [prepared(f"made/s/{n}", mouths=level) for n, level in enumerate(levels())]
    sentences = Sentences(clips, batch=4, frames=6)
    for step in range(20):
        batch = sentences.draw(step)
        assert not (batch.video.flatten(1)[:, 0] == batch.other_video.flatten(1)[:, 0]).any()


def levels():
    """Grey films, each of a brightness of its own."""
    return [torch.full((20, 64, 64, 3), 60 * n, dtype=torch.uint8).numpy() for n in range(4)]


def test_two_clips_are_too_few():
    with pytest.raises(OptionError, match="2 clips are too few; give 3 or more"):
        Sentences([prepared("a"), prepared("b")])


def test_one_puppet_is_one_talker_whose_lips_do_not_lead():
    clips = one_puppet(2)
    assert len({clip.talker for clip in clips}) == 1
    assert {clip.metadata["lead_frames"] for clip in clips} == {0}
