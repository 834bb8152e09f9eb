"""A city's rows, validated: what the tests of this room ask for."""

from __future__ import annotations

from typing import Any

from citysync.domain.city import City
from citysync.domain.outcome import Validation
from schemas.validate import validate
from tests.builders import TODAY, a_city, a_snapshot, an_item


def validated(*rows: dict[str, str | None], city: City | None = None) -> Validation:
    return validate(a_snapshot(rows), city or a_city(), TODAY)


def the_row(**changes: str | None) -> dict[str, Any]:
    """Return the one row accepted of an item with changes."""
    validation = validated(an_item(**changes))
    assert validation.rejected.is_empty()
    return validation.accepted.row(0, named=True)


def the_rules(*rows: dict[str, str | None], city: City | None = None) -> list[tuple[int, str, str]]:
    return validated(*rows, city=city).rejected.select("row_no", "rule", "field").rows()


def the_notes(**changes: str | None) -> list[tuple[str, ...]]:
    return validated(an_item(**changes)).notes.select("check", "field", "expected", "actual").rows()
