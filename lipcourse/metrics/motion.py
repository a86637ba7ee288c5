"""Movement intensity: where in the picture does a video move, and how much?

The map of Fig. 5 of the recurrent paper (Song et al., "Talking Face Generation by Conditional Recurrent
Adversarial Network", 2018). A generator that lets lips stand still shows a dark map, and one whose pictures
tremble from frame to frame a bright one all over, where a real face is bright at mouth and jaw alone.
Taught in notebook 16.
"""

from __future__ import annotations

from torch import Tensor

from lipcourse.signals.flow import Method, estimate_flow


def movement_intensity(video: Tensor, method: Method = "lucas_kanade") -> Tensor:
    """Return how much each pixel moves, the mean of u^2 + v^2 over a sequence.

    Args:
        video: (B, 3, T, H, W), RGB in [-1, 1], with T of 2 or more and sides of 16 pixels or more.
        method: How flow (u, v) is measured: see `lipcourse.signals.flow.estimate_flow`.

    Returns:
        (B, H, W), squared pixels a frame.

    Raises:
        SignalError: `video` has another shape.
        OptionError: There is no such method, or gradients are asked of one that has none.

    Source: recurrent, section 4 and Fig. 5. Taught in notebook 16.
    """
    return flow_intensity(estimate_flow(video, method))


def flow_intensity(flow: Tensor) -> Tensor:
    """Return the movement intensity (B, H, W) of a video whose flow (B, 2, T - 1, H, W) is known."""
    return flow.square().sum(dim=1).mean(dim=1)
