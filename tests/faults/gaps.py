"""Faults whose required behaviour has not landed yet: they must fail, and the test says when they no longer do."""

from __future__ import annotations

GAPS: dict[str, str] = {
    "P11e": "a total below what came is not held against the snapshot of a source asked by links",
}
