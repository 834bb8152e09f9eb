"""Ours against peers and floors, in one run, every answer checked: ``python -m bench.compare [TASK…] --rows N``.

Peers come with ``pip install 'citysync[bench]'``; datacompy pins an older polars and needs an environment of its own
(``--datacompy PYTHON``), and so has dlt (``--dlt PYTHON``). What is not installed is left out by name. A wrong answer
ends with exit code 1.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from bench import portal, starting, two_nights, typed_rows
from bench.cases import pull
from bench.our_night import first_night, second_night
from bench.process import Run, Timing, contender, once, repeated
from bench.table import Table

DLT_ROWS = 20_000  # beyond it one run of dlt takes minutes
NO_DLT = "give --dlt the Python of an environment that has dlt[duckdb] and pyarrow"
NO_DATACOMPY = "datacompy pins polars < 1.45: give --datacompy the Python of an environment that has it"
LABELS = {
    "ours": "**ours**",
    "again": "**ours, the night before at hand**",
    "stored": "**ours, hashes stored**",
    "floor": "floor",
    "plain": "plain polars expressions, one pass (floor)",
    "whole_room": "ours, the whole room: typing, every rule, notes, proof",
    "changed_only": "ours, the whole room, 1 % changed since the stored night",
    "duckdb": "DuckDB, FULL JOIN",
    "datacompy": "datacompy, polars",
    "datacompy_pandas": "datacompy, pandas",
    "pandas": "pandas, merge",
    "pandera_pandas": "pandera, pandas",
    "requests_json": "requests + json",
    "requests_orjson": "requests + orjson",
    "polars_stack": "ordinary polars stack",
    "pandas_stack": "ordinary pandas stack",
    "dlt_defaults": "dlt rest_api, all defaults, duckdb",
    "dlt_parquet": "dlt rest_api, Parquet, duckdb",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked of the benchmark: rows, runs of each contender, the Pythons that have datacompy and dlt."""

    rows: int
    runs: int
    datacompy: str | None
    dlt: str | None = None

    def apart(self, task: str, name: str, folder: Path) -> Timing | str:
        """Run a contender that needs datacompy."""
        if self.datacompy is None:
            return NO_DATACOMPY
        return contender(task, name, folder, self.runs, self.datacompy)


def reconcile(asked: Asked, folder: Path) -> Iterator[Table]:
    """Compare two nights of a directory: what vanished, appeared and changed."""
    table = Table(f"Reconcile two nights of {asked.rows:,} rows", two_nights.write(folder, asked.rows))
    for name in ("ours", "stored", "floor", "duckdb", "diffly", "pandas"):
        table.add(name, contender("reconcile", name, folder, asked.runs))
    for name in ("datacompy", "datacompy_pandas"):
        table.add(name, asked.apart("reconcile", name, folder))
    yield table


def validate(asked: Asked, folder: Path) -> Iterator[Table]:
    """Run the directory's model over rows that are right and over rows of which 1 % are not."""
    spoilt = typed_rows.write(folder, asked.rows)
    for name, words, truth in (("accepted", "all of them right", {}), ("spoilt", "1 % of them wrong", spoilt)):
        shutil.copyfile(folder / f"{name}.parquet", folder / "rows.parquet")
        table = Table(f"Validate {asked.rows:,} rows, {words}", truth)
        for each in ("ours", "plain", "dataframely", "pandera_pandas"):
            table.add(each, contender("validate", each, folder, asked.runs))
        if name == "accepted":
            for each in ("whole_room", "changed_only"):
                table.add(each, contender("validate", each, folder, asked.runs))
        yield table


def pulled(asked: Asked, folder: Path) -> Iterator[Table]:
    """Pull every page of 21 portals over loopback."""
    portal.write(folder, asked.rows)
    table = Table(f"Pull {asked.rows:,} rows of 21 cities, pages of {pull.PAGE_ROWS}, one process", pull.truth(folder))
    with portal.served(folder):
        for name in ("ours", "requests_json", "requests_orjson", "floor"):
            table.add(name, repeated(asked.runs, _afresh(folder, partial(_case, "pull", name, folder))))
    yield table


def pulled_again(asked: Asked, folder: Path) -> Iterator[Table]:
    """Pull every page of the night after, when 0.5 % of the rows changed: the peers begin anew, as on the first."""
    portal.write(folder, asked.rows)
    title = f"Pull the night after of 21 cities, {asked.rows:,} rows, pages of {pull.PAGE_ROWS}, one process"
    table = Table(title, pull.truth(folder, portal.TONIGHT))
    first = partial(_case, "pull", "first", folder)
    with portal.served(folder) as turn:
        ours = _second(folder, turn, first, partial(_case, "pull", "again", folder))
        table.add("again", repeated(asked.runs, ours))
        for name in ("ours", "requests_json", "requests_orjson", "floor"):
            table.add(name, repeated(asked.runs, _afresh(folder, partial(_case, "pull", name, folder))))
    yield table


