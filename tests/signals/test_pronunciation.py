"""The pronouncing dictionary, and what stands in for it."""

from __future__ import annotations

import pytest

from lipcourse.corpora.puppet.phones import ARPABET
from lipcourse.errors import OptionError, SignalError
from lipcourse.signals.pronunciation import dictionary, pronounce, split_words


def test_the_dictionary_uses_all_phones_of_arpabet_and_no_others() -> None:
    phones = {phone for readings in dictionary().values() for reading in readings for phone in reading}
    assert phones == ARPABET


def test_words_have_all_their_readings() -> None:
    assert dictionary()["either"] == (("IY", "DH", "ER"), ("AY", "DH", "ER"))
    assert dictionary()["z"] == (("Z", "IY"), ("Z", "EH", "D"))
    assert not any("(" in word for word in dictionary())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Don’t “stop”!", ("don't", "stop")),
        ("twenty-one\nmen_at 3.5 km/h", ("twenty", "one", "men", "at", "3", "5", "km", "h")),
        ("CAFÉ ﬁne 'quoted'", ("café", "fine", "quoted")),
        ("… — !", ()),
    ],
)
def test_a_text_is_split_into_words(text: str, words: tuple[str, ...]) -> None:
    assert split_words(text) == words


def test_own_readings_come_first_then_the_dictionary_then_a_guess() -> None:
    readings, guessed = pronounce(("two", "frobnicate", "now"), {"Now": "n ow"})
    assert readings["two"] == (("T", "UW"),)
    assert readings["now"] == (("N", "OW"),)
    assert guessed.keys() == {"frobnicate"}
    assert readings["frobnicate"] == (guessed["frobnicate"],)
    assert ARPABET.issuperset(guessed["frobnicate"])


def test_a_word_in_the_dictionary_is_never_guessed() -> None:
    assert pronounce(tuple("abcdefghijklmnopqrstuvwxyz"))[1] == {}


@pytest.mark.parametrize("given", ["", (), "HELLO", ["N AW", ""], "AA1"])
def test_readings_that_say_nothing_are_refused(given: str | tuple[str, ...]) -> None:
    with pytest.raises(OptionError, match="does not say 'word' in ARPABET"):
        pronounce(("word",), {"word": given})


def test_a_word_that_english_cannot_say_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lipcourse.corpora.puppet.espeak.synthesise", lambda *_: (None, ()))
    with pytest.raises(SignalError, match=r"^clip: nobody knows how '_x' is said in English; give its pron"):
        pronounce(("_x",), where="clip")
