"""What the correlation loss compares: how the sound changes, and how the mouth moves.

    f_s (B,256,T,16) -> derivative -> phi_s -> (B,16,T-1) --+
                                                            +-> correlation loss (Eq. 1)
    video (B,3,T,64,64) -> optical flow -> phi_v -> (B,16,T-1) --+

Neither knows at once which change of sound belongs to which movement: each step of phi_s has heard 9 steps
and each step of phi_v has seen 13, since lips move up to some frames before or after the sound they make.

Source: glance, section 3.3. Taught in notebook 07.
"""

from __future__ import annotations

from torch import Tensor, nn

from lipcourse.networks.layers import channels, expect, initialise_he, tower


class AudioDerivativeEncoder(nn.Module):
    """phi_s: the changes of the audio features, as 16 tracks along time.

    Four convolutions, 3 wide in time and with stride 1 there, let each step hear 1 + 4 x 2 = 9 steps. Their
    stride of 2 in frequency turns the 16 heights of pitch into one.

    For the ablation without derivatives (Table 2, f) give it the audio features themselves.

    Source: glance, section 3.3. Taught in notebook 07.

    Args:
        width: Scales all channels, its input's too; 1 is the paper's 256 to 128, 64, 32, 16.
    """

    def __init__(self, width: float = 1.0) -> None:
        super().__init__()
        counts = [channels(count, width) for count in (256, 128, 64, 32, 16)]
        self.layers = tower(counts, (3, 3), (1, 2))
        self.inputs = counts[0]
        initialise_he(self)

    def forward(self, derivative: Tensor) -> Tensor:
        """Return (B, 16 width, T - 1) from f_s', (B, 256 width, T - 1, 16), as `time_derivative` makes it.

        Raises:
            ModelError: The derivative has another shape.
        """
        expect(derivative, "the audio derivative", ("B", self.inputs, "T", 16))
        return self.layers(derivative).squeeze(-1)  # type: ignore[no-any-return]


class FlowEncoder(nn.Module):
    """phi_v: the movements in a video, as 16 tracks along time.

    Six convolutions, 3 long in time, let each step see 1 + 6 x 2 = 13 steps. Their stride of 2 in height and
    width turns 64x64 into one place: that is why the flow must be at 64x64, and not smaller.

    For the ablation without derivatives (Table 2, f) give it three channels and the video itself.

    Source: glance, section 3.3. Taught in notebook 07.

    Args:
        width: Scales all channels; 1 is the paper's 4, 8, 16, 16, 16, 16.
        inputs: 2 for optical flow (dx, dy), 3 for video.
    """

    def __init__(self, width: float = 1.0, inputs: int = 2) -> None:
        super().__init__()
        counts = [inputs, *(channels(count, width) for count in (4, 8, 16, 16, 16, 16))]
        self.layers = tower(counts, (3, 3, 3), (1, 2, 2))
        self.inputs = inputs
        initialise_he(self)

    def forward(self, flow: Tensor) -> Tensor:
        """Return (B, 16 width, T - 1) from optical flow (B, 2, T - 1, 64, 64) in pixels a frame.

        Raises:
            ModelError: The flow has another shape.
        """
        expect(flow, "the flow", ("B", self.inputs, "T", 64, 64))
        return self.layers(flow).flatten(2)  # type: ignore[no-any-return]
