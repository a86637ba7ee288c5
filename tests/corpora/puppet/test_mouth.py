from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lipcourse.corpora.puppet.head import LARGEST_YAW, track_head
from lipcourse.corpora.puppet.mouth import track_mouth
from lipcourse.corpora.puppet.phones import ARPABET, BILABIALS, LABIODENTALS
from lipcourse.corpora.puppet.sentences import spell_out
from lipcourse.corpora.puppet.visemes import VISEMES
from lipcourse.corpora.puppet.voice import VOICES, Utterance, place, speak
from lipcourse.media import Segment

FPS = 25.0
CHANNELS = {"jaw", "spread", "protrusion", "closure", "tuck", "tongue"}


def spoken(text: str, voice: str = "michael") -> Utterance:
    return place(speak(text, VOICES[voice]), 3.0, 0.4)


def frames_of(phone: Segment) -> slice:
    """The frames whose middle lies within a phone."""
    return slice(int(np.ceil(phone.start * FPS - 0.5)), int(np.ceil(phone.end * FPS - 0.5)))


def held(label: str) -> dict[str, float]:
    """The channels in the middle of one long phone."""
    track = track_mouth([Segment(0.6, 1.0, label)], 40)
    return {name: float(values[20]) for name, values in track.items()}


@st.composite
def utterances(draw: st.DrawFn) -> list[Segment]:
    """Phones of 15 to 200 ms, one after the other, with a pause here and there."""
    time, phones = draw(st.floats(0.2, 0.6)), []
    for label in draw(st.lists(st.sampled_from(sorted(ARPABET)), min_size=1, max_size=14)):
        time += draw(st.sampled_from([0.0, 0.0, 0.0, 0.2]))
        seconds = draw(st.floats(0.015, 0.2))
        phones.append(Segment(time, time + seconds, label))
        time += seconds
    return phones


def test_every_phone_has_a_viseme() -> None:
    assert set(VISEMES) == ARPABET


@given(utterances())
def test_lips_close_in_every_bilabial_and_tuck_in_every_f_and_v_however_short(phones: list[Segment]) -> None:
    track = track_mouth(phones, 100)
    for phone in phones:
        # A phone shorter than a frame may fall between two: then the nearest shows it.
        middle = (phone.start + phone.end) / 2
        near = slice(
            int(np.floor((min(phone.start, middle - 0.04)) * FPS)), int(np.ceil(phone.end * FPS)) + 1
        )
        if phone.label in BILABIALS:
            assert track["closure"][near].max() == 1.0
        if phone.label in LABIODENTALS:
            assert track["tuck"][near].max() == 1.0


@given(utterances(), st.sampled_from([12.5, 25.0, 30.0, 50.0]))
def test_channels_stay_in_their_ranges_and_move_smoothly(phones: list[Segment], fps: float) -> None:
    track = track_mouth(phones, round(4 * fps), fps=fps)
    assert set(track) == CHANNELS
    for name, values in track.items():
        assert values.dtype == np.float32
        assert values.min() >= (-1.0 if name == "spread" else 0.0)
        assert values.max() <= 1.0
    if fps == 50.0:  # 20 ms: the quickest gesture, the lips' parting, takes 55
        for name, most in {
            "jaw": 0.45,
            "spread": 0.8,
            "protrusion": 0.5,
            "closure": 0.75,
            "tuck": 0.75,
        }.items():
            assert np.abs(np.diff(track[name])).max() < most, name


@given(utterances(), st.integers(0, 7))
def test_a_lead_shifts_the_track_by_whole_frames_and_changes_nothing_else(
    phones: list[Segment], lead: int
) -> None:
    still = track_mouth(phones, 90)
    early = track_mouth(phones, 90 - lead, lead_frames=lead)
    for name in CHANNELS:
        np.testing.assert_array_equal(early[name], still[name][lead:])


def test_a_positive_lead_shows_the_lips_before_the_sound() -> None:
    phones = [Segment(1.0, 1.3, "AA")]
    on_time, early = (track_mouth(phones, 75, lead_frames=lead)["jaw"] for lead in (0, 5))
    assert np.argmax(early > 0.5) == np.argmax(on_time > 0.5) - 5
    assert (np.argmax(on_time > 0.5) + 0.5) / FPS == pytest.approx(1.0, abs=0.04)


def test_vowels_open_the_mouth_in_the_order_of_phonetics() -> None:
    jaw = {vowel: held(vowel)["jaw"] for vowel in ("AA", "AE", "EH", "IH", "IY", "AO", "UH", "UW")}
    assert jaw["AA"] > jaw["AE"] > jaw["EH"] > jaw["IH"] > jaw["IY"]
    assert jaw["AA"] > jaw["AO"] > jaw["UH"] > jaw["UW"]
    assert jaw["AA"] > 0.9
    assert jaw["UW"] < 0.3


