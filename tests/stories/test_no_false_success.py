"""No false success: at every point of failure state, exit code, table, JSON, artifact and Prefect state agree.

One night of many cities, each failing in its own way beside two that do not; then runs that our own side ends.
"""

from __future__ import annotations

import io
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from citysync.cli import main
from citysync.cli.exits import exit_code
from citysync.cli.render import print_night
from citysync.cli.results import published
from citysync.config.settings import Settings
from citysync.domain.errors import CitySyncError, ConfigError, StorageError
from citysync.domain.run import Trigger
from citysync.domain.verdict import FLAGGED, STATE_LABELS, State, Verdict
from citysync.reports.document import document
from citysync.storage import reading
from citysync.storage.past import adopted_snapshots
from citysync.storage.schema import open_store
from flows.artifacts import city_page, night_rows
from flows.crew import Crew, Job, Lost, crew_of
from flows.master_import import Import, import_master
from flows.night import Asked, Night, begin, closing_well
from flows.province import _ending
from flows.walking import walk_all
from tests.builders import an_item
from tests.connectors.site import Asked as Request
from tests.connectors.site import Sent, sends, site
from tests.doctor.ours import closed_port
from tests.golden import agreed
from tests.places import MASTER_ITEM, write_city, write_master

Broken = Lost | CitySyncError


def page(*items: Mapping[str, Any], total: int | None = None) -> Sent:
    return sends({"code": 200, "data": {"list": list(items), "total": len(items) if total is None else total}})


@dataclass(frozen=True)
class Case:
    """One city: how it fails, and the state it must be given. ``lost``: how its child is lost instead."""

    name: str
    state: State
    sent: Sent | None = None
    url: str | None = None
    source: str | None = None
    more: str = ""
    lost: Broken | None = None


GOOD = page(an_item())
UNSYNCED, HELD, UNKNOWN = State.NOT_SYNCED, State.HELD, State.UNKNOWN
CASES = (
    Case("in order", State.IN_SYNC, GOOD),
    Case("out of sync", State.OUT_OF_SYNC, page(an_item(limit_scene_num="9"))),
    Case("no such name", UNSYNCED, url="http://no-such-host.invalid/items"),
    Case("refused", UNSYNCED, url="http://127.0.0.1:{closed}/items"),
    Case("plain port", UNSYNCED, GOOD, url="https://127.0.0.1:{port}/{code}"),
    Case("wrong token", UNSYNCED, Sent(status=401)),
    Case("server error", UNSYNCED, Sent(status=500)),
    Case("gone", UNSYNCED, Sent(status=404)),
    Case("redirect", UNSYNCED, Sent(status=302, headers={"Location": "http://10.0.0.1/"})),
    Case("no content", UNSYNCED, Sent(status=204)),
    Case("empty body", UNSYNCED, Sent(b"")),
    Case("login page", UNSYNCED, Sent(b"<html><title>login</title></html>")),
    Case("error envelope", UNSYNCED, sends({"code": 500, "msg": "库忙"})),
    Case("rows under another name", UNSYNCED, sends({"code": 200, "data": {"rows": [an_item()], "total": 1}})),
    Case("cut JSON", UNSYNCED, Sent(GOOD.body[:-30])),
    Case("cut body", UNSYNCED, Sent(GOOD.body, length=len(GOOD.body) + 100)),
    Case("bytes in no encoding", UNSYNCED, Sent(b'{"code": 200, "data": "\xff\xff"}')),
    Case("wrong total", UNSYNCED, page(an_item(), total=7)),
    Case("no rows", HELD, page()),
    Case("fewer than agreed", HELD, GOOD, more="[expect]\nmin_items = 5\n"),
    Case("no code column", UNSYNCED, page({"task_name": "办证", "task_type": "01"})),
    Case("too many rejected", UNSYNCED, page(an_item(), an_item(task_code="001"))),
    Case("no file", UNSYNCED, source='connector = "file_drop"\npath = "nowhere.csv"\n'),
    Case("no database", UNSYNCED, source='connector = "sql_table"\nurl = "sqlite:///no.db"\ntables = ["t"]\n'),
    Case("child crashed", UNKNOWN, GOOD, lost=Lost("crashed", "处理进程意外结束（信号 11）")),
    Case("child hung", UNKNOWN, GOOD, lost=Lost("hung", "处理超出时间预算，已终止处理进程")),
    Case("child out of memory", UNKNOWN, GOOD, lost=CitySyncError("内存超出上限（4096 MiB）")),
    Case("bug in the child", UNKNOWN, GOOD, lost=CitySyncError("程序错误 KeyError（line.py 第 1 行）")),
    Case("secret unusable", UNKNOWN, GOOD, lost=ConfigError("密钥 X 含有换行")),
)
CODES = {case.name: f"44{number:04d}" for number, case in enumerate(CASES, start=1)}


