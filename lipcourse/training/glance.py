"""Train glance: a generator that makes lips move as they do, and a discriminator that tries to tell.

    1  train an autoencoder on lip frames; its encoder, fixed, then judges likeness (section 3.4)
    2  repeat, on windows of 16 frames v with their sound s and one image p of the same mouth:
    3      v_hat = generator(s, p)
    4      discriminator: step down Eq. 4 on (s, v) real, (s, v_hat) generated, (s, v_k) mismatched
    5      generator:     step down Eq. 2 = l_corr + 0.5 l_pix + l_perc + l_gen

`train` at the end of this file is that box, and `Glance` above it is what its lines call.

    lipcourse train glance --data prepared --profile class --out run

Source: Chen et al., "Lip Movements Generation at a Glance" (2018), sections 3 and 4. Taught in notebook 11.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor, nn
from torch.optim import Adam

from lipcourse.networks.autoencoder import PerceptualAutoencoder
from lipcourse.networks.flownet import FlowNet
from lipcourse.networks.glance import AudioEncoder, Generator
from lipcourse.networks.glance_correlation import AudioDerivativeEncoder, FlowEncoder
from lipcourse.networks.glance_discriminators import Discriminator
from lipcourse.networks.layers import channels, freeze, time_derivative
from lipcourse.networks.lips import Generated, LipGenerator
from lipcourse.networks.speech2vid import Speech2Vid
from lipcourse.networks.video_gan import VideoGan
from lipcourse.networks.weights import describe, load_network
from lipcourse.signals.flow import estimate_flow
from lipcourse.training.bookkeeper import Bookkeeper, Run
from lipcourse.training.headstart import Ear, hearing_loss, keep_still
from lipcourse.training.loop import (
    NotFiniteError,
    Progress,
    fix_statistics,
    held,
    launch,
    measuring_statistics,
    minimise,
    start_quietly,
)
from lipcourse.training.losses import (
    correlation_loss,
    discriminator_loss,
    generator_loss,
    perceptual_loss,
    pixel_loss,
)
from lipcourse.training.presets import GlanceOptions, Maker
from lipcourse.windows.dataset import GlanceBatch, WindowLoader

if TYPE_CHECKING:
    from lightning.fabric import Fabric


MEASURED = 32
"""Windows whose statistics are taken where they are then fixed: enough for many faces."""

MAKERS: dict[Maker, type[LipGenerator]] = {
    "glance": Generator,
    "speech2vid": Speech2Vid,
    "video_gan": VideoGan,
}
"""What line 3 calls. The others than glance are what Table 3 compares it with."""


class Glance(nn.Module):
    """The networks of a training, and what each is to make small.

    Args:
        options: Their sizes, and which losses there are.
    """

    def __init__(self, options: GlanceOptions) -> None:
        super().__init__()
        self.options = options
        self.generator = MAKERS[options.network](**options.generator)
        self.audio_derivative = AudioDerivativeEncoder(options.width)
        self.flow_encoder = FlowEncoder(options.width, inputs=2 if options.derivative else 3)
        self.autoencoder = PerceptualAutoencoder(options.width)
        self.discriminator = Discriminator(options.width, options.motion)
        flownet = options.flow == "flownet" and options.uses_flow
        self.flownet = freeze(load_network("flownet", FlowNet)) if flownet else None
        self.ear = Ear(channels(256, options.width)) if options.hearing_steps else None
        if options.fixed_statistics:
            start_quietly(self)

    def prepare(self, *, pretraining: bool) -> None:
        """Make ready for a step: what learns is in training mode, and a trained autoencoder is fixed."""
        self.train()
        if self.options.fixed_statistics:
            fix_statistics(self)
        if not pretraining:
            freeze(self.autoencoder)

    @torch.no_grad()
    def measure_statistics(self, batch: GlanceBatch, *, trained: nn.Module | None = None) -> None:
        """Take the statistics of these windows for those by which the networks normalise.

        Args:
            batch: The windows.
            trained: A network, or a part of one, that keeps its own: it was trained with them.
        """
        self.eval()
        with measuring_statistics(self, but=trained):
            generated = self.generator(batch.log_mel, batch.image)
            flow = self.flow(generated.video)
            if self.options.weights.adversarial:
                self.discriminator_loss(batch, generated.video, flow)
            if self.options.weights.perceptual:
                self.autoencoder(batch.video)
            self.generator_losses(batch, generated, flow)

    @property
    def audio_encoder(self) -> AudioEncoder:
        """What hears, in glance's generator; the others have none of its kind."""
        return cast(Generator, self.generator).audio_encoder

    def paint(self, batch: GlanceBatch) -> tuple[GlanceBatch, Generated]:
        """Line 3: generate. Returns the batch, with those frames of its video that were painted, and them."""
        if not self.options.painted:
            return batch, self.generator(batch.log_mel, batch.image)
        frames = self.options.painted_frames
        generated = self.generator(batch.log_mel, batch.image, frames)
        return replace(batch, video=batch.video[:, :, frames]), generated

    def flow(self, video: Tensor) -> Tensor | None:
        """Measure optical flow, (B, 2, T - 1, H, W), where a loss looks at it; gradients go through."""
        if not self.options.uses_flow:
            return None
        return estimate_flow(video) if self.flownet is None else self.flownet.estimate(video)

    def discriminator_loss(self, batch: GlanceBatch, video: Tensor, flow: Tensor | None) -> Tensor:
        """Eq. 4, on generated video (B, 3, T, 64, 64) and its flow, neither of which gets a gradient."""
        with torch.no_grad():
            true_flow, other_flow = (
                self.flow(each) if self.options.motion == "flow" else None
                for each in (batch.video, batch.other_video)
            )
        return discriminator_loss(
            matched=self.discriminator(batch.log_mel, batch.video, true_flow),
            generated=self.discriminator(
                batch.log_mel, video.detach(), flow if flow is None else flow.detach()
            ),
            mismatched=self.discriminator(batch.log_mel, batch.other_video, other_flow),
            lambda_p=self.options.lambda_p,
            lambda_u=self.options.lambda_u,
        )

    def generator_losses(
        self, batch: GlanceBatch, generated: Generated, flow: Tensor | None
    ) -> dict[str, Tensor]:
        """The losses of Eq. 2 that have a weight, by name; the discriminator is only asked."""
        weights, losses = self.options.weights, {}
        if weights.pixel:
            losses["pixel"] = pixel_loss(generated.video, batch.video)
        if weights.perceptual:
            with torch.no_grad():
                wanted = self.autoencoder.encode(batch.video)
            losses["perceptual"] = perceptual_loss(self.autoencoder.encode(generated.video), wanted)
        if weights.correlation:
            losses["correlation"] = self.correlation_loss(generated, flow)
        if weights.adversarial:
            with held(self.discriminator):
                losses["adversarial"] = generator_loss(
                    self.discriminator(batch.log_mel, generated.video, flow)
                )
        return losses

    def correlation_loss(self, generated: Generated, flow: Tensor | None) -> Tensor:
        """Eq. 1: does the generated mouth move when the sound changes? Teaches phi_s and phi_v as well."""
        if flow is not None and self.options.derivative:
            sound, motion = time_derivative(generated.audio_features), flow
        else:
            sound, motion = generated.audio_features, generated.video
        return correlation_loss(
            self.audio_derivative(sound), self.flow_encoder(motion), mode=self.options.correlation
        )


