"""The list of a city's findings or rejections with what is known beside each row: the screen, JSON and API show it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any, Literal

from citysync.domain.workdays import calendar
from citysync.storage import reading
from citysync.storage.appeals import with_appeals
from citysync.storage.engine import Store
from citysync.storage.lives import opened_since, with_lives
from citysync.storage.part import Part
from citysync.storage.reading import Listing

Kind = Literal["findings", "rejections"]


def list_of(
    store: Store,
    kind: Kind,
    code: str,
    filters: Mapping[str, Any],
    *,
    run_id: str | None = None,
    on: date | None = None,
    since: date | None = None,
    part: Part | None = None,
) -> Listing:
    """Return a city's rows of one run, by default of the last (as of a day) that speaks.

    ``since``: of findings those open since a day, which only their lives tell; ``part``: only these rows, with how many
    there are in all.
    """
    if kind == "rejections":
        return reading.rejections(store, code, run_id=run_id, on=on, part=part, **filters)
    if since is not None:
        return _open_since(store, code, filters, run_id, on, since, part)
    found = reading.findings(store, code, run_id=run_id, on=on, part=part, **filters)
    return with_appeals(store, code, with_lives(store, code, found, calendar()))


def _open_since(
    store: Store,
    code: str,
    filters: Mapping[str, Any],
    run_id: str | None,
    on: date | None,
    since: date,
    part: Part | None,
) -> Listing:
    """Return the findings open since a day: the database finds those whose lives began since, their lives decide."""
    speaks = reading.findings(store, code, run_id=run_id, on=on, part=Part(1, 0))
    if speaks.run_id is None:
        return speaks
    begun = opened_since(store, code, speaks.run_id, since)
    found = reading.findings(store, code, run_id=speaks.run_id, where=begun, **filters)
    listing = with_lives(store, code, found, calendar())
    rows = tuple(row for row in listing.rows if _opened(row) >= since.isoformat())
    shown = rows if part is None else rows[part.offset : part.offset + part.limit]
    total = None if part is None else len(rows)
    return with_appeals(store, code, replace(listing, rows=shown, total=total))


def list_document(kind: Kind, code: str, listing: Listing, judged_in: str) -> dict[str, Any]:
    """Return a list for programs. ``judged_in``: the run of the last verdict, named where no run has a list."""
    return {"schema_version": 1, "city": code, "run_id": listing.run_id or judged_in, kind: listing.rows}


def _opened(row: Mapping[str, Any]) -> str:
    """Return since when a finding has been open, as ISO text; one of before lives were kept is older than any day."""
    return str(row["reopened_on"] or row["first_seen_on"] or "")
