"""How good a viseme classifier is, and what the inception-style score says of films that are known.

Pictures of talkers never trained on are classified beside the phones that are spoken. Then the score is taken
of their clips as they are, blurred, with their first frame repeated, and of noise: a score is worth as much
as it tells these apart. Taught in notebook 12.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import cv2
import numpy as np
import torch
import tyro
from numpy.typing import NDArray
from torch import Tensor

from lipcourse import pictures
from lipcourse.evaluation.sources import attribution, corpus_words
from lipcourse.evaluation.sync import HeldOut, find_held_out
from lipcourse.metrics.inception import inception_score
from lipcourse.networks.cards import write_card
from lipcourse.networks.classifier import CLASSES, VISEMES, VisemeClassifier
from lipcourse.networks.weights import describe, load_network, save_network
from lipcourse.training.classifier import Pictures, load_pictures, recalls

CLIPS = 40
"""Of each corpus and split, how many clips the score is taken of at most."""

BLUR_PIXELS = 2.0
"""Standard deviation of the blur."""

SPLITS = 5
"""Parts that the score is taken of; its mean and deviation are told."""

EXAMPLES = 8
"""Pictures of each class in the picture of the card."""

LIMITS = (
    "It knows drawn mouths, and hardly those of filmed people whom it has not seen: on them its score is "
    "worth little. A score falls where lips stand still and where a picture is no mouth; blur hardly lowers "
    "it, and lips that speak another sentence have the same. Scores are those of no paper, and compare films "
    "of one corpus and of as many frames."
)


def films(held: HeldOut) -> dict[str, NDArray[np.uint8]]:
    """Return all frames of clips as they are, and in ways in which they would be worse, (N, 64, 64, 3)."""
    real = np.concatenate([clip.mouths for clip in held.clips])
    still = np.concatenate([clip.mouths[:1].repeat(len(clip.mouths), axis=0) for clip in held.clips])
    blurred = np.stack([cv2.GaussianBlur(frame, (0, 0), BLUR_PIXELS) for frame in real])
    noise = np.random.default_rng(0).integers(0, 256, real.shape, dtype=np.uint8)
    return {"real": real, "blurred": blurred, "first frame repeated": still, "noise": noise}


def mouth_score(classifier: VisemeClassifier, frames: NDArray[np.uint8], splits: int = SPLITS) -> Tensor:
    """Return the inception-style score of mouths: from 1, all of one kind or unclear, up to 8.

    Frames are put in random order first, always the same, so that each part has frames of all clips.

    Args:
        classifier: In `eval` mode, such as `load_network("classifier", VisemeClassifier)`.
        frames: uint8 (N, 64, 64, 3), RGB: all frames of all clips. Compare scores of as many frames alone.
        splits: How many parts the score is taken of.

    Returns:
        float64 (splits,): print their mean and standard deviation.

    Raises:
        SignalError: These are no pictures of mouths, or there are none.
        OptionError: There are fewer pictures than parts.

    Source: `lipcourse.metrics.inception`. Taught in notebook 12.
    """
    order = torch.randperm(len(frames), generator=torch.Generator().manual_seed(0))
    return inception_score(classifier.probabilities(frames)[order], splits)


def judge_accuracy(classifier: VisemeClassifier, folders: Sequence[Path]) -> dict[str, Any]:
    """Measure how many held-out pictures are recognised: a table for a card."""
    rows = []
    for folder in folders:
        for split in ("test", "validation"):
            found = load_pictures(folder, split)
            shares, name = recalls(classifier, found), found.source["name"].split(" (")[0]
            told = ["none" if share.isnan() else f"{share:.0%}" for share in shares]
            rows.append([f"{name}, {split}", len(found.labels), f"{shares.nanmean():.0%}", *told])
    chance = f"{1 / len(CLASSES):.1%}"
    rows.append(["chance", "", chance, *[chance] * len(CLASSES)])
    return {
        "title": "Pictures of held-out clips recognised",
        "columns": ["clips", "pictures", "mean of classes", *CLASSES],
        "rows": rows,
        "note": "Test clips are of talkers never trained on. Who guesses, whatever the guess, is right "
        "once in eight times in the mean of the classes. A mouth on its way between two phones can look like "
        "a third, so that nobody reaches 100 %. "
        + "; ".join(f"{name}: {' '.join(phones)}" for name, phones in VISEMES.items())
        + ".",
    }


def judge_score(classifier: VisemeClassifier, sets: Sequence[HeldOut]) -> dict[str, Any]:
    """Take the score of held-out clips as they are and made worse: a table for a card."""
    rows = []
    for held in sets:
        scores = {name: mouth_score(classifier, frames) for name, frames in films(held).items()}
        rows.append([held.title, *(f"{score.mean():.2f} ± {score.std():.2f}" for score in scores.values())])
    return {
        "title": "Inception-style score",
        "columns": ["clips", "real", "blurred", "first frame repeated", "noise"],
        "rows": rows,
        "note": f"From 1 to {len(CLASSES)}, mean and deviation over {SPLITS} parts of all frames in random "
        f"order; blurred by {BLUR_PIXELS:g} pixels. It compares films of this corpus, of as many frames.",
    }


@torch.no_grad()
def contact_sheet(classifier: VisemeClassifier, found: Pictures) -> NDArray[np.uint8]:
    """Show the pictures that the classifier is surest of, a row for each class.

    Returns:
        The bytes of a PNG picture, uint8 (N,).
    """
    likely = classifier.probabilities(found.frames)
    tiles, labels = [], []
    for number, name in enumerate(CLASSES):
        # Of neighbours in time, which look alike, one: the surest of so many stretches of pictures.
        groups = likely[:, number].tensor_split(min(EXAMPLES, len(likely)))
        ends = np.cumsum([0, *(len(group) for group in groups)])
        tiles += [
            found.frames[start + int(group.argmax())] for start, group in zip(ends, groups, strict=False)
        ]
        labels += [name, *[""] * (len(groups) - 1)]
    figure = pictures.contact_sheet(tiles, labels, columns=min(EXAMPLES, len(likely)), width=7.0)
    return np.frombuffer(pictures.png_bytes(figure), np.uint8)


def ship(weights: Path, folders: Sequence[Path], out: Path, *, clips: int = CLIPS) -> Path:
    """Measure a trained viseme classifier on held-out clips, and write it small, with its card.

    Args:
        weights: What `lipcourse.training.classifier.train` wrote.
        folders: Prepared corpora, whose splits "test" and "validation" measure.
        out: The file to write, such as weights/classifier.safetensors.
        clips: How many clips of each corpus and split the score is taken of at most.

    Returns:
        The card.

    Raises:
        CorpusError: A folder holds no prepared corpus.
        ModelError: The network cannot be read, or the result not written.
    """
    told = describe(weights)
    network = load_network(weights, VisemeClassifier).half().float()  # as it will be stored
    sets = [held for folder in folders for held in find_held_out(folder, clips)]
    facts = {
        "purpose": "Tells eight kinds of mouths, which are visemes: classes for an inception-style score of "
        "generated lips.",
        "data": [{**each, "attribution": attribution(each["name"])} for each in told.facts["sources"]],
        "command": f"lipcourse train classifier --data {corpus_words(told.facts['sources'])} --out RUN "
        f"--steps {told.facts['steps']}",
        "steps": told.facts["steps"],
        "seed": told.facts["seed"],
        "seconds": told.facts["seconds"],
        "device": told.facts["device_used"],
        "figures": [judge_accuracy(network, folders), judge_score(network, sets)],
        "picture": "Of held-out talkers, the pictures that the classifier is surest of, a row for each class",
        "limits": LIMITS,
    }
    save_network(out, network, system=told.system, options=told.options, facts=facts, half=True)
    return write_card(out, contact_sheet(network, load_pictures(folders[0], "test")).tobytes())


def run(
    *,
    weights: Annotated[Path, tyro.conf.arg(metavar="FILE")],
    data: Annotated[tuple[Path, ...], tyro.conf.arg(metavar="DIR [DIR ...]")],
    out: Annotated[Path, tyro.conf.arg(metavar="FILE")],
    clips: int = CLIPS,
) -> None:
    """Measure a trained viseme classifier and its score, and write it in half precision with its card.

    Args:
        weights: What `lipcourse train classifier` wrote, such as run/classifier.safetensors.
        data: The prepared corpora that it learned from; their splits "test" and "validation" measure.
        out: Where to write it, such as weights/classifier.safetensors.
        clips: How many clips of each corpus and split the score is taken of at most.
    """
    print(f"The card is {ship(weights, data, out, clips=clips)}.")
