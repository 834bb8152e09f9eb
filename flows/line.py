"""One city's walk along the line: pull, guard, validate, reconcile, judge. No Prefect, no database, no clock in here.

The same line serves the nightly run, the on-demand run, replay and the tests.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from citysync.domain.catalogue import MasterCatalogue
from citysync.domain.city import City
from citysync.domain.errors import SourceError
from citysync.domain.findings import no_findings, no_rejections
from citysync.domain.outcome import CityRun
from citysync.domain.run import Run
from citysync.domain.snapshot import Grade, RawPage, Snapshot
from citysync.domain.verdict import State
from citysync.domain.workdays import Calendar
from citysync.reconciliation import guard
from citysync.reconciliation.judge import Facts, judge
from citysync.reconciliation.match import match
from citysync.reconciliation.reconcile import reconcile
from connectors import pull
from connectors._door import Door
from schemas.validate import validate

ADOPTED = frozenset({State.IN_SYNC, State.LAGGING, State.OUT_OF_SYNC})


@dataclass(frozen=True)
class Means:
    """What the line may use of the outside: the door to the source, the calendar, a place to say where it stands."""

    door: Door
    calendar: Calendar
    step: Callable[[str], None]

    def now(self) -> datetime:
        """Return the door's clock."""
        return self.door.now()


def sync_city(city: City, run: Run, master: MasterCatalogue, means: Means) -> CityRun:
    """Return everything one run learns about one city. A failing source is a verdict, never an exception."""
    pages: list[RawPage] = []
    means.step(f"取数：{city.source.connector}")
    try:
        snapshot = pull(city, replace(means.door, keep=_remembering(means.door, pages)))
    except SourceError as error:
        verdict = judge(Facts(city=city, run=run, judged_at=means.now(), error=error))
        return CityRun(verdict, None, tuple(pages), no_findings(), no_rejections(), adopted=False)
    return _judge_snapshot(city, run, master, snapshot, tuple(pages), means)


def _judge_snapshot(
    city: City, run: Run, master: MasterCatalogue, snapshot: Snapshot, pages: tuple[RawPage, ...], means: Means
) -> CityRun:
    certificate = snapshot.certificate
    means.step(
        f"收到 {certificate.received} 行，{certificate.pages} 页，完整性 {certificate.grade}：{certificate.proof}"
    )
    facts = Facts(
        city=city,
        run=run,
        judged_at=means.now(),
        certificate=certificate,
        source_changed_at=snapshot.source_changed_at,
        held=guard.hold(city, certificate),
    )
    if certificate.grade is Grade.X or facts.held:
        return CityRun(judge(facts), snapshot, pages, no_findings(), no_rejections(), adopted=False)
    validation = validate(snapshot, city, run.business_date)
    means.step(
        f"校验：接受 {validation.accepted.height}，拒收 {validation.rejected_rows}，合并重复 {validation.duplicate}"
    )
    matched = match(validation, master, city, run.business_date)
    reconciliation = reconcile(matched, validation, snapshot, city, run.business_date, means.calendar)
    means.step(f"对账：应领 {reconciliation.due}，已领 {reconciliation.met}，发现 {reconciliation.findings.height} 项")
    verdict = judge(replace(facts, validation=validation, reconciliation=reconciliation))
    adopted = verdict.state in ADOPTED
    findings = reconciliation.findings if adopted else no_findings()
    return CityRun(verdict, snapshot, pages, findings, validation.rejected, adopted)


def _remembering(door: Door, pages: list[RawPage]) -> Callable[[bytes, int, str], RawPage]:
    def keep(data: bytes, number: int, url: str) -> RawPage:
        pages.append(door.keep(data, number, url))
        return pages[-1]

    return keep
