"""Checks of notebook 06: copies along a new axis, what a layer costs, how far it hears, measured too."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate
from operator import mul

import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from lipcourse import pictures
from lipcourse.course.exercise import Case, Exercise, Mutant
from lipcourse.course.quizzes import Choice, Question, Quiz
from lipcourse.networks.glance import AudioEncoder, duplicate
from lipcourse.networks.layers import convolution

# Exercise 1: copy and join.


def _copies(features: Tensor, axis: int, count: int) -> Tensor:
    """Copies of `features` along a new axis."""
    return torch.stack([features] * count, dim=axis)


def _scrambled(audio: Tensor, identity: Tensor) -> Tensor:
    batch, count, height, width = identity.shape
    steps = audio.shape[2]
    tiled = identity.repeat(1, steps, 1, 1).reshape(batch, count, steps, height, width)
    return torch.cat([_copies(audio, 4, width), tiled], dim=1)


def _joined(audio: Tensor, identity: Tensor) -> Tensor:
    return torch.cat([audio, _copies(identity, 2, audio.shape[2])], dim=1)


def _tiled_mean(audio: Tensor, identity: Tensor) -> Tensor:
    mean = audio.mean(dim=-1)[..., None, None].expand(-1, -1, -1, *identity.shape[2:])
    return _joined(mean, identity)


def _feature_cases() -> list[Case]:
    """Features of three windows; in the first all sides are equal, as in the paper."""
    random = torch.Generator().manual_seed(0)
    shapes = [((1, 2, 4, 4), (1, 3, 4, 4)), ((2, 3, 6, 5), (2, 2, 5, 5)), ((1, 2, 3, 5), (1, 2, 5, 4))]
    return [
        (torch.rand(audio, generator=random), 1 + torch.rand(identity, generator=random))
        for audio, identity in shapes
    ]


def _draw_cuts(target: Tensor, yours: Tensor) -> Figure:
    """The first channel, of the sound, and the last, of the image, each cut in two ways."""
    figure, axes = pictures.subplots(2, 4, width=8, height=3.8)
    for name, row, volume in zip(("target", "yours"), axes, (target, yours), strict=True):
        sound, image = volume[0, 0], volume[0, -1]
        cuts = {"first: frame 0": sound[0], "first: above": sound[:, 0].T}
        cuts |= {"last: frame 0": image[0], "last: side": image[:, :, 0].T}
        for axis, (title, cut) in zip(row, cuts.items(), strict=True):
            axis.imshow(cut.detach().numpy(), vmin=0, vmax=2, cmap="magma")
            axis.set(title=title, xticks=[], yticks=[])
            axis.title.set_fontsize(9)
        row[0].set_ylabel(name)
    return figure


COPY = Exercise(
    name="copy_and_join",
    reference=duplicate,
    cases=_feature_cases,
    show=_draw_cuts,
    alt="Cuts through the target, and below them through your answer.",
    mutants=(
        Mutant(
            "pitch along the width",
            lambda audio, identity: _joined(_copies(audio, 3, identity.shape[2]), identity),
            "Your copies of the sound lie along the height, so that pitch runs along the width. Put the new "
            "axis last: pitch then lies along the height, as the paper has it.",
        ),
        Mutant(
            "time and pitch swapped",
            lambda audio, identity: _joined(_copies(audio.mT, 4, identity.shape[3]), identity),
            "Your sound's time runs along the height of the picture, and its pitch along the frames. "
            "f_s is (B, C, T, F), and the volume begins (B, channels, T, ...): leave the order as it is.",
        ),
        Mutant(
            "the sound copied along time",
            lambda audio, identity: _joined(_copies(audio, 2, identity.shape[3]), identity),
            "You copied the sound along a new axis in the place of time, so that every frame hears the same. "
            "Sound has its own time; what it lacks is a width.",
        ),
        Mutant(
            "channels and frames scrambled",
            _scrambled,
            "`repeat(1, T, 1, 1)` and a reshape look right and are not: they write channel 0, 1, 2, ... "
            "where frame 0, 1, 2, ... should stand. Make a new axis first (`unsqueeze(2)`), then copy along "
            "it.",
        ),
        Mutant(
            "identity first",
            lambda audio, identity: duplicate(audio, identity).roll(identity.shape[1], dims=1),
            "Right but for the order: the sound's channels come first, then those of the lip image.",
        ),
        Mutant(
            "added in place of joined",
            lambda audio, identity: (
                _copies(audio, 4, identity.shape[3]) + _copies(identity, 2, audio.shape[2])
            ),
            "You add sound and image. A sum mixes them, and nobody can part them again: join them along the "
            "channels with `torch.cat`.",
        ),
        Mutant(
            "one vector tiled everywhere",
            _tiled_mean,
            "You average the sound over pitch and put the same vector at every place. That is what section 8 "
            "compares with: here every pitch keeps its own row.",
        ),
    ),
)


# Exercise 2: what a layer costs.


def block_parameters(inputs: int, outputs: int, kernel: Sequence[int]) -> int:
    """The package's own answer: the weights of one of its convolution blocks, counted."""
    with torch.device("meta"):
        return sum(weight.numel() for weight in convolution(inputs, outputs, tuple(kernel)).parameters())


