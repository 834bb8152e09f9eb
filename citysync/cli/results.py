"""What a run came to, read back from the ledger, and how it is shown."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from citysync.cli.exits import exit_code
from citysync.cli.render import console, print_json, print_night
from citysync.domain.verdict import FLAGGED, State, Verdict
from citysync.reports.document import document

if TYPE_CHECKING:
    from citysync.config.settings import Settings
    from flows.night import Night
    from flows.standing import Result


def published(settings: Settings, run_id: str) -> Result:
    """Return a run as the ledger has it."""
    from flows import standing

    return standing.published(settings, run_id)


def unpublished(night: Night) -> Result:
    """Return a dry run, which the ledger never saw."""
    from flows.standing import Result

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


def show(result: Result, *, json: bool, lead: bool = True) -> int:
    """Print a result and return the exit code it earns; ``lead``: say on stderr what to type next."""
    night = document(result.run, result.verdicts)
    if json:
        print_json(night)
    else:
        out = console()
        print_night(out, night)
        if lead:
            print_next(night)
    return exit_code(night["cities"])


def print_next(night: dict[str, Any]) -> None:
    """Say what to type next, on stderr, for the flagged city with most findings; one with none has no list."""
    flagged = [city for city in night["cities"] if State(city["state"]) in FLAGGED]
    if not flagged:
        return
    city = max(flagged, key=lambda city: int(city["counts"]["findings"]))
    code = city["code"]
    if city["counts"]["findings"]:
        listed = f"citysync findings {code} 查看清单；citysync rejects {code} 查看拒收"
        said = f"{listed}；citysync receipt {code} --out DIR 生成回执"
    else:
        said = f"citysync explain {code} 查看由来；citysync doctor {code} 逐项检查来源"
    console(stderr=True).print(f"下一步：{said}")
