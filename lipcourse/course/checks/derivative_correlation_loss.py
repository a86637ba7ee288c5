"""Checks of notebook 07: changes of features, the cosine of Eq. 1, and pairs that should not agree."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from lipcourse.course.exercise import Case, Exercise, Mutant
from lipcourse.course.quizzes import Choice, Question, Quiz
from lipcourse.networks.glance_correlation import FlowEncoder
from lipcourse.networks.layers import time_derivative
from lipcourse.training.losses import correlation_loss

# Exercise 1: how features change.


def _random(shape: tuple[int, ...], seed: int, scale: float = 1.0) -> Tensor:
    """Numbers that are never negative, as after ReLU, in double precision."""
    numbers = torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return numbers * scale


CHANGES = Exercise(
    name="feature_changes",
    reference=time_derivative,
    cases=lambda: [(_random((2, 3, 8, 8), 1),), (_random((1, 2, 6, 4), 2),)],
    picture="image",
    mutants=(
        Mutant(
            "values in place of changes",
            lambda features: features[:, :, 1:],
            "You left out the first step, but these are still the values. Take the step before away from "
            "each.",
        ),
        Mutant(
            "earlier less later",
            lambda features: -time_derivative(features),
            "Your sign is turned: where the sound grows louder, the change should be above 0. Later less "
            "earlier.",
        ),
        Mutant(
            "along pitch",
            lambda features: features.diff(dim=3),
            "You compare neighbouring pitches. Time is the third axis of (B, C, T, F): `dim=2`.",
        ),
        Mutant(
            "sizes without sign",
            lambda features: time_derivative(features).abs(),
            "Absolute values cannot tell a sound that begins from one that ends. Keep the sign.",
        ),
        Mutant(
            "over two steps",
            lambda features: (features[:, :, 2:] - features[:, :, :-2]) / 2,
            "You compare the step after with the step before, two steps apart. The flow goes from each frame "
            "to the next: so must the change, or they will not meet.",
        ),
        Mutant(
            "as long as before",
            lambda features: functional.pad(time_derivative(features), (0, 0, 1, 0)),
            "You put a change of 0 in front. Between T frames there are T - 1 steps, as many as flow has.",
        ),
    ),
)


# Exercise 2: Eq. 1.


def _lengths(rows: Tensor) -> Tensor:
    lengths: Tensor = torch.linalg.vector_norm(rows, dim=1)
    return lengths


def _mean_loss(first: Tensor, second: Tensor, lengths: Tensor) -> Tensor:
    return (1 - (first * second).sum(dim=1) / lengths).mean()


def _bare_cosines(first: Tensor, second: Tensor) -> Tensor:
    """Eq. 1 without its epsilon."""
    return _mean_loss(first, second, _lengths(first) * _lengths(second))


def _eachs_own_epsilon(audio: Tensor, motion: Tensor) -> Tensor:
    first, second = audio.flatten(1), motion.flatten(1)
    return _mean_loss(first, second, (_lengths(first) + 1e-8) * (_lengths(second) + 1e-8))


def _pearson(audio: Tensor, motion: Tensor) -> Tensor:
    first, second = (part.flatten(1) - part.flatten(1).mean(1, keepdim=True) for part in (audio, motion))
    return correlation_loss(first[:, None], second[:, None])


def _pair_cases() -> list[Case]:
    """What two encoders might give: of usual size, of clips as loud as whispers, and nothing at all."""
    usual = _random((4, 3, 7), 3), _random((4, 3, 7), 4)
    usual[1][0] = 20 * usual[0][0]
    faint = _random((2, 3, 5), 5, 1e-4), _random((2, 3, 5), 6, 1e-4)
    return [usual, faint, (torch.zeros_like(usual[0]), usual[1])]


COSINE = Exercise(
    name="cosine_loss",
    reference=correlation_loss,
    cases=_pair_cases,
    picture="numbers",
    mutants=(
        Mutant(
            "the whole batch as one vector",
            lambda audio, motion: correlation_loss(audio[None], motion[None]),
            "You take the whole batch as one vector, where a loud clip drowns the others. Each clip has its "
            "own cosine; the mean comes last.",
        ),
        Mutant(
            "mean over the batch first",
            lambda audio, motion: correlation_loss(audio.mean(0, keepdim=True), motion.mean(0, keepdim=True)),
            "You average the clips before the cosine: a clip's movement is compared with other clips' sound. "
            "The mean over the batch comes last.",
        ),
        Mutant(
            "the cosine itself",
            lambda audio, motion: 1 - correlation_loss(audio, motion),
            "This is the cosine, which is high where sound and movement agree. A loss is low there: 1 less "
            "the cosine.",
        ),
        Mutant(
            "an epsilon for each length",
            _eachs_own_epsilon,
            "You guard each length by itself, as `cosine_similarity` does. Added to their *product*, as "
            "asked, 1e-8 counts for vectors that are faint and not only for those that are zero.",
        ),
        Mutant(
            "no epsilon",
            lambda audio, motion: _bare_cosines(audio.flatten(1), motion.flatten(1)),
            "Where a mouth stays still, its vector is zero, and you divide 0 by 0. Add 1e-8 to the "
            "product of the lengths.",
        ),
        Mutant(
            "Pearson's r",
            _pearson,
            "You take the means away first: that is Pearson's r, of notebook 04. Eq. 1 is a cosine and "
            "leaves the vectors as they are.",
        ),
        Mutant(
            "the mean of the channels",
            lambda audio, motion: correlation_loss(audio, motion, mode="channel_mean"),
            "This is the other reading: the mean of the channels first, then one cosine of two tracks. Here "
            "all channels and steps of a clip make one vector: `flatten(1)`.",
        ),
        Mutant(
            "a cosine for each step",
            lambda audio, motion: 1 - functional.cosine_similarity(audio, motion, dim=1).mean(),
            "You compare step by step: a cosine over the channels at each moment. A step in which nothing "
            "happens then counts as much as a word. Flatten channels and steps together.",
        ),
    ),
)


# Exercise 3: pairs that should not agree.


def push_apart(audio: Tensor, motion: Tensor) -> Tensor:
    """The correlation loss, plus the cosine of each sound with the next clip's movement."""
    return correlation_loss(audio, motion) + 1 - correlation_loss(audio, motion.roll(1, dims=0))