Optimizers = Mapping[str, Adam]
"""One for each that learns: the autoencoder, the discriminator, and the generator with phi_s and phi_v."""


def hearing_step(
    fabric: Fabric, glance: Glance, optimizers: Optimizers, batch: GlanceBatch
) -> dict[str, float]:
    """A head start: let the audio encoder tell where lips go. Returns its loss, by name."""
    assert glance.ear is not None
    assert batch.landmarks is not None
    with fabric.autocast():
        loss = hearing_loss(glance.ear(glance.audio_encoder(batch.log_mel)), batch.landmarks)
    optimizer, clip = optimizers["hearing"], glance.options.clip_gradient
    return minimise(fabric, "hearing", optimizer, loss, {"hearing": loss}, clip)


def pretraining_step(
    fabric: Fabric, glance: Glance, optimizers: Optimizers, batch: GlanceBatch
) -> dict[str, float]:
    """Line 1: let the autoencoder return the frames that it is shown. Returns its loss, by name."""
    with fabric.autocast():
        loss = pixel_loss(glance.autoencoder(batch.video), batch.video)
    optimizer, clip = optimizers["autoencoder"], glance.options.clip_gradient
    return minimise(fabric, "autoencoder", optimizer, loss, {"autoencoder": loss}, clip)


def adversarial_step(
    fabric: Fabric, glance: Glance, optimizers: Optimizers, batch: GlanceBatch
) -> dict[str, float]:
    """Lines 3 to 5: generate, teach the discriminator, then the generator. Returns all losses, by name."""
    step = partial(minimise, fabric, clip=glance.options.clip_gradient)
    options = glance.options
    told: dict[str, float] = {}
    with fabric.autocast():
        batch, generated = glance.paint(batch)
        flow = glance.flow(generated.video)
    if options.weights.adversarial:
        with fabric.autocast():
            loss = glance.discriminator_loss(batch, generated.video, flow)
        told |= step("discriminator", optimizers["discriminator"], loss, {"discriminator": loss})
    # Half precision keeps copies of weights within a block: the discriminator's are now others.
    with fabric.autocast():
        losses = glance.generator_losses(batch, generated, flow)
    total = options.weights.total(losses)
    return told | step("generator", optimizers["generator"], total, losses)


