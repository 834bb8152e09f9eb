"""One city's walk along the line: pull, guard, validate, reconcile, judge. No Prefect, no database, no clock in here.

The same line serves the nightly run, the on-demand run, replay and the tests.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from citysync.domain.approval import Use
from citysync.domain.catalogue import MasterCatalogue
from citysync.domain.city import City
from citysync.domain.clean import Clean
from citysync.domain.effort import JUDGE, PULL, RECONCILE, VALIDATE
from citysync.domain.errors import SourceError
from citysync.domain.findings import no_findings, no_rejections
from citysync.domain.identity import no_proposals
from citysync.domain.memory import Memory
from citysync.domain.outcome import CityRun, Validation
from citysync.domain.run import Run
from citysync.domain.snapshot import Grade, RawPage, Snapshot
from citysync.domain.verdict import Verdict
from citysync.domain.workdays import Calendar
from citysync.reconciliation.following import followed
from citysync.reconciliation.foreign import foreign
from citysync.reconciliation.guard import Answer, Arrival, guard
from citysync.reconciliation.identity_sides import identity_changes
from citysync.reconciliation.influence import told
from citysync.reconciliation.judge import ADOPTED, Facts, comparable, counted, judge, published
from citysync.reconciliation.match import Match, match
from citysync.reconciliation.past import notes, rules_changed, seen_before
from citysync.reconciliation.reconcile import PROVED, Reconciliation, reconcile
from citysync.reconciliation.settling import basis_of, refuse_difference, settle
from connectors import pull
from connectors._door import Door
from flows.phases import Phase, quiet
from schemas.again import Again, revalidate


@dataclass(frozen=True)
class Means:
    """What the line may use of the outside: the door to the source, the calendar, a place to say where it stands.

    ``pull``: how the source is asked, by default for everything. ``phase``: who is told what each phase came to.
    """

    door: Door
    calendar: Calendar
    step: Callable[[str], None]
    pull: Callable[[City, Door], Snapshot] = pull
    phase: Phase = quiet

    def now(self) -> datetime:
        """Return the door's clock."""
        return self.door.now()


def sync_city(city: City, run: Run, master: MasterCatalogue, memory: Memory, means: Means) -> CityRun:
    """Return everything one run learns about one city. A failing source is a verdict, never an exception."""
    walked = _walked(city, run, master, memory, means)
    return replace(walked, verdict=told(walked.verdict, city.name, memory))


def _walked(city: City, run: Run, master: MasterCatalogue, memory: Memory, means: Means) -> CityRun:
    pages: list[RawPage] = []
    means.step(f"取数：{city.source.connector}")
    try:
        keep = _remembering(means.door, pages)
        door = replace(means.door, keep=keep, last_count=memory.last_count, base=memory.last_good)
        with means.phase(PULL) as count:
            snapshot = means.pull(city, door)
            proof = snapshot.certificate
            known = 0 if snapshot.texts is None else snapshot.texts.known
            count(received=proof.received, known=known, pages=proof.pages, grade=proof.grade.value)
    except SourceError as error:
        verdict = _judged(Facts(city=city, run=run, judged_at=means.now(), error=error), means)
        return CityRun(verdict, None, tuple(pages), no_findings(), no_rejections(), adopted=False)
    return judge_snapshot(city, run, master, memory, snapshot, tuple(pages), means)


def judge_snapshot(
    city: City,
    run: Run,
    master: MasterCatalogue,
    memory: Memory,
    snapshot: Snapshot,
    pages: tuple[RawPage, ...],
    means: Means,
) -> CityRun:
    """Return what a snapshot, however it came, says about its city: guard, validate, reconcile, judge."""
    arrival = Arrival(snapshot.in_hand, city, memory, run.business_date)
    facts, uses = _guarded(arrival, run, snapshot, means)
    if snapshot.certificate.grade is Grade.X or facts.held or facts.foreign:
        return CityRun(_judged(facts, means), snapshot, pages, no_findings(), no_rejections(), adopted=False)
    with means.phase(VALIDATE) as count:
        basis = basis_of(master, memory.identities, run.business_date)
        alike = None if arrival.moved is None else arrival.moved.alike
        again = revalidate(snapshot, city, run.business_date, memory.clean, basis, alike)
        accepted, rejected = again.validation.accepted_rows, again.validation.rejected_rows
        merged = again.validation.duplicate
        count(accepted=accepted, rejected=rejected, duplicate=merged, anew=again.anew)
    means.step(f"校验：接受 {accepted}，拒收 {rejected}，合并重复 {merged}；其中 {again.anew} 行为新校验")
    facts, clean = replace(facts, validation=again.validation), again.clean
    if comparable(facts):
        with means.phase(RECONCILE) as count:
            matched, found = _compare(facts, snapshot, again.validation, master, arrival, means)
            count(due=found.due, met=found.met, findings=found.findings.height)
            if again.shorter is not None:
                _, short = _compare(facts, snapshot, again.shorter, master, arrival, means)
                refuse_difference(short, found, city)
            clean = _settled(again, matched, found, city, basis)
        facts = replace(facts, reconciliation=found)
    verdict = _with_rules_changed(_judged(facts, means), snapshot, run, memory)
    learned = _learned(facts, verdict, snapshot, pages, uses)
    return replace(learned, clean=clean if learned.adopted else None)


