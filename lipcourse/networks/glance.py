"""The glance generator: speech and one lip image in, all lip frames out at once.

    log-mel (B,4T,128) -> audio encoder    -> f_s (B,256,T,16) --+
                                                                 +-> fusion -> decoder -> video (B,3,T,64,64)
    image (B,3,64,64)  -> identity encoder -> f_p (B,256,16,16) -+

Source: Chen et al., "Lip Movements Generation at a Glance" (2018), section 3. The paper's windows have T = 16
frames; every layer slides along time, so that any T will do. Taught in notebook 06.
"""

from __future__ import annotations

from typing import Literal, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from lipcourse.errors import ModelError, OptionError
from lipcourse.networks.layers import (
    ResidualBlock,
    above_silence,
    channels,
    convolution,
    expect,
    frames_as_batch,
    initialise_he,
    upsampling,
)
from lipcourse.networks.lips import Generated, LipGenerator
from lipcourse.signals.audio import COLUMNS_PER_FRAME

RESIDUAL_BLOCKS = 9

ALL_FRAMES = slice(None)

BlockKernel = Literal["1x3x3", "3x3x3"]
"""What a residual block of the decoder looks at: one frame (time, height, width), or its neighbours too."""

_KERNELS: dict[str, tuple[int, int, int]] = {"1x3x3": (1, 3, 3), "3x3x3": (3, 3, 3)}


class AudioEncoder(nn.Module):
    """Speech as features: what is being said at each video frame, at 16 heights of pitch.

    Two strides of 2 in time turn four columns a frame into one; three in frequency turn 128 bands into 16,
    as many as the identity features have rows. Source: glance, section 3.1. Taught in notebook 06.

    Args:
        width: Scales all channels; 1 is the paper's 32, 64, 128, 256, 256.
    """

    def __init__(self, width: float = 1.0) -> None:
        super().__init__()
        first, second, third, fourth, last = (channels(count, width) for count in (32, 64, 128, 256, 256))
        self.layers = nn.Sequential(
            convolution(1, first, (3, 3)),
            convolution(first, second, (3, 3), 2),
            convolution(second, third, (3, 3)),
            convolution(third, fourth, (3, 3), 2),
            convolution(fourth, last, (3, 3), (1, 2)),
        )

    def forward(self, log_mel: Tensor) -> Tensor:
        """Return f_s, (B, 256 width, T, 16), from a log-mel spectrogram (B, 4T, 128) in decibels.

        Raises:
            ModelError: The spectrogram has another shape, or not four columns a frame.
        """
        return self.layers(above_silence(log_mel))  # type: ignore[no-any-return]


class IdentityEncoder(nn.Module):
    """One lip image as features: whose mouth it is, and where in the picture.

    Source: glance, section 3.1. Taught in notebook 06.

    Args:
        width: Scales all channels; 1 is the paper's 64, 128, 256.
    """

    def __init__(self, width: float = 1.0) -> None:
        super().__init__()
        first, second, third = (channels(count, width) for count in (64, 128, 256))
        self.layers = nn.Sequential(
            convolution(3, first, (7, 7), padding_mode="reflect"),
            convolution(first, second, (3, 3), 2),
            convolution(second, third, (3, 3), 2),
        )

    def forward(self, image: Tensor) -> Tensor:
        """Return f_p, (B, 256 width, H/4, W/4), from an image (B, 3, H, W) in [-1, 1].

        Raises:
            ModelError: The image has another shape, or sides that are no multiple of 4.
        """
        expect(image, "image", ("B", 3, "H", "W"))
        if image.shape[2] % 4 or image.shape[3] % 4:
            raise ModelError(
                f"the image is {image.shape[3]} pixels wide and {image.shape[2]} high",
                remedy="give one whose sides are multiples of 4 (the paper's are 64)",
            )
        return self.layers(image)  # type: ignore[no-any-return]


