"""How punctual a city was: its nights counted, those it is not to blame for left out. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from citysync.domain.verdict import Axis, Standing, State

COUNTS = ("nights_judged", "nights_on_time", "nights_in_sync")


def nights_of(verdicts: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    """Return city code → ``nights_judged``, ``nights_on_time``, ``nights_in_sync``.

    ``verdicts``: rows of nightly runs in the order of the runs, with ``code``, ``business_date``, ``state``, ``axes``,
    ``adopted``. Of several runs on one business date the last counts. A night that could not be judged (``unknown``:
    our fault, our network, the master's, paused) is no night of the city's. On time: its directory was taken and
    adopted that night, and was not too old.
    """
    last = {(row["code"], row["business_date"]): row for row in verdicts}
    counted: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(COUNTS, 0))
    for (code, _), row in sorted(last.items()):
        if row["state"] == State.UNKNOWN:
            continue
        counts = counted[code]
        counts["nights_judged"] += 1
        counts["nights_on_time"] += _on_time(row)
        counts["nights_in_sync"] += row["state"] == State.IN_SYNC
    return dict(counted)


def nights_by_day(
    verdicts: Iterable[Mapping[str, Any]], days: Collection[date], length: int
) -> dict[date, dict[str, dict[str, int]]]:
    """Return ``nights_of`` of the stretch of so many days that ends with each of some days, each night looked at once.

    ``verdicts``: as there, of all the stretches together.
    """
    by_night: dict[date, list[Mapping[str, Any]]] = defaultdict(list)
    for row in verdicts:
        by_night[row["business_date"]].append(row)
    running: dict[str, tuple[list[date], list[tuple[int, ...]]]] = {}
    for night in sorted(by_night):
        for code, counts in nights_of(by_night[night]).items():
            on, sums = running.setdefault(code, ([], [(0,) * len(COUNTS)]))
            on.append(night)
            sums.append(tuple(sum(pair) for pair in zip(sums[-1], (counts[name] for name in COUNTS), strict=True)))
    return {day: dict(_stretch(running, day - timedelta(days=length), day)) for day in days}


def _stretch(
    running: Mapping[str, tuple[list[date], list[tuple[int, ...]]]], after: date, until: date
) -> Iterator[tuple[str, dict[str, int]]]:
    """Yield what each city's running sums grew by after one day and until another; a city without a night has none."""
    for code, (on, sums) in running.items():
        first, last = bisect_right(on, after), bisect_right(on, until)
        if first < last:
            grown = (now - then for now, then in zip(sums[last], sums[first], strict=True))
            yield code, dict(zip(COUNTS, grown, strict=True))


def _on_time(row: Mapping[str, Any]) -> bool:
    return bool(row["adopted"]) and row["axes"].get(Axis.FRESH.value) != Standing.FAILING.word
