"""Runs, cities and phases, each told with what came of it in numbers when it is over: to the log, and as a trace."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Protocol

from citysync.config.logs import bound
from citysync.domain.effort import PHASE_LABELS
from citysync.domain.errors import SourceError
from citysync.domain.run import Run
from citysync.domain.verdict import Verdict
from flows.traces import Place, tracer

_LOG = logging.getLogger("citysync.run")


class Count(Protocol):
    """Takes what a phase came to: counts, and short words such as a grade or a state; never what a city sent."""

    def __call__(self, **counts: int | str) -> None:
        """Keep them."""


Phase = Callable[[str], AbstractContextManager[Count]]


@contextmanager
def quiet(_name: str) -> Iterator[Count]:
    """Tell nobody."""
    yield _nothing


def telling(place: Place) -> Phase:
    """Return what tells the phases of one walk of a city."""

    @contextmanager
    def told(name: str) -> Iterator[Count]:
        counts: dict[str, int | str] = {}
        began, failed = time.time_ns(), True
        with bound(phase=name):
            try:
                yield counts.update
                failed = False
                _LOG.info("%s完成", PHASE_LABELS[name], extra={"counts": counts})
            except SourceError as error:
                counts["reason"] = error.reason
                _LOG.info("%s未完成：%s", PHASE_LABELS[name], error, extra={"counts": counts})
                raise
            finally:
                inner = Place(place.run_id, place.city, place.walk, name)
                _span(inner, began, time.time_ns(), counts, failed=failed)

    return told


@contextmanager
def city_told(place: Place) -> Iterator[Count]:
    """Let records of a city's walk carry run and city, and tell what it came to."""
    counts: dict[str, int | str] = {}
    began = time.time_ns()
    with bound(run_id=place.run_id, city=place.city):
        try:
            yield counts.update
        finally:
            failed = "failed" in counts or not counts
            level = logging.ERROR if failed else logging.INFO
            _LOG.log(level, "城市处理完毕", extra={"counts": counts})
            _span(place, began, time.time_ns(), counts, failed=failed)


def run_told(run: Run, verdicts: Mapping[str, Verdict], now: datetime, error: str | None = None) -> None:
    """Tell how a run ended: how many cities by state, in how many seconds."""
    by_state = Counter(verdict.state.value for verdict in verdicts.values())
    counts = {"trigger": run.trigger.value, "cities": len(verdicts), **by_state}
    seconds = {"seconds": round((now - run.started_at).total_seconds())}
    with bound(run_id=run.run_id):
        _LOG.log(
            logging.ERROR if error else logging.INFO, "%s", error or "运行结束", extra={"counts": counts | seconds}
        )
    _span(Place(run.run_id), _nanoseconds(run.started_at), _nanoseconds(now), counts, failed=error is not None)
    sent()


def sent() -> None:
    """Send the spans that are over."""
    if (found := tracer()) is not None:
        found.flush()


def _span(place: Place, began: int, ended: int, counts: Mapping[str, int | str], *, failed: bool) -> None:
    if (found := tracer()) is not None:
        found.span(place, began, ended, counts, failed=failed)


def _nanoseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000) * 1000


def _nothing(**_counts: int | str) -> None:
    return None
