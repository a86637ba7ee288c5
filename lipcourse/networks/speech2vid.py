"""Speech2Vid: each frame by itself, from the third of a second of speech around it and one lip image.

    log-mel (B,4T,128) -> MFCC, 35 columns a frame -> audio encoder    -> (B T,256) --+
                                                                                      +-> decoder -> a frame
    image (B,3,64,64)  ------------------------------> identity encoder -> (B,256) ---+      |
                                                              +---- skip connections --------+

No frame knows of its neighbours: only that they hear nearly the same keeps a mouth from trembling. It is
glance's closest rival (Table 3), and is trained on the pixel loss alone.

Source: Chung, Jamaludin and Zisserman, "You said that?" (2017), section 2; as Chen et al. (2018), section 5,
compare with it: 64x64 pixels, no weights from elsewhere, no network that sharpens afterwards. Taught in
notebook 13.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchaudio.functional import create_dct

from lipcourse.networks.layers import above_silence, channels, convolution, expect, initialise_he, upsampling
from lipcourse.networks.lips import Generated, LipGenerator
from lipcourse.signals.audio import COLUMNS_PER_FRAME

COEFFICIENTS = 12
"""MFCCs of a column: 13 less the first, which is loudness."""

COLUMNS = 35
"""Columns of 10 ms that a frame hears: the paper's 0.35 s, the frame's own four in the middle."""

BEFORE = 15
"""Of these columns, how many come before the frame's own."""

EMBEDDING = 256


class SpeechEncoder(nn.Module):
    """What is being said around one frame, as one vector.

    Source: Chung et al., Fig. 3 (the audio encoder of SyncNet). Taught in notebook 13.

    Args:
        width: Scales all channels; 1 is the paper's 64, 128, 256, 256, 512 and 512, 256.
    """

    def __init__(self, width: float = 1.0) -> None:
        super().__init__()
        first, second, third, fourth, fifth = (channels(count, width) for count in (64, 128, 256, 256, 512))
        self.layers = nn.Sequential(
            convolution(1, first, (3, 3)),
            convolution(first, second, (3, 3)),
            nn.MaxPool2d((1, 3), (1, 2)),
            convolution(second, third, (3, 3)),
            convolution(third, fourth, (3, 3)),
            convolution(fourth, fifth, (3, 3)),
            nn.MaxPool2d(3, 2),
        )
        # 12 coefficients x 35 columns: 12 x 17 after the first pooling, 5 x 8 after the second.
        self.connect = _connected(fifth * 5 * 8, width)

    def forward(self, speech: Tensor) -> Tensor:
        """Return (N, 256 width) from MFCCs (N, 1, 12, 35): coefficients, columns."""
        return self.connect(self.layers(speech).flatten(1))  # type: ignore[no-any-return]


