"""Checks of notebook 08: what L1 and L2 would paint, the pixel loss, decibels, and what features push to."""

from __future__ import annotations

from collections.abc import Callable

import torch
from matplotlib.figure import Figure
from torch import Tensor
from torch.nn import functional

from lipcourse import pictures
from lipcourse.course.exercise import Case, Exercise, Mutant
from lipcourse.course.quizzes import Choice, Question, Quiz
from lipcourse.metrics.images import psnr
from lipcourse.networks.autoencoder import PerceptualAutoencoder
from lipcourse.networks.layers import freeze
from lipcourse.training.losses import perceptual_loss, pixel_loss


def _random(shape: tuple[int, ...], seed: int) -> Tensor:
    """Numbers in [-1, 1], always the same."""
    return 2 * torch.rand(shape, generator=torch.Generator().manual_seed(seed)) - 1


# Exercise 1: one picture for many.


def best_guesses(possible: Tensor) -> tuple[Tensor, Tensor]:
    """Return the one picture (...) that is best for pictures (N, ...): by squared and by absolute error."""
    return possible.mean(dim=0), possible.median(dim=0).values


def _possible_pictures() -> list[Case]:
    """Five discs of other sizes, and three pictures of noise."""
    across = torch.linspace(-1, 1, 24)
    radius = (across.square() + across[:, None].square()).sqrt()
    discs = torch.stack([(radius < size).float() for size in (0.25, 0.3, 0.4, 0.7, 0.9)])
    return [(discs,), (_random((3, 6, 5), 1),)]


def _draw_guesses(target: tuple[Tensor, Tensor], yours: tuple[Tensor, Tensor]) -> Figure:
    """The picture for L2 and the one for L1, target and yours."""
    figure, axes = pictures.subplots(1, 4, width=8, height=2.3)
    titles = ("target, L2", "target, L1", "yours, L2", "yours, L1")
    for axis, picture, title in zip(axes, (*target, *yours), titles, strict=True):
        axis.imshow(picture.detach().numpy(), cmap="gray", vmin=0, vmax=1)
        axis.set(title=title, xticks=[], yticks=[])
    return figure


GUESSES = Exercise(
    name="guess_both",
    reference=best_guesses,
    cases=_possible_pictures,
    show=_draw_guesses,
    alt="What L2 and L1 would paint for five discs: rings of grey, and one sharp disc; then yours.",
    mutants=(
        Mutant(
            "in the other order",
            lambda possible: best_guesses(possible)[::-1],
            "Both are right, but in the other order: squared errors first, whose best guess is the mean.",
        ),
        Mutant(
            "the mean twice",
            lambda possible: (possible.mean(dim=0),) * 2,
            "The mean is best for squared errors only. For absolute errors it is the value in the middle, "
            "with as many above it as below.",
        ),
        Mutant(
            "the middle between the extremes",
            lambda possible: (possible.mean(dim=0), (possible.amin(dim=0) + possible.amax(dim=0)) / 2),
            "Halfway between the least and the largest is best for the *largest* error. For the sum of "
            "absolute errors take the median: the value in the middle of the sorted ones.",
        ),
        Mutant(
            "one number a picture",
            lambda possible: (possible.flatten(1).mean(dim=1), possible.flatten(1).median(dim=1).values),
            "You average over the pixels of each picture. The question is asked of each pixel: go along "
            "`dim=0`, from picture to picture.",
        ),
        Mutant(
            "values and places",
            lambda possible: (possible.mean(dim=0), tuple(possible.median(dim=0))),
            "`torch.median` along an axis returns two things, the values and where they were. Take "
            "`.values`.",
        ),
    ),
)


# Exercise 2: the pixel loss.


def _video_cases() -> list[Case]:
    """Two pairs of small videos (B, 3, T, H, W)."""
    return [
        (_random((2, 3, 3, 4, 5), 2), _random((2, 3, 3, 4, 5), 3)),
        (_random((1, 3, 2, 6, 6), 4), 0.1 + _random((1, 3, 2, 6, 6), 4).clamp(-0.5, 0.5)),
    ]


