"""What is refused before anything happens: exit 2 or 3, one clear message, nothing changed."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.builders import an_item
from tests.places import MASTER_ITEM, a_folder, write_city, write_master
from tests.program import Said, citysync


def contents(folder: Path) -> dict[str, str]:
    """Return every file below a folder with its hash, SQLite's side files left out."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith(("-wal", "-shm"))
    }


def refused(said: Said, code: int, *words: str) -> None:
    assert said.code == code, said.err
    assert said.out == ""
    assert "Traceback" not in said.err
    for word in words:
        assert word in said.err


BAD_CITIES = {
    "an unknown key": ('name = "深圳市"\ncode = "440300"\nlevle = 3\n', ("440300.toml", ":3", "levle", "level")),
    "an unquoted code": ('name = "深圳市"\ncode = 440300\n', ("440300.toml", ":2", "code", "440300")),
    "an unknown connector": ('name = "深圳市"\ncode = "440300"\n#', ("440300.toml", "htp_pages", "http_pages")),
    "a missing secret": ('name = "深圳市"\ncode = "440300"\n#', ("440300.toml", "CITYSYNC_SECRET_440300")),
}
SOURCES = {
    "an unknown connector": '\n[source]\nconnector = "htp_pages"\nurl = "http://127.0.0.1:9/"\n',
    "a missing secret": (
        '\n[source]\nconnector = "http_pages"\nurl = "http://127.0.0.1:9/"\n'
        'auth = { kind = "bearer", secret = "CITYSYNC_SECRET_440300" }\n'
    ),
}


MISTYPED = {
    ("stauts",): "没有命令 stauts；您是否要写 status？可用的：",
    ("sync", "--dryrun"): "没有选项 --dryrun；您是否要写 --dry-run？",
    ("findings",): "CITY 要有值",
    ("status", "--on", "2026-13-01"): "--on 的值 2026-13-01 不对，日期要写成 2026-11-30",
    ("simulate", "--port", "x"): "--port 的值 x 不对，要写整数",
    ("figures", "--by", "x"): '--by 的值 x 不对；可用的："city", "county", "department"',
    ("explain", "440300", "a", "b"): "多出来的：'b'",
}


@pytest.mark.parametrize("typed", MISTYPED, ids=" ".join)
def test_a_mistyped_command_line_is_refused_in_chinese(tmp_path: Path, typed: tuple[str, ...]) -> None:
    refused(citysync(*typed, folder=tmp_path), 2, f"用法有误：{MISTYPED[typed]}", "；请运行 citysync --help")


@pytest.mark.parametrize("kind", BAD_CITIES)
def test_a_city_file_with_a_mistake_is_refused_before_the_network(tmp_path: Path, kind: str) -> None:
    folder = a_folder(tmp_path)
    text, words = BAD_CITIES[kind]
    source = SOURCES.get(kind, '[source]\nconnector = "file_drop"\npath = "../drop/440300.json"\n')
    (folder / "cities" / "440300.toml").write_text(text + source, encoding="utf-8")
    before = contents(folder)
    refused(citysync("sync", folder=folder), 2, *words)
    assert contents(folder) == before


NOTHING_YET = (("findings", "440300"), ("report", "site", "--out", "www"))


@pytest.mark.parametrize("verb", NOTHING_YET, ids=" ".join)
def test_before_the_first_run_a_verb_says_what_to_run_first(tmp_path: Path, verb: tuple[str, ...]) -> None:
    write_city(tmp_path, [])
    refused(citysync(*verb, folder=tmp_path), 3, "尚无台账", "citysync master import")


@pytest.mark.parametrize(
    "asked",
    [("findings", "--check", "unclaimd"), ("findings", "--severity", "bad"), ("rejects", "--rule", "value_unlistet")],
    ids=" ".join,
)
def test_a_mistyped_filter_is_refused_and_never_answered_with_nothing(tmp_path: Path, asked: tuple[str, ...]) -> None:
    verb, *options = asked
    refused(citysync(verb, "440300", *options, folder=a_folder(tmp_path)), 2, options[0], options[1])


