"""What is true of a city night by night: from what was put in, the days and the rules, never from what was found.

The rules of time are written here a second time on purpose: a list of checks that compare with the master, the count of
working days, the second sight that confirms an absence, the life of a difference.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from citysync.simulator.columns import PLACE
from citysync.simulator.dialects import DIALECTS
from citysync.simulator.history.difference import Difference
from citysync.simulator.history.province import CityHistory, History
from citysync.simulator.plan import BY_CODE
from citysync.simulator.truth import Record

GRACE_WORKDAYS = 5
COMPARED = frozenset(
    {
        "unclaimed",
        "overclaimed",
        "claimed_parent",
        "elements_drift",
        "level_mismatch",
        "withdrawn",
        "depth_below_target",
        "outdated",
        "text_cosmetic",
        "visits_over_cap",
    }
)
HARMLESS = frozenset(
    {
        "outdated",
        "uscc_invalid",
        "phones_equal",
        "phone_missing",
        "visits_unexplained",
        "zero_visits_explained",
        "zero_visits_need_post",
        "fee_without_basis",
        "pay_without_fee",
        "value_unreadable",
        "unknown_field",
        "column_absent",
        "text_cosmetic",
        "code_cleaned",
    }
)
IDENTITY = ("check", "areacode", "catalog_code", "task_code", "task_handle_item", "field")
_FAILED = {"zero": "held", "login_page": "not_synced", "wrong_total": "not_synced"}
_MOST_VISITS = 3
_REASONS = {"delegated": "下放", "cancelled": "取消", "no_power": "本级无相应权限"}
Identity = tuple[str | None, ...]
IsWorkday = Callable[[date], bool]


@dataclass(frozen=True)
class NightTruth:
    """What a right verdict on a city says one night.

    ``findings``: rows with ``FINDING_KEYS``, ``suspected`` (yes, no), ``due_on``, ``exempt_reason``, ``first_seen_on``,
    ``confirmed_on``, ``reopened_on`` and ``age_workdays``, all text; ``fixed``: identity → the day, for what is gone.
    """

    state: str
    judged: bool
    findings: tuple[Record, ...] = ()
    rejections: tuple[Record, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    fixed: Mapping[Identity, str] = field(default_factory=dict)


@dataclass
class _Life:
    first: date
    opened: date
    reopened: bool = False
    confirmed: date | None = None
    closed: date | None = None


@dataclass
class _Past:
    """What earlier nights leave behind: absences seen by the last one that could, and the lives of differences."""

    absent: frozenset[tuple[str | None, str | None]] = frozenset()
    lives: dict[Identity, _Life] = field(default_factory=dict)


def truths(history: History, code: str, is_workday: IsWorkday) -> dict[int, NightTruth]:
    """Return the truth about a city for every night on which it is asked."""
    past, city = _Past(), history.cities[code]
    nights = (night for night in range(history.nights) if city.asked(night))
    return {night: _night(history, city, night, past, is_workday) for night in nights}


def deadline(changed_on: date, is_workday: IsWorkday) -> date:
    """Return the last day of grace of a change: so many working days after it."""
    day, left = changed_on, GRACE_WORKDAYS
    while left:
        day += timedelta(days=1)
        left -= is_workday(day)
    return day


def _night(history: History, city: CityHistory, night: int, past: _Past, is_workday: IsWorkday) -> NightTruth:
    on = history.day(night)
    if night in city.failing:
        return NightTruth(_FAILED[city.failing[night]], judged=False, fixed=_fixed(past))
    there = city.there(night)
    due = _deadlines(history, night, is_workday)
    findings = [
        {**found, **_standing(found, city, due, on, past)}
        for difference in (Difference("source", findings=tuple(city.draft.findings)), *there)
        for found in difference.findings
    ]
    proved = DIALECTS[BY_CODE[city.code].dialect].grade != "C"
    refused = [row for difference in there for row in difference.rejections]
    _live(past, [*findings, *_as_findings(refused)], on, None if proved else _codes(city, night))
    if proved:
        past.absent = frozenset(
            (row["areacode"], row["catalog_code"]) for row in findings if row["check"] == "unclaimed"
        )
    aged = [{**row, **_age(past.lives[_identity(row)], on, is_workday)} for row in findings]
    counts = _counts(city, there, night, len(findings))
    return NightTruth(_state(findings, counts), True, tuple(aged), tuple(refused), counts, _fixed(past))


def _deadlines(history: History, night: int, is_workday: IsWorkday) -> dict[str, date]:
    """Return code → last day of grace; a code changed twice keeps the later."""
    return {
        code: deadline(history.day(batch.night), is_workday)
        for batch in history.batches
        if batch.night <= night
        for code in batch.codes
    }


def _standing(found: Record, city: CityHistory, due: Mapping[str, date], on: date, past: _Past) -> Record:
    check, code = str(found["check"]), str(found["catalog_code"])
    compared = check in COMPARED and (check != "visits_over_cap" or int(found["actual"] or 0) <= _MOST_VISITS)
    last = due.get(code) if compared else None
    suspected = check == "unclaimed" and (found["areacode"], found["catalog_code"]) not in past.absent
    return {
        "suspected": "yes" if suspected else "no",
        "due_on": last.isoformat() if last is not None and last >= on else None,
        "exempt_reason": _ran_out(found, city, on) if check == "unclaimed" else None,
    }


def _ran_out(found: Record, city: CityHistory, on: date) -> str | None:
    """Return what is said of the exemption of an absent item that has run out."""
    return next(
        (
            f"豁免已于 {each.until.isoformat()} 到期（{_REASONS[each.reason]}，{each.document}）"
            for each in city.exemptions
            if each.catalog_code == found["catalog_code"] and each.areacode in {None, found["areacode"]}
            if each.until < on
        ),
        None,
    )


def _state(findings: Iterable[Record], counts: Mapping[str, int]) -> str:
    errors = [row for row in findings if row["check"] not in HARMLESS]
    if any(row["suspected"] == "no" and row["due_on"] is None for row in errors):
        return "out_of_sync"
    return "lagging" if errors or counts["met"] < counts["due"] else "in_sync"


def _live(past: _Past, seen: list[Record], on: date, came: frozenset[str] | None) -> None:
    """Open, confirm and close lives; ``came``: codes of the rows that came where nothing proves that all did."""
    sure: dict[Identity, bool] = {}
    for row in seen:
        sure[_identity(row)] = sure.get(_identity(row), False) or row.get("suspected") != "yes"
    for identity, confirmed in sure.items():
        life = past.lives.get(identity)
        if life is None or life.closed is not None:
            first = on if life is None else life.first
            life = past.lives[identity] = _Life(first, on, reopened=life is not None)
        if confirmed and life.confirmed is None:
            life.confirmed = on
    for identity, life in past.lives.items():
        check, task_code = identity[0], identity[3]
        unseen = came is not None and (check == "unclaimed" or (task_code is not None and task_code not in came))
        if life.closed is None and identity not in sure and not unseen:
            life.closed = on


def _as_findings(refused: Iterable[Record]) -> list[Record]:
    return [
        {**dict.fromkeys(IDENTITY), "check": row["rule"], "task_code": row["task_code"], "field": row["field"]}
        for row in refused
    ]


def _codes(city: CityHistory, night: int) -> frozenset[str]:
    return frozenset(row[PLACE["task_code"]] or "" for row in city.city(night).table)


def _age(life: _Life, on: date, is_workday: IsWorkday) -> Record:
    days = (life.opened + timedelta(days=number) for number in range(1, (on - life.opened).days + 1))
    return {
        "first_seen_on": life.first.isoformat(),
        "confirmed_on": None if life.confirmed is None else life.confirmed.isoformat(),
        "reopened_on": life.opened.isoformat() if life.reopened else None,
        "age_workdays": str(sum(is_workday(day) for day in days)),
    }


def _fixed(past: _Past) -> dict[Identity, str]:
    return {identity: life.closed.isoformat() for identity, life in past.lives.items() if life.closed is not None}


def _counts(city: CityHistory, there: Iterable[Difference], night: int, findings: int) -> dict[str, int]:
    sums = Counter(city.draft.counts)
    for difference in there:
        sums.update(difference.counts)
    received = len(city.city(night).table)
    return {
        "received": received,
        "accepted": received - sums["rejected"] - sums["duplicate"],
        "rejected": sums["rejected"],
        "duplicate": sums["duplicate"],
        "due": sums["due"],
        "met": sums["due"] - sums["unmet"],
        "paired": sums["paired"],
        "missing": sums["missing"],
        "overclaimed": sums["overclaimed"],
        "drifted": sums["drifted"],
        "findings": findings,
        "exempted": sums["exempted"],
    }


def _identity(row: Mapping[str, str | None]) -> Identity:
    return tuple(row[name] for name in IDENTITY)
