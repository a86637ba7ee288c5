"""How well dlib, which learned from photographs of people, reads the puppets of the default corpus."""

from __future__ import annotations

import numpy as np
import pytest

from lipcourse.corpora.puppet.corpus import PuppetCorpus
from lipcourse.media import Clip
from lipcourse.signals.alignment import align_faces, mouth_opening, transform_points
from lipcourse.signals.faces import detect_faces, place_points
from lipcourse.signals.shapes import MOUTH

TALKERS = 40
EVERY = 5


def read(clip: Clip) -> tuple[float, float, float]:
    """Share of frames with a face, error of the mouth in a 128x128 face, correlation of its opening."""
    frames, truth = clip.frames[::EVERY], clip.landmarks[::EVERY]
    boxes = [detect_faces(frame) for frame in frames]
    found = np.array([len(box) > 0 for box in boxes])
    points = np.stack([place_points(frames[t], boxes[t][0]) for t in np.flatnonzero(found)])
    _, to_face = align_faces(frames[found], truth[found], size=128)
    apart = transform_points(points, to_face) - transform_points(truth[found], to_face)
    error = np.linalg.norm(apart[:, MOUTH], axis=-1).mean()
    openings = mouth_opening(points), mouth_opening(truth[found])
    return found.mean(), error, np.corrcoef(*openings)[0, 1]


@pytest.mark.benchmark(group="dlib reads puppets")
def test_a_detector_of_people_reads_puppets(benchmark) -> None:
    corpus = PuppetCorpus(TALKERS, TALKERS)
    clips = list(corpus)
    rows = np.array(benchmark.pedantic(lambda: [read(clip) for clip in clips], rounds=1))
    bearded = np.array([corpus.talker(clip.talker).identity.bearded for clip in clips])
    for name, those in (("plain", ~bearded), ("beard or stubble", bearded)):
        found, error, correlation = rows[those].mean(axis=0)
        benchmark.extra_info[name] = f"{found:.1%} found, {error:.2f} px, r {correlation:.3f}"
        print(f"\n{name} ({those.sum()}): {benchmark.extra_info[name]}, worst r {rows[those, 2].min():.2f}")
    assert rows[:, 0].mean() >= 0.99
    assert rows[~bearded, 1].mean() <= 2.0
    assert rows[bearded, 1].mean() <= 3.0
    assert rows[~bearded, 2].mean() >= 0.95
    assert rows[bearded, 2].mean() >= 0.85
