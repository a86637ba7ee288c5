"""The puppets' voices: text to sound, words and phones with their times.

The sounds are eSpeak NG's, whose synthesiser knows when each phoneme begins. Taught in notebooks 04 and 05.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from lipcourse.corpora.puppet import espeak
from lipcourse.corpora.puppet.phones import PLOSIVES, is_pause, to_arpabet
from lipcourse.errors import CorpusError, OptionError
from lipcourse.media import Segment

SAMPLE_RATE = 44_100
"""GRID's: twice what eSpeak makes."""

PEAK = 0.7
"""How loud every utterance is at its loudest, full scale being 1."""

_LONGEST_CLOSURE_SECONDS = 0.06
_SILENT_SHARE_OF_PEAK = 0.02
# Of a sound that ARPABET writes with two phones, the first takes the greater part: "ar" is mostly "ah".
_FIRST_OF_TWO = 0.6
_SHORTEST_PHONE_SECONDS = 0.012


@dataclass(frozen=True)
class Voice:
    """A way to speak.

    Attributes:
        name: What users call it.
        accent: eSpeak's name of the kind of English.
        variant: eSpeak's name of the timbre.
        gender: Which faces the voice goes with.
        pitch: From 0 to 100; 50 is the variant's own.
        pitch_range: How lively the melody is, 0 to 100.
        rate: Words a minute.
    """

    name: str
    accent: str
    variant: str
    gender: Literal["female", "male"]
    pitch: int = 50
    pitch_range: int = 50
    rate: int = 155

    @property
    def rhotic(self) -> bool:
        """Whether the r of "car" is spoken."""
        return self.accent in ("en-us", "en-gb-scotland")

    def vary(self, random: np.random.Generator) -> Voice:
        """Return this voice as a talker of its own has it: a little higher or lower, faster or slower."""
        return replace(
            self,
            pitch=self.pitch + int(random.integers(-8, 9)),
            pitch_range=self.pitch_range + int(random.integers(-15, 16)),
            rate=self.rate + int(random.integers(-8, 9)),
        )


_AMERICA, _ENGLAND, _RECEIVED = "en-us", "en", "en-gb-x-rp"
_SCOTLAND, _LANCASHIRE, _MIDLANDS = "en-gb-scotland", "en-gb-x-gbclan", "en-gb-x-gbcwmd"

# Variants whose pauses are silent: an echo or breath would hide where a stop closes.
VOICES: dict[str, Voice] = {
    voice.name: voice
    for voice in (
        Voice("annie", _AMERICA, "Annie", "female", pitch=55),
        Voice("linda", _AMERICA, "linda", "female", pitch_range=60),
        Voice("steph", _ENGLAND, "steph", "female"),
        Voice("belinda", _RECEIVED, "belinda", "female", rate=160),
        Voice("anika", _AMERICA, "anika", "female", rate=117),
        Voice("andrea", _ENGLAND, "Andrea", "female", rate=119),
        Voice("fiona", _SCOTLAND, "linda", "female", pitch=58, rate=160),
        Voice("auntie", _LANCASHIRE, "aunty", "female", rate=160),
        Voice("grandma", _RECEIVED, "grandma", "female", pitch_range=40, rate=150),
        Voice("stella", _AMERICA, "steph3", "female", pitch=46),
        Voice("olive", _MIDLANDS, "Annie", "female", pitch=42, pitch_range=60),
        Voice("wilma", _AMERICA, "f1", "female", rate=160),
        Voice("michael", _AMERICA, "Michael", "male"),
        Voice("max", _ENGLAND, "max", "male"),
        Voice("paul", _AMERICA, "paul", "male", pitch=45),
        Voice("robert", _RECEIVED, "robert", "male"),
        Voice("boris", _AMERICA, "boris", "male", pitch=40, pitch_range=35),
        Voice("angus", _SCOTLAND, "m4", "male", pitch=45),
        Voice("quincy", _AMERICA, "quincy", "male", pitch=58),
        Voice("edward", _ENGLAND, "edward", "male"),
        Voice("alex", _AMERICA, "Alex", "male", pitch_range=60),
        Voice("lee", _LANCASHIRE, "Lee", "male", rate=160),
        Voice("grandpa", _RECEIVED, "grandpa", "male", rate=150),
        Voice("norman", _MIDLANDS, "m7", "male"),
        Voice("andy", _AMERICA, "Andy", "male", rate=160),
        Voice("adam", _AMERICA, "adam", "male", pitch=55),
        Voice("david", _ENGLAND, "david", "male"),
        Voice("marcus", _AMERICA, "m3", "male", rate=150),
    )
}
"""All voices by name."""


