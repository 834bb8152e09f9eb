"""The retention at work on a real ledger and folder: shown first, audited, safe from runs and from being killed."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
import sqlalchemy as sa

from citysync.cli.main import run as citysync
from citysync.config.settings import Settings
from citysync.domain.clean import CLEAN, Clean
from citysync.domain.errors import ConfigError, StorageError
from citysync.domain.retention import GUARD_RUNS, Kind, Part
from citysync.domain.run import Run, Trigger
from citysync.storage import audit, clean_rows, evidence, purges, reading, tables
from citysync.storage.leases import Busy
from citysync.storage.runs import cancel_run, start_run
from citysync.storage.schema import NoLedger, open_store
from flows.explain.answer import explain
from flows.explain.words import lines
from flows.purge import carry_out, decide, purge
from flows.receipts import receipts_of
from flows.replay import replay
from tests.faults.breaking import Breaker, broken
from tests.faults.world import FIRST, World, a_plain_world, copied

CITY = "442000"
NIGHTS = GUARD_RUNS + 2
AFTER = FIRST + timedelta(days=NIGHTS - 1, hours=12)  # what the machine's own clock says is "now" to every test
OLD = NIGHTS - GUARD_RUNS - 1  # nights of changes that go; the whole one before them stays as long as any rests on it
KEPT = 2  # days: the last two nights are young


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Yield a city with nine nights, each of which found another directory, written long ago."""
    with a_plain_world(tmp_path_factory.mktemp("purge") / "world", cities=(CITY,)) as world:
        for _ in range(NIGHTS):
            world.put(CITY)
            world.night()
        weeks_ago = time.time() - 40 * 86_400
        for path in (world.folder / "data").rglob("*"):
            if path.parent.parent.name in {"pages", "snapshots"}:
                os.utime(path, (weeks_ago, weeks_ago))
        yield world


@pytest.fixture
def world(past: World, tmp_path: Path) -> World:
    copy = copied(past, tmp_path / "copy")
    copy.put(CITY)
    return copy


def kept_for(world: World, days: int = KEPT) -> Settings:
    return world.settings.model_copy(update={"retention_days": days})


def runs(world: World) -> list[str]:
    """Return the runs, oldest first."""
    with open_store(world.settings.database, write=False) as store:
        return [row["run_id"] for row in reversed(reading.runs(store))]


def left(world: World) -> tuple[set[str], set[Part]]:
    """Return the files that lie there, and what the ledger says was purged."""
    with open_store(world.settings.database, write=False) as store, store.reading() as connection:
        rows = connection.execute(sa.select(*(tables.purged.c[name] for name in ("run_seq", "city_code", "kind"))))
        marked = {Part(seq, code, Kind(kind)) for seq, code, kind in rows}
    return set(evidence.files_in(world.settings.data_dir)), marked


def named_and_gone(world: World) -> set[str]:
    """Return files that rows name without saying they were purged, and that are not there."""
    with open_store(world.settings.database, write=False) as store:
        kept, _ = purges.names_of(store, ())
    return kept - set(evidence.files_in(world.settings.data_dir))


def test_by_default_it_is_only_shown_what_would_go(world: World) -> None:
    before = left(world)
    found = purge(kept_for(world), AFTER, apply=False)
    assert left(world) == before
    assert not found.applied
    assert len(found.files.going[Kind.SNAPSHOTS]) == OLD, "the first night's is whole: all later ones rest on it"
    assert len(found.files.going[Kind.PAGES]) >= NIGHTS - KEPT, "at least each night's tape"
    assert purge(kept_for(world, 90), AFTER, apply=False).files.count == 0


def test_what_is_purged_says_so_and_what_stays_is_replayed(world: World) -> None:
    settings, first, last = kept_for(world), runs(world)[0], runs(world)[-1]
    assert purge(settings, AFTER, apply=True).applied
    assert named_and_gone(world) == set()
    assert purge(settings, AFTER, apply=True).files.count == 0
    with pytest.raises(StorageError, match=r"原始页已于 2026-\d\d-\d\d 按保留 2 天的规定清除；结论、发现"):
        replay(settings, CITY, first)
    for run_id in runs(world)[-KEPT:]:
        assert replay(settings, CITY, run_id).same
    document = explain(settings, CITY, run_id=first)
    assert len(document["evidence"]["purged"]) == 2
    assert any("快照已于" in line for line in lines(document))
    assert "无从查看" in explain(settings, CITY, "440106043001", run_id=first)["task"]["searched"]
    with pytest.raises(ConfigError, match="第 1 行无从查看"):
        explain(settings, CITY, row_no=1, run_id=first)
    assert explain(settings, CITY, run_id=last)["evidence"]["purged"] == []
    assert receipts_of(settings, (CITY,), run_id=first)


def test_it_is_audited_and_the_chain_holds(world: World) -> None:
    purge(kept_for(world), AFTER, apply=True)
    with open_store(world.settings.database, write=False) as store:
        entry = audit.entries(store)[0]
        assert audit.verify(store).broken == ()
    assert (entry["what"], entry["object"], entry["after"]["retention_days"]) == ("purge", "evidence", KEPT)
    assert entry["after"]["snapshots"]["files"] == OLD