class Losing(Crew):
    """A crew that loses some cities' children; the others' are real."""

    def __init__(self, crew: Crew) -> None:
        self._crew = crew

    def ask(self, job: Job, step: Callable[[str], None]) -> Verdict | Exception | Lost:
        lost = next((case.lost for case in CASES if CODES[case.name] == job.city.code), None)
        return lost if lost is not None else self._crew.ask(job, step)


def now() -> datetime:
    return datetime.now(UTC)


def write(folder: Path, case: Case, port: int, shut: int) -> None:
    code = CODES[case.name]
    url = (case.url or "http://127.0.0.1:{port}/{code}").format(port=port, code=code, closed=shut)
    http = f'connector = "http_pages"\nurl = "{url}"\nitems = "data.list"\ntotal = "data.total"\n'
    text = f'name = "{case.name}"\ncode = "{code}"\ncounties = []\nlevel = 3\n[source]\nbudget_seconds = 3\n'
    (folder / "cities" / f"{code}.toml").write_text(
        text + (case.source or http + 'ok = { path = "code", equals = "200" }\n') + case.more, encoding="utf-8"
    )


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> tuple[Night, Settings]:
    folder = tmp_path_factory.mktemp("night")
    (folder / "cities").mkdir()
    settings = Settings(data_dir=folder / "data", cities_dir=folder / "cities")
    import_master(Import(write_master(folder, [MASTER_ITEM])), settings, now())
    by_code = {CODES[case.name]: case for case in CASES}

    def answer(request: Request) -> Sent:
        code = request.path.strip("/")
        sent = by_code[code].sent or Sent(status=500)
        return replace(sent, body=sent.body.replace(b"440300", code.encode()))  # each city sends rows of its own

    with site(answer) as running:
        port, shut = int(running.url.rpartition(":")[2]), closed_port()
        for case in CASES:
            write(folder, case, port, shut)
        with crew_of(2) as crew:
            made = begin(Asked(Trigger.ON_DEMAND), settings, now())
            with closing_well(made, now):
                walk_all(made, Losing(crew), lambda _code, _text: None, now, 2)
    return made, settings


