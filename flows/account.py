"""What a walk costs, kept while it is under way: phases by a clock that never jumps, requests, and what was told."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

from citysync.domain.effort import FIRST_STEPS, LAST_STEPS, Effort, Step
from citysync.domain.redaction import redacted
from connectors._meter import Meter
from flows.phases import Count, Phase


class Account:
    """The account of one walk. ``phase``: who else is told; ``monotonic``: seconds; ``secrets``: taken out of texts."""

    def __init__(
        self, phase: Phase, began_at: datetime, monotonic: Callable[[], float], secrets: Iterable[str] = ()
    ) -> None:
        self._phase, self._monotonic, self._secrets = phase, monotonic, tuple(secrets)
        self._began_at, self._began = began_at, monotonic()
        self._seconds: dict[str, float] = {}
        self._under_way: dict[str, float] = {}
        self._first: list[Step] = []
        self._last: deque[Step] = deque(maxlen=LAST_STEPS)
        self._later, self._latest = 0, ""
        self.meter = Meter(self.note)

    @contextmanager
    def phase(self, name: str) -> Iterator[Count]:
        """Time a phase, whether or not it ends well."""
        self._under_way[name] = self._monotonic()
        try:
            with self._phase(name) as count:
                yield count
        finally:
            self._seconds[name] = self._so_far(name)
            del self._under_way[name]

    def note(self, text: str) -> None:
        """Keep a line told of the walk; of a long walk the beginning and the end."""
        step = Step(round(self._monotonic() - self._began, 3), redacted(text, self._secrets))
        if self._latest == step.text:  # a retry that is told to people as well
            return
        self._latest = step.text
        if len(self._first) < FIRST_STEPS:
            self._first.append(step)
        else:
            self._last.append(step)
            self._later += 1

    def effort(self) -> Effort:
        """Return what the walk has cost up to now, a phase under way included."""
        going = {name: self._so_far(name) for name in self._under_way}
        return Effort(
            began_at=self._began_at,
            requests=self.meter.requests,
            retries=self.meter.retries,
            wire_bytes=self.meter.wire,
            decoded_bytes=self.meter.decoded,
            seconds={name: round(seconds, 3) for name, seconds in (self._seconds | going).items()},
            steps=(*self._first, *self._last),
            left_out=self._later - len(self._last),
        )

    def _so_far(self, name: str) -> float:
        return self._seconds.get(name, 0.0) + self._monotonic() - self._under_way[name]
