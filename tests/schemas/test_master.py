"""The master catalogue is read whole, or refused with everything that is wrong with it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import polars as pl
import pytest

from citysync.domain.catalogue import MASTER
from citysync.domain.errors import MasterError, NotProved
from schemas.headings import MASTER_HEADINGS, text_of
from schemas.master import Master, typed_master
from schemas.proof import prove
from tests.builders import CATALOG_CODE

OTHER_CODE = "440106043002"


def a_record(**changes: object) -> dict[str, object]:
    """Return one record of a file in canonical names."""
    record: dict[str, object] = {
        "catalog_code": CATALOG_CODE,
        "task_name": "公共场所卫生许可",
        "task_type": "01",
        "use_level": "2,3,4",
    }
    return {**record, **changes}


def the_item(**changes: object) -> dict[str, Any]:
    return typed_master([a_record(**changes)]).row(0, named=True)


def refusal(*records: dict[str, object]) -> str:
    with pytest.raises(MasterError) as caught:
        typed_master(records)
    return str(caught.value)


def test_a_file_with_canonical_names_is_read() -> None:
    frame = typed_master([a_record(catalog_code=OTHER_CODE), a_record()])
    assert dict(frame.schema) == MASTER
    assert frame["catalog_code"].to_list() == [CATALOG_CODE, OTHER_CODE]
    assert frame["use_level"].to_list() == [["2", "3", "4"]] * 2
    assert frame["applies_to"].to_list() == [[], []]
    assert frame["by_law"].is_null().all()


def test_a_file_with_chinese_headings_is_read() -> None:
    record: dict[str, object] = {
        "基本编码": CATALOG_CODE,
        "事项名称": "公共场所卫生许可",
        "事项类型": "01",
        "行使层级": "3、4",
        "主管部门": "省卫生健康委",
        "设定依据": "《公共场所卫生管理条例》",
        "主项编码": "44010604300Y",
        "到办事现场次数（上限）": "2",
        "网上办理深度 (目标)": "二级",
        "适用地区": "440300，440305",
        "计划生效日期": "2026/1/1",
        "计划取消日期": "9999-12-31",
        "事项版本": "3",
    }
    assert typed_master([record]).row(0, named=True) == {
        "catalog_code": CATALOG_CODE,
        "task_name": "公共场所卫生许可",
        "task_type": "01",
        "use_level": ["3", "4"],
        "dept_name": "省卫生健康委",
        "by_law": "《公共场所卫生管理条例》",
        "parent_code": "44010604300Y",
        "limit_scene_num": 2,
        "online_handle_depth": "二级",
        "applies_to": ["440300", "440305"],
        "plan_effective_date": date(2026, 1, 1),
        "plan_cancel_date": None,
        "task_version": 3,
    }


@pytest.mark.parametrize(
    ("heading", "name"),
    [
        ("到办事现场次数", "limit_scene_num"),
        ("到办事现场次数上限", "limit_scene_num"),
        ("网上办理深度", "online_handle_depth"),
        ("目录编码", "catalog_code"),
        ("权力类型", "task_type"),
        ("主管部门", "dept_name"),
        ("CATALOG_CODE", "catalog_code"),
        (" 事项 名称 ", "task_name"),
    ],
)
def test_a_heading_is_known_in_its_spellings(heading: str, name: str) -> None:
    record = {key: value for key, value in a_record(**{name: "1"}).items() if key != name}
    record[heading] = a_record(limit_scene_num=1, online_handle_depth="二级", dept_name="省卫健委")[name]
    assert typed_master([record])[name][0] is not None


@pytest.mark.parametrize(
    ("sent", "levels"),
    [
        ("2,3,4", ["2", "3", "4"]),
        ("4，2、2", ["2", "4"]),
        ('["3", "2"]', ["2", "3"]),
        ("[2,3]", ["2", "3"]),
        ([2, 3], ["2", "3"]),
        (["3"], ["3"]),
        (3, ["3"]),
        (3.0, ["3"]),
        ("", []),
        (None, []),
        ([], []),
    ],
)
def test_levels_are_a_list_in_any_of_its_forms(sent: object, levels: list[str]) -> None:
    assert the_item(use_level=sent)["use_level"] == levels


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (440106043001.0, "440106043001"),
        (1.5, "1.5"),
        (1.2e30, "1.2e+30"),
        (7, "7"),
        (date(2026, 1, 2), "2026-01-02"),
        (datetime(2026, 1, 2, 3, 4), "2026-01-02"),  # noqa: DTZ001
        (None, None),
        (("a", None, 2), "a,2"),
    ],
)
def test_a_cell_of_any_type_becomes_its_text(cell: object, text: str | None) -> None:
    assert text_of(cell) == text


def test_codes_are_folded_and_an_item_is_not_its_own_parent() -> None:
    item = the_item(catalog_code=f"\ufeff{CATALOG_CODE[:6]} {CATALOG_CODE[6:]}", parent_code=CATALOG_CODE)
    assert item["catalog_code"] == CATALOG_CODE
    assert item["parent_code"] is None


def test_a_parent_need_not_be_in_the_catalogue() -> None:
    assert the_item(parent_code="44010604300Y")["parent_code"] == "44010604300Y"


def test_identical_rows_are_one_item() -> None:
    assert typed_master([a_record(use_level="2,3"), a_record(use_level=[3, 2])]).height == 1


def test_rows_without_any_value_are_no_items_but_keep_their_numbers() -> None:
    blank = dict.fromkeys(a_record())
    assert typed_master([a_record(), blank]).height == 1
    assert "第 3 行" in refusal(a_record(), blank, a_record(task_type="99"))


def test_a_code_twice_with_different_content_is_refused_by_code_and_rows() -> None:
    said = refusal(a_record(), a_record(catalog_code=OTHER_CODE), a_record(task_name="别的"))
    assert CATALOG_CODE in said
    assert "第 1、3 行" in said
    assert "“事项名称”" in said
    assert OTHER_CODE not in said


@pytest.mark.parametrize(
    "records", [(), ({},), (dict.fromkeys(a_record()),), (dict.fromkeys(a_record(), "\u200b"),), ({"task_name": " "},)]
)
def test_an_empty_catalogue_is_refused(records: tuple[dict[str, object], ...]) -> None:
    assert "为空" in refusal(*records)


def test_unknown_headings_are_refused_with_the_nearest_known() -> None:
    said = refusal(a_record(task_typ="01", 颜色="红"))
    assert "“task_typ”" in said
    assert "task_type" in said
    assert "“颜色”" in said


def test_an_empty_column_without_a_heading_is_passed_over() -> None:
    assert typed_master([{**a_record(), "": None}]).height == 1
    assert "不认识的列" in refusal({**a_record(), "": "x"})


def test_two_headings_of_one_column_are_refused() -> None:
    assert "“catalog_code”、“基本编码”" in refusal({**a_record(), "基本编码": OTHER_CODE})


@pytest.mark.parametrize("name", ["catalog_code", "task_name", "task_type"])
def test_a_required_column_that_is_missing_is_named(name: str) -> None:
    said = refusal({key: value for key, value in a_record().items() if key != name})
    assert "缺少必需的列" in said
    assert name in said


@pytest.mark.parametrize("name", ["catalog_code", "task_name", "task_type"])
def test_a_required_value_that_is_empty_is_named(name: str) -> None:
    assert "第 2 行" in refusal(a_record(catalog_code=OTHER_CODE), a_record(**{name: " "}))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"catalog_code": "4401060430"}, "“基本编码”的值“4401060430”"),
        ({"catalog_code": 1.2e30}, "科学计数法"),
        ({"task_type": "21"}, "01（行政许可）"),
        ({"task_type": "1"}, "是否应为 01（行政许可）"),
        ({"task_type": "公共服务"}, "是否应为 20（公共服务）"),
        ({"use_level": "2,7"}, "“行使层级”的值“2,7”"),
        ({"use_level": "234"}, "文本格式"),
        ({"applies_to": "深圳"}, "“适用地区”的值“深圳”"),
        ({"applies_to": "4403"}, "6 位行政区划代码"),
        ({"limit_scene_num": -1}, "“到办事现场次数上限”的值“-1”"),
        ({"limit_scene_num": "多次"}, "多次"),
        ({"task_version": "v1"}, "“事项版本”"),
        ({"plan_cancel_date": "2024-02-30"}, "2024-02-30"),
        ({"parent_code": "x"}, "“主项编码”"),
        ({"parent_code": "x" * 100}, "x…”"),
    ],
)
def test_a_value_nobody_can_read_is_refused_with_its_remedy(changes: dict[str, object], said: str) -> None:
    message = refusal(a_record(catalog_code=OTHER_CODE, task_name="别的"), a_record(**changes))
    assert "第 2 行" in message
    assert said in message


def test_all_errors_are_told_at_once_the_first_twenty_in_words() -> None:
    records = [a_record(catalog_code=f"4401060430{n:02d}", task_type="99", limit_scene_num="x") for n in range(15)]
    said = refusal(*records)
    assert "有 30 处错误" in said
    assert said.count("\n第 ") == 20
    assert said.endswith("另有 10 处")
    assert said.index("第 2 行") < said.index("第 10 行")


@pytest.mark.parametrize(
    "miscast",
    [
        pl.lit(["7"]).alias("use_level"),
        pl.lit(["3", "2"]).alias("use_level"),
        pl.lit("99").alias("task_type"),
        pl.lit("x").alias("catalog_code"),
        pl.lit(None, pl.String).alias("task_name"),
    ],
)
def test_a_master_we_cast_wrongly_is_our_fault(miscast: pl.Expr) -> None:
    frame = typed_master([a_record()])
    with pytest.raises(NotProved):
        prove(frame.with_columns(miscast), Master)


def test_a_code_stands_once_in_the_master() -> None:
    frame = typed_master([a_record()])
    with pytest.raises(NotProved):
        prove(pl.concat([frame, frame]), Master)


def test_every_column_can_be_headed_in_chinese() -> None:
    chinese = {name for heading, name in MASTER_HEADINGS.items() if not heading.isascii()}
    assert chinese == set(MASTER)
