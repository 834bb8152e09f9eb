"""Walk the same line again over the stored bytes of a run, without network: does it say the same as then."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from citysync.config.settings import Settings
from citysync.domain.catalogue import MasterCatalogue
from citysync.domain.city import City
from citysync.domain.errors import ConfigError, StorageError
from citysync.domain.findings import FINDINGS, REJECTIONS
from citysync.domain.memory import Memory
from citysync.domain.outcome import CityRun
from citysync.domain.retention import Kind
from citysync.domain.run import RULES_VERSION, Run, Trigger
from citysync.domain.snapshot import RawPage
from citysync.domain.workdays import calendar
from citysync.storage import catalogue, pages, purges, reading
from citysync.storage.engine import Store
from citysync.storage.frames import plain_rows
from citysync.storage.memory import recall
from citysync.storage.said import whole
from citysync.storage.schema import open_store
from citysync.storage.tapes import tape_of
from connectors import source_model
from connectors._door import Door
from connectors._tape import Astray, Player
from flows.line import Means, sync_city
from flows.recheck import EVERYTHING, Recheck, recheck_of

MOST_SHOWN = 20
Payload = dict[str, Any]


@dataclass(frozen=True)
class Replayed:
    """What a replay came to: ``then`` and ``now`` are what is compared, ``rules`` the version the run was made by."""

    city_code: str
    run_id: str
    rules: str
    then: Payload
    now: Payload

    @property
    def same(self) -> bool:
        """Return whether verdict, findings and rejections are byte for byte those of the run."""
        return canonical(self.then) == canonical(self.now)

    def differences(self) -> list[str]:
        """Return where the two part, one line each, at most twenty."""
        lines = [
            f"{name}：{canonical(self.then['verdict'][name])} → {canonical(self.now['verdict'][name])}"
            for name in self.then["verdict"]
            if self.then["verdict"][name] != self.now["verdict"].get(name)
        ]
        for title, key in (("发现", "findings"), ("拒收", "rejections")):
            then, now = ([canonical(row) for row in side[key]] for side in (self.then, self.now))
            lines += [f"{title}只在当时：{row}" for row in then if row not in set(now)]
            lines += [f"{title}只在现在：{row}" for row in now if row not in set(then)]
            if sorted(then) == sorted(now) and then != now:
                lines.append(f"{title}的次序不同")
        return lines[:MOST_SHOWN]


def canonical(payload: object) -> str:
    """Return a payload as text of which equal payloads have equal bytes."""
    return json.dumps(payload, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def payload(city_run: CityRun) -> Payload:
    """Return what of a city's run is compared: verdict, findings, rejections, as the ledger would hold them."""
    return {
        "verdict": whole(city_run.verdict),
        "findings": plain_rows(city_run.findings, FINDINGS),
        "rejections": plain_rows(city_run.rejected, REJECTIONS),
    }


def replay(settings: Settings, city_code: str, run_id: str, *, rules: str = "now") -> Replayed:
    """Walk one city of a run again, over what its walk heard, with the clock, memory and master of that run.

    ``rules``: ``now`` walks by this program's rules, ``stored`` refuses if the run's were others. Raises
    ``StorageError`` for a run or city the ledger does not know, or whose evidence is gone or was purged,
    ``ConfigError`` for rules this program does not have any more.
    """
    with open_store(settings.database, write=False) as store:
        row = _run_row(store, run_id)
        if rules == "stored" and row["rules_version"] != RULES_VERSION:
            raise ConfigError(
                f"运行 {run_id} 的规则版本是 {row['rules_version']}，本程序只有 {RULES_VERSION}；"
                "请用当时的程序重放，或用 --rules now 预演"
            )
        kept = _tape(store, city_code, run_id)
        purges.refuse_purged(store, city_code, run_id, Kind.PAGES)
        tape = json.loads(pages.read_page(settings.data_dir, kept["sha256"]))
        run = Run(
            run_id,
            Trigger(row["trigger"]),
            date.fromisoformat(row["business_date"]),
            datetime.fromisoformat(row["started_at"]),
            row["master_version"],
            row["rules_version"],
        )
        master = catalogue.load_version(store, run.master_version)
        memory = recall(store, settings.data_dir, city_code, run_id)
        door = _door(store, settings, tape, city_code, run_id)
        means = Means(door, calendar(), lambda _text: None, recheck_of(tape.get("recheck")).pull(memory))
        city_run = _walked(city_of(tape["city"]), run, master, memory, means)
        then = {
            "verdict": kept["verdict"],
            "findings": _rows(reading.findings(store, city_code, run_id=run_id).rows, FINDINGS),
            "rejections": _rows(reading.rejections(store, city_code, run_id=run_id).rows, REJECTIONS),
        }
    return Replayed(city_code, run_id, run.rules_version, then, payload(city_run))