class FaceEncoder(nn.Module):
    """Whose mouth it is: one vector, and on the way there what the decoder is reminded of.

    The paper's VGG-M takes 112x112 pixels; two of its convolutions are changed for 64x64: the first two take
    strides of 2, and no pooling follows them. Source: Chung et al., Fig. 3. Taught in notebook 13.

    Args:
        width: Scales all channels; 1 is the paper's 96, 256, 512, 512, 512 and 512, 256.
    """

    def __init__(self, width: float = 1.0) -> None:
        super().__init__()
        first, second, third, fourth, fifth = (channels(count, width) for count in (96, 256, 512, 512, 512))
        self.first = convolution(3, first, (7, 7), 2)
        self.second = convolution(first, second, (5, 5), 2)
        self.third = nn.Sequential(convolution(second, third, (3, 3), 2), convolution(third, fourth, (3, 3)))
        self.last = convolution(fourth, fifth, (3, 3), 2)
        self.connect = _connected(fifth * 4 * 4, width)

    def forward(self, image: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Return (B, 256 width), and features of 8x8, 16x16 and 32x32 places, from images (B, 3, 64, 64)."""
        half = self.first(image)
        quarter = self.second(half)
        eighth = self.third(quarter)
        return self.connect(self.last(eighth).flatten(1)), [eighth, quarter, half]


class FrameDecoder(nn.Module):
    """Two vectors become a frame; after each doubling the face's features of that size are laid beside.

    Source: Chung et al., Fig. 3. Taught in notebook 13.

    Args:
        width: Scales all channels; 1 is 512, 512, 256, 96, 64.
    """

    def __init__(self, width: float = 1.0) -> None:
        super().__init__()
        first, second, third, fourth, last = (channels(count, width) for count in (512, 512, 256, 96, 64))
        reminded = [channels(count, width) for count in (512, 256, 96)]
        self.begin = nn.Sequential(
            nn.Linear(2 * channels(EMBEDDING, width), first * 4 * 4), nn.ReLU(inplace=True)
        )
        self.enlarge = nn.ModuleList(
            [
                upsampling(first, second, axes=2),
                upsampling(second + reminded[0], third, axes=2),
                upsampling(third + reminded[1], fourth, axes=2),
                upsampling(fourth + reminded[2], last, axes=2),
            ]
        )
        self.paint = nn.Conv2d(last, 3, 3, padding=1)

    def forward(self, vectors: Tensor, skips: list[Tensor]) -> Tensor:
        """Return frames (N, 3, 64, 64) in [-1, 1] from (N, 512 width) and the face's features, N of each."""
        features = self.begin(vectors).unflatten(1, (-1, 4, 4))
        for enlarge, skip in zip(self.enlarge, [*skips, None], strict=True):
            features = enlarge(features)
            if skip is not None:
                features = torch.cat([features, skip], dim=1)
        return torch.tanh(self.paint(features))


class Speech2Vid(LipGenerator):
    """The whole Speech2Vid generator: 33.1 million parameters at width 1.

    It hears the same log-mel spectrogram as glance, of which it makes its MFCCs by a cosine transform.

    Source: Chung et al., section 2. Taught in notebook 13.

    Args:
        width: Scales all channels; 1 is the paper's size.

    Raises:
        OptionError: `width` has no usable value.
    """

    def __init__(self, width: float = 1.0) -> None:
        super().__init__()
        self.speech_encoder = SpeechEncoder(width)
        self.face_encoder = FaceEncoder(width)
        self.decoder = FrameDecoder(width)
        self.reach = -(-(COLUMNS - BEFORE - COLUMNS_PER_FRAME) // COLUMNS_PER_FRAME)
        initialise_he(self)

    def forward(self, log_mel: Tensor, image: Tensor) -> Generated:
        """Return T lip frames of the person in `image`, who says `log_mel`, each made by itself.

        Args:
            log_mel: (B, 4T, 128) in decibels, four columns a frame; any T.
            image: (B, 3, 64, 64) in [-1, 1]: one lip image of the target.

        Returns:
            Video (B, 3, T, 64, 64), and what was heard, (B, 256 width, T, 1).

        Raises:
            ModelError: An input has another shape.
        """
        speech = windows_of_speech(log_mel)
        batch, frames = speech.shape[:2]
        expect(image, "image", (batch, 3, 64, 64))
        heard = self.speech_encoder(speech.flatten(0, 1).unsqueeze(1))
        seen, skips = self.face_encoder(image)
        vectors = torch.cat([heard, seen.repeat_interleave(frames, dim=0)], dim=1)
        painted = self.decoder(vectors, [skip.repeat_interleave(frames, dim=0) for skip in skips])
        return Generated(
            painted.unflatten(0, (batch, frames)).transpose(1, 2),
            heard.unflatten(0, (batch, frames)).transpose(1, 2).unsqueeze(-1),
        )


def windows_of_speech(log_mel: Tensor) -> Tensor:
    """Cut for each frame the MFCCs around it; beyond both ends is silence, whose MFCCs are 0.

    Args:
        log_mel: (B, 4T, 128) in decibels.

    Returns:
        (B, T, 12, 35): coefficients, columns.

    Raises:
        ModelError: The spectrogram has another shape, or not four columns a frame.
    """
    bands = above_silence(log_mel)[:, 0]
    transform = create_dct(COEFFICIENTS + 1, bands.shape[-1], norm="ortho")[:, 1:].to(bands)
    mfcc = functional.pad((bands @ transform).transpose(1, 2), (BEFORE, COLUMNS - BEFORE - COLUMNS_PER_FRAME))
    return mfcc.unfold(2, COLUMNS, COLUMNS_PER_FRAME).transpose(1, 2)


def _connected(inputs: int, width: float) -> nn.Sequential:
    """Two fully connected layers, to 512 and to 256 times the width."""
    middle, outputs = channels(512, width), channels(EMBEDDING, width)
    return nn.Sequential(
        nn.Linear(inputs, middle), nn.ReLU(inplace=True), nn.Linear(middle, outputs), nn.ReLU(inplace=True)
    )
