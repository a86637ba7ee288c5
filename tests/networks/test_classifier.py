"""The viseme classifier: what it is shown, and what it says."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lipcourse.errors import ModelError, SignalError
from lipcourse.networks.classifier import CLASS_OF, CLASSES, SILENT, TOGETHER, VISEMES, VisemeClassifier
from lipcourse.networks.sync_expert import SyncExpert
from lipcourse.networks.weights import load_network, save_network


@pytest.fixture(scope="module")
def classifier() -> VisemeClassifier:
    torch.manual_seed(0)
    return VisemeClassifier(1 / 4).eval()


def pictures(count: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, 64, 64, 3), dtype=np.uint8)


def test_no_phone_is_of_two_classes():
    phones = [phone for several in VISEMES.values() for phone in several]
    assert len(set(phones)) == len(phones) == len(CLASS_OF)
    assert [CLASSES[CLASS_OF[phone]] for phone in ("M", "V", "AA", "IY")] == [
        "closed", "lip on teeth", "open", "wide",
    ]  # fmt: skip
    assert CLASSES[SILENT] == "silent"


def test_probabilities_are_those_of_the_answers(classifier):
    given = pictures(5)
    found = classifier.probabilities(given)
    answers = classifier(torch.from_numpy(given).permute(0, 3, 1, 2) / 127.5 - 1)
    torch.testing.assert_close(found, answers.softmax(dim=1))
    assert not torch.allclose(found[0], found[1])


def test_many_pictures_go_in_parts_and_none_is_no_picture(classifier):
    given = pictures(TOGETHER + 3)
    found = classifier.probabilities(given)
    torch.testing.assert_close(found[-3:], classifier.probabilities(given[-3:]))
    assert classifier.probabilities(given[:0]).shape == (0, len(CLASSES))


def test_light_and_contrast_hardly_matter(classifier):
    given = torch.rand(4, 3, 64, 64, generator=torch.Generator().manual_seed(0)) - 0.5
    torch.testing.assert_close(classifier(given * 0.6 + 0.2), classifier(given), atol=0.05, rtol=0.05)


@pytest.mark.parametrize("wrong", [pictures(2)[:, :32], pictures(2).astype(float), pictures(2)[0]])
def test_what_holds_no_mouths(classifier, wrong):
    with pytest.raises(SignalError, match="no pictures of mouths"):
        classifier.probabilities(wrong)
    with pytest.raises(ModelError, match="pictures has shape"):
        classifier(torch.zeros(2, 3, 32, 64))


def test_as_a_file_it_is_no_other_system(classifier, tmp_path):
    path = save_network(tmp_path / "a.safetensors", classifier, system="classifier", options={"width": 1 / 4})
    again = load_network(path, VisemeClassifier)
    torch.testing.assert_close(again.probabilities(pictures(2)), classifier.probabilities(pictures(2)))
    with pytest.raises(ModelError, match="system classifier, no SyncExpert"):
        load_network(path, SyncExpert)
