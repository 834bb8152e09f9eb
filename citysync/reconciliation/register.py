"""The register of exemptions: what a city need not have, by which document, until when, and what that comes to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

import polars as pl

from citysync.domain.city import City, Exemption
from citysync.reconciliation.obligations import every_duty, exempt_in, parents_of


class Ends(StrEnum):
    """Whether an exemption still holds."""

    HOLDS = "holds"
    SOON = "soon"
    OVER = "over"


ENDS_LABELS = {Ends.HOLDS: "有效", Ends.SOON: "即将到期", Ends.OVER: "已到期"}


@dataclass(frozen=True)
class Entry:
    """One exemption of a city. ``item_name``: the master's, None where it has no such item.

    ``obligations``: how many it lifts, or lifted until it was over and now asks for again; 0 means that it is about
    nothing the city must have.
    """

    city: City
    exemption: Exemption
    item_name: str | None
    ends: Ends
    obligations: int


def entries(city: City, master: pl.DataFrame, on: date, within_days: int) -> Iterator[Entry]:
    """Yield a city's exemptions, those that end first before the others; ``within_days`` more are ``SOON``."""
    if not city.exempt:
        return
    due = every_duty(master, parents_of(master), city, on)
    names = dict(master.select("catalog_code", "task_name").iter_rows())
    for each in sorted(city.exempt, key=lambda each: (each.until, each.catalog_code, each.areacode or "")):
        yield Entry(city, each, names.get(each.catalog_code), _ends(each, on, within_days), _covered(each, due, on))


def _ends(exemption: Exemption, on: date, within_days: int) -> Ends:
    if exemption.until < on:
        return Ends.OVER
    return Ends.SOON if exemption.until <= on + timedelta(days=within_days) else Ends.HOLDS


def _covered(exemption: Exemption, due: pl.DataFrame, on: date) -> int:
    regions = exempt_in(exemption, on)
    item = due.filter(pl.col("catalog_code") == exemption.catalog_code)
    return item.height if None in regions else item.filter(pl.col("areacode").is_in(list(regions))).height
