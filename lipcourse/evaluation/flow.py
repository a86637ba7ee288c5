"""How good a flow is: on warps, where the truth is known, and on filmed mouths, where it is not.

A known warp gives the end-point error: the distance between where a pixel went and where the method says. On
filmed mouths the second frame is pulled back by the flow: what still differs from the first frame was not
explained. That can be fooled (any pixel of the right colour will do), and so stands beside the first. No
movement at all is a row of both tables. Taught in notebook 07.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import tyro
from numpy.typing import NDArray
from torch import Tensor

from lipcourse import pictures
from lipcourse.evaluation.sources import attribution
from lipcourse.networks.cards import write_card
from lipcourse.networks.flownet import FlowNet
from lipcourse.networks.weights import describe, load_network, save_network
from lipcourse.signals.flow import draw_flow, estimate_flow, warp
from lipcourse.training.flownet import Mouths, end_point_error, load_mouths
from lipcourse.training.warps import TRIAL_CELLS, TRIAL_LENGTH, trial_pairs

FlowMethod = Callable[[Tensor], Tensor]
"""Takes video (B, 3, T, H, W), gives flow (B, 2, T - 1, H, W)."""

CLASSICAL: dict[str, FlowMethod] = {
    "no movement": lambda video: torch.zeros_like(video[:, :2, 1:]),
    "Lucas-Kanade": estimate_flow,
    "Farneback": lambda video: estimate_flow(video, "farneback"),
    "DIS": lambda video: estimate_flow(video, "dis"),
}

PAIRS = 128
SHEET_PAIRS = 5


def judge_on_warps(
    methods: Mapping[str, FlowMethod], mouths: Mouths, *, pairs: int = PAIRS
) -> dict[str, Any]:
    """Measure end-point errors on warps of held-out mouths: a table for a card.

    Args:
        methods: By the names they have in the table.
        mouths: Of talkers that nothing was learned from.
        pairs: How many frames, evenly spaced, are warped, or all.
    """
    pairs = min(pairs, len(mouths.frames))
    frames = mouths.pictures(torch.linspace(0, len(mouths.frames) - 1, pairs).long())
    trials = [trial_pairs(frames, cells) for cells in TRIAL_CELLS]
    first, second, flow = trials[0]
    trials.append((first, (1.1 * second + 0.1).clamp(-1, 1), flow))
    rows = []
    for name, method in methods.items():
        errors = [
            float(end_point_error(_flow(method, first, second), flow)) for first, second, flow in trials
        ]
        mean = sum(errors[:-1]) / len(TRIAL_CELLS)
        rows.append([name, *(f"{error:.2f}" for error in (*errors[:-1], mean, errors[-1]))])
    return {
        "title": f"End-point error in pixels on warps of {_who(mouths)}",
        "columns": ["method", *(f"{cells} cells" for cells in TRIAL_CELLS), "mean", "4 cells, light changed"],
        "rows": rows,
        "note": f"{pairs} frames, each bent by a random smooth flow of mean length {TRIAL_LENGTH} px, drawn "
        "at so many points a side and smooth between them. In the last column the second picture is brighter "
        "and richer in contrast by a tenth.",
    }


def judge_on_frames(
    methods: Mapping[str, FlowMethod], mouths: Mouths, *, pairs: int = PAIRS
) -> dict[str, Any]:
    """Measure what flow leaves unexplained between filmed frames: a table for a card.

    Args:
        methods: By the names they have in the table.
        mouths: Of talkers that nothing was learned from.
        pairs: How many pairs of neighbouring frames, those that differ most, or all.
    """
    pairs = min(pairs, len(mouths.follows))
    first, second = _busiest(mouths, pairs)
    rows = []
    for name, method in methods.items():
        flow = _flow(method, first, second)
        left = float((warp(second, flow) - first).abs().mean()) * 127.5
        rows.append([name, f"{left:.2f}", f"{float(flow.norm(dim=1).mean()):.2f}"])
    return {
        "title": f"Neighbouring frames of {_who(mouths)}",
        "columns": ["method", "left unexplained, of 255", "mean flow, px"],
        "rows": rows,
        "note": f"The {pairs} pairs that differ most: mean difference between the first frame and the second "
        "pulled back by the flow. Here nobody knows the truth.",
    }


def contact_sheet(methods: Mapping[str, FlowMethod], mouths: Mouths) -> NDArray[np.uint8]:
    """Draw pairs of held-out frames, and the flow that each method sees between them.

    Returns:
        The bytes of a PNG picture, uint8 (N,).
    """
    first, second = _busiest(mouths, SHEET_PAIRS)
    columns = {"first frame": _bytes(first), "second frame": _bytes(second)}
    flows = {name: _flow(method, first, second) for name, method in methods.items()}
    longest = max(float(flow.norm(dim=1).max()) for flow in flows.values())
    for name, flow in flows.items():
        columns[name] = draw_flow(flow.numpy(), longest=min(longest, 5.0))[0]
    tiles = [column[row] for row in range(len(first)) for column in columns.values()]
    labels = [*columns, *[""] * (len(tiles) - len(columns))]
    figure = pictures.contact_sheet(tiles, labels, columns=len(columns), width=9.0)
    return np.frombuffer(pictures.png_bytes(figure), np.uint8)


def ship(run: Path, folders: Sequence[Path], out: Path) -> Path:
    """Measure a trained FlowNetS on held-out talkers, and write it small, with its card.

    Args:
        run: The folder that `lipcourse.training.flownet.train` wrote: both stages are measured.
        folders: Prepared corpora, whose split "test" measures.
        out: The file to write, such as weights/flownet.safetensors.

    Returns:
        The card.

    Raises:
        CorpusError: A folder has no test shards.
        ModelError: A network cannot be read, or the result not written.
    """
    trained, before = run / "flownet.safetensors", run / "warps.safetensors"
    told = describe(trained)
    network = load_network(trained, FlowNet).half().float()  # as it will be stored
    methods = {
        **CLASSICAL,
        "FlowNetS, warps alone": load_network(before, FlowNet).estimate,
        "FlowNetS": network.estimate,
    }
    figures = []
    for folder in folders:
        mouths = load_mouths([folder], "test")
        figures += [judge_on_warps(methods, mouths), judge_on_frames(methods, mouths)]
    teacher, done = told.facts["teacher"], told.facts["done"]
    seen = ("Lucas-Kanade", "DIS", "FlowNetS")
    facts = {
        "purpose": "FlowNetS at a quarter of its channels: the movement between two pictures of a mouth, in "
        "pixels, differentiable. Made for the correlation loss and the three-stream discriminator of glance.",
        "data": [{**each, "attribution": attribution(each["name"])} for each in told.facts["sources"]],
        "command": "lipcourse train flownet --data PUPPETS GRID --out RUN "
        f"--warp-steps {done['warps']} --mouth-steps {done['flownet']}",
        "teacher": teacher,
        "steps": told.facts["steps"],
        "sittings": told.facts["sittings"],
        "seed": told.facts["seed"],
        "seconds": told.facts["seconds"],
        "device": told.facts["device"],
        "figures": figures,
        "picture": "Pairs of frames of talkers never trained on, and the flow between them by "
        f"{', '.join(seen)}",
        "limits": "It has seen mouths of 64x64 pixels alone, and movements of a few pixels. Its flow is a "
        f"quarter of the picture's size, enlarged, and smoother than its teacher's ({teacher}). Where a face "
        "is flat it guesses what is likely, which is not evidence.",
    }
    save_network(out, network, system=told.system, options=told.options, facts=facts, half=True)
    sheet = contact_sheet({name: methods[name] for name in seen}, load_mouths(folders, "test"))
    return write_card(out, sheet.tobytes())


def run(
    *,
    run: Annotated[Path, tyro.conf.arg(metavar="DIR")],
    data: Annotated[tuple[Path, ...], tyro.conf.arg(metavar="DIR [DIR ...]")],
    out: Annotated[Path, tyro.conf.arg(metavar="FILE")],
) -> None:
    """Measure a trained FlowNetS beside the classical methods, and write it in half precision with its card.

    Args:
        run: What `lipcourse train flownet` wrote.
        data: Prepared corpora; the talkers of their split "test" measure.
        out: Where to write it, such as weights/flownet.safetensors.
    """
    print(f"The card is {ship(run, data, out)}.")


@torch.no_grad()
def _flow(method: FlowMethod, first: Tensor, second: Tensor) -> Tensor:
    """The flow (N, 2, H, W) of pairs of pictures (N, 3, H, W)."""
    return method(torch.stack([first, second], dim=2))[:, :, 0]


def _busiest(mouths: Mouths, pairs: int) -> tuple[Tensor, Tensor]:
    """The pairs of neighbouring frames that differ most, of so many evenly spaced groups, one of each."""
    changes = torch.cat(
        [
            (mouths.frames[part].float() - mouths.frames[part + 1].float()).abs().mean(dim=(1, 2, 3))
            for part in torch.split(mouths.follows, 256)
        ]
    )
    groups = torch.arange(len(changes)).tensor_split(min(pairs, len(changes)))
    chosen = mouths.follows[torch.stack([group[changes[group].argmax()] for group in groups])]
    return mouths.pictures(chosen), mouths.pictures(chosen + 1)


def _bytes(frames: Tensor) -> NDArray[np.uint8]:
    """Pictures (N, 3, H, W) in [-1, 1] as uint8 (N, H, W, 3)."""
    return ((frames + 1) * 127.5).round().byte().permute(0, 2, 3, 1).numpy()


def _who(mouths: Mouths) -> str:
    """Whose mouths these are."""
    return ", ".join(
        f"{each['talkers']} talkers of {each['name'].split(' (')[0]} never trained on"
        for each in mouths.sources
    )
