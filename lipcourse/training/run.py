"""A training as those see it who started it: its folder, how far it is, what was measured on the way."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lipcourse.training.loop import Progress
from lipcourse.training.validation import Validation

CHECKPOINT = "checkpoint.safetensors"
LAST = "last.safetensors"
BEST = "best.safetensors"


@dataclass
class Run:
    """A training: what it left, and what was seen on the way.

    Attributes:
        out: Its folder. `best.safetensors` and `last.safetensors` are the generator at the best validation
            and at the last checkpoint (see `lipcourse.networks.weights`), `checkpoint.safetensors` is all
            that is needed to go on, `log` what TensorBoard shows.
        step: Steps done, the autoencoder's included.
        skipped: Steps left out because a loss was no number.
        seconds: Time taken, by all the processes one after another that worked on it.
        best: The best validation's score, or None before the first.
        begun_from: Facts of the weights that it began from, and those of theirs under the same name; None
            where they were drawn.
        progress: Every line of progress of this process.
        validations: Every validation, by step.
    """

    out: Path
    step: int = 0
    skipped: int = 0
    seconds: float = 0.0
    best: float | None = None
    begun_from: dict[str, Any] | None = None
    progress: list[Progress] = field(default_factory=list)
    validations: dict[int, Validation] = field(default_factory=dict)

    @property
    def generator(self) -> Path:
        """The best generator's file, for `lipcourse.networks.weights.load_network`."""
        return self.out / BEST
