"""A tiny course to build, break and run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lipcourse.course.exercise import Exercise, Mutant

SOURCE = '''\
# ---
# title: Doubling
# minutes: {cpu: 1, gpu: 1}
# builds: A function that doubles.
# needs: Python.
# equations:
#   - "glance Eq. 1: $y = 2x$"
# ---

# %% [markdown]
# # 00 · Doubling
# Everything twice.
# $$ y = 2 x \\tag{1} $$

# %% tags=["parameters"]
profile = "class"
amount = 3

# %%
from lipcourse.course import check

# %% [markdown] exercise="double" difficulty=2 minutes=3
# ## Exercise 1 · Twice
# Give twice `x`.
#
# > hint: Add it
# > to itself.
#
# > hint: `x + x`

# %% solution="double"
def double(x: int) -> int:
    """Twice x."""
    # solution
    return 2 * x
    # end solution

# %%
check.double(double)

# %% [markdown]
# A picture.

# %% figure="A line that rises from 0 to amount"
plt.plot([0, amount])
plt.show()
'''

# A source in which the runner has nothing heavy to import.
BARE = """\
# ---
# title: Bare
# ---

# %% tags=["parameters"]
profile = "class"

"""


@pytest.fixture
def doubling() -> str:
    """The text of a source that can be built."""
    return SOURCE


@pytest.fixture
def bare() -> str:
    """The opening of a source that runs quickly: cells are added to it."""
    return BARE


@pytest.fixture
def add_source(tmp_path: Path) -> Callable[..., Path]:
    """Write a source into a course in the test's own folder, which is returned."""

    def add(text: str, name: str = "00_doubling") -> Path:
        folder = tmp_path / "notebooks"
        (folder / "source").mkdir(parents=True, exist_ok=True)
        (folder / "source" / f"{name}.py").write_text(text, encoding="utf-8")
        return folder

    return add


@pytest.fixture
def double() -> Exercise:
    """An exercise: twice a number."""
    return Exercise(
        name="double",
        reference=lambda x: 2 * x,
        cases=[(1,), (3,)],
        mutants=[
            Mutant("squared", lambda x: x * x, "You multiplied x by itself."),
            Mutant("one more", lambda x: x + 1, "You added 1."),
            Mutant("unchanged", lambda x: x, "You gave x back."),
        ],
    )
