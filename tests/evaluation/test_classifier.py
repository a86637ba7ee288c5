"""Judging a classifier and the score it gives: films that are known to be worse have less."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from talking import talking, talking_corpus

from lipcourse.corpora.puppet.corpus import PuppetCorpus
from lipcourse.evaluation.classifier import contact_sheet, films, judge_accuracy, judge_score, mouth_score
from lipcourse.evaluation.sync import HeldOut
from lipcourse.metrics.inception import inception_score
from lipcourse.networks.classifier import CLASS_OF, CLASSES, VisemeClassifier
from lipcourse.networks.weights import load_network
from lipcourse.training.classifier import frame_classes, load_pictures
from lipcourse.windows.prepare import prepare_clip
from lipcourse.windows.prepared import PreparedClip


class Knowing(VisemeClassifier):
    """Knows that a mouth with a dark hole is open and any other is closed."""

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        dark = (pictures < -0.6).float().mean(dim=(1, 2, 3))
        answers = torch.full((len(pictures), len(CLASSES)), -20.0)
        answers[:, CLASS_OF["AA"]] = torch.where(dark > 0.06, 20.0, -20.0)
        answers[:, CLASS_OF["M"]] = -answers[:, CLASS_OF["AA"]]
        return answers


@pytest.fixture
def held() -> HeldOut:
    return HeldOut("both", [talking(f"talking/a/{seed}", "test", seed) for seed in (1, 2)])


def test_films_are_as_long_and_what_they_say(held: HeldOut) -> None:
    found = films(held)
    assert {name: film.shape for name, film in found.items()} == dict.fromkeys(
        ("real", "blurred", "first frame repeated", "noise"), (48, 64, 64, 3)
    )
    assert (found["first frame repeated"][:24] == held.clips[0].mouths[0]).all()
    assert (found["first frame repeated"][24:] == held.clips[1].mouths[0]).all()
    sharp, soft = (np.abs(np.diff(found[name].astype(float), axis=2)).max() for name in ("real", "blurred"))
    assert soft < 0.5 * sharp
    assert found["blurred"].mean() == pytest.approx(found["real"].mean(), abs=1)


def test_a_score_is_of_all_frames_in_an_order_that_is_always_the_same(held: HeldOut) -> None:
    frames = films(held)["real"]
    knowing = Knowing(1 / 8)
    score = mouth_score(knowing, frames, splits=2)
    assert torch.equal(score, mouth_score(knowing, frames, splits=2))
    assert mouth_score(knowing, frames, splits=1).item() == pytest.approx(
        inception_score(knowing.probabilities(frames), 1).item()
    )
    assert score.min() > 1.8  # both kinds are in both parts


def test_lips_that_stand_still_score_one(held: HeldOut) -> None:
    (row,) = judge_score(Knowing(1 / 8), [HeldOut("one", held.clips[:1])])["rows"]
    assert row[0] == "one"
    assert float(row[1].split()[0]) > 1.5
    assert row[3] == "1.00 ± 0.00"


def test_accuracy_stands_beside_chance(tmp_path: Path) -> None:
    table = judge_accuracy(Knowing(1 / 8), [talking_corpus(tmp_path)])
    rows = {name: cells for name, *cells in table["rows"]}
    columns = table["columns"][1:]
    told = dict(zip(columns, rows["talking, test"], strict=True))
    assert (told["open"], told["closed"], told["teeth"]) == ("100%", "100%", "none")
    assert dict(zip(columns, rows["chance"], strict=True))["mean of classes"] == "12.5%"


def test_the_sheet_is_a_picture(tmp_path: Path) -> None:
    sheet = contact_sheet(Knowing(1 / 8), load_pictures(talking_corpus(tmp_path), "test"))
    assert sheet[:4].tobytes() == b"\x89PNG"


@pytest.fixture(scope="module")
def classifier() -> VisemeClassifier:
    return load_network("classifier", VisemeClassifier)


@pytest.fixture(scope="module")
def puppets(own_cache: None) -> list[PreparedClip]:
    """Clips of talkers drawn anew."""
    corpus = PuppetCorpus(200, 100, seed=99, lead_frames=0)
    return [prepare_clip(corpus.clip(key), "test") for key in corpus.keys(split="test")[:4]]


class TestShipped:
    def test_talkers_never_seen_are_recognised_far_above_chance(
        self, classifier: VisemeClassifier, puppets: list[PreparedClip]
    ) -> None:
        frames = np.concatenate([clip.mouths for clip in puppets])
        labels = np.concatenate([frame_classes(clip.phones, len(clip.mouths), clip.fps) for clip in puppets])
        found = classifier.probabilities(frames).argmax(dim=1).numpy()
        shares = [(found[labels == number] == number).mean() for number in set(labels[labels >= 0].tolist())]
        assert np.mean(shares) > 3 / len(CLASSES)

    def test_real_clips_score_above_still_ones_and_noise(
        self, classifier: VisemeClassifier, puppets: list[PreparedClip]
    ) -> None:
        scores = {
            name: mouth_score(classifier, film).mean() for name, film in films(HeldOut("", puppets)).items()
        }
        assert scores["real"] > 2
        assert scores["first frame repeated"] < 0.7 * scores["real"]
        assert scores["noise"] < 0.7 * scores["real"]