ABSOLUTE = Exercise(
    name="absolute_error",
    reference=pixel_loss,
    cases=_video_cases,
    picture="numbers",
    mutants=(
        Mutant(
            "sum in place of mean",
            lambda video, target: (video - target).abs().sum(),
            "You add all differences up. Then a frame of twice the size weighs four times as much, and no "
            "weight of Eq. 2 would fit both: take the mean.",
        ),
        Mutant(
            "L2 in place of L1",
            lambda video, target: (video - target).square().mean(),
            "You square the differences: that is L2, which section 2 sets against this one. Take their "
            "absolute values.",
        ),
        Mutant(
            "root of the mean square",
            lambda video, target: (video - target).square().mean().sqrt(),
            "The root of a mean of squares is still an L2 norm: one large error outweighs many small ones. "
            "Take absolute values, and no root.",
        ),
        Mutant(
            "no absolute values",
            lambda video, target: (video - target).mean(),
            "Differences of both signs cancel: a picture too bright on the left and too dark on the right "
            "would count as right.",
        ),
        Mutant(
            "colours added up",
            lambda video, target: (video - target).abs().sum(dim=1).mean(),
            "You add red, green and blue, and take the mean over pixels only: three times too much. Each "
            "of the three is a number of its own.",
        ),
    ),
)


# Exercise 3: decibels.


def decibels(reference: Tensor, generated: Tensor) -> Tensor:
    """Return the package's signal-to-noise ratio of one video (3, T, H, W) in [-1, 1], in decibels."""
    levels = ((video.movedim(0, -1) + 1) * 127.5 for video in (reference, generated))
    return psnr(*levels)


def _error(reference: Tensor, generated: Tensor) -> Tensor:
    return (reference - generated).square().mean()


def _noisy_cases() -> list[Case]:
    """Videos whose frames differ from the truth by more and more."""
    truth = _random((3, 4, 8, 8), 5)
    growing = torch.tensor([0.02, 0.05, 0.2, 0.4])[:, None, None]
    return [(truth, truth + growing * _random((3, 4, 8, 8), 6)), (truth, 0.9 * truth)]


DECIBELS = Exercise(
    name="signal_to_noise",
    reference=decibels,
    cases=_noisy_cases,
    picture="numbers",
    tolerance=1e-3,
    mutants=(
        Mutant(
            "peak 1 on [-1, 1]",
            lambda reference, generated: 10 * torch.log10(1 / _error(reference, generated)),
            "You took a peak of 1, but these videos go from -1 to 1: black and white are 2 apart. You are "
            "6.02 dB too low.",
        ),
        Mutant(
            "peak 255",
            lambda reference, generated: 10 * torch.log10(255**2 / _error(reference, generated)),
            "255 is the peak of 8-bit levels. These videos go from -1 to 1, so the peak is 2. You are 42 dB "
            "too high, and would have the best results ever published.",
        ),
        Mutant(
            "peak not squared",
            lambda reference, generated: 10 * torch.log10(2 / _error(reference, generated)),
            "The error is a mean of *squares*, so the peak is squared as well: 4.",
        ),
        Mutant(
            "natural logarithm",
            lambda reference, generated: 10 * torch.log(4 / _error(reference, generated)),
            "A decibel is a tenth of a power of ten: `torch.log10`. `torch.log` has base e.",
        ),
        Mutant(
            "20 in place of 10",
            lambda reference, generated: 20 * torch.log10(4 / _error(reference, generated)),
            "20 belongs to a ratio of sizes, 10 to one of squares, and these are squares.",
        ),
        Mutant(
            "upside down",
            lambda reference, generated: 10 * torch.log10(_error(reference, generated) / 4),
            "Signal over noise: peak squared *over* error. Yours falls as the picture gets better.",
        ),
        Mutant(
            "a mean of the frames' decibels",
            lambda reference, generated: torch.stack(
                [
                    decibels(reference[:, index : index + 1], generated[:, index : index + 1])
                    for index in range(reference.shape[1])
                ]
            ).mean(),
            "You took decibels frame by frame, and then their mean: one frame that is right by chance would "
            "make it infinite. Take the mean of the squares over all frames first.",
        ),
    ),
)


