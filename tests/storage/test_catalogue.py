"""A master catalogue is imported whole or refused, and is in force by date."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest

from citysync.domain.catalogue import MASTER
from citysync.domain.errors import MasterError
from citysync.storage import reading, tables
from citysync.storage.catalogue import Imported, load_master, load_version, save_master
from citysync.storage.engine import Store
from tests.builders import NOW, a_master, a_master_item

NOV, DEC = date(2026, 11, 1), date(2026, 12, 1)


def items(count: int = 10) -> pl.DataFrame:
    return a_master(*(a_master_item(catalog_code=f"{440106043001 + number}") for number in range(count))).items


def imported(store: Store, frame: pl.DataFrame, on: date = NOV, **more: Any) -> Imported:
    given: dict[str, Any] = {"effective_on": on, "changed": (), "source": "目录.csv", "now": NOW}
    return save_master(store, frame, **{**given, **more})


def test_a_version_comes_back_as_it_went_in(store: Store) -> None:
    full = a_master_item(
        use_level=["2", "3", "4"],
        applies_to=["440300", "440305"],
        dept_name="卫生健康部门",
        parent_code="44010604300Y",
        limit_scene_num=1,
        online_handle_depth="三级",
        plan_effective_date=NOV,
        plan_cancel_date=DEC,
        task_version=2,
    )
    bare = a_master_item(catalog_code="440106043002", use_level=[], applies_to=[], by_law=None)
    frame = a_master(full, bare).items
    assert imported(store, frame).version == "2026-11-01-1"
    loaded = load_master(store, NOV)
    assert loaded.items.equals(frame)
    assert loaded.items.schema == pl.Schema(MASTER)
    assert (loaded.version, loaded.effective_on, loaded.changed) == ("2026-11-01-1", NOV, {})
    assert load_version(store, "2026-11-01-1").items.equals(frame)


def test_lists_come_back_row_by_row_whichever_rows_share_them(store: Store) -> None:
    lists: list[list[str] | None] = [["2", "3"], [], None, ["2", "3"], ["3", "2"], ["2,3"], [""], [], None, ["2"]]
    rows = [
        a_master_item(catalog_code=f"{440106043001 + place}", use_level=one, applies_to=other)
        for place, (one, other) in enumerate(zip(lists, reversed(lists), strict=True))
    ]
    frame = a_master(*rows).items
    imported(store, frame)
    assert load_master(store, NOV).items.equals(frame)
    assert load_master(store, NOV).items["use_level"].to_list() == lists


def test_the_version_in_force_goes_by_date_then_by_import(store: Store) -> None:
    imported(store, items())
    imported(store, items(), DEC)
    imported(store, items(), NOV, version="更正")
    assert reading.master_version_in_force(store, date(2026, 10, 31)) is None
    assert reading.master_version_in_force(store, date(2026, 11, 30)) == "更正"
    assert reading.master_version_in_force(store, DEC) == "2026-12-01-1"
    assert load_master(store, date(2026, 11, 30)).version == "更正"
    assert [row["name"] for row in reading.master_versions(store)] == ["2026-11-01-1", "2026-12-01-1", "更正"]


def test_versions_of_one_day_are_numbered(store: Store) -> None:
    assert [imported(store, items()).version for _ in range(3)] == ["2026-11-01-1", "2026-11-01-2", "2026-11-01-3"]


def test_the_first_version_starts_no_grace(store: Store) -> None:
    result = imported(store, items(), changed=("440106043001",))
    assert (result.before, result.changed) == (None, 0)
    assert load_master(store, NOV).changed == {}


def test_changes_are_carried_forward_with_their_days(store: Store) -> None:
    imported(store, items())
    imported(store, items(), date(2026, 11, 10), changed={"440106043001", "440106043002"})
    result = imported(store, items(), DEC, changed={"440106043002", "440106043099"})
    assert (result.before, result.changed) == ("2026-11-10-1", 2)
    assert load_master(store, DEC).changed == {
        "440106043001": date(2026, 11, 10),
        "440106043002": DEC,
        "440106043099": DEC,
    }
    assert set(load_master(store, date(2026, 11, 10)).changed) == {"440106043001", "440106043002"}


def test_an_empty_master_is_refused(store: Store) -> None:
    with pytest.raises(MasterError, match=r"目录.csv 里没有任何事项"):
        imported(store, items().clear())
    assert reading.master_versions(store) == []


def test_a_code_that_stands_twice_is_refused(store: Store) -> None:
    with pytest.raises(MasterError, match="1 个基本编码重复出现（440106043001"):
        imported(store, a_master(a_master_item(), a_master_item(task_name="另一个名称")).items)
    assert reading.master_versions(store) == []


def test_a_master_that_lost_a_fifth_needs_a_reason(store: Store) -> None:
    imported(store, items(10))
    imported(store, items(9), version="少一项")
    with pytest.raises(MasterError, match=r"只有 7 项，比现行版本 少一项 的 9 项少了 22%.*--accept-shrink --reason"):
        imported(store, items(7))
    assert load_master(store, NOV).version == "少一项"
    with pytest.raises(MasterError, match="少了 22%"):
        imported(store, items(7), shrink_reason=" ")
    imported(store, items(7), shrink_reason="粤府函〔2026〕1号：集中下放")
    assert reading.master_versions(store)[-1]["shrink_reason"] == "粤府函〔2026〕1号：集中下放"


def test_exactly_a_fifth_fewer_is_refused_and_less_is_not(store: Store) -> None:
    imported(store, items(10))
    with pytest.raises(MasterError, match="20%"):
        imported(store, items(8))
    assert imported(store, items(9)).items == 9


def test_a_version_name_is_used_once(store: Store) -> None:
    imported(store, items(), version="2026年版")
    with pytest.raises(MasterError, match="2026年版 已存在"):
        imported(store, items(), version="2026年版")
    with pytest.raises(MasterError, match="版本名是空的"):
        imported(store, items(), version=" ")


def test_without_a_version_in_force_nobody_is_judged(store: Store) -> None:
    with pytest.raises(MasterError, match=r"还没有导入基本目录.*citysync master import"):
        load_master(store, NOV)
    imported(store, items(), DEC)
    with pytest.raises(MasterError, match=r"2026-11-01 尚无生效的基本目录（最早的版本 2026-12-01 起生效）"):
        load_master(store, NOV)
    with pytest.raises(MasterError, match=r"没有名为 2020 的基本目录版本；最近的版本：2026-12-01-1"):
        load_version(store, "2020")


def test_a_version_whose_items_are_gone_judges_nobody(store: Store) -> None:
    imported(store, items())
    with store.writing() as connection:
        connection.execute(tables.master_items.delete())
    with pytest.raises(MasterError, match="没有任何事项"):
        load_master(store, NOV)


def test_the_tables_columns_are_those_of_the_frames() -> None:
    assert [column.name for column in tables.master_items.c][1:] == list(MASTER)
