"""Loops over pixels, as fast as if they were written in C."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

_Function = TypeVar("_Function", bound=Callable[..., object])


def _find_compiler() -> Any:
    """Return what compiles a function; None on a machine without numba, which training does not need."""
    try:
        import numba
    except ImportError:
        return None
    return numba.njit(cache=True, nogil=True, error_model="numpy")


_compile = _find_compiler()

COMPILES = _compile is not None
"""Whether loops are fast here. Where they are not, they give the same, and what has another way takes it."""


def compiled(function: _Function) -> _Function:
    """Compile a function of numbers and arrays when it is first called, and keep that for later runs.

    Inner loops are quick along rows that were taken out of an array before, by their numbers. A function may
    call what is compiled in its own file alone: it is made anew when that file changes, not when others do.

    Source: numba.
    """
    made: _Function = _compile(function) if COMPILES else function
    return made
