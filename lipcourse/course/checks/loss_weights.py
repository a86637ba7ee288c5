"""Checks of notebook 10: a weighted total, shares of the push, a weight for a share, a judge's belief."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from lipcourse.course.exercise import Case, Exercise, Mutant
from lipcourse.course.quizzes import Choice, Question, Quiz
from lipcourse.training.live import LOSSES, gradient_shares
from lipcourse.training.losses import ObjectiveWeights, discriminator_loss, generator_loss, pixel_loss

Weights = dict[str, float]
Losses = dict[str, Tensor]

PAPER = {"correlation": 1.0, "pixel": 0.5, "perceptual": 1.0, "adversarial": 1.0}
"""The weights of Eq. 2."""


# Exercise 1: the weighted total.


def weighted_total(losses: Losses, weights: Weights) -> Tensor:
    """Return the package's total of losses (Eq. 2), each by its weight; one without a weight is left out."""
    return ObjectiveWeights(**weights).total(losses)


def _loss_cases() -> list[Case]:
    """Losses by name with the paper's weights, with others, and with one that is no number and not wanted."""
    usual = [torch.tensor(value) for value in (0.8, 0.11, 0.3, 1.9)]
    broken = [torch.tensor(value) for value in (math.nan, 0.2, 0.5, 0.7)]
    order = ("adversarial", "pixel", "correlation", "perceptual")
    own = {"correlation": 0.0, "pixel": 3.0, "perceptual": 0.2, "adversarial": 0.5}
    return [
        (dict(zip(LOSSES, usual, strict=True)), PAPER),
        (dict(zip(LOSSES, broken, strict=True)), own),
        ({name: dict(zip(LOSSES, usual, strict=True))[name] for name in order}, own | {"correlation": 2.0}),
    ]


def _sum_of(term: Callable[[Tensor, float], Tensor]) -> Callable[[Losses, Weights], Tensor]:
    """Add up a term for each loss that has a weight."""
    return lambda losses, weights: torch.stack(
        [term(losses[name], weight) for name, weight in weights.items() if weight]
    ).sum()


def _in_order(losses: Losses, weights: Weights) -> Tensor:
    pairs = zip(losses.values(), weights.values(), strict=True)
    return torch.stack([weight * loss for loss, weight in pairs if weight]).sum()


TOTAL = Exercise(
    name="weigh_losses",
    reference=weighted_total,
    cases=_loss_cases,
    picture="numbers",
    mutants=(
        Mutant(
            "no weights",
            _sum_of(lambda loss, _: loss),
            "You add the losses as they are: every one would count 1. Multiply each by its own weight.",
        ),
        Mutant(
            "nothing times no number",
            lambda losses, weights: torch.stack([weights[name] * losses[name] for name in losses]).sum(),
            "0 times NaN is NaN, not 0. A loss that nobody wants must be left out, not multiplied by 0: skip "
            "it, `if weight`.",
        ),
        Mutant(
            "a weighted mean",
            lambda losses, weights: weighted_total(losses, weights) / sum(weights.values()),
            "You divide by the sum of the weights. Then raising one weight lowers all the others: Eq. 2 is a "
            "sum.",
        ),
        Mutant(
            "by order, not by name",
            _in_order,
            "You go through both dictionaries side by side. They need not be in the same order: look each "
            "weight up by its name, `weights[name]`.",
        ),
        Mutant(
            "weights squared",
            _sum_of(lambda loss, weight: weight**2 * loss),
            "Each weight is multiplied in twice.",
        ),
        Mutant(
            "divided by the weight",
            _sum_of(lambda loss, weight: loss / weight),
            "You divide by the weight: what should count more counts less.",
        ),
    ),
)


# Exercise 2: who pushes the pixels.


def share_out(gradients: dict[str, Tensor], weights: Weights) -> dict[str, float]:
    """Return the package's share of each loss in what pushes the pixels."""
    return gradient_shares(gradients, ObjectiveWeights(**weights))


def _gradient_cases() -> list[Case]:
    """Gradients (3, T, H, W) of four losses, of sizes as different as real ones."""
    dice = torch.Generator().manual_seed(0)
    sizes = {"correlation": 0.02, "pixel": 1.0, "perceptual": 0.3, "adversarial": 4.0}
    cases: list[Case] = []
    for weights in (PAPER, {"correlation": 5.0, "pixel": 2.0, "perceptual": 0.0, "adversarial": 0.1}):
        noise = {name: torch.randn((3, 4, 6, 6), generator=dice) for name in LOSSES}
        cases.append(({name: size * (noise[name] + 0.4) for name, size in sizes.items()}, weights))
    return cases


def _shares_by(
    size: Callable[[Tensor], Tensor], weigh: Callable[[float], float] = float
) -> Callable[[dict[str, Tensor], Weights], dict[str, float]]:
    """Share out by another size of a gradient, or with other weights."""

    def share(gradients: dict[str, Tensor], weights: Weights) -> dict[str, float]:
        sizes = {name: weigh(weights[name]) * float(size(each)) for name, each in gradients.items()}
        return {name: value / sum(sizes.values()) for name, value in sizes.items()}

    return share


