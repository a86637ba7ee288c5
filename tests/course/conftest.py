"""A tiny course to build, break and run."""

from __future__ import annotations

from pathlib import Path

import pytest

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
import matplotlib.pyplot as plt

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


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A folder with one source."""
    return write_course(tmp_path / "notebooks", SOURCE)


def write_course(folder: Path, text: str, name: str = "00_doubling") -> Path:
    """Write a source into a course's folder."""
    (folder / "source").mkdir(parents=True, exist_ok=True)
    (folder / "source" / f"{name}.py").write_text(text, encoding="utf-8")
    return folder
