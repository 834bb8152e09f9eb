"""What a run came to, read back from the ledger, and how it is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from citysync.cli.document import document
from citysync.cli.exits import exit_code
from citysync.cli.render import console, print_json, print_night
from citysync.domain.verdict import FLAGGED, State, Verdict

if TYPE_CHECKING:
    from citysync.config.settings import Settings
    from citysync.storage.engine import Store
    from flows.night import Night


@dataclass(frozen=True)
class Result:
    """A run's facts and its verdicts as rows: code, name, state, since, grade, axes, reasons, counts."""

    run: Mapping[str, Any] | None
    verdicts: Sequence[Mapping[str, Any]]


def published(settings: Settings, run_id: str) -> Result:
    """Return a run as the ledger has it; where it only waited for another run, that run's result."""
    from citysync.storage import reading
    from citysync.storage.schema import open_store

    with open_store(settings.database, write=False) as store:
        verdicts = reading.verdicts_of(store, run_id)
        judged_by = {str(row["run_id"]) for row in verdicts}
        run = reading.run_of(store, judged_by.pop() if len(judged_by) == 1 else run_id)
        return Result(run, in_full(store, verdicts))


def in_full(store: Store, verdicts: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return verdicts with what stands beside some of them.

    ``in_force``, where nothing was adopted: the snapshot the city is still judged by; ``follows``, where the city
    follows a change of the master inside its grace: which, until when it had time, how many codes, since when.
    """
    from citysync.storage import followers
    from citysync.storage.past import in_force

    told: list[Mapping[str, Any]] = []
    for row in verdicts:
        kept = {} if row["adopted"] else {"in_force": in_force(store, row)}
        early = followers.follows(store, row["code"], date.fromisoformat(row["business_date"]))
        told.append({**row, **kept, **({"follows": early} if early else {})})
    return told


def unpublished(night: Night) -> Result:
    """Return a dry run, which the ledger never saw."""
    run = {**asdict(night.run), "business_date": night.run.business_date.isoformat()}
    return Result(run, [verdict_row(night.verdicts[code], city.name) for code, city in night.cities.items()])


def verdict_row(verdict: Verdict, name: str) -> dict[str, Any]:
    """Return a verdict as the ledger would show it, but for since when."""
    return {
        "code": verdict.city_code,
        "name": name,
        "state": verdict.state.value,
        "since": None,
        "grade": verdict.grade,
        "axes": {axis.value: standing.word for axis, standing in verdict.axes.items()},
        "reasons": [
            {"code": reason.code, "fault": reason.fault.value, "text": reason.text} for reason in verdict.reasons
        ],
        "counts": verdict.counts.as_dict(),
    }


def tell_note(note: str | None) -> None:
    """Say on stderr what was odd about a run as a whole."""
    if note is not None:
        console(stderr=True).print(note)


def show(result: Result, *, json: bool) -> int:
    """Print a result and return the exit code it earns."""
    night = document(result.run, result.verdicts)
    if json:
        print_json(night)
    else:
        out = console()
        print_night(out, night)
        print_next(night)
    return exit_code(night["cities"])


def print_next(night: dict[str, Any]) -> None:
    """Say what to type next, on stderr, for the first flagged city."""
    flagged = [city for city in night["cities"] if State(city["state"]) in FLAGGED]
    if flagged:
        code = max(flagged, key=lambda city: int(city["counts"]["findings"]))["code"]
        console(stderr=True).print(
            f"下一步：citysync findings {code} 查看清单；citysync rejects {code} 查看拒收；"
            f"citysync receipt {code} --out DIR 生成回执"
        )