STEPS = {"hearing": hearing_step, "autoencoder": pretraining_step, "glance": adversarial_step}


def train(
    options: GlanceOptions,
    data: Path | str | Sequence[Path | str],
    out: Path | str,
    *,
    resume: bool = True,
    initial: Path | str | None = None,
    progress: Callable[[Progress], None] = print,
) -> Run:
    """Train glance's generator on prepared clips.

    Each process of a `torchrun` takes its part of every batch, so that a step does the same for any number of
    them, but for batch normalisation: on GPUs its statistics are those of the whole batch (SyncBatchNorm); on
    CPUs each process normalises by those of its own part, and keeps those of the first process, unless
    `fixed_statistics` is chosen.

    Args:
        options: All that can be chosen, such as `PRESETS["class"]`.
        data: Prepared clips: a folder that `lipcourse prepare` wrote, its address, or several of them.
        out: The run's folder; it is made where it is missing.
        resume: Go on from the checkpoint in `out`, if there is one; else begin anew.
        initial: A generator's weights to begin from; by default they are drawn.
        progress: Called with every line of progress.

    Returns:
        What the run left.

    Raises:
        OptionError: CUDA is asked for and absent, or the batch cannot be shared by the processes.
        ModelError: A checkpoint or the initial weights do not fit, or a loss was no number.
        CorpusError: The data cannot be used.
    """
    fabric = launch(options.device, options.precision)
    torch.manual_seed(options.seed)
    glance = Glance(options)
    if initial is not None:
        known = load_network(initial, type(glance.generator), **options.generator)
        glance.generator.load_state_dict(known.state_dict())
    glance.to(fabric.device)
    if options.channels_last:
        for layer in glance.modules():
            if isinstance(layer, nn.Conv3d | nn.ConvTranspose3d):
                layer.to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]
    if fabric.world_size > 1 and fabric.device.type == "cuda":
        nn.SyncBatchNorm.convert_sync_batchnorm(glance)  # type: ignore[no-untyped-call]
    if options.painted == 1:
        keep_still(glance.generator, fresh=initial is None)
    if options.fixed_statistics:
        # Every process reads the same windows, so that all normalise alike.
        windows = WindowLoader(data, "glance", batch=MEASURED, frames=options.frames, seed=options.seed)
        measured = next(iter(windows)).to(fabric.device)
        glance.measure_statistics(measured, trained=None if initial is None else glance.generator)
    adam = partial(Adam, lr=options.learning_rate, betas=options.betas, weight_decay=options.weight_decay)
    learners = nn.ModuleList([glance.generator, glance.audio_derivative, glance.flow_encoder])
    optimizers = {
        "autoencoder": adam(glance.autoencoder.parameters()),
        "discriminator": adam(glance.discriminator.parameters()),
        "generator": adam(learners.parameters()),
    }
    if glance.ear is not None:
        heard = nn.ModuleList([glance.audio_encoder, glance.ear])
        optimizers["hearing"] = adam(heard.parameters())
    run = Run(Path(out), begun_from=None if initial is None else describe(initial).facts)
    books = Bookkeeper(fabric, run, options, glance, optimizers, data, progress)
    if resume:
        books.resume()
    if options.compile:
        glance.generator.compile()
        glance.discriminator.compile()

    batches = books.batches()
    while run.step < books.steps:
        batch = next(batches)
        phase = options.phase(run.step)
        if options.fixed_statistics and run.step == options.hearing_steps > 0:
            glance.measure_statistics(measured, trained=glance.audio_encoder)
        glance.prepare(pretraining=phase != "glance")
        books.before_step()
        losses: dict[str, float] = {}
        try:
            losses = STEPS[phase](fabric, glance, optimizers, batch)
        except NotFiniteError as error:
            books.not_finite(batch, str(error))
        books.after_step(losses)
    books.close()
    return run
