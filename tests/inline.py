"""A crew that walks every city in this process: the child's own code, without the price of a child."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from types import SimpleNamespace
from typing import cast
from unittest.mock import patch

from citysync.domain.verdict import Verdict
from flows import child
from flows.crew import Crew, Job, Lost

Answer = Verdict | Exception | Lost


class Inline(Crew):
    """Answers as a child does; a limit of memory would be this process's own, so that none is set."""

    def __init__(self) -> None:
        self.urls: set[str] = set()

    def ask(self, job: Job, step: Callable[[str], None]) -> Answer:
        self.urls.add(job.database_url)
        return child._answer(job, cast("Connection", SimpleNamespace(send=step)))

    def close(self) -> None:
        for url in self.urls:
            child._store(url).close()
        child._store.cache_clear()
        child._master.cache_clear()


@contextmanager
def inline(crew: Inline | None = None) -> Iterator[Inline]:
    """Yield a crew of this process; the stores it opened are closed afterwards."""
    working = crew or Inline()
    with patch("flows.child.resource.setrlimit"):
        try:
            yield working
        finally:
            working.close()
