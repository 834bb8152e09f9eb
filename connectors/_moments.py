"""When a city says that something happened, and when its data last changed. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    import polars as pl

_ZONE = ZoneInfo("Asia/Shanghai")
_SECONDS_DIGITS, _MILLISECONDS_DIGITS = 10, 13
CLOCK_SKEW = timedelta(days=1)
# 20261123083000 · 2026/11/23 8:30:00 · 2026年11月23日 8:30 · 2026-11-23 8:30:00.123
_WRITTEN = re.compile(
    r"(?P<year>[0-9]{4})(?:[-/年.](?P<month>[0-9]{1,2})[-/月.](?P<day>[0-9]{1,2})日?|(?P<mm>[0-9]{2})(?P<dd>[0-9]{2}))"
    r"[ T]*(?:(?P<hour>[0-9]{1,2}):?(?P<minute>[0-9]{2})(?::?(?P<second>[0-9]{2})(?:\.[0-9]{1,9})?)?)?"
)


def changed_at(frame: pl.DataFrame, now: datetime | None = None) -> datetime | None:
    """Return the latest instant of ``cd_time`` (naive times are Asia/Shanghai), None if none can be read.

    ``now``: what lies more than a day beyond it is a wrong clock, not fresh data, and is left out.
    """
    if "cd_time" not in frame.columns:
        return None
    moments = [moment for sent in frame["cd_time"].unique() if (moment := instant(sent)) is not None]
    return max((moment for moment in moments if now is None or moment <= now + CLOCK_SKEW), default=None)


def instant(sent: str | None) -> datetime | None:
    """Return the instant a text speaks of: a day and clock with or without a zone, epoch seconds or milliseconds."""
    text = (sent or "").strip()
    try:
        if text.isascii() and text.isdigit() and len(text) in {_SECONDS_DIGITS, _MILLISECONDS_DIGITS}:
            return datetime.fromtimestamp(int(text) / (1 if len(text) == _SECONDS_DIGITS else 1000), UTC)
        moment = _iso(text) or _written(text)
    except (ValueError, OverflowError):
        return None
    return moment and (moment if moment.tzinfo else moment.replace(tzinfo=_ZONE)).astimezone(UTC)


def _iso(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _written(text: str) -> datetime | None:
    found = _WRITTEN.fullmatch(text)
    if found is None:
        return None
    month, day = found["month"] or found["mm"], found["day"] or found["dd"]
    hour, minute, second = (int(found[part] or 0) for part in ("hour", "minute", "second"))
    year = int(found["year"])
    return datetime(year, int(month), int(day), hour, minute, second)  # noqa: DTZ001 — the zone is put in after