SHARES = Exercise(
    name="push_shares",
    reference=share_out,
    cases=_gradient_cases,
    mutants=(
        Mutant(
            "weights forgotten",
            _shares_by(lambda each: each.abs().sum(), lambda _: 1.0),
            "You left the weights out. A loss with weight 0 pushes nothing, however steep it is: multiply.",
        ),
        Mutant(
            "signs cancel",
            _shares_by(lambda each: each.sum().abs()),
            "You add the gradient up with its signs: brighter here and darker there cancel. Take absolute "
            "values first, then the sum.",
        ),
        Mutant(
            "squares",
            _shares_by(lambda each: each.square().sum()),
            "You add up squares: a loss that pushes twice as hard would get four times the share.",
        ),
        Mutant(
            "the strongest pixel only",
            _shares_by(lambda each: each.abs().max()),
            "You look at the strongest pixel. All of them count: add up.",
        ),
        Mutant(
            "not divided by all",
            lambda gradients, weights: {
                name: weights[name] * float(each.abs().sum()) for name, each in gradients.items()
            },
            "These are the sizes. A share is a part of the whole: divide each by the sum of all four.",
        ),
        Mutant(
            "divided by the largest",
            lambda gradients, weights: {
                name: size / max(share_out(gradients, weights).values())
                for name, size in share_out(gradients, weights).items()
            },
            "You divide by the largest. Then the strongest always has 100 %: divide by the sum.",
        ),
    ),
)


# Exercise 3: a weight for a share.


def weight_for_share(size: float, others: float, share: float) -> float:
    """Return the weight at which a loss has a share of the push.

    Args:
        size: Its own push at weight 1.
        others: The weighted push of all other losses together.
        share: Wanted, from 0 to less than 1.
    """
    return share / (1 - share) * others / size


WEIGHT = Exercise(
    name="find_weight",
    reference=weight_for_share,
    cases=[(2.0, 3.0, 0.25), (0.05, 1.2, 0.5), (4.0, 0.7, 0.1)],
    mutants=(
        Mutant(
            "a share of the others",
            lambda size, others, share: share * others / size,
            "You gave it this share of what the *others* push. It is part of the whole itself: as its weight "
            "grows, the whole grows too. Solve w·size = share · (w·size + others).",
        ),
        Mutant(
            "its own size forgotten",
            lambda _, others, share: share / (1 - share) * others,
            "That is how hard it should push. The weight is this divided by how hard it pushes at weight 1.",
        ),
        Mutant(
            "upside down",
            lambda size, others, share: share / (1 - share) * size / others,
            "A loss that pushes weakly needs a *large* weight: divide by its own size.",
        ),
        Mutant(
            "the share itself",
            lambda *given: given[2],
            "A weight is no share. How much a weight does depends on how hard the loss pushes.",
        ),
        Mutant(
            "the others' share",
            lambda size, others, share: (1 - share) / share * others / size,
            "With this weight the *others* have the share that was asked for.",
        ),
    ),
)


# Exercise 4: what the lambdas of Eq. 4 do to a judge.


def best_belief(
    matched: int, generated: int, mismatched: int, lambda_p: float = 0.5, lambda_u: float = 0.5
) -> float:
    """Return what a judge who minimises Eq. 4 says of pairs that look all the same to it.

    Setting the slope of -m log D - (lambda_p g + lambda_u u) log(1 - D) to zero gives
    D = m / (m + lambda_p g + lambda_u u).

    Args:
        matched: How many of them are real with their own sound.
        generated: How many are generated.
        mismatched: How many are real with another sound.
        lambda_p: Weight of the generated.
        lambda_u: Weight of the mismatched.
    """
    return matched / (matched + lambda_p * generated + lambda_u * mismatched)


BELIEF = Exercise(
    name="judge_belief",
    reference=best_belief,
    cases=[(4, 4, 4, 0.5, 0.5), (3, 5, 2, 1.0, 0.25), (2, 6, 3, 0.25, 0.0), (1, 0, 2, 0.5, 2.0)],
    mutants=(
        Mutant(
            "no lambdas",
            lambda *counts: counts[0] / sum(counts[:3]),
            "That is the share of matched pairs by counting. Eq. 4 counts a generated pair lambda_p times "
            "and a mismatched one lambda_u times.",
        ),
        Mutant(
            "lambdas swapped",
            lambda m, g, u, p, v: best_belief(m, g, u, v, p),
            "lambda_p belongs to the generated pairs, lambda_u to the mismatched ones.",
        ),
        Mutant(
            "the odds",
            lambda m, g, u, p, v: m / (p * g + v * u),
            "Those are odds, right against wrong. A probability is right against *all*: add the matched "
            "pairs below, too.",
        ),
        Mutant(
            "the belief that it is wrong",
            lambda m, g, u, p, v: 1 - best_belief(m, g, u, p, v),
            "That is 1 - D. D is high where pairs are real and belong together.",
        ),
        Mutant(
            "mismatched pairs forgotten",
            lambda m, g, _, p, *__: best_belief(m, g, 0, p),
            "The third term is missing: mismatched pairs pull D down as well, by lambda_u.",
        ),
        Mutant(
            "a logit",
            lambda m, g, u, p, v: math.log(m / (p * g + v * u)),
            "That is the logit. Put it through the sigmoid: the question is D itself.",
        ),
    ),
)

