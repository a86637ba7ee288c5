"""What goes on around the steps of a training: optimisers' options, checkpoints, validation.

None of it changes what is learned, so that `lipcourse.training.glance` reads as the algorithm it is. Taught
in notebook 11.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from lipcourse.errors import ModelError, OptionError
from lipcourse.networks.lips import Generated, LipGenerator
from lipcourse.networks.weights import save_network
from lipcourse.training import checkpoints
from lipcourse.training.journal import Journal
from lipcourse.training.loop import Progress, learning_rate
from lipcourse.training.presets import GlanceOptions
from lipcourse.training.run import BEST, CHECKPOINT, LAST, Run
from lipcourse.training.validation import Validation, validate
from lipcourse.whole import remove_unfinished
from lipcourse.windows.dataset import GlanceBatch, WindowLoader

if TYPE_CHECKING:
    from lightning.fabric import Fabric

__all__ = ["Bookkeeper", "Run"]

SYSTEM = "glance"

UNCHANGEABLE = (
    "network",
    "width",
    "block_kernel",
    "motion",
    "flow",
    "derivative",
    "frames",
    "stride",
    "batch",
    "seed",
    "even",
    "first_frames",
    "fixed_statistics",
    "hearing_steps",
    "painted",
)
"""Options that a checkpoint must share with the run that goes on from it: sizes, and the order of windows."""

KEPT = ("step", "skipped", "seconds", "best", "begun_from")
"""What a checkpoint keeps of a `Run`."""


class Bookkeeper:
    """Keeps a run of glance: what it has done so far lies in its folder, and it can go on from there.

    Args:
        fabric: The processes; the first one writes.
        run: Where it stands; kept up to date.
        options: Of the training.
        networks: All of them, with a `generator`, on their device.
        optimizers: By the name of what they train; all but "autoencoder" follow the schedule.
        data: Prepared clips.
        tell: Called with every line of progress, in the first process.
    """

    def __init__(
        self,
        fabric: Fabric,
        run: Run,
        options: GlanceOptions,
        networks: nn.Module,
        optimizers: Mapping[str, Optimizer],
        data: Path | str | Sequence[Path | str],
        tell: Callable[[Progress], None],
    ) -> None:
        self.fabric, self.run, self.options = fabric, run, options
        self.networks, self.optimizers = networks, optimizers
        self.generator = cast(LipGenerator, networks.generator)
        if fabric.is_global_zero:
            run.out.mkdir(parents=True, exist_ok=True)
            remove_unfinished(run.out)
        self.steps = options.pretraining + options.steps
        self.corpora = 1 if isinstance(data, str | Path) else len(data)
        self.average = (
            AveragedModel(self.generator, multi_avg_fn=get_ema_multi_avg_fn(options.average))  # type: ignore[no-untyped-call]
            if options.average
            else None
        )
        if options.batch % fabric.world_size:
            raise OptionError(
                f"a batch of {options.batch} cannot be shared by {fabric.world_size} processes",
                remedy=f"choose a multiple of {fabric.world_size}",
            )
        windows = partial(
            WindowLoader,
            data,
            "glance",
            frames=options.frames,
            stride=options.stride,
            seed=options.seed,
            first_frames=options.first_frames,
        )
        self.loader = windows(
            split="train",
            batch=options.batch // fabric.world_size,
            rank=fabric.global_rank,
            world=fabric.world_size,
            workers=options.workers,
            drop_last=True,  # means over parts of unequal size would not be those over the whole
            even=options.even,
        )
        self.unseen = (
            windows(split="validation", batch=options.batch)
            if options.validate_every and fabric.is_global_zero
            else None
        )
        self.journal = Journal(fabric, run, options, tell)
        self.buffers: list[Tensor] = []
        self._started = time.perf_counter()

    # ---- at the beginning

    def resume(self) -> None:
        """Go on from the run's last checkpoint, if there is one.

        Raises:
            ModelError: It is cut off, or was begun with other options.
        """
        path = self.run.out / CHECKPOINT
        if not path.exists():
            return
        tensors, state = checkpoints.load_checkpoint(path, SYSTEM)
        usual = asdict(GlanceOptions())  # for options that there were not yet
        for name in UNCHANGEABLE:
            was, now = state["options"].get(name, usual[name]), getattr(self.options, name)
            if was != now:
                raise ModelError(
                    f"was begun with {name} {was}, not {now}",
                    where=path,
                    remedy=f"give --{name.replace('_', '-')} {was}, {checkpoints.ANEW}",
                )
        checkpoints.load_weights(self.networks, checkpoints.take(tensors, "networks"), path)
        for name, optimizer in self.optimizers.items():
            checkpoints.unpack_optimizer(optimizer, f"optimizer.{name}", tensors)
        if self.average is not None and (kept := checkpoints.take(tensors, "average")):
            checkpoints.load_weights(self.average, kept, path)
        torch.set_rng_state(tensors["random.cpu"])
        if self.fabric.device.type == "cuda" and "random.cuda" in tensors:
            torch.cuda.set_rng_state(tensors["random.cuda"])
        for name in KEPT:
            setattr(self.run, name, state.get(name))
        self.run.validations = {int(step): Validation(*each) for step, each in state["validations"].items()}
        self.loader.load_state_dict(state["loader"])
        self.journal.begin()

    def batches(self) -> Iterator[GlanceBatch]:
        """Give batches without end, on the device: one epoch after the other, each in an order of its own."""
        while True:
            for batch in self.loader:
                yield batch.to(self.fabric.device)

    # ---- around each step

    def before_step(self) -> None:
        """Set the learning rates, and remember what a step that fails would spoil."""
        for name, optimizer in self.optimizers.items():
            if name == "autoencoder":
                rate = self.options.autoencoder_learning_rate
            else:
                hearing = name == "hearing"
                rate = learning_rate(
                    self.options.learning_rate,
                    self.run.step if hearing else max(0, self.run.step - self.options.pretraining),
                    self.options.hearing_steps if hearing else self.options.steps,
                    self.options.schedule,
                    self.options.warmup,
                )
            for group in optimizer.param_groups:
                group["lr"] = rate
        if self.options.skip_nan:
            self.buffers = [buffer.clone() for buffer in self.networks.buffers()]

    def not_finite(self, batch: GlanceBatch, name: str) -> None:
        """Deal with a loss that is no number: leave the step out, or stop.

        Raises:
            ModelError: The run is to stop: it names the step, the loss, and the clips of this process.
        """
        if not self.options.skip_nan:
            clips = ", ".join(batch.keys)
            raise ModelError(
                f"at step {self.run.step + 1} the {name} is no finite number, on the clips {clips}",
                where=self.run.out,
                remedy="look at these clips, lower --learning-rate, or leave such steps out with --skip-nan",
            )
        for buffer, before in zip(self.networks.buffers(), self.buffers, strict=True):
            buffer.copy_(before)
        self.run.skipped += 1

    def after_step(self, losses: Mapping[str, float]) -> None:
        """Count a step, and do what is due: average, validate, save, tell."""
        self.run.step += 1
        trained = self.run.step - self.options.pretraining
        if self.average is not None and trained > 0:
            self.average.update_parameters(self.generator)
        last = self.run.step == self.steps
        note = ""
        every = self.options.validate_every
        if every and trained > 0 and (trained % every == 0 or last):
            note = self._validate()
            self.fabric.barrier()
        if last or self.run.step % self.options.save_every == 0:
            self._save()
        if note or last or self.run.step % self.options.log_every == 0:
            self.journal.report(losses, note)

    # ---- what is due now and then

    def _validate(self) -> str:
        """Measure the generator, keep it if it is the best so far, and say in a line how good it is."""
        if self.unseen is None:  # the first process does it
            return ""
        began = time.perf_counter()
        generator = self._kept_generator().eval()
        count = -(-self.options.validation_windows // self.options.batch)
        self.unseen.set_epoch(0)  # the same windows each time
        with self.fabric.autocast():
            windows = (batch.to(self.fabric.device) for batch in islice(self.unseen, count))
            measured, film = validate(generator, windows, self._correlation_loss())
        self.run.validations[self.run.step] = measured
        self.journal.validated(measured, film, began)
        score = measured.score(self.options.best)
        if self.run.best is None or score > self.run.best:
            self.run.best = score
            self._keep(BEST)
        return str(measured)

    def _correlation_loss(self) -> Callable[[Tensor, Tensor], Tensor] | None:
        """Eq. 1 of audio features and a video, by phi_s and phi_v as they are; None where not trained."""
        if not self.options.weights.correlation:
            return None
        networks = cast(Any, self.networks.eval())
        return lambda heard, video: networks.correlation_loss(Generated(video, heard), networks.flow(video))

    def _save(self) -> None:
        """Write the checkpoint, and the generator as it is now."""
        if not self.fabric.is_global_zero:
            return
        tensors = {f"networks.{name}": tensor for name, tensor in self.networks.state_dict().items()}
        if self.average is not None:
            tensors |= {f"average.{name}": tensor for name, tensor in self.average.state_dict().items()}
        for name, optimizer in self.optimizers.items():
            tensors |= checkpoints.pack_optimizer(optimizer, f"optimizer.{name}")
        tensors["random.cpu"] = torch.get_rng_state()
        if self.fabric.device.type == "cuda":
            tensors["random.cuda"] = torch.cuda.get_rng_state()
        state = {
            **{name: getattr(self.run, name) for name in KEPT},
            "seconds": self._seconds(),
            "loader": self.loader.state_dict(),
            "validations": {step: list(measured) for step, measured in self.run.validations.items()},
            "options": asdict(self.options),
        }
        self._keep(LAST)
        if self.run.best is None and self.run.step == self.steps:  # without validation the last is the best
            self._keep(BEST)
        checkpoints.save_checkpoint(self.run.out / CHECKPOINT, SYSTEM, tensors, state)

    def _keep(self, name: str) -> None:
        """Write the generator as others load it."""
        facts = {
            "steps": self.run.step - self.options.pretraining,
            "seed": self.options.seed,
            "seconds": self._seconds(),
            "device": "CUDA" if self.fabric.device.type == "cuda" else "CPU",
            "training": asdict(self.options),
            "corpora": self.corpora,
            "begun_from": self.run.begun_from,
            "validation": {step: measured._asdict() for step, measured in self.run.validations.items()},
        }
        path = self.run.out / name
        generator, options = self._kept_generator(), self.options
        save_network(path, generator, system=options.network, options=options.generator, facts=facts)

    def _kept_generator(self) -> LipGenerator:
        """The generator that is measured and kept: the running mean, if there is one."""
        return self.generator if self.average is None else cast(LipGenerator, self.average.module)

    def _seconds(self) -> float:
        """Time taken so far, by earlier processes too."""
        return self.run.seconds + time.perf_counter() - self._started

    def close(self) -> None:
        """Count the time, and finish the log."""
        self.run.seconds = self._seconds()
        self.journal.close()
