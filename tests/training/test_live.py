"""A training that is steered between two steps, and watched."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest
import torch

from lipcourse.course.sentences import Sentences
from lipcourse.errors import ModelError, OptionError
from lipcourse.training.live import LOSSES, LiveTraining, gradient_shares, true_frames
from lipcourse.training.losses import ObjectiveWeights


@pytest.fixture(scope="module")
def sentences(speaking):
    clips = [speaking(f"made/s/{n}", "s", "train", n) for n in range(3)]
    return Sentences(clips, batch=2, frames=4, shown_frames=4)


@pytest.fixture
def begin(sentences, tiny):
    def begin(**options):
        options = replace(tiny, autoencoder_steps=1, learning_rate=1e-2, **options)
        return LiveTraining(options, sentences.draw, sentences.shown())

    return begin


def weights_of(network):
    return torch.cat([each.detach().flatten() for each in network.parameters()])


def test_a_weight_acts_from_the_next_step_on(begin):
    one, other = begin(), begin()
    for live in (one, other):
        live.step()
    assert torch.equal(weights_of(one.glance.generator), weights_of(other.glance.generator))
    other.turn(pixel=100.0)
    one.step()
    assert other.step().options.weights.pixel == 100.0
    assert [look.options.weights.pixel for look in other.history] == [0.5, 0.5, 100.0]
    assert not torch.equal(weights_of(one.glance.generator), weights_of(other.glance.generator))


def test_turned_while_a_step_is_under_way_it_waits_for_the_next(begin, sentences):
    live = begin()
    draw = live.draw

    def turning(step):
        live.turn(pixel=7.0)
        return draw(step)

    live.draw = turning
    assert live.step().options.weights.pixel == 0.5
    assert live.step().options.weights.pixel == 7.0


@pytest.mark.parametrize("name", ["lambda_p", "lambda_u"])
def test_a_lambda_teaches_the_judge_otherwise(begin, name):
    one, other = begin(), begin()
    other.turn(**{name: 5.0})
    for live in (one, other):
        live.step()
    assert not torch.equal(weights_of(one.glance.discriminator), weights_of(other.glance.discriminator))


def test_a_loss_without_weight_teaches_nobody_and_is_still_seen(begin):
    live = begin()
    live.turn(adversarial=0.0, correlation=0.0)
    judge, listener = live.glance.discriminator, live.glance.audio_derivative
    before = weights_of(judge), weights_of(listener)
    look = live.step()
    assert torch.equal(before[0], weights_of(judge))
    assert torch.equal(before[1], weights_of(listener))
    assert look.losses.keys() == set(LOSSES)
    assert all(value > 0 for value in look.losses.values())
    assert look.shares["adversarial"] == look.shares["correlation"] == 0
    assert sum(look.shares.values()) == pytest.approx(1)


def test_reset_begins_again_bit_for_bit(begin):
    live = begin()
    first = [(live.history[0].losses, live.step().losses, live.step().losses)]
    frames = live.pictures.frames
    live.reset()
    assert (live.steps, len(live.history)) == (0, 1)
    assert [(live.history[0].losses, live.step().losses, live.step().losses)] == first
    assert (live.pictures.frames == frames).all()


def test_a_training_can_go_on_from_a_trained_generator(begin, sentences):
    trained = begin()
    trained.step()
    start = trained.glance.generator
    live = LiveTraining(trained.options, sentences.draw, sentences.shown(), start=start)
    assert live.history[0].losses["pixel"] == trained.history[-1].losses["pixel"]
    assert torch.equal(weights_of(live.glance.generator), weights_of(start))
    live.step()
    live.reset()
    assert torch.equal(weights_of(live.glance.generator), weights_of(start))


def test_reset_keeps_what_was_turned(begin):
    live = begin()
    live.turn(pixel=3.0, lambda_u=1.0)
    live.reset()
    assert (live.options.weights.pixel, live.options.lambda_u) == (3.0, 1.0)


@pytest.mark.parametrize("change", [{"motion": "none"}, {"motion": "difference"}, {"derivative": False}])
def test_reset_can_ask_for_other_networks(begin, change):
    live = begin()
    knows = weights_of(live.glance.autoencoder)
    live.reset(replace(live.options, **change))
    live.step()
    assert live.glance.discriminator.motion == live.options.motion
    assert torch.equal(weights_of(live.glance.autoencoder), knows)


def test_all_weights_zero_are_refused_and_can_be_mended(begin):
    live = begin()
    live.turn(**dict.fromkeys(LOSSES, 0.0))
    with pytest.raises(OptionError, match="every loss has weight 0"):
        live.step()
    live.turn(pixel=1.0)
    assert live.step().step == 1


@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf")])
def test_a_weight_that_cannot_be_is_refused_and_nothing_changes(begin, value):
    live = begin()
    before = live.options
    for name in ("pixel", "lambda_p"):
        with pytest.raises(OptionError):
            live.turn(**{name: value})
    assert live.options is before


def test_a_loss_that_is_no_number_is_told_and_leaves_the_networks(begin):
    live = begin()
    draw = live.draw
    live.draw = lambda step: replace(draw(step), log_mel=draw(step).log_mel * float("nan"))
    before = weights_of(live.glance.generator)
    with pytest.raises(ModelError, match=r"step 1: .* is no number; reset"):
        live.step()
    assert torch.equal(before, weights_of(live.glance.generator))


def test_the_pixel_loss_pushes_everywhere_alike(begin):
    push = begin().pictures.pushes["pixel"]
    assert push.shape == (64, 64)
    # Each of 3 x 64 x 64 numbers of each frame by one part of all of them.
    assert push.median().item() == pytest.approx(1 / (3 * 64 * 64), rel=1e-4)


def test_shares_are_those_of_a_plain_loop():
    pushes = {name: torch.randn(2, 3, generator=torch.Generator().manual_seed(7)) for name in LOSSES[:2]}
    weights = ObjectiveWeights(correlation=2.0, pixel=0.25)
    sizes = {}
    for name, push in pushes.items():
        sizes[name] = sum(abs(asdict(weights)[name] * number) for row in push.tolist() for number in row)
    for name, share in gradient_shares(pushes, weights).items():
        assert share == pytest.approx(sizes[name] / sum(sizes.values()))


def test_nothing_pushes_without_weights():
    pushes = {name: torch.ones(2) for name in LOSSES}
    assert set(gradient_shares(pushes, ObjectiveWeights(0, 0, 0, 0)).values()) == {0.0}


def test_it_may_look_more_seldom(sentences, tiny):
    options = replace(tiny, autoencoder_steps=0)
    live = LiveTraining(options, sentences.draw, sentences.shown(), look_every=2)
    for _ in range(4):
        live.step()
    assert [look.step for look in live.history] == [0, 2, 4]
    assert live.steps == 4


def test_the_learners_random_numbers_are_left_alone(begin):
    torch.manual_seed(3)
    expected = torch.rand(3)
    torch.manual_seed(3)
    begin().step()
    assert torch.equal(torch.rand(3), expected)


def test_true_frames_are_those_of_the_sentence(begin, sentences):
    assert (true_frames(begin()) == sentences.shown().video[0].permute(1, 2, 3, 0).numpy()).all()