def alone(night: Night, code: str) -> Any:
    """Return the night as it would be had only this city been asked."""
    return SimpleNamespace(run=night.run, cities={code: night.cities[code]}, verdicts={code: night.verdicts[code]})


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_account_of_a_failure_agrees(case: Case, night: tuple[Night, Settings]) -> None:
    made, settings = night
    code = CODES[case.name]
    result = published(settings, made.run.run_id)
    row = next(row for row in document(result.run, result.verdicts)["cities"] if row["code"] == code)
    assert (row["state"], made.verdicts[code].state) == (case.state, case.state)
    # The exit code follows the state alone.
    wanted = 1 if case.state in FLAGGED else 3 if case.state is State.UNKNOWN else 0
    assert exit_code([row]) == wanted
    # Table and artifacts say the same word.
    label = STATE_LABELS[case.state]
    out = io.StringIO()
    only = [each for each in result.verdicts if each["code"] == code]
    print_night(Console(file=out, width=400), document(result.run, only))
    assert label in out.getvalue()
    assert f"同步 {int(case.state is State.IN_SYNC)}/1" in out.getvalue()
    assert night_rows(alone(made, code))[0]["状态"] == label
    assert label in city_page(made, made.verdicts[code])
    # Prefect's state: Failed is ours, Flagged is theirs.
    ending = _ending(alone(made, code), [])
    assert ending.is_failed() is (wanted == 3)
    assert (ending.name == "Flagged") is (wanted == 1)
    # Nothing received, or nothing said about why, is never a success.
    if row["counts"]["received"] == 0 or case.state is not State.IN_SYNC:
        assert case.state not in {State.IN_SYNC, State.LAGGING}
        assert row["reasons"]


@pytest.mark.parametrize("width", [80, 110])
def test_on_a_narrow_screen_no_reason_is_cut_off(night: tuple[Night, Settings], width: int) -> None:
    made, settings = night
    result = published(settings, made.run.run_id)
    told = document(result.run, result.verdicts)
    out = io.StringIO()
    print_night(Console(file=out, width=width), told)
    shown = "".join(out.getvalue().split())
    firsts = [city["reasons"][0]["text"] for city in told["cities"] if city["reasons"]]
    assert firsts
    assert [text for text in firsts if "".join(text.split()) not in shown] == []


def test_the_night_as_a_whole_is_the_worst_of_its_cities(night: tuple[Night, Settings]) -> None:
    made, settings = night
    result = published(settings, made.run.run_id)
    whole = document(result.run, result.verdicts)
    assert whole["summary"]["cities"] == len(CASES)
    assert whole["summary"]["in_sync"] == 1
    assert exit_code(whole["cities"]) == 3
    with open_store(settings.database, write=False) as store:
        run = reading.run_of(store, made.run.run_id)
        adopted = adopted_snapshots(store, CODES["wrong total"])
    assert run is not None
    assert (run["status"], run["published"]) == ("finished", len(CASES))
    assert adopted == []


def a_province(folder: Path) -> Path:
    """Make a folder with one city in order and a master catalogue, in this process."""
    write_city(folder, [an_item()])
    settings = Settings(data_dir=folder / "data", cities_dir=folder / "cities")
    import_master(Import(write_master(folder, [MASTER_ITEM])), settings, now())
    return folder


def wrong_key(folder: Path) -> list[str]:
    write_city(a_province(folder), [an_item()], more="colour = 1\n")
    return ["sync", "--json"]


def no_secret(folder: Path) -> list[str]:
    source = '[source]\nconnector = "http_pages"\nurl = "http://10.0.0.1/"\n'
    auth = 'auth = { kind = "bearer", secret = "CITYSYNC_SECRET_NOT_THERE" }\n'
    path = write_city(a_province(folder), [])
    path.write_text(f'name = "深圳市"\ncode = "440300"\n{source}{auth}', encoding="utf-8")
    return ["sync", "--json"]


