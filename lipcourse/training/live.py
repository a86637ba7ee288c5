"""Train glance step by step, while somebody watches and turns its weights.

`lipcourse.training.glance.train` runs to its end; this runs one `step` at a time, keeps all its networks in
memory, and looks at one sentence after each step: what it looks like by now, all four losses, and the push
that each of them gives to each pixel. The weights of the losses are read anew at each step.

Source: Chen et al., "Lip Movements Generation at a Glance" (2018), Eqs. 2 and 4. Taught in notebook 10.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim import Adam

from lipcourse.errors import ModelError
from lipcourse.networks.lips import Generated
from lipcourse.training.glance import Glance, adversarial_step, pretraining_step
from lipcourse.training.loop import NotFiniteError, launch
from lipcourse.training.losses import ObjectiveWeights
from lipcourse.training.presets import GlanceOptions
from lipcourse.windows.dataset import GlanceBatch

LOSSES = ("correlation", "pixel", "perceptual", "adversarial")
"""The losses of Eq. 2, in the order in which they are shown."""

EVERY_LOSS = ObjectiveWeights(**dict.fromkeys(LOSSES, 1.0))


def gradient_shares(pushes: Mapping[str, Tensor], weights: ObjectiveWeights) -> dict[str, float]:
    """Return which part of all that pushes the pixels comes from each loss.

    A loss pushes a pixel as strongly as its gradient there is large, in either direction; its weight
    multiplies that. Its share is the sum over all pixels of its weighted push, divided by that of all losses.

    Taught in notebook 10.

    Args:
        pushes: By loss, its gradient at the video, or the size of it; of any shape.
        weights: Of the losses.

    Returns:
        By loss, its share; together 1, or 0 where nothing pushes.
    """
    sizes = {name: getattr(weights, name) * float(push.abs().sum()) for name, push in pushes.items()}
    total = sum(sizes.values())
    return {name: size / total if total else 0.0 for name, size in sizes.items()}


@dataclass(frozen=True)
class Look:
    """What was seen of one sentence after a step.

    Attributes:
        step: How many steps had been done.
        options: What that step was done with; its `weights`, `lambda_p` and `lambda_u` are those turned.
        losses: All four by name, also those whose weight is 0; on the sentence that is looked at.
        shares: By loss, its share of what pushes the pixels (see `gradient_shares`).
        seconds: How long the step took, with this look.
    """

    step: int
    options: GlanceOptions
    losses: Mapping[str, float]
    shares: Mapping[str, float]
    seconds: float


@dataclass(frozen=True)
class Pictures:
    """What the sentence looks like now, and where each loss would change it.

    Attributes:
        frames: uint8 (T, 64, 64, 3), RGB.
        pushes: By loss, float32 (64, 64): the size of its gradient at weight 1, the mean over colours, summed
            over the frames.
    """

    frames: NDArray[np.uint8]
    pushes: Mapping[str, Tensor]


class LiveTraining:
    """A training of glance that can be watched and steered between two steps.

    Normalisation is by fixed statistics, so that one sentence looks the same whatever it is shown with. The
    autoencoder is trained once, when this is made; `reset` keeps it.

    Args:
        options: Sizes, learning rates, seed, and the weights to begin with. `autoencoder_steps` are done
            here; `steps` has no meaning.
        draw: Returns the batch of a step, counted from 0; always the same one for the same step.
        shown: The sentence to look at: a batch of one window.
        look_every: Steps from one look to the next; a look takes a third of a step's time.
        start: A trained generator to begin from, of the same options; by default its weights are drawn.

    Attributes:
        steps: How many steps have been done.
        history: The looks so far; the first is at step 0.
        pictures: Of the last look.
    """

    def __init__(
        self,
        options: GlanceOptions,
        draw: Callable[[int], GlanceBatch],
        shown: GlanceBatch,
        *,
        look_every: int = 1,
        start: nn.Module | None = None,
    ) -> None:
        self.options = options
        self.fabric = launch(options.device, options.precision)
        self.draw = draw
        self.look_every = look_every
        self.start = start
        self.shown = shown.to(self.fabric.device)
        self._autoencoder: dict[str, Any] | None = None
        # A notebook's cell may ask for a step while another thread is at one.
        self._one_at_a_time = threading.Lock()
        self.reset(options)

    def reset(self, options: GlanceOptions | None = None) -> None:
        """Begin anew, from the same first weights.

        Args:
            options: Begin with these, which may ask for other networks; by default with the present ones.
        """
        with self._one_at_a_time:
            self._begin(replace(options or self.options, fixed_statistics=True))

    def turn(self, **changes: float) -> None:
        """Change how much a loss counts, from the next step on; may be called while a step is under way.

        Args:
            changes: New weights by name: "correlation", "pixel", "perceptual", "adversarial", and Eq. 4's
                "lambda_p" and "lambda_u".

        Raises:
            OptionError: A weight is negative or not finite.
        """
        weights = {name: value for name, value in changes.items() if name in LOSSES}
        # What is no weight is handed on as it is, so that a wrong name is refused by the dataclass.
        rest: dict[str, Any] = {name: value for name, value in changes.items() if name not in LOSSES}
        # One assignment: a step that is under way keeps the options that it began with.
        self.options = replace(self.options, weights=replace(self.options.weights, **weights), **rest)

    def step(self) -> Look:
        """Do one step by the present weights, look if it is time to, and return the last look.

        Raises:
            OptionError: Every loss has weight 0.
            ModelError: A loss or a gradient is no number; the networks are as they were before.
        """
        with self._one_at_a_time:
            return self._step()

    def _begin(self, options: GlanceOptions) -> None:
        """Draw first weights, or take those to begin from, and look."""
        self.options = options
        # Drawing first weights leaves the learner's own random numbers alone.
        with torch.random.fork_rng():
            torch.manual_seed(self.options.seed)
            self.glance = Glance(self.options)
        if self.start is not None:
            self.glance.generator.load_state_dict(self.start.state_dict())
        self.glance.to(self.fabric.device)
        adam = partial(
            Adam,
            lr=self.options.learning_rate,
            betas=self.options.betas,
            weight_decay=self.options.weight_decay,
        )
        glance = self.glance
        learners = nn.ModuleList([glance.generator, glance.audio_derivative, glance.flow_encoder])
        self._optimizers = {
            "autoencoder": adam(glance.autoencoder.parameters(), lr=self.options.autoencoder_learning_rate),
            "discriminator": adam(glance.discriminator.parameters()),
            "generator": adam(learners.parameters()),
        }
        with _asking_for_all(glance):
            glance.measure_statistics(
                self._batch(0), trained=None if self.start is None else glance.generator
            )
        self._know_faces()
        self.steps = 0
        self.history: list[Look] = []
        self._look(time.perf_counter())

    def _step(self) -> Look:
        began, glance = time.perf_counter(), self.glance
        glance.options = self.options
        glance.prepare(pretraining=False)
        try:
            adversarial_step(self.fabric, glance, self._optimizers, self._batch(self.steps))
        except NotFiniteError as error:
            raise ModelError(
                f"{error} is no number",
                where=f"step {self.steps + 1}",
                remedy="reset, and choose smaller weights",
            ) from error
        self.steps += 1
        if self.steps % self.look_every == 0:
            self._look(began)
        return self.history[-1]

    def _batch(self, step: int) -> GlanceBatch:
        return self.draw(step).to(self.fabric.device)

    def _know_faces(self) -> None:
        """Train the autoencoder, or take the one that was trained before."""
        if self._autoencoder is None:
            for step in range(self.options.autoencoder_steps):
                self.glance.prepare(pretraining=True)
                pretraining_step(self.fabric, self.glance, self._optimizers, self._batch(step))
            self._autoencoder = self.glance.autoencoder.state_dict()
        self.glance.autoencoder.load_state_dict(self._autoencoder)
        self.glance.prepare(pretraining=False)

    def _look(self, began: float) -> None:
        """Look at the sentence: its frames, its losses, and their gradients at each pixel."""
        glance, shown = self.glance, self.shown
        with torch.no_grad():
            generated = glance.generator(shown.log_mel, shown.image)
        video = generated.video.requires_grad_()
        with _asking_for_all(glance):
            losses = glance.generator_losses(
                shown, Generated(video, generated.audio_features), glance.flow(video)
            )
        gradients = {
            name: torch.autograd.grad(losses[name], video, retain_graph=True)[0][0] for name in LOSSES
        }
        pushes = {name: gradient.abs().mean(0).sum(0).cpu() for name, gradient in gradients.items()}
        self.pictures = Pictures(_bytes(video.detach()), pushes)
        values = {name: losses[name].item() for name in LOSSES}
        shares = gradient_shares(pushes, glance.options.weights)
        seconds = time.perf_counter() - began
        self.history.append(Look(self.steps, glance.options, values, shares, seconds))


def true_frames(live: LiveTraining) -> NDArray[np.uint8]:
    """Return the true frames of the sentence that is looked at, uint8 (T, 64, 64, 3)."""
    return _bytes(live.shown.video)


def _bytes(video: Tensor) -> NDArray[np.uint8]:
    """The first of some videos, (B, 3, T, H, W) in [-1, 1], as uint8 (T, H, W, 3)."""
    levels = ((video[0].clamp(-1, 1) + 1) * 127.5).round().byte()
    return np.asarray(levels.permute(1, 2, 3, 0).cpu().numpy())


@contextmanager
def _asking_for_all(glance: Glance) -> Iterator[None]:
    """Let every loss be computed meanwhile, also those whose weight is 0."""
    options = glance.options
    glance.options = replace(options, weights=EVERY_LOSS)
    try:
        yield
    finally:
        glance.options = options
