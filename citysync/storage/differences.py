"""What is open of a city in one run, a page at a time: chosen, counted, ordered and cut by the database.

Findings and rejected rows are one list, as in a receipt; a rejected row has the severity ``rejected``, its rule for a
check, and its value for ``actual``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from citysync.storage.keys import among, key
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


class Differences:
    """The differences of one city in one run of the ledger."""

    def __init__(self, store: Store, city_code: str, run_id: str) -> None:
        self._store, self._city = store, city_code
        with store.reading() as connection:
            run = connection.execute(sa.select(tables.runs).where(_RUN.run_id == run_id)).one()
            self._carry = carry_of(confirmed_for(connection, city_code, run_id), run.business_date)
        self._seq, self._master = run.seq, run.master_version
        self._all = _every(run.seq, city_code)

    def facets(self) -> Facets:
        """Return how many there are of each combination of values a list can be narrowed to."""
        columns = [self._facet(name) for name in NAMES]
        query = sa.select(*columns, sa.func.count()).group_by(*columns)
        with self._store.reading() as connection:
            return Facets({tuple(values): count for *values, count in connection.execute(query)})

    def count(self, wanted: Wanted) -> int:
        """Return how many there are of what is wanted."""
        query = sa.select(sa.func.count()).select_from(self._all).where(*self._conditions(wanted))
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

    def _placed(
        self, wanted: Wanted, limit: int | None, offset: int, *more: sa.ColumnElement[Any]
    ) -> sa.Select[tuple[Any, ...]]:
        """Return which of both tables, and at which position, the wanted ones stand, in order."""
        every = self._all.c
        places = sa.select(every.severity == REJECTED, every.position, *more).select_from(self._all)
        places = places.where(*self._conditions(wanted))
        if wanted.order == "first" and self._dated:
            places = places.order_by(sa.nulls_last(every.first_seen_on))
        elif wanted.order == "first":
            first = self._first_seen()
            places = places.outerjoin(first, first.c.key == self._key()).order_by(sa.nulls_last(first.c.first_on))
        return places.order_by(*self._order(wanted.order)).limit(limit).offset(offset)

    def _whole(self, connection: sa.Connection, places: Sequence[tuple[bool, int]]) -> list[Row]:
        """Return the rows of some places, in their order: only what is shown is sorted narrow and read whole."""
        if not places:
            return []
        every = self._all.c
        found: dict[tuple[bool, int], Row] = {}
        for refused in (False, True):
            wanted = [place for kind, place in places if kind is refused]
            query = sa.select(*(column for column in every if column is not every.first_seen_on), self._facet("status"))
            query = query.where((every.severity == REJECTED) == sa.literal(refused))
            if len(wanted) <= _FEW:
                query = query.where(every.position.in_(wanted))
            found |= {(refused, row["position"]): row for row in rows_of(connection, query)}
        return [found[place] for place in places]

    def _facet(self, name: str) -> sa.ColumnElement[Any]:
        every = self._all.c
        if name != "status":
            return every[name]
        return sa.case(
            (every.suspected, "suspected"),
            (every.due_on.is_not(None), "grace"),
            (every.exempt_reason.is_not(None), "exempted"),
            else_="confirmed",
        ).label("status")

    def _conditions(self, wanted: Wanted) -> list[sa.ColumnElement[bool]]:
        chosen = [self._facet(name) == value for name, value in wanted.chosen.items()]
        if wanted.text:
            chosen.append(self._says(wanted))
        if wanted.since is not None:
            chosen.append(sa.not_(self._known_before(wanted.since)))
        if wanted.before is not None:
            chosen.append(self._known_before(wanted.before))
        return chosen

    def _says(self, wanted: Wanted) -> sa.ColumnElement[bool]:
        """Return whether a code, the master's name or department, or what the city sent holds the text."""
        every, text = self._all.c, wanted.text
        code = "".join(text.split())
        version = sa.select(_MASTER.seq).where(_MASTER.name == self._master).scalar_subquery()
        of_master = sa.select(_ITEM.catalog_code).where(
            _ITEM.version_seq == version,
            sa.or_(*(_ITEM[name].icontains(text, autoescape=True) for name in ("task_name", "dept_name"))),
        )
        codes = [every[name].icontains(code, autoescape=True) for name in ("task_handle_item", "catalog_code")]
        sent = among(wanted.sent, sqlite=self._store.is_sqlite)
        return sa.or_(
            *codes,
            every.task_code.icontains(code, autoescape=True),
            every.catalog_code.in_(of_master),
            every.task_code.in_(sent),
            every.task_handle_item.in_(sent),
        )

    def _key(self) -> sa.ColumnElement[str]:
        return key(dict(self._all.c), self._here)

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

    def _known_before(self, on: date) -> sa.ColumnElement[bool]:
        """Return whether a difference was seen before a day."""
        if self._dated:
            return sa.func.coalesce(self._all.c.first_seen_on < on, sa.false())
        return self._key().in_(self._lives().where(_LIFE.opened_on < on))

    @cached_property
    def _dated(self) -> bool:
        """Return whether the rows were kept with their first days; of nights before that their lives are asked."""
        known = sa.select(self._all.c.position).where(self._all.c.first_seen_on.is_not(None)).limit(1)
        with self._store.reading() as connection:
            return connection.execute(known).first() is not None

    def _first_seen(self) -> sa.Subquery:
        return self._lives(sa.func.min(_LIFE.opened_on).label("first_on")).group_by(sa.literal_column("key")).subquery()

    def _order(self, name: str) -> list[sa.ColumnElement[Any]]:
        every = self._all.c
        weight = sa.case({word: place for place, word in enumerate(_SEVERITIES)}, value=every.severity, else_=9)
        leading: dict[str, list[sa.ColumnElement[Any]]] = {
            "county": [sa.nulls_first(every.areacode)],
            "check": [every.check],
            "code": [sa.nulls_last(every.task_code), sa.nulls_last(every.catalog_code)],
        }
        return [*leading.get(name, []), weight, every.row_no, every.position]


def _every(seq: int, city_code: str) -> sa.Subquery:
    """Return findings and rejected rows of one verdict as one table."""
    findings = sa.select(
        *(_FINDING[name] for name in FINDINGS), _nothing("row_no"), _FINDING.position, _FINDING.first_seen_on
    )
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
    rejections = sa.select(
        *(known.get(name, _nothing(name)) for name in FINDINGS),
        _REJECTION.row_no,
        _REJECTION.position,
        _REJECTION.first_seen_on,
    )
    parts = (
        query.where(table.run_seq == seq, table.city_code == city_code)
        for query, table in ((findings, _FINDING), (rejections, _REJECTION))
    )
    return sa.union_all(*parts).subquery("difference")


def _nothing(name: str) -> sa.ColumnElement[Any]:
    kind = _REJECTION.row_no.type if name == "row_no" else _FINDING[name].type
    return sa.cast(sa.null(), kind).label(name)
