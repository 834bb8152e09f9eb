"""What is open of a city in one run, a page at a time: chosen, counted, ordered and cut by the database.

Findings and rejected rows are one list, as in a receipt; a rejected row has the severity ``rejected``, its rule for a
check, and its value for ``actual``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from citysync.domain.carry import Carry, carry_of
from citysync.domain.findings import FINDINGS
from citysync.domain.life import REJECTED
from citysync.storage import tables
from citysync.storage.engine import Store
from citysync.storage.facets import NAMES, Facets
from citysync.storage.identity import confirmed_for
from citysync.storage.keys import Columns, among, key
from citysync.storage.reading import Row, rows_of

STATUSES = ("suspected", "grace", "exempted", "confirmed")
ORDERS = ("weight", "first", "county", "check", "code")
_FEW = 500
_SEVERITIES = (REJECTED, "error", "warning", "cosmetic")
_FINDING, _REJECTION = tables.findings.c, tables.rejections.c
_LIFE, _ITEM, _MASTER = tables.finding_lives.c, tables.master_items.c, tables.master_versions.c
_RUN = tables.runs.c


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which differences, in which order. ``chosen``: of ``facets.NAMES``, the value wanted.

    ``text``: part of a name, a department or a code. ``sent``: codes of the city's rows whose own name or department
    holds it (``glimpse.codes_saying``), because those stand in the snapshot. ``since``, ``before``: when first seen.
    """

    chosen: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    sent: Sequence[str] = ()
    since: date | None = None
    before: date | None = None
    order: str = "weight"


