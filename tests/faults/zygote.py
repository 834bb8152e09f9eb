"""A process with everything imported and nothing run yet, that forks one night after another.

A job is one line of JSON on stdin, its answer one line on stdout: the counts of points, or that the night was killed.
Forking is safe here and nowhere else: no thread of any library has started.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any, cast
from unittest import mock

from citysync.config.settings import load_settings
from citysync.domain.run import Trigger
from flows import child
from flows.crew import Crew
from flows.night import Asked, begin, closing_well
from flows.walking import walk_all
from tests.faults.breaking import Breaker, broken
from tests.faults.world import DAY, Here


def main() -> None:
    """Fork a night per line until stdin ends."""
    for line in sys.stdin:
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(reading)
            os.write(writing, json.dumps(_night(json.loads(line))).encode())
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading, "rb") as told:
            answer = told.read()
        _, status = os.waitpid(pid, 0)
        killed = {"killed": os.WIFSIGNALED(status), "error": None, "counts": None}
        sys.stdout.write((answer.decode() or json.dumps(killed)) + "\n")
        sys.stdout.flush()


def _night(job: dict[str, Any]) -> dict[str, Any]:
    folder = Path(job["folder"])
    settings = load_settings(data_dir=folder / "data", cities_dir=folder / "cities", secrets_dir=folder / "secrets")
    moment = datetime.fromisoformat(job["moment"])
    breaker = Breaker(settings.data_dir, job["seam"], job["number"], job["deed"])
    error = None
    with mock.patch.object(child, "_now", return_value=moment), broken(breaker):
        try:
            run = begin(Asked(Trigger.NIGHTLY, (job["city"],), DAY), settings, moment)
            with closing_well(run, lambda: moment):
                walk_all(run, cast("Crew", Here(breaker.step)), lambda _code, _text: None, lambda: moment, 1)
        except Exception as ours:  # noqa: BLE001 - what reaches the edge is what an operator would see
            error = f"{type(ours).__name__}: {ours}"
    return {"killed": False, "error": error, "counts": breaker.counts}


class Zygote:
    """Our end of the process."""

    def __init__(self, process: Popen[str]) -> None:
        self._process = process

    def night(self, **job: object) -> dict[str, Any]:
        """Walk one night in a fork and return what became of it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(job, default=str) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


@contextmanager
def zygote() -> Iterator[Zygote]:
    """Yield a zygote that is gone afterwards."""
    command = [sys.executable, "-m", "tests.faults.zygote"]
    with Popen(command, stdin=PIPE, stdout=PIPE, text=True, cwd=Path(__file__).parents[2]) as process:  # noqa: S603 - ourselves
        try:
            yield Zygote(process)
        finally:
            process.kill()


if __name__ == "__main__":
    main()
