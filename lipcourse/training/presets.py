"""How glance is trained: every option in one frozen dataclass, and what it is set to at each profile.

The paper's values are those of `full`. A laptop has no time for them: `class` shows within five minutes how a
narrow network begins to listen, and `fast` proves within seconds that all of it runs. Taught in notebook 11.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

from lipcourse.errors import OptionError
from lipcourse.networks.glance import ALL_FRAMES, BlockKernel
from lipcourse.networks.glance_discriminators import Motion
from lipcourse.profiles import choose_profile
from lipcourse.training.losses import CorrelationMode, ObjectiveWeights

Device = Literal["auto", "cpu", "cuda"]
Precision = Literal["auto", "float32", "bf16"]
Schedule = Literal["constant", "cosine"]
Measure = Literal["pixel", "psnr", "listening"]
Phase = Literal["hearing", "autoencoder", "glance"]
Maker = Literal["glance", "speech2vid", "video_gan"]
Flow = Literal["lucas_kanade", "flownet"]


@dataclass(frozen=True)
class GlanceOptions:
    """All that can be chosen about a training of glance; the defaults are the paper's.

    Attributes:
        network: What makes the frames: glance's generator, or one of those that it is compared with.
        weights: How much each loss counts (Eq. 2); 0 leaves one out.
        width: Scales the channels of all networks; 1 is the paper's.
        block_kernel: What the decoder's residual blocks look at: time, height, width.
        frames: Video frames of a window.
        stride: Frames from the start of a window to that of the next.
        batch: Windows of a step, over all processes.
        even: Learn from as many windows of each corpus as of the smallest: a few hundred real clips are not
            lost among thousands of puppets.
        first_frames: The share of windows whose identity image is the first frame of their clip, which shows
            a mouth at rest, as it is when films are made and measured; that of the others is any frame of it.
        steps: Steps of the generator.
        autoencoder_steps: Steps of the autoencoder before them; none where the perceptual loss has weight 0.
        hearing_steps: Steps, before all others, that teach the audio encoder alone where lips go: a head
            start, which the paper has not.
        painted: How many frames, in the middle of a window, are painted and compared; the sound of all is
            heard. 0 for all, as the paper does. 1 learns from pictures: of as many people for the work of one
            window as a window has frames. A head start, too: pixel and perceptual loss only.
        learning_rate: Of Adam.
        autoencoder_learning_rate: Of the autoencoder's Adam.
        betas: Of Adam.
        weight_decay: Of Adam.
        schedule: "cosine" lets the learning rate fall to 0 along half a wave.
        warmup: Steps over which the learning rate rises first.
        clip_gradient: The longest gradient; a longer one is shortened to it. 0 for any length.
        motion: What the discriminator's third stream sees.
        flow: What tells how pixels move: Lucas and Kanade's method, or the shipped FlowNetS; the paper took a
            FlowNet.
        correlation: How Eq. 1 is read.
        derivative: False compares sound and frames themselves, not their changes (Table 2, f).
        lambda_p: Weight of generated pairs in Eq. 4.
        lambda_u: Weight of mismatched pairs in Eq. 4.
        average: Decay of a running mean of the generator's weights, which is then what is validated and kept;
            0 for none. 0.999 remembers about the last thousand steps.
        fixed_statistics: Normalise by the statistics of some windows, measured before the first step, not by
            those of the batch. A small batch of different faces has a mean of its own, which tells nothing of
            any of them: batches of 2 to 8 learn a face's colours sooner without it.
        seed: Of the first weights and of the order of windows.
        device: "auto" takes a CUDA GPU where there is one.
        precision: "auto" is bf16 on a CUDA GPU that has it, else float32.
        compile: Let torch.compile fuse the generator's and the discriminator's operations.
        channels_last: Keep a pixel's channels together in memory.
        workers: Processes that decode clips; 0 does it between steps.
        log_every: Steps from one progress line to the next.
        save_every: Steps from one checkpoint to the next.
        validate_every: Steps from one validation to the next; 0 for none.
        validation_windows: How many windows are looked at in a validation.
        best: What makes a validation the best: the lowest pixel loss, the highest PSNR, or the largest
            difference between how well the mouth follows the right sound and another clip's.
        skip_nan: Leave out a step whose losses are no numbers, and count it; else the run stops there.

    Raises:
        OptionError: A value cannot be.
    """

    network: Maker = "glance"
    weights: ObjectiveWeights = field(default_factory=ObjectiveWeights)
    width: float = 1.0
    block_kernel: BlockKernel = "1x3x3"
    frames: int = 16
    stride: int = 8
    batch: int = 16
    even: bool = False
    first_frames: float = 0.0
    steps: int = 200_000
    autoencoder_steps: int = 20_000
    hearing_steps: int = 0
    painted: int = 0
    learning_rate: float = 2e-4
    autoencoder_learning_rate: float = 2e-4
    betas: tuple[float, float] = (0.5, 0.999)
    weight_decay: float = 4e-4
    schedule: Schedule = "constant"
    warmup: int = 0
    clip_gradient: float = 10.0
    motion: Motion = "flow"
    flow: Flow = "lucas_kanade"
    correlation: CorrelationMode = "flat"
    derivative: bool = True
    lambda_p: float = 0.5
    lambda_u: float = 0.5
    average: float = 0.0
    fixed_statistics: bool = False
    seed: int = 0
    device: Device = "auto"
    precision: Precision = "auto"
    compile: bool = False
    channels_last: bool = False
    workers: int = 0
    log_every: int = 50
    save_every: int = 1000
    validate_every: int = 1000
    validation_windows: int = 256
    best: Measure = "pixel"
    skip_nan: bool = False

    def __post_init__(self) -> None:
        least = {
            **dict.fromkeys(("batch", "steps", "stride", "log_every", "save_every", "validation_windows"), 1),
            **dict.fromkeys(
                ("autoencoder_steps", "hearing_steps", "painted", "warmup", "workers", "validate_every"), 0
            ),
            # A change from frame to frame, and its place among others for batch normalisation.
            "frames": 3,
        }
        for name, smallest in least.items():
            if getattr(self, name) < smallest:
                raise OptionError(
                    f"{name} cannot be {getattr(self, name)}", remedy=f"give {smallest} or more"
                )
        for name in (
            "learning_rate",
            "autoencoder_learning_rate",
            "weight_decay",
            "clip_gradient",
            "lambda_p",
            "lambda_u",
        ):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise OptionError(f"{name} cannot be {value}", remedy="give 0 or more")
        if not 0 <= self.first_frames <= 1:
            raise OptionError(f"first_frames cannot be {self.first_frames}", remedy="give a share, 0 to 1")
        if not 0 <= self.average < 1:
            raise OptionError(f"average cannot be {self.average}", remedy="give 0 or more, and less than 1")
        if self.painted and (self.weights.correlation or self.weights.adversarial):
            raise OptionError(
                "correlation and adversarial loss look at whole windows, and only some frames are painted",
                remedy="give --painted 0, or both of them weight 0",
            )
        if self.painted > self.frames:
            raise OptionError(
                f"{self.painted} of {self.frames} frames cannot be painted", remedy="give --painted less"
            )
        if self.network != "glance" and (self.painted or self.hearing_steps):
            raise OptionError(
                f"{self.network} has no head start", remedy="give --painted 0 and --hearing-steps 0"
            )
        if self.network != "glance" and self.weights.correlation:
            raise OptionError(
                f"the correlation loss looks at glance's audio features, and {self.network} has none",
                remedy="give --weights.correlation 0",
            )

    @property
    def uses_flow(self) -> bool:
        """Whether optical flow is looked at by any loss."""
        judged = self.weights.adversarial > 0 and self.motion == "flow"
        return judged or (self.weights.correlation > 0 and self.derivative)

    @property
    def pretraining(self) -> int:
        """Steps that are done before those of the generator."""
        return self.hearing_steps + (self.autoencoder_steps if self.weights.perceptual > 0 else 0)

    def phase(self, step: int) -> Phase:
        """Say what is trained in a step, counted from 0."""
        if step < self.hearing_steps:
            return "hearing"
        return "autoencoder" if step < self.pretraining else "glance"

    @property
    def painted_frames(self) -> slice:
        """The frames of a window that are painted."""
        first = (self.frames - self.painted) // 2
        return slice(first, first + self.painted) if self.painted else ALL_FRAMES

    @property
    def generator(self) -> dict[str, object]:
        """How the generator is built, as `lipcourse.networks.weights` keeps it."""
        own = {"block_kernel": self.block_kernel} if self.network == "glance" else {}
        return {"width": self.width, **own}


PRESETS = {
    "fast": GlanceOptions(
        width=1 / 16,
        batch=4,
        steps=6,
        autoencoder_steps=4,
        learning_rate=5e-3,
        autoencoder_learning_rate=5e-3,
        schedule="cosine",
        log_every=1,
        save_every=5,
        validate_every=5,
        validation_windows=8,
    ),
    "class": GlanceOptions(
        weights=ObjectiveWeights(correlation=0.0, pixel=1.0, perceptual=0.0, adversarial=0.0),
        width=1 / 4,
        frames=8,
        stride=4,
        batch=16,
        steps=800,
        autoencoder_steps=100,
        hearing_steps=200,
        painted=1,
        learning_rate=1e-3,
        autoencoder_learning_rate=1e-3,
        weight_decay=0.0,
        schedule="cosine",
        warmup=50,
        clip_gradient=1.0,
        average=0.98,
        fixed_statistics=True,
        channels_last=True,
        log_every=5,
        save_every=50,
        validate_every=50,
        validation_windows=32,
    ),
    "full": GlanceOptions(workers=8, channels_last=True),
}
"""The options of each profile."""


def choose_options(profile: str | None = None) -> GlanceOptions:
    """Return the options of a profile: of that named, else of LIPCOURSE_PROFILE, else of "class".

    Raises:
        OptionError: There is no profile of that name.
    """
    return PRESETS[choose_profile(profile).name]
