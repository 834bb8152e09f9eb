"""Where each city stands, on stderr: a live line per city on a terminal, a line per step elsewhere."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from citysync.cli.render import plain
from citysync.config.logs import as_json, bound
from flows.night import Night

_LOG = logging.getLogger("citysync.step")


@contextmanager
def progress(night: Night) -> Iterator[Callable[[str, str], None]]:
    """Yield a function that takes (city code, one line)."""
    names = {code: city.name for code, city in night.cities.items()}
    if as_json():
        yield _logged(night)
        return
    if not sys.stderr.isatty():
        yield _lines(names)
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks = {code: bars.add_task(f"{code} {name} 等待", total=None) for code, name in names.items()}
        yield lambda code, text: bars.update(tasks[code], description=f"{code} {names[code]} {plain(text)}")


def _logged(night: Night) -> Callable[[str, str], None]:
    def say(code: str, text: str) -> None:
        with bound(run_id=night.run.run_id, city=code):
            _LOG.info("%s", plain(text))

    return say


def _lines(names: dict[str, str]) -> Callable[[str, str], None]:
    lock = threading.Lock()

    def say(code: str, text: str) -> None:
        with lock:
            sys.stderr.write(f"{code} {plain(names[code])} {plain(text)}\n")

    return say
