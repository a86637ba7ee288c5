"""Training the viseme classifier: pictures of mouths, and the phones that they say.

    for each step:
        draw pictures, as many of each class and of each corpus; turn, zoom, move and mirror them
        loss = cross-entropy of the class
        step of Adam

A picture is labelled by the phone that is spoken in the middle of its frame. Near a phone's ends the mouth is
on its way to the next, so that only the middle of each counts. Where a corpus knows no phones, they are found
in its sound and its transcript by forced alignment (`lipcourse.signals.phonemes`).

Needs torch, lightning, numpy, OpenCV, webdataset and safetensors only; pocketsphinx, where phones must be
found. Taught in notebook 12.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from lipcourse.errors import CorpusError, ModelError, OptionError
from lipcourse.networks.cards import name_device
from lipcourse.networks.classifier import CLASS_OF, CLASSES, SILENT, VisemeClassifier
from lipcourse.networks.weights import describe, load_network, save_network
from lipcourse.training.loop import NotFiniteError, launch, learning_rate, minimise
from lipcourse.training.presets import Device
from lipcourse.training.talk import draw_from_all, seen_otherwise
from lipcourse.windows.prepared import Timed, decode_members
from lipcourse.windows.shards import open_shards

FINAL, LATEST = (f"{name}.safetensors" for name in ("classifier", "latest"))

MEMBERS = ("clip.json", "mouths.jpg", "waveform.dpcm")
MARGIN = 0.2
"""The share of a phone, at each end, that is left out."""

QUIET_SECONDS = 0.12
"""Silence begins this long after a phone and ends this long before one: lips move before they sound."""

WARM_UP = 0.05
"""The share of all steps in which the learning rate rises."""


@dataclass(frozen=True)
class ClassifierOptions:
    """How to train.

    Attributes:
        width: Of the network.
        steps: Of the optimiser.
        batch: Pictures a step, of this process.
        learning_rate: Of Adam, at its highest.
        clip_gradient: The longest gradient that is followed as it is.
        seed: Of the first weights and all that is drawn.
        device: "auto" takes a CUDA GPU where there is one.
        save_every: Steps between two trials, and between two saved states.

    Raises:
        OptionError: A value cannot be.
    """

    width: float = 1.0
    steps: int = 1200
    batch: int = 128
    learning_rate: float = 2e-3
    clip_gradient: float = 5.0
    seed: int = 0
    device: Device = "auto"
    save_every: int = 200

    def __post_init__(self) -> None:
        if min(self.batch, self.steps, self.save_every) < 1:
            raise OptionError("batch, steps and save_every are 1 or more")


@dataclass(frozen=True)
class Pictures:
    """The labelled pictures of one prepared corpus, on the CPU.

    Attributes:
        frames: uint8 (N, 64, 64, 3), RGB.
        labels: int64 (N,), the class of each, in the order of `CLASSES`.
        source: Corpus, licence, clips and talkers, for the card.
    """

    frames: NDArray[np.uint8]
    labels: Tensor
    source: dict[str, Any]

    def draw(self, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Draw pictures, each class that there is as often: uint8 (count, 3, 64, 64), and labels (count,)."""
        shares = torch.bincount(self.labels, minlength=len(CLASSES)).clamp(min=1).reciprocal()[self.labels]
        chosen = torch.multinomial(shares, count, replacement=True, generator=generator)
        return torch.from_numpy(self.frames[chosen.numpy()]).permute(0, 3, 1, 2), self.labels[chosen]


def load_pictures(folder: Path, split: str) -> Pictures:
    """Read and label the mouths of one split of a prepared corpus; those of no class are left out.

    Args:
        folder: What `lipcourse prepare` made.
        split: "train", "validation" or "test".

    Raises:
        CorpusError: There is no such shard, or nothing to label.
        SignalError: A clip's words are not heard in its sound.
    """
    shards = sorted(folder.glob(f"{split}-*.tar"))
    if not shards:
        raise CorpusError(
            f"has no shards of the split {split!r}", where=folder, remedy="make it: lipcourse prepare"
        )
    frames, labels = [], []
    talkers: list[str] = []
    origin = ("", "")
    for sample in open_shards({"url": str(shard)} for shard in shards):
        clip = decode_members({name: sample[name] for name in MEMBERS})
        found = frame_classes(clip["phones"] or _find_phones(clip), clip["frames"], clip["fps"])
        frames.append(clip["mouths"][found >= 0])
        labels.append(torch.from_numpy(found[found >= 0]))
        talkers.append(clip["talker"])
        origin = clip["origin"]
    told = {"name": origin[0], "licence": origin[1], "clips": len(talkers), "talkers": len(set(talkers))}
    if not sum(map(len, labels)):
        raise CorpusError(f"no picture of {split!r} is of any class", where=folder)
    return Pictures(np.concatenate(frames), torch.cat(labels), told)


