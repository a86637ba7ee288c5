"""What every clip of a corpus says, in phones: known, or found by forced alignment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import joblib

from lipcourse.corpora.base import Corpus
from lipcourse.corpora.puppet.corpus import PuppetCorpus
from lipcourse.corpora.puppet.sentences import spell_out
from lipcourse.corpora.puppet.voice import speak
from lipcourse.errors import LipcourseError
from lipcourse.signals.phonemes import align_phonemes
from lipcourse.windows.index import read_corpus_index

Phones = tuple[str, ...]


def find_phones(corpus: Corpus, key: str) -> Phones:
    """Tell what one clip says, in ARPABET.

    Puppets are only heard, not drawn. Where a corpus does not know its phones, the sound is aligned with the
    transcript.

    Raises:
        CorpusError: There is no clip of that name.
        MediaError: It cannot be read.
        SignalError: Its phones are not known, and cannot be found.

    Taught in notebook 05.
    """
    if isinstance(corpus, PuppetCorpus):
        _, talker, code = key.split("/")
        return tuple(phone.label for phone in speak(spell_out(code), corpus.talker(talker).voice).phones)
    clip = corpus.clip(key)
    phones = clip.phones or (
        align_phonemes(clip.waveform, clip.sample_rate, clip.transcript, where=clip.key).phones
    )
    return tuple(phone.label for phone in phones)


def find_all_phones(
    corpus: Corpus, keys: Sequence[str], *, jobs: int = 1
) -> Iterator[tuple[str, Phones | LipcourseError]]:
    """Tell what clips say, in order, as it gets known.

    Args:
        corpus: Where the clips are.
        keys: Which; one or more.
        jobs: How many processes; -1 for one a processor.

    Yields:
        Each key, with the clip's phones, or the reason why they cannot be known.
    """
    parallel = joblib.Parallel(n_jobs=min(jobs, len(keys)), return_as="generator")
    yield from zip(keys, parallel(joblib.delayed(_try)(corpus, key) for key in keys), strict=True)


def _try(corpus: Corpus, key: str) -> Phones | LipcourseError:
    """Errors that a user can act on become part of the result."""
    try:
        return find_phones(corpus, key)
    except LipcourseError as error:
        return error


def read_phones(folder: Path) -> Mapping[str, tuple[str, Phones]]:
    """Read what `lipcourse prepare` wrote of its clips: by key the split, and the phones, where known.

    Raises:
        CorpusError: The folder holds no prepared corpus, or one of another version of the format.
    """
    return {
        clip["key"]: (clip["split"], tuple(label for _, _, label in clip["phones"]))
        for clip in read_corpus_index(folder, more=["phones"]).clips
    }