WEIGHTS = Exercise(
    name="count_weights",
    reference=block_parameters,
    cases=[(1, 32, (3, 3)), (3, 64, (7, 7)), (512, 256, (3, 3, 3)), (256, 256, (1, 3, 3))],
    picture="numbers",
    mutants=(
        Mutant(
            "normalisation forgotten",
            lambda inputs, outputs, kernel: inputs * outputs * math.prod(kernel),
            "That is the convolution alone. Batch normalisation learns two more numbers for each output "
            "channel: a factor and a shift.",
        ),
        Mutant(
            "a bias in place of the normalisation",
            lambda inputs, outputs, kernel: inputs * outputs * math.prod(kernel) + outputs,
            "You count a bias, as `nn.Conv2d` has by default. This block has none, but a batch normalisation "
            "with a factor and a shift for each output channel.",
        ),
        Mutant(
            "a bias counted",
            lambda inputs, outputs, kernel: inputs * outputs * math.prod(kernel) + 3 * outputs,
            "You count one bias an output channel. These convolutions have none, since the normalisation "
            "that follows would take it off again.",
        ),
        Mutant(
            "running statistics counted",
            lambda inputs, outputs, kernel: inputs * outputs * math.prod(kernel) + 4 * outputs,
            "Batch normalisation also keeps a running mean and variance for each channel. They are measured, "
            "not learned: no gradient reaches them, and they are no parameters.",
        ),
        Mutant(
            "one kernel for all inputs",
            lambda _, outputs, kernel: outputs * math.prod(kernel) + 2 * outputs,
            "Each output channel looks at every input channel, through a kernel of its own for each: "
            "multiply by the inputs, too.",
        ),
        Mutant(
            "kernel sides added",
            lambda inputs, outputs, kernel: inputs * outputs * sum(kernel) + 2 * outputs,
            "You add the sides of the kernel. A kernel of 3 x 3 x 3 has 27 weights: multiply them "
            "(`math.prod`).",
        ),
    ),
)


# Exercise 3: how much one output sees.


def receptive_field(kernels: Sequence[int], strides: Sequence[int]) -> int:
    """How many inputs one output of these convolutions sees, of their kernels and strides along one axis.

    Each layer adds a kernel less one of its own inputs, which lie as many of the first inputs apart as the
    strides before it multiply to.
    """
    apart = accumulate(strides, mul, initial=1)
    return 1 + sum((kernel - 1) * step for kernel, step in zip(kernels, apart, strict=False))


