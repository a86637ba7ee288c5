"""The kernel that notebooks are run with: this very Python, with figures on."""

from __future__ import annotations

import os
import sys
from typing import Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager

INLINE = "module://matplotlib_inline.backend_inline"


def this_python(threads: int) -> type[AsyncKernelManager]:
    """Make a kernel manager that starts the Python that is running.

    Whatever kernel the user has installed under the name "python3" is left aside. `MPLBACKEND=Agg`, which is
    common where there is no screen, would remove every figure from a notebook without a word, so the kernel
    always gets matplotlib's inline backend.

    Args:
        threads: How many processors the kernel's libraries use, unless `OMP_NUM_THREADS` says otherwise.
    """
    env = {"MPLBACKEND": INLINE, "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", str(threads))}
    spec: dict[str, Any] = {
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", "--log-level=ERROR"],
        "display_name": "Python 3",
        "language": "python",
        "env": env,
    }

    class ThisPython(AsyncKernelManager):
        @property
        def kernel_spec(self) -> KernelSpec:
            return KernelSpec(**spec)

    return ThisPython
