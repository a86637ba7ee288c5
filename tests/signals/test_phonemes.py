"""Forced alignment: against puppets whose phones are known, GRID's own word times, and bad input."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lipcourse.corpora.grid import GridCorpus, sentence
from lipcourse.corpora.puppet.phones import ARPABET
from lipcourse.corpora.puppet.sentences import spell_out
from lipcourse.corpora.puppet.voice import SAMPLE_RATE, VOICES, Utterance, place, speak
from lipcourse.errors import OptionError, SignalError
from lipcourse.media import Segment
from lipcourse.signals.phonemes import STEP_SECONDS, Alignment, align_phonemes

CODES = ("bbaf2n", "lwizzp", "sgbv9a", "pray1s", "lgwe8n", "sriq4p")
SENTENCE = sentence(CODES[0])


def say(code: str, voice: str = "annie") -> Utterance:
    """A puppet's voice in three seconds of digital silence."""
    utterance = speak(spell_out(code), VOICES[voice], words=tuple(sentence(code).split()))
    return place(utterance, 3.0, 0.6)


@pytest.fixture(scope="module")
def said() -> Utterance:
    return say(CODES[0])


@pytest.fixture(scope="module")
def aligned(said: Utterance) -> Alignment:
    return align_phonemes(said.waveform, SAMPLE_RATE, SENTENCE)


def shared_starts(found: tuple[Segment, ...], truth: tuple[Segment, ...]) -> Iterator[tuple[float, float]]:
    """Starts of the phones that both have, in order: accents differ in a phone here and there."""
    names = [[phone.label for phone in phones] for phones in (found, truth)]
    for i, j, count in SequenceMatcher(None, *names, autojunk=False).get_matching_blocks():
        for step in range(count):
            yield found[i + step].start, truth[j + step].start


def test_phones_of_puppets_begin_where_they_begin() -> None:
    voices = list(VOICES)
    phones, words, count = [], [], 0
    for number, code in enumerate(CODES * 2):
        utterance = say(code, voices[5 * number % len(voices)])
        alignment = align_phonemes(utterance.waveform, SAMPLE_RATE, sentence(code))
        phones += shared_starts(alignment.phones, utterance.phones)
        words += [(a.start, b.start) for a, b in zip(alignment.words, utterance.words, strict=True)]
        count += len(utterance.phones)
    assert len(phones) > 0.9 * count
    errors = np.diff(phones)[:, 0]
    assert np.median(np.abs(errors)) < 0.02
    assert abs(np.median(errors)) < 0.01
    assert np.median(np.abs(np.diff(words))) < 0.02


