"""The table of divisions (行政区划): which counties a city has, by date.

State of 2023 from the statistics bureau's public list: 21 cities and 122 counties of Guangdong; 东莞 441900 and
中山 442000 have none (the list's dummy rows for them are left out).
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

from citysync.domain.city import City

CITY_LEVEL = 3


@dataclass(frozen=True, slots=True)
class Division:
    """One division and the span of days in which its code was in force (both ends included; None = open)."""

    code: str
    name: str
    parent: str
    valid_from: date | None
    valid_to: date | None

    def in_force(self, on: date) -> bool:
        """Return whether the code was in force on that day."""
        return (self.valid_from is None or self.valid_from <= on) and (self.valid_to is None or on <= self.valid_to)


@cache
def divisions() -> tuple[Division, ...]:
    """Return the whole table, in code order."""
    text = (files("citysync.domain") / "divisions.csv").read_text(encoding="utf-8")
    return tuple(
        Division(row["code"], row["name"], row["parent"], _day(row["valid_from"]), _day(row["valid_to"]))
        for row in csv.DictReader(text.splitlines())
    )


def counties_of(code: str, on: date) -> tuple[str, ...]:
    """Return the codes of a city's counties on a day; none for a province or a city without counties."""
    return tuple(row.code for row in divisions() if row.parent == code and row.in_force(on) and row.code[4:] != "00")


def regions_of(city: City, on: date) -> tuple[tuple[str, str], ...]:
    """Return (division code, 行使层级) of every region a source answers for: itself, then its counties."""
    counties: Iterable[str] = city.counties if city.counties is not None else counties_of(city.code, on)
    own = ((city.code, str(city.level)),)
    return own if city.level != CITY_LEVEL else own + tuple((code, "4") for code in counties)


def division_name(code: str) -> str:
    """Return a division's name, or its code where the table does not have it."""
    return _names().get(code, code)


@cache
def _names() -> dict[str, str]:
    return {row.code: row.name for row in divisions()}


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