def nobody_enabled(folder: Path) -> list[str]:
    path = write_city(a_province(folder), [an_item()])
    path.write_text("enabled = false\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    return ["sync", "--json"]


def stranger(folder: Path) -> list[str]:
    a_province(folder)
    return ["sync", "449999", "--json"]


def no_master(folder: Path) -> list[str]:
    write_city(folder, [an_item()])
    return ["sync", "--json"]


def shrunk_master(folder: Path) -> list[str]:
    items = [{**MASTER_ITEM, "catalog_code": f"4401060430{number:02d}"} for number in range(10)]
    settings = Settings(data_dir=folder / "data", cities_dir=folder / "cities")
    import_master(Import(write_master(folder, items)), settings, now())
    return ["master", "import", str(write_master(folder, [MASTER_ITEM], "less.json"))]


def damaged_ledger(folder: Path) -> list[str]:
    (a_province(folder) / "data" / "citysync.sqlite3").write_bytes(b"no database at all" * 100)
    for left in (folder / "data").glob("citysync.sqlite3-*"):
        left.unlink()
    return ["sync", "--json"]


def newer_ledger(folder: Path) -> list[str]:
    with closing(sqlite3.connect(a_province(folder) / "data" / "citysync.sqlite3")) as ledger:
        ledger.execute("UPDATE citysync_schema SET version_num = '9999'")
        ledger.commit()
    return ["sync", "--json"]


def no_data_folder(folder: Path) -> list[str]:
    write_city(folder, [an_item()])
    (folder / "data").write_text("a file")
    return ["sync", "--json"]


def receipts_in_the_way(folder: Path) -> list[str]:
    (folder / "out").write_text("a file")
    a_province(folder)
    return ["receipt", "--out", str(folder / "out")]


RUNS: dict[Callable[[Path], list[str]], tuple[int, ...]] = {
    wrong_key: (2,),
    no_secret: (2,),
    nobody_enabled: (2,),
    stranger: (2,),
    no_master: (3,),
    shrunk_master: (3,),
    damaged_ledger: (3,),
    newer_ledger: (3,),
    no_data_folder: (3,),
    receipts_in_the_way: (2, 3),
}


@pytest.mark.parametrize("arrange", RUNS, ids=lambda arrange: arrange.__name__)
def test_a_run_our_own_side_ends_says_so_and_prints_no_result(
    arrange: Callable[[Path], list[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = arrange(tmp_path)
    places = ["--data-dir", str(tmp_path / "data"), "--cities-dir", str(tmp_path / "cities")]
    assert main.run([*words, *places]) in RUNS[arrange]
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.strip()
    assert "Traceback" not in said.err


def test_a_disk_that_fills_up_in_mid_run_fails_the_run(tmp_path: Path) -> None:
    folder = a_province(tmp_path)
    settings = Settings(data_dir=folder / "data", cities_dir=folder / "cities")
    full = SimpleNamespace(ask=lambda _job, _step: StorageError("台账未写入：磁盘空间不足"))
    night = begin(Asked(Trigger.ON_DEMAND), settings, now())
    with pytest.raises(StorageError), closing_well(night, now):
        walk_all(night, full, lambda _code, _text: None, now, 1)
    with open_store(settings.database, write=False) as store:
        run = reading.run_of(store, night.run.run_id)
        assert reading.latest_verdicts(store) == []
    assert run is not None
    assert run["status"] == "failed"
    assert "磁盘空间不足" in run["error"]


def test_a_task_that_prefect_lost_fails_the_flow(night: tuple[Night, Settings]) -> None:
    ending = _ending(alone(night[0], CODES["in order"]), ["Task run crashed"])
    assert ending.is_failed()
    assert "未完成" in str(ending.message)


# Their texts depend on how many attempts a busy machine had time for.
RETRIED = frozenset({"no such name", "refused", "server error", "cut body", "plain port"})


def test_every_failure_is_told_as_agreed(night: tuple[Night, Settings]) -> None:
    told = (
        f"{case.name} | {reason.code} | {reason.fault.value} | {reason.text}"
        for case in CASES
        if case.name not in RETRIED
        for reason in night[0].verdicts[CODES[case.name]].reasons
    )
    said, golden = agreed("reasons", told)
    assert said == golden


def test_a_failure_names_the_city_what_follows_and_a_next_step(night: tuple[Night, Settings]) -> None:
    made, _ = night
    for case in CASES:
        verdict = made.verdicts[CODES[case.name]]
        if verdict.state in {State.NOT_SYNCED, State.HELD, State.UNKNOWN}:
            text = verdict.reasons[0].text
            assert f"{case.name}（{CODES[case.name]}）" in text
            assert "今日未对账" in text
            assert "请" in text
