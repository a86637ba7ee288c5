"""Loops over pixels, as fast as if they were written in C."""

from __future__ import annotations

import numba

compiled = numba.njit(cache=True, nogil=True, error_model="numpy")
"""Decorates a function of numbers and arrays: it is compiled when it is first called, and what comes of it is
kept for later runs. Inner loops are quick along rows that were taken out of the array before."""
