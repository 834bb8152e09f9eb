"""A province over many nights, made from a seed: which rows each city sends on which night."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from citysync.domain.divisions import division_name
from citysync.simulator import names
from citysync.simulator.catalogue import Catalogue, CatalogueItem, Mint, build_catalogue
from citysync.simulator.dialects import DIALECTS
from citysync.simulator.draft import Draft
from citysync.simulator.filling import Exempted, exempt, fill
from citysync.simulator.history.difference import Difference, Lasting, recoded, taken_apart, unmet
from citysync.simulator.history.master import Batch, following
from citysync.simulator.kinds import KINDS
from citysync.simulator.manners import manners_for
from citysync.simulator.plan import BY_CODE, CITY_CODES
from citysync.simulator.protocols import PROTOCOLS
from citysync.simulator.province import Province, SimulatedCity, draft_of, source_notes, table_of
from citysync.simulator.truth import CityTruth, Record

MAX_REJECTED_RATIO = 0.9
_RECODED = ("phones_equal", "drift_type", "promise_over_legal")
_HARMLESS = frozenset({"warning", "cosmetic", "none"})
_UNJUDGED = ("zero", "login_page", "wrong_total")
_CHANGED = 5
_LIFTED_NIGHTS = 9  # an exemption for one region runs out after so many


@dataclass(frozen=True)
class CityHistory:
    """One city over the nights: its clean rows (``draft``), the differences that come and go, the nights it fails."""

    code: str
    draft: Draft
    lasting: tuple[Lasting, ...]
    exemptions: tuple[Exempted, ...]
    unknown: tuple[str, ...]
    absent: frozenset[str]
    failing: Mapping[int, str]
    every: int = 1

    def asked(self, night: int) -> bool:
        """Return whether the city is asked on a night: some are only every few nights."""
        return night % self.every == 0

    def there(self, night: int) -> list[Difference]:
        """Return the differences of a night."""
        return [each.difference for each in self.lasting if each.on(night)]

    def city(self, night: int) -> SimulatedCity:
        """Return the city as it answers on a night."""
        plan, fault = BY_CODE[self.code], self.failing.get(night)
        slots = [replace(slot, rows=list(slot.rows)) for slot in self.draft.slots]
        extra = list(self.draft.extra)
        for difference in self.there(night):
            extra += difference.extra
            for place, rows in difference.slots.items():
                slots[place].rows[:] = rows
        sent = replace(self.draft, slots=slots, extra=extra)
        return SimulatedCity(
            code=self.code,
            name=division_name(self.code),
            plan=plan,
            table=() if fault == "zero" else table_of(sent, DIALECTS[plan.dialect].page_size),
            truth=CityTruth("unknown", None),
            exemptions=self.exemptions,
            fault=fault,
            unknown=self.unknown,
            absent=self.absent,
            max_rejected_ratio=MAX_REJECTED_RATIO,
        )


@dataclass(frozen=True)
class History:
    """Everything a seed makes of a province over the nights from ``start`` on; ``batches`` in the order of nights."""

    seed: int
    start: date
    nights: int
    records: tuple[Record, ...]
    batches: tuple[Batch, ...]
    cities: Mapping[str, CityHistory]

    def day(self, night: int) -> date:
        """Return the business date of a night, counted from 0."""
        return self.start + timedelta(days=night)

    def master(self, batch: int) -> list[Record]:
        """Return the master's rows after so many batches."""
        records = list(self.records)
        for each in self.batches[:batch]:
            records = each.applied(records, self.day(each.night).isoformat())
        return records

    def province(self, night: int) -> Province:
        """Return the province as it answers on a night."""
        master = self.master(sum(each.night <= night for each in self.batches))
        cities = {code: history.city(night) for code, history in self.cities.items() if history.asked(night)}
        return Province(self.seed, self.day(night), tuple(master), cities)


