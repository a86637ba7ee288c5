"""The inception-style score from sums, and experts that are not there."""

import numpy as np
import pytest
import torch

from lipcourse.evaluation import experts
from lipcourse.evaluation.experts import Experts, class_sums, find_experts, inception_interval
from lipcourse.evaluation.film import Sound
from lipcourse.evaluation.measures import measure_clip
from lipcourse.metrics.inception import inception_score
from lipcourse.networks.classifier import VisemeClassifier
from lipcourse.networks.sync_expert import SyncExpert


@pytest.fixture(scope="module")
def classifier():
    torch.manual_seed(0)
    return VisemeClassifier(1 / 4).eval()


def test_sums_give_the_score_of_all_pictures(classifier) -> None:
    random = np.random.default_rng(0)
    films = [random.integers(0, 256, (frames, 64, 64, 3)).astype(np.uint8) for frames in (3, 5, 4)]
    found = inception_interval(
        np.stack([class_sums(classifier.probabilities(film)) for film in films]), ["a", "b", "c"], draws=50
    )
    expected = inception_score(classifier.probabilities(np.concatenate(films)), splits=1)
    assert found.mean == pytest.approx(float(expected[0]), rel=1e-5)
    assert found.n == 3
    assert 1 <= found.low <= found.high


def test_one_talker_has_a_score_without_an_interval(classifier) -> None:
    film = np.random.default_rng(0).integers(0, 256, (4, 64, 64, 3)).astype(np.uint8)
    found = inception_interval(class_sums(classifier.probabilities(film))[None], ["a"])
    assert np.isnan(found.low)
    assert found.mean >= 1


def test_experts_without_weights_are_named(monkeypatch) -> None:
    monkeypatch.setattr(experts, "available", lambda: ["glance-puppets"])
    find_experts.cache_clear()
    assert find_experts() == Experts()
    assert find_experts().missing == ("sync-expert", "classifier")
    find_experts.cache_clear()


def test_the_sync_expert_is_asked() -> None:
    torch.manual_seed(0)
    expert = SyncExpert(1 / 4).eval()
    random = np.random.default_rng(0)
    video = random.integers(0, 256, (16, 64, 64, 3)).astype(np.uint8)
    sound = Sound(random.normal(0, 0.1, 16 * 640).astype(np.float32), 16000)
    values = measure_clip(video, video, sound=sound, experts=Experts(sync=expert))
    heard = expert.judge(video, sound.waveform, sound.sample_rate)
    assert (values["sync_distance"], values["sync_confidence"]) == (heard.distance, heard.confidence)
    short = measure_clip(video[:10], video[:10], sound=sound, experts=Experts(sync=expert))
    assert np.isnan(short["sync_distance"])