def _settled(again: Again, matched: Match, found: Reconciliation, city: City, basis: str) -> Clean:
    """Return what may be taken next time, rows about which the comparison had nothing to say apart."""
    hashes = again.clean.rows.with_columns(again.numbers.alias("row_no"))
    settled, numbers = settle(matched, found.findings, hashes, city, basis)
    others = again.clean.rows.filter(~again.numbers.is_in(numbers.implode()))
    return replace(again.clean, rows=others, settled=settled)


def _judged(facts: Facts, means: Means) -> Verdict:
    with means.phase(JUDGE) as count:
        verdict = judge(facts)
        count(state=verdict.state.value, reasons=len(verdict.reasons))
    return verdict


def _learned(
    facts: Facts, verdict: Verdict, snapshot: Snapshot, pages: tuple[RawPage, ...], uses: tuple[Use, ...]
) -> CityRun:
    found, adopted = facts.reconciliation, verdict.state in ADOPTED
    return CityRun(
        verdict,
        snapshot,
        pages,
        published(verdict, found),
        no_rejections() if facts.validation is None else facts.validation.rejected,
        adopted=adopted,
        tallies=counted(verdict, found),
        uses=uses if adopted else (),
        follows=found.follows if adopted and found is not None else (),
        proposals=no_proposals() if found is None else found.proposals,
    )


def _guarded(arrival: Arrival, run: Run, snapshot: Snapshot, means: Means) -> tuple[Facts, tuple[Use, ...]]:
    """Return what is known before any row is validated, and which approvals let a mass change through.

    Rows that are contradicted or another city's prove no change, and no approval could make them usable: a drop whose
    manifest does not fit is incomplete, also where nothing of it could be read.
    """
    certificate, rows = snapshot.certificate, snapshot.rows
    city, memory = arrival.city, arrival.memory
    means.step(
        f"收到 {certificate.received} 行，{certificate.pages} 页，完整性 {certificate.grade}：{certificate.proof}"
    )
    usable = certificate.grade is not Grade.X
    last_good = memory.last_good.rows if memory.last_good is not None else None
    strange = foreign(rows, last_good, city, run.business_date) if usable else None
    asked = usable and strange is None
    answer = guard(arrival) if asked else Answer()
    if answer.uses:
        means.step(f"护栏：按批准 {'、'.join(str(use.serial) for use in answer.uses)} 放行")
    facts = Facts(
        city=city,
        run=run,
        judged_at=means.now(),
        certificate=certificate,
        source_changed_at=snapshot.source_changed_at,
        held=answer.held,
        foreign=strange,
        seen=seen_before(snapshot.says, memory),
        past=notes(memory, snapshot.source_changed_at),
    )
    return facts, answer.uses


def _with_rules_changed(verdict: Verdict, snapshot: Snapshot, run: Run, memory: Memory) -> Verdict:
    told = rules_changed(verdict, snapshot.says, run, memory)
    return verdict if told is None else replace(verdict, reasons=(told, *verdict.reasons))


def _compare(
    facts: Facts, snapshot: Snapshot, validation: Validation, master: MasterCatalogue, arrival: Arrival, means: Means
) -> tuple[Match, Reconciliation]:
    city, on, memory = facts.city, facts.run.business_date, arrival.memory
    matched = match(validation, master, city, on, memory.identities)
    found = reconcile(
        matched,
        validation,
        snapshot,
        city,
        on,
        means.calendar,
        absent_before=memory.absent_before,
        looked_before=memory.looked_before,
    )
    means.step(f"对账：应领 {found.due}，已领 {found.met}，发现 {found.findings.height} 项")
    if snapshot.certificate.grade not in PROVED:
        return matched, found
    follows = followed(matched, found.findings, on, means.calendar, city.tolerate.grace_workdays)
    return matched, replace(found, proposals=identity_changes(matched, arrival.moved), follows=follows)


def _remembering(door: Door, pages: list[RawPage]) -> Callable[[bytes, int, str], RawPage]:
    def keep(data: bytes, number: int, url: str) -> RawPage:
        pages.append(door.keep(data, number, url))
        return pages[-1]

    return keep
