"""Checks of notebook 09: Eq. 4 on logits, partners for mismatched pairs, and how often a judge is right."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from lipcourse.course.exercise import Case, Exercise, Mutant
from lipcourse.course.quizzes import Choice, Question, Quiz
from lipcourse.training.losses import discriminator_loss, generator_loss


def _logits(count: int, seed: int, size: float = 2.0) -> Tensor:
    """Logits of a batch, always the same."""
    return size * torch.randn(count, generator=torch.Generator().manual_seed(seed))


# Exercise 1: Eq. 4.


def _judged_cases() -> list[Case]:
    """Logits of three kinds of pairs: usual ones, another batch, and a judge who is sure and wrong."""
    usual = _logits(5, 0) + 1, _logits(5, 1) - 1, _logits(5, 2)
    other = _logits(3, 3), _logits(3, 4) - 2, _logits(3, 5) + 1
    sure = torch.tensor([-150.0, 3.0]), torch.tensor([150.0, -3.0]), torch.tensor([200.0, -1.0])
    return [usual, other, sure]


def _by_probability(matched: Tensor, generated: Tensor, mismatched: Tensor) -> Tensor:
    """Eq. 4 through probabilities, as it is printed."""
    right, fake, wrong = (torch.sigmoid(logits) for logits in (matched, generated, mismatched))
    return -right.log().mean() - 0.5 * (1 - fake).log().mean() - 0.5 * (1 - wrong).log().mean()


THREE = Exercise(
    name="judge_three",
    reference=discriminator_loss,
    cases=_judged_cases,
    picture="numbers",
    mutants=(
        Mutant(
            "sigmoid of a probability",
            lambda *judged: discriminator_loss(*(torch.sigmoid(logits) for logits in judged)),
            "You took the sigmoid twice: `softplus` has it inside. Give it the logits, not probabilities.",
        ),
        Mutant(
            "logarithm of a rounded probability",
            _by_probability,
            "Right on paper. But where the judge is sure, the sigmoid is rounded to 0 or 1, and a logarithm "
            "is infinite. `softplus(x)` is -log(1 - sigmoid(x)), and never overflows.",
        ),
        Mutant(
            "sum in place of mean",
            lambda *judged: len(judged[0]) * discriminator_loss(*judged),
            "You add up over the batch. A batch twice as large would push twice as hard: take the mean.",
        ),
        Mutant(
            "the sign swapped",
            lambda *judged: discriminator_loss(*(-logits for logits in judged)),
            "Your judge is paid for being wrong. -log sigmoid(x) is `softplus(-x)`, for the right pairs; "
            "-log(1 - sigmoid(x)) is `softplus(x)`, for both wrong kinds.",
        ),
        Mutant(
            "a weight on the wrong term",
            lambda matched, generated, mismatched: (
                0.5 * functional.softplus(-matched).mean()
                + 0.5 * functional.softplus(generated).mean()
                + functional.softplus(mismatched).mean()
            ),
            "In Eq. 4 the real pairs have weight 1, and both kinds of wrong ones 0.5 each, so that right "
            "and wrong weigh the same.",
        ),
        Mutant(
            "no weights",
            lambda *judged: discriminator_loss(*judged, lambda_p=1.0, lambda_u=1.0),
            "All three terms weigh 1 with you. A judge who says no to everything would be right in two "
            "cases of three: the wrong kinds have 0.5 each.",
        ),
        Mutant(
            "no mismatched pairs",
            lambda *judged: discriminator_loss(*judged, lambda_u=0.0),
            "The third term is missing. Without it nobody tells the judge to listen: sharp pictures would "
            "do.",
        ),
    ),
)


# Exercise 2: wrong partners.


def wrong_partners(video: Tensor) -> Tensor:
    """Return for each clip of a batch (B, ...) the video of the clip before, the last one's for the first."""
    return video.roll(1, dims=0)


PARTNERS = Exercise(
    name="find_partners",
    reference=wrong_partners,
    cases=lambda: [
        (torch.arange(float(math.prod(shape))).reshape(shape),)
        for shape in ((3, 2, 4, 2, 2), (5, 1, 3, 2, 2))
    ],
    mutants=(
        Mutant(
            "rolls to itself",
            lambda video: video.roll(len(video), dims=0),
            "You roll by the whole batch, all the way round: each clip is its own partner, and the judge is "
            "told that right pairs are wrong.",
        ),
        Mutant(
            "turned around",
            lambda video: video.flip(0),
            "In a batch of odd size the clip in the middle stays where it is when you turn the order round: "
            "a right pair, called wrong.",
        ),
        Mutant(
            "along time",
            lambda video: video.roll(1, dims=2),
            "Without `dims=0` in the right place you roll each clip's frames: the right video, one frame "
            "late.",
        ),
        Mutant(
            "all numbers in one row",
            lambda video: video.roll(1),
            "`roll` without `dims` treats all numbers as one long row and moves each by one place. Say "
            "`dims=0`.",
        ),
        Mutant(
            "the clip after",
            lambda video: video.roll(-1, dims=0),
            "Just as good in training, but asked for was the clip *before*: roll by 1.",
        ),
    ),
)


