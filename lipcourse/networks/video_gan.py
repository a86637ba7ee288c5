"""The video GAN, made conditional on speech and one lip image: what moves is painted over what stands still.

    image (B,3,64,64)  -> face encoder   -> (B,1024,4,4)     -> background (B,3,64,64) --------------+
                               | copied along time                                                   |
                               +------------------------+                                            v
                                                        +-> mixed -> foreground f, mask m -> m f + (1-m) b
    log-mel (B,4T,128) -> speech encoder -> (B,1024,T/16) copied to 4x4

The video is unfolded, by doubling time, height and width four times, from a single point of time for each
16 frames: all that happens in 0.64 s is told by one vector of speech. Table 3 shows what comes of it.

Source: Vondrick, Pirsiavash and Torralba, "Generating Videos with Scene Dynamics" (2016), sections 2 and 4.3,
and its released conditional code; made to hear, as Chen et al. (2018), section 5, do. Taught in notebook 13.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from lipcourse.networks.layers import SILENCE_DECIBELS, above_silence, channels, expect, initialise_he
from lipcourse.networks.lips import Generated, LipGenerator

STEP = 16
"""Frames that are unfolded from one point of time."""

CODE = 1024


class SpeechEncoder(nn.Module):
    """Speech as one vector for each 16 frames: six convolutions that halve both axes.

    The paper's network is deaf; these are its image encoder's layers, on a spectrogram. Taught in
    notebook 13.

    Args:
        width: Scales all channels; 1 is 64, 128, 256, 512, 512, 1024.
    """

    def __init__(self, width: float = 1.0) -> None:
        super().__init__()
        counts = [1, *(channels(count, width) for count in (64, 128, 256, 512, 512, CODE))]
        self.layers = nn.Sequential(*(_halving(*pair) for pair in pairwise(counts)))

    def forward(self, log_mel: Tensor) -> Tensor:
        """Return (B, 1024 width, T/16) from a log-mel spectrogram (B, 4T, 128), T a multiple of 16."""
        return self.layers(above_silence(log_mel)).mean(dim=3)  # type: ignore[no-any-return]


class VideoGan(LipGenerator):
    """The whole generator of the conditional video GAN: 83.6 million parameters at width 1.

    The paper's noise is left out, as in its released conditional code: what is drawn is told by the inputs.
    That code unfolds 32 frames from one point; here it is 16, glance's window. Longer sound gives one point
    for each 16 frames, and what is left of the last 16 is silence.

    Source: Vondrick et al., sections 2 and 4.3, and released code. Taught in notebook 13.

    Args:
        width: Scales all channels; 1 is the paper's 128, 256, 512, 1024.

    Raises:
        OptionError: `width` has no usable value.
    """

    def __init__(self, width: float = 1.0) -> None:
        super().__init__()
        small, middle, large, code = (channels(count, width) for count in (128, 256, 512, CODE))
        self.face_encoder = nn.Sequential(
            *(_halving(*pair) for pair in pairwise([3, small, middle, large, code]))
        )
        self.speech_encoder = SpeechEncoder(width)
        self.mix = nn.Sequential(
            nn.Conv3d(2 * code, code, 1, bias=False), nn.BatchNorm3d(code), nn.ReLU(inplace=True)
        )
        doubled = list(pairwise([code, large, middle, small]))
        self.unfold = nn.Sequential(*(_doubling(*pair, axes=3) for pair in doubled))
        self.foreground = nn.ConvTranspose3d(small, 3, 4, 2, 1)
        self.mask = nn.ConvTranspose3d(small, 1, 4, 2, 1)
        self.background = nn.Sequential(
            *(_doubling(*pair, axes=2) for pair in doubled), nn.ConvTranspose2d(small, 3, 4, 2, 1), nn.Tanh()
        )
        # A frame hears its own 16 frames and twice 16 to each side of them: up to 47 away. A multiple of 16,
        # since windows of sound must begin where 16 frames begin.
        self.reach = 3 * STEP
        initialise_he(self)

    def forward(self, log_mel: Tensor, image: Tensor) -> Generated:
        """Return T lip frames of the person in `image`, who says `log_mel`.

        Args:
            log_mel: (B, 4T, 128) in decibels, four columns a frame; any T.
            image: (B, 3, 64, 64) in [-1, 1]: one lip image of the target.

        Returns:
            Video (B, 3, T, 64, 64), and what was heard, (B, 1024 width, T, 1), the same for each 16 frames.

        Raises:
            ModelError: An input has another shape.
        """
        above_silence(log_mel)  # refuses another shape before it is made longer
        batch, frames = len(log_mel), log_mel.shape[1] // 4
        expect(image, "image", (batch, 3, 64, 64))
        missing = -frames % STEP
        heard = self.speech_encoder(functional.pad(log_mel, (0, 0, 0, 4 * missing), value=SILENCE_DECIBELS))
        seen = self.face_encoder(image)
        steps = heard.shape[2]
        code = self.mix(
            torch.cat(
                [
                    heard[..., None, None].expand(-1, -1, -1, 4, 4),
                    seen.unsqueeze(2).expand(-1, -1, steps, -1, -1),
                ],
                dim=1,
            )
        )
        features = self.unfold(code)
        mask = torch.sigmoid(self.mask(features))
        video = mask * torch.tanh(self.foreground(features)) + (1 - mask) * self.background(seen).unsqueeze(2)
        told = heard.repeat_interleave(STEP, dim=2).unsqueeze(-1)
        return Generated(video[:, :, :frames], told[:, :, :frames])


def _halving(inputs: int, outputs: int) -> nn.Sequential:
    """A 4x4 convolution of stride 2. What sees the input itself is not normalised."""
    raw = inputs in (1, 3)
    layers: list[nn.Module] = [nn.Conv2d(inputs, outputs, 4, 2, 1, bias=raw)]
    if not raw:
        layers.append(nn.BatchNorm2d(outputs))
    return nn.Sequential(*layers, nn.ReLU(inplace=True))


def _doubling(inputs: int, outputs: int, axes: int) -> nn.Sequential:
    """A transposed convolution, 4 along each axis, of stride 2."""
    if axes == 2:
        layers: list[nn.Module] = [
            nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=False), nn.BatchNorm2d(outputs)
        ]  # fmt: skip
    else:
        layers = [nn.ConvTranspose3d(inputs, outputs, 4, 2, 1, bias=False), nn.BatchNorm3d(outputs)]
    return nn.Sequential(*layers, nn.ReLU(inplace=True))
