"""A part of a list, as the database cuts it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """Part of a list: how many rows at most, after how many."""

    limit: int
    offset: int
