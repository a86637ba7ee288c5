"""The nine methods of Table 2, one glance with one thing after another taken away, and Table 3's rivals.

    options = METHODS["d"].options(PRESETS["class"])  # all of `class`, but no correlation loss

A method says only what the paper changes, and that as a change to `GlanceOptions`; steps, widths and rates
are those of the options it is applied to, and so the same for all nine.

Source: Chen et al., "Lip Movements Generation at a Glance" (2018), Tables 2 and 3 (GRID). Taught in
notebook 13.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from lipcourse.errors import OptionError
from lipcourse.networks.glance_discriminators import Motion
from lipcourse.training.losses import ObjectiveWeights
from lipcourse.training.presets import GlanceOptions, Maker


class Digits(NamedTuple):
    """What the paper prints for a method on GRID.

    Attributes:
        lmd: Landmark distance; lower is better.
        ssim: Structural similarity; higher is better.
        psnr: In decibels; higher is better. Computed with differences that wrap at 256, as published code
            does: `lipcourse.metrics.images.psnr_wrapped` is what compares with it.
        cpbd: Sharpness; higher is sharper. The truth has 0.141, so that more is not always better.
    """

    lmd: float
    ssim: float
    psnr: float
    cpbd: float


@dataclass(frozen=True)
class Method:
    """One column of Table 2, or one row of Table 3.

    Attributes:
        name: In a few words.
        description: What is changed, and what the loss it lacks was for, in one line.
        paper: What the paper prints for it.
        weights: Of the objective (Eq. 2).
        motion: What the discriminator's third stream sees.
        derivative: False compares sound and frames themselves in the correlation loss.
        network: What makes the frames.
    """

    name: str
    description: str
    paper: Digits
    weights: ObjectiveWeights = field(default_factory=ObjectiveWeights)
    motion: Motion = "flow"
    derivative: bool = True
    network: Maker = "glance"

    def options(self, base: GlanceOptions) -> GlanceOptions:
        """Return the options of a training by this method: those given, changed as the paper says."""
        return replace(
            base,
            network=self.network,
            weights=self.weights,
            motion=self.motion,
            derivative=self.derivative,
            # What the losses are for is seen in films.
            painted=0,
            hearing_steps=0,
        )


METHODS = {
    "a": Method(
        "no adversarial loss",
        "Without l_gen nobody judges the film as a whole: likely to be near on average, and smooth.",
        Digits(1.24, 0.77, 29.36, 0.01),
        ObjectiveWeights(adversarial=0),
    ),
    "b": Method(
        "no pixel loss",
        "Without l_pix no pixel is told its colour, only features and a judge are.",
        Digits(1.31, 0.71, 29.79, 0.18),
        ObjectiveWeights(pixel=0),
    ),
    "c": Method(
        "no perceptual loss",
        "Without l_perc likeness is counted pixel by pixel alone.",
        Digits(1.38, 0.72, 29.66, 0.17),
        ObjectiveWeights(perceptual=0),
    ),
    "d": Method(
        "no correlation loss",
        "Without l_corr nothing asks that the mouth move when the sound changes, but the discriminator.",
        Digits(1.31, 0.70, 29.80, 0.21),
        ObjectiveWeights(correlation=0),
    ),
    "e": Method(
        "full",
        "All four losses, and a discriminator that hears, sees and sees movement.",
        Digits(1.18, 0.73, 29.98, 0.18),
    ),
    "f": Method(
        "correlation without derivatives",
        "Compares audio features and frames themselves, not how they change.",
        Digits(1.96, 0.52, 28.6, 0.22),
        derivative=False,
    ),
    "g": Method(
        "two-stream discriminator",
        "The discriminator hears and sees, but is not shown the flow.",
        Digits(1.39, 0.68, 29.59, 0.19),
        motion="none",
    ),
    "h": Method(
        "two streams, no correlation loss",
        "Neither the discriminator nor the correlation loss looks at movement.",
        Digits(1.42, 0.59, 29.46, 0.18),
        ObjectiveWeights(correlation=0),
        motion="none",
    ),
    "i": Method(
        "frame difference for flow",
        "The discriminator's third stream sees the difference of neighbouring frames, not where they moved.",
        Digits(1.40, 0.66, 29.51, 0.21),
        motion="difference",
    ),
}
"""The methods by the paper's letter."""


RIVALS = {
    "speech2vid": Method(
        "Speech2Vid (Chung et al.)",
        "Makes each frame by itself, by the pixel loss alone.",
        Digits(1.35, 0.74, 29.36, 0.016),
        ObjectiveWeights(correlation=0, pixel=1, perceptual=0, adversarial=0),
        motion="none",
        network="speech2vid",
    ),
    # The released code asks the first frame to be the image, by 10 times its L1. Glance's image is any frame
    # of the clip, so that here every frame is asked to be the true one, by the same weight.
    "video_gan": Method(
        "video GAN (Vondrick et al.)",
        "Unfolds 16 frames from one vector of speech and a face, by a discriminator and the pixel loss.",
        Digits(2.38, 0.60, 28.45, 0.129),
        ObjectiveWeights(correlation=0, pixel=10, perceptual=0, adversarial=1),
        motion="none",
        network="video_gan",
    ),
}
"""What Table 3 compares glance with."""

FULL = "e"
"""The method that the paper proposes; Table 3 prints other digits for it than Table 2."""

FULL_IN_TABLE_3 = Digits(1.18, 0.73, 29.89, 0.175)


def choose_methods(names: Iterable[str] = ()) -> dict[str, Method]:
    """Return methods and rivals by their names, in the order of the paper; all where none is named.

    Raises:
        OptionError: There is no method of that name.
    """
    known, wanted = METHODS | RIVALS, set(names)
    if unknown := sorted(wanted - known.keys()):
        raise OptionError(f"there is no method {unknown[0]!r}", remedy=f"choose of {', '.join(known)}")
    return {name: method for name, method in known.items() if name in wanted or not wanted}
