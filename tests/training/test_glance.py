import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
from dataclasses import asdict, replace

import pytest
import torch
from safetensors.torch import load_file

from lipcourse.errors import CorpusError, ModelError, OptionError
from lipcourse.networks.glance import Generator
from lipcourse.networks.weights import describe, load_network
from lipcourse.training import bookkeeper
from lipcourse.training.glance import Glance, adversarial_step, pretraining_step, train
from lipcourse.training.loop import launch, learning_rate
from lipcourse.training.losses import ObjectiveWeights, discriminator_loss, pixel_loss
from lipcourse.training.presets import PRESETS
from lipcourse.windows.dataset import WindowLoader, WindowsWarning

PIXEL = ObjectiveWeights(correlation=0, pixel=1, perceptual=0, adversarial=0)
NETWORKS = ("generator", "audio_derivative", "flow_encoder", "autoencoder", "discriminator")


def quiet(line):
    """Tell nothing."""


def same(first, second):
    """Whether two files hold the same tensors, bit for bit."""
    one, other = load_file(first), load_file(second)
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def begin(options):
    """Networks as a training begins them, and an optimiser for each that learns."""
    torch.manual_seed(0)
    glance = Glance(options)

    def adam(*networks):
        return torch.optim.Adam(
            torch.nn.ModuleList(networks).parameters(), options.learning_rate, options.betas
        )

    return glance, {
        "autoencoder": adam(glance.autoencoder),
        "discriminator": adam(glance.discriminator),
        "generator": adam(glance.generator, glance.audio_derivative, glance.flow_encoder),
    }


def changed(glance, step):
    """Which networks' weights a step changes."""
    before = {name: [p.clone() for p in getattr(glance, name).parameters()] for name in NETWORKS}
    step()
    return {
        name
        for name in NETWORKS
        if any(
            not torch.equal(a, b)
            for a, b in zip(before[name], getattr(glance, name).parameters(), strict=True)
        )
    }


@pytest.fixture(scope="module")
def fabric():
    return launch("cpu")


@pytest.fixture(scope="module")
def batch(shards):
    return next(iter(WindowLoader(shards, "glance", batch=2, frames=4, stride=3))).to("cpu")


def test_a_run_leaves_a_generator_a_checkpoint_and_a_log(shards, tiny, tmp_path):
    lines = []
    run = train(tiny, shards, tmp_path / "run", progress=lines.append)
    assert run.step == 5
    assert [line.phase for line in lines] == ["autoencoder"] * 2 + ["glance"] * 3
    assert lines[-1].losses.keys() == {
        *("discriminator", "discriminator gradient", "generator gradient"),
        *("pixel", "perceptual", "correlation", "adversarial"),
    }
    assert list(run.validations) == [4, 5]
    assert run.best == max(-each.pixel for each in run.validations.values())
    assert all(
        0 <= loss <= 1 for each in run.validations.values() for loss in (each.matched, each.mismatched)
    )
    generator = load_network(run.generator, Generator, width=tiny.width)
    assert torch.isfinite(generator(torch.full((1, 16, 128), -50.0), torch.zeros(1, 3, 64, 64)).video).all()
    facts = describe(run.out / "last.safetensors").facts
    assert facts["steps"] == 3
    assert facts["training"]["weights"] == asdict(tiny.weights)
    assert list((run.out / "log").iterdir())
    again = train(tiny, shards, tmp_path / "run", progress=lines.append)
    assert (again.step, again.validations) == (5, run.validations)
    assert len(lines) == 5  # it was done already


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"weights": PIXEL}, {"pixel"}),
        ({"weights": ObjectiveWeights(adversarial=0)}, {"pixel", "perceptual", "correlation"}),
        (
            {"weights": ObjectiveWeights(correlation=0), "motion": "difference"},
            {"discriminator", "adversarial"},
        ),
        (
            {"weights": ObjectiveWeights(perceptual=0, pixel=0), "motion": "none"},
            {"correlation", "adversarial"},
        ),
        ({"weights": ObjectiveWeights(adversarial=0), "derivative": False}, {"correlation"}),
        ({"weights": ObjectiveWeights(adversarial=0), "correlation": "channel_mean"}, {"correlation"}),
        ({"block_kernel": "3x3x3", "channels_last": True, "fixed_statistics": True}, {"adversarial"}),
    ],
    ids=lambda value: "" if isinstance(value, set) else "-".join(value),
)
def test_every_ablation_takes_a_step(fabric, batch, tiny, changes, told):
    options = replace(tiny, **changes)
    glance, optimizers = begin(options)
    glance.prepare(pretraining=False)
    losses = adversarial_step(fabric, glance, optimizers, batch)
    weights = asdict(options.weights)
    assert told <= losses.keys()
    assert losses.keys() & weights.keys() == {name for name, weight in weights.items() if weight}