def test_orphans_and_halves_go_and_what_is_not_ours_stays(world: World) -> None:
    data = world.settings.data_dir
    orphan, fresh, strange = (data / "pages" / "ff" / name for name in ("f" * 64, "e" * 64, "notes.txt"))
    (data / "pages" / "ff").mkdir(exist_ok=True)
    half = data / "unfinished" / ".tmp-00000000-1-x"
    for path in (orphan, fresh, strange, half):
        path.write_bytes(b"x")
    for path in (orphan, half):
        os.utime(path, (1, 1))
    os.utime(fresh, (AFTER.timestamp(), AFTER.timestamp()))
    found = purge(kept_for(world, 90), AFTER, apply=True)
    assert {kind: len(names) for kind, names in found.files.going.items() if names} == {
        Kind.ORPHANS: 1,
        Kind.UNFINISHED: 1,
    }
    assert [path.exists() for path in (orphan, fresh, strange, half)] == [False, True, True, False]


def test_what_is_known_of_the_rows_of_a_city_that_comes_no_more_goes(world: World) -> None:
    clean = Clean("rules", AFTER.date(), pl.DataFrame(schema=CLEAN))
    for code in ("440300", "440500"):
        clean_rows.write(world.settings.data_dir, code, clean)
    coming, gone = (world.settings.data_dir / "clean" / code / "rows.checked" for code in ("440300", "440500"))
    os.utime(coming, (AFTER.timestamp(), AFTER.timestamp()))
    os.utime(gone, (1, 1))
    purge(kept_for(world, 90), AFTER, apply=True)
    assert [path.exists() for path in (coming, gone)] == [True, False]


def a_run_begins(world: World, run_id: str) -> None:
    with open_store(world.settings.database, write=True) as store:
        run = Run(run_id, Trigger.NIGHTLY, AFTER.date(), AFTER, runs(world)[0])
        start_run(store, run, [(CITY, "中山市")])


def test_nothing_is_removed_while_a_run_is_under_way_or_once_one_has_come(world: World) -> None:
    settings, before = kept_for(world), left(world)
    with open_store(settings.database, write=True) as store:
        found = decide(store, settings, AFTER)
        a_run_begins(world, "20270101T000000-aaaaaa")
        with pytest.raises(Busy, match="正在进行，没有清除任何内容"):
            carry_out(store, settings, found, AFTER)
        cancel_run(store, "20270101T000000-aaaaaa", AFTER)
        with pytest.raises(Busy, match="有新的运行"):
            carry_out(store, settings, found, AFTER)
    assert left(world) == before
    assert purge(settings, AFTER, apply=True).applied


def test_a_purge_killed_anywhere_is_finished_by_the_next_and_no_row_lies_in_between(
    past: World, world: World, tmp_path: Path
) -> None:
    counts = _killed(world, "step", 0)
    assert counts is not None
    done = left(world)
    points = [("file", number) for number in range(1, counts["file"] + 1)]
    points += [("sql", number) for number in range(1, counts["sql"] + 1, 3)]
    for seam, number in points:
        broken_off = copied(past, tmp_path / f"{seam}-{number}")
        assert _killed(broken_off, seam, number) is None, f"{seam} {number} was not reached"
        assert named_and_gone(broken_off) == set()
        purge(kept_for(broken_off), AFTER, apply=True)
        assert left(broken_off) == done
        shutil.rmtree(broken_off.folder)
    assert counts["file"] >= NIGHTS - KEPT


def _killed(world: World, seam: str, number: int) -> dict[str, int] | None:
    """Purge in a fork that is killed at a point; return how many points there were, None if it was killed."""
    settings = kept_for(world)
    breaker = Breaker(settings.data_dir, seam, number, "kill")  # type: ignore[arg-type]
    reading_end, writing_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        with broken(breaker):
            purge(settings, AFTER, apply=True)
        os.write(writing_end, json.dumps(breaker.counts).encode())
        os._exit(0)
    os.close(writing_end)
    with os.fdopen(reading_end, "rb") as told:
        answer = told.read()
    _, status = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(status) is (answer == b"")
    return json.loads(answer) if answer else None


def test_without_a_ledger_nothing_is_made_and_nothing_goes(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    with pytest.raises(NoLedger):
        purge(settings, AFTER, apply=True)
    assert list(tmp_path.iterdir()) == []


def test_the_command_shows_a_table_or_one_document(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CITYSYNC_RETENTION_DAYS", "1")
    monkeypatch.setattr("citysync.cli.purge.now", lambda: AFTER)
    words = ["purge", "--data-dir", str(world.settings.data_dir)]
    assert citysync(words) == 0
    assert "没有删除任何内容；加 --apply 执行" in capsys.readouterr().out
    assert citysync([*words, "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["applied"], shown["retention_days"], shown["orphans_spared"]) == (False, 1, 0)
    assert set(shown["kinds"]) == {"pages", "snapshots", "orphans", "unfinished"}
    assert datetime.fromisoformat(shown["kinds"]["snapshots"]["oldest"]) < AFTER
    assert citysync([*words, "--apply"]) == 0
    assert "已清除，记入审计" in capsys.readouterr().out
