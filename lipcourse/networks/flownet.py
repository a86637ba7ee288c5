"""FlowNetS: a network that has learned to see movement between two pictures.

    pair (N,6,64,64) -> ten convolutions, six of stride 2 -> (N,256,1,1)
                     -> four times: guess the flow, double its size, look again at what was seen there
                     -> flow (N,2,16,16) -> enlarged to (N,2,64,64)

Lucas and Kanade's method (`lipcourse.signals.flow`) knows only that brightness moves; a network also learns
how mouths move. It is trained on warps made on the fly, where the flow is known, then on the flow of real
mouths by OpenCV's methods (`lipcourse.training.flownet`), and is fixed from then on.

Source: A. Dosovitskiy, P. Fischer et al., "FlowNet: Learning Optical Flow with Convolutional Networks"
(ICCV 2015), FlowNetSimple (section 3 and Figs. 2 and 3), at a quarter of its channels. "Lip Movements
Generation at a Glance" (2018) takes its flow from it. Taught in notebook 07.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from lipcourse.errors import ModelError
from lipcourse.networks.layers import batch_as_frames, channels, expect, frames_as_batch, initialise_he

CONTRACTING = (
    (64, 7, 2),
    (128, 5, 2),
    (256, 5, 2),
    (256, 3, 1),
    (512, 3, 2),
    (512, 3, 1),
    (512, 3, 2),
    (512, 3, 1),
    (1024, 3, 2),
    (1024, 3, 1),
)
"""Channels, kernel and stride of the ten convolutions, at the paper's width."""

EXPANDING = (512, 256, 128, 64)
"""Channels of the four transposed convolutions, at the paper's width."""

SLOPE = 0.1
"""Of the leaky ReLU below zero, as released: a ReLU that has died learns nothing more."""

LEAST_SIDE = 64

CHANGE_GAIN = 4.0
"""Neighbouring frames differ little: what has changed is shown to the network so much enlarged."""

LEAST_CONTRAST = 0.05
"""Of a flat picture, so that noise is not enlarged without end."""


class FlowNet(nn.Module):
    """Flow from a pair of pictures: 2.4 million parameters at a quarter width, 38.7 million at the paper's.

    Every guess of flow is in pixels of the full picture, whatever size it has itself.

    Source: FlowNet, Figs. 2 and 3. Taught in notebook 07.

    Args:
        width: Scales all channels; 1 is the paper's.
    """

    def __init__(self, width: float = 0.25) -> None:
        super().__init__()
        self.contracting = nn.ModuleList()
        kept, inputs = [], 6  # `kept`: the channels at each size that the expanding part sees again
        for count, kernel, stride in CONTRACTING:
            if stride == 2:
                kept.append(inputs)
            outputs = channels(count, width)
            self.contracting.append(nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2))
            inputs = outputs
        self.guesses = nn.ModuleList([nn.Conv2d(inputs, 2, 3, padding=1)])
        self.enlarge_flow, self.enlarge = nn.ModuleList(), nn.ModuleList()
        for count, seen in zip(EXPANDING, reversed(kept[2:]), strict=True):
            outputs = channels(count, width)
            self.enlarge_flow.append(nn.ConvTranspose2d(2, 2, 4, 2, 1, bias=False))
            self.enlarge.append(nn.ConvTranspose2d(inputs, outputs, 4, 2, 1))
            inputs = outputs + seen + 2
            self.guesses.append(nn.Conv2d(inputs, 2, 3, padding=1))
        if next(self.parameters()).is_meta:
            return  # without memory there is nothing to fill, and torch would take seconds to find out
        initialise_he(self)
        for weight in self.enlarge_flow.parameters():
            _make_bilinear(weight)
        with torch.no_grad():
            for number in self.guesses.parameters():
                number.mul_(0.1)  # first guesses are near no movement,
            for weight in (guess.get_parameter("weight") for guess in self.guesses[1:]):
                weight[:, -2:, 1, 1] = torch.eye(2)  # and each finer one begins as the coarser, enlarged

    def forward(self, first: Tensor, second: Tensor) -> list[Tensor]:
        """Return five guesses of the flow from first to second, finer and finer.

        The network is shown the mean of the pair less its mean colour, and, fourfold, what changes, both
        divided by the contrast. That is the pair in another form (the paper shows it the two pictures), in
        which a small movement is not drowned, and light and contrast that both share do not matter.

        Args:
            first: (N, 3, H, W) in [-1, 1], sides that are multiples of 64.
            second: The pictures that follow, in the same shape.

        Returns:
            (N, 2, H/64, W/64), then each twice as large, up to (N, 2, H/4, W/4): pixels of the full picture,
            dx then dy.

        Raises:
            ModelError: The pictures have another shape.
        """
        expect(first, "the first picture", ("N", 3, "H", "W"))
        expect(second, "the second picture", tuple(first.shape))
        if first.shape[2] % LEAST_SIDE or first.shape[3] % LEAST_SIDE:
            raise ModelError(
                f"the pictures are {first.shape[3]} pixels wide and {first.shape[2]} high",
                remedy=f"give sides that are multiples of {LEAST_SIDE}",
            )
        mean, change = (first + second) / 2, second - first
        colour = mean.mean(dim=(2, 3), keepdim=True)
        contrast = (mean - colour).square().mean(dim=(1, 2, 3), keepdim=True).add(LEAST_CONTRAST**2).sqrt()
        features = torch.cat([mean - colour, CHANGE_GAIN * change], dim=1) / contrast
        kept = []
        for layer, (_, _, stride) in zip(self.contracting, CONTRACTING, strict=True):
            if stride == 2:
                kept.append(features)
            features = functional.leaky_relu(layer(features), SLOPE)
        guesses = [self.guesses[0](features)]
        steps = zip(reversed(kept[2:]), self.enlarge, self.enlarge_flow, self.guesses[1:], strict=True)
        for seen, enlarge, enlarge_flow, guess in steps:
            enlarged = functional.leaky_relu(enlarge(features), SLOPE)
            features = torch.cat([seen, enlarged, enlarge_flow(guesses[-1])], dim=1)
            guesses.append(guess(features))
        return guesses

    def estimate(self, video: Tensor) -> Tensor:
        """Measure the flow from each frame of a video to the next, all at once; differentiable.

        The same call as `lipcourse.signals.flow.estimate_flow(video)`, whose place it can take.

        Args:
            video: (B, 3, T, H, W), RGB in [-1, 1], with T of 2 or more and sides that are multiples of 64.

        Returns:
            (B, 2, T - 1, H, W), pixels a frame, dx then dy: the finest guess, enlarged.

        Raises:
            ModelError: The video has another shape.
        """
        expect(video, "video", ("B", 3, "T", "H", "W"))
        if video.shape[2] < 2:
            raise ModelError("a video of one frame has no flow", remedy="give two frames or more")
        finest = self(frames_as_batch(video[:, :, :-1]), frames_as_batch(video[:, :, 1:]))[-1]
        flow = functional.interpolate(finest, size=video.shape[3:], mode="bilinear", align_corners=False)
        return batch_as_frames(flow, len(video))


@torch.no_grad()
def _make_bilinear(weight: Tensor) -> None:
    """Let a transposed convolution (C, C, 4, 4) of stride 2 enlarge bilinearly."""
    line = torch.tensor([0.25, 0.75, 0.75, 0.25])
    weight.copy_(torch.eye(len(weight))[:, :, None, None] * torch.outer(line, line))