def build_history(
    seed: int,
    items: int,
    cities: Mapping[str, int],
    start: date,
    nights: int,
    *,
    tidy: Sequence[str] = (),
) -> History:
    """Return the history of a seed: cities of about ``items`` rows, every kind of difference their sources can have.

    ``cities``: code → every how many nights it is asked; ``tidy``: cities with nothing wrong but warnings, one
    absence, and what a change of the master leaves to do.
    """
    catalogue = replace(build_catalogue(seed, items, start, CITY_CODES), future=())
    drafts = {code: _City(seed, items, code, catalogue, start, nights) for code in cities}
    reserved = _reserved(seed, catalogue, [each.draft for each in drafts.values()])
    for each in drafts.values():
        each.differ({item.code for item in reserved}, tidy=each.code in tidy)
    batches = _batches(seed, catalogue, list(drafts.values()), reserved, nights)
    built = {code: replace(each.history(batches), every=cities[code]) for code, each in drafts.items()}
    return History(seed, start, nights, tuple(catalogue.records()), batches, built)


class _City:
    """One city while its history is being made."""

    def __init__(self, seed: int, items: int, code: str, catalogue: Catalogue, start: date, nights: int) -> None:
        self.code, self.nights, self.rng = code, nights, names.dice(seed, "history", code)
        self.draft = draft_of(BY_CODE[code], catalogue, seed, start)
        special = {item.code: manners_for(item, self.rng) for item in catalogue.obliging if not item.plain}
        fill(self.draft, special, items)
        runs_out = start + timedelta(days=_LIFTED_NIGHTS)
        self.exemptions = tuple(
            each if each.areacode is None else replace(each, until=runs_out) for each in exempt(self.draft, start)
        )
        self.unknown, absent = source_notes(self.draft, BY_CODE[code], "all")
        self.absent = frozenset(absent)
        self.draft.lacks |= self.absent
        self.lasting: tuple[Lasting, ...] = ()

    def differ(self, reserved: AbstractSet[str], *, tidy: bool) -> None:
        """Put in every kind of difference the source can have, one each; none where the master is going to change."""
        for slot in self.draft.slots:
            slot.touched |= slot.item.code in reserved
        self.draft.open()
        self.lasting = tuple(self._differences(tidy=tidy))

    def codes_with_findings(self) -> set[str]:
        """Return the codes of which something is wrong at some time."""
        return {str(found["catalog_code"]) for each in self.lasting for found in each.difference.findings}

    def history(self, batches: Sequence[Batch]) -> CityHistory:
        """Return the finished history."""
        followed = [
            each for batch in batches for each in following(batch, self.draft, self._follows(batch), self.nights)
        ]
        lasting = (*self.lasting, *followed, *self._exemption_over())
        return CityHistory(
            self.code, self.draft, lasting, self.exemptions, self.unknown, self.absent, self._failing_nights()
        )

    def _differences(self, *, tidy: bool) -> Iterator[Lasting]:
        folds = DIALECTS[BY_CODE[self.code].dialect].connector == "sql_table"
        wanted = [name for name, kind in KINDS.items() if kind.fits(self.draft, folds=folds)]
        wanted = [name for name in wanted if not tidy or KINDS[name].weight in _HARMLESS or name == "unclaimed"]
        self.rng.shuffle(wanted)
        for name in wanted:
            difference = taken_apart(self.draft, name, KINDS[name].inject)
            if difference is not None and tidy and name == "unclaimed":
                yield Lasting(difference, ((2, 2), (self.nights - 4, self.nights - 3)))
            elif difference is not None:
                yield from self._lasting(difference)

    def _lasting(self, difference: Difference) -> Iterator[Lasting]:
        spans = _spans(self.rng, self.nights)
        if difference.kind not in _RECODED or self.draft.local:
            yield Lasting(difference, spans)
            return
        moves = self.nights // 2  # one body's code changes in mid-way, the difference stays with the row
        yield Lasting(difference, ((0, moves - 1),))
        body = names.body_code(self.code, 73_000_000 + _RECODED.index(difference.kind))  # not two rows under one code
        yield Lasting(recoded(difference, body), ((moves, self.nights),))

    def _follows(self, batch: Batch) -> int:
        """Return the night on which the city follows a batch: at once, early, late, or never."""
        return batch.night + self.rng.choice((0, 2, 4, 6, 9, self.nights))

    def _exemption_over(self) -> Iterator[Lasting]:
        """Yield what follows when the exemption of one region runs out: an absence, later claimed."""
        part = next((each for each in self.exemptions if each.areacode is not None), None)
        if part is None:
            return
        place, slot = next(
            (place, slot)
            for place, slot in enumerate(self.draft.slots)
            if (slot.item.code, slot.region.code, slot.due) == (part.catalog_code, part.areacode, False)
        )
        found, counts = unmet(self.draft, slot, due=1, exempted=-1)
        over, claimed = _LIFTED_NIGHTS + 1, _LIFTED_NIGHTS + 1 + self.rng.randrange(2, 8)
        yield Lasting(Difference("exemption over", findings=found, counts=counts), ((over, claimed - 1),))
        row = self.draft.row(slot.item, slot.region, self.draft.plain[0], 1 if self.draft.local else 0)
        met = {"due": 1, "exempted": -1, "paired": 1}
        yield Lasting(Difference("claimed", {place: (row,)}, counts=met), ((claimed, self.nights),))

    def _failing_nights(self) -> dict[int, str]:
        """Return nights on which nothing can be judged, for a source that is asked over HTTP."""
        protocol = PROTOCOLS.get(BY_CODE[self.code].dialect)
        if protocol is None:
            return {}
        faults = [fault for fault in _UNJUDGED if fault != "wrong_total" or "total" in protocol.keys]
        return dict(zip(self.rng.sample(range(1, self.nights), len(faults)), faults, strict=True))