def duplicate(audio_features: Tensor, identity_features: Tensor) -> Tensor:
    """Return audio and identity features side by side, each copied along the axes that it lacks.

    Audio features know when (T) and which pitch (F), identity features know where (H, W). Pitch is laid along
    the height, so F must be H; audio is then copied along the width, and identity along time. Nothing is
    mixed: every number of the result is a number of one input, and it is left to the convolution that follows
    to learn what speech means at which place of the picture.

    Source: glance, section 3.2 and Fig. 3. Taught in notebook 06.

    Args:
        audio_features: f_s, (B, C, T, F).
        identity_features: f_p, (B, C', H, W), with H = F.

    Returns:
        (B, C + C', T, H, W), the audio's channels first.

    Raises:
        ModelError: H is not F.
    """
    _expect_pair(audio_features, identity_features)
    steps = audio_features.shape[2]
    audio = audio_features.unsqueeze(-1).expand(-1, -1, -1, -1, identity_features.shape[-1])
    identity = identity_features.unsqueeze(2).expand(-1, -1, steps, -1, -1)
    return torch.cat([audio, identity], dim=1)


def _expect_pair(audio_features: Tensor, identity_features: Tensor) -> None:
    """Make sure that audio has as many pitches as identity has rows."""
    expect(audio_features, "audio features", ("B", "C", "T", "F"))
    batch, _, _, pitches = audio_features.shape
    expect(identity_features, "identity features", (batch, "C", pitches, "W"))


class FusionByDuplication(nn.Module):
    """Copy audio and identity features until they fit, then mix them by one 3x3x3 convolution.

    That is `mix(duplicate(audio_features, identity_features))`, and these are its numbers. But a convolution
    of copies gives copies, except next to the edges: so few copies are convolved, and many are made of the
    result, at a fifth of the work. Source: glance, section 3.2. Taught in notebook 06.

    Args:
        width: Scales all channels; 1 is the paper's 512 to 256.
    """

    def __init__(self, width: float = 1.0) -> None:
        super().__init__()
        count = channels(256, width)
        self.mix = convolution(2 * count, count, (3, 3, 3))

    def forward(self, audio_features: Tensor, identity_features: Tensor) -> Tensor:
        """Return (B, 256 width, T, H, W) from f_s (B, 256 width, T, H) and f_p (B, 256 width, H, W).

        Raises:
            ModelError: As `duplicate`.
        """
        _expect_pair(audio_features, identity_features)
        weight = cast(nn.Conv3d, self.mix[0]).weight
        heard, seen = weight[:, : audio_features.shape[1]], weight[:, audio_features.shape[1] :]
        audio = _convolve_copies(audio_features, heard, axis=4, copies=identity_features.shape[3])
        identity = _convolve_copies(identity_features, seen, axis=2, copies=audio_features.shape[2])
        return self.mix[1:](audio + identity)  # type: ignore[no-any-return]


def _convolve_copies(features: Tensor, weight: Tensor, axis: int, copies: int) -> Tensor:
    """Copy features (B, C, ., .) along a new axis and convolve by a 3x3x3 kernel, each result computed once.

    Beyond both ends of the new axis are zeros, so that the first and the last result differ from the others.
    """
    few = features.unsqueeze(axis)
    few = torch.cat([few] * min(copies, 3), dim=axis)
    convolved = functional.conv3d(few, weight, padding=1)
    if copies <= 3:
        return convolved
    first, middle, last = (convolved.narrow(axis, place, 1) for place in range(3))
    sizes = [copies - 2 if each == axis else -1 for each in range(5)]
    return torch.cat([first, middle.expand(sizes), last], dim=axis)


