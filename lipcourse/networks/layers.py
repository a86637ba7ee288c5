"""What all networks are built of: convolution blocks, residual blocks, and how their weights begin."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Literal, TypeVar

import torch
from torch import Tensor, nn

from lipcourse.errors import ModelError, OptionError

SILENCE_DECIBELS = -100.0
"""The log-mel spectrogram of silence: no spectrogram goes below it."""

DECIBELS_OF_ONE = 100.0
"""How many decibels above silence a network sees as 1."""

_Network = TypeVar("_Network", bound=nn.Module)


def channels(count: int, width: float) -> int:
    """Return a paper's channel count in a network that is `width` times as wide, at least 1.

    A layer's cost grows with inputs times outputs, so that a network of width 1/2 costs about a quarter.

    Args:
        count: Channels in the paper.
        width: 1 for the paper's size.

    Returns:
        `count` times `width`, rounded.

    Raises:
        OptionError: `width` is not a positive number.
    """
    if not (math.isfinite(width) and width > 0):
        raise OptionError(
            f"a network cannot have width {width}", remedy="give a number above 0; 1 is the paper's"
        )
    return max(1, round(count * width))


def convolution(
    inputs: int,
    outputs: int,
    kernel: tuple[int, ...],
    stride: int | tuple[int, ...] = 1,
    *,
    normalise: bool = True,
    padding_mode: Literal["zeros", "reflect", "replicate"] = "zeros",
) -> nn.Sequential:
    """Return convolution, batch normalisation and ReLU: the block of which these papers build everything.

    Each axis is padded by half its kernel, so that stride 1 keeps its length and stride 2 halves it
    (upwards: 15 steps give 8). Normalised, it has no bias of its own: normalisation would take it off again.

    Args:
        inputs: Channels in.
        outputs: Channels out.
        kernel: Its odd size along each axis; two axes make a 2-D convolution, three a 3-D one.
        stride: One stride, or one an axis.
        normalise: False leaves batch normalisation out.
        padding_mode: What is seen beyond the edge.

    Returns:
        (B, inputs, ...) to (B, outputs, ...).
    """
    padding = tuple(size // 2 for size in kernel)
    convolve: Any = nn.Conv2d if len(kernel) == 2 else nn.Conv3d
    norm = nn.BatchNorm2d if len(kernel) == 2 else nn.BatchNorm3d
    layers: list[nn.Module] = [
        convolve(inputs, outputs, kernel, stride, padding, bias=not normalise, padding_mode=padding_mode)
    ]
    if normalise:
        layers.append(norm(outputs))
    return nn.Sequential(*layers, nn.ReLU(inplace=True))


def tower(
    counts: Sequence[int],
    kernel: tuple[int, ...],
    stride: int | tuple[int, ...],
    *,
    normalise_first: bool = True,
) -> nn.Sequential:
    """Return convolution blocks one after another, all of one kernel and stride.

    Args:
        counts: Channels in, and then after each block.
        kernel: As in `convolution`.
        stride: As in `convolution`.
        normalise_first: False leaves batch normalisation out of the first block, as discriminators do: it
            would hide from them how bright or loud their input is.

    Returns:
        (B, first count, ...) to (B, last count, ...).
    """
    return nn.Sequential(
        *(
            convolution(inputs, outputs, kernel, stride, normalise=normalise_first or index > 0)
            for index, (inputs, outputs) in enumerate(pairwise(counts))
        )
    )


def upsampling(inputs: int, outputs: int, axes: int) -> nn.Sequential:
    """Return a block that doubles height and width: transposed convolution, batch normalisation and ReLU.

    Args:
        inputs: Channels in.
        outputs: Channels out.
        axes: 2 for pictures, 3 for video, whose length in time stays as it is.

    Returns:
        (B, inputs, [T,] H, W) to (B, outputs, [T,] 2H, 2W).
    """
    stride, extra = ((2, 2), (1, 1)) if axes == 2 else ((1, 2, 2), (0, 1, 1))
    convolve: Any = nn.ConvTranspose2d if axes == 2 else nn.ConvTranspose3d
    norm = nn.BatchNorm2d if axes == 2 else nn.BatchNorm3d
    return nn.Sequential(
        convolve(inputs, outputs, 3, stride, padding=1, output_padding=extra, bias=False),
        norm(outputs),
        nn.ReLU(inplace=True),
    )


class ResidualBlock(nn.Module):
    """Two convolutions that learn what to add to their input.

    Source: He et al., "Deep Residual Learning" (2016), in the form of the glance generator: no ReLU after
    the sum. Taught in notebook 06.

    Args:
        width: Channels in and out.
        kernel: Size along each axis; two axes or three.
    """

    def __init__(self, width: int, kernel: tuple[int, ...]) -> None:
        super().__init__()
        first, second = convolution(width, width, kernel), convolution(width, width, kernel)
        self.change = nn.Sequential(*first, *list(second)[:-1])

    def forward(self, features: Tensor) -> Tensor:
        """Return `features` plus the learned change, in the same shape."""
        return features + self.change(features)  # type: ignore[no-any-return]


def initialise_he(network: nn.Module) -> None:
    """Draw all weights of convolutions and linear layers anew, so that ReLU layers keep the signal's size.

    ReLU halves the mean square of a signal centred on zero. A weight of variance 2 / n, where n inputs meet
    in one output, makes up for it, and so neither the signal nor its gradient fades through many layers.
    In a transposed convolution of stride s fewer inputs meet: the kernel's size over s along each axis.

    Source: He et al., "Delving Deep into Rectifiers" (2015), Eq. 10; glance, section 4.

    Args:
        network: Changed in place; biases become 0.
    """
    for layer in network.modules():
        if not isinstance(layer, nn.Conv2d | nn.Conv3d | nn.ConvTranspose2d | nn.ConvTranspose3d | nn.Linear):
            continue
        if layer.weight.is_meta:  # nothing to draw, and torch would take seconds to find out
            continue
        if isinstance(layer, nn.ConvTranspose2d | nn.ConvTranspose3d):
            meeting = layer.in_channels * math.prod(layer.kernel_size) / math.prod(layer.stride)
        else:
            meeting = float(layer.weight[0].numel())
        nn.init.normal_(layer.weight, std=math.sqrt(2 / meeting))
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)


def freeze(network: _Network) -> _Network:
    """Return the same network, fixed: its weights get no gradient, its normalisation learns no statistics.

    Gradients still flow through it to what it looks at. A later `network.train()` would undo half of this.
    """
    return network.eval().requires_grad_(False)


def above_silence(log_mel: Tensor) -> Tensor:
    """Return a log-mel spectrogram as networks see it: 0 is silence, 1 is 100 decibels above it.

    In decibels 0 is loud, and a convolution that pads with zeros would hear a roar at the window's edges.

    Args:
        log_mel: (B, 4T, 128) in decibels.

    Returns:
        (B, 1, 4T, 128): one channel, as an image has three.

    Raises:
        ModelError: The shape is another, or the columns are not four a frame.
    """
    expect(log_mel, "log_mel", ("B", "4T", 128))
    if log_mel.shape[1] % 4 or not log_mel.shape[1]:
        raise ModelError(
            f"log_mel has {log_mel.shape[1]} columns, which is not four a video frame",
            remedy="take columns 4t to 4t + 3 for each frame t",
        )
    return (log_mel.unsqueeze(1) - SILENCE_DECIBELS) / DECIBELS_OF_ONE


def frames_as_batch(video: Tensor) -> Tensor:
    """Return (B, C, T, H, W) as (B T, C, H, W): all frames of all clips at once, for a 2-D network."""
    return video.transpose(1, 2).flatten(0, 1)


def batch_as_frames(frames: Tensor, batch: int) -> Tensor:
    """Return (B T, C, H, W) as (B, C, T, H, W), the inverse of `frames_as_batch`."""
    return frames.reshape(batch, -1, *frames.shape[1:]).transpose(1, 2)


def expect(tensor: Tensor, name: str, shape: Sequence[str | int]) -> None:
    """Make sure that a tensor has the shape a network is built for.

    Args:
        tensor: What was given.
        name: What to call it.
        shape: One entry an axis: a number it must have, or a letter for any number.

    Raises:
        ModelError: It has another.
    """
    fits = tensor.ndim == len(shape) and all(
        isinstance(wanted, str) or size == wanted for size, wanted in zip(tensor.shape, shape, strict=True)
    )
    if not fits:
        raise ModelError(
            f"{name} has shape {tuple(tensor.shape)} where ({', '.join(map(str, shape))}) is needed"
        )


def time_derivative(features: Tensor) -> Tensor:
    """Return how each feature changes from one video frame to the next.

    Source: glance, section 3.3 (f_s'). Taught in notebook 07.

    Args:
        features: (B, C, T, ...), time third.

    Returns:
        (B, C, T - 1, ...): step t is frame t + 1 less frame t.

    Raises:
        ModelError: There are fewer than two frames.
    """
    if features.shape[2] < 2:
        raise ModelError(
            f"{features.shape[2]} frame has no change over time", remedy="give two frames or more"
        )
    return torch.diff(features, dim=2)