@dataclass(frozen=True)
class _Side:
    """One of the two tables of a verdict under the names of the list. ``here``: of this city and run."""

    refused: bool
    columns: Mapping[str, sa.ColumnElement[Any]]
    here: sa.ColumnElement[bool]

    def select(self, *columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
        """Return a query over its rows alone."""
        return sa.select(*columns).where(self.here)


class Differences:
    """The differences of one city in one run of the ledger.

    The two tables are asked side by side, each for the few columns a question needs: as one table of all columns
    every row would be carried through whole, fifty thousand of them for the hundred that are shown.
    """

    def __init__(self, store: Store, city_code: str, run_id: str) -> None:
        self._store, self._city = store, city_code
        with store.reading() as connection:
            run = connection.execute(sa.select(tables.runs).where(_RUN.run_id == run_id)).one()
            self._carry = carry_of(confirmed_for(connection, city_code, run_id), run.business_date)
        self._seq, self._master = run.seq, run.master_version
        self._sides = _sides(run.seq, city_code)

    def facets(self) -> Facets:
        """Return how many there are of each combination of values a list can be narrowed to."""
        every = self._each(lambda side: [_facet(side.columns, name).label(name) for name in NAMES], None)
        columns = [every.c[name] for name in NAMES]
        query = sa.select(*columns, sa.func.count()).group_by(*columns)
        with self._store.reading() as connection:
            return Facets({tuple(values): count for *values, count in connection.execute(query)})

    def count(self, wanted: Wanted) -> int:
        """Return how many there are of what is wanted."""
        query = sa.select(sa.func.count()).select_from(self._each(lambda side: [side.columns["position"]], wanted))
        with self._store.reading() as connection:
            return int(connection.scalar(query) or 0)

    def rows(self, wanted: Wanted, limit: int | None = None, offset: int = 0) -> list[Row]:
        """Return those wanted, in order: keys of ``FINDINGS``, and ``row_no``, ``position``, ``status``."""
        with self._store.reading() as connection:
            found = connection.execute(self._placed(wanted, limit, offset)).all()
            return self._whole(connection, [(bool(refused), place) for refused, place in found])

    def counted_rows(self, wanted: Wanted, limit: int | None = None, offset: int = 0) -> tuple[int, list[Row]]:
        """Return how many there are of what is wanted, and some of them; beyond the last, 0 and none."""
        with self._store.reading() as connection:
            found = connection.execute(self._placed(wanted, limit, offset, sa.func.count().over())).all()
            rows = self._whole(connection, [(bool(refused), place) for refused, place, _ in found])
        return (int(found[0][2]) if found else 0), rows

    def _each(self, columns: Callable[[_Side], Sequence[sa.ColumnElement[Any]]], wanted: Wanted | None) -> sa.Subquery:
        """Return some columns of what is wanted (None: of all), of both tables as one."""
        queries = (
            side.select(*columns(side)).where(*(self._conditions(side.columns, wanted) if wanted else ()))
            for side in self._sides
        )
        return sa.union_all(*queries).subquery("difference")

    def _placed(
        self, wanted: Wanted, limit: int | None, offset: int, *more: sa.ColumnElement[Any]
    ) -> sa.Select[tuple[Any, ...]]:
        """Return which of both tables, and at which position, the wanted ones stand, in order."""
        leading = _LEADING.get(wanted.order, ())
        asks_lives = wanted.order == "first" and not self._dated

        def columns(side: _Side) -> list[sa.ColumnElement[Any]]:
            own = [side.columns[name] for name in ("position", "row_no", *leading)]
            return [
                sa.literal(side.refused, sa.Boolean).label("refused"),
                _weight(side.columns["severity"]).label("weight"),
                *own,
                *([self._key(side.columns).label("key")] if asks_lives else ()),
            ]

        every = self._each(columns, wanted)
        places = sa.select(every.c.refused, every.c.position, *more).select_from(every)
        if asks_lives:
            first = self._first_seen()
            places = places.outerjoin(first, first.c.key == every.c.key).order_by(sa.nulls_last(first.c.first_on))
        places = places.order_by(*(_LEADING_ORDER[name](every.c[name]) for name in leading if not asks_lives))
        return places.order_by(every.c.weight, every.c.row_no, every.c.position).limit(limit).offset(offset)

    def _whole(self, connection: sa.Connection, places: Sequence[tuple[bool, int]]) -> list[Row]:
        """Return the rows of some places, in their order: only what is shown is sorted narrow and read whole."""
        found: dict[tuple[bool, int], Row] = {}
        for side in self._sides:
            wanted = [place for refused, place in places if refused is side.refused]
            if not wanted:
                continue
            shown = (column for name, column in side.columns.items() if name != "first_seen_on")
            query = side.select(*shown, _facet(side.columns, "status"))
            if len(wanted) <= _FEW:
                query = query.where(side.columns["position"].in_(wanted))
            found |= {(side.refused, row["position"]): row for row in rows_of(connection, query)}
        return [found[place] for place in places]

    def _conditions(self, columns: Columns, wanted: Wanted) -> list[sa.ColumnElement[bool]]:
        chosen = [_facet(columns, name) == value for name, value in wanted.chosen.items()]
        if wanted.text:
            chosen.append(self._says(columns, wanted))
        if wanted.since is not None:
            chosen.append(sa.not_(self._known_before(columns, wanted.since)))
        if wanted.before is not None:
            chosen.append(self._known_before(columns, wanted.before))
        return chosen

    def _says(self, columns: Columns, wanted: Wanted) -> sa.ColumnElement[bool]:
        """Return whether a code, the master's name or department, or what the city sent holds the text."""
        code = "".join(wanted.text.split())
        version = sa.select(_MASTER.seq).where(_MASTER.name == self._master).scalar_subquery()
        of_master = sa.select(_ITEM.catalog_code).where(
            _ITEM.version_seq == version,
            sa.or_(*(self._holds(_ITEM[name], wanted.text) for name in ("task_name", "dept_name"))),
        )
        sent = among(wanted.sent, sqlite=self._store.is_sqlite)
        return sa.or_(
            *(self._holds(columns[name], code) for name in ("task_code", "task_handle_item", "catalog_code")),
            columns["catalog_code"].in_(of_master),
            columns["task_code"].in_(sent),
            columns["task_handle_item"].in_(sent),
        )

    def _holds(self, column: sa.ColumnElement[Any], text: str) -> sa.ColumnElement[bool]:
        # SQLite's LIKE overlooks the case of Latin letters, and its lower() knows no others: one call instead of two.
        if self._store.is_sqlite:
            return column.contains(text, autoescape=True)
        return column.icontains(text, autoescape=True)

    def _key(self, columns: Columns) -> sa.ColumnElement[str]:
        return key(columns, self._here)

    @cached_property
    def _here(self) -> Carry:
        """Return how codes go on, of regions only those that a life of the city names: fifty thousand rows ask."""
        known = _LIFE.areacode.in_(self._carry.regions)
        query = sa.select(_LIFE.areacode).distinct().where(_LIFE.city_code == self._city, known)
        with self._store.reading() as connection:
            regions = {str(code): self._carry.regions[str(code)] for code in connection.scalars(query)}
        return replace(self._carry, regions=regions)

    def _lives(self, *columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
        own = key(dict(_LIFE), self._here).label("key")
        return sa.select(own, *columns).where(_LIFE.city_code == self._city, _LIFE.opened_run <= self._seq)

    def _known_before(self, columns: Columns, on: date) -> sa.ColumnElement[bool]:
        """Return whether a difference was seen before a day."""
        if self._dated:
            return sa.func.coalesce(columns["first_seen_on"] < on, sa.false())
        return self._key(columns).in_(self._lives().where(_LIFE.opened_on < on))

    @cached_property
    def _dated(self) -> bool:
        """Return whether the rows were kept with their first days; of nights before that their lives are asked."""
        with self._store.reading() as connection:
            return any(
                connection.execute(
                    side.select(sa.literal(1)).where(side.columns["first_seen_on"].is_not(None)).limit(1)
                ).first()
                for side in self._sides
            )

    def _first_seen(self) -> sa.Subquery:
        return self._lives(sa.func.min(_LIFE.opened_on).label("first_on")).group_by(sa.literal_column("key")).subquery()


_LEADING: Mapping[str, Sequence[str]] = {
    "first": ("first_seen_on",),
    "county": ("areacode",),
    "check": ("check",),
    "code": ("task_code", "catalog_code"),
}
_LEADING_ORDER: Mapping[str, Callable[[sa.ColumnElement[Any]], sa.ColumnElement[Any]]] = {
    "first_seen_on": sa.nulls_last,
    "areacode": sa.nulls_first,
    "check": sa.asc,
    "task_code": sa.nulls_last,
    "catalog_code": sa.nulls_last,
}


def _weight(severity: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
    return sa.case({word: place for place, word in enumerate(_SEVERITIES)}, value=severity, else_=9)


def _facet(columns: Columns, name: str) -> sa.ColumnElement[Any]:
    if name != "status":
        return columns[name]
    return sa.case(
        (columns["suspected"], "suspected"),
        (columns["due_on"].is_not(None), "grace"),
        (columns["exempt_reason"].is_not(None), "exempted"),
        else_="confirmed",
    ).label("status")


def _sides(seq: int, city_code: str) -> tuple[_Side, ...]:
    """Return findings and rejected rows of one verdict, each under the names of the list."""
    findings = {name: _FINDING[name] for name in FINDINGS} | {"row_no": _nothing("row_no")}
    known: dict[str, sa.ColumnElement[Any]] = {
        "check": _REJECTION.rule.label("check"),
        "severity": sa.literal(REJECTED, sa.Text).label("severity"),
        "fault": sa.literal("data", sa.Text).label("fault"),
        "suspected": sa.false().label("suspected"),
        "task_code": _REJECTION.task_code,
        "field": _REJECTION.field,
        "expected": _REJECTION.expected,
        "actual": _REJECTION.value.label("actual"),
        "hint": _REJECTION.hint,
    }
    rejections = {name: known.get(name, _nothing(name)) for name in FINDINGS} | {"row_no": _REJECTION.row_no}
    return tuple(
        _Side(
            refused,
            {**columns, "position": table.position, "first_seen_on": table.first_seen_on},
            sa.and_(table.run_seq == seq, table.city_code == city_code),
        )
        for refused, columns, table in ((False, findings, _FINDING), (True, rejections, _REJECTION))
    )


def _nothing(name: str) -> sa.ColumnElement[Any]:
    kind = _REJECTION.row_no.type if name == "row_no" else _FINDING[name].type
    return sa.cast(sa.null(), kind).label(name)