class PaintingConvolution(nn.Conv3d):
    """The last convolution, 7x7x7 to three colours, as one convolution of pictures.

    Its 7 slices in time are applied to each frame as 7 x 3 = 21 channels of one 7x7 convolution; then each
    frame takes its own slice's result and its neighbours'. The numbers are those of the 3-D convolution, and
    so are its weights. A CPU computes channels 16 at a time, of which three colours would use three.

    Beyond the edges the edge is repeated, as released, so that the first and the last frame are no darker
    than the others.

    Args:
        inputs: Channels in.
        outputs: Channels out.
        size: The kernel's odd size along all three axes.
    """

    def __init__(self, inputs: int, outputs: int, size: int) -> None:
        super().__init__(inputs, outputs, size, padding=size // 2, padding_mode="replicate")

    def forward(self, features: Tensor) -> Tensor:
        """Return (B, outputs, T, H, W) from (B, inputs, T, H, W)."""
        batch, _, frames, height, width = features.shape
        size, reach = self.kernel_size[0], self.kernel_size[0] // 2
        pictures = functional.pad(frames_as_batch(features), (reach,) * 4, mode="replicate")
        slices = self.weight.permute(2, 0, 1, 3, 4).flatten(0, 1)
        painted = functional.conv2d(pictures, slices).view(batch, frames, size, -1, height, width)
        times = torch.arange(frames, device=features.device)
        # `unbind` and not an index: its gradient is one stack, not a picture of zeros for each tap.
        seen = [
            each[:, (times + tap - reach).clamp(0, frames - 1)] for tap, each in enumerate(painted.unbind(2))
        ]
        return torch.stack(seen).sum(dim=0).transpose(1, 2) + self.bias.view(-1, 1, 1, 1)  # type: ignore[union-attr]


class Decoder(nn.Module):
    """Fused features to video: nine residual blocks, then height and width are doubled twice.

    By default a residual block looks at one frame at a time, and only the fusion and the layers that enlarge
    and paint see neighbours. Source: glance, section 3.2, and its released code. Taught in notebook 06.

    Args:
        width: Scales all channels; 1 is the paper's 256, 128, 64.
        block_kernel: "1x3x3" or "3x3x3": time, height, width of the residual blocks' kernels.

    Raises:
        OptionError: `block_kernel` is neither.
    """

    def __init__(self, width: float = 1.0, block_kernel: BlockKernel = "1x3x3") -> None:
        super().__init__()
        if block_kernel not in _KERNELS:
            raise OptionError(
                f"no residual blocks {block_kernel!r}", remedy=f"choose of {', '.join(_KERNELS)}"
            )
        first, second, third = (channels(count, width) for count in (256, 128, 64))
        self.blocks = nn.Sequential(
            *(ResidualBlock(first, _KERNELS[block_kernel]) for _ in range(RESIDUAL_BLOCKS))
        )
        self.enlarge = nn.Sequential(upsampling(first, second, axes=3), upsampling(second, third, axes=3))
        self.paint = PaintingConvolution(third, 3, 7)

    def forward(self, features: Tensor) -> Tensor:
        """Return video (B, 3, T, 4H, 4W) in [-1, 1] from fused features (B, 256 width, T, H, W)."""
        return torch.tanh(self.paint(self.enlarge(self.blocks(features))))


class Generator(LipGenerator):
    """The whole glance generator: 16.7 million parameters at width 1, and about a quarter at width 1/2.

    Source: glance, section 3 and Fig. 2. Taught in notebook 06.

    Args:
        width: Scales all channels; 1 is the paper's size.
        block_kernel: What the decoder's residual blocks look at; "3x3x3" makes 37.9 million parameters.

    Raises:
        OptionError: An option has no usable value.
    """

    def __init__(self, width: float = 1.0, block_kernel: BlockKernel = "1x3x3") -> None:
        super().__init__()
        self.audio_encoder = AudioEncoder(width)
        self.identity_encoder = IdentityEncoder(width)
        self.fusion = FusionByDuplication(width)
        self.decoder = Decoder(width, block_kernel)
        self.reach = _reach(self.audio_encoder, self.fusion, self.decoder)
        initialise_he(self)

    def forward(self, log_mel: Tensor, image: Tensor, painted: slice = ALL_FRAMES) -> Generated:
        """Return T lip frames of the person in `image`, who says `log_mel`.

        Args:
            log_mel: (B, 4T, 128) in decibels, four columns a frame; any T.
            image: (B, 3, 64, W) in [-1, 1]: one lip image of the target; 64 wide in the paper.
            painted: The frames to paint; the sound of all is heard.

        Returns:
            Video (B, 3, T, 64, W), or only the painted frames of it, and the audio features of all.

        Raises:
            ModelError: An input has another shape.
        """
        audio_features = self.audio_encoder(log_mel)
        fused = self.fusion(audio_features[:, :, painted], self.identity_encoder(image))
        return Generated(self.decoder(fused), audio_features)


def _reach(*parts: nn.Module) -> int:
    """How many frames before and after its own the last of these parts, one after the other, looks at.

    Each convolution of width k looks (k - 1) / 2 steps to each side. Until the strides have turned four
    columns into one frame a step is a quarter or half of a frame.
    """
    columns, step = 0, 1
    for part in parts:
        for layer in part.modules():
            if isinstance(layer, nn.Conv2d | nn.Conv3d | nn.ConvTranspose3d):
                columns += layer.kernel_size[0] // 2 * step
                step *= layer.stride[0]
    return -(-columns // COLUMNS_PER_FRAME)
