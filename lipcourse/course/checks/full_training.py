"""Checks of notebook 11: two networks that take turns, shorter gradients, a schedule, a running mean."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import torch
from matplotlib.figure import Figure
from torch import Tensor, nn
from torch.optim import SGD, Optimizer

from lipcourse.course.exercise import Case, Exercise, Mutant
from lipcourse.course.quizzes import Choice, Question, Quiz
from lipcourse.training.loop import learning_rate
from lipcourse.training.losses import discriminator_loss
from lipcourse.windows.order import count_windows

# Exercise 1: two networks take turns.


class ToyJudge(nn.Module):
    """A discriminator of a few weights: how likely a film (B, V) belongs to a sound (B, S), (B,).

    Args:
        sound: Numbers of a sound, S.
        video: Numbers of a film, V.
    """

    def __init__(self, sound: int, video: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(sound + video, 8)
        self.told = nn.Linear(8, 1)

    def forward(self, sound: Tensor, video: Tensor) -> Tensor:
        """Return probabilities between 0 and 1."""
        seen = torch.tanh(self.hidden(torch.cat([sound, video], dim=1)))
        return torch.sigmoid(self.told(seen))[:, 0]


def _certainty(probability: Tensor) -> Tensor:
    """What it costs to have given the truth this probability."""
    return -probability.log().mean()


def take_turns(
    generator: nn.Module,
    judge: nn.Module,
    optimizers: Mapping[str, Optimizer],
    sound: Tensor,
    truth: Tensor,
    turns: int,
    *,
    judge_first: bool = True,
    held_back: bool = False,
    together: bool = False,
    minimax: bool = False,
) -> list[tuple[float, float]]:
    """Teach the judge, then the generator, so many times; the options are mistakes that can be made.

    Args:
        generator: Makes a film of a sound.
        judge: Tells how likely a film belongs to a sound.
        optimizers: "judge" and "generator".
        sound: (B, S).
        truth: The true film, (B, V).
        turns: How many steps of each.
        judge_first: False asks the judge before it has learned.
        held_back: True detaches the film where the generator learns, too.
        together: True takes both backward passes before both steps.
        minimax: True lets the generator minimise log(1 - D) in place of -log D.

    Returns:
        The losses of judge and generator in each turn.
    """
    losses = []
    for _ in range(turns):
        made = generator(sound)
        if judge_first and not together:
            told = _teach_judge(judge, optimizers["judge"], sound, truth, made)
        answer = judge(sound, made.detach() if held_back else made)
        fooled = (1 - answer).log().mean() if minimax else _certainty(answer)
        for optimizer in optimizers.values() if together else [optimizers["generator"]]:
            optimizer.zero_grad()
        if together:
            told = _judge_loss(judge, sound, truth, made)
            told.backward()  # type: ignore[no-untyped-call]
        fooled.backward()
        optimizers["generator"].step()
        if together:
            optimizers["judge"].step()
        if not judge_first:
            told = _teach_judge(judge, optimizers["judge"], sound, truth, made)
        losses.append((told.item(), fooled.item()))
    return losses


def _judge_loss(judge: nn.Module, sound: Tensor, truth: Tensor, made: Tensor) -> Tensor:
    return _certainty(judge(sound, truth)) + _certainty(1 - judge(sound, made.detach()))


def _teach_judge(
    judge: nn.Module, optimizer: Optimizer, sound: Tensor, truth: Tensor, made: Tensor, *, empty: bool = True
) -> Tensor:
    loss = _judge_loss(judge, sound, truth, made)
    if empty:
        optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    return loss


def _gradients_pile_up(
    generator: nn.Module,
    judge: nn.Module,
    optimizers: Mapping[str, Optimizer],
    sound: Tensor,
    truth: Tensor,
    turns: int,
) -> list[tuple[float, float]]:
    """The judge's gradients are never emptied: those of the generator's step stay in them."""
    losses = []
    for _ in range(turns):
        made = generator(sound)
        told = _teach_judge(judge, optimizers["judge"], sound, truth, made, empty=False)
        optimizers["generator"].zero_grad()
        fooled = _certainty(judge(sound, made))
        fooled.backward()  # type: ignore[no-untyped-call]
        optimizers["generator"].step()
        losses.append((told.item(), fooled.item()))
    return losses


def _not_detached(
    generator: nn.Module,
    judge: nn.Module,
    optimizers: Mapping[str, Optimizer],
    sound: Tensor,
    truth: Tensor,
    turns: int,
) -> list[tuple[float, float]]:
    """The judge's step goes back through the generator, whose graph is then gone when it is needed."""
    losses = []
    for _ in range(turns):
        made = generator(sound)
        told = _certainty(judge(sound, truth)) + _certainty(1 - judge(sound, made))
        optimizers["judge"].zero_grad()
        told.backward()  # type: ignore[no-untyped-call]
        optimizers["judge"].step()
        fooled = _certainty(judge(sound, made))
        optimizers["generator"].zero_grad()
        fooled.backward()  # type: ignore[no-untyped-call]
        optimizers["generator"].step()
        losses.append((told.item(), fooled.item()))
    return losses


