"""A watch over what may wait for ever: one thread for a whole conversation, not one for each question."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import inf


class Clock:
    """Rings when a moment passes while somebody waits for it. ``ring``: is not called once the waiting is over."""

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._turn = threading.Condition()
        self._moment: float | None = None
        self._wakes, self._begun, self._over = inf, False, False

    @contextmanager
    def until(self, moment: float) -> Iterator[None]:
        """Ring at a moment (``time.monotonic``) unless the block is left before."""
        with self._turn:
            self._moment = moment
            if not self._begun:
                self._begun = True
                threading.Thread(target=self._watch, daemon=True).start()
            elif moment < self._wakes:  # mostly it wakes before by itself, and then looks what is awaited
                self._turn.notify()
        try:
            yield
        finally:
            with self._turn:
                self._moment = None

    def stop(self) -> None:
        """End the thread."""
        with self._turn:
            self._over = True
            self._turn.notify()

    def _watch(self) -> None:
        with self._turn:
            while not self._over:
                if self._moment is not None and self._moment <= time.monotonic():
                    self._moment = None
                    self._ring()
                self._wakes = inf if self._moment is None else self._moment
                self._turn.wait(None if self._wakes == inf else max(0.0, self._wakes - time.monotonic()))
