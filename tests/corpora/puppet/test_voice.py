from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest
from scipy.signal import welch

from lipcourse.corpora.puppet.phones import ARPABET, PLOSIVES, to_arpabet
from lipcourse.corpora.puppet.sentences import spell_out
from lipcourse.corpora.puppet.voice import (
    SAMPLE_RATE,
    VOICES,
    Utterance,
    add_noise,
    choose_voice,
    place,
    speak,
)  # fmt: skip
from lipcourse.errors import CorpusError, OptionError
from lipcourse.media import Segment

TEXT = "place white with seven again please"
ACCENTS = {(voice.accent, voice.rhotic): voice for voice in VOICES.values()}

# Words that need every sound of English, the rare ones too; the test asks for as many of ARPABET's phones.
WORDS = """
about above action after again air all always amazing animal another answer apple are area arm around ask
author autumn away baby bath beautiful because before beige believe better bird blood blue boat bottle
bought boy bread breathe bridge bring brother brown build business button buy calm captain car catch caught
cautious chair change cheese child choice church city clear clothes cloud coffee cold colour comfortable
could country cow cure curious danger daughter day deaf decision deep diary different dinner doctor dog door
double doubt down dream drive early earth edge eight either element employer engine enough equation error
every example eye face fair family far father fear field fire first five flour flower fold food foot four
freezing friend fruit full fur future garage gentle girl give glass goat going good grass great green guard
guess half happen happy hard hear heart height here high hire history horse hotel hour house human hundred
idea important india individual iron island jewel join journey joy judge jump just kept key kind king
kitchen knife knowledge language large last late laugh law lazy learn leisure letter liar light lion listen
little loud love lower luggage machine many market marriage measure method middle mirror money month moon
more morning mother mountain mouth move music natural nature near neighbour new night nine nothing now
number object ocean office oil old onion open orange other our out over owl paper parrot pasture people
perhaps person phone picture piece pleasure poor possible power pure purple put question quick quiet radio
railway rare really red regime rhythm river road room rough round royal rural said sand saw scarce school
science seizure september serious seven shoe short shoulder sign silver singer sister six sketch small
social soldier something song soon sore sour spa square squirrel stairs start station stop story strange
strength sugar suit sure sweater table teacher theatre their thing think this thought thousand three through
thumb ticket time today together tomorrow tooth tower towel toy treasure triangle trouble tour two uncle
under unique university usual vague valley value various very video view village vision visual voice volume
voyage wagon walk war wash water weather week weird what wheel where which white who whole wild window
winter wire woman wonder word work world worry worth would wreck write year yellow yes yesterday young your
zebra zero zone
"""


def test_there_are_voices_enough_of_both_kinds_with_names_of_their_own() -> None:
    assert len(VOICES) >= 24
    for gender in ("female", "male"):
        assert sum(voice.gender == gender for voice in VOICES.values()) >= 10
    assert len({(v.accent, v.variant, v.pitch, v.rate) for v in VOICES.values()}) == len(VOICES)


@pytest.mark.parametrize("voice", VOICES.values(), ids=lambda voice: voice.name)
def test_every_voice_says_six_words_with_phones_of_arpabet_that_follow_each_other(voice) -> None:
    said = speak(TEXT, voice)
    assert [word.label for word in said.words] == TEXT.split()
    assert {phone.label for phone in said.phones} <= ARPABET
    for segments in (said.words, said.phones):
        assert all(start < end for start, end, _ in segments)
        assert all(first.end <= second.start + 1e-9 for first, second in pairwise(segments))
    assert 0 <= said.phones[0].start < said.phones[-1].end <= said.seconds
    assert said.words[0].start == said.phones[0].start
    assert said.words[-1].end == said.phones[-1].end
    assert np.abs(said.waveform).max() == pytest.approx(0.7, abs=1e-3)


def test_voices_sound_different() -> None:
    spectra = []
    for voice in VOICES.values():
        _, power = welch(speak("lay", voice).waveform, SAMPLE_RATE, nperseg=2048)
        spectra.append(np.log(power[:400] + 1e-12))
    distances = [np.abs(a - b).mean() for index, a in enumerate(spectra) for b in spectra[index + 1 :]]
    assert min(distances) > 0.1


