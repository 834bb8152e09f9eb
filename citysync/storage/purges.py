"""The retention's side of the ledger: what evidence it names, what was removed, and that it was."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from citysync.domain.errors import StorageError
from citysync.domain.recheck import LOOKED_UP
from citysync.domain.retention import Evidence, Kind, Part
from citysync.domain.snapshot import MERGED
from citysync.storage import leases, tables
from citysync.storage.audit import Deed, record
from citysync.storage.engine import Store
from citysync.storage.evidence import page_name
from citysync.storage.kept import files_of
from citysync.storage.leases import Busy
from citysync.storage.reading import PULLED

_SHANGHAI = ZoneInfo("Asia/Shanghai")
_RUN, _VERDICT, _APPROVAL = tables.runs.c, tables.verdicts.c, tables.approvals.c
_PURGED = tables.purged.c
_WORDS = {Kind.PAGES: "原始页", Kind.SNAPSHOTS: "快照"}
_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class Held:
    """What the ledger holds of evidence. ``seq``: the last run it knew; ``waited_for``: (seq, city) a person needs."""

    seq: int
    evidence: tuple[Evidence, ...]
    waited_for: frozenset[tuple[int, str]]


def held(store: Store, today: date) -> Held:
    """Return every city's evidence by run, as of one moment."""
    with store.reading() as connection:
        seq = connection.scalar(sa.select(sa.func.max(_RUN.seq))) or 0
        gone = _gone(connection)
        found = [_evidence(row, gone) for row in connection.execute(_left()).mappings()]
        return Held(seq, tuple(found), frozenset(_waited_for(connection, found, today)))


def names_of(store: Store, going: Collection[Part]) -> tuple[set[str], set[str]]:
    """Return the names of files that evidence which stays rests on, and those named only by what goes or went."""
    kept: set[str] = set()
    past: set[str] = set()
    with store.reading() as connection:
        gone = _gone(connection) | set(going)
        for part, name in _named(connection):
            (past if part in gone else kept).add(name)
    return kept, past - kept


@contextmanager
def undisturbed(store: Store, seq: int) -> Iterator[sa.Connection]:
    """Yield a writing transaction in which no run is under way and none can start.

    ``seq``: the last run there was when it was decided what goes. Raises ``Busy`` while a run is at work, and where
    one has come since: what it published may rest on a file that was to go.
    """
    with store.writing(lock="runs") as connection:
        working = leases.at_work(connection)
        if working:
            raise Busy(f"运行 {working[0]} 正在进行，没有清除任何内容；请等它结束后再运行 citysync purge --apply")
        if (connection.scalar(sa.select(sa.func.max(_RUN.seq))) or 0) != seq:
            raise Busy("清除期间有新的运行，余下的留到下次；请再运行一次 citysync purge --apply")
        yield connection


def mark(connection: sa.Connection, parts: Sequence[Part], days: int, now: datetime, deed: Deed) -> None:
    """Write down what goes, and its audit entry, before any file does."""
    rows = [
        {"run_seq": part.seq, "city_code": part.city_code, "kind": part.kind.value, "purged_at": now, "kept_days": days}
        for part in parts
    ]
    if rows:
        connection.execute(sa.insert(tables.purged), rows)
    record(connection, deed, now)


def purged(store: Store, city_code: str, run_id: str) -> dict[Kind, str]:
    """Return what of a city's evidence of a run was removed, each with a text for people."""
    query = (
        sa.select(_PURGED.kind, _PURGED.purged_at, _PURGED.kept_days)
        .join(tables.runs, _RUN.seq == _PURGED.run_seq)
        .where(_RUN.run_id == run_id, _PURGED.city_code == city_code)
    )
    with store.reading() as connection:
        return {Kind(kind): _told(Kind(kind), at, days) for kind, at, days in connection.execute(query)}


def refuse_purged(store: Store, city_code: str, run_id: str, kind: Kind) -> None:
    """Raise ``StorageError`` where evidence was removed by the retention: a file nobody lost."""
    told = purged(store, city_code, run_id).get(kind)
    if told is not None:
        raise StorageError(f"运行 {run_id} 的 {city_code}：{told}；结论、发现与拒收仍在台账，无法重走")


def _told(kind: Kind, at: datetime, days: int) -> str:
    return f"{_WORDS[kind]}已于 {at.astimezone(_SHANGHAI):%Y-%m-%d} 按保留 {days} 天的规定清除"


def _gone(connection: sa.Connection) -> set[Part]:
    rows = connection.execute(sa.select(_PURGED.run_seq, _PURGED.city_code, _PURGED.kind))
    return {Part(seq, code, Kind(kind)) for seq, code, kind in rows}


def _left() -> sa.Select[Any]:
    def of(table: sa.Table) -> sa.ColumnElement[bool]:
        return sa.exists().where(table.c.run_seq == _VERDICT.run_seq, table.c.city_code == _VERDICT.city_code)

    return (
        sa.select(
            _VERDICT.run_seq,
            _VERDICT.city_code,
            _VERDICT.judged_at,
            _VERDICT.certificate,
            _RUN.started_at,
            _RUN.finished_at,
            sa.and_(_VERDICT.adopted, PULLED).label("adopted"),
            sa.or_(of(tables.pages), of(tables.tapes)).label("paged"),
            of(tables.snapshots).label("snapped"),
        )
        .select_from(tables.verdicts)
        .join(tables.runs, _RUN.seq == _VERDICT.run_seq)
        .order_by(_VERDICT.city_code, _VERDICT.run_seq)
    )


def _evidence(row: sa.RowMapping, gone: set[Part]) -> Evidence:
    seq, code = int(row["run_seq"]), str(row["city_code"])
    had = {Kind.PAGES: row["paged"], Kind.SNAPSHOTS: row["snapped"]}
    has = frozenset(kind for kind, there in had.items() if there and Part(seq, code, kind) not in gone)
    moments = [row[name] for name in ("judged_at", "started_at", "finished_at") if row[name] is not None]
    proof = str((row["certificate"] or {}).get("proof"))
    whole = LOOKED_UP not in proof and MERGED not in proof
    return Evidence(seq, code, max(moments), bool(row["adopted"]), whole, has)


def _waited_for(connection: sa.Connection, found: list[Evidence], today: date) -> Iterator[tuple[int, str]]:
    """Yield the last run of a city before each approval that still holds: what the person looked at."""
    query = sa.select(_APPROVAL.city_code, _APPROVAL.after_seq).where(_APPROVAL.until >= today)
    for code, after in connection.execute(query):
        seen = [each.seq for each in found if each.city_code == code and each.seq <= after]
        if seen:
            yield max(seen), code


def _named(connection: sa.Connection) -> Iterator[tuple[Part, str]]:
    for table in (tables.pages, tables.tapes):
        query = sa.select(table.c.run_seq, table.c.city_code, table.c.sha256)
        for seq, code, sha256 in connection.execute(query.execution_options(yield_per=_AT_ONCE)):
            yield Part(seq, code, Kind.PAGES), page_name(sha256)
    query = sa.select(*(tables.snapshots.c[name] for name in ("run_seq", "city_code", "path")))
    for seq, code, path in connection.execute(query.execution_options(yield_per=_AT_ONCE)):
        yield from ((Part(seq, code, Kind.SNAPSHOTS), name) for name in files_of(str(path)))
