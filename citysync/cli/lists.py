"""The lists of one city: what ``findings`` and ``rejects`` share."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from citysync.cli.places import Places
from citysync.cli.render import console, local_time, plain, print_json, print_rows
from citysync.config.problems import did_you_mean
from citysync.domain.appeal import words
from citysync.domain.errors import ConfigError
from citysync.domain.findings import SEVERITY_LABELS
from citysync.domain.items import label
from citysync.domain.verdict import STATE_LABELS, State
from citysync.domain.workdays import calendar

if TYPE_CHECKING:
    from citysync.storage.engine import Store
    from flows.listings import Kind


_CODE = re.compile(r"[0-9]{6}")


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which run a list is of: one by its id, or the last as of a day; ``since``: only what was opened from a day on."""

    run: str | None = None
    on: date | None = None
    since: date | None = None


def listed(
    kind: Kind,
    city: str,
    headings: Mapping[str, str],
    filters: Mapping[str, Any],
    chosen: Chosen,
    *,
    json: bool,
    limit: int,
    places: Places,
) -> int:
    """Print a city's findings or rejections of one run, by default of the last (as of a day) that judged it."""
    from citysync.storage.schema import open_store
    from flows.listings import list_document, list_of

    with open_store(places.settings().database, write=False) as store:
        listing = list_of(store, kind, city, filters, run_id=chosen.run, on=chosen.on, since=chosen.since)
        verdict = judged(store, city, chosen, found=listing.run_id is not None)
    run_id = listing.run_id or verdict["run_id"]
    if json:
        print_json(list_document(kind, city, listing, str(verdict["run_id"])))
        return 0
    if listing.run_id is None:
        reasons = "；".join(reason["text"] for reason in verdict["reasons"])
        console().print(f"{city} {verdict['name']}：还没有采用过该市的快照，因此没有清单。{plain(reasons)}")
        return 0
    state = STATE_LABELS[State(listing.state or verdict["state"])]
    console().print(f"{city} {verdict['name']} {state} · 运行 {run_id} · 共 {len(listing.rows)} 条")
    _warn_of_age(run_id, verdict, listing.judged_at)
    print_rows(
        console(), list(headings.values()), [[cell(row, name) for name in headings] for row in listing.rows[:limit]]
    )
    if len(listing.rows) > limit:
        console(stderr=True).print(f"只显示前 {limit} 条，共 {len(listing.rows)} 条；加 --limit 或 --json 看全部")
    return 0


def judged(store: Store, city: str, chosen: Chosen, *, found: bool) -> Mapping[str, Any]:
    """Return a city's last verdict (as of a day); refuse a city, run or day the ledger knows nothing of."""
    from citysync.storage import reading

    verdict = next(iter(reading.latest_verdicts(store, (city,), on=chosen.on)), None)
    if verdict is None or (chosen.run is not None and not found):
        where = f"运行 {chosen.run} " if chosen.run else f"台账（截至 {chosen.on}）" if chosen.on else "台账"
        how = f"先运行 citysync sync {city}" if _CODE.fullmatch(city) else "请写六位区划代码，如 440300"
        raise ConfigError(f"{where}中没有城市 {city} 的结论；{how}")
    return verdict


def refuse_unknown(option: str, word: str, known: Iterable[str]) -> None:
    """Raise ``ConfigError`` for a word nobody knows: it would choose nothing, and nothing looks like all is well."""
    words = sorted(known)
    if word not in words:
        raise ConfigError(f"{option} {word}：没有这一项；{did_you_mean(word, words, '可用的')}")


def known_run(store: Store, city: str, run_id: str) -> bool:
    """Return whether a run published a verdict of the city."""
    from citysync.storage import reading

    return any(row["code"] == city for row in reading.verdicts_of(store, run_id))


def _warn_of_age(run_id: str, verdict: Mapping[str, Any], judged_at: str | None) -> None:
    """Say so when the last run could not look at the city's rows, and the list is of an earlier one."""
    said = f"{local_time(judged_at)} 运行 {run_id}"
    if run_id != verdict["run_id"]:
        reasons = "；".join(reason["text"] for reason in verdict["reasons"])
        console(stderr=True).print(
            f"注意：最近一次运行 {verdict['run_id']} 未能采用该市数据（{reasons}），以下是此前的清单：{said}"
        )


def cell(row: Mapping[str, Any], name: str) -> object:
    """Return one cell of a list as people read it."""
    value = row[name]
    if name == "field" and value is not None:
        return f"{label(value)} {value}"
    if name == "appeal" and value is not None:
        return words(value)
    if name == "due_on" and value is not None:
        return calendar().shown(date.fromisoformat(value))
    return SEVERITY_LABELS[value] if name == "severity" else value
