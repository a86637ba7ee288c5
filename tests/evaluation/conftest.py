"""Prepared clips of puppets, short ones."""

import dataclasses

import pytest

from lipcourse.corpora.puppet.corpus import PuppetCorpus
from lipcourse.windows.corpus import prepare_clip
from lipcourse.windows.prepared import PreparedClip

FRAMES = 12
MIDDLE = 30
"""Where puppets speak."""


def _cut(clip: PreparedClip) -> PreparedClip:
    kept = slice(MIDDLE, MIDDLE + FRAMES)
    samples = slice(*(round(frame * clip.sample_rate / clip.fps) for frame in (kept.start, kept.stop)))
    cut = {
        name: getattr(clip, name)[kept]
        for name in (
            "mouths",
            "faces",
            "mouth_landmarks",
            "face_landmarks",
            "mouth_transforms",
            "face_transforms",
            "found",
        )
    }
    return dataclasses.replace(clip, waveform=clip.waveform[samples], **cut)


@pytest.fixture(scope="session")
def clips(own_cache: None) -> list[PreparedClip]:
    """Two clips of two puppets, half a second of the middle of each."""
    corpus = PuppetCorpus(2, 2, size=240)
    return [_cut(prepare_clip(clip, "test")) for clip in map(corpus.clip, corpus.keys())]