PUSH = Exercise(
    name="add_mismatch",
    reference=push_apart,
    cases=lambda: [(_random((5, 2, 4), 7), _random((5, 2, 4), 8)), (_random((3, 4, 6), 9),) * 2],
    picture="numbers",
    mutants=(
        Mutant(
            "mismatch rewarded",
            lambda audio, motion: (
                correlation_loss(audio, motion) + correlation_loss(audio, motion.roll(1, dims=0))
            ),
            "You add the mismatched *loss*: then wrong pairs are asked to agree as well. Add their cosine, "
            "which is 1 less that loss.",
        ),
        Mutant(
            "matched with itself",
            lambda audio, motion: correlation_loss(audio, motion) + 1 - correlation_loss(audio, motion),
            "Your second pair is the first one again, and both cancel: the result is always 1. Give each "
            "sound another clip's movement.",
        ),
        Mutant(
            "rolled along time",
            lambda audio, motion: (
                correlation_loss(audio, motion) + 1 - correlation_loss(audio, motion.roll(1, dims=2))
            ),
            "You rolled the time axis: the right movement, one step late. A mismatch comes from another "
            "clip: `dims=0`.",
        ),
        Mutant(
            "only the mismatch",
            lambda audio, motion: 1 - correlation_loss(audio, motion.roll(1, dims=0)),
            "The matched pairs are missing. Pushing wrong pairs apart does not bring the right ones "
            "together.",
        ),
        Mutant(
            "the difference the other way",
            lambda audio, motion: 2 - push_apart(audio, motion),
            "Your sign is turned: as this falls, wrong pairs come together and right ones part.",
        ),
    ),
)

