"""Forced alignment: when each word and each phone of a transcript is heard.

The words are known; the question is when. pocketsphinx (CMU Sphinx) answers it in two passes with its English
acoustic model: the first finds the words, and of a word's readings the one that is heard; the second finds
the phones in them. Taught in notebook 05.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import pocketsphinx
from numpy.typing import ArrayLike, NDArray
from scipy.signal import resample_poly

from lipcourse.errors import SignalError
from lipcourse.media import Segment
from lipcourse.signals.pronunciation import Pronunciations, Reading, pronounce, split_words

SAMPLE_RATE = 16_000
STEP_SECONDS = 0.01

LATE_SECONDS = 0.0078
"""A step is heard through a window of 25.6 ms that begins with it: half of what the window is longer."""

NOISE_DECIBELS = 30.0
"""Noise this far below the mean power goes over every sound: in digital silence pocketsphinx finds no way."""

LEAST_PEAK = 1e-4
"""A sound that never comes above this (-80 dB) is silence."""

LEAST_FIT = -38.0
"""The right words had a fit of -34 or better on 207 clips of GRID and 80 of puppets; wrong ones -43 on
average, where they were heard at all."""

_TOLD_CHARACTERS = 60


class Alignment(NamedTuple):
    """What is heard when.

    Attributes:
        words: Each word of the transcript, in small letters, with its start and end in seconds.
        phones: Each phone in ARPABET. Silence between words is in neither of the two.
        fit: How well the sound goes with the words: the mean score of 10 ms of speech, a logarithm in
            pocketsphinx's own unit. About -17 for the right words, -43 for wrong ones.
        guessed: Words that the dictionary lacks, and how eSpeak reads them.
    """

    words: tuple[Segment, ...]
    phones: tuple[Segment, ...]
    fit: float
    guessed: Mapping[str, Reading]


def align_phonemes(
    waveform: ArrayLike,
    sample_rate: int,
    transcript: str,
    *,
    pronunciations: Pronunciations | None = None,
    least_fit: float = LEAST_FIT,
    where: object | None = None,
) -> Alignment:
    """Find when each word and phone of a transcript is heard.

    A word that the dictionary lacks is read as eSpeak would say it, and told in `guessed`. How loud the sound
    is does not matter.

    Args:
        waveform: (N,), mono.
        sample_rate: Samples a second; other rates than 16 kHz are resampled.
        transcript: What is said, in English. Case, punctuation and line breaks do not matter.
        pronunciations: How words are said, in ARPABET without stress, in place of the dictionary's:
            {"grid": "G R IH D"}, or several readings, of which the one that is heard is taken.
        least_fit: A worse fit than this is refused; -inf refuses none.
        where: The file or clip, for errors.

    Returns:
        Words and phones in order, none before the one ahead of it has ended.

    Raises:
        SignalError: The transcript has no words, a word cannot be read, there is no sound, or the words are
            not heard in it.
        OptionError: A pronunciation is not one in ARPABET.
        ModelError: eSpeak is needed and cannot be loaded.

    Source: Huggins-Daines et al., "Pocketsphinx: a free, real-time continuous speech recognition system"
    (ICASSP 2006), by the library's `set_align_text` and `set_alignment`.

    Taught in notebook 05.
    """
    words = split_words(transcript)
    if not words:
        raise SignalError("the transcript has no words", where=where, remedy="write down what is said")
    samples = _listen(waveform, sample_rate, where)
    readings, guessed = pronounce(words, pronunciations, where=where)
    found = _two_passes(samples, readings, words)
    told = repr(transcript.strip()[:_TOLD_CHARACTERS])
    seconds = len(samples) / SAMPLE_RATE
    if found is None:
        raise SignalError(
            f"{told} cannot be heard in its {seconds:.2f} s",
            where=where,
            remedy="compare the transcript with the sound",
        )
    phones, score = found
    fit = score / sum(length for word in phones for _, _, length in word)
    if fit < least_fit:
        raise SignalError(
            f"{told} does not fit the sound ({fit:.0f} where {least_fit:g} is allowed)",
            where=where,
            remedy="compare the transcript with the sound",
        )
    timed = [tuple(_segment(*phone, seconds) for phone in word) for word in phones]
    return Alignment(
        tuple(Segment(word[0].start, word[-1].end, label) for label, word in zip(words, timed, strict=True)),
        tuple(phone for word in timed for phone in word),
        fit,
        guessed,
    )


def _listen(waveform: ArrayLike, sample_rate: int, where: object | None) -> NDArray[np.int16]:
    """Bring a sound to what pocketsphinx takes: int16 at 16 kHz, always as loud, never digitally silent.

    Raises:
        SignalError: It is no sound, or silence.
    """
    samples = np.asarray(waveform, dtype=np.float64)
    if samples.ndim != 1 or not np.isfinite(samples).all():
        raise SignalError(
            "the sound must be one channel of finite numbers", where=where, remedy="convert it again"
        )
    peak = np.abs(samples).max(initial=0.0)
    if peak < LEAST_PEAK:
        raise SignalError("there is no sound in it", where=where, remedy="choose a clip in which one speaks")
    ratio = Fraction(SAMPLE_RATE, sample_rate)
    resampled = resample_poly(samples / peak, ratio.numerator, ratio.denominator)
    level = np.sqrt(np.mean(np.square(resampled))) * 10 ** (-NOISE_DECIBELS / 20)
    noisy = resampled + level * np.random.default_rng(0).standard_normal(len(resampled))
    return np.asarray(np.clip(0.7 * noisy, -1, 1) * 32767, dtype=np.int16)


def _two_passes(
    samples: NDArray[np.int16], readings: Mapping[str, tuple[Reading, ...]], words: tuple[str, ...]
) -> tuple[list[list[tuple[str, int, int]]], int] | None:
    """Align words, then phones; None where no way through the sound reaches the last word.

    Returns:
        For each word its phones, each with its first step of 10 ms and how many; and the score of all words.
    """
    # A decoder remembers what it heard last: a new one, of these words alone (20 ms), always answers alike.
    # A best path through the word lattice may leave a phone a single step, where the second pass needs three.
    decoder = pocketsphinx.Decoder(dict=None, lm=None, bestpath=False, loglevel="FATAL")
    for word, several in readings.items():
        for number, reading in enumerate(several, start=1):
            decoder.add_word(word if number == 1 else f"{word}({number})", " ".join(reading), True)
    decoder.set_align_text(" ".join(words))
    try:
        _decode(decoder, samples)
        if decoder.hyp() is None:
            return None
        decoder.set_alignment()
        _decode(decoder, samples)
    except RuntimeError:
        return None
    phones, score = [], 0
    # What an entry says is only true until the next is asked for.
    for word in decoder.get_alignment():
        if not word.name.startswith(("<", "[")):  # silence and noises
            score += word.score
            phones.append([(phone.name, phone.start, phone.duration) for phone in word])
    return phones, score


def _decode(decoder: pocketsphinx.Decoder, samples: NDArray[np.int16]) -> None:
    """Let a decoder hear a sound from its start to its end."""
    decoder.start_utt()
    decoder.process_raw(samples.tobytes(), full_utt=True)
    decoder.end_utt()


def _segment(label: str, first: int, length: int, seconds: float) -> Segment:
    """Turn steps of 10 ms into seconds."""
    start, end = (min(step * STEP_SECONDS + LATE_SECONDS, seconds) for step in (first, first + length))
    return Segment(start, end, label)
