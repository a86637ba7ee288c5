"""Training the sync expert: a loss that is the plain one, and a run that learns whose sound it is."""

from __future__ import annotations

import pytest
import torch
from talking import talking_corpus
from torch.nn import functional

from lipcourse.cli import main
from lipcourse.errors import CorpusError, ModelError, OptionError
from lipcourse.networks.sync_expert import SyncExpert
from lipcourse.networks.weights import describe, load_network
from lipcourse.training.sync_expert import SyncOptions, in_colour, sync_losses, train, trial
from lipcourse.training.talk import load_talk

TINY = SyncOptions(width=1 / 8, first_steps=2, steps=2, batch=4, frames=12, save_every=2, device="cpu")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return talking_corpus(tmp_path_factory.mktemp("talk"))


def points(seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return functional.normalize(torch.randn(2, 3, 8, generator=generator), dim=2)


class TestLosses:
    def test_they_are_the_plain_ones(self):
        seen, heard = points(0), points(1)
        found = sync_losses(seen, heard, 0.5)

        def choice(right, candidates):
            scores = [float(right[0] @ each) / 0.5 for each in candidates]
            own = float(right[0] @ right[1]) / 0.5
            return float(torch.tensor(scores).logsumexp(0)) - own

        every = [(b, n) for b in range(2) for n in range(3)]
        moment = [choice((seen[b, n], heard[b, n]), heard[b]) for b, n in every]
        moment += [choice((heard[b, n], seen[b, n]), seen[b]) for b, n in every]
        across = [choice((seen[b, n], heard[b, n]), heard.flatten(0, 1)) for b, n in every]
        across += [choice((heard[b, n], seen[b, n]), seen.flatten(0, 1)) for b, n in every]
        assert found["moment"].item() == pytest.approx(sum(moment) / 12, rel=1e-5)
        assert found["clip and moment"].item() == pytest.approx(sum(across) / 12, rel=1e-5)

    def test_who_is_right_loses_little_and_who_knows_nothing_the_logarithm_of_the_choice(self):
        own = torch.eye(6).reshape(2, 3, 6)
        assert all(loss.item() < 1e-3 for loss in sync_losses(own, own, 0.05).values())
        same = torch.ones(2, 3, 1)
        found = sync_losses(same, same, 0.05)
        assert found["moment"].exp().item() == pytest.approx(3)
        assert found["clip and moment"].exp().item() == pytest.approx(6)

    def test_another_clip_counts_in_one_of_them_alone(self):
        seen = torch.eye(3).repeat(2, 1, 1)  # both clips say the same
        found = sync_losses(seen, seen, 0.05)
        assert found["moment"].item() < 1e-3
        assert found["clip and moment"].exp().item() == pytest.approx(2, rel=1e-3)


class TestRun:
    def test_both_stages_are_kept_and_told(self, folder, tmp_path):
        lines = []
        path = train([folder, folder], tmp_path, TINY, report=lines.append)
        assert path == tmp_path / "sync-expert.safetensors"
        assert describe(tmp_path / "first.safetensors").facts["done"] == {"first": 2, "all": 0}
        told = describe(path)
        assert told.options == {"width": 1 / 8}
        assert told.facts["done"] == {"first": 2, "all": 2}
        assert [each["clips"] for each in told.facts["sources"]] == [4, 4]
        assert [line.split(":")[0] for line in lines] == ["first 2/2", "all 2/2"]
        assert all("%, " in line for line in lines)

    def test_a_seed_gives_the_same_weights_again(self, folder, tmp_path):
        states = []
        for name, seed in (("first", 0), ("again", 0), ("other", 1)):
            options = SyncOptions(**{**TINY.__dict__, "first_steps": 0, "steps": 1, "seed": seed})
            path = train([folder], tmp_path / name, options, report=lambda _: None)
            states.append(torch.cat([number.flatten() for number in load_network(path).parameters()]))
        assert torch.equal(states[0], states[1])
        assert not torch.equal(states[0], states[2])

    def test_it_goes_on_from_a_network(self, folder, tmp_path):
        path = train([folder], tmp_path, TINY, report=lambda _: None)
        still = SyncOptions(**{**TINY.__dict__, "first_steps": 0, "steps": 1, "learning_rate": 0.0})
        again = train([folder], tmp_path / "on", still, start=path, report=lambda _: None)
        facts = describe(again).facts
        assert (facts["done"], facts["sittings"]) == ({"first": 2, "all": 3}, 2)
        for one, other in zip(load_network(path).parameters(), load_network(again).parameters(), strict=True):
            torch.testing.assert_close(one, other)

    def test_it_learns_what_goes_with_what(self, folder, tmp_path):
        options = SyncOptions(
            width=1 / 4, first_steps=0, steps=30, batch=4, frames=20, save_every=30, learning_rate=5e-3,
            device="cpu",
        )  # fmt: skip
        network = load_network(train([folder], tmp_path, options, report=lambda _: None), SyncExpert)
        talk = load_talk(folder, "test", 15)
        assert trial(network, talk) == 1.0
        pictures, sound = talk.window(0, 0, 24)
        seen, heard = network(in_colour(pictures[None] / 127.5 - 1), sound[None])
        shifted = sync_losses(seen[:, 3:], heard[:, :-3], 0.1)["moment"]
        assert sync_losses(seen, heard, 0.1)["moment"] < 0.7 * shifted

    def test_a_loss_that_is_no_number_stops_it(self, folder, tmp_path):
        options = SyncOptions(**{**TINY.__dict__, "steps": 20, "learning_rate": 1e30})
        with pytest.raises(ModelError, match=r"is no number at step \d+ of the stage"):
            train([folder], tmp_path, options, report=lambda _: None)

    def test_clips_that_are_too_short(self, folder, tmp_path):
        with pytest.raises(CorpusError, match="no clip of 'train' has 40 frames"):
            train([folder], tmp_path, SyncOptions(device="cpu"), report=lambda _: None)

    @pytest.mark.parametrize(
        "wrong",
        [
            {"batch": 0},
            {"first_steps": -1},
            {"first_steps": 0, "steps": 0},
            {"frames": 5},
            {"temperature": 0},
        ],
    )
    def test_wrong_options(self, wrong):
        with pytest.raises(OptionError):
            SyncOptions(**wrong)

    def test_the_commands_train_measure_and_write_a_card(self, folder, tmp_path, capsys):
        pytest.importorskip("matplotlib")
        run, out = tmp_path / "run", tmp_path / "shipped" / "sync-expert.safetensors"
        words = f"train sync --data {folder} --out {run} --width 0.125 --batch 2 --frames 12 --device cpu"
        assert main([*words.split(), "--first-steps", "1", "--steps", "1"]) == 0
        assert main(f"evaluate sync --run {run} --data {folder} --out {out}".split()) == 0
        assert "sync-expert.md" in capsys.readouterr().out
        text = out.with_suffix(".md").read_text()
        assert text.count("| sound 7 frames later | ") == 2  # of test and of validation
        assert "the expert of talking alone" in text
        assert out.with_suffix(".png").read_bytes()[:4] == b"\x89PNG"
        assert load_network(out, SyncExpert).training is False
