"""The list of a city's findings or rejections with what is known beside each row: the screen, JSON and API show it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any, Literal

from citysync.domain.workdays import calendar
from citysync.storage import reading
from citysync.storage.engine import Store
from citysync.storage.lives import with_lives
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
) -> Listing:
    """Return a city's rows of one run, by default of the last (as of a day) that speaks; ``since``: findings' only."""
    if kind == "rejections":
        return reading.rejections(store, code, run_id=run_id, on=on, **filters)
    listing = with_lives(store, code, reading.findings(store, code, run_id=run_id, on=on, **filters), calendar())
    if since is None:
        return listing
    return replace(listing, rows=tuple(row for row in listing.rows if _opened(row) >= since.isoformat()))


def list_document(kind: Kind, code: str, listing: Listing, judged_in: str) -> dict[str, Any]:
    """Return a list for programs. ``judged_in``: the run of the last verdict, named where no run has a list."""
    return {"schema_version": 1, "city": code, "run_id": listing.run_id or judged_in, kind: listing.rows}


def _opened(row: Mapping[str, Any]) -> str:
    """Return since when a finding has been open, as ISO text; one of before lives were kept is older than any day."""
    return str(row["reopened_on"] or row["first_seen_on"] or "")
