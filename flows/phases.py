"""Runs, cities and phases, each told with what came of it in numbers when it is over."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Protocol

from citysync.config.logs import bound
from citysync.domain.errors import SourceError
from citysync.domain.run import Run
from citysync.domain.verdict import Verdict

PULL, VALIDATE, RECONCILE, JUDGE, PUBLISH = "pull", "validate", "reconcile", "judge", "publish"
LABELS = {PULL: "取数", VALIDATE: "校验", RECONCILE: "对账", JUDGE: "判定", PUBLISH: "发布"}
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


@contextmanager
def told(name: str) -> Iterator[Count]:
    """Let records of a phase carry its name, and log what it came to."""
    counts: dict[str, int | str] = {}
    with bound(phase=name):
        try:
            yield counts.update
        except SourceError as error:
            _LOG.info("%s未完成：%s", LABELS[name], error, extra={"counts": {"reason": error.reason}})
            raise
        _LOG.info("%s完成", LABELS[name], extra={"counts": counts})


@contextmanager
def city_told(run: Run, city_code: str) -> Iterator[Count]:
    """Let records of a city's walk carry run and city, and log what it came to."""
    counts: dict[str, int | str] = {}
    with bound(run_id=run.run_id, city=city_code):
        yield counts.update
        level = logging.ERROR if "failed" in counts else logging.INFO
        _LOG.log(level, "城市处理完毕", extra={"counts": counts})


def run_told(run: Run, verdicts: Mapping[str, Verdict], now: datetime, error: str | None = None) -> None:
    """Log how a run ended: how many cities by state, in how many seconds."""
    by_state = Counter(verdict.state.value for verdict in verdicts.values())
    counts = {"cities": len(verdicts), **by_state, "seconds": round((now - run.started_at).total_seconds())}
    with bound(run_id=run.run_id):
        _LOG.log(logging.ERROR if error else logging.INFO, "%s", error or "运行结束", extra={"counts": counts})


def _nothing(**_counts: int | str) -> None:
    return None