EXERCISES = (CHANGES, COSINE, PUSH)


# The quiz.


def _longer() -> float:
    """The loss of a pair of which one is three times the other."""
    audio = _random((1, 16, 15), 1)
    return round(float(correlation_loss(audio, 3 * audio)), 6)


def _silent() -> float:
    """The loss where one of both is zero."""
    motion = _random((1, 16, 15), 1)
    return float(correlation_loss(torch.zeros_like(motion), motion))


def _constant() -> float:
    """The loss of two encoders that say 5 whatever they are given."""
    return round(float(correlation_loss(torch.full((4, 16, 15), 5.0), torch.full((4, 16, 15), 5.0))), 6)


def _steps_that_see_the_first() -> int:
    """How many of the 15 steps of phi_v depend on the first field of flow."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        encoder = FlowEncoder().eval()
        flow = torch.randn(2, 2, 15, 64, 64, requires_grad=True)
    steps = encoder(flow).sum(dim=(0, 1)).unbind()
    gradients = [torch.autograd.grad(step, flow, retain_graph=True)[0][:, :, 0] for step in steps]
    return sum(bool(gradient.any()) for gradient in gradients)


def _gradient_of_half() -> float:
    """By what factor the gradient grows when the vector is half as long."""
    audio, motion = _random((1, 16, 15), 1), _random((1, 16, 15), 2)
    half, whole = (_gradient(correlation_loss, scale * audio, motion).norm() for scale in (0.5, 1.0))
    return round(float(half / whole), 4)


def _gradient(loss: Callable[[Tensor, Tensor], Tensor], audio: Tensor, motion: Tensor) -> Tensor:
    audio = audio.clone().requires_grad_()
    return torch.autograd.grad(loss(audio, motion), audio)[0]


QUIZZES = (
    Quiz(
        "derivative_correlation_loss",
        (
            Question(
                "phi_s is exactly three times phi_v. What is the correlation loss?",
                (
                    Choice("0", 0.0, "A cosine sees the direction, not the length."),
                    Choice("2/3", 2 / 3, "The length does not count: divide by both."),
                    Choice("1", 1.0, "That would be a right angle."),
                ),
                _longer,
            ),
            Question(
                "The mouth does not move, and phi_v is zero everywhere. What is the loss?",
                (
                    Choice(
                        "0", 0.0, "Nothing agrees with nothing? The cosine is 0 there, the loss 1 less that."
                    ),
                    Choice("1", 1.0, "No direction, cosine 0: as if they had nothing to do with each other."),
                    Choice("Not a number", "nan", "That is what the epsilon is for: 0 / 0 becomes 0 / 1e-8."),
                ),
                _silent,
            ),
            Question(
                "Both encoders have learnt to say 5, whatever they hear or see. What is the loss?",
                (
                    Choice("0", 0.0, "The best there is, and it says nothing: this is the collapse."),
                    Choice("1", 1.0, "They agree perfectly: both say 5."),
                    Choice("0.5, by chance", 0.5, "Nothing here is left to chance."),
                ),
                _constant,
            ),
            Question(
                "How many of the 15 steps of phi_v see the first field of the flow?",
                (
                    Choice("1", 1, "Six convolutions, each 3 long, carry it further."),
                    Choice("7", 7, "Itself and six to one side: there is nothing on the other."),
                    Choice(
                        "13", 13, "In the middle of the window. The first field has neighbours on one side."
                    ),
                    Choice("15", 15, "Only if the receptive field were 29."),
                ),
                _steps_that_see_the_first,
            ),
            Question(
                "phi_s becomes half as long and keeps its direction. What happens to its gradient?",
                (
                    Choice(
                        "It doubles", 2.0, "The same turn needs half the way: so the slope is twice as steep."
                    ),
                    Choice("It stays", 1.0, "The loss stays, not its slope."),
                    Choice("It halves", 0.5, "The other way round."),
                ),
                _gradient_of_half,
            ),
        ),
    ),
)
