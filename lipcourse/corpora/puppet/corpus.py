"""The corpus that is always there: puppets that speak GRID's sentences, drawn when they are asked for."""

from __future__ import annotations

import hashlib
import json
import zlib
from copy import copy
from functools import lru_cache
from pathlib import Path
from typing import Self

import numpy as np

from lipcourse.corpora.base import SPLITS, Corpus, Split
from lipcourse.corpora.grid import sentence
from lipcourse.corpora.puppet.cache import cache_folder, code_digest, load_clip, save_clip
from lipcourse.corpora.puppet.render import SMALLEST
from lipcourse.corpora.puppet.sentences import MOST_TALKERS, draw_sentences, spell_out
from lipcourse.corpora.puppet.talker import ORIGIN, Talker, check_lead, draw_talker, film
from lipcourse.corpora.puppet.voice import choose_voice
from lipcourse.errors import CorpusError, OptionError
from lipcourse.media import Clip

SECONDS = 3.0
"""How long every clip is, as in GRID."""

SEED = 16
"""Of the corpus that everybody gets. Its first talkers, whom the notebooks meet first, have no beard."""


class PuppetCorpus(Corpus):
    """Clips of puppets, of which all is known: phones, mouth points, how far the lips lead the sound.

    A clip is drawn when it is asked for, and kept in the user's cache folder (`LIPCOURSE_CACHE` names
    another). The same seed gives the same clips on every machine with the same packages, and a larger corpus
    begins with the clips of a smaller one.

    How clips are split: by talker, as glance does. Of ten talkers the second is for testing and the third for
    validation. Since each sentence belongs to one talker, the sentences of a split are unheard in the
    others, too, and so are its voices.

    Taught in notebook 05.

    Args:
        clips: How many clips. They go round the talkers, so that the first few show different ones.
        talkers: How many talkers, up to 100.
        seed: Another seed is another corpus: other faces, voices, sentences.
        size: Side of the pictures, in pixels, 64 or more.
        noise_snr: Adds white noise to the sound, this many decibels below the speech; None for none.
        voices: Names of the voices to use; empty for all.
        lead_frames: How many frames all lips come before their sound, 0 to 7; None draws it for each clip, as
            a study of delays needs. Who learns to move lips by sound cannot know what was drawn, so 0 there.
        keep: Whether to keep clips in the cache folder.

    Raises:
        OptionError: No clip, no talker or too many, a size under 64, a voice that does not exist, or a lead
            that cannot be.
        CorpusError: More clips than the talkers have sentences.
    """

    name = "puppet"
    origin = ORIGIN

    def __init__(
        self,
        clips: int = 1000,
        talkers: int = 40,
        *,
        seed: int = SEED,
        size: int = 160,
        noise_snr: float | None = None,
        voices: tuple[str, ...] = (),
        lead_frames: int | None = None,
        keep: bool = True,
    ) -> None:
        super().__init__()
        self.version = code_digest()
        if clips < 1:
            raise OptionError(f"a corpus of {clips} clips is empty", remedy="ask for 1 clip or more")
        if not 1 <= talkers <= MOST_TALKERS:
            raise OptionError(
                f"{talkers} talkers cannot be made", remedy=f"choose from 1 to {MOST_TALKERS} talkers"
            )
        if size < SMALLEST:
            raise OptionError(
                f"a puppet of {size} pixels is too small to draw", remedy=f"choose {SMALLEST} or more"
            )
        check_lead(lead_frames)
        if seed < 0:
            raise OptionError(f"{seed} is not a seed", remedy="choose a whole number of 0 or more")
        for voice in voices:
            choose_voice(voice)
        self.seed, self.size, self.noise_snr, self.voices, self.keep = seed, size, noise_snr, voices, keep
        self.lead_frames = lead_frames
        self._numbers: dict[str, int] = {}
        spoken = [
            draw_sentences(
                number, -(-(clips - number + 1) // talkers), np.random.default_rng([seed, number, 1])
            )
            for number in range(1, min(talkers, clips) + 1)
        ]
        for index in range(clips):
            number = index % talkers + 1
            self._numbers[f"puppet/s{number}/{spoken[number - 1][index // talkers]}"] = number
        self._talkers = {f"s{number}": number for number in range(1, min(talkers, clips) + 1)}

    def talkers(self) -> tuple[str, ...]:
        """Name all talkers, in order."""
        return tuple(self._talkers)

    def talker(self, name: str) -> Talker:
        """Return what is known of a talker: identity, voice, split.

        Raises:
            CorpusError: There is no such talker.
        """
        if name not in self._talkers:
            raise CorpusError(
                f"there is no talker {name!r}",
                where=self.name,
                remedy=f"choose from {', '.join(self._talkers)}",
            )
        return _draw_talker(self._talkers[name], self.seed, self.voices)

    def keys(self, talker: str | None = None, split: Split | None = None) -> tuple[str, ...]:
        """Name the clips of one talker and one split, or of all, going round the talkers."""
        if split is not None and split not in SPLITS:
            raise OptionError(f"{split!r} is not a split", remedy=f"choose from {', '.join(SPLITS)}")
        wanted = {
            number
            for name, number in self._talkers.items()
            if talker in (None, name) and split in (None, self.talker(name).split)
        }
        if talker is not None:
            self.talker(talker)
        return tuple(key for key, number in self._numbers.items() if number in wanted)

    def clip(self, key: str) -> Clip:
        """Fetch one clip from the cache, or draw it."""
        if key not in self._numbers:
            raise CorpusError(f"there is no clip {key!r}", where=self.name, remedy="choose one of its keys()")
        path = self._path(key)
        kept = load_clip(path) if self.keep else None
        if kept is not None:
            return kept
        _, name, code = key.split("/")
        random = np.random.default_rng([self.seed, self._numbers[key], zlib.crc32(code.encode())])
        clip = film(
            self.talker(name),
            spell_out(code),
            random,
            key=key,
            transcript=sentence(code),
            size=self.size,
            seconds=SECONDS,
            lead_frames=self.lead_frames,
            noise_snr=self.noise_snr,
        )
        if self.keep:
            save_clip(clip, path)
        return clip

    def only(self, key: str) -> Self:
        """Return the corpus with this clip alone."""
        corpus = copy(self)
        corpus._numbers = {key: self._numbers[key]} if key in self._numbers else {}
        return corpus

    def _path(self, key: str) -> Path:
        options = json.dumps([self.seed, self.size, self.noise_snr, self.voices, self.lead_frames])
        folder = hashlib.sha256(options.encode()).hexdigest()[:12]
        _, talker, code = key.split("/")
        return cache_folder() / folder / talker / f"{code}.safetensors"


@lru_cache(maxsize=256)
def _draw_talker(number: int, seed: int, voices: tuple[str, ...]) -> Talker:
    return draw_talker(number, seed, voices)