# Exercise 4: where features push.


def feature_push(network: PerceptualAutoencoder, generated: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Return the perceptual loss (Eq. 3) by a fixed network, and its gradient at the generated video."""
    return _push(perceptual_loss, freeze(network).encode, generated, target)


def _push(
    loss_of: Callable[[Tensor, Tensor], Tensor],
    look: Callable[[Tensor], Tensor],
    generated: Tensor,
    target: Tensor,
) -> tuple[Tensor, Tensor]:
    given = generated.clone().requires_grad_()
    loss = loss_of(look(given), look(target))
    return loss.detach(), torch.autograd.grad(loss, given)[0]


def _cut_off(network: PerceptualAutoencoder, generated: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    return _push(perceptual_loss, lambda video: network.encode(video).detach(), generated, target)


def _summed(first: Tensor, second: Tensor) -> Tensor:
    return functional.mse_loss(first, second, reduction="sum")


def _network_cases() -> list[Case]:
    """A small network as training leaves it, and two videos."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = PerceptualAutoencoder(1 / 32)
        network(_random((1, 3, 4, 16, 16), 7))
    return [
        (network, _random((1, 3, 2, 16, 16), seed), _random((1, 3, 2, 16, 16), seed + 1)) for seed in (8, 10)
    ]


PUSH = Exercise(
    name="compare_features",
    reference=feature_push,
    cases=_network_cases,
    picture="numbers",
    tolerance=1e-3,
    mutants=(
        Mutant(
            "not fixed",
            lambda network, generated, target: _push(
                perceptual_loss, network.train().encode, generated, target
            ),
            "The network still learns: its normalisation takes mean and variance from each video by itself, "
            "so that the judge changes with what is judged. Call `freeze(network)` first.",
        ),
        Mutant(
            "pictures in place of features",
            lambda _, generated, target: _push(perceptual_loss, torch.clone, generated, target),
            "You compare the videos themselves. Let `network.encode` look at both first.",
        ),
        Mutant(
            "painted again",
            lambda network, generated, target: _push(perceptual_loss, freeze(network), generated, target),
            "`network(video)` squeezes the video *and paints it again*: you compare two paintings. Features "
            "are what `network.encode(video)` gives.",
        ),
        Mutant(
            "L1 of features",
            lambda network, generated, target: _push(pixel_loss, freeze(network).encode, generated, target),
            "Absolute differences are the pixel loss. Eq. 3 squares the differences of features.",
        ),
        Mutant(
            "sum in place of mean",
            lambda network, generated, target: _push(_summed, freeze(network).encode, generated, target),
            "You add the squares up. The package takes their mean, so that the weight of Eq. 2 means the "
            "same for each size of frame and network.",
        ),
        Mutant(
            "gradient of the target",
            lambda network, generated, target: (
                feature_push(network, generated, target)[0],
                feature_push(network, target, generated)[1],
            ),
            "Your gradient says how the *target* should change. That is real, and stays. Ask at the "
            "generated video.",
        ),
        Mutant(
            "generated cut off",
            lambda network, generated, target: _cut_off(freeze(network), generated, target),
            "You detached both, or wrapped both in `no_grad`: no way is left from the loss to the generated "
            "video. Fixed weights need no detaching; only the *target's* features may have none.",
        ),
    ),
)

EXERCISES = (GUESSES, ABSOLUTE, DECIBELS, PUSH)


# The quiz.


def _median_of_five() -> float:
    """The best guess for 2, 2, 2, 9, 10 by absolute error."""
    return float(best_guesses(torch.tensor([2.0, 2, 2, 9, 10]))[1])


def _best_between_two() -> tuple[float, ...]:
    """Which of 2, 5 and 8 have the least mean absolute error if 2 and 8 are equally likely."""
    errors = {guess: (abs(guess - 2) + abs(guess - 8)) / 2 for guess in (2.0, 5.0, 8.0)}
    return tuple(guess for guess, error in errors.items() if error == min(errors.values()))


def _decibels_lost() -> float:
    """By how many decibels the ratio falls as all errors double."""
    truth, wrong = _noisy_cases()[0]
    return round(float(decibels(truth, wrong) - decibels(truth, truth + 2 * (wrong - truth))), 1)


def _pulls() -> tuple[float, float]:
    """How much harder an error of 1 is pulled than one of 0.01: by L1, and by L2."""
    ratios = []
    for loss_of in (pixel_loss, functional.mse_loss):
        given = torch.tensor([0.01, 1.0], requires_grad=True)
        small, large = torch.autograd.grad(loss_of(given, torch.zeros(2)), given)[0].tolist()
        ratios.append(round(large / small, 1))
    return ratios[0], ratios[1]


def _who_learns() -> str:
    """Who gets a gradient from the perceptual loss of a fixed network."""
    network, generated, target = _network_cases()[0]
    freeze(network)
    generated.requires_grad_()
    torch.autograd.backward(perceptual_loss(network.encode(generated), network.encode(target)))
    weights = any(weight.grad is not None for weight in network.parameters())
    return {(True, False): "video", (False, True): "weights", (True, True): "both"}[
        generated.grad is not None, weights
    ]


QUIZZES = (
    Quiz(
        "pixels_and_perception",
        (
            Question(
                "A pixel was 2, 2, 2, 9 and 10 in five pictures. What does L1 paint?",
                (
                    Choice("2", 2.0, "The median: three of five are 2, and 9 and 10 may be what they like."),
                    Choice("5", 5.0, "That is the mean, which L2 paints: a value that never occurred."),
                    Choice("6", 6.0, "Halfway between the extremes is best for the largest error only."),
                ),
                _median_of_five,
            ),
            Question(
                "A pixel is 2 or 8, equally often. Which of the guesses 2, 5 and 8 are best for L1?",
                (
                    Choice("Only 5", (5.0,), "The error is 3 on both sides: a mean of 3. And at 2?"),
                    Choice("2 and 8", (2.0, 8.0), "At 2 it is 0 or 6: a mean of 3. And at 5?"),
                    Choice(
                        "All three", (2.0, 5.0, 8.0), "Each has a mean error of 3: L1 is flat between both."
                    ),
                ),
                _best_between_two,
            ),
            Question(
                "All errors double. What happens to the PSNR?",
                (
                    Choice("It halves", "half", "Decibels are logarithms: a factor becomes a difference."),
                    Choice("It falls by 3 dB", 3.0, "So it would if the *squared* error doubled."),
                    Choice(
                        "It falls by 6 dB", 6.0, "The squares are four times as large, 10 log10 4 = 6.02."
                    ),
                ),
                _decibels_lost,
            ),
            Question(
                "One pixel is wrong by 0.01, another by 1. How much harder is the second one pulled?",
                (
                    Choice("L1: equally, L2: 100 times", (1.0, 100.0), "A sign, and the error itself."),
                    Choice("L1: 100 times, L2: 10 000 times", (100.0, 10000.0), "So much more it *costs*."),
                    Choice("Equally by both", (1.0, 1.0), "The slope of a square grows with the error."),
                ),
                _pulls,
            ),
            Question(
                "The autoencoder is fixed with `freeze`. Who gets a gradient from the perceptual loss?",
                (
                    Choice("The generated video", "video", "Through the fixed weights, as through a lens."),
                    Choice("Nobody", "nobody", "Fixed weights do not stop a gradient on its way."),
                    Choice(
                        "The video and the weights", "both", "`requires_grad_(False)` spares the weights."
                    ),
                ),
                _who_learns,
            ),
        ),
    ),
)