def test_lips_round_for_oo_and_draw_out_for_ee() -> None:
    oo, ee, ah = held("UW"), held("IY"), held("AA")
    assert oo["spread"] < -0.9 < 0.9 < ee["spread"]
    assert oo["protrusion"] > 0.9
    assert max(ee["protrusion"], ah["protrusion"]) < 0.05
    assert held("SH")["protrusion"] > 0.7


def test_the_tongue_shows_where_a_phone_shows_it_and_not_elsewhere() -> None:
    assert min(held(label)["tongue"] for label in ("TH", "DH", "L", "N", "D", "T")) > 0.8
    assert max(held(label)["tongue"] for label in ("AA", "UW", "B", "K", "W")) < 0.15


def test_teeth_meet_in_s_and_lips_never_shut_in_a_vowel() -> None:
    assert 0 < held("S")["jaw"] < 0.15
    assert max(held(vowel)["closure"] for vowel in VISEMES if vowel[0] in "AEIOU") == 0.0


@pytest.mark.parametrize("voice", ["annie", "michael", "grandpa", "andrea"])
def test_spoken_words_look_as_they_should(voice: str) -> None:
    said = spoken("bin blue at two five please", voice)
    track = track_mouth(said.phones, 75)
    for phone in said.phones:
        during = frames_of(phone)
        if phone.label == "UW":
            assert track["spread"][during].min() < -0.8
            assert track["protrusion"][during].max() > 0.8
        if phone.label in ("F", "V"):
            assert track["tuck"][during].max() == 1.0
    closed = np.flatnonzero((track["closure"][1:] == 1.0) & (track["closure"][:-1] < 1.0))
    assert len(closed) == 3  # bin, blue, please


def test_lips_are_rounded_before_a_rounded_vowel_is_heard() -> None:
    # "s" keeps the lips drawn out in "see" and lets them round in "soon".
    see, soon = ([Segment(0.4, 0.5, "S"), Segment(0.5, 0.7, vowel)] for vowel in ("IY", "UW"))
    last_frame_of_s = 12
    assert track_mouth(see, 30)["spread"][last_frame_of_s] > 0.4
    assert track_mouth(soon, 30)["spread"][last_frame_of_s] < -0.2


def test_a_diphthong_moves() -> None:
    phones = [Segment(0.4, 0.8, "AY")]
    track = track_mouth(phones, 30)
    assert track["jaw"][12] > 0.9
    assert track["jaw"][18] < 0.4
    assert track["spread"][18] > 0.8


def test_effort_scales_the_opening_but_not_the_closure() -> None:
    phones = [Segment(0.4, 0.5, "B"), Segment(0.5, 0.8, "AA")]
    mumbled, plain = (track_mouth(phones, 30, effort=effort) for effort in (0.8, 1.0))
    np.testing.assert_allclose(mumbled["jaw"], 0.8 * plain["jaw"], atol=1e-3)
    np.testing.assert_array_equal(mumbled["closure"], plain["closure"])


def test_a_silent_face_is_at_rest() -> None:
    assert not any(values.any() for values in track_mouth([], 10).values())
    after = track_mouth([Segment(0.4, 0.6, "AA")], 40)
    assert all(np.abs(values[25:]).max() < 0.01 for values in after.values())


@pytest.mark.parametrize("seed", range(6))
def test_a_head_moves_little_and_smoothly_and_blinks(seed: int) -> None:
    words = spoken(spell_out("bbaf2n")).words
    track = track_head(words, 250, np.random.default_rng(seed), yaw=20.0)
    assert set(track) == {"yaw", "pitch", "roll", "shift_x", "shift_y", "blink", "brow"}
    assert np.abs(track["yaw"]).max() <= LARGEST_YAW
    assert track["yaw"].mean() == pytest.approx(20.0, abs=2.5)
    assert max(np.abs(np.diff(track[name])).max() for name in ("yaw", "pitch", "roll")) < 0.5
    assert max(np.abs(track[name]).max() for name in ("shift_x", "shift_y")) < 0.02
    assert 0.0 <= track["blink"].min() < track["blink"].max() == 1.0
    assert (track["blink"] > 0.5).mean() < 0.2
    assert 0.0 <= track["brow"].min() <= track["brow"].max() <= 1.0


def test_a_head_is_the_same_for_the_same_seed_and_another_for_another() -> None:
    one, again, other = (track_head([], 75, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one["yaw"], again["yaw"])
    assert np.abs(one["yaw"] - other["yaw"]).max() > 0.1
