"""An autoencoder of lip frames, whose encoder says how alike two pictures are (the perceptual loss).

Source: glance, section 3.4: features of a network trained on the very clips, where others take a network
trained to name dogs and cars. Taught in notebook 08.
"""

from __future__ import annotations

from torch import Tensor, nn

from lipcourse.errors import ModelError
from lipcourse.networks.layers import (
    ResidualBlock,
    batch_as_frames,
    channels,
    convolution,
    expect,
    frames_as_batch,
    initialise_he,
    upsampling,
)

RESIDUAL_BLOCKS = 6


class PerceptualAutoencoder(nn.Module):
    """Each frame squeezed into features and painted again from them.

    It is trained to return its input, and then fixed (`layers.freeze`); the perceptual loss compares `encode`
    of two videos. It looks at every frame alone.

    Source: glance, section 3.4. Taught in notebook 08.

    Args:
        width: Scales all channels; 1 is the paper's 64, 128, 256.
    """

    def __init__(self, width: float = 1.0) -> None:
        super().__init__()
        first, second, third = (channels(count, width) for count in (64, 128, 256))
        self.encoder = nn.Sequential(
            convolution(3, first, (7, 7), padding_mode="reflect"),
            convolution(first, second, (3, 3), 2),
            convolution(second, third, (3, 3), 2),
            *(ResidualBlock(third, (3, 3)) for _ in range(RESIDUAL_BLOCKS)),
        )
        self.decoder = nn.Sequential(
            upsampling(third, second, axes=2),
            upsampling(second, first, axes=2),
            nn.Conv2d(first, 3, 7, padding=3, padding_mode="reflect"),
            nn.Tanh(),
        )
        initialise_he(self)

    def encode(self, video: Tensor) -> Tensor:
        """Return each frame's features, (B, 256 width, T, H/4, W/4), of video (B, 3, T, H, W) in [-1, 1].

        Raises:
            ModelError: The video has another shape, or sides that are no multiple of 4.
        """
        expect(video, "video", ("B", 3, "T", "H", "W"))
        if video.shape[3] % 4 or video.shape[4] % 4:
            raise ModelError(
                f"the video is {video.shape[4]} pixels wide and {video.shape[3]} high",
                remedy="give one whose sides are multiples of 4 (the paper's are 64)",
            )
        return batch_as_frames(self.encoder(frames_as_batch(video)), len(video))

    def forward(self, video: Tensor) -> Tensor:
        """Return the video as it is remembered, in the same shape and range."""
        features = self.encode(video)
        painted: Tensor = self.decoder(frames_as_batch(features))
        return batch_as_frames(painted, len(video))
