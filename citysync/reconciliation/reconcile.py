"""From a match to the table of findings: every check asked, every finding dated and told in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import accumulate
from types import ModuleType

import polars as pl

from citysync.domain.city import City
from citysync.domain.divisions import regions_of
from citysync.domain.findings import FINDINGS, PLACE, no_findings
from citysync.domain.identity import no_proposals
from citysync.domain.outcome import Followed, Validation
from citysync.domain.snapshot import Grade, Snapshot
from citysync.domain.successions import carried
from citysync.domain.workdays import Calendar
from citysync.reconciliation.checks import all_checks
from citysync.reconciliation.hints import (
    absence_remarks,
    declared_withdrawn,
    hint,
    names_of,
    with_expired,
    with_remarks,
)
from citysync.reconciliation.match import Match
from citysync.reconciliation.notes import NOTES, Note
from citysync.reconciliation.tally import tally

ORDER = ("check", "areacode", "catalog_code", "task_code", "task_handle_item", "field", "expected", "actual")
ABSENCE = "unclaimed"
DRIFT = "elements_drift"
PROVED = frozenset({Grade.A, Grade.B})
Duty = tuple[str, str]  # areacode, catalog_code
_ROW = ("task_code", "task_handle_item")
_UNTOLD = {"check": pl.String(), "severity": pl.String(), "fault": pl.String(), "graced": pl.Boolean(), **PLACE}


@dataclass(frozen=True)
class Reconciliation:
    """What the checks found in one city.

    ``findings``: the frame ``FINDINGS``, in the order ``ORDER``, nulls first; ``names``: task_code, task_handle_item,
    catalog_code, name of what findings speak of, at least; ``due``, ``met``: obligations; ``paired``: rows the master
    has;
    ``missing``, ``overclaimed``: findings of that check; ``drifted``: distinct rows that drifted; ``tallies``: frame
    ``TALLIES``, what the figures are made of; ``estimated``: deadlines beyond the last published calendar;
    ``exempted``: obligations lifted by an exemption; ``follows``: batches followed early;
    ``proposals``: changes of identity, for people to decide.
    """

    findings: pl.DataFrame
    names: pl.DataFrame
    due: int
    met: int
    paired: int
    missing: int
    overclaimed: int
    drifted: int
    tallies: pl.DataFrame
    estimated: AbstractSet[date] = frozenset()
    exempted: int = 0
    follows: tuple[Followed, ...] = ()
    proposals: pl.DataFrame = field(default_factory=no_proposals)


def reconcile(
    match: Match,
    validation: Validation,
    snapshot: Snapshot,
    city: City,
    on: date,
    calendar: Calendar,
    *,
    absent_before: AbstractSet[Duty] = frozenset(),
    looked_before: AbstractSet[str] = frozenset(),
) -> Reconciliation:
    """Return the findings of a city on a day; equal rows in any order give equal findings.

    ``absent_before``: obligations seen unmet before, by an earlier good pull or a look-up by code; ``looked_before``:
    the areacodes that pull looked at. An absence not among them is suspected, unless the city itself says it withdrew
    the item; so is one that only some of the counties had that were merged since. An absence is reported only from a
    snapshot proved complete (grade A or B).
    """
    facing = _as_far_as_proved(match, snapshot)
    told = _told([*_found(facing), *_noted(validation.notes)], facing)
    dated = with_expired(_dated(told, match, city, on, calendar), city, on)
    regions = [code for code, _ in regions_of(city, on)]
    seen = carried(absent_before, on, looked_before, regions)
    proved = _duties(seen | set(declared_withdrawn(validation).iter_rows()))
    findings = _finished(dated, lambda: absence_remarks(validation, snapshot, city), regions, proved)
    return Reconciliation(
        findings=findings,
        names=names_of(facing),
        due=facing.due,
        met=facing.met,
        paired=facing.paired.height + (0 if facing.settled is None else facing.settled.height),
        missing=findings.filter(check=ABSENCE).height,
        overclaimed=findings.filter(check="overclaimed").height,
        drifted=distinct_rows(findings.filter(pl.col("check") == DRIFT)),
        estimated={day for day in findings.get_column("due_on").drop_nulls().unique() if calendar.estimated(day)},
        exempted=facing.exempted,
        tallies=tally(match, findings),
    )


def distinct_rows(findings: pl.DataFrame) -> int:
    """Return how many rows of the city (or absent items) findings speak of."""
    return findings.select(*_ROW, "areacode", "catalog_code").n_unique() if findings.height else 0


def _as_far_as_proved(match: Match, snapshot: Snapshot) -> Match:
    proved = snapshot.certificate.grade in PROVED
    unclaimed = match.unclaimed if proved else match.unclaimed.clear()
    return replace(match, unclaimed=unclaimed, unknown_fields=snapshot.unknown_fields)


def _found(match: Match) -> Iterator[pl.DataFrame]:
    """Yield what each check finds, of those that find anything."""
    for check, module in all_checks().items():
        places = module.find(match)
        if places.height:
            yield _weighed(places, check, module)


def _noted(notes: pl.DataFrame) -> Iterator[pl.DataFrame]:
    for (check,), group in notes.group_by("check"):
        note = NOTES[str(check)]
        remark = pl.lit(None, dtype=pl.String) if note.REMARK is None else note.REMARK(group)
        yield _weighed(group.select(*PLACE, remark=remark), str(check), note)


def _weighed(places: pl.DataFrame, check: str, kind: ModuleType | Note) -> pl.DataFrame:
    graced = pl.col("graced") if "graced" in places.columns else pl.lit(kind.GRACED)
    remark = pl.col("remark") if "remark" in places.columns else pl.lit(None, dtype=pl.String)
    return places.select(
        *PLACE,
        check=pl.lit(check),
        severity=pl.lit(kind.SEVERITY.value),
        fault=pl.lit(kind.FAULT.value),
        graced=graced,
        remark=remark,
        template=pl.lit(kind.HINT),
    )


def _told(found: list[pl.DataFrame], match: Match) -> pl.DataFrame:
    """Return what checks found, each frame of one check, as one frame with a ``hint``."""
    if not found:
        return _untold()
    every = pl.concat(found)
    catalogue = match.master.of(every.get_column("catalog_code")).select("catalog_code", name="task_name")
    named = every.join(catalogue, on="catalog_code", how="left", maintain_order="left")
    ends = [*accumulate(each.height for each in found)]
    return pl.concat(
        _hinted(named.slice(end - each.height, each.height)) for end, each in zip(ends, found, strict=True)
    )


def _hinted(named: pl.DataFrame) -> pl.DataFrame:
    template = str(named.get_column("template")[0])
    fields = named.get_column("field").drop_nulls().unique().to_list()
    return named.select(*_UNTOLD, hint=hint(template, fields) + pl.col("remark").fill_null(""))


def _untold() -> pl.DataFrame:
    return pl.DataFrame(schema={**_UNTOLD, "hint": pl.String()})


def _dated(found: pl.DataFrame, match: Match, city: City, on: date, calendar: Calendar) -> pl.DataFrame:
    """Set ``due_on`` where a change of the master is younger than the city's grace."""
    changed = match.master.changed
    if not changed:
        return found.with_columns(due_on=pl.lit(None, dtype=pl.Date))
    last_day = {day: calendar.add_workdays(day, city.tolerate.grace_workdays) for day in set(changed.values())}
    deadlines = pl.DataFrame(
        {"catalog_code": list(changed), "deadline": [last_day[day] for day in changed.values()]},
        schema={"catalog_code": pl.String, "deadline": pl.Date},
    )
    in_grace = pl.col("graced") & (pl.col("deadline") >= on)
    return found.join(deadlines, on="catalog_code", how="left").with_columns(
        due_on=pl.when(in_grace).then(pl.col("deadline"))
    )


def _duties(pairs: AbstractSet[Duty]) -> pl.DataFrame:
    schema = {"areacode": pl.String, "catalog_code": pl.String}
    return pl.DataFrame(sorted(pairs), schema=schema, orient="row")


def _finished(
    dated: pl.DataFrame, remarks: Callable[[], pl.DataFrame], regions: list[str], proved: pl.DataFrame
) -> pl.DataFrame:
    """Return findings whole, each once, in an order that depends on nothing but their content."""
    if dated.is_empty():
        return no_findings()
    is_absence = pl.col("check") == ABSENCE
    absent = dated.filter(is_absence)
    absent = with_remarks(absent, remarks(), regions) if absent.height else absent
    unconfirmed = absent.join(proved, on=proved.columns, how="anti")
    confirmed = absent.join(proved, on=proved.columns, how="semi")
    others = dated.filter(~is_absence).with_columns(exempt_reason=pl.lit(None, dtype=pl.String))
    whole = [
        rows.with_columns(suspected=pl.lit(value)).select(FINDINGS.keys())
        for rows, value in ((unconfirmed, True), (confirmed, False), (others, False))
    ]
    return pl.concat([no_findings(), *whole]).unique().sort(ORDER, nulls_last=False)
