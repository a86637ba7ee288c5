"""Prepared clips to bytes and back."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from samples import prepared

from lipcourse.errors import CorpusError, SignalError
from lipcourse.windows.prepared import (
    LONGEST,
    MEMBERS,
    TENSORS,
    decode_clip,
    decode_sound,
    encode_clip,
    encode_sound,
)


@pytest.mark.parametrize("frames", [1, 15, 16, 17, 75])
def test_a_clip_comes_back(frames):
    clip = prepared(frames=frames)
    back = decode_clip(encode_clip(clip))
    for name in ("mouths", "faces"):
        before, after = getattr(clip, name), getattr(back, name)
        assert before.shape == after.shape
        assert after.dtype == np.uint8
        assert np.abs(before.astype(int) - after).mean() < 2
    for name in ("mouth_landmarks", "face_landmarks"):
        np.testing.assert_allclose(getattr(back, name), getattr(clip, name), atol=1 / 128 + 1e-5)
        assert getattr(back, name).dtype == np.float32
    for name in TENSORS:
        np.testing.assert_array_equal(getattr(back, name), getattr(clip, name))
    np.testing.assert_allclose(back.waveform, clip.waveform, atol=0.51 / 32768)
    arrays = {f.name for f in fields(clip) if isinstance(getattr(clip, f.name), np.ndarray)}
    for name in {f.name for f in fields(clip)} - arrays:
        assert getattr(back, name) == getattr(clip, name), name
    assert back.seconds == frames / 25


def test_colours_and_order_of_crops_are_kept():
    mouths = np.zeros((20, 64, 64, 3), np.uint8)
    mouths[:, :, :, 0] = 10 * np.arange(20)[:, None, None]
    back = decode_clip(encode_clip(prepared(mouths=mouths))).mouths
    np.testing.assert_allclose(back[..., 0].mean(axis=(1, 2)), 10 * np.arange(20), atol=2)
    assert back[..., 1:].mean() < 2


def test_a_crop_does_not_bleed_into_its_neighbours():
    faces = np.zeros((40, 128, 128, 3), np.uint8)
    faces[20] = 255
    back = decode_clip(encode_clip(prepared(frames=40, faces=faces))).faces
    assert back[20].min() > 250
    assert back[[t for t in range(40) if t != 20]].max() < 5


def test_the_same_clip_gives_the_same_bytes():
    first, second = encode_clip(prepared()), encode_clip(prepared())
    assert first == second
    assert sorted(first) == sorted(MEMBERS)


@settings(max_examples=60, deadline=None)
@given(hnp.arrays(np.int16, st.integers(0, 300), elements=st.integers(-32768, 32767)))
def test_sound_is_exact_to_sixteen_bits(samples):
    waveform = (samples / np.float32(32768)).astype(np.float32)
    np.testing.assert_array_equal(np.rint(decode_sound(encode_sound(waveform)) * 32768), samples)


def test_sound_beyond_full_scale_is_clipped_not_wrapped():
    back = decode_sound(encode_sound(np.array([1.5, -2.0], np.float32)))
    np.testing.assert_array_equal(back, [32767 / 32768, -1])


def test_smooth_sound_is_packed_to_less_than_it_was():
    clip = prepared(frames=75)
    assert len(encode_sound(clip.waveform)) < 0.9 * 2 * len(clip.waveform)


@pytest.mark.parametrize(
    "changes",
    [
        {"found": np.ones(3, bool)},
        {"face_landmarks": np.full((20, 68, 2), np.nan, np.float32)},
        {"mouth_landmarks": np.full((20, 20, 2), 600, np.float32)},
    ],
)
def test_what_cannot_be_kept_is_refused(changes):
    with pytest.raises(SignalError, match="made/s1/a"):
        encode_clip(prepared(**changes))


def test_too_long_and_empty_clips_are_refused():
    clip = prepared(frames=1)
    parts = ("mouths", "faces", "mouth_landmarks", "face_landmarks", *TENSORS)
    for count in (0, LONGEST + 1):
        longer = {
            name: np.broadcast_to(getattr(clip, name), (count, *getattr(clip, name).shape[1:]))
            for name in parts
        }
        with pytest.raises(SignalError, match=f"{count} frames"):
            encode_clip(replace(clip, **longer))


@pytest.mark.parametrize("name", MEMBERS)
def test_a_sample_with_a_member_missing_is_refused(name):
    members = encode_clip(prepared())
    del members[name]
    with pytest.raises(CorpusError, match=name):
        decode_clip(members)


@pytest.mark.parametrize("name", MEMBERS)
def test_a_damaged_member_is_refused(name):
    with pytest.raises(CorpusError, match="damaged"):
        decode_clip(encode_clip(prepared()) | {name: b"no such thing"})