@pytest.mark.grid
def test_words_of_grid_begin_where_its_own_files_say(grid_root: Path) -> None:
    corpus = GridCorpus(grid_root)
    keys = corpus.keys()
    errors, fits = [], []
    for index in range(20):
        clip = corpus.clip(keys[index * len(keys) // 20])
        alignment = align_phonemes(clip.waveform, clip.sample_rate, clip.transcript)
        assert [word.label for word in alignment.words] == [word.label for word in clip.words]
        errors += [a.start - b.start for a, b in zip(alignment.words, clip.words, strict=True)]
        fits.append(alignment.fit)
    assert np.median(np.abs(errors)) < 0.05
    assert min(fits) > -30


def test_segments_are_in_order_and_phones_fill_their_words(aligned: Alignment) -> None:
    assert " ".join(word.label for word in aligned.words) == SENTENCE
    assert {phone.label for phone in aligned.phones} <= ARPABET
    times = [time for phone in aligned.phones for time in (phone.start, phone.end)]
    assert times == sorted(times)
    assert all(phone.end - phone.start >= 3 * STEP_SECONDS - 1e-9 for phone in aligned.phones)
    starts, ends = ({getattr(phone, side) for phone in aligned.phones} for side in ("start", "end"))
    assert {word.start for word in aligned.words} <= starts
    assert {word.end for word in aligned.words} <= ends
    assert aligned.guessed == {}


def test_the_same_sound_gives_the_same_whatever_came_before(said: Utterance, aligned: Alignment) -> None:
    other = say(CODES[1], "boris")
    align_phonemes(other.waveform, SAMPLE_RATE, sentence(CODES[1]))
    assert align_phonemes(said.waveform, SAMPLE_RATE, SENTENCE) == aligned


@settings(max_examples=4, deadline=None)
@given(decibels=st.floats(-40, 3))
def test_loudness_does_not_matter(said: Utterance, aligned: Alignment, decibels: float) -> None:
    louder = align_phonemes(said.waveform * 10 ** (decibels / 20), SAMPLE_RATE, SENTENCE)
    assert [phone.label for phone in louder.phones] == [phone.label for phone in aligned.phones]
    starts = [[phone.start for phone in one.phones] for one in (louder, aligned)]
    assert np.abs(np.diff(starts, axis=0)).max() <= STEP_SECONDS + 1e-9


def test_a_later_sound_is_found_later(said: Utterance, aligned: Alignment) -> None:
    later = align_phonemes(np.roll(said.waveform, SAMPLE_RATE // 2), SAMPLE_RATE, SENTENCE)
    shifts = [a.start - b.start for a, b in zip(later.phones, aligned.phones, strict=True)]
    assert np.median(shifts) == pytest.approx(0.5, abs=STEP_SECONDS)


def test_another_sample_rate_changes_little(said: Utterance, aligned: Alignment) -> None:
    half = align_phonemes(said.waveform[::2], SAMPLE_RATE // 2, SENTENCE)
    shifts = [a.start - b.start for a, b in zip(half.phones, aligned.phones, strict=True)]
    assert np.median(np.abs(shifts)) <= STEP_SECONDS + 1e-9


def test_no_segment_ends_after_the_sound() -> None:
    utterance = speak(spell_out(CODES[0]), VOICES["annie"])
    alignment = align_phonemes(utterance.waveform, SAMPLE_RATE, SENTENCE)
    assert alignment.phones[-1].end <= utterance.seconds + 1e-3


@pytest.mark.parametrize("text", ["Bin blue,\n at F — two now!", "“BIN BLUE AT F TWO NOW.”"])
def test_case_and_punctuation_do_not_matter(said: Utterance, aligned: Alignment, text: str) -> None:
    assert align_phonemes(said.waveform, SAMPLE_RATE, text) == aligned


def test_of_two_readings_the_one_that_is_heard_is_taken(said: Utterance) -> None:
    """The letter z is "zed" in England, "zee" in America."""
    for voice, expected in (("edward", ["Z", "EH", "D"]), ("annie", ["Z", "IY"])):
        heard = align_phonemes(say("lwizzp", voice).waveform, SAMPLE_RATE, sentence("lwizzp"))
        letter = heard.words[3]
        assert letter.label == "z"
        assert [p.label for p in heard.phones if letter.start <= p.start < letter.end] == expected
    given_readings = align_phonemes(
        said.waveform, SAMPLE_RATE, SENTENCE, pronunciations={"now": ["N OW", "n aw"]}
    )
    assert [phone.label for phone in given_readings.phones][-2:] == ["N", "AW"]


def test_a_word_that_no_dictionary_has_is_guessed_and_told(said: Utterance, aligned: Alignment) -> None:
    alignment = align_phonemes(said.waveform, SAMPLE_RATE, SENTENCE.replace("blue", "blooh"))
    assert alignment.guessed == {"blooh": ("B", "L", "UW")}
    assert alignment.phones == aligned.phones
    assert alignment.words[1] == aligned.words[1]._replace(label="blooh")


def test_digits_are_read_as_numbers(said: Utterance) -> None:
    alignment = align_phonemes(said.waveform, SAMPLE_RATE, SENTENCE.replace("two", "2"))
    assert alignment.guessed == {"2": ("T", "UW")}


@pytest.mark.parametrize("text", ["the quick brown fox jumps over the lazy dog", SENTENCE * 8])
def test_a_transcript_that_does_not_fit_is_refused(said: Utterance, text: str) -> None:
    with pytest.raises(SignalError, match=r"clip\.mp4: '.*(cannot be heard|does not fit)"):
        align_phonemes(said.waveform, SAMPLE_RATE, text, where="clip.mp4")


def test_a_poor_fit_is_taken_where_one_is_allowed() -> None:
    waveform = say("lwizzp").waveform
    wrong = sentence("sgbv9a")
    with pytest.raises(SignalError, match="does not fit the sound"):
        align_phonemes(waveform, SAMPLE_RATE, wrong)
    alignment = align_phonemes(waveform, SAMPLE_RATE, wrong, least_fit=float("-inf"))
    right = align_phonemes(waveform, SAMPLE_RATE, sentence("lwizzp"))
    assert right.fit > alignment.fit + 5


SOUND = np.random.default_rng(0).normal(size=16000)


@pytest.mark.parametrize(
    ("waveform", "text", "told"),
    [
        (SOUND, "", "the transcript has no words; write down what is said"),
        (SOUND, " -- ?! ", "the transcript has no words"),
        (np.zeros(16000), "hello", "there is no sound in it"),
        (np.full(16000, 1e-6), "hello", "there is no sound in it"),
        (np.zeros(0), "hello", "there is no sound in it"),
        (SOUND[:5], "hello", "'hello' cannot be heard in its 0.00 s"),
        (SOUND[:400], "hello", "'hello' cannot be heard in its 0.03 s"),
        (np.stack([SOUND, SOUND]), "hello", "one channel of finite numbers"),
        (np.where(SOUND > 3, np.nan, SOUND), "hello", "one channel of finite numbers"),
    ],
)
def test_what_cannot_be_aligned_is_said_in_a_line(waveform: np.ndarray, text: str, told: str) -> None:
    with pytest.raises(SignalError) as caught:
        align_phonemes(waveform, 16000, text, where="clip.mp4")
    assert told in str(caught.value)
    assert str(caught.value).startswith("clip.mp4: ")
    assert "\n" not in str(caught.value)


def test_a_reading_that_is_not_arpabet_is_refused(said: Utterance) -> None:
    with pytest.raises(OptionError, match="'N AU' does not say 'now' in ARPABET"):
        align_phonemes(said.waveform, SAMPLE_RATE, SENTENCE, pronunciations={"now": "N AU"})
