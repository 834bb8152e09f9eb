"""A province made from a seed: the master catalogue, 21 cities with their counties, and what is true of them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from citysync.domain.divisions import counties_of, division_name
from citysync.domain.items import COLUMNS as DIRECTORY
from citysync.simulator import differences, names
from citysync.simulator.catalogue import Catalogue, build_catalogue
from citysync.simulator.columns import Row, as_dict
from citysync.simulator.dialects import DIALECTS, Dialect, as_sent
from citysync.simulator.draft import Draft, Region
from citysync.simulator.faults.fault import Chosen
from citysync.simulator.filling import Exempted, exempt, fill
from citysync.simulator.kinds import KINDS
from citysync.simulator.manners import Manner, manners, manners_for
from citysync.simulator.plan import BY_CODE, CITY_CODES, Plan
from citysync.simulator.truth import CityTruth, Record, in_order

Differences = Literal["none", "demo", "all"]
BUSINESS_DATE = date(2026, 11, 23)
LOCAL_PATTERN = "[0-9A-Z]{12}-[0-9]{12}-000-[0-9A-Z]{18}-1-[0-9]{2}"
_MAY_BE_ABSENT = (
    "by_law",
    "anticipate_day",
    "fee_basis",
    "handle_type",
    "is_online",
    "online_handle_depth",
    "link_way",
)
_STATES = {"zero": "held", "login_page": "not_synced", "wrong_total": "not_synced"}
_GRADES = {"zero": "A", "login_page": None, "wrong_total": "X"}


@dataclass(frozen=True)
class SimulatedCity:
    """One city: what it has (``table``, canonical rows), how it says so (``plan``), and what is true of it.

    ``glued``: places in ``table`` that must come on the same page as the row before. ``fault``: what its server does
    wrong. ``unknown`` and ``absent``: fields nobody mapped, and columns it lacks. ``paged``: rows per page, 0 for what
    its dialect usually has. ``faults``: how it misbehaves on request.
    """

    code: str
    name: str
    plan: Plan
    table: tuple[Row, ...]
    truth: CityTruth
    exemptions: tuple[Exempted, ...] = ()
    fault: str | None = None
    unknown: tuple[str, ...] = ()
    absent: frozenset[str] = frozenset()
    max_rejected_ratio: float | None = None
    paged: int = 0
    faults: tuple[Chosen, ...] = ()

    @property
    def dialect(self) -> Dialect:
        """Return how the city writes."""
        usual = DIALECTS[self.plan.dialect]
        return replace(usual, page_size=self.paged) if self.paged else usual

    def sent(self, rows: Sequence[Row] | None = None) -> list[dict[str, object]]:
        """Return rows (by default all it has) as it writes them, faults of its records put in."""
        records = as_sent(self.dialect, self.table if rows is None else rows, self.absent, self.unknown)
        for each in self.faults:
            if each.fault.records is not None:
                records = each.fault.records(records)
        return records

    @property
    def rows(self) -> list[dict[str, str | None]]:
        """Return the canonical rows by column name."""
        return [as_dict(row) for row in self.table]


@dataclass(frozen=True)
class Province:
    """Everything a seed makes; ``on`` is the business date its dates count from."""

    seed: int
    on: date
    master_records: tuple[Record, ...]
    cities: Mapping[str, SimulatedCity]

    def truth(self) -> dict[str, object]:
        """Return the document of ``truth.json``."""
        cities = {code: city.truth.document() for code, city in self.cities.items()}
        return {"seed": self.seed, "business_date": self.on.isoformat(), "cities": cities}


def build_province(
    seed: int,
    items: int,
    *,
    cities: Sequence[str] = CITY_CODES,
    differences: Differences = "demo",
    on: date = BUSINESS_DATE,
) -> Province:
    """Return the province of a seed, ``items`` rows per city, about.

    ``differences``: ``none`` (every city in sync), ``demo`` (the fixed plan of ``plan.py``) or ``all`` (every city gets
    a random mix of every kind its source can have). A city is the same whichever others are built beside it.
    """
    catalogue = build_catalogue(seed, items, on, (*CITY_CODES, *_counties(on)))
    special = {
        item.code: manners_for(item, names.dice(seed, "manners", item.code))
        for item in catalogue.obliging
        if not item.plain
    }
    built = (_build_city(seed, items, BY_CODE[code], catalogue, special, differences, on) for code in cities)
    return Province(seed, on, tuple(catalogue.records()), {city.code: city for city in built})


def shuffled(province: Province, seed: int) -> Province:
    """Return the same province with cities and rows in another order: nothing that is true of it changes."""
    rng = names.dice(province.seed, "shuffled", seed)
    cities = list(province.cities.values())
    tables = [rng.sample(city.table, len(city.table)) for city in cities]
    moved = [replace(city, table=tuple(table)) for city, table in zip(cities, tables, strict=True)]
    rng.shuffle(moved)
    master = tuple(rng.sample(province.master_records, len(province.master_records)))
    return replace(province, master_records=master, cities={city.code: city for city in moved})


def paged(province: Province, rows: int) -> Province:
    """Return the same province whose interfaces give so many rows a page."""
    cities = {code: replace(city, paged=rows) for code, city in province.cities.items()}
    return replace(province, cities=cities)


def _build_city(
    seed: int,
    items: int,
    plan: Plan,
    catalogue: Catalogue,
    special: Mapping[str, tuple[Manner, ...]],
    mode: Differences,
    on: date,
) -> SimulatedCity:
    rng = names.dice(seed, "city", plan.code)
    draft = draft_of(plan, catalogue, seed, on)
    fill(draft, special, items)
    exemptions = exempt(draft, on)
    unknown, absent = source_notes(draft, plan, mode)
    draft.lacks |= absent
    draft.open()
    if mode != "none":
        _inject(draft, plan, mode, items)
    fault = plan.fault if mode == "demo" else None
    return SimulatedCity(
        code=plan.code,
        name=division_name(plan.code),
        plan=plan,
        table=() if fault == "zero" else table_of(draft, DIALECTS[plan.dialect].page_size),
        truth=_truth(draft, plan, fault),
        exemptions=exemptions,
        fault=fault,
        unknown=unknown,
        absent=absent,
        max_rejected_ratio=0.6 + rng.randrange(4) / 10 if mode == "all" else plan.max_rejected_ratio,
    )


def draft_of(plan: Plan, catalogue: Catalogue, seed: int, on: date) -> Draft:
    """Return a city before it has any row."""
    rng = names.dice(seed, "draft", plan.code)
    dialect = DIALECTS[plan.dialect]
    dialling = f"07{50 + CITY_CODES.index(plan.code)}"
    divisions = ((plan.code, "3"), *((code, "4") for code in counties_of(plan.code, on)))
    regions = tuple(
        _region(code, level, dialling, names.dice(seed, code).randrange(10**6)) for code, level in divisions
    )
    return Draft(
        plan.code,
        catalogue,
        regions,
        manners(rng),
        rng,
        local=plan.local,
        sends_names="catalog_name" not in dialect.lacks,
        proves=dialect.grade != "C",
        lacks=dialect.lacks,
        as_sent=dialect.as_sent,
    )


def _region(code: str, level: str, dialling: str, start: int) -> Region:
    bodies = tuple(names.body_code(code, start * 100 + place) for place in range(len(names.DEPARTMENTS)))
    city = division_name(f"{code[:4]}00")
    name = city if level == "3" else city + division_name(code)
    return Region(code, name, level, bodies, dialling)


def source_notes(draft: Draft, plan: Plan, mode: Differences) -> tuple[tuple[str, ...], frozenset[str]]:
    """Return which fields are unknown and which columns absent, and write the notes that follow into the truth."""
    unknown, absent = (plan.unknown, plan.absent) if mode == "demo" else ((), ())
    if mode == "all":
        unknown = ("SORT_NO",) if draft.rng.random() < 1 / 2 else ()
        absent = (draft.rng.choice(_MAY_BE_ABSENT),) if draft.rng.random() < 1 / 3 else ()
    for name in unknown:
        differences.unknown_field(draft, name)
    for name in absent:
        assert DIRECTORY[name].judged, f"{name} is not judged: its absence is no note"  # noqa: S101 - plan.py's promise
        differences.column_absent(draft, name)
    return unknown, frozenset(absent)


def _inject(draft: Draft, plan: Plan, mode: Differences, items: int) -> None:
    folds = DIALECTS[plan.dialect].connector == "sql_table"
    wanted = list(plan.demo)
    if mode == "all":
        wanted = [(name, 1 + draft.rng.randrange(1 + items // 500)) for name in KINDS]
        draft.rng.shuffle(wanted)
    for name, times in wanted:
        if not KINDS[name].fits(draft, folds=folds):
            continue
        for _ in range(times):
            if KINDS[name].inject(draft):
                draft.kinds.add(name)


def table_of(draft: Draft, page_size: int) -> tuple[Row, ...]:
    """Return all rows; rows of one key stand on one page, so that a repeated key is not taken for a moving page."""
    several = [slot.rows for slot in draft.slots if len({row[:2] for row in slot.rows}) < len(slot.rows)]
    single = [row for slot in draft.slots if not any(slot.rows is rows for rows in several) for row in slot.rows]
    single += draft.extra
    table: list[Row] = []
    for rows in several:
        while len(rows) > page_size - len(table) % page_size:
            table.append(single.pop())
        table += rows
    return tuple(table + single)


def _truth(draft: Draft, plan: Plan, fault: str | None) -> CityTruth:
    if fault is not None:
        return CityTruth(_STATES[fault], _GRADES[fault])
    received = sum(len(slot.rows) for slot in draft.slots) + len(draft.extra)
    counts = {
        "received": received,
        "accepted": received - draft.counts["rejected"] - draft.counts["duplicate"],
        "rejected": draft.counts["rejected"],
        "duplicate": draft.counts["duplicate"],
        "due": draft.counts["due"],
        "met": draft.counts["due"] - draft.counts["unmet"],
        "paired": draft.counts["paired"],
        "missing": draft.counts["missing"],
        "overclaimed": draft.counts["overclaimed"],
        "drifted": draft.counts["drifted"],
        "findings": len(draft.findings),
        "exempted": draft.counts["exempted"],
    }
    kinds = tuple(sorted(draft.kinds))
    grade = DIALECTS[plan.dialect].grade
    findings, rejections = in_order(draft.findings), in_order(draft.rejections)
    return CityTruth(_state(draft), grade, findings, rejections, counts, kinds, _settled(draft))


def _state(draft: Draft) -> str:
    """Return the state of a first night: what is wrong with rows counts, absences are only suspected."""
    if any(KINDS[name].weight == "error" and name != "unclaimed" for name in draft.kinds):
        return "out_of_sync"
    return "lagging" if draft.counts["unmet"] else "in_sync"


def _settled(draft: Draft) -> str:
    """Return the state of a second night: absences seen again are confirmed, but not where they cannot be proved."""
    return "out_of_sync" if draft.counts["missing"] else _state(draft)


def _counties(on: date) -> list[str]:
    return [county for code in CITY_CODES for county in counties_of(code, on)]
