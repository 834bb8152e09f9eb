"""Every page that a test of this process pulls is read both ways, and both must say the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeVar

import polars as pl
from polars.testing import assert_frame_equal

from citysync.domain.errors import SourceError
from citysync.domain.items import NAMES
from connectors._columns import Columns
from connectors._envelope import Reader
from connectors._gathered import Gathered
from connectors._known import KnownPage
from connectors._mapping import Plan, page_keys, to_frame, unknown_fields
from connectors._records import Record
from connectors._text import read_json
from connectors._walk import _fingerprint

Told = TypeVar("Told")
AS_NAMED = Plan({name: name for name in NAMES}, frozenset())
quick = Reader.read


@dataclass(frozen=True)
class Refused:
    """Why a page was refused."""

    kind: type[SourceError]
    text: str
    place: str | None


def both_ways(reader: Reader, data: bytes, judge: Callable[[object], Told]) -> Told:
    """Read a page as the reader does; raises ``AssertionError`` where the strict reader says anything else."""
    strictly = outcome(lambda: judge(read_json(data, reader._encoding)))
    quickly = outcome(lambda: quick(reader, data, judge))
    assert_same(quickly, strictly)
    # What was refused is asked once more, to refuse it; what was read is not: a reader knows what comes twice.
    return quick(reader, data, judge) if isinstance(quickly, Refused) else quickly


def outcome(read: Callable[[], Told]) -> Told | Refused:
    try:
        return read()
    except SourceError as error:
        return Refused(type(error), str(error), error.place)


def assert_same(quickly: Any, strictly: Any, plan: Plan = AS_NAMED) -> None:
    """Compare two answers, or what was said instead of one."""
    assert type(quickly) is type(strictly)
    if isinstance(strictly, Refused) or not hasattr(strictly, "records"):
        assert quickly == strictly
        return
    for each in fields(strictly):
        if each.name != "records":
            assert getattr(quickly, each.name) == getattr(strictly, each.name)
    assert_same_rows(quickly.records, strictly.records, plan)


def framed(rows: Sequence[Record], plan: Plan) -> pl.DataFrame:
    """Return a page's rows as they come into a frame."""
    gathered = Gathered(plan, rows.known if isinstance(rows, KnownPage) else None)
    gathered.add(1, rows)
    return gathered.frames()[0]


def assert_same_rows(quickly: Sequence[Record], strictly: Sequence[Record], plan: Plan = AS_NAMED) -> None:
    """Compare rows that were read in two ways, in all that is made of them."""
    if isinstance(quickly, KnownPage):
        plan = quickly.known.plan
    elif not isinstance(quickly, Columns):
        assert quickly == strictly
        return
    assert (len(quickly), list(quickly), repr(quickly)) == (len(strictly), list(strictly), repr(list(strictly)))
    assert_frame_equal(framed(quickly, plan), to_frame(strictly, plan, 1))
    assert unknown_fields(quickly, plan) == unknown_fields(strictly, plan)
    assert page_keys(quickly, plan) == page_keys(strictly, plan)
    for by_rows in (False, True):
        assert _fingerprint(quickly, by_rows=by_rows) == _fingerprint(strictly, by_rows=by_rows)
