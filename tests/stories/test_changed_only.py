"""Nights of a province in which something changes: what is validated anew is little, what is said is the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import fields
from datetime import date
from pathlib import Path

import polars as pl

from citysync.domain.clean import Clean
from citysync.domain.errors import SourceError
from citysync.domain.outcome import Validation
from citysync.domain.snapshot import Snapshot
from citysync.simulator.history.province import build_history
from schemas.again import revalidate
from schemas.validate import validate
from tests.simulator.walk import Walk, walking

CITIES = {"440300": 2, "442000": 1, "440800": 5}
NIGHTS = 10  # one night in which every row is validated, whatever changed


def test_nights_that_validate_what_changed_say_what_whole_ones_say(tmp_path: Path) -> None:
    history = build_history(8, 120, CITIES, date(2026, 9, 14), NIGHTS)
    known: dict[str, Clean | None] = dict.fromkeys(CITIES)
    anew = received = 0
    for night in range(NIGHTS):
        with walking(history.province(night), tmp_path) as walk:
            for code, snapshot in pulled(walk):
                city, on = walk.cities[code], history.day(night)
                again = revalidate(snapshot, city, on, known[code])
                assert differing(again.validation, validate(snapshot, city, on)) == [], f"{code}, night {night}"
                anew, received = anew + again.anew, received + again.validation.received
                known[code] = again.clean
    assert anew < received / 2


def pulled(walk: Walk) -> Iterator[tuple[str, Snapshot]]:
    """Yield the cities whose source answers tonight."""
    for code in walk.province.cities:
        with suppress(SourceError):
            yield code, walk.pull(code)


def differing(one: Validation, other: Validation) -> list[str]:
    pairs = {each.name: (getattr(one, each.name), getattr(other, each.name)) for each in fields(Validation)}
    return [name for name, (a, b) in pairs.items() if not (a.equals(b) if isinstance(a, pl.DataFrame) else a == b)]
