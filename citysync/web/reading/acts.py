"""What can be done about a city: its open alerts, what may be appealed against, proposals, the run at work on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from citysync.domain.verdict import State
from citysync.storage import alerting, appeals, identity, leases, reading
from citysync.storage.identity import Standing
from citysync.web.reading.city import CityHead, open_in
from citysync.web.reading.reader import Reader

Row = Mapping[str, Any]
MOST = 50  # proposals shown at once; the command line lists them all


@dataclass(frozen=True)
class Progress:
    """``run_id``: the run at work on the city, None for none; ``last``: the city's last verdict."""

    run_id: str | None
    last: Row | None


@dataclass(frozen=True)
class Acts:
    """``alerts``: open ones; ``checks``: those with open findings; ``held``: whether the guard holds a change."""

    alerts: Sequence[Row]
    appeals: Sequence[Row]
    proposals: Sequence[Row]
    checks: tuple[str, ...]
    held: bool
    progress: Progress


def acts_of(reader: Reader, head: CityHead) -> Acts:
    """Return what can be done about a city."""
    code = head.city.code
    return Acts(
        alerts=alerting.listed(reader.store, code),
        appeals=appeals.listed(reader.store, code),
        proposals=identity.proposals(reader.store, code, Standing.OPEN)[:MOST],
        checks=tuple(str(check) for check, _ in open_in(reader, head).by_check),
        held=head.told["state"] == State.HELD.value,
        progress=progress_of(reader, code),
    )


def progress_of(reader: Reader, code: str) -> Progress:
    """Return which run is at work on a city, and what the last one said; raise ``NotThere`` for a foreign one."""
    reader.city(code)
    last = next(iter(reading.latest_verdicts(reader.store, (code,))), None)
    return Progress(leases.holder(reader.store, code), last)


def is_open_alert(reader: Reader, code: str, alert_id: str) -> bool:
    """Return whether an alert is this city's and open."""
    return any(row["alert_id"] == alert_id for row in alerting.listed(reader.store, code))
