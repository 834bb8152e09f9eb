"""The documents of the JSON API: those of the command line's ``--json``, of what the asker may see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl

from citysync.domain.catalogue import MasterCatalogue
from citysync.domain.errors import MasterError
from citysync.domain.principal import Principal, Role
from citysync.reports.document import Document, document
from citysync.reports.efforts import effort_document
from citysync.storage import catalogue, reading
from citysync.storage.master_part import items_part
from citysync.storage.part import Part
from citysync.web.problems import NotThere
from citysync.web.reading.reader import Reader
from citysync.web.reading.run import run_facts
from flows.figures import By, figures_document, figures_of
from flows.listings import Kind, list_document, list_of
from flows.master_versions import compared, diff_document
from flows.receipts import receipts_of
from flows.standing import standing_in

_RUN_FACTS = ("run_id", "trigger", "status", "business_date", "started_at", "finished_at", "master_version")
_RUN_KEYS = (*_RUN_FACTS, "rules_version", "cities", "published")
_PROVINCE_KEYS = ("error", "note")  # they may name any city


def status_document(reader: Reader, codes: Sequence[str]) -> Document:
    """Return ``status --json`` of some cities, by default of every one the asker may see that is judged."""
    cities = [reader.city(code) for code in codes] or list(reader.enabled.values())
    result = standing_in(reader.store, cities)
    return document(result.run, result.verdicts)


def listed(
    reader: Reader,
    kind: Kind,
    code: str,
    filters: Mapping[str, str | None],
    run_id: str | None,
    days: Mapping[str, Any],
    part: Part,
) -> tuple[Document, int]:
    """Return a part of ``findings --json`` or ``rejects --json`` of a city, and how many rows there are in all.

    ``days``: ``on`` and ``since``, as the verbs take them. Raises ``NotThere`` as the pages do.
    """
    reader.city(code)
    last = next(iter(reading.latest_verdicts(reader.store, (code,), on=days.get("on"))), None)
    listing = list_of(reader.store, kind, code, filters, run_id=run_id, part=part, **days)
    if last is None or (run_id is not None and listing.run_id is None):
        raise NotThere(code)
    return list_document(kind, code, listing, str(last["run_id"])), listing.total or 0


def receipt_document(reader: Reader, code: str, run_id: str | None) -> Document:
    """Return a city's receipt, the same object as in its file; raise ``NotThere`` where no run judged it."""
    reader.city(code)
    rows = (
        reading.latest_verdicts(reader.store, (code,)) if run_id is None else reading.verdicts_of(reader.store, run_id)
    )
    if code not in {row["code"] for row in rows}:
        raise NotThere(code)
    return receipts_of(reader.settings, (code,), run_id)[0].document()


def figures(reader: Reader, codes: Sequence[str], by: By, on: date | None, since: date | None) -> Document:
    """Return ``figures --json`` of some cities, by default of every one the asker may see that is judged."""
    asked = tuple(reader.city(code).code for code in codes) or tuple(reader.enabled)
    if not asked:  # nobody is asked for everybody, so that an empty choice never becomes the whole province
        raise NotThere("figures")
    return figures_document(*figures_of(reader.settings, asked, by, on or reader.today, since))


def runs(reader: Reader, part: Part) -> Document:
    """Return the runs, newest first; to a city's people those it was in, and nothing that names another city."""
    city = reader.principal.city_code
    keys = _RUN_KEYS if city is not None else _RUN_KEYS + _PROVINCE_KEYS
    rows = reading.runs(reader.store, part.limit, part.offset, city)
    return {"schema_version": 1, "runs": [{key: row[key] for key in keys} for row in rows]}


def run(reader: Reader, run_id: str) -> Document:
    """Return what one run published of the cities the asker may see, and how far it is."""
    facts = run_facts(reader, run_id)
    cities = [{**city, "effort": effort_document(facts.efforts.get(city["code"]))} for city in facts.told["cities"]]
    about = {key: facts.run[key] for key in ("status", "trigger", "started_at", "finished_at")}
    return {**facts.told, **about, "effort": facts.effort, "cities": cities}


def versions(reader: Reader) -> Document:
    """Return ``master list --json``."""
    return {"schema_version": 1, "versions": reading.master_versions(reader.store)}


def version(reader: Reader, name: str | None, part: Part) -> tuple[Document, int]:
    """Return a version of the master catalogue with a part of its items, and how many it has.

    By default it is the one in force today.
    """
    wanted = name or reading.master_version_in_force(reader.store, reader.today)
    regions = _regions(reader.principal)
    try:
        found = items_part(reader.store, wanted or "", part, regions)
    except MasterError as error:
        raise NotThere(wanted or "master") from error
    told = {"schema_version": 1, "version": found.version, "effective_on": found.effective_on.isoformat()}
    return {**told, "items": [_own(row, regions) for row in found.rows]}, found.total


def changes(reader: Reader, since: str, to: str | None) -> Document:
    """Return ``master diff --json`` from one version to another, by default to the one in force today."""
    names = (since, to or reading.master_version_in_force(reader.store, reader.today))
    old, new = (_seen(_loaded(reader, name), reader.principal) for name in names)
    found, cities = compared(old, new, reader.enabled.values(), reader.today)
    return diff_document(old.version, new.version, found, cities)


def _loaded(reader: Reader, name: str | None) -> MasterCatalogue:
    if name is None:
        raise NotThere("master")
    try:
        return catalogue.load_version(reader.store, name)
    except MasterError as error:
        raise NotThere(name) from error


def _regions(principal: Principal) -> tuple[str, ...] | None:
    """Return how the codes of a city's regions begin, and the province's own; None for somebody who sees them all."""
    if principal.role is not Role.CITY or principal.city_code is None:
        return None
    return principal.city_code[:4], f"{principal.city_code[:2]}0000"


def _own(row: dict[str, Any], regions: tuple[str, ...] | None) -> dict[str, Any]:
    """Return an item that names no region but one's own."""
    if regions is None or row["applies_to"] is None:
        return row
    return {**row, "applies_to": [code for code in row["applies_to"] if code.startswith(regions)]}


def _seen(found: MasterCatalogue, principal: Principal) -> MasterCatalogue:
    """Return a catalogue as somebody may see it: a city's people see what applies to it, and nobody else named."""
    own = _regions(principal)
    if own is None:
        return found
    regions, begin = pl.col("applies_to"), f"^({'|'.join(own)})"
    mine = regions.list.eval(pl.element().filter(pl.element().str.contains(begin)))
    everybody = regions.is_null() | (regions.list.len() == 0)
    return replace(found, items=found.items.filter(everybody | (mine.list.len() > 0)).with_columns(applies_to=mine))