def _turn_cases() -> list[Case]:
    """Two small pairs of networks in double precision, with a few sounds and films."""
    cases: list[Case] = []
    for seed, (batch, sounds, pixels, turns) in enumerate(((6, 3, 4, 12), (4, 2, 5, 8))):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            generator, judge = nn.Linear(sounds, pixels).double(), ToyJudge(sounds, pixels).double()
            sound, truth = torch.randn(batch, sounds).double(), torch.randn(batch, pixels).double()
        optimizers = {
            "judge": SGD(judge.parameters(), lr=0.3),
            "generator": SGD(generator.parameters(), lr=0.5),
        }
        cases.append((generator, judge, optimizers, sound, truth, turns))
    return cases


def _show_turns(target: Any, yours: Any) -> Figure:
    """Both losses over the turns, target and yours."""
    figure = Figure(figsize=(8.4, 2.7), layout="constrained", dpi=110)
    for axis, values, title in zip(
        figure.subplots(1, 2, sharey=True), (target, yours), ("target", "yours"), strict=True
    ):
        judge, generator = zip(*values, strict=True)
        axis.plot(judge, color="#0072B2", label="judge")
        axis.plot(generator, color="#E69F00", linestyle="--", label="generator")
        axis.set_title(title, fontsize=10)
        axis.set_xlabel("turn")
        axis.legend(fontsize=8)
    return figure


TURNS = Exercise(
    name="alternate",
    reference=take_turns,
    cases=_turn_cases,
    show=_show_turns,
    alt="Losses of judge and generator over the turns: the target on the left, yours on the right.",
    mutants=(
        Mutant(
            "not detached",
            _not_detached,
            "The judge's `backward()` went on through the generator and used up its graph, so that the "
            "generator's own `backward()` found nothing. Show the judge `made.detach()`.",
        ),
        Mutant(
            "detached for both",
            partial(take_turns, held_back=True),
            "Your generator never learns: no gradient goes through `detach()`. In its own step the judge "
            "must see `made` itself.",
        ),
        Mutant(
            "the generator first",
            partial(take_turns, judge_first=False),
            "Your generator steps before the judge. Line 4 comes before line 5: the generator asks a judge "
            "that has just learned.",
        ),
        Mutant(
            "the judge's gradients pile up",
            _gradients_pile_up,
            "You never empty the judge's gradients. Worse than stale ones: the generator's step left "
            "gradients in the judge that teach it to be fooled. `zero_grad()` right before `backward()`.",
        ),
        Mutant(
            "both steps at once",
            partial(take_turns, together=True),
            "You take both backward passes and then both steps. The generator's loss leaves gradients in the "
            "judge, too, and it learns to be fooled. Finish the judge's step first.",
        ),
        Mutant(
            "log(1 - D) for the generator",
            partial(take_turns, minimax=True),
            "You let the generator minimise log(1 - D). A judge that is sure gives it hardly any gradient; "
            "l_gen is -log D of what was made.",
        ),
    ),
)