def test_a_code_in_two_files_is_refused_naming_both(tmp_path: Path) -> None:
    folder = a_folder(tmp_path)
    twin = (folder / "cities" / "440300.toml").read_text(encoding="utf-8")
    (folder / "cities" / "440301.toml").write_text(twin, encoding="utf-8")
    refused(citysync("sync", folder=folder), 2, "440300.toml", "440301.toml")


def test_an_unknown_city_is_refused(tmp_path: Path) -> None:
    refused(citysync("sync", "440399", folder=a_folder(tmp_path)), 2, "440399")


def test_without_a_master_catalogue_no_city_is_judged_and_nothing_is_created(tmp_path: Path) -> None:
    write_city(tmp_path, [an_item()])
    before = contents(tmp_path)
    refused(citysync("sync", folder=tmp_path), 3, "基本目录", "master import")
    assert contents(tmp_path) == before


def test_a_master_not_yet_in_force_judges_no_city(tmp_path: Path) -> None:
    write_city(tmp_path, [an_item()])
    master = write_master(tmp_path, [MASTER_ITEM])
    assert citysync("master", "import", master, "--effective", "2099-12-01", folder=tmp_path).code == 0
    refused(citysync("sync", "--business-date", "2099-11-30", folder=tmp_path), 3, "2099-11-30")


BAD_MASTERS = {
    "empty": ([], ("没有",)),
    "contradictory": ([MASTER_ITEM, {**MASTER_ITEM, "task_name": "另一名称"}], ("440106043001",)),
    "without a name": ([{**MASTER_ITEM, "task_name": ""}], ("事项名称",)),
    "of an unlisted type": ([{**MASTER_ITEM, "task_type": "21"}], ("21",)),
}


@pytest.mark.parametrize("kind", BAD_MASTERS)
def test_a_bad_master_catalogue_is_refused_and_the_old_one_stays(tmp_path: Path, kind: str) -> None:
    folder = a_folder(tmp_path)
    items, words = BAD_MASTERS[kind]
    bad = write_master(folder, items, "bad.json")
    refused(citysync("master", "import", bad, folder=folder), 3, *words)
    assert citysync("sync", folder=folder).code == 0
    assert len(citysync("master", "list", "--json", folder=folder).json()["versions"]) == 1


def test_a_shrunk_master_catalogue_needs_a_reason(tmp_path: Path) -> None:
    write_city(tmp_path, [an_item()])
    ten = [{**MASTER_ITEM, "catalog_code": f"44010604300{number}"} for number in range(10)]
    assert citysync("master", "import", write_master(tmp_path, ten), folder=tmp_path).code == 0
    eight = write_master(tmp_path, ten[:8], "eight.json")
    refused(citysync("master", "import", eight, folder=tmp_path), 3, "--accept-shrink")
    refused(citysync("master", "import", eight, "--accept-shrink", folder=tmp_path), 2, "--reason")
    accepted = citysync("master", "import", eight, "--accept-shrink", "--reason", "机构改革", folder=tmp_path)
    assert accepted.code == 0


def test_an_unreadable_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    folder = a_folder(tmp_path)
    ledger = folder / "data" / "citysync.sqlite3"
    ledger.write_bytes(b"not a database at all, but somebody's file" * 100)
    before = contents(folder)
    refused(citysync("sync", folder=folder), 3, "citysync.sqlite3")
    assert contents(folder) == before


@pytest.mark.parametrize("words", [("sync", "--bogus"), ("findings",), ("nonsense",), ("sync", "--business-date", "x")])
def test_wrong_usage_is_exit_code_2(tmp_path: Path, words: tuple[str, ...]) -> None:
    refused(citysync(*words, folder=tmp_path), 2)