def test_each_step_teaches_whom_it_should(fabric, batch, tiny):
    glance, optimizers = begin(tiny)
    glance.prepare(pretraining=True)
    assert changed(glance, lambda: pretraining_step(fabric, glance, optimizers, batch)) == {"autoencoder"}
    glance.prepare(pretraining=False)
    statistics = [buffer.clone() for buffer in glance.autoencoder.buffers()]
    learned = changed(glance, lambda: adversarial_step(fabric, glance, optimizers, batch))
    assert learned == set(NETWORKS) - {"autoencoder"}
    assert all(map(torch.equal, statistics, glance.autoencoder.buffers()))


def test_the_discriminator_is_shown_equation_4(batch, tiny):
    glance, _ = begin(replace(tiny, fixed_statistics=True, lambda_p=0.3, lambda_u=0.9))
    glance.prepare(pretraining=False)
    made = glance.generator(batch.log_mel, batch.image).video
    judge = glance.discriminator
    matched, fake, mismatched = (
        judge(batch.log_mel, video, glance.flow(video)) for video in (batch.video, made, batch.other_video)
    )
    loss = glance.discriminator_loss(batch, made, glance.flow(made))
    torch.testing.assert_close(
        loss, discriminator_loss(matched, fake, mismatched, lambda_p=0.3, lambda_u=0.9)
    )
    loss.backward()
    assert all(weight.grad is None for weight in glance.generator.parameters())
    assert all(weight.grad is not None for weight in judge.parameters())


def test_flow_can_be_what_a_fixed_network_sees(batch, tiny, fabric):
    glance, optimizers = begin(replace(tiny, flow="flownet"))
    video = batch.video.clone().requires_grad_()
    seen = load_network("flownet").estimate(batch.video)
    torch.testing.assert_close(glance.flow(video), seen)
    glance.flow(video).square().sum().backward()
    assert video.grad.abs().sum() > 0
    weights = [weight.clone() for weight in glance.flownet.parameters()]
    glance.prepare(pretraining=False)
    adversarial_step(fabric, glance, optimizers, batch)
    assert all(map(torch.equal, weights, glance.flownet.parameters()))
    assert Glance(replace(tiny, flow="flownet", weights=ObjectiveWeights(0, 1, 0, 0))).flownet is None


def test_every_loss_of_the_generator_reaches_its_first_layer(batch, tiny):
    glance, _ = begin(tiny)
    glance.prepare(pretraining=False)
    generated = glance.generator(batch.log_mel, batch.image)
    losses = glance.generator_losses(batch, generated, glance.flow(generated.video))
    torch.testing.assert_close(losses["pixel"], pixel_loss(generated.video, batch.video))
    for loss in losses.values():
        glance.zero_grad()
        loss.backward(retain_graph=True)
        assert next(glance.generator.identity_encoder.parameters()).grad.abs().sum() > 0
        assert all(weight.grad is None for weight in glance.autoencoder.parameters())


