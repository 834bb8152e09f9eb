"""Tables in Chinese for people: status word first, denominators always, nothing a city sent read as markup."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TextIO, cast
from zoneinfo import ZoneInfo

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from citysync.config.logs import as_json
from citysync.domain.showing import harmless, in_json, one_line
from citysync.domain.verdict import (
    AXIS_LABELS,
    COUNT_LABELS,
    FAULT_LABELS,
    FLAGGED,
    STATE_LABELS,
    STATE_SIGNS,
    Axis,
    Fault,
    State,
    not_counted,
)
from citysync.reports.document import Document

_COLOURS = {
    State.IN_SYNC: "green",
    State.LAGGING: "yellow",
    State.OUT_OF_SYNC: "red",
    State.NOT_SYNCED: "red",
    State.HELD: "magenta",
    State.UNKNOWN: "bright_black",
}
MARKS = {state: (STATE_SIGNS[state], colour) for state, colour in _COLOURS.items()}
STANDING_MARKS = {"ok": "✓", "grace": "◐", "failing": "✗", "unknown": "?"}
_LOG = logging.getLogger("citysync.cli")
SHANGHAI = ZoneInfo("Asia/Shanghai")
_WITH_REASONS = 150  # columns; below, a column of reasons would be a few characters wide
_SHOWN_COUNTS = ("received", "due", "met", "findings")


def console(*, stderr: bool = False) -> Console:
    """Return the console of results, or of progress and errors: no text printed on it can act on a terminal."""
    wide = None if sys.stdout.isatty() else 200
    if stderr and as_json():
        return _Harmless(file=cast("TextIO", _LineLog()), width=10_000, emoji=False, markup=False)
    return _Harmless(stderr=stderr, highlight=False, soft_wrap=False, width=wide, emoji=False, markup=False)


class _Harmless(Console):
    """A console that shows what could act as a sign; tables and styled texts are made of ``plain`` cells."""

    def print(self, *objects: object, **options: Any) -> None:  # noqa: ANN401 - handed on
        """Print objects, texts among them without anything that acts."""
        super().print(*(harmless(each) if isinstance(each, str) else each for each in objects), **options)


class _LineLog:
    """Takes what is said to people and logs it, line by line."""

    def __init__(self) -> None:
        self._begun = ""

    def write(self, text: str) -> int:
        """Log every whole line."""
        *lines, self._begun = (self._begun + text).split("\n")
        for line in filter(str.strip, lines):
            _LOG.info("%s", plain(line))
        return len(text)

    def flush(self) -> None:
        """Do nothing: a line is logged when it is whole."""


def print_json(value: object) -> None:
    """Print one JSON document on stdout."""
    sys.stdout.write(in_json(json.dumps(value, ensure_ascii=False, indent=2, default=str)) + "\n")


def plain(value: object) -> str:
    """Return a value as one safe line: no control characters, no bidi overrides, nothing for null."""
    return "" if value is None else one_line(str(value))


def print_night(out: Console, night: Document) -> None:
    """Print the table of a night and its summary; the denominator stands in front.

    Where the screen is too narrow for a column of reasons, they stand beneath the table: nothing is cut off.
    """
    wide = out.width >= _WITH_REASONS
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in ("城市", "状态", "完整性", "/".join(AXIS_LABELS.values())):
        table.add_column(heading, overflow="fold")
    for name in _SHOWN_COUNTS:
        table.add_column(COUNT_LABELS[name], justify="right")
    for heading in ("自", "原因") if wide else ("自",):
        table.add_column(heading, overflow="fold")
    for city in night["cities"]:
        row = _night_row(city)
        table.add_row(*(row if wide else row[:-1]))
    out.print(Text(summary_line(night)))
    out.print(table)
    for city in () if wide else night["cities"]:
        if city["reasons"]:
            out.print(Text(f"{city['code']} {plain(city['name'])} "), _why(city), sep="", soft_wrap=True)


def _night_row(city: Mapping[str, Any]) -> list[Text | str]:
    mark, colour = MARKS[State(city["state"])]
    counts = city["counts"]
    unseen = not_counted(city["state"], counts)
    return [
        f"{city['code']} {plain(city['name'])}",
        Text(f"{mark} {STATE_LABELS[State(city['state'])]}", style=colour),
        city["grade"] or "—",
        "  ".join(STANDING_MARKS[city["axes"].get(axis.value, "unknown")] for axis in Axis),
        *("—" if unseen else str(counts[name]) for name in _SHOWN_COUNTS),
        local_time(city["since"]),
        _why(city),
    ]


def _why(city: Mapping[str, Any]) -> Text:
    return Text(_reason_line(city["reasons"]) + _kept(city.get("in_force")))


def local_time(moment: str | None) -> str:
    """Return an instant of the ledger as people in the province read it: 11-23 01:30."""
    return f"{datetime.fromisoformat(moment).astimezone(SHANGHAI):%m-%d %H:%M}" if moment else "—"


def _reason_line(reasons: Sequence[Mapping[str, Any]]) -> str:
    if not reasons:
        return ""
    first = f"[{FAULT_LABELS[Fault(reasons[0]['fault'])]}] {plain(reasons[0]['text'])}"
    return first if len(reasons) == 1 else f"{first}（另有 {len(reasons) - 1} 项原因）"


def _kept(in_force: Mapping[str, Any] | None) -> str:
    """Return which snapshot a city that adopted nothing is still judged by."""
    return f"；{in_force['text']}" if in_force else ""


def summary_line(night: Document) -> str:
    """Return the night in one line: how many of how many, by state."""
    summary = night["summary"]
    parts = [f"{STATE_LABELS[state]} {summary[state.value]}" for state in MARKS if summary[state.value]]
    flagged = sum(summary[state.value] for state in FLAGGED)
    return (
        f"业务日期 {night['business_date'] or '—'} · 基本目录 {night['master_version'] or '—'} · "
        f"同步 {summary['in_sync']}/{summary['cities']} · 需处理 {flagged}/{summary['cities']} · {' '.join(parts)}"
    )


def print_rows(out: Console, headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a plain table, its empty rest said; cells are text, never markup."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*(Text(plain(cell)) for cell in row))
    if table.row_count == 0:
        out.print("（没有）")
        return
    out.print(table)


def print_first(headings: Sequence[str], rows: Sequence[Sequence[object]], limit: int, next_step: str) -> None:
    """Print the first rows as a table, and on stderr how many there are and what to do next."""
    print_rows(console(), headings, rows[:limit])
    said = f"共 {len(rows)} 项" + (f"，只显示前 {limit} 项" if len(rows) > limit else "")
    console(stderr=True).print(f"{said}；{next_step}")
