"""The glance discriminators: are sound, frames and movement real, and do they belong together?

    log_mel -> audio stream  -> (B,256)     copied to 4x4 --+
    video   -> video stream  -> (B,256,4,4) ----------------+-> 768 channels -> two convolutions -> one logit
    flow    -> motion stream -> (B,256,4,4) ----------------+

Source: glance, section 3.5 and its released code. Taught in notebook 09.
"""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional

from lipcourse.errors import ModelError, OptionError
from lipcourse.networks.layers import (
    above_silence,
    channels,
    convolution,
    expect,
    initialise_he,
    time_derivative,
    tower,
)

Motion = Literal["flow", "difference", "none"]
"""What the third stream sees: optical flow, the difference of neighbouring frames, or that there is none."""

STREAM_CHANNELS = (64, 128, 256, 256)
GRID_SIDE = 4
"""Each stream of pictures ends in a grid of 4x4 places."""


class AudioStream(nn.Module):
    """Speech as one vector: four convolutions of stride 2, then a fully connected layer.

    For a paper's window of 64 columns the convolutions leave 4 steps x 8 heights of pitch. Longer or shorter
    sound is averaged into as many. The released code strides twice only, so that its fully connected layer
    alone has 33.6 M parameters, twice as many as the generator; four strides make 2.1 M.

    Source: glance, section 3.5. Taught in notebook 09.

    Args:
        width: Scales all channels; 1 is the paper's 256 at the end.
    """

    def __init__(self, width: float = 1.0) -> None:
        super().__init__()
        counts = [1, *(channels(count, width) for count in STREAM_CHANNELS)]
        self.layers = tower(counts, (3, 3), 2, normalise_first=False)
        self.connect = nn.Sequential(nn.Linear(counts[-1] * 4 * 8, counts[-1]), nn.ReLU(inplace=True))

    def forward(self, log_mel: Tensor) -> Tensor:
        """Return (B, 256 width) from a log-mel spectrogram (B, 4T, 128) in decibels."""
        features = functional.adaptive_avg_pool2d(self.layers(above_silence(log_mel)), (4, 8))
        return self.connect(features.flatten(1))  # type: ignore[no-any-return]


class PictureStream(nn.Module):
    """Frames or fields of movement as a 4x4 grid: four convolutions of stride 2 in time and space.

    16 frames of 64x64 leave 1x4x4, and so do 15 fields. Another length or size is averaged into as many.

    Source: glance, section 3.5. Taught in notebook 09.

    Args:
        inputs: 3 for frames and their differences, 2 for flow.
        width: Scales all channels; 1 is the paper's 64, 128, 256, 256.
    """

    def __init__(self, inputs: int, width: float = 1.0) -> None:
        super().__init__()
        counts = [inputs, *(channels(count, width) for count in STREAM_CHANNELS)]
        self.layers = tower(counts, (3, 3, 3), 2, normalise_first=False)

    def forward(self, pictures: Tensor) -> Tensor:
        """Return (B, 256 width, 4, 4) from (B, inputs, T, H, W)."""
        features = functional.adaptive_avg_pool3d(self.layers(pictures), (1, GRID_SIDE, GRID_SIDE))
        return features.squeeze(2)


class Discriminator(nn.Module):
    """One logit a clip: high where sound, frames and movement are real and belong together.

    The logit is what goes into the paper's sigmoid. `training.losses` works on logits, where log(1 - D) does
    not become minus infinity once the discriminator is sure; `torch.sigmoid` of it is the paper's D.

    `motion` chooses the paper's three (Table 2): "flow" has all three streams (e), "difference" sees the
    difference of neighbouring frames in place of flow (i), and "none" has two streams (g, h).

    Source: glance, section 3.5. Taught in notebook 09.

    Args:
        width: Scales all channels; 1 is the paper's size.
        motion: What the third stream sees.

    Raises:
        OptionError: An option has no usable value.
    """

    def __init__(self, width: float = 1.0, motion: Motion = "flow") -> None:
        super().__init__()
        if motion not in get_args(Motion):
            raise OptionError(
                f"no third stream {motion!r}", remedy=f"choose of {', '.join(get_args(Motion))}"
            )
        self.motion = motion
        self.audio_stream = AudioStream(width)
        self.video_stream = PictureStream(3, width)
        self.motion_stream = None if motion == "none" else PictureStream(2 if motion == "flow" else 3, width)
        streams = 2 if motion == "none" else 3
        hidden = channels(512, width)
        self.join = convolution(streams * channels(256, width), hidden, (3, 3))
        self.judge = nn.Conv2d(hidden, 1, GRID_SIDE)
        initialise_he(self)

    def forward(self, log_mel: Tensor, video: Tensor, flow: Tensor | None = None) -> Tensor:
        """Return one logit a clip, (B,).

        Args:
            log_mel: (B, 4T, 128) in decibels.
            video: (B, 3, T, H, W) in [-1, 1].
            flow: (B, 2, T - 1, H, W), pixels a frame. Only `motion="flow"` looks at it.

        Raises:
            ModelError: An input has another shape or length, or the flow is missing.
        """
        expect(video, "video", ("B", 3, "T", "H", "W"))
        batch, _, frames, height, width = video.shape
        expect(log_mel, "log_mel", (batch, 4 * frames, 128))
        heard = self.audio_stream(log_mel)[..., None, None].expand(-1, -1, GRID_SIDE, GRID_SIDE)
        streams = [heard, self.video_stream(video)]
        if self.motion == "flow":
            if flow is None:
                raise ModelError("the discriminator has not been given the video's flow")
            expect(flow, "flow", (batch, 2, frames - 1, height, width))
            streams.append(self.motion_stream(flow))  # type: ignore[misc]
        elif self.motion == "difference":
            streams.append(self.motion_stream(time_derivative(video)))  # type: ignore[misc]
        return self.judge(self.join(torch.cat(streams, dim=1))).flatten()  # type: ignore[no-any-return]