FIELD = Exercise(
    name="field_width",
    reference=receptive_field,
    cases=[
        ([3, 3, 3, 3, 3], [1, 2, 1, 2, 1]),
        ([3, 3, 3, 3], [1, 1, 1, 1]),
        ([7, 3, 3], [1, 2, 2]),
        ([3, 5, 3, 3], [1, 3, 2, 1]),
    ],
    picture="numbers",
    mutants=(
        Mutant(
            "strides forgotten",
            lambda kernels, _: 1 + sum(kernel - 1 for kernel in kernels),
            "You leave the strides out. After a stride of 2 neighbours lie two inputs apart, so a kernel "
            "reaches twice as far.",
        ),
        Mutant(
            "a layer's own stride counted",
            lambda kernels, strides: (
                1 + sum((k - 1) * step for k, step in zip(kernels, accumulate(strides, mul), strict=True))
            ),
            "You are one layer early: a layer's kernel looks at its *inputs*, which lie as far apart as the "
            "strides of the layers *before* it make them. Add first, then multiply by this layer's stride.",
        ),
        Mutant(
            "only the stride just before",
            lambda kernels, strides: (
                1 + sum((k - 1) * before for k, before in zip(kernels, [1, *strides], strict=False))
            ),
            "You count only the stride of the layer just before. Strides multiply: after 2 and 2, neighbours "
            "lie four inputs apart.",
        ),
        Mutant(
            "whole kernels added",
            lambda kernels, strides: receptive_field([kernel + 1 for kernel in kernels], strides) - 1,
            "You add the whole kernel each time. The first of its inputs was seen already: a layer adds "
            "kernel - 1.",
        ),
        Mutant(
            "begun at nothing",
            lambda kernels, strides: receptive_field(kernels, strides) - 1,
            "You are short by one: before the first layer an output sees 1 input, itself.",
        ),
    ),
)


# Exercise 4: measure it.


def columns_heard(network: nn.Module, log_mel: Tensor, frame: int) -> Tensor:
    """Which columns reach one frame of a network's output, by the gradient: bool (4T,)."""
    return _gradient(network, log_mel, (slice(None), slice(None), frame)).abs().sum(dim=(0, 2)) > 0


def _gradient(network: nn.Module, log_mel: Tensor, part: tuple[slice | int, ...]) -> Tensor:
    """The gradient of a part of the output's sum with respect to the spectrogram."""
    given = log_mel.detach().clone().requires_grad_()
    return torch.autograd.grad(network(given)[part].sum(), given)[0]


def _listening_cases() -> list[Case]:
    """A small audio encoder, a spectrogram, and a frame in the middle or at the start."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        encoder = AudioEncoder(1 / 32).eval()
        return [(encoder, 10 * torch.randn(2, 4 * steps, 128) - 50, at) for steps, at in ((16, 9), (12, 0))]


EVERYWHERE = slice(None)

LISTEN = Exercise(
    name="find_columns",
    reference=columns_heard,
    cases=_listening_cases,
    picture="lines",
    mutants=(
        Mutant(
            "every frame",
            lambda network, log_mel, _: _gradient(network, log_mel, (EVERYWHERE,)).abs().sum(dim=(0, 2)) > 0,
            "You ask which columns reach *any* frame. Take one frame out of the output before you sum: "
            "`output[:, :, frame]`.",
        ),
        Mutant(
            "a channel in place of a frame",
            lambda network, log_mel, frame: (
                _gradient(network, log_mel, (EVERYWHERE, frame)).abs().sum(dim=(0, 2)) > 0
            ),
            "`output[:, frame]` is a channel. The output is (B, C, T, F): time is its third axis.",
        ),
        Mutant(
            "bands in place of columns",
            lambda network, log_mel, frame: (
                _gradient(network, log_mel, (EVERYWHERE, EVERYWHERE, frame)).abs().sum(dim=(0, 1)) > 0
            ),
            "You kept the bands and summed over time. The spectrogram is (B, 4T, 128): sum over axes 0 "
            "and 2.",
        ),
        Mutant(
            "only where the gradient is positive",
            lambda network, log_mel, frame: (
                _gradient(network, log_mel, (EVERYWHERE, EVERYWHERE, frame)).sum(dim=(0, 2)) > 0
            ),
            "A column that makes the output smaller is heard as well. Take absolute values before you sum.",
        ),
        Mutant(
            "numbers in place of a mask",
            lambda network, log_mel, frame: columns_heard(network, log_mel, frame).nonzero().flatten(),
            "These are the right columns, by number. Asked for is True or False for each of them: the sum "
            "of sizes, compared with 0.",
        ),
    ),
)

EXERCISES = (COPY, WEIGHTS, FIELD, LISTEN)


# The quiz.


def _different_numbers() -> int:
    """How many different numbers the paper's volume can hold."""
    heard = torch.arange(256 * 256).reshape(1, 256, 16, 16)
    return len(set(duplicate(heard, heard + heard.numel()).flatten().tolist()))


