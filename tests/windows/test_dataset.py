"""Batches: what is in them for each system, every window once, the same again, and from any place on."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import fields

import cv2
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_corpora import LENGTHS, listed, windows, write_corpus

from lipcourse.errors import OptionError
from lipcourse.signals.audio import log_mel, mfcc_atvg, mfcc_recurrent
from lipcourse.windows.batches import shrink
from lipcourse.windows.dataset import AtvgBatch, GlanceBatch, RecurrentBatch, WindowLoader
from lipcourse.windows.shards import read_one
from lipcourse.windows.shelf import Shelf


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return write_corpus(tmp_path_factory.mktemp("corpora") / "made")


def clip_of(corpus, batch, row):
    number = listed(batch)[row][0]
    return read_one(corpus / f"train-{number // 4:06d}.tar", batch.keys[row])


def same(first, second):
    """Whether two batches agree in all that they hold."""
    pairs = [(getattr(first, field.name), getattr(second, field.name)) for field in fields(first)]
    return all(torch.equal(a, b) if isinstance(a, torch.Tensor) else a == b for a, b in pairs)


def hear(feature, clip):
    return feature(
        torch.from_numpy(clip.waveform)[None], clip.sample_rate, clip.fps, frames=len(clip.mouths)
    )[0]


def test_glance_is_fed_mouths_sound_and_a_window_of_another_clip(corpus):
    for batch in WindowLoader(corpus, "glance", batch=4):
        assert isinstance(batch, GlanceBatch)
        for row, start in enumerate(batch.starts.tolist()):
            clip = clip_of(corpus, batch, row)
            assert batch.talkers[row] == clip.talker
            video = batch.video[row].permute(1, 2, 3, 0).numpy()
            np.testing.assert_array_equal(video, clip.mouths[start : start + 16])
            np.testing.assert_array_equal(batch.landmarks[row], clip.mouth_landmarks[start : start + 16])
            torch.testing.assert_close(batch.log_mel[row], hear(log_mel, clip)[4 * start :][:64])
            image = batch.image[row].permute(1, 2, 0).numpy()
            assert (clip.mouths == image).all(axis=(1, 2, 3)).any()
            other = batch.other_video[row]
            assert abs(int(other[0].float().mean()) - int(batch.video[row, 0].float().mean())) > 10
            np.testing.assert_allclose(other[1].float().mean((1, 2)).diff(), 4, atol=2)


def test_atvg_is_fed_faces_their_points_and_an_example(corpus):
    batch = next(iter(WindowLoader(corpus, "atvg")))
    assert isinstance(batch, AtvgBatch)
    assert batch.video.shape == (8, 3, 16, 128, 128)
    for row, start in enumerate(batch.starts.tolist()):
        clip = clip_of(corpus, batch, row)
        np.testing.assert_array_equal(batch.video[row].permute(1, 2, 3, 0), clip.faces[start : start + 16])
        np.testing.assert_array_equal(batch.landmarks[row], clip.face_landmarks[start : start + 16])
        torch.testing.assert_close(batch.mfcc[row], hear(mfcc_atvg, clip)[start : start + 16])
        example = (clip.faces == batch.image[row].permute(1, 2, 0).numpy()).all(axis=(1, 2, 3)).argmax()
        np.testing.assert_array_equal(batch.image_landmarks[row], clip.face_landmarks[example])


def test_recurrent_is_fed_smaller_faces(corpus):
    batch = next(iter(WindowLoader(corpus, "recurrent", frames=15)))
    assert isinstance(batch, RecurrentBatch)
    assert batch.video.shape == (8, 3, 15, 112, 112)
    for row, start in enumerate(batch.starts.tolist()):
        clip = clip_of(corpus, batch, row)
        np.testing.assert_allclose(
            batch.video[row].float().mean((2, 3)).T, clip.faces[start : start + 15].mean((1, 2)), atol=0.6
        )
        torch.testing.assert_close(batch.mfcc[row], hear(mfcc_recurrent, clip)[start : start + 15])


def test_a_smaller_crop_has_the_mean_of_each_area():
    crops = np.random.default_rng(0).integers(0, 256, (3, 128, 128, 3), np.uint8)
    edges = np.arange(113) * 128 / 112
    pixel = np.arange(128)
    covered = np.minimum(edges[1:, None], pixel + 1) - np.maximum(edges[:-1, None], pixel)
    share = np.maximum(covered, 0) / (128 / 112)
    expected = np.einsum("ia,jb,tabc->tijc", share, share, crops.astype(float), optimize=True)
    assert np.abs(shrink(crops, 112) - expected).max() < 1


def test_pictures_become_numbers_on_the_device(corpus):
    batch = next(iter(WindowLoader(corpus, "glance")))
    moved = batch.to("cpu")
    assert batch.video.dtype == torch.uint8
    for name in ("video", "image", "other_video"):
        value = getattr(moved, name)
        assert value.is_contiguous()
        torch.testing.assert_close(value, getattr(batch, name) / 127.5 - 1)
    torch.testing.assert_close(moved.log_mel, batch.log_mel)
    assert moved.keys == batch.keys
    assert moved.starts.dtype == torch.int64


@pytest.mark.filterwarnings("ignore:.*clips are shorter than")
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    world=st.integers(1, 4),
    batch=st.integers(1, 9),
    frames=st.integers(1, 33),
    stride=st.integers(5, 20),
    shuffle=st.booleans(),
)
def test_processes_share_every_window_of_an_epoch(corpus, world, batch, frames, stride, shuffle):
    options = {"frames": frames, "stride": stride, "shuffle": shuffle}
    ranks = [
        WindowLoader(corpus, "glance", batch=batch, rank=rank, world=world, **options)
        for rank in range(world)
    ]
    given = [list(map(listed, loader)) for loader in ranks]
    expected = windows(LENGTHS, frames, stride)
    assert {len(batches) for batches in given} == {len(ranks[0])}
    assert sorted(window for batches in given for one in batches for window in one) == expected
    assert ranks[0].windows == len(expected)
    assert all(one for batches in given for one in batches)
    alone = list(map(listed, WindowLoader(corpus, "glance", batch=batch * world, **options)))
    together = [sorted(window for share in shares for window in share) for shares in zip(*given, strict=True)]
    # Fewer windows than processes, left at the end, join the batch before.
    whole = len(together) if len(alone) == len(together) else len(together) - 1
    assert together[:whole] == [sorted(one) for one in alone[:whole]]


def test_processes_share_batches_to_the_last_byte(corpus):
    alone = list(WindowLoader(corpus, "glance", batch=6))
    halves = zip(
        *(WindowLoader(corpus, "glance", batch=3, rank=rank, world=2) for rank in (0, 1)), strict=True
    )
    for whole, shares in zip(alone, halves, strict=True):
        for rank, share in enumerate(shares):
            assert torch.equal(share.video, whole.video[rank::2])
            assert torch.equal(share.other_video, whole.other_video[rank::2])
            assert torch.equal(share.image, whole.image[rank::2])
            assert torch.equal(share.log_mel, whole.log_mel[rank::2])


@pytest.mark.parametrize("system", ["glance", "atvg", "recurrent"])
def test_workers_change_nothing(corpus, system):
    before = torch.get_rng_state()
    # OpenCV's threads run in this process now, and will not in those forked from it.
    cv2.resize(np.zeros((4000, 4000, 3), np.uint8), (1000, 1000), interpolation=cv2.INTER_AREA)
    alone = list(WindowLoader(corpus, system))
    helped = list(WindowLoader(corpus, system, workers=2))
    assert all(same(a, b) for a, b in zip(alone, helped, strict=True))
    assert torch.equal(torch.get_rng_state(), before)


def test_each_clip_is_decoded_once_over_all_processes(corpus, monkeypatch):
    decoded = []
    read = Shelf.read

    def counted(self, shard, key, names):
        decoded.append(key)
        assert "faces.jpg" not in names
        return read(self, shard, key, names)

    monkeypatch.setattr(Shelf, "read", counted)
    for rank in (0, 1):
        list(WindowLoader(corpus, "glance", batch=2, stride=1, frames=16, rank=rank, world=2))
    # What one lane has left when the other is at its end may be shared once more.
    assert len(set(decoded)) == len(LENGTHS)
    assert len(decoded) <= len(LENGTHS) + 4


def test_epochs_differ_and_can_be_had_again(corpus):
    loader = WindowLoader(corpus, "glance")
    first, second = list(loader), list(loader)
    assert list(map(listed, first)) != list(map(listed, second))
    loader.set_epoch(0)
    assert all(same(a, b) for a, b in zip(first, loader, strict=True))
    other = WindowLoader(corpus, "glance", seed=1)
    assert list(map(listed, other)) != list(map(listed, first))


def test_without_shuffling_windows_come_in_order(corpus):
    loader = WindowLoader(corpus, "glance", shuffle=False)
    first, second = list(loader), list(loader)
    assert [window for batch in first for window in listed(batch)] == windows(LENGTHS)
    assert all(same(a, b) for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize("workers", [0, 2])
def test_an_epoch_goes_on_where_it_was_left(corpus, workers):
    loader = WindowLoader(corpus, "glance", batch=3, workers=workers)
    loader.set_epoch(4)
    whole, states = [], []
    for batch in loader:
        whole.append(batch)
        states.append(json.loads(json.dumps(loader.state_dict())))
    for done in (1, len(whole) // 2, len(whole) - 1):
        resumed = WindowLoader(corpus, "glance", batch=3, workers=workers)
        resumed.load_state_dict(states[done - 1])
        resumed.set_epoch(4)
        rest = list(resumed)
        assert all(same(a, b) for a, b in zip(whole[done:], rest, strict=True))
    # After the last batch the next epoch is to come, whole.
    resumed.load_state_dict(states[-1])
    assert all(same(a, b) for a, b in zip(loader, resumed, strict=True))


def test_a_state_is_of_the_same_windows(corpus):
    state = WindowLoader(corpus, "glance").state_dict()
    for changes in ({"seed": 1}, {"stride": 4}, {"batch": 3}, {"shuffle": False}):
        with pytest.raises(OptionError, match="begin anew"):
            WindowLoader(corpus, "glance", **changes).load_state_dict(state)


def test_an_iteration_left_early_begins_anew(corpus):
    loader = WindowLoader(corpus, "glance", workers=1)
    first = next(iter(loader))
    again = list(loader)
    assert same(first, again[0])
    assert sum(map(len, again)) == loader.windows


def test_a_smaller_last_batch_can_be_left_out(corpus):
    loader = WindowLoader(corpus, "glance", batch=7, drop_last=True)
    sizes = [len(batch) for batch in loader]
    assert sizes == [7] * (loader.windows // 7)
    assert len(loader) == len(sizes)


def test_corpora_are_read_together(corpus, tmp_path):
    more = write_corpus(tmp_path / "more", (20, 20), name="more")
    loader = WindowLoader([corpus, more], "glance")
    assert loader.windows == len(windows(LENGTHS)) + 2
    even = WindowLoader([corpus, more], "glance", batch=1, even=True)
    shown = [batch.keys[0].split("/")[0] for batch in even]
    assert Counter(shown) == {"made": 2, "more": 2}
    assert len(shown) == even.windows == len(even)
    with pytest.raises(OptionError, match="windows is 4"):
        even.load_state_dict(WindowLoader([corpus, more], "glance", batch=1).state_dict())


def test_an_identity_image_can_be_the_first_frame(corpus):
    for batch in WindowLoader(corpus, "glance", batch=4, first_frames=1):
        for row in range(len(batch)):
            first = clip_of(corpus, batch, row).mouths[0]
            np.testing.assert_array_equal(batch.image[row].permute(1, 2, 0).numpy(), first)


@pytest.mark.parametrize(
    "changes",
    [
        {"batch": 0},
        {"frames": 0},
        {"stride": 0},
        {"rank": 2, "world": 2},
        {"workers": -1},
        {"seed": -1},
        {"first_frames": -0.1},
    ],
)
def test_impossible_options_are_refused(corpus, changes):
    with pytest.raises(OptionError, match="cannot be"):
        WindowLoader(corpus, "glance", **changes)
    with pytest.raises(OptionError, match="choose from glance, atvg, recurrent"):
        WindowLoader(corpus, "wav2lip")


def test_batches_too_large_for_the_corpus_are_refused(corpus):
    with pytest.raises(OptionError, match="drop_last=False"):
        WindowLoader(corpus, "glance", batch=500, drop_last=True)
    with pytest.raises(OptionError, match="fewer processes"):
        WindowLoader(corpus, "glance", rank=0, world=500)