def test_fast_overfits_one_batch_to_a_tenth_of_its_first_pixel_loss(fabric, batch):
    options = replace(PRESETS["fast"], weights=PIXEL, steps=80)
    glance, optimizers = begin(options)
    glance.prepare(pretraining=False)
    losses = []
    for step in range(options.steps):
        rate = learning_rate(options.learning_rate, step, options.steps, options.schedule, options.warmup)
        optimizers["generator"].param_groups[0]["lr"] = rate
        losses.append(adversarial_step(fabric, glance, optimizers, batch)["pixel"])
    assert losses[-1] < losses[0] / 10


def test_the_kept_generator_is_the_running_mean(shards, tiny, tmp_path):
    options = replace(tiny, weights=PIXEL, average=0.5, steps=3, validate_every=0, save_every=1)
    seen = []

    def note(line):
        seen.append(load_file(tmp_path / "run" / "checkpoint.safetensors"))

    train(options, shards, tmp_path / "run", progress=note)
    name = "decoder.paint.weight"
    raw = [each[f"networks.generator.{name}"] for each in seen]
    expected = 0.5 * (0.5 * raw[0] + 0.5 * raw[1]) + 0.5 * raw[2]
    torch.testing.assert_close(load_file(tmp_path / "run" / "best.safetensors")[name], expected)


KILLED = """
    import os, signal, sys
    import torch
    from lipcourse.training import checkpoints
    from lipcourse.training.glance import train
    from lipcourse.training.presets import GlanceOptions
    from lipcourse.training.losses import ObjectiveWeights

    torch.set_num_threads({threads})
    saved = 0

    def save_file(tensors, path, metadata, save=checkpoints.save_file):
        global saved
        saved += 1
        save(tensors, path, metadata)
        if saved == {save}:
            os.kill(os.getpid(), signal.SIGKILL)

    def tell(line):
        if line.step == {step}:
            os.kill(os.getpid(), signal.SIGKILL)

    checkpoints.save_file = save_file
    train({options!r}, {data!r}, {out!r}, progress=tell)
"""


def test_a_run_killed_twice_ends_as_one_never_killed(shards, tiny, tmp_path):
    options = replace(tiny, steps=5, average=0.9, schedule="cosine", warmup=2, log_every=1)
    whole = train(options, shards, tmp_path / "whole", progress=quiet)
    out = tmp_path / "killed"
    # Steps 1 and 2 pretrain; checkpoints are due at 2, 4, 6 and 7. First it dies while the one of step 4 is
    # being renamed, then, having gone on from step 2, in step 5.
    for save, step in ((2, 99), (99, 5)):
        facts = {"threads": torch.get_num_threads(), "data": str(shards), "out": str(out), "options": options}
        code = textwrap.dedent(KILLED.format(save=save, step=step, **facts))
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert done.returncode == -signal.SIGKILL, done.stderr
        assert bool(list(out.glob(".*.part"))) == (save == 2)  # what the first left, the second took away
    resumed = train(options, shards, out, progress=quiet)
    assert [line.step for line in resumed.progress] == [5, 6, 7]
    for name in ("best", "last", "checkpoint"):
        assert same(whole.out / f"{name}.safetensors", out / f"{name}.safetensors")
    assert resumed.validations == whole.validations
    assert not list(out.glob(".*.part"))


TWO = """
    import json, sys
    import torch
    from lipcourse.training.glance import train
    from lipcourse.training.presets import GlanceOptions
    from lipcourse.training.losses import ObjectiveWeights

    lines = []
    train({options!r}, {data!r}, {out!r}, progress=lines.append)
    if lines:
        print(json.dumps([dict(line.losses) for line in lines]))
"""


