"""How much work to do: the three sizes that every notebook and training knows.

The code path is the same at each size; only these numbers differ.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from lipcourse.errors import OptionError


@dataclass(frozen=True)
class Profile:
    """Sizes for one kind of machine.

    Attributes:
        name: "fast", "class" or "full".
        cell_seconds: The longest that one notebook cell may run.
        clips: How many clips a notebook reads where more is merely better.
        talkers: How many talkers those clips are drawn from.
    """

    name: str
    cell_seconds: float
    clips: int
    talkers: int


PROFILES = {
    # CI: a notebook in at most 60 s on two CPU cores.
    "fast": Profile("fast", cell_seconds=30, clips=6, talkers=3),
    # A laptop: a notebook in about 5 minutes; twice that where two that train run side by side.
    "class": Profile("class", cell_seconds=600, clips=40, talkers=10),
    # A CUDA GPU: what the papers ran.
    "full": Profile("full", cell_seconds=24 * 3600, clips=1000, talkers=40),
}


def choose_profile(name: str | None = None) -> Profile:
    """Return the profile called `name`, else the one that `LIPCOURSE_PROFILE` names, else "class".

    Raises:
        OptionError: There is no profile of that name.
    """
    chosen = name or os.environ.get("LIPCOURSE_PROFILE") or "class"
    if chosen not in PROFILES:
        raise OptionError(f"there is no profile {chosen!r}", remedy=f"choose one of {', '.join(PROFILES)}")
    return PROFILES[chosen]
