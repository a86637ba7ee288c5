"""Head starts: an audio encoder that learns where lips go, and a generator that learns from pictures."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

from lipcourse.errors import OptionError
from lipcourse.networks.glance import Generator
from lipcourse.training.glance import train
from lipcourse.training.headstart import Ear, hearing_loss, keep_still
from lipcourse.training.losses import ObjectiveWeights
from lipcourse.training.presets import PRESETS, GlanceOptions

PICTURES = ObjectiveWeights(correlation=0.0, pixel=1.0, perceptual=0.0, adversarial=0.0)


def quiet(line):
    """Tell nothing."""


@pytest.fixture
def still(tiny):
    return replace(
        tiny, weights=PICTURES, painted=1, frames=5, batch=4, hearing_steps=2, fixed_statistics=True,
        average=0.5, weight_decay=1e-3,
    )  # fmt: skip


def inputs(frames=6):
    random = torch.Generator().manual_seed(3)
    log_mel = torch.rand(2, 4 * frames, 128, generator=random) * 80 - 90
    return log_mel, torch.rand(2, 3, 64, 64, generator=random) * 2 - 1


def drawn(width=1 / 32):
    torch.manual_seed(0)
    return Generator(width).eval()


def test_only_the_painted_frames_are_painted_and_all_are_heard():
    network = drawn()
    keep_still(network, fresh=True)
    log_mel, image = inputs()
    with torch.no_grad():
        whole = network(log_mel, image)
        some = network(log_mel, image, slice(2, 4))
    torch.testing.assert_close(some.audio_features, whole.audio_features)
    torch.testing.assert_close(some.video, whole.video[:, :, 2:4])


def test_a_still_generators_film_is_its_pictures_in_a_row():
    network = drawn()
    log_mel, image = inputs()

    def apart():
        with torch.no_grad():
            whole = network(log_mel, image).video
            pictures = [network(log_mel, image, slice(t, t + 1)).video for t in range(6)]
        return (whole - torch.cat(pictures, dim=2)).abs().max().item()

    assert apart() > 1e-3  # as it was drawn, it looks at neighbours
    keep_still(network, fresh=True)
    assert apart() < 1e-5


def test_fewer_inputs_are_made_up_for_once():
    network, twice = drawn(1 / 8), drawn(1 / 8)
    before = network.fusion.mix[0].weight.detach().clone()
    keep_still(network, fresh=True)
    after = network.fusion.mix[0].weight
    torch.testing.assert_close(after[:, :, 1], before[:, :, 1] * 3**0.5)
    assert not after[:, :, [0, 2]].any()
    keep_still(twice, fresh=False)
    torch.testing.assert_close(twice.fusion.mix[0].weight[:, :, 1], before[:, :, 1])


def test_a_still_generator_stays_still_while_it_learns():
    network = drawn().train()
    keep_still(network, fresh=True)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-2)
    log_mel, image = inputs()
    for _ in range(2):
        optimizer.zero_grad()
        network(log_mel, image, slice(2, 3)).video.square().sum().backward()
        optimizer.step()
    paint = network.decoder.paint.weight
    assert not paint[:, :, [0, 1, 2, 4, 5, 6]].any()
    assert not network.fusion.mix[0].weight[:, :, [0, 2]].any()
    assert (paint[:, :, 3] - drawn().decoder.paint.weight[:, :, 3] * 7**0.5).abs().max() > 1e-3


def test_an_ear_reads_every_channel_and_pitch_of_its_own_frame():
    ear = Ear(3)
    torch.nn.init.normal_(ear.read.weight)
    features = torch.randn(2, 3, 5, 16, requires_grad=True)
    points = ear(features)
    assert points.shape == (2, 5, 20, 2)
    points[:, 2].square().sum().backward()
    reached = features.grad.abs().amax(dim=0) > 0
    assert reached[:, 2].all()
    assert not reached[:, [0, 1, 3, 4]].any()


def test_hearing_loss_asks_only_for_movement():
    points, truth = torch.randn(2, 4, 20, 2), torch.randn(2, 4, 20, 2)
    expected = 0.0
    for b in range(2):
        for p in range(20):
            for c in range(2):
                mine, true = points[b, :, p, c], truth[b, :, p, c]
                expected += sum(((mine - mine.mean()) - (true - true.mean())) ** 2) / (2 * 4 * 20 * 2)
    torch.testing.assert_close(hearing_loss(points, truth), torch.as_tensor(expected))
    elsewhere = points + torch.randn(2, 1, 20, 2)
    torch.testing.assert_close(hearing_loss(elsewhere, truth), hearing_loss(points, truth))
    assert hearing_loss(truth, truth) == 0


def test_an_audio_encoder_learns_to_tell_how_lips_move(shards, still, tmp_path):
    options = replace(still, width=1 / 8, hearing_steps=40, steps=1, learning_rate=3e-3, log_every=1)
    run = train(options, shards, tmp_path, progress=quiet)
    heard = [line.losses["hearing"] for line in run.progress if line.phase == "hearing"]
    assert len(heard) == 40
    assert heard[-1] < 0.98 * heard[0]
    assert run.progress[-1].phase == "glance"


def test_a_stopped_head_start_goes_on_to_the_same_weights(shards, still, tmp_path):
    whole = train(still, shards, tmp_path / "whole", progress=quiet)
    for stop in (2, 3):  # where hearing ends, and where painting has begun

        def tell(line, stop=stop):
            if line.step == stop:
                raise InterruptedError

        out = tmp_path / f"stopped{stop}"
        with pytest.raises(InterruptedError):
            train(replace(still, save_every=1, log_every=1), shards, out, progress=tell)
        resumed = train(still, shards, out, progress=quiet)
        assert resumed.step == whole.step
        one, other = (load_file(run.out / "last.safetensors") for run in (whole, resumed))
        assert one.keys() == other.keys()
        assert all(torch.equal(one[name], other[name]) for name in one)


def test_films_are_learned_from_what_pictures_taught(shards, still, tmp_path):
    pictures = train(still, shards, tmp_path / "pictures", progress=quiet)
    films = replace(still, painted=0, hearing_steps=0)
    run = train(films, shards, tmp_path / "films", initial=pictures.out / "last.safetensors", progress=quiet)
    before, after = (
        load_file(each.out / "last.safetensors")["decoder.paint.weight"] for each in (pictures, run)
    )
    assert not before[:, :, 0].any()
    assert after[:, :, 0].any()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"painted": 1}, "whole windows"),
        ({"weights": PICTURES, "painted": 17}, "17 of 16 frames"),
        ({"weights": PICTURES, "painted": 1, "network": "speech2vid"}, "no head start"),
        ({"weights": PICTURES, "hearing_steps": 1, "network": "video_gan"}, "no head start"),
        ({"hearing_steps": -1}, "cannot be -1"),
    ],
)
def test_a_head_start_that_cannot_be_is_refused(changes, message):
    with pytest.raises(OptionError, match=message):
        GlanceOptions(**changes)


def test_the_painted_frames_are_the_middle_ones():
    base = replace(PRESETS["class"], frames=8, painted=0)
    assert range(8)[replace(base, painted=1).painted_frames] == range(3, 4)
    assert range(8)[replace(base, painted=4).painted_frames] == range(2, 6)
    assert range(8)[base.painted_frames] == range(8)