def tape_document(city: City, heard: list[dict[str, Any]], moments: list[str], asked: Recheck = EVERYTHING) -> bytes:
    """Return what one walk heard, with the city's file as it was: all that a replay needs beside the pages."""
    city_file = city.model_dump(mode="json", serialize_as_any=True)
    document = {"tape": 1, "city": city_file, "heard": heard, "moments": moments, "recheck": asked.written()}
    return canonical(document).encode("utf-8")


def city_of(city_file: Mapping[str, Any]) -> City:
    """Return a city as it stood in its file on the night of a run."""
    raw = city_file["source"]
    model = source_model(raw["connector"])
    if model is None:
        raise StorageError(f"当时的连接器 {raw['connector']} 已不存在，无法重放")
    stand_in = {**city_file, "source": {"connector": raw["connector"]}}
    city = City.model_validate(stand_in, strict=False)  # JSON has no dates and no tuples
    return city.model_copy(update={"source": model.model_validate(raw, strict=False)})


def _door(store: Store, settings: Settings, tape: Mapping[str, Any], city_code: str, run_id: str) -> Door:
    kept = [
        RawPage(**{**row, "fetched_at": datetime.fromisoformat(row["fetched_at"])})
        for row in reading.pages_of(store, city_code, run_id)
    ]
    player = Player(tape["heard"], tape["moments"], kept, lambda sha256: pages.read_page(settings.data_dir, sha256))
    return Door(
        keep=player.keep,
        secret=lambda _name: "not-needed-to-remember",
        now=player.now,
        monotonic=time.monotonic,
        progress=lambda _text: None,
        wait=lambda _seconds: None,
        tape=player,
    )


def _walked(city: City, run: Run, master: MasterCatalogue, memory: Memory, means: Means) -> CityRun:
    """Return what the line says now; a walk that went on from a snapshot cannot be made again without it."""
    try:
        return sync_city(city, run, master, memory, means)
    except Astray as error:
        if memory.lost is None:
            raise
        raise StorageError(
            f"运行 {run.run_id} 的 {city.code} 当时以上一份快照为底取数，而那份快照已不在：{memory.lost}"
            "；结论、发现与拒收仍在台账，无法重走"
        ) from error


def _run_row(store: Store, run_id: str) -> reading.Row:
    row = reading.run_of(store, run_id)
    if row is None:
        raise StorageError(f"台账里没有运行 {run_id}；citysync status --json 给出最近一次的运行号")
    return row


def _tape(store: Store, city_code: str, run_id: str) -> reading.Row:
    kept = tape_of(store, city_code, run_id)
    if kept is None:
        raise StorageError(f"运行 {run_id} 没有 {city_code} 走完的一程：没有处理该市，或处理时本系统出错，无从重放")
    return kept


def _rows(rows: tuple[reading.Row, ...], keys: Mapping[str, Any]) -> list[reading.Row]:
    return [{key: row[key] for key in keys} for row in rows]
