"""What would settle a problem, in a form a program can apply: set a value, remove a row, add an item. Pure.

A receipt's corrections, applied to the city's data, make the city in sync (tested). Items to add are taken from the
master catalogue by whoever applies them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from citysync.domain.findings import Severity

Correction = dict[str, object]
Record = Mapping[str, object]

_REMOVED = ("overclaimed", "claimed_parent")
_CLAIMED = {"unclaimed": "add", "level_mismatch": "replace"}
_CEILING = re.compile(r"≤ ([0-9]+)$")
_SERIAL = 2  # 业务办理项编码 is 实施编码 and two digits
_HANDLE = "task_handle_item"


def correction_of(finding: Record) -> Correction | None:
    """Return what settles a finding; None where nothing need be changed (warnings, cosmetic differences).

    ``do``: ``set`` (``field``, ``value``); ``lower`` (``field`` to at most ``value``: two rules may each have one);
    ``remove`` (the row; with ``task_version``, only that version of it); ``add`` (``areacode``, ``catalog_code``);
    ``replace`` (the row goes, and its item is claimed anew by a body of the level the master asks for, if no other row
    does: ``areacode``, ``catalog_code``).
    """
    if finding["severity"] != Severity.ERROR:
        return None
    check = str(finding["check"])
    if check in _CLAIMED:
        return {"do": _CLAIMED[check], "areacode": finding["areacode"], "catalog_code": finding["catalog_code"]}
    if check in _REMOVED:
        return {"do": "remove"}
    if check == "duplicated":
        return {"do": "remove", "task_version": finding["actual"]}
    expected = None if finding["expected"] is None else str(finding["expected"])
    if expected is not None and (ceiling := _CEILING.match(expected)) is not None:
        return {"do": "lower", "field": finding["field"], "value": ceiling[1]}
    return {"do": "set", "field": finding["field"], "value": _value(finding, expected)}


def correction_of_rejection(_rejection: Record) -> Correction:
    """Return what settles a rejected row: what it should say only the city knows, so taking it out is all one can say.

    An obligation it was to meet then stands among the findings as an item to add.
    """
    return {"do": "remove"}


def _value(finding: Record, expected: str | None) -> str | None:
    """Return the value a field should have; 业务办理项编码 keeps its own serial."""
    if expected is not None and finding["field"] == _HANDLE and finding["check"] == "codes_disagree":
        return expected + str(finding["actual"])[-_SERIAL:]
    return expected