# Exercise 2: gradients made shorter.


def shorten(gradients: Sequence[Tensor], longest: float) -> list[Tensor]:
    """Shorten gradients together, so that they are at most so long, and keep their direction."""
    length = _length(gradients)
    factor = min(1.0, longest / length) if length else 1.0
    return [factor * each for each in gradients]


def _length(gradients: Sequence[Tensor]) -> float:
    return math.sqrt(sum(float(each.square().sum()) for each in gradients))


def _scaled(gradients: Sequence[Tensor], longest: float, length: float) -> list[Tensor]:
    return [each * min(1.0, longest / length) for each in gradients]


def _gradient_cases() -> list[Case]:
    """Gradients that are too long, one of them by far the longest, and some that are short enough."""
    draw = torch.Generator().manual_seed(3)
    long = [torch.randn(3, 4, generator=draw, dtype=torch.float64), 9 * torch.ones(2, dtype=torch.float64)]
    return [(long, 4.0), ([each / 20 for each in long], 4.0), ([torch.tensor([3.0, 4.0])], 1.0)]


SHORTEN = Exercise(
    name="shorten",
    reference=shorten,
    cases=_gradient_cases,
    picture="image",
    mutants=(
        Mutant(
            "clipped by value",
            lambda gradients, longest: [each.clamp(-longest, longest) for each in gradients],
            "You cut each number by itself. That bends the gradient: large parts are cut, small ones stay, "
            "and it points elsewhere. Scale all numbers by one factor.",
        ),
        Mutant(
            "each tensor by itself",
            lambda gradients, longest: [part for each in gradients for part in shorten([each], longest)],
            "You shorten each tensor by its own length, so that a layer with a large gradient is turned down "
            "beside the others. There is one length, over all tensors.",
        ),
        Mutant(
            "always as long as allowed",
            lambda gradients, longest: [each * longest / _length(gradients) for each in gradients],
            "Short gradients come out longer than they were. Leave alone what is short enough: the factor is "
            "at most 1.",
        ),
        Mutant(
            "lengths added",
            lambda gradients, longest: _scaled(
                gradients, longest, sum(float(each.norm()) for each in gradients)
            ),
            "You added the lengths of the tensors. Lengths add as in Pythagoras: the root of the sum of all "
            "squares.",
        ),
        Mutant(
            "no root",
            lambda gradients, longest: _scaled(gradients, longest, max(1e-12, _length(gradients) ** 2)),
            "You compare the sum of squares with the limit, without its root.",
        ),
        Mutant(
            "thrown away",
            lambda gradients, longest: [
                each if _length(gradients) <= longest else torch.zeros_like(each) for each in gradients
            ],
            "You throw a long gradient away. Its direction is still good: only shorten it.",
        ),
    ),
)


# Exercise 3: a learning rate that rises and falls.


def schedule(step: int, steps: int, warmup: int, highest: float) -> float:
    """The learning rate of a step, counted from 0: up in a straight line, down along half a cosine."""
    return learning_rate(highest, step, steps, "cosine", warmup)


def _cosine(highest: float, share: float) -> float:
    return highest * 0.5 * (1 + math.cos(math.pi * share))


