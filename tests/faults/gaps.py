"""Faults whose required behaviour has not landed yet: they must fail, and the test says when they no longer do."""

from __future__ import annotations

GAPS: dict[str, str] = {}