# Exercise 3: how often it is right.


def share_right(matched: Tensor, mismatched: Tensor) -> Tensor:
    """Return how often a judge is right whose logits are above 0 where a pair is matched."""
    return torch.cat([matched > 0, mismatched < 0]).float().mean()


RIGHT = Exercise(
    name="how_often_right",
    reference=share_right,
    cases=lambda: [(_logits(9, 6, 0.8) + 0.3, _logits(7, 7, 0.8) - 0.3), (_logits(6, 8), _logits(6, 9) - 1)],
    picture="numbers",
    mutants=(
        Mutant(
            "a half as threshold",
            lambda matched, mismatched: torch.cat([matched > 0.5, mismatched < 0.5]).float().mean(),
            "0.5 is where a *probability* turns. These are logits: sigmoid(0) = 0.5, so they turn at 0.",
        ),
        Mutant(
            "only matched pairs",
            lambda matched, _: (matched > 0).float().mean(),
            "You look at matched pairs only. A judge who always says yes would get 100 %.",
        ),
        Mutant(
            "turned round",
            lambda matched, mismatched: 1 - share_right(matched, mismatched),
            "You count how often the judge is *wrong*: above 0 means matched.",
        ),
        Mutant(
            "mean belief",
            lambda matched, mismatched: torch.sigmoid(torch.cat([matched, -mismatched])).mean(),
            "That is how much the judge believes what is right, on average. Asked for is how often it is "
            "right: count.",
        ),
        Mutant(
            "mean of two shares",
            lambda matched, mismatched: ((matched > 0).float().mean() + (mismatched < 0).float().mean()) / 2,
            "You average two shares. Where there are 9 pairs of one kind and 7 of the other this is another "
            "number: count all pairs together.",
        ),
    ),
)

EXERCISES = (THREE, PARTNERS, RIGHT)


# The quiz.


def _undecided() -> float:
    """Eq. 4 of a judge who always says one half."""
    return round(float(discriminator_loss(*torch.zeros(3, 4))), 3)


def _slope(saturating: bool) -> float:
    """How strongly the generator is pushed by a judge who gives it a logit of -6."""
    logit = torch.tensor([-6.0], requires_grad=True)
    loss = -functional.softplus(logit).mean() if saturating else generator_loss(logit)
    return round(abs(float(torch.autograd.grad(loss, logit)[0])), 3)


def _always_yes() -> float:
    """How often a judge is right who says yes to as many matched as mismatched pairs."""
    return float(share_right(torch.ones(8), torch.ones(8)))


def _deaf() -> float:
    """The least loss -log D - log(1 - D) of one picture that is matched as often as not."""
    logits = torch.linspace(-5, 5, 1001)
    return round(float((functional.softplus(-logits) + functional.softplus(logits)).min()), 3)


QUIZZES = (
    Quiz(
        "discriminators",
        (
            Question(
                "A discriminator says 1/2 to everything. What is Eq. 4 with the paper's weights?",
                (
                    Choice("0.693", 0.693, "That is ln 2, for one term. The weights add up to 2."),
                    Choice("1.386", 1.386, "ln 2 + 0.5 ln 2 + 0.5 ln 2 = 2 ln 2."),
                    Choice("0.5", 0.5, "Half a *probability*; the loss takes logarithms."),
                ),
                _undecided,
            ),
            Question(
                "A judge says yes to each of 8 matched and 8 mismatched pairs. How often is it right?",
                (
                    Choice("Always", 1.0, "For the matched half only."),
                    Choice("In half of the cases", 0.5, "All matched pairs, no mismatched one."),
                    Choice("Never", 0.0, "The matched pairs are judged rightly."),
                ),
                _always_yes,
            ),
            Question(
                "A deaf judge sees each video twice, once called matched and once mismatched. What is the "
                "least that -log D - log(1 - D) can become?",
                (
                    Choice("0", 0.0, "Then D would be 1 and 0 for the same input."),
                    Choice("0.693", 0.693, "There are two terms, each ln 2 at best."),
                    Choice(
                        "1.386", 1.386, "2 ln 2 at D = 1/2: there is nothing better, however long it learns."
                    ),
                ),
                _deaf,
            ),
            Question(
                "The judge gives a generated video the logit -6. How strong is the slope of -log D there?",
                (
                    Choice("0.002", 0.002, "So faint is the slope of log(1 - D): it has saturated."),
                    Choice("0.5", 0.5, "That is at logit 0."),
                    Choice("0.998", 0.998, "1 - D, nearly full strength just where it is needed."),
                ),
                lambda: _slope(saturating=False),
            ),
        ),
    ),
)
