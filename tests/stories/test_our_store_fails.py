"""A run whose ledger, disk or folder takes nothing: exit 3 (2 where it is a word of ours), no result, a clear text.

Nothing half stands under a final name, what was judged before stays, and people on duty hear of it without the ledger.
"""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from citysync.cli import main
from citysync.cli.exits import exit_code
from citysync.cli.results import published
from citysync.config.settings import Settings
from citysync.domain.errors import StorageError
from citysync.domain.run import Run, Trigger
from citysync.domain.verdict import State
from citysync.reports.document import document
from citysync.storage import ledger, pages, reading, schema
from citysync.storage.kept import read_snapshot
from citysync.storage.schema import open_store
from flows.artifacts import night_rows
from flows.master_import import Import, import_master
from flows.night import Asked, Night, begin, closing_well
from flows.outcry import cry_out
from flows.walking import walk_all
from tests.builders import an_item
from tests.connectors.site import Sent, Site, sends, site
from tests.inline import Answer, Inline, inline
from tests.places import MASTER_ITEM, write_city, write_master
from tests.program import PROGRAM
from tests.storage.cast import a_city_run

LEDGER = "citysync.sqlite3"
Arrange = Callable[[Path, pytest.MonkeyPatch], list[str]]


def now() -> datetime:
    return datetime.now(UTC)


def settings_of(folder: Path) -> Settings:
    return Settings(data_dir=folder / "data", cities_dir=folder / "cities")


def a_province(folder: Path, *rows: dict[str, str | None]) -> Settings:
    """Make a folder with one city and a master catalogue, in this process."""
    write_city(folder, rows or [an_item()])
    import_master(Import(write_master(folder, [MASTER_ITEM])), settings_of(folder), now())
    return settings_of(folder)


@contextmanager
def another_run(settings: Settings) -> Iterator[Run]:
    """Let a living run be at work on the city."""
    with open_store(settings.database, write=True) as store:
        run = Run(ledger.new_run_id(now()), Trigger.NIGHTLY, now().date(), now(), "x")
        version = reading.first_master_version(store, by=now().date())
        run = replace(run, master_version=str(version))
        ledger.start_run(store, run, [("440300", "深圳市")])
        yield run


def somebody_elses_tables(folder: Path, _: pytest.MonkeyPatch) -> list[str]:
    settings = a_province(folder)
    (settings.data_dir / LEDGER).unlink()
    with closing(sqlite3.connect(settings.data_dir / LEDGER)) as other:
        other.execute("CREATE TABLE flow_run (id INTEGER)")
    return ["sync", "--json"]


def an_older_schema(folder: Path, _: pytest.MonkeyPatch) -> list[str]:
    with closing(sqlite3.connect(a_province(folder).data_dir / LEDGER)) as other:
        other.execute("UPDATE citysync_schema SET version_num = '0001'")
        other.commit()
    return ["sync", "--json"]


def no_schema(folder: Path, _: pytest.MonkeyPatch) -> list[str]:
    (a_province(folder).data_dir / LEDGER).unlink()
    return ["sync", "--json"]


def a_folder_for_a_ledger(folder: Path, _: pytest.MonkeyPatch) -> list[str]:
    (a_province(folder).data_dir / LEDGER).unlink()
    (folder / "data" / LEDGER).mkdir()
    return ["sync", "--json"]