class Utterance(NamedTuple):
    """Something said.

    Attributes:
        waveform: float32 (N,), mono, in [-1, 1], at `SAMPLE_RATE`.
        words: When each word is said; silence is left out.
        phones: When each phone is said, in ARPABET without stress; a stop includes its closure.
    """

    waveform: NDArray[np.float32]
    words: tuple[Segment, ...]
    phones: tuple[Segment, ...]

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self.waveform) / SAMPLE_RATE


def choose_voice(name: str) -> Voice:
    """Return the voice of that name.

    Raises:
        OptionError: There is none.
    """
    if name not in VOICES:
        raise OptionError(f"there is no voice {name!r}", remedy=f"choose from {', '.join(VOICES)}")
    return VOICES[name]


def speak(text: str, voice: Voice, *, words: tuple[str, ...] | None = None) -> Utterance:
    """Say a text.

    The same text and voice give the same samples in every process and thread.

    Args:
        text: English; a few words or a paragraph.
        voice: One of `VOICES`, or your own.
        words: What to call each word of the text; None for the text's own spelling.

    Returns:
        Sound, words and phones. It begins with the first sound and ends with the last.

    Raises:
        CorpusError: eSpeak reads the text as nothing (blank, only punctuation), or as a sound foreign to
            English.
        ModelError: eSpeak cannot be loaded.
    """
    tokens = text.split()
    samples, phonemes = espeak.synthesise(
        " ".join(tokens),
        f"{voice.accent}+{voice.variant}",
        pitch=voice.pitch,
        pitch_range=voice.pitch_range,
        rate=voice.rate,
    )
    phones, owners = _date_phones(samples, phonemes, voice.rhotic)
    if not phones:
        raise CorpusError(
            f"eSpeak reads the text {text!r} as nothing", remedy="give it at least one English word"
        )
    # After an abbreviation's full stop eSpeak names the space before a word: what ends there is over.
    ends = np.cumsum([len(token) + 1 for token in tokens]) - 1
    numbers = [min(int(np.searchsorted(ends, owner, side="right")), len(tokens) - 1) for owner in owners]
    spoken = tuple(
        Segment(
            min(phone.start for phone, owner in zip(phones, numbers, strict=True) if owner == number),
            max(phone.end for phone, owner in zip(phones, numbers, strict=True) if owner == number),
            (words or tokens)[number],
        )
        for number in sorted(set(numbers))
    )
    # Twice the rate: a low-pass filter without delay, so that times stay as they are.
    doubled = resample_poly(samples.astype(np.float64), SAMPLE_RATE // espeak.SAMPLE_RATE, 1)
    return Utterance(_to_grid(doubled * (PEAK / np.abs(doubled).max())), spoken, phones)


def _date_phones(
    samples: NDArray[np.int16], phonemes: tuple[espeak.Phoneme, ...], rhotic: bool
) -> tuple[tuple[Segment, ...], list[int]]:
    """Turn eSpeak's events into phones with a start and an end, and say where each one's word begins.

    eSpeak reports a stop at its burst, after the silence of its closure, which ARPABET (and the lips) count
    as part of the stop: a stop begins where the sound before its burst ends.
    """
    silent = np.abs(samples.astype(np.int32)) <= _SILENT_SHARE_OF_PEAK * np.abs(samples).max(initial=0)
    longest = int(_LONGEST_CLOSURE_SECONDS * espeak.SAMPLE_RATE)
    marks: list[tuple[float, tuple[str, ...], int]] = []
    for phoneme in phonemes:
        labels = () if is_pause(phoneme.symbol) else to_arpabet(phoneme.symbol, rhotic=rhotic)
        if not labels and not is_pause(phoneme.symbol):
            continue
        same_word = bool(marks) and marks[-1][2] == phoneme.character
        if same_word and labels == ("R",) and marks[-1][1][-1:] in (("R",), ("ER",)):
            continue  # "A@ r" is one r
        start: int = phoneme.sample
        if labels and labels[0] in PLOSIVES:
            before = silent[max(start - longest, 0) : start][::-1]
            start -= len(before) if before.all() else int(np.argmin(before))
        seconds = start / espeak.SAMPLE_RATE
        marks.append((max(seconds, marks[-1][0]) if marks else seconds, labels, phoneme.character))
    ends = [start for start, _, _ in marks[1:]] + [len(samples) / espeak.SAMPLE_RATE]
    phones: list[Segment] = []
    owners: list[int] = []
    for (begin, labels, character), end in zip(marks, ends, strict=True):
        middle = begin + (end - begin) * (_FIRST_OF_TWO if len(labels) == 2 else 1.0)
        for label, (first, last) in zip(labels, ((begin, middle), (middle, end)), strict=False):
            if last - first < _SHORTEST_PHONE_SECONDS and phones and phones[-1].end == first:
                # An "l" after a vowel is reported when it is over: it sounds within the vowel's last part.
                vowel = phones[-1]
                first = vowel.end - (vowel.end - vowel.start) * (1.0 - _FIRST_OF_TWO)
                phones[-1] = vowel._replace(end=first)
            phones.append(Segment(first, last, label))
            owners.append(character)
    return tuple(phones), owners


def place(utterance: Utterance, seconds: float, start: float) -> Utterance:
    """Put an utterance into silence.

    Args:
        utterance: What is said.
        seconds: How long the result is.
        start: When the utterance begins in it, in seconds; rounded to a whole sample.

    Returns:
        The same words and phones, later by `start`.

    Raises:
        CorpusError: The utterance does not end in time.
    """
    first = round(start * SAMPLE_RATE)
    waveform = np.zeros(round(seconds * SAMPLE_RATE), np.float32)
    if first < 0 or first + len(utterance.waveform) > len(waveform):
        raise CorpusError(
            f"{utterance.seconds:.2f} s of speech from {start:.2f} s do not fit into {seconds:.2f} s",
            remedy="shorten the text, raise the voice's rate, or make the clip longer",
        )
    waveform[first : first + len(utterance.waveform)] = utterance.waveform
    later = first / SAMPLE_RATE
    words, phones = (
        tuple(Segment(begin + later, end + later, label) for begin, end, label in segments)
        for segments in (utterance.words, utterance.phones)
    )
    return Utterance(waveform, words, phones)


def add_noise(utterance: Utterance, snr: float, random: np.random.Generator) -> Utterance:
    """Add white noise.

    Args:
        utterance: Something said, in silence or not.
        snr: Power of the speech, while there is any, over that of the noise, in decibels.
        random: Draws the noise.

    Returns:
        The same with noise throughout; turned down as a whole where the sum would pass full scale.
    """
    speech = np.concatenate(
        [
            utterance.waveform[round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE)]
            for start, end, _ in utterance.phones
        ]
    ).astype(np.float64)
    level = np.sqrt(np.mean(speech**2)) * 10 ** (-snr / 20)
    noisy = utterance.waveform + level * random.standard_normal(len(utterance.waveform))
    return utterance._replace(waveform=_to_grid(noisy / max(1.0, float(np.abs(noisy).max()))))


def _to_grid(waveform: NDArray[np.float64]) -> NDArray[np.float32]:
    """Round to 16 bits: what another processor computes differently in the last place comes out the same."""
    return (np.round(waveform * 32767) / 32768).astype(np.float32)