SCHEDULE = Exercise(
    name="rise_and_fall",
    reference=schedule,
    cases=[(step, 100, 10, 0.001) for step in (0, 4, 9, 10, 11, 55, 99)],
    picture="numbers",
    tolerance=1e-6,
    mutants=(
        Mutant(
            "a first step of nothing",
            lambda step, steps, warmup, highest: (
                highest * step / warmup if step < warmup else schedule(step, steps, warmup, highest)
            ),
            "Your step 0 has the learning rate 0: it is done for nothing, and the last step of the rise "
            "stays below the top. Steps count from 0: it is (step + 1) / warmup.",
        ),
        Mutant(
            "the fall begins at step 0",
            lambda step, steps, warmup, highest: (
                highest * (step + 1) / warmup if step < warmup else _cosine(highest, step / steps)
            ),
            "Your cosine counts from step 0, so that it has fallen already when the rise ends, with a jump. "
            "It begins where the rise ends: count from `warmup`.",
        ),
        Mutant(
            "never at the end",
            lambda step, steps, warmup, highest: (
                highest * (step + 1) / warmup if step < warmup else _cosine(highest, (step - warmup) / steps)
            ),
            "Your cosine does not reach its end: the fall has steps - warmup steps, not all of them.",
        ),
        Mutant(
            "one step early",
            lambda step, steps, warmup, highest: (
                highest * (step + 1) / warmup
                if step < warmup
                else _cosine(highest, (step - warmup + 1) / (steps - warmup))
            ),
            "Your fall is one step ahead: at step `warmup` itself nothing has fallen yet.",
        ),
        Mutant(
            "a quarter of a wave",
            lambda step, steps, warmup, highest: (
                highest * (step + 1) / warmup
                if step < warmup
                else highest * math.cos(math.pi / 2 * (step - warmup) / (steps - warmup))
            ),
            "Yours is a quarter of a wave: it stays high and arrives at full speed. Half a wave, moved up by "
            "1 and halved, is gentle at both ends: (1 + cos(pi x)) / 2.",
        ),
        Mutant(
            "a straight fall",
            lambda step, steps, warmup, highest: (
                highest * (step + 1) / warmup
                if step < warmup
                else highest * (1 - (step - warmup) / (steps - warmup))
            ),
            "Yours falls in a straight line. Put the share of the fall into (1 + cos(pi x)) / 2.",
        ),
    ),
)


# Exercise 4: a running mean of weights.


def running_mean(history: Sequence[Tensor], decay: float) -> Tensor:
    """The running mean of weights after all steps: it begins as the first of them."""
    mean = history[0]
    for weights in history[1:]:
        mean = decay * mean + (1 - decay) * weights
    return mean


def _history() -> list[Case]:
    draw = torch.Generator().manual_seed(5)
    steps = [torch.randn(4, generator=draw, dtype=torch.float64) + 3 for _ in range(6)]
    return [(steps, 0.9), (steps[:3], 0.5), (steps, 0.99)]


def _from_nothing(history: Sequence[Tensor], decay: float) -> Tensor:
    return running_mean([torch.zeros_like(history[0]), *history], decay)


MEAN = Exercise(
    name="average_weights",
    reference=running_mean,
    cases=_history,
    picture="lines",
    mutants=(
        Mutant(
            "the decay on the new weights",
            lambda history, decay: running_mean(history, 1 - decay),
            "Your decay stands at the new weights, so that the mean forgets nearly everything at each step. "
            "The decay says how much of the *mean* is kept; the new weights get 1 - decay.",
        ),
        Mutant(
            "begun at zero",
            _from_nothing,
            "You begin with zeros, which pull the mean down for thousands of steps. Begin with the first "
            "weights.",
        ),
        Mutant(
            "the plain mean",
            lambda history, decay: torch.stack(list(history)).mean(dim=0),  # noqa: ARG005
            "This is the mean of all steps alike: the very first ones, which knew nothing, count as much as "
            "the last. Let the past fade: decay * mean + (1 - decay) * weights.",
        ),
        Mutant(
            "the sum of both is more than 1",
            lambda history, decay: _piled(history, decay),
            "The new weights come in whole, and the mean grows with each step. What is kept and what is new "
            "must make 1 together: the new weights get 1 - decay.",
        ),
        Mutant(
            "the last one forgotten",
            lambda history, decay: running_mean(history[:-1], decay),
            "The last weights are missing from your mean.",
        ),
    ),
)


