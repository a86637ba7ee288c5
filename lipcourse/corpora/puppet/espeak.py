"""eSpeak NG in this process: text in, samples and dated phonemes out.

eSpeak keeps its voice, its noise generator and its tremor in global variables, some of which no call resets,
so the sound of an utterance would depend on all that was said before. Here every utterance loads the library
anew and unloads it afterwards (about 2 ms), under a lock: the same text and voice are the same samples,
whatever threads and processes do, and a forked child never inherits a library in the middle of a word.

Source: eSpeak NG's `speak_lib.h` (GPL-3.0, a separately installed library: `espeakng-loader`).
"""

from __future__ import annotations

import _ctypes
import ctypes
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import espeakng_loader
import numpy as np
from numpy.typing import NDArray

from lipcourse.errors import ModelError

SAMPLE_RATE = 22050
"""What eSpeak's formant synthesis makes, in samples a second."""

# Constants of speak_lib.h.
_SYNCHRONOUS = 2
_PHONEME_EVENTS = 0x0001
_DO_NOT_EXIT = 0x8000
_CHARACTERS_UTF8 = 1
_RATE, _PITCH, _RANGE = 1, 3, 4
_EVENT_END_OF_LIST, _EVENT_WORD, _EVENT_PHONEME = 0, 1, 7

_lock = threading.Lock()
if hasattr(os, "register_at_fork"):
    # A fork waits for the utterance in progress: the child starts with the lock open and no library loaded.
    os.register_at_fork(before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release)


class _EventValue(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("value", _EventValue),
    )


_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


class Phoneme(NamedTuple):
    """One phoneme as eSpeak reports it.

    Attributes:
        sample: The first sample of its sound; the closure before a stop is not in it.
        symbol: eSpeak's own symbol, stress marks included: "'eI", "t#", "_:" for a pause.
        character: Where the word it belongs to begins in the text, in characters from 0.
    """

    sample: int
    symbol: str
    character: int


@contextmanager
def _fresh_library() -> Iterator[Any]:
    """Load eSpeak with all of its global variables new, and unload it at the end."""
    path = espeakng_loader.get_library_path()
    try:
        library = ctypes.CDLL(path)
    except OSError as error:
        raise ModelError(
            "eSpeak NG cannot be loaded", where=path, remedy="install espeakng-loader again"
        ) from error
    try:
        yield library
    finally:
        library.espeak_Terminate()
        if sys.platform == "win32":
            _ctypes.FreeLibrary(library._handle)
        else:
            _ctypes.dlclose(library._handle)


def synthesise(
    text: str, voice: str, *, pitch: int = 50, pitch_range: int = 50, rate: int = 175
) -> tuple[NDArray[np.int16], tuple[Phoneme, ...]]:
    """Speak a text.

    Args:
        text: What to say.
        voice: eSpeak's name of a language, with a variant or without: "en-us+linda".
        pitch: From 0 to 100; 50 is the variant's own.
        pitch_range: How lively the melody is, from 0 (monotone) to 100.
        rate: Words a minute, from 80 to 450.

    Returns:
        Samples int16 (N,) at `SAMPLE_RATE`, and the phonemes in order of time, pauses among them.

    Raises:
        ModelError: eSpeak or its data cannot be loaded, or lacks the voice.
    """
    chunks: list[NDArray[np.int16]] = []
    phonemes: list[Phoneme] = []
    word_starts = [0]

    def receive(samples: Any, count: int, events: Any) -> int:
        if samples and count:
            chunks.append(np.ctypeslib.as_array(samples, (count,)).copy())
        index = 0
        while events[index].type != _EVENT_END_OF_LIST:
            event = events[index]
            if event.type == _EVENT_WORD:
                word_starts.append(event.text_position - 1)
            elif event.type == _EVENT_PHONEME:
                phonemes.append(Phoneme(event.sample, event.value.string.decode(), word_starts[-1]))
            index += 1
        return 0

    callback = _Callback(receive)
    data = espeakng_loader.get_data_path()
    encoded = text.encode()
    with _lock, _fresh_library() as library:
        options = _PHONEME_EVENTS | _DO_NOT_EXIT
        if library.espeak_Initialize(_SYNCHRONOUS, 0, data.encode(), options) != SAMPLE_RATE:
            raise ModelError(
                "eSpeak NG's data cannot be read", where=data, remedy="install espeakng-loader again"
            )
        library.espeak_SetSynthCallback(callback)
        if library.espeak_SetVoiceByName(voice.encode()):
            raise ModelError(
                f"eSpeak NG has no voice {voice!r}", where=data, remedy="install espeakng-loader again"
            )
        for parameter, value in ((_RATE, rate), (_PITCH, pitch), (_RANGE, pitch_range)):
            library.espeak_SetParameter(parameter, value, 0)
        library.espeak_Synth(encoded, len(encoded) + 1, 0, 1, 0, _CHARACTERS_UTF8, None, None)
    samples = np.concatenate(chunks) if chunks else np.zeros(0, np.int16)
    return samples, tuple(phonemes)
