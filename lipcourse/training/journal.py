"""What a training tells of itself while it runs: lines of progress, and TensorBoard's curves and film strips.

Taught in notebook 11.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from lipcourse.training.loop import Progress
from lipcourse.training.presets import GlanceOptions
from lipcourse.training.run import Run
from lipcourse.training.validation import Validation

if TYPE_CHECKING:
    from lightning.fabric import Fabric
    from torch.utils.tensorboard import SummaryWriter


class Journal:
    """Tells how a run of glance goes. Only the first process tells.

    Args:
        fabric: The processes.
        run: Where it stands; lines of progress are added to it.
        options: Of the training.
        tell: Called with every line of progress.
    """

    def __init__(
        self, fabric: Fabric, run: Run, options: GlanceOptions, tell: Callable[[Progress], None]
    ) -> None:
        self.fabric, self.run, self.options, self.tell = fabric, run, options, tell
        self.log: SummaryWriter | None = None
        self.begin()

    def begin(self) -> None:
        """Count the speed from this step on."""
        self._since = (time.perf_counter(), self.run.step)

    def report(self, losses: Mapping[str, float], note: str) -> None:
        """Write a line of progress, and the same to the log.

        Args:
            losses: Of the last step, by name.
            note: What else happened, such as a validation.
        """
        if not self.fabric.is_global_zero:
            return
        speed = (self.run.step - self._since[1]) / (time.perf_counter() - self._since[0])
        self.begin()
        steps = self.options.pretraining + self.options.steps
        on_gpu = self.fabric.device.type == "cuda"
        line = Progress(
            step=self.run.step,
            steps=steps,
            phase=self.options.phase(self.run.step - 1),
            losses=losses,
            windows_per_second=speed * self.options.batch,
            seconds_left=(steps - self.run.step) / speed,
            memory=torch.cuda.max_memory_allocated() if on_gpu else 0,
            skipped=self.run.skipped,
            note=note,
        )
        self.run.progress.append(line)
        log = self._log()
        for name, value in losses.items():
            log.add_scalar(f"training/{name}", value, self.run.step)
        log.add_scalar("speed/windows a second", line.windows_per_second, self.run.step)
        log.add_scalar("speed/GiB of the device", line.memory / 2**30, self.run.step)
        self.tell(line)

    def validated(self, measured: Validation, film: Tensor, began: float) -> None:
        """Write a validation to the log.

        Args:
            measured: What was measured.
            film: Film strips (3, H, W) in [0, 1].
            began: When it did, by time.perf_counter; the time since then does not count for the speed.
        """
        log = self._log()
        for name, value in measured._asdict().items():
            if value is not None:
                log.add_scalar(f"validation/{name}", value, self.run.step)
        log.add_image("truth, right sound, wrong sound", film, self.run.step)
        self._since = (self._since[0] + time.perf_counter() - began, self._since[1])

    def close(self) -> None:
        """Finish the log."""
        if self.log is not None:
            self.log.close()

    def _log(self) -> SummaryWriter:
        """TensorBoard's log, opened late: what a killed run wrote after its checkpoint is left out."""
        from torch.utils.tensorboard import SummaryWriter  # here, since it takes seconds

        if self.log is None:
            self.log = SummaryWriter(self.run.out / "log", purge_step=self.run.step)
        return self.log
