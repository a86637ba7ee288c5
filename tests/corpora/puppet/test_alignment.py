"""An aligner that knows nothing of puppets hears their phones where they say they are."""

from __future__ import annotations

import difflib

import numpy as np
from pocketsphinx import Decoder
from scipy.signal import resample_poly

from lipcourse.corpora.grid import sentence
from lipcourse.corpora.puppet.sentences import draw_sentences, spell_out
from lipcourse.corpora.puppet.voice import SAMPLE_RATE, VOICES, Utterance, add_noise, place, speak
from lipcourse.media import Segment

SILENCES = {"SIL", "+NSN+", "+SPN+"}


def align(utterance: Utterance, text: str) -> list[Segment] | None:
    """Align with pocketsphinx's American model, in two passes, words then phones; None where it gives up."""
    at_16_khz = resample_poly(utterance.waveform.astype(np.float64), 160, SAMPLE_RATE // 100)
    samples = np.clip(at_16_khz * 32767, -32768, 32767).astype(np.int16).tobytes()
    decoder = Decoder(lm=None, loglevel="FATAL", samprate=16_000)
    decoder.set_align_text(text)
    for start_second_pass in (None, decoder.set_alignment):
        if start_second_pass is not None:
            if decoder.hyp() is None:
                return None
            start_second_pass()
        decoder.start_utt()
        decoder.process_raw(samples, full_utt=True)
        decoder.end_utt()
    return [
        Segment(phone.start / 100, (phone.start + phone.duration) / 100, phone.name)
        for word in decoder.get_alignment()
        for phone in word
        if phone.name not in SILENCES
    ]


def start_errors(utterance: Utterance, heard: list[Segment]) -> list[float]:
    """How late each phone starts, in seconds; those that the dictionary reads otherwise are left out."""
    said = utterance.phones
    same = difflib.SequenceMatcher(None, [p.label for p in heard], [p.label for p in said], autojunk=False)
    return [
        said[block.b + step].start - heard[block.a + step].start
        for block in same.get_matching_blocks()
        for step in range(block.size)
    ]


ROOM_DB = 30.0
"""The aligner learnt from rooms; it is lost where silence is all zeros, so that of a quiet room is added."""


def test_a_forced_alignment_finds_the_phones() -> None:
    errors: list[float] = []
    phones = aligned = 0
    random = np.random.default_rng(0)
    for number, voice in enumerate(VOICES.values(), 1):
        (code,) = draw_sentences(number, 1, random)
        said = place(speak(spell_out(code), voice), 3.0, 0.4)
        heard = align(add_noise(said, ROOM_DB, random), sentence(code))
        phones += len(said.phones)
        if heard is not None:
            aligned += 1
            errors += start_errors(said, heard)
    assert aligned >= 0.9 * len(VOICES)
    assert len(errors) >= 0.75 * phones
    assert np.median(np.abs(errors)) < 0.040
    assert abs(np.median(errors)) < 0.020  # neither early nor late on the whole
    assert np.mean(np.abs(errors) < 0.060) > 0.75