def _gradients() -> tuple[float, float]:
    """What one number of f_s and one of f_p get back from the sum of a volume of 10 frames."""
    heard, seen = torch.rand(1, 4, 10, 16), torch.rand(1, 4, 16, 16)
    both = heard.requires_grad_(), seen.requires_grad_()
    first, second = torch.autograd.grad(duplicate(*both).sum(), both)
    return float(first[0, 0, 0, 0]), float(second[0, 0, 0, 0])


def _heard_by_step_five() -> tuple[int, int]:
    """The first and last column that reach step 5 of f_s."""
    encoder, log_mel, _ = _listening_cases()[0]
    columns = columns_heard(encoder, log_mel, 5).nonzero()
    return int(columns[0]), int(columns[-1])


def _mirrored() -> str:
    """What changes in the volume when the lip image's features are mirrored from left to right."""
    heard, seen = torch.rand(1, 4, 10, 16), torch.rand(1, 4, 16, 16)
    before, after = duplicate(heard, seen), duplicate(heard, seen.flip(-1))
    same = [torch.equal(a, b) for a, b in zip(before.chunk(2, 1), after.chunk(2, 1), strict=True)]
    return {(True, False): "image", (True, True): "nothing", (False, False): "both"}[same[0], same[1]]


QUIZZES = (
    Quiz(
        "fusion_by_duplication",
        (
            Question(
                "The paper's volume has 512 x 16 x 16 x 16 numbers. How many of them can be different?",
                (
                    Choice("2 097 152", 512 * 16**3, "That is how many there are. Most are copies."),
                    Choice(
                        "131 072",
                        2 * 256 * 16**2,
                        "Two times 256 x 16 x 16: what both encoders gave. Copying adds none.",
                    ),
                    Choice("65 536", 256 * 16**2, "So many come from one encoder. There are two."),
                ),
                _different_numbers,
            ),
            Question(
                "A window of 10 frames, features of 16 x 16 places. Backwards through the fusion the "
                "gradients of all copies add up. Of how many copies each, for a number of the sound and for "
                "one of the image?",
                (
                    Choice("16 and 10", (16.0, 10.0), "Sound is copied over 16 columns, the image over 10."),
                    Choice("10 and 16", (10.0, 16.0), "It is the image that is copied along time."),
                    Choice(
                        "256 and 10", (256.0, 10.0), "Sound keeps its pitch: it is copied along one axis."
                    ),
                    Choice("1 and 1", (1.0, 1.0), "Each copy sends its own gradient back."),
                ),
                _gradients,
            ),
            Question(
                "Frame 5 owns the columns 20 to 23. Which columns does step 5 of the audio features hear?",
                (
                    Choice("20 to 23", (20, 23), "Five 3-wide convolutions hear beyond their own frame."),
                    Choice("10 to 30", (10, 30), "21 columns around column 20: five layers, two strides."),
                    Choice("13 to 30", (13, 30), "Its field is 21 columns wide, and centred on 4t."),
                    Choice("0 to 63", (0, 63), "The whole window? Not after five layers."),
                ),
                _heard_by_step_five,
            ),
            Question(
                "The features of the lip image are mirrored, left and right. What changes in the volume?",
                (
                    Choice("Both halves", "both", "Sound is the same in every column: mirror it and see."),
                    Choice("Only the half of the image", "image", "The sound does not know left from right."),
                    Choice("Nothing", "nothing", "The image's half is the image, in every frame."),
                ),
                _mirrored,
            ),
        ),
    ),
)
