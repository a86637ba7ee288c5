"""Do something again and again beside all else, until told to stop: a thread that is never left behind.

There is a thread only while the work goes on. It ends after the round that is under way when `pause` is
called, when a round fails, and when Python ends. What a round raised is kept for whoever asks.

Taught in notebook 10.
"""

from __future__ import annotations

import atexit
import threading
from collections.abc import Callable

THREAD_NAME = "lipcourse-background"


class Background:
    """Repeats a function in a thread of its own.

    `run` and `pause` belong to one thread, that of the notebook; the function and `tell` are called in the
    other.

    Args:
        work: One round, which should take about a second at most, since `pause` waits for its end.
        tell: Called after each round, and when a round has failed; must not raise.

    Attributes:
        error: What the last round raised, or None.
    """

    def __init__(self, work: Callable[[], object], tell: Callable[[], object] = lambda: None) -> None:
        self._work = work
        self._tell = tell
        self._enough = threading.Event()
        self._thread: threading.Thread | None = None
        self.error: Exception | None = None

    @property
    def running(self) -> bool:
        """Whether rounds are being done."""
        return self._thread is not None and self._thread.is_alive() and self.error is None

    def run(self) -> None:
        """Begin, or go on after a pause or an error. Does nothing where it is running."""
        if self.running:
            return
        self.pause()
        self.error = None
        self._enough.clear()
        # A daemon, since Python waits for other threads before `atexit` has a chance to stop them.
        self._thread = threading.Thread(target=self._repeat, name=THREAD_NAME, daemon=True)
        atexit.register(self.pause)
        self._thread.start()

    def pause(self) -> None:
        """Stop after the round that is under way, and wait for it: no thread is left."""
        self._enough.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
            atexit.unregister(self.pause)

    def _repeat(self) -> None:
        while not self._enough.is_set():
            try:
                self._work()
            except Exception as fault:  # noqa: BLE001 - kept, and shown by whoever is told
                self.error = fault
            self._tell()
            if self.error is not None:
                return