def _piled(history: Sequence[Tensor], decay: float) -> Tensor:
    mean = history[0]
    for weights in history[1:]:
        mean = decay * mean + weights
    return mean


EXERCISES = (TURNS, SHORTEN, SCHEDULE, MEAN)


# The quiz.


def _poisoned() -> float:
    """The share of what batch normalisation gives that is no number when one number of one clip is none."""
    batch = torch.randn(8, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    batch[0, :, 0, 0] = math.nan
    return float(nn.BatchNorm2d(4)(batch).isnan().float().mean())


def _undecided() -> float:
    """Eq. 4 of a judge that always says one half."""
    logits = torch.zeros(4)
    return round(float(discriminator_loss(logits, logits, logits)), 4)


def _windows() -> int:
    """Windows of a clip of three seconds."""
    return int(count_windows(torch.tensor([75]).numpy(), 16, 8)[0])


def _shortened() -> float:
    """How long the gradient (6, 8) is after it was shortened to 5."""
    return round(_length(shorten([torch.tensor([6.0]), torch.tensor([8.0])], 5.0)), 4)


def _remembered() -> float:
    """What share of a running mean of decay 0.999 are the first weights after 1000 steps more, in percent."""
    history = [torch.ones(1, dtype=torch.float64), *[torch.zeros(1, dtype=torch.float64)] * 1000]
    return round(100 * float(running_mean(history, 0.999)))


QUIZZES = (
    Quiz(
        "full_training",
        (
            Question(
                "A clip has 75 frames. How many windows of 16 frames does it give, one every 8 frames?",
                (
                    Choice("4", 4, "That would be without overlap."),
                    Choice("8", 8, "(75 - 16) / 8 = 7.4: seven steps after the first window, eight in all."),
                    Choice("9", 9, "The ninth would begin at frame 64 and end after the clip."),
                ),
                _windows,
            ),
            Question(
                "A discriminator says one half to everything. What is Eq. 4, with both lambdas at one half?",
                (
                    Choice("0", 0.0, "It would have to be sure, and right."),
                    Choice(
                        "0.69 = ln 2", round(math.log(2), 4), "One ln 2 for the true pair. And the others?"
                    ),
                    Choice(
                        "1.39 = 2 ln 2",
                        round(2 * math.log(2), 4),
                        "ln 2 for the true pair, half of it for each false one. A curve that stays there "
                        "has learned nothing.",
                    ),
                ),
                _undecided,
            ),
            Question(
                "A gradient has two numbers, 6 and 8. It is shortened to length 5. How long is it then?",
                (
                    Choice("5", 5.0, "It was 10 long; both numbers are halved, and it points where it did."),
                    Choice("7.07", 7.0711, "That is (5, 5), each number cut by itself."),
                    Choice("10", 10.0, "That is how long it was."),
                ),
                _shortened,
            ),
            Question(
                "A running mean has decay 0.999. After 1000 steps more, how much do the first weights count?",
                (
                    Choice("0 %", 0, "They fade, but not as fast."),
                    Choice("37 %", 37, "0.999 to the power of 1000 is about 1 / e."),
                    Choice("90 %", 90, "After 100 steps. It goes on."),
                ),
                _remembered,
            ),
            Question(
                "One pixel of one clip in a batch of 8 is NaN. What share of the numbers that batch "
                "normalisation makes of the batch are NaN, in training mode?",
                (
                    Choice(
                        "That pixel alone",
                        1 / 512,
                        "In eval mode, yes. In training the mean is taken over all clips.",
                    ),
                    Choice("One in eight", 0.125, "That is one clip; but the mean is taken over all."),
                    Choice(
                        "All", 1.0, "The mean over the batch is NaN, and it is taken away from every number."
                    ),
                ),
                _poisoned,
            ),
        ),
    ),
)
