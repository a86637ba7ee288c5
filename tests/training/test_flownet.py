"""Training FlowNetS: warps that are what they say, a loss that is the plain one, and a run that learns."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from lipcourse.cli import main
from lipcourse.errors import CorpusError, ModelError, OptionError
from lipcourse.networks.flownet import FlowNet
from lipcourse.networks.weights import describe, load_network
from lipcourse.signals.flow import estimate_flow, warp
from lipcourse.training import flownet
from lipcourse.training.flownet import FlowNetOptions, end_point_error, flow_loss, load_mouths, train
from lipcourse.training.warps import (
    LONGEST_MEAN,
    TRIAL_CELLS,
    TRIAL_LENGTH,
    known_pairs,
    random_flow,
    trial_pairs,
)
from lipcourse.windows.prepared import PreparedClip, encode_clip
from lipcourse.windows.shards import ShardIndex, write_shard

WIDTH = 1 / 32


def texture(count: int, seed: int = 0, points: int = 16) -> torch.Tensor:
    """Random smooth pictures (N, 3, 64, 64)."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(count, 3, points, points, generator=generator) * 1.4 - 0.7
    return functional.interpolate(coarse, size=(64, 64), mode="bicubic", align_corners=True)


def drawing(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def prepared(key: str, frames: int, seed: int) -> PreparedClip:
    """A clip of which only the mouths matter: a texture that slides by a pixel a frame."""
    picture = ((texture(1, seed)[0].clamp(-1, 1) + 1) * 127.5).byte().permute(1, 2, 0).numpy()
    mouths = np.stack([np.roll(picture, step, axis=1) for step in range(frames)])
    transforms = np.tile(np.eye(2, 3, dtype=np.float32), (frames, 1, 1))
    return PreparedClip(
        key=key,
        talker=key.split("/")[1],
        split="train",
        fps=25.0,
        sample_rate=16000,
        mouths=mouths,
        faces=np.zeros((frames, 128, 128, 3), np.uint8),
        mouth_landmarks=np.zeros((frames, 20, 2), np.float32),
        face_landmarks=np.zeros((frames, 68, 2), np.float32),
        mouth_transforms=transforms,
        face_transforms=transforms,
        found=np.ones(frames, bool),
        waveform=np.zeros(640 * frames, np.float32),
        origin=("drawn for a test", "CC0 1.0"),
    )


def write(folder: Path, split: str, clips: list[PreparedClip]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    index = ShardIndex(clips=[{"key": clip.key} for clip in clips])
    write_shard(folder / f"{split}-000000.tar", index, map(encode_clip, clips))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared corpus of three clips of two talkers."""
    folder = tmp_path_factory.mktemp("prepared")
    write(folder, "train", [prepared("drawn/a/1", 7, 1), prepared("drawn/a/2", 5, 2)])
    write(folder, "test", [prepared("drawn/b/1", 6, 3)])
    return folder


class TestWarps:
    def test_the_flow_leads_from_the_first_picture_to_the_second(self) -> None:
        first, second, flow = trial_pairs(texture(6), cells=4)
        left = (warp(second, flow) - first)[..., 8:-8, 8:-8].abs().mean()
        assert float(left) < 0.1 * float((second - first)[..., 8:-8, 8:-8].abs().mean())
        assert float(flow.norm(dim=1).mean()) == pytest.approx(TRIAL_LENGTH, rel=1e-5)

    def test_and_so_it_does_in_training_but_for_light_and_noise(self) -> None:
        first, second, flow = known_pairs(texture(64), drawing())
        inside = (slice(None), slice(None), slice(12, -12), slice(12, -12))

        def alike(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
            pair = [each[inside].flatten(1) for each in (one, other)]
            return functional.cosine_similarity(*(each - each.mean(1, keepdim=True) for each in pair))

        moves = flow.norm(dim=1).mean(dim=(1, 2)) > 1
        pulled, still = alike(warp(second, flow), first)[moves], alike(second, first)[moves]
        assert float(pulled.median()) > 0.97
        assert float(pulled.mean()) > float(still.mean()) + 0.1
        assert float((pulled > still).float().mean()) > 0.9

    def test_light_changes_between_the_two(self) -> None:
        first, second, _ = known_pairs(torch.full((256, 3, 64, 64), 0.1), drawing())
        change = (second - first).mean(dim=(1, 2, 3))
        assert 0.01 < float(change.std()) < 0.1

    def test_the_same_seed_draws_the_same_and_another_another(self) -> None:
        first, again, other = (known_pairs(texture(4), drawing(seed)) for seed in (0, 0, 1))
        assert all(torch.equal(one, two) for one, two in zip(first, again, strict=True))
        assert not torch.equal(first[2], other[2])

    def test_flows_are_of_many_lengths_smooth_and_often_only_in_a_part(self) -> None:
        flow = random_flow(256, 64, drawing())
        length = flow.norm(dim=1)
        means = length.mean(dim=(1, 2))
        assert float(means.max()) <= LONGEST_MEAN + 1e-4
        assert float(means.min()) < 0.1 < 1 < float(means.mean())
        steps = torch.diff(flow, dim=3).abs().mean() / length.mean()
        assert float(steps) < 0.15
        quiet = (length < 0.1 * length.amax(dim=(1, 2), keepdim=True)).float().mean(dim=(1, 2))
        assert 0.2 < float((quiet > 0.3).float().mean()) < 0.7

    def test_pictures_stay_in_range_and_the_given_ones_as_they_are(self) -> None:
        pictures = texture(8)
        kept = pictures.clone()
        for part in (*known_pairs(pictures, drawing())[:2], *trial_pairs(pictures, 6)[:2]):
            assert -1 <= float(part.min()) < float(part.max()) <= 1
        assert torch.equal(pictures, kept)


class TestLoss:
    def test_end_point_error_is_the_plain_one(self) -> None:
        flow, truth = torch.randn(2, 3, 2, 4, 5).unbind(0)
        plain = [
            ((flow[n, 0, y, x] - truth[n, 0, y, x]) ** 2 + (flow[n, 1, y, x] - truth[n, 1, y, x]) ** 2) ** 0.5
            for n in range(3)
            for y in range(4)
            for x in range(5)
        ]
        assert float(end_point_error(flow, truth)) == pytest.approx(float(sum(plain)) / 60, rel=1e-5)

    def test_being_right_costs_nothing_and_has_a_gradient(self) -> None:
        flow = torch.ones(1, 2, 4, 4, requires_grad=True)
        error = end_point_error(flow, flow.detach())
        error.backward()
        assert error.item() < 1e-5
        assert bool(torch.isfinite(flow.grad).all())

    def test_every_guess_counts_in_pixels_of_the_full_picture(self) -> None:
        class Sure(torch.nn.Module):
            def forward(self, first: torch.Tensor, _: torch.Tensor) -> list[torch.Tensor]:
                return [
                    torch.full((len(first), 2, size, size), value)
                    for size, value in zip((1, 2, 4, 8, 16), (1.0, 2.0, 3.0, 4.0, 0.0), strict=True)
                ]

        zeros = torch.zeros(1, 3, 64, 64)
        loss = flow_loss(Sure(), zeros, zeros, torch.zeros(1, 2, 64, 64))
        expected = 2**0.5 * (0.05 * 1 + 0.1 * 2 + 0.2 * 3 + 0.3 * 4)
        assert float(loss) == pytest.approx(expected, rel=1e-4)

    def test_one_batch_is_learned_by_heart(self) -> None:
        torch.manual_seed(0)
        network, batch = FlowNet(1 / 8), known_pairs(texture(4, points=8), drawing())
        optimiser = torch.optim.Adam(network.parameters(), lr=2e-3)
        losses = []
        for _ in range(80):
            loss = flow_loss(network, *batch)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
        assert losses[-1] < 0.35 * losses[0]


class TestMouths:
    def test_pairs_never_cross_from_one_clip_into_the_next(self, folder: Path) -> None:
        mouths = load_mouths([folder], "train")
        assert mouths.frames.shape == (12, 3, 64, 64)
        assert mouths.follows.tolist() == [0, 1, 2, 3, 4, 5, 7, 8, 9, 10]
        told = {"name": "drawn for a test", "licence": "CC0 1.0", "clips": 2, "talkers": 1}
        assert mouths.sources == [told]

    def test_pictures_are_those_of_the_shard(self, folder: Path) -> None:
        mouths = load_mouths([folder, folder], "test")
        assert len(mouths.frames) == 12
        wanted = torch.from_numpy(prepared("drawn/b/1", 6, 3).mouths[4]).permute(2, 0, 1) / 127.5 - 1
        assert float((mouths.pictures(torch.tensor([4]))[0] - wanted).abs().mean()) < 0.05  # JPEG

    def test_no_shards(self, tmp_path: Path) -> None:
        with pytest.raises(CorpusError, match=r"no shards of the split 'test'.*lipcourse prepare"):
            load_mouths([tmp_path], "test")


class TestRun:
    OPTIONS = FlowNetOptions(width=WIDTH, warp_steps=6, mouth_steps=4, batch=4)

    def test_both_stages_are_kept_and_told(self, folder: Path, tmp_path: Path) -> None:
        lines: list[str] = []
        path = train([folder], tmp_path, self.OPTIONS, report=lines.append)
        assert path == tmp_path / "flownet.safetensors"
        assert [
            describe(tmp_path / f"{name}.safetensors").facts["steps"] for name in ("warps", "flownet")
        ] == [
            6,
            10,
        ]
        told = describe(path)
        assert told.options == {"width": WIDTH}
        assert told.facts["sources"] == load_mouths([folder], "train").sources
        assert [line.split(":")[0] for line in lines] == ["warps 6/6", "flownet 4/4"]
        assert all("held-out" in line for line in lines)

    def test_a_seed_gives_the_same_weights_again(self, folder: Path, tmp_path: Path) -> None:
        states = []
        for name, seed in (("first", 0), ("again", 0), ("other", 1)):
            options = FlowNetOptions(width=WIDTH, warp_steps=2, mouth_steps=2, batch=4, seed=seed)
            path = train([folder], tmp_path / name, options, report=lambda _: None)
            states.append(torch.cat([number.flatten() for number in load_network(path).parameters()]))
        assert torch.equal(states[0], states[1])
        assert not torch.equal(states[0], states[2])

    def test_it_goes_on_from_a_network(self, folder: Path, tmp_path: Path) -> None:
        first = FlowNetOptions(width=WIDTH, warp_steps=3, mouth_steps=0, batch=4)
        path = train([folder], tmp_path, first, report=lambda _: None)
        assert path.name == "warps.safetensors"
        before = load_network(path).state_dict()
        second = FlowNetOptions(width=WIDTH, warp_steps=0, mouth_steps=2, batch=4, learning_rate=1e-9)
        path = train([folder], tmp_path, second, start=path, report=lambda _: None)
        assert describe(path).facts["steps"] == 5
        for name, tensor in load_network(path).state_dict().items():
            torch.testing.assert_close(tensor, before[name], atol=1e-6, rtol=1e-4)

    def test_a_run_that_goes_on_draws_other_pairs(
        self, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        drawn: list[torch.Tensor] = []

        def noted(network: FlowNet, first: torch.Tensor, *rest: torch.Tensor) -> torch.Tensor:
            drawn.append(first.clone())
            return flow_loss(network, first, *rest)

        monkeypatch.setattr(flownet, "flow_loss", noted)
        options = FlowNetOptions(width=WIDTH, warp_steps=1, mouth_steps=0, batch=2)
        path = train([folder], tmp_path, options, report=lambda _: None)
        path = train([folder], tmp_path, options, start=path, report=lambda _: None)
        assert not torch.equal(*drawn)
        facts = describe(path).facts
        assert (facts["done"], facts["sittings"]) == ({"warps": 2, "flownet": 0}, 2)

    def test_the_second_stage_follows_its_teacher(self, folder: Path) -> None:
        mouths, options = load_mouths([folder], "train"), FlowNetOptions(batch=8, teacher="farneback")
        first, second, flow = flownet._batch(mouths, options, drawing(), with_teacher=True)
        assert len(first) == len(second) == len(flow) == 8
        video = torch.stack([first, second], dim=2)[4:]
        torch.testing.assert_close(flow[4:], estimate_flow(video, "farneback")[:, :, 0])
        still = (warp(second[:4], flow[:4]) - first[:4]).abs().mean()
        assert float(still) < 0.15  # the other half is warps, whose flow is known

    def test_a_loss_that_is_no_number_stops_it(self, folder: Path, tmp_path: Path) -> None:
        options = FlowNetOptions(width=WIDTH, warp_steps=50, batch=2, learning_rate=1e30)
        with pytest.raises(ModelError, match="the loss is no number at step"):
            train([folder], tmp_path, options, report=lambda _: None)

    @pytest.mark.parametrize(
        "wrong", [{"batch": 0}, {"every": 0}, {"warp_steps": -1}, {"warp_steps": 0, "mouth_steps": 0}]
    )
    def test_wrong_options(self, wrong: dict[str, int]) -> None:
        with pytest.raises(OptionError, match="1 or more"):
            FlowNetOptions(**wrong)

    def test_the_commands_train_measure_and_write_a_card(
        self, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        pytest.importorskip("matplotlib")
        run, out = tmp_path / "run", tmp_path / "shipped" / "flownet.safetensors"
        words = f"train flownet --data {folder} --out {run} --width {WIDTH} --batch 4"
        assert main([*words.split(), "--warp-steps", "2", "--mouth-steps", "1"]) == 0
        assert main(f"evaluate flow --run {run} --data {folder} --out {out}".split()) == 0
        assert "flownet.md" in capsys.readouterr().out
        text = out.with_suffix(".md").read_text()
        for row in ("| no movement | ", "| Lucas-Kanade | ", "| Farneback | ", "| DIS | ", "| FlowNetS | "):
            assert text.count(row) == 2
        assert out.stat().st_size < (run / "flownet.safetensors").stat().st_size
        picture = io.BytesIO(out.with_suffix(".png").read_bytes())
        assert picture.read(4) == b"\x89PNG"
        shutil.rmtree(run)


def test_no_movement_has_the_error_that_reports_say() -> None:
    for cells in TRIAL_CELLS:
        _, _, flow = trial_pairs(texture(8), cells)
        assert float(end_point_error(torch.zeros_like(flow), flow)) == pytest.approx(1.53, abs=1e-3)