def locked_by_somebody(folder: Path, patch: pytest.MonkeyPatch) -> list[str]:
    settings = a_province(folder)
    patch.setitem(schema.open_store.__kwdefaults__ or {}, "busy_seconds", 0.05)
    other = sqlite3.connect(settings.data_dir / LEDGER, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    patch.setattr(sqlite3, "kept_for_the_test", other, raising=False)
    return ["sync", "--json"]


RUNS: dict[Arrange, tuple[int, str]] = {
    somebody_elses_tables: (3, "已有别的表（flow_run）"),
    an_older_schema: (3, "版本是 0001，本程序需要"),
    no_schema: (3, "请先运行 citysync master import"),
    a_folder_for_a_ledger: (3, "打不开；请检查所在文件夹"),
    locked_by_somebody: (3, "正被另一个进程占用，等了 0.05 秒"),
}


def told(words: list[str], folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    places = ["--data-dir", str(folder / "data"), "--cities-dir", str(folder / "cities")]
    code = main.run([*words, *places])
    said = capsys.readouterr()
    return code, said.out, said.err


@pytest.fixture(autouse=True)
def without_children(monkeypatch: pytest.MonkeyPatch) -> None:
    """Walk in this process: children cost seconds and none is asked here."""
    monkeypatch.setattr("flows.crew.crew_of", lambda _size: inline())


@pytest.mark.parametrize("arrange", RUNS, ids=lambda arrange: arrange.__name__)
def test_a_ledger_that_cannot_be_used_ends_the_run_with_exit_3_and_no_result(
    arrange: Arrange, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = told(arrange(tmp_path, monkeypatch), tmp_path, capsys)
    if other := getattr(sqlite3, "kept_for_the_test", None):
        other.close()
    assert (code, out) == (RUNS[arrange][0], "")
    assert RUNS[arrange][1] in err
    assert "请" in err
    assert "Traceback" not in err


_AS_NOBODY = """
import os, sys
from citysync.cli import main
import flows.crew, tests.inline
flows.crew.crew_of = lambda _size: tests.inline.inline()
def sync(folder):
    return main.run(["sync", "--json", "--data-dir", folder + "/data", "--cities-dir", folder + "/cities"])
whole = sync(sys.argv[1])  # so that nothing is left to import
if os.geteuid() == 0:  # root may write anywhere
    os.setgroups([]), os.setgid(65534), os.setuid(65534)
sys.stdout.flush()
sys.exit(whole or sync(sys.argv[2]))
"""


def test_a_ledger_that_is_read_only_ends_the_run_with_exit_3(tmp_path: Path) -> None:
    for name in ("first", "closed"):
        (tmp_path / name).mkdir()
        a_province(tmp_path / name)
    (tmp_path / "closed" / "data" / LEDGER).chmod(0o444)
    for folder in (tmp_path, *tmp_path.parents[:3]):
        folder.chmod(folder.stat().st_mode | 0o055)
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", _AS_NOBODY, str(tmp_path / "first"), str(tmp_path / "closed")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3, done.stderr
    assert json.loads(done.stdout)["summary"]["in_sync"] == 1, "the first one's, and nothing more"
    assert "只读，写不进去；请检查文件" in done.stderr


def test_who_would_not_wait_for_another_run_is_told_whose_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = a_province(tmp_path)
    with another_run(settings) as run:
        code, out, err = told(["sync", "--json", "--no-wait"], tmp_path, capsys)
    assert (code, out) == (3, "")
    assert f"深圳市 正在由 run {run.run_id} 处理" in err


@pytest.mark.parametrize(("state", "exit_due"), [(State.IN_SYNC, 0), (State.OUT_OF_SYNC, 1), (State.NOT_SYNCED, 1)])
def test_who_waits_for_another_run_shows_what_that_run_found(state: State, exit_due: int, tmp_path: Path) -> None:
    settings = a_province(tmp_path)
    with another_run(settings) as run:
        night = begin(Asked(Trigger.ON_DEMAND), settings, now())
        assert night.busy == {"440300": run.run_id}

        def publish_when_waited_for(_: str, line: str) -> None:
            if "正在由" in line:
                result = a_city_run(run, state=state, received=1 if state is not State.NOT_SYNCED else 0)
                ledger.publish(night.store, run, result, settings.data_dir)
                ledger.finish_run(night.store, run.run_id, now())

        with inline() as crew, closing_well(night, now):
            walk_all(night, crew, publish_when_waited_for, now, 1)
    result = published(settings, night.run.run_id)
    (row,) = document(result.run, result.verdicts)["cities"]
    assert (row["state"], night.verdicts["440300"].state) == (state.value, state)
    assert night.verdicts["440300"].run_id == run.run_id
    assert exit_code([row]) == exit_due
    assert crew.urls == set()
    assert night_rows(night)[0]["名称"] == "深圳市"


def test_a_receipt_that_cannot_be_written_is_told_and_the_result_stays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = a_province(tmp_path, an_item(limit_scene_num="9"))
    assert told(["sync"], tmp_path, capsys)[0] == 1
    before = told(["status", "--json"], tmp_path, capsys)
    (tmp_path / "out").write_text("a file where the folder was", encoding="utf-8")
    code, out, err = told(["receipt", "440300", "--out", str(tmp_path / "out")], tmp_path, capsys)
    assert (code, out) == (3, "")
    assert str(tmp_path / "out") in err
    assert "检查磁盘空间和文件夹权限后重试" in err
    assert told(["status", "--json"], tmp_path, capsys) == before
    assert (tmp_path / "out").read_text(encoding="utf-8") == "a file where the folder was"
    (tmp_path / "out").unlink()
    assert told(["receipt", "440300", "--out", str(tmp_path / "out")], tmp_path, capsys)[0] == 0
    assert settings.data_dir.is_dir()


CHANNELS = '[[channel]]\nname = "duty"\nkind = "webhook"\nowner = "王工"\nurl = "{url}"\nroles = ["duty", "digest"]\n'


@contextmanager
def somebody_on_duty(folder: Path) -> Iterator[Site]:
    """Run the webhook of the people on duty, and name it in the channel file."""
    with site(lambda _: sends({"ok": True})) as running:
        (folder / "cities" / "_channels.toml").write_text(CHANNELS.format(url=running.url), encoding="utf-8")
        yield running


class Full(Inline):
    """The disk is full from the moment a city is walked: neither the city nor the end of the run can be written."""

    def __init__(self, night: list[Night]) -> None:
        super().__init__()
        self._night = night

    def ask(self, *_: Any) -> Answer:
        self._night[0].store.engine.dispose()
        data = self._night[0].settings.data_dir
        data.rename(data.with_name("away"))
        data.write_text("no folder", encoding="utf-8")
        return StorageError("台账未写入：磁盘空间不足（剩余 0 MB）；请清理磁盘后重试")


def test_people_on_duty_hear_of_a_ledger_that_takes_nothing_without_it(tmp_path: Path) -> None:
    settings = a_province(tmp_path)
    nights: list[Night] = []
    night = begin(Asked(Trigger.ON_DEMAND), settings, now())
    nights.append(night)
    with pytest.raises(StorageError) as caught, closing_well(night, now):
        walk_all(night, Full(nights), lambda _code, _text: None, now, 1)
    assert "磁盘空间不足" in str(night.unheard)
    with somebody_on_duty(tmp_path) as duty:
        assert cry_out(settings, caught.value, now()) == []
        (asked,) = duty.asked
    assert "磁盘空间不足（剩余 0 MB）" in json.dumps(asked.json, ensure_ascii=False)


def test_a_deaf_channel_of_last_resort_is_told(tmp_path: Path) -> None:
    settings = a_province(tmp_path)
    with somebody_on_duty(tmp_path) as duty:
        duty.answer = lambda _: Sent(status=500)
        (untold,) = cry_out(settings, StorageError("磁盘空间不足"), now())
    assert "告警未送达：duty：" in untold


FULL = re.compile(r"磁盘空间不足（剩余 \d MB）；请清理磁盘")


def mounted(folder: Path) -> str:
    """Return the words that mount 2 MB of disk as the data folder and run what follows, in a namespace of its own."""
    return f'mount -t tmpfs -o size=2m full "{folder}/data" && cp -a "{folder}/kept/." "{folder}/data/"'


def may_mount() -> bool:
    if shutil.which("unshare") is None:
        return False
    tried = ["unshare", "-rm", "sh", "-c", "mount -t tmpfs -o size=1m full /mnt"]
    return subprocess.run(tried, capture_output=True, check=False).returncode == 0  # noqa: S603 - our own words


def environment(folder: Path) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("CITYSYNC_", "PREFECT_"))}
    return {**inherited, "CITYSYNC_DATA_DIR": f"{folder}/data", "CITYSYNC_CITIES_DIR": f"{folder}/cities"}


def test_a_whole_run_on_a_full_disk_leaves_nothing_half_and_is_heard_of(tmp_path: Path) -> None:
    if not may_mount():
        pytest.skip("no small file system can be mounted here; the next test limits the size of files instead")
    a_province(tmp_path, *(an_item(task_name=f"{number}", by_law=os.urandom(300_000).hex()) for number in range(6)))
    (tmp_path / "data").rename(tmp_path / "kept")
    (tmp_path / "data").mkdir()
    after = f'code=$?; df -k "{tmp_path}/data" >&2; cp -a "{tmp_path}/data" "{tmp_path}/seen"; exit $code'
    with somebody_on_duty(tmp_path) as duty:
        done = subprocess.run(  # noqa: S603 - our own program
            [str(shutil.which("unshare")), "-rm", "sh", "-c", f'{mounted(tmp_path)}; "{PROGRAM}" sync --json; {after}'],
            env=environment(tmp_path), cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        heard = [json.dumps(asked.json, ensure_ascii=False) for asked in duty.asked]
    assert (done.returncode, done.stdout) == (3, ""), done.stderr
    assert FULL.search(done.stderr), done.stderr
    nothing_half(tmp_path / "seen")
    assert any(map(FULL.search, heard)) or failed_in(tmp_path / "seen")


def test_a_whole_run_that_may_write_no_large_file_leaves_nothing_half(tmp_path: Path) -> None:
    a_province(tmp_path, an_item(by_law=os.urandom(2_000_000).hex()))
    done = subprocess.run(  # noqa: S603 - our own program
        [str(PROGRAM), "sync", "--json"],
        env=environment(tmp_path), cwd=tmp_path, capture_output=True, text=True, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2**21, 2**21)),
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (3, ""), done.stderr
    assert "超过了允许的文件大小；请检查磁盘与进程的限额" in done.stderr
    nothing_half(tmp_path / "data")
    assert failed_in(tmp_path / "data")


def nothing_half(data: Path) -> None:
    """Assert that every file under a final name is whole, the ledger too, and nothing unfinished lies about."""
    assert list(data.rglob(".tmp-*")) == []
    for page in (data / "pages").rglob("*"):
        if page.is_file():
            pages.read_page(data, page.name)
    for snapshot in (data / "snapshots").rglob("*.parquet"):
        read_snapshot(snapshot)
    with closing(sqlite3.connect(data / LEDGER)) as found:
        assert found.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert found.execute("SELECT count(*) FROM verdicts").fetchone() == (0,)


def failed_in(data: Path) -> bool:
    """Return whether the ledger has the run as failed."""
    with closing(sqlite3.connect(data / LEDGER)) as found:
        return found.execute("SELECT status FROM runs").fetchall() == [("failed",)]