def against_dlt(asked: Asked, folder: Path) -> Iterator[Table]:
    """Pull a small directory with ours and with dlt, which loads it into duckdb."""
    rows = min(asked.rows, DLT_ROWS)
    portal.write(folder, rows)
    table = Table(f"Pull {rows:,} rows of 21 cities beside dlt", pull.truth(folder))
    with portal.served(folder):
        table.add("ours", repeated(asked.runs, _afresh(folder, partial(_case, "pull", "ours", folder))))
        for name in ("dlt_parquet", "dlt_defaults"):
            run = _afresh(folder, partial(_case, "pull", name, folder, str(asked.dlt)))
            table.add(name, NO_DLT if asked.dlt is None else repeated(asked.runs, run))
    yield table


def night(asked: Asked, folder: Path, *, twins_last: bool = False) -> Iterator[Table]:
    """Run an ordinary night of 21 cities over loopback: the second of two, bytes and rows of the first at hand."""
    truth = portal.write_nights(folder, asked.rows, twins_last=twins_last)
    typed_rows.write(folder, 1000)
    (folder / "columns.json").write_text(json.dumps(portal.columns()), encoding="utf-8")
    beside = "; ours with pandas beside it, which it imports" if find_spec("pandas") else ""
    twins = "; rows of one key on different pages, so that ours asks for all twice" if twins_last else ""
    title = f"An ordinary night of 21 cities, {asked.rows:,} rows, pages of {pull.PAGE_ROWS}{twins}{beside}"
    table = Table(title, truth)
    with portal.served(folder) as turn:
        ours = _second(folder, turn, partial(first_night, folder), partial(second_night, folder))
        table.add("ours", repeated(asked.runs, ours))
        for name in ("polars_stack", "pandas_stack"):
            run = partial(_case, "night", name, folder, str(asked.datacompy))
            told = NO_DATACOMPY if asked.datacompy is None else repeated(asked.runs, _second(folder, turn, run, run))
            table.add(name, told)
    yield table


def _second(
    folder: Path, turn: Callable[[str], None], first: Callable[[], Run], second: Callable[[], Run]
) -> Callable[[], Run]:
    """Run the first night, unmeasured, and return the run of the second, each time on what the first left behind."""
    before = folder / "before"
    turn(portal.YESTERDAY)
    _afresh(folder, first)()
    shutil.rmtree(before, ignore_errors=True)
    (folder / "data").rename(before)
    turn(portal.TONIGHT)

    def night_after() -> Run:
        shutil.rmtree(folder / "data", ignore_errors=True)
        shutil.copytree(before, folder / "data")
        return second()

    return night_after


def _case(task: str, name: str, folder: Path, python: str = sys.executable) -> Run:
    return once([python, "-m", f"bench.cases.{task}", name, folder])


def _afresh(folder: Path, run: Callable[[], Run]) -> Callable[[], Run]:
    """Return the run with an empty data folder before it: what was kept once costs nothing the second time."""

    def emptied() -> Run:
        shutil.rmtree(folder / "data", ignore_errors=True)
        (folder / "data").mkdir()
        return run()

    return emptied


TASKS: dict[str, Callable[[Asked, Path], Iterator[Table]]] = {
    "reconcile": reconcile,
    "validate": validate,
    "pull": pulled,
    "again": pulled_again,
    "dlt": against_dlt,
    "night": night,
    "asked_twice": partial(night, twins_last=True),
}


def main(words: list[str] | None = None) -> None:
    """Print one table per task as it is measured; leaves with 1 where an answer is not the truth."""
    parser = argparse.ArgumentParser(prog="bench.compare", description=__doc__)
    parser.add_argument("tasks", nargs="*", help=f"{', '.join((*TASKS, 'start'))}; by default all")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--datacompy", metavar="PYTHON")
    parser.add_argument("--dlt", metavar="PYTHON")
    given = parser.parse_args(words)
    asked, wrong = Asked(given.rows, given.runs, given.datacompy, given.dlt), []
    for name in given.tasks or (*TASKS, "start"):
        if name == "start":
            print(starting.measure(), flush=True)
            continue
        with tempfile.TemporaryDirectory() as folder:
            for table in TASKS[name](asked, Path(folder)):
                print(table.text(LABELS), flush=True)
                wrong += [f"{name}: {each}: {table.rows[each]}, truth {table.truth}" for each in table.wrong]
    if wrong:
        sys.exit("wrong answers\n" + "\n".join(wrong))


if __name__ == "__main__":
    main()