@pytest.mark.parametrize("voice", ACCENTS.values(), ids=lambda voice: voice.accent)
def test_every_accent_says_every_word_of_a_broad_list_in_arpabet(voice) -> None:
    heard = set()
    every = WORDS.split()
    for start in range(0, len(every), 10):
        words = every[start : start + 10]
        said = speak(" ".join(words), voice)
        assert [word.label for word in said.words] == words
        assert min(end - start for start, end, _ in said.phones) > 0.005
        heard |= {phone.label for phone in said.phones}
    drops_its_h = voice.accent == "en-gb-x-gbcwmd"
    assert heard == ARPABET - ({"HH"} if drops_its_h else set())


@pytest.mark.parametrize("voice", ACCENTS.values(), ids=lambda voice: voice.accent)
def test_every_accent_says_every_word_of_the_grammar(voice) -> None:
    for letter, digit in zip("abcdefghijklmnopqrstuvxyz", "z123456789" * 3, strict=False):
        code = "bbaa"[:3] + letter + digit + "anps"[ord(letter) % 4]
        said = speak(spell_out(code), voice)
        assert len(said.words) == 6, code
    for code in ("lgiaza", "prwb1n", "swbc2p"):
        assert len(speak(spell_out(code), voice).words) == 6


@pytest.mark.parametrize(
    ("word", "phones"),
    [
        ("bin", "B IH N"), ("blue", "B L UW"), ("five", "F AY V"), ("please", "P L IY Z"), ("soon", "S UW N"),
        ("three", "TH R IY"), ("now", "N AW"), ("four", "F AO R"), ("white", "W AY T"), ("lay", "L EY"),
        ("with", "W IH DH"), ("joy", "JH OY"), ("church", "CH ER CH"), ("vision", "V IH ZH AH N"),
    ],
)  # fmt: skip
def test_an_american_voice_says_what_the_cmu_dictionary_has(word: str, phones: str) -> None:
    assert " ".join(phone.label for phone in speak(word, VOICES["michael"]).phones) == phones


def test_an_english_voice_leaves_the_r_out() -> None:
    assert [phone.label for phone in speak("four", VOICES["max"]).phones] == ["F", "AO"]
    assert to_arpabet("'A@") == ("AA", "R")
    assert to_arpabet("'A@", rhotic=False) == ("AA",)
    assert [p.label for p in speak("four red", VOICES["michael"]).phones] == ["F", "AO", "R", "R", "EH", "D"]


LETTERS = {
    "a": "EY", "b": "B IY", "c": "S IY", "d": "D IY", "e": "IY", "f": "EH F", "g": "JH IY", "h": "EY CH",
    "i": "AY", "j": "JH EY", "k": "K EY", "l": "EH L", "m": "EH M", "n": "EH N", "o": "OW", "p": "P IY",
    "q": "K Y UW", "r": "AA R", "s": "EH S", "t": "T IY", "u": "Y UW", "v": "V IY", "x": "EH K S",
    "y": "W AY", "z": "Z IY",
}  # fmt: skip


@pytest.mark.parametrize("letter", LETTERS)
def test_letters_are_spelled_and_not_read_as_words(letter: str) -> None:
    said = speak(spell_out(f"bba{letter}2n"), VOICES["annie"])
    start, end, _ = said.words[3]
    heard = [phone.label for phone in said.phones if start <= phone.start < end]
    assert " ".join(heard) == LETTERS[letter]


def test_a_stop_begins_with_its_closure_which_is_silent() -> None:
    said = speak("a happy papa", VOICES["michael"])
    stops = [phone for phone in said.phones if phone.label == "P"]
    assert len(stops) == 3
    for start, end, _ in stops:
        closed = said.waveform[round((start + 0.008) * SAMPLE_RATE) : round((start + 0.03) * SAMPLE_RATE)]
        burst = said.waveform[round((start + 0.03) * SAMPLE_RATE) : round((end + 0.02) * SAMPLE_RATE)]
        assert np.abs(closed).max() < 0.03 * np.abs(said.waveform).max()
        assert np.abs(burst).max() > 4 * np.abs(closed).max()
    assert {"P", "T", "K", "CH"} <= PLOSIVES


def test_the_sound_of_an_utterance_does_not_depend_on_what_was_said_before() -> None:
    first = speak(TEXT, VOICES["linda"])
    for name in ("grandpa", "edward", "annie"):
        speak("something else altogether", VOICES[name])
    again = speak(TEXT, VOICES["linda"])
    np.testing.assert_array_equal(first.waveform, again.waveform)
    assert first.phones == again.phones