def test_two_processes_do_what_one_does_with_the_whole_batch(shards, tiny, tmp_path):
    options = replace(
        tiny, fixed_statistics=True, batch=4, learning_rate=1e-4, autoencoder_learning_rate=1e-4
    )
    one = train(options, shards, tmp_path / "one", progress=quiet)
    code = tmp_path / "two.py"
    facts = {"data": str(shards), "out": str(tmp_path / "two"), "options": options}
    code.write_text(textwrap.dedent(TWO.format(**facts)))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    launcher = ["-m", "torch.distributed.run", "--nproc-per-node", "2", "--master-addr", "127.0.0.1"]
    done = subprocess.run(
        [sys.executable, *launcher, "--master-port", str(port), str(code)],
        capture_output=True, text=True, check=False, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    curve = json.loads(done.stdout.splitlines()[-1])
    assert len(curve) == len(one.progress) == 5
    for line, losses in zip(one.progress, curve, strict=True):
        assert line.losses.keys() == losses.keys()
        for name in (each for each in losses if "gradient" not in each):
            assert line.losses[name] == pytest.approx(losses[name], rel=1e-5, abs=1e-5), (line.step, name)


class Poisoned(WindowLoader):
    """The second batch of an epoch holds no numbers."""

    def __iter__(self):
        for number, batch in enumerate(super().__iter__()):
            yield replace(batch, log_mel=batch.log_mel * float("nan")) if number == 1 else batch


def test_a_nan_stops_the_run_and_names_step_loss_and_clips(shards, tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(bookkeeper, "WindowLoader", Poisoned)
    options = replace(tiny, weights=PIXEL, validate_every=0)
    with pytest.raises(
        ModelError, match=r"at step 2 the pixel .*on the clips made/s\d/\d, made/s\d/\d; .*--skip-nan"
    ):
        train(options, shards, tmp_path / "stopped", progress=quiet)
    run = train(replace(options, skip_nan=True), shards, tmp_path / "run", progress=quiet)
    assert run.skipped == 1
    assert run.step == 3
    assert "1 skipped" in str(run.progress[-1])
    assert all(torch.isfinite(tensor).all() for tensor in load_file(run.generator).values())


def test_a_checkpoint_of_other_options_is_told(shards, tiny, tmp_path):
    options = replace(tiny, weights=PIXEL, steps=1, validate_every=0)
    train(options, shards, tmp_path, progress=quiet)
    with pytest.raises(
        ModelError, match=r"was begun with width 0\.03125, not 0\.0625; give --width 0\.03125"
    ):
        train(replace(options, width=1 / 16), shards, tmp_path, progress=quiet)
    assert train(replace(options, width=1 / 16), shards, tmp_path, resume=False, progress=quiet).step == 1
    checkpoint = tmp_path / "checkpoint.safetensors"
    checkpoint.write_bytes(checkpoint.read_bytes()[:-100])
    with pytest.raises(ModelError, match="cut off or damaged"):
        train(replace(options, width=1 / 16), shards, tmp_path, progress=quiet)


def test_weights_to_begin_from_must_fit(shards, tiny, tmp_path):
    options = replace(tiny, weights=PIXEL, steps=1, validate_every=0, learning_rate=0.0, weight_decay=0.0)
    first = train(replace(options, seed=1), shards, tmp_path / "first", progress=quiet)
    second = train(options, shards, tmp_path / "second", initial=first.generator, progress=quiet)
    one, other = load_file(first.generator), load_file(second.generator)
    assert torch.equal(one["decoder.paint.weight"], other["decoder.paint.weight"])
    with pytest.raises(ModelError, match="width"):
        train(replace(options, width=1 / 16), shards, tmp_path / "third", initial=first.generator)


def test_one_talker_is_said_and_one_clip_refused(tiny, tmp_path, speaking, write_prepared):
    options = replace(tiny, weights=PIXEL, steps=1, validate_every=0)
    clips = [speaking(f"made/s1/{number}", "s1", "train", number) for number in range(2)]
    with pytest.warns(WindowsWarning, match="all clips are of one talker"):
        train(options, write_prepared(tmp_path / "talker", clips), tmp_path / "run", progress=quiet)
    with pytest.raises(CorpusError, match="only one clip has a window"):
        train(options, write_prepared(tmp_path / "clip", clips[:1]), tmp_path / "run")


def test_cuda_asked_for_and_absent_is_told(shards, tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(OptionError, match="CUDA is asked for"):
        train(replace(tiny, device="cuda"), shards, tmp_path)
