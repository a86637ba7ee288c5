"""Where lipcourse keeps what it can make again, such as drawn puppets."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

CACHE_VARIABLE = "LIPCOURSE_CACHE"
"""The environment variable that names another folder than the user's cache."""


def cache_root() -> Path:
    """Return the folder for what can be made again: LIPCOURSE_CACHE, else the user's cache folder."""
    return Path(os.environ.get(CACHE_VARIABLE) or platformdirs.user_cache_dir("lipcourse"))