def _samples(job: tuple[str, str]) -> bytes:
    text, voice = job
    return speak(text, VOICES[voice]).waveform.tobytes()


JOBS = [(text, voice) for voice in ("annie", "grandpa", "edward") for text in ("bin blue", "set red now")] * 2


def test_threads_do_not_mix_their_voices() -> None:
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(_samples, JOBS)) == [_samples(job) for job in JOBS]


METHODS = sorted({"fork", "spawn"} & set(multiprocessing.get_all_start_methods()))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.filterwarnings("ignore:This process")
def test_processes_do_not_mix_their_voices(method: str) -> None:
    alone = [_samples(job) for job in JOBS]
    with ProcessPoolExecutor(2, multiprocessing.get_context(method)) as pool:
        assert list(pool.map(_samples, JOBS)) == alone


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:This process")
def test_a_child_forked_while_another_thread_speaks_can_speak() -> None:
    with ThreadPoolExecutor(1) as pool:
        speaking = pool.submit(lambda: [_samples(job) for job in JOBS])
        children = []
        for _ in range(3):
            child = os.fork()
            if child == 0:
                os._exit(0 if _samples(JOBS[0]) else 1)
            children.append(child)
        assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]
        assert len(speaking.result()) == len(JOBS)


@pytest.mark.parametrize("text", ["", "   ", "...", "\n\t", "?!"])
def test_a_text_that_is_read_as_nothing_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(CorpusError, match="as nothing; give it at least one English word") as caught:
        speak(text, VOICES["annie"])
    assert "\n" not in str(caught.value)


def test_a_voice_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(OptionError, match=r"no voice 'nobody'; choose from .*annie.*michael"):
        choose_voice("nobody")


def test_a_sound_that_english_lacks_is_refused() -> None:
    with pytest.raises(CorpusError, match="which English does not have"):
        to_arpabet("q'")


def test_a_text_of_several_sentences_keeps_its_words_and_its_pauses() -> None:
    text = "Hello, Dr. Frank in. St. Ives. This is notebook 21; it speaks!"
    said = speak(text, VOICES["quincy"])
    assert [word.label for word in said.words] == text.split()
    gaps = [b.start - a.end for a, b in pairwise(said.phones)]
    assert max(gaps) > 0.1


def test_placing_moves_all_times_and_samples_by_the_same_amount() -> None:
    said = speak("bin", VOICES["annie"])
    placed = place(said, 2.0, 0.5)
    assert placed.waveform.shape == (2 * SAMPLE_RATE,)
    np.testing.assert_array_equal(placed.waveform[SAMPLE_RATE // 2 :][: len(said.waveform)], said.waveform)
    assert not placed.waveform[: SAMPLE_RATE // 2].any()
    assert placed.phones == tuple(Segment(s + 0.5, e + 0.5, label) for s, e, label in said.phones)
    with pytest.raises(CorpusError, match=r"do not fit into 0\.60 s"):
        place(said, 0.6, 0.5)


@pytest.mark.parametrize("snr", [0.0, 10.0, 30.0])
def test_noise_has_the_asked_power(snr: float) -> None:
    said = place(speak(TEXT, VOICES["max"]), 3.0, 0.3)
    quiet = Utterance((said.waveform * np.float32(0.2)).astype(np.float32), said.words, said.phones)
    noisy = add_noise(quiet, snr, np.random.default_rng(0))
    noise = noisy.waveform.astype(np.float64) - quiet.waveform
    inside = np.concatenate(
        [quiet.waveform[round(s * SAMPLE_RATE) : round(e * SAMPLE_RATE)] for s, e, _ in quiet.phones]
    )
    ratio = np.mean(inside.astype(np.float64) ** 2) / np.mean(noise**2)
    assert 10 * np.log10(ratio) == pytest.approx(snr, abs=0.2)
    assert np.abs(noisy.waveform).max() <= 1.0
    np.testing.assert_array_equal(noisy.waveform, add_noise(quiet, snr, np.random.default_rng(0)).waveform)


def test_doubling_the_rate_adds_nothing_above_what_was_there() -> None:
    _, power = welch(speak(TEXT, VOICES["edward"]).waveform.astype(np.float64), SAMPLE_RATE, nperseg=4096)
    assert power[1100:].sum() < 1e-4 * power.sum()  # above 11.8 kHz, half of eSpeak's rate being 11 025 Hz