def frame_classes(phones: Sequence[Timed], frames: int, fps: float) -> NDArray[np.int64]:
    """Return the class of each frame's mouth, (frames,); -1 where it is of none.

    Args:
        phones: Start and end in seconds, and ARPABET; none of them overlap.
        frames: How many there are.
        fps: Frames a second.
    """
    middles = (np.arange(frames) + 0.5) / fps
    found = np.full(frames, SILENT)
    for start, end, _ in phones:
        found[(middles > start - QUIET_SECONDS) & (middles < end + QUIET_SECONDS)] = -1
    for start, end, label in phones:
        margin = MARGIN * (end - start)
        found[(middles > start + margin) & (middles < end - margin)] = CLASS_OF.get(label, -1)
    return found


def train(
    folders: Sequence[Path],
    out: Path,
    options: ClassifierOptions | None = None,
    *,
    start: Path | None = None,
    report: Callable[[str], None] = print,
) -> Path:
    """Train a viseme classifier and save it as `classifier.safetensors`, and on the way `latest.safetensors`.

    Args:
        folders: Prepared corpora: the split "train" is learned from, "validation" (other talkers or
            sentences) measures.
        out: The folder to write into.
        options: How to train.
        start: A network to go on from, such as `latest.safetensors` of a run that was stopped.
        report: Takes a line of progress.

    Returns:
        The trained network's file.

    Raises:
        CorpusError: A folder has no shards, or nothing to label.
        ModelError: The loss is no longer a number, or `start` cannot be used.

    Taught in notebook 12.
    """
    options = options or ClassifierOptions()
    fabric = launch(options.device, "float32")
    corpora = [load_pictures(folder, "train") for folder in folders]
    held_out = [load_pictures(folder, "validation") for folder in folders]
    torch.manual_seed(options.seed)
    built = (
        VisemeClassifier(options.width)
        if start is None
        else load_network(start, VisemeClassifier, width=options.width)
    )
    network = built.to(fabric.device)
    earlier: Mapping[str, Any] = {"steps": 0, "seconds": 0} if start is None else describe(start).facts
    began = time.monotonic() - earlier["seconds"]
    # Every process, and a training that goes on, draws other pictures.
    seed = options.seed + earlier["steps"] * fabric.world_size + fabric.global_rank
    order, drawing = torch.Generator().manual_seed(seed), torch.Generator(fabric.device).manual_seed(seed)
    optimizer = torch.optim.Adam(network.parameters(), lr=options.learning_rate)
    path, warm_up = out / FINAL, max(1, round(WARM_UP * options.steps))
    for step in range(options.steps):
        network.train()
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(options.learning_rate, step, options.steps, "cosine", warm_up)
        pictures, labels = draw_from_all(
            corpora, lambda corpus, count: corpus.draw(count, order), options.batch
        )
        pictures, labels = pictures.to(fabric.device), labels.to(fabric.device)
        answers = network(seen_otherwise(pictures.float() / 127.5 - 1, drawing))
        loss = functional.cross_entropy(answers, labels)
        try:
            minimise(fabric, "classifier", optimizer, loss, {"loss": loss}, options.clip_gradient)
        except NotFiniteError as error:
            raise ModelError(f"{error} is no number at step {step + 1}", remedy="learn slower") from error
        last = step + 1 == options.steps
        if not (last or (step + 1) % options.save_every == 0) or not fabric.is_global_zero:
            continue
        right = [float(recalls(network, pictures).nanmean()) for pictures in held_out]
        seconds = time.monotonic() - began
        report(
            f"classifier {step + 1}/{options.steps}: loss {loss.item():.3f}, right on held-out clips "
            f"{', '.join(f'{share:.0%}' for share in right)}, {seconds:.0f} s"
        )
        facts = {**asdict(options), "steps": earlier["steps"] + step + 1, "seconds": round(seconds)}
        facts |= {"sources": [corpus.source for corpus in corpora]}
        facts["device_used"] = name_device(fabric.device)
        told = {"width": options.width}
        path = save_network(
            out / (FINAL if last else LATEST), network, system="classifier", options=told, facts=facts
        )
    return path


def recalls(network: VisemeClassifier, pictures: Pictures) -> Tensor:
    """Return the share of each class's pictures that is recognised, (8,); NaN for a class without any.

    Their mean is 1/8 for a network that guesses, whatever it guesses and however rare a class is.
    """
    network.eval()
    right = (network.probabilities(pictures.frames).argmax(dim=1) == pictures.labels).double()
    return torch.stack([right[pictures.labels == number].mean() for number in range(len(CLASSES))])


def _find_phones(clip: Mapping[str, Any]) -> Sequence[Timed]:
    """Find when each phone of a clip's transcript is heard; without a transcript, none is."""
    if not clip["transcript"]:
        return ()
    # Here and not above: it needs pocketsphinx, and corpora that know their phones do not.
    from lipcourse.signals.phonemes import align_phonemes

    heard = align_phonemes(clip["waveform"], clip["sample_rate"], clip["transcript"], where=clip["key"])
    return heard.phones