def _spans(rng: Random, nights: int) -> tuple[tuple[int, int], ...]:
    """Return when a difference is there: always, from or until some night, for one night, or with a relapse."""
    first, second, third = sorted(rng.sample(range(1, nights), 3))
    shapes = (
        ((0, nights),),
        ((0, first),),
        ((first, nights),),
        ((first, first),),
        ((0, first - 1), (second, third)),
        ((first, second - 1), (third, nights)),
    )
    return rng.choice(shapes)


def _batches(
    seed: int, catalogue: Catalogue, cities: Sequence[_City], some: Sequence[CatalogueItem], nights: int
) -> tuple[Batch, ...]:
    """Return three batches: the second while the first's grace runs, changing one code again, and a late one."""
    rng = names.dice(seed, "batches")
    known = {str(record["catalog_code"]) for record in catalogue.records()}
    wrong = sorted(known & {code for city in cities for code in city.codes_with_findings()})
    renamed = rng.sample(wrong, min(6, len(wrong)))
    mint = Mint(names.dice(seed, "added"))
    fresh = [item for item in (mint.item(("3",)) for _ in range(2 * len(known))) if item.code not in known]
    first = Batch(nights // 6, (some[0], some[1]), tuple(renamed[:2]), (some[2],), (fresh[0],))
    second = Batch(nights // 6 + 3, (some[3],), (*renamed[2:4], some[0].code), (), (fresh[1],))
    late = Batch(nights * 2 // 3, (), tuple(renamed[4:]), (some[4],), ())
    return first, second, late


def _reserved(seed: int, catalogue: Catalogue, drafts: Sequence[Draft]) -> list[CatalogueItem]:
    """Return the items the master will change: plain ones that every city must have and none is exempt from."""
    quiet = [item for item in catalogue.obliging if item.parent is None and item.plain]
    quiet = [item for item in quiet if all(_is_due(item, draft) for draft in drafts)]
    return names.dice(seed, "reserved").sample(quiet, _CHANGED)


def _is_due(item: CatalogueItem, draft: Draft) -> bool:
    slots = [slot for slot in draft.slots if slot.item.code == item.code]
    return bool(slots) and all(slot.due and slot.rows and not slot.touched for slot in slots)
