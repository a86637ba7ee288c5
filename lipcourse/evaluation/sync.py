"""How good a sync expert is: does it hear that the sound of a held-out clip has been shifted?

A clip is measured as it is, and with its sound later by 1 to 7 frames; then with the sound of another clip,
and with lips that stand still. Distance should rise and confidence fall with the shift; their like, LSE-D and
LSE-C, cannot, since they forgive any shift they can find: both stand in the table. A second table says at
which shift the clips of a corpus fit best: by how much its lips lead their sound. Taught in notebook 12.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
import torch
import tyro
from numpy.typing import NDArray

from lipcourse import pictures
from lipcourse.evaluation.sources import attribution, corpus_words, held_out, talkers
from lipcourse.metrics.lip_sync import OFFSETS, LipSync, lip_sync
from lipcourse.metrics.synchrony import synchrony
from lipcourse.networks.cards import write_card
from lipcourse.networks.sync_expert import SyncExpert
from lipcourse.networks.weights import describe, load_network, save_network
from lipcourse.signals.audio import log_mel
from lipcourse.signals.sync import delay_sound
from lipcourse.training.sync_expert import FINAL, FIRST, SyncOptions
from lipcourse.windows.prepared import PreparedClip

SHIFTS = range(8)
"""Frames by which sound is made later."""

CLIPS = 40
"""Of each corpus and split, how many clips measure at most."""

SPLITS = ("test", "validation")

LINES = ("blue", "vermillion", "green", "purple")
"""Of the picture, a colour for each set of clips."""


class HeldOut(NamedTuple):
    """Clips that nothing was learned from.

    Attributes:
        title: Whose they are, and what of them is new.
        clips: Two or more.
    """

    title: str
    clips: Sequence[PreparedClip]


def find_held_out(folder: Path, count: int = CLIPS) -> list[HeldOut]:
    """Read what a prepared corpus keeps for measuring: the clips of its splits "test" and "validation".

    Raises:
        CorpusError: The folder holds no prepared corpus.
    """
    known, found = talkers(folder, "train"), []
    for split in SPLITS:
        clips = held_out(folder, split, count)
        if len(clips) > 1:  # another clip's sound needs another clip
            speaking = {clip.talker for clip in clips}
            new = "sentences" if speaking & known else "talkers"
            name = clips[0].origin[0].split(" (")[0]
            title = f"{name}, {new} never trained on ({split}): {len(clips)} clips of {len(speaking)}"
            found.append(HeldOut(f"{title} talker{'s' * (len(speaking) > 1)}", clips))
    return found


def judge(
    expert: SyncExpert, clip: PreparedClip, other: PreparedClip | None = None, later: int = 0
) -> LipSync:
    """Measure a clip with its own sound or another's, the sound later by some frames.

    Args:
        expert: In `eval` mode.
        clip: Whose lips are seen.
        other: Whose sound is heard; None for its own.
        later: By how many frames; what is pushed out at the end is lost.
    """
    heard = other or clip
    waveform = delay_sound(heard.waveform, later, heard.sample_rate, clip.fps)
    return expert.judge(clip.mouths, waveform, heard.sample_rate, clip.fps)


@torch.no_grad()
def judge_shifts(expert: SyncExpert, clip: PreparedClip, shifts: Sequence[int] = SHIFTS) -> list[LipSync]:
    """Measure a clip with its own sound later by each number of frames: as `judge`, and looks once."""
    device = next(expert.parameters()).device
    video = torch.from_numpy(clip.mouths).to(device).permute(3, 0, 1, 2)[None].float() / 127.5 - 1
    sounds = np.stack([delay_sound(clip.waveform, shift, clip.sample_rate, clip.fps) for shift in shifts])
    columns = log_mel(
        torch.from_numpy(sounds).to(device), clip.sample_rate, clip.fps, frames=len(clip.mouths)
    )
    seen = expert.see(video)[0]
    return [lip_sync(seen, heard) for heard in expert.hear(columns)]


def judge_on(expert: SyncExpert, held: HeldOut) -> dict[str, Any]:
    """Measure clips whose sound is shifted, wrong, or the only thing that moves: a table for a card."""
    clips = held.clips
    shifted = [judge_shifts(expert, clip) for clip in clips]
    right = [each[0] for each in shifted]
    strangers = [*clips[1:], clips[0]]
    still = [clip.mouths[:1].repeat(len(clip.mouths), axis=0) for clip in clips]
    kinds: dict[str, list[LipSync]] = {"as it is": right}
    for number, shift in enumerate(SHIFTS):
        if shift:
            kinds[f"sound {shift} frame{'s' * (shift > 1)} later"] = [each[number] for each in shifted]
    kinds["sound of another clip"] = [
        judge(expert, clip, other) for clip, other in zip(clips, strangers, strict=True)
    ]
    kinds["first frame repeated"] = [
        expert.judge(video, clip.waveform, clip.sample_rate, clip.fps)
        for video, clip in zip(still, clips, strict=True)
    ]
    rows = []
    for kind, found in kinds.items():
        lower = [each.confidence < own.confidence for each, own in zip(found, right, strict=True)]
        numbers = (
            np.mean([getattr(each, name) for each in found])
            for name in ("distance", "confidence", "best_distance", "best_confidence")
        )
        share = "" if found is right else f"{np.mean(lower):.0%}"
        rows.append([kind, *(f"{number:.3f}" for number in numbers), share])
    return {
        "title": held.title,
        "columns": ["sound and lips", "distance", "confidence", "LSE-D", "LSE-C", "less confident in"],
        "rows": rows,
        "note": "Means over clips. LSE-D and LSE-C are defined as in the papers, at the best of the shifts "
        f"{OFFSETS[0]} to {OFFSETS[-1]}, so that they forgive a shift; their values hold for this network "
        "alone. The last column is the share of clips whose confidence is lower than as they are.",
    }


def judge_leads(experts: Mapping[str, SyncExpert], sets: Sequence[HeldOut]) -> dict[str, Any]:
    """Find by how many frames lips lead their sound: a table for a card."""
    methods: dict[str, Callable[[PreparedClip], int]] = {
        name: partial(_lead, expert) for name, expert in experts.items()
    }
    methods["opening of the mouth against loudness"] = _lead_by_opening
    rows = []
    for held in sets:
        for name, method in methods.items():
            offsets = np.array([method(clip) for clip in held.clips])
            middle = [int((offsets == offset).sum()) for offset in range(-3, 4)]
            rows.append([held.title, name, f"{np.median(offsets):+.0f}", *middle, len(offsets) - sum(middle)])
    return {
        "title": "By how many frames the lips lead their sound: how many clips fit best at each shift",
        "columns": ["clips", "by", "median", *(f"{offset:+d}" for offset in range(-3, 4)), "further"],
        "rows": rows,
        "note": "Puppets were drawn without any lead. An expert that has learned from a corpus finds what "
        "it was told, that the corpus is in sync: what the expert of one alone finds in another is evidence.",
    }


def draw(experts: Mapping[str, SyncExpert], sets: Sequence[HeldOut]) -> NDArray[np.uint8]:
    """Draw the mean distance at each shift: the last expert's as lines, those before it dotted.

    Returns:
        The bytes of a PNG picture, uint8 (N,).
    """
    figure, axes = pictures.subplots(1, 1, width=10, height=4.2)
    last = list(experts)[-1]
    for held, colour, mark in zip(sets, LINES, "os^D", strict=False):
        for name, expert in experts.items():
            curve = np.mean([judge(expert, clip).curve for clip in held.clips], axis=0)
            label = held.title.partition(":")[0] if name == last else None
            style = {"marker": mark, "markersize": 5} if name == last else {"linestyle": ":"}
            axes.plot(list(OFFSETS), curve, color=pictures.COLOURS[colour], label=label, **style)
    axes.set_xlabel("sound taken so many frames later than the lips")
    axes.set_ylabel("mean distance")
    axes.legend(fontsize=9, loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
    if len(experts) > 1:
        axes.set_title(f"dotted: {next(iter(experts))}", fontsize=10)
    return np.frombuffer(pictures.png_bytes(figure), np.uint8)


def ship(run: Path, folders: Sequence[Path], out: Path, *, clips: int = CLIPS) -> Path:
    """Measure a trained sync expert on held-out clips, and write it small, with its card.

    Args:
        run: The folder that `lipcourse.training.sync_expert.train` wrote: both stages are measured.
        folders: Prepared corpora, the first of which the first stage learned from.
        out: The file to write, such as weights/sync-expert.safetensors.
        clips: How many clips of each corpus and split are measured at most.

    Returns:
        The card.

    Raises:
        CorpusError: A folder holds no prepared corpus.
        ModelError: A network cannot be read, or the result not written.
    """
    told = describe(run / FINAL)
    expert = load_network(run / FINAL, SyncExpert).half().float()  # as it will be stored
    first = str(told.facts["sources"][0]["name"]).split(" (")[0]
    experts = {"the expert": expert}
    if (run / FIRST).is_file():
        experts = {f"the expert of {first} alone": load_network(run / FIRST, SyncExpert), **experts}
    sets = [held for folder in folders for held in find_held_out(folder, clips)]
    facts = {
        "purpose": "A sync expert in the manner of SyncNet: whether lips and sound are of one moment, as a "
        "distance and a confidence like LSE-D and LSE-C. Made for the evaluation of generated lips.",
        "data": [{**each, "attribution": attribution(each["name"])} for each in told.facts["sources"]],
        "command": command(told.facts),
        "steps": sum(told.facts["done"].values()),
        "seed": told.facts["seed"],
        "seconds": told.facts["seconds"],
        "device": told.facts["device_used"],
        "figures": [*(judge_on(expert, held) for held in sets), judge_leads(experts, sets)],
        "picture": "Mean distance of lips and sound of held-out clips at each shift: a valley where they are "
        "in sync",
        "limits": "It has heard two hundred English sentences of a small grammar spoken by few people, and "
        "speech that a machine made for drawn faces; of filmed faces it knows little. Its distances compare "
        "with no other network's. A clip of less than a second, or in which little is said, tells it little.",
    }
    save_network(out, expert, system=told.system, options=told.options, facts=facts, half=True)
    return write_card(out, draw(experts, sets).tobytes())


def command(facts: Mapping[str, Any]) -> str:
    """Return what trains a sync expert again, from the facts of its file."""
    words = [f"lipcourse train sync --data {corpus_words(facts['sources'])} --out RUN"]
    done, steps, sittings = int(facts["done"]["all"]), int(facts["steps"]), int(facts["sittings"])
    words += [f"--first-steps {facts['done']['first']} --steps {max(done, steps)}"]
    usual = asdict(SyncOptions())
    for name in ("width", "batch", "frames", "learning_rate", "temperature", "others"):
        if facts[name] != usual[name]:
            words.append(f"--{name.replace('_', '-')} {facts[name]:g}")
    if done < steps:
        words.append(f"(stopped after {done} of {steps} steps)")
    if sittings > 1:
        words.append(f"({sittings} sittings: these are the last one's options)")
    return " ".join(words)


def run(
    *,
    run: Annotated[Path, tyro.conf.arg(metavar="DIR")],
    data: Annotated[tuple[Path, ...], tyro.conf.arg(metavar="DIR [DIR ...]")],
    out: Annotated[Path, tyro.conf.arg(metavar="FILE")],
    clips: int = CLIPS,
) -> None:
    """Measure a trained sync expert on shifted sound, and write it in half precision with its card.

    Args:
        run: What `lipcourse train sync` wrote.
        data: The prepared corpora that it learned from; their splits "test" and "validation" measure.
        out: Where to write it, such as weights/sync-expert.safetensors.
        clips: How many clips of each corpus and split are measured at most.
    """
    print(f"The card is {ship(run, data, out, clips=clips)}.")


def _lead(expert: SyncExpert, clip: PreparedClip) -> int:
    """By how many frames the lips of a clip lead its sound, as an expert finds it."""
    return judge(expert, clip).offset


def _lead_by_opening(clip: PreparedClip) -> int:
    """The same, as the delay study's estimator finds it."""
    return synchrony(clip.mouths, clip.waveform, clip.sample_rate, clip.fps).offset
