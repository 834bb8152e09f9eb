"""How punctual a city was: its nights counted, those it is not to blame for left out. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
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


def _on_time(row: Mapping[str, Any]) -> bool:
    return bool(row["adopted"]) and row["axes"].get(Axis.FRESH.value) != Standing.FAILING.word
