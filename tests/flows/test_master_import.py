"""The master catalogue comes from the same kinds of source as a city's directory."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from tests.builders import an_item
from tests.places import MASTER_ITEM, write_city, write_master
from tests.program import citysync


def a_description(folder: Path, source: str, more: str = "") -> Path:
    path = folder / "master.toml"
    path.write_text(f"[source]\n{source}\n{more}", encoding="utf-8")
    return path


def test_a_master_catalogue_can_come_from_a_front_end_database(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "front.sqlite") as database:
        database.execute("create table up_task_directory (catalog_code text, MC text, LX text, use_level text)")
        database.execute("insert into up_task_directory values ('440106043001', '公共场所卫生许可', '许可', '3')")
    database.close()
    source = f'connector = "sql_table"\nurl = "sqlite:///{tmp_path}/front.sqlite"\ntables = ["up_task_directory"]'
    more = '[fields]\ntask_name = "MC"\ntask_type = "LX"\n[values.task_type]\n"许可" = "01"\n'
    write_city(tmp_path, [an_item()])
    said = citysync("master", "import", a_description(tmp_path, source, more), folder=tmp_path)
    assert said.code == 0, said.err
    assert citysync("sync", folder=tmp_path).code == 0


@pytest.mark.parametrize(
    ("source", "code", "word"),
    [
        ('connector = "sql_tabel"', 2, "sql_table"),
        ('connector = "file_drop"\npath = "nowhere.json"', 3, "nowhere.json"),
        ('connector = "file_drop"\npaht = "x.json"', 2, "paht"),
        ("connector = ", 2, "TOML"),
    ],
)
def test_a_wrong_description_of_the_masters_source_is_refused(
    tmp_path: Path, source: str, code: int, word: str
) -> None:
    said = citysync("master", "import", a_description(tmp_path, source), folder=tmp_path)
    assert (said.code, said.out) == (code, "")
    assert word in said.err


def test_a_second_version_starts_a_grace_for_the_codes_it_changed(tmp_path: Path) -> None:
    write_city(tmp_path, [an_item()])
    first = write_master(tmp_path, [MASTER_ITEM])
    assert citysync("master", "import", first, "--effective", "2026-11-02", folder=tmp_path).code == 0
    second = write_master(tmp_path, [{**MASTER_ITEM, "task_name": "公共场所卫生许可（新）"}], "second.json")
    assert citysync("master", "import", second, "--effective", "2026-11-20", folder=tmp_path).code == 0
    states = {
        day: citysync("sync", "--json", "--business-date", day, folder=tmp_path).json()["cities"][0]["state"]
        for day in ("2026-11-19", "2026-11-27", "2026-11-28")
    }
    assert states == {"2026-11-19": "in_sync", "2026-11-27": "lagging", "2026-11-28": "out_of_sync"}


def test_a_master_in_gb18030_with_chinese_headings_is_read(tmp_path: Path) -> None:
    text = "基本编码,事项名称,事项类型,行使层级\n440106043001,公共场所卫生许可,01,3\n"
    (tmp_path / "目录.csv").write_bytes(text.encode("gb18030"))
    said = citysync("master", "import", "目录.csv", "--json", folder=tmp_path)
    assert said.code == 0, said.err
    assert json.loads(said.out)["items"] == 1