EXERCISES = (TOTAL, SHARES, WEIGHT, BELIEF)


# The quiz.


def _floor(lambda_p: float, lambda_u: float) -> float:
    """What a judge says who cannot tell any pair from another, found by trying all answers."""
    logits = torch.linspace(-5, 5, 2001)
    losses = torch.stack(
        [discriminator_loss(*[x[None]] * 3, lambda_p=lambda_p, lambda_u=lambda_u) for x in logits]
    )
    return round(float(torch.sigmoid(logits[losses.argmin()])), 2)


def _adversarial_floor() -> float:
    """The generator's adversarial loss before a judge who says 1/2."""
    return round(float(generator_loss(torch.zeros(1))), 3)


def _value_tells() -> str:
    """Which of two losses pushes harder, a large one or a small one: whether that depends on their slopes."""
    harder = set()
    for slope in (0.01, 100.0):
        pixel = torch.zeros(1, requires_grad=True)
        large, small = 8 + slope * pixel.sum(), 0.1 + pixel.sum()
        pushes = [float(torch.autograd.grad(loss, pixel)[0].abs()) for loss in (large, small)]
        harder.add("large" if pushes[0] > pushes[1] else "small")
    return harder.pop() if len(harder) == 1 else "unknown"


def _all_doubled() -> str:
    """What happens to the shares when all weights double."""
    gradients, weights = _gradient_cases()[0]
    doubled = share_out(gradients, {name: 2 * weight for name, weight in weights.items()})
    before = share_out(gradients, weights)
    return "same" if all(math.isclose(doubled[name], before[name]) for name in before) else "other"


def _small_frame() -> float:
    """By how much the pixel loss changes when a frame has twice the height and width."""
    small, large = (torch.full((1, 3, 2, side, side), 0.3) for side in (8, 16))
    return round(float(pixel_loss(large, large + 0.1) / pixel_loss(small, small + 0.1)), 3)


QUIZZES = (
    Quiz(
        "loss_weights",
        (
            Question(
                "A loss has the value 8, another 0.1. Both have weight 1. Which pushes the pixels harder?",
                (
                    Choice(
                        "The one with 8",
                        "large",
                        "Its value says nothing about its slope: a flat plain may lie high up.",
                    ),
                    Choice("The one with 0.1", "small", "It might, or it might not: look at the gradient."),
                    Choice(
                        "These numbers do not tell",
                        "unknown",
                        "A network sees slopes, not values: compare gradients.",
                    ),
                ),
                _value_tells,
            ),
            Question(
                "All four weights double. What becomes of the shares?",
                (
                    Choice("They double", "double", "Shares add up to 1, whatever is done."),
                    Choice("Nothing", "same", "Each is divided by a whole that has doubled as well."),
                    Choice(
                        "The largest grows", "other", "All are multiplied by the same number, and divided."
                    ),
                ),
                _all_doubled,
            ),
            Question(
                "A frame becomes twice as high and wide, each pixel as wrong as before. What becomes of the "
                "package's pixel loss?",
                (
                    Choice("It is four times as large", 4.0, "So it would be if errors were added up."),
                    Choice("It stays", 1.0, "It is a mean, so that a weight means the same for each size."),
                    Choice("It is a quarter", 0.25, "A mean over equal numbers is that number."),
                ),
                _small_frame,
            ),
            Question(
                "lambda_p = 0.5 and lambda_u = 0, and the judge cannot tell anything. What does it say?",
                (
                    Choice("D = 0.50", 0.5, "So it would with both at 0.5."),
                    Choice("D = 0.67", 0.67, "1 / (1 + 0.5): too few wrong pairs count against the right."),
                    Choice("D = 0.33", 0.33, "The wrong pairs count less, so that D goes up."),
                ),
                lambda: _floor(0.5, 0.0),
            ),
            Question(
                "The generator's adversarial loss stays at 0.693. What does that tell?",
                (
                    Choice(
                        "The judge says 1/2: it cannot tell, or has not learnt",
                        0.693,
                        "-log(1/2) = ln 2. Look at the judge's own loss to know which.",
                    ),
                    Choice("The generator is perfect", 0.0, "A judge who knows nothing is easily pleased."),
                    Choice("The weight is too small", 0.1, "A loss is shown without its weight."),
                ),
                _adversarial_floor,
            ),
        ),
    ),
)
