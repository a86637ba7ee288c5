"""The delay study of a clip and of a corpus: how far the lips lead the sound.

Fig. 4 of glance ("Lip Movements Generation at a Glance", ECCV 2018), by each method of
`lipcourse.signals.sync`. Taught in notebook 04.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import joblib
import numpy as np
import torch
from numpy.typing import NDArray

from lipcourse.corpora.base import Corpus
from lipcourse.errors import LipcourseError, SignalError
from lipcourse.media import Clip
from lipcourse.signals.audio import log_mel
from lipcourse.signals.faces import clip_landmarks, crop_mouths
from lipcourse.signals.flow import Method as FlowMethod
from lipcourse.signals.flow import estimate_flow
from lipcourse.signals.sync import METHODS, DelayStudy, Method, delayed_correlations, sound_and_motion

Track = NDArray[np.float64]


@dataclass(frozen=True)
class ClipDelays:
    """What the study measures on a clip.

    Attributes:
        key: Of the clip.
        lead: How many frames the lips truly lead the sound, where the corpus knows it.
        tracks: For each method sound and motion, float64 (T - 1,) each.
        correlations: For each method Pearson's r at each offset, float64 (offsets,).
    """

    key: str
    lead: int | None
    tracks: Mapping[Method, tuple[Track, Track]]
    correlations: Mapping[Method, NDArray[np.float64]]


def measure_clip(
    clip: Clip,
    *,
    methods: Sequence[Method] = METHODS,
    flow_method: FlowMethod = "lucas_kanade",
    noise_snr: float | None = None,
) -> ClipDelays:
    """Measure a clip: its mouth's flow, its log-mel spectrogram, and how they go together at each offset.

    Args:
        clip: At least 16 frames. Its true landmarks are used where it has them, else they are tracked.
        methods: Which of `METHODS`.
        flow_method: One of `lipcourse.signals.flow.estimate_flow`.
        noise_snr: White noise is added to the sound, this many decibels below its mean power; None: none.

    Raises:
        SignalError: There is no face in a fifth of the frames or more, the clip is too short, or its sound
            or its mouth does not change.

    Taught in notebook 04.
    """
    landmarks, _ = clip_landmarks(clip)
    mouths, _ = crop_mouths(clip.frames, landmarks)
    video = torch.from_numpy(mouths).permute(3, 0, 1, 2)[None].float() / 127.5 - 1
    waveform = clip.waveform if noise_snr is None else add_noise(clip.waveform, noise_snr)
    sound = log_mel(torch.from_numpy(waveform)[None], clip.sample_rate, clip.fps, frames=len(mouths))[0]
    flow = estimate_flow(video, flow_method)[0]
    tracks = {method: sound_and_motion(sound, flow, method) for method in methods}
    correlations = {method: delayed_correlations(*pair) for method, pair in tracks.items()}
    if not any(r.any() for r in correlations.values()):
        raise SignalError("its sound or its mouth does not change", where=clip.key)
    lead = clip.metadata.get("lead_frames")
    return ClipDelays(clip.key, lead if isinstance(lead, int) else None, tracks, correlations)


def add_noise(waveform: NDArray[np.float32], snr: float, seed: int = 0) -> NDArray[np.float32]:
    """Add white noise, `snr` decibels below the mean power of a waveform (N,); the same for the same seed."""
    level = np.sqrt(np.mean(np.square(waveform, dtype=np.float64))) * 10 ** (-snr / 20)
    noise = np.random.default_rng(seed).standard_normal(len(waveform))
    return np.asarray(waveform + level * noise, dtype=np.float32)


def measure_corpus(
    corpus: Corpus,
    keys: Sequence[str],
    *,
    methods: Sequence[Method] = METHODS,
    flow_method: FlowMethod = "lucas_kanade",
    noise_snr: float | None = None,
    jobs: int = 1,
) -> Iterator[ClipDelays | tuple[str, str]]:
    """Measure clips of a corpus, in order, as they get done.

    Args:
        corpus: Where the clips are.
        keys: Which.
        methods: As in `measure_clip`, and the next two.
        flow_method: As there.
        noise_snr: As there.
        jobs: How many processes; -1 for one a processor.

    Yields:
        For each key what was measured, or the key and why there is nothing.
    """
    parallel = joblib.Parallel(n_jobs=min(jobs, len(keys)), return_as="generator")
    yield from parallel(
        joblib.delayed(_measure_key)(corpus, key, tuple(methods), flow_method, noise_snr) for key in keys
    )


def _measure_key(
    corpus: Corpus, key: str, methods: tuple[Method, ...], flow_method: FlowMethod, noise_snr: float | None
) -> ClipDelays | tuple[str, str]:
    """Measure one clip, or say why not: errors that a user can act on become part of the result."""
    try:
        return measure_clip(corpus.clip(key), methods=methods, flow_method=flow_method, noise_snr=noise_snr)
    except LipcourseError as error:
        return key, str(error)


def collect(measured: Sequence[ClipDelays]) -> dict[Method, DelayStudy]:
    """Gather clips into a study for each method."""
    return {
        method: DelayStudy(
            tuple(clip.key for clip in measured),
            np.array([clip.correlations[method] for clip in measured]),
            tuple(clip.lead for clip in measured),
        )
        for method in measured[0].correlations
    }
