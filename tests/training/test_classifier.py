"""Training the viseme classifier: which frames are labelled with what, and a run that learns."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from talking import talking, talking_corpus, write_corpus

from lipcourse.cli import main
from lipcourse.errors import CorpusError, ModelError, OptionError
from lipcourse.networks.classifier import CLASS_OF, CLASSES, SILENT, VisemeClassifier
from lipcourse.networks.weights import describe, load_network
from lipcourse.signals import phonemes
from lipcourse.training.classifier import ClassifierOptions, frame_classes, load_pictures, recalls, train

TINY = ClassifierOptions(width=1 / 8, steps=2, batch=4, save_every=2, device="cpu")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return talking_corpus(tmp_path_factory.mktemp("talk"))


class TestLabels:
    def test_only_the_middle_of_a_phone_counts_and_silence_keeps_away(self):
        found = frame_classes([(0.4, 0.8, "AA")], 30, 25.0)
        # Frame n's middle is at 0.04 n + 0.02 s; 0.48 to 0.72 s are the phone's, 0.28 to 0.92 s no silence.
        wanted = [SILENT] * 7 + [-1] * 5 + [CLASS_OF["AA"]] * 6 + [-1] * 5 + [SILENT] * 7
        assert found.tolist() == wanted

    def test_phones_of_the_tongue_and_diphthongs_are_of_no_class(self):
        found = frame_classes([(0.0, 0.2, "T"), (0.2, 0.6, "AY"), (0.6, 0.8, "M")], 20, 25.0)
        assert (found[:15] == -1).all()
        assert (found[17] == CLASS_OF["M"]).all()

    def test_without_phones_all_is_silent(self):
        assert (frame_classes([], 5, 25.0) == SILENT).all()

    def test_pictures_are_those_that_say_it(self, folder):
        found = load_pictures(folder, "train")
        dark = np.array([(picture < 60).mean() for picture in found.frames])
        opened, closed = (dark[found.labels.numpy() == CLASS_OF[phone]] for phone in ("AA", "M"))
        assert opened.min() > closed.max()
        assert len(opened) > 10
        assert len(closed) > 10
        assert found.source["clips"] == 4

    def test_rare_classes_are_drawn_as_often(self, folder):
        found = load_pictures(folder, "train")
        pictures, labels = found.draw(400, torch.Generator().manual_seed(0))
        assert pictures.shape == (400, 3, 64, 64)
        there = found.labels.unique()
        assert all(abs(float((labels == each).float().mean()) - 1 / len(there)) < 0.1 for each in there)

    def test_phones_that_nobody_told_are_found_in_the_sound(self, tmp_path, monkeypatch):
        heard = []

        def align(waveform, sample_rate, transcript, *, where):
            heard.append((transcript, where))
            return phonemes.Alignment((), (phonemes.Segment(0.1, 0.5, "M"),), -17.0, {})

        monkeypatch.setattr(phonemes, "align_phonemes", align)
        silent = replace(talking("t/a/1", "train", 1), phones=(), transcript="")
        spoken = replace(talking("t/a/2", "train", 2), phones=(), transcript="mm")
        found = load_pictures(write_corpus(tmp_path, [silent, spoken]), "train")
        assert heard == [("mm", "t/a/2")]
        assert set(found.labels.tolist()) == {SILENT, CLASS_OF["M"]}

    def test_nothing_to_label(self, tmp_path):
        with pytest.raises(CorpusError, match=r"no shards of the split 'train'.*lipcourse prepare"):
            load_pictures(tmp_path, "train")
        clip = replace(talking("t/a/1", "train", 1), phones=((0.0, 0.96, "T"),))
        with pytest.raises(CorpusError, match="no picture of 'train' is of any class"):
            load_pictures(write_corpus(tmp_path, [clip]), "train")


class TestRun:
    def test_it_learns_and_is_kept(self, folder, tmp_path):
        options = ClassifierOptions(
            width=1 / 4, steps=30, batch=16, learning_rate=1e-2, save_every=30, device="cpu"
        )
        lines = []
        path = train([folder], tmp_path, options, report=lines.append)
        assert path == tmp_path / "classifier.safetensors"
        network = load_network(path, VisemeClassifier, width=1 / 4)
        shares = recalls(network, load_pictures(folder, "test"))
        assert shares[[CLASS_OF["AA"], CLASS_OF["M"]]].min() > 0.8
        assert shares.isnan().sum() >= len(CLASSES) - 3  # no such pictures: no share
        assert lines[0].startswith("classifier 30/30: loss ")
        assert describe(path).facts["steps"] == 30

    def test_a_seed_gives_the_same_weights_again(self, folder, tmp_path):
        states = []
        for name, seed in (("first", 0), ("again", 0), ("other", 1)):
            path = train([folder], tmp_path / name, replace(TINY, seed=seed), report=lambda _: None)
            states.append(torch.cat([number.flatten() for number in load_network(path).parameters()]))
        assert torch.equal(states[0], states[1])
        assert not torch.equal(states[0], states[2])

    def test_it_goes_on_from_a_network(self, folder, tmp_path):
        path = train([folder], tmp_path, TINY, report=lambda _: None)
        again = train([folder], tmp_path / "on", replace(TINY, steps=1), start=path, report=lambda _: None)
        assert describe(again).facts["steps"] == 3

    def test_a_loss_that_is_no_number_stops_it(self, folder, tmp_path):
        options = replace(TINY, steps=20, learning_rate=1e30)
        with pytest.raises(ModelError, match=r"is no number at step \d+"):
            train([folder], tmp_path, options, report=lambda _: None)

    @pytest.mark.parametrize("wrong", [{"batch": 0}, {"steps": 0}, {"save_every": 0}])
    def test_wrong_options(self, wrong):
        with pytest.raises(OptionError, match="1 or more"):
            ClassifierOptions(**wrong)

    def test_the_commands_train_measure_and_write_a_card(self, folder, tmp_path, capsys):
        pytest.importorskip("matplotlib")
        run, out = tmp_path / "run", tmp_path / "shipped" / "classifier.safetensors"
        words = f"train classifier --data {folder} --out {run} --width 0.125 --batch 4 --steps 1 --device cpu"
        assert main(words.split()) == 0
        weights = run / "classifier.safetensors"
        assert main(f"evaluate classifier --weights {weights} --data {folder} --out {out}".split()) == 0
        assert "classifier.md" in capsys.readouterr().out
        text = out.with_suffix(".md").read_text()
        assert "| talking, test | " in text
        assert "| chance |  | 12.5% |" in text
        assert "talkers never trained on (validation): 2 clips of 1 talker |" in text
        assert out.with_suffix(".png").read_bytes()[:4] == b"\x89PNG"
