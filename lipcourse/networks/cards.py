"""The card of a shipped network: a page that says what it learned from, how long, and how well it does.

A card is made from the facts in the network's own file and from nothing else, so that it cannot say anything
that the file does not. `weights/NAME.md` lies beside `weights/NAME.safetensors`, and a picture of what the
network does, `weights/NAME.png`, beside both. Taught in notebook 11.

The facts that a card needs:

- `purpose`: what the network does and for whom, in a sentence or two.
- `data`: one mapping a corpus, with `name`, `licence`, `attribution`, `clips` and `talkers`.
- `command`: what trains it again.
- `steps` of the optimiser, `seed` of the training, `seconds` of wall time, and the `device`, such as "CPU".
- `figures`: one mapping a table, with `title`, `columns`, `rows` and `note`; trivial baselines are rows too.
- `picture`: what the picture shows, in a sentence, for those who cannot see it.
- `limits`: what it should not be used for, and where it fails.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import torch

from lipcourse.errors import ModelError
from lipcourse.networks.weights import Description, describe
from lipcourse.whole import write_whole

NEEDED = (
    "purpose",
    "data",
    "command",
    "steps",
    "seed",
    "seconds",
    "device",
    "figures",
    "picture",
    "limits",
)


def write_card(name_or_path: str | os.PathLike[str], picture: bytes) -> Path:
    """Write the card and the picture of a network beside its file.

    Args:
        name_or_path: A shipped network, or a file.
        picture: What the network does, a PNG file's bytes, such as `lipcourse.pictures.png_bytes` makes.

    Returns:
        The card's path.

    Raises:
        ModelError: The file cannot be read, or lacks a fact that a card needs.
        CorpusError: The card cannot be written.
    """
    told = describe(name_or_path)
    text = card(told)
    path = told.path.with_suffix(".md")
    for place, data in ((path.with_suffix(".png"), picture), (path, text.encode())):
        write_whole(place, data, remedy="make room, or choose another folder")
    return path


def name_device(device: torch.device) -> str:
    """Say for a card what computes: "cuda", or "cpu, 2 threads"."""
    threads = torch.get_num_threads()
    return device.type if device.type == "cuda" else f"cpu, {threads} thread{'s' * (threads != 1)}"


def card(told: Description) -> str:
    """Return the card of a network, as Markdown.

    Raises:
        ModelError: A fact that a card needs is missing or has another form.
    """
    facts = told.facts
    missing = [name for name in NEEDED if name not in facts]
    if missing:
        raise ModelError(f"its facts lack {', '.join(missing)}, which a card needs", where=told.path)
    options = ", ".join(f"{name} {value}" for name, value in sorted(told.options.items()))
    size = told.path.stat().st_size
    about = [
        ("system", f"{told.system} ({options})" if options else told.system),
        ("size", f"{told.parameters:,} parameters in {told.stored}, {size / 1e6:.1f} MB"),
        ("training", f"{facts['steps']:,} steps, seed {facts['seed']}"),
        ("wall time", f"{facts['seconds'] / 60:,.0f} minutes on {facts['device']}"),
        ("command", f"`{facts['command']}`"),
    ]
    columns = ("name", "licence", "clips", "talkers", "attribution")
    try:
        data = _table(columns, ([each[column] for column in columns] for each in facts["data"]))
        figures = [
            f"**{each['title']}**\n\n{_table(each['columns'], each['rows'])}\n\n{each['note']}\n"
            for each in facts["figures"]
        ]
    except (KeyError, TypeError) as error:
        raise ModelError(f"its facts have another form than a card's ({error!r})", where=told.path) from error
    return "\n".join(
        [
            f"# {told.name}\n",
            f"{facts['purpose']}\n",
            f'```python\nnetwork = load_network("{told.name}")  # lipcourse.networks.weights\n```\n',
            f"![{facts['picture']}]({told.name}.png)\n",
            f"{_table(('', ''), about)}\n",
            f"## What it learned from\n\n{data}\n",
            "## How well it does\n",
            *figures,
            f"## Limits\n\n{facts['limits']}",
            "",
        ]
    )


def _table(columns: Sequence[object], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table; a "|" in a cell is written so that it does not end it."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(str(cell).replace('|', '&#124;') for cell in row)} |" for row in lines)
