"""The canonical columns and the national value lists: each once, each with its label."""

from __future__ import annotations

import pytest

from citysync.domain import items
from citysync.domain.catalogue import MASTER
from citysync.domain.findings import no_findings, no_places, no_rejections
from citysync.domain.items import Kind
from citysync.domain.vocabulary import DAY_UNIT_COLUMN, DAY_UNITS, VALUES, meaning


def test_each_column_and_each_label_stands_once() -> None:
    assert len(items.NAMES) == len(items.DIRECTORY) == len(set(items.NAMES))
    labels = [column.label for column in items.DIRECTORY]
    assert len(labels) == len(set(labels))


def test_no_heading_means_two_columns() -> None:
    headings = [one for column in items.DIRECTORY for one in (column.name, column.label, *column.aliases)]
    assert len(headings) == len(set(headings)) == len(items.HEADINGS)
    assert items.HEADINGS["承诺期限"] == "promise_day"


def test_names_are_those_of_the_exchange_tables() -> None:
    wanted = {"task_code", "catalog_code", "limit_scene_num", "anticipate_day", "cd_operation", "areacode"}
    assert wanted <= set(items.NAMES)
    assert all(name.isascii() and name == name.lower() for name in items.NAMES)


@pytest.mark.parametrize(
    "name", [column.name for column in items.DIRECTORY if column.kind in (Kind.CHOICE, Kind.CHOICES)]
)
def test_every_column_of_codes_has_a_national_list(name: str) -> None:
    assert VALUES[name]


def test_every_national_list_belongs_to_a_column_of_codes() -> None:
    assert all(items.COLUMNS[name].kind in (Kind.CHOICE, Kind.CHOICES) for name in VALUES)


def test_units_of_days_have_a_column_and_a_code() -> None:
    for days, unit in DAY_UNIT_COLUMN.items():
        assert items.COLUMNS[days].kind is Kind.DAYS
        assert set(DAY_UNITS.values()) <= set(VALUES[unit])


def test_every_column_has_a_chinese_label_and_a_stranger_its_own_name() -> None:
    assert items.label("task_type") == "事项类型"
    assert items.label("applies_to") == "适用地区"
    assert items.label("XZQH") == "XZQH"
    assert all(not items.label(name).isascii() for name in (*items.NAMES, *MASTER))


@pytest.mark.parametrize(
    ("column", "value", "text"),
    [
        ("task_type", "01", "01（行政许可）"),
        ("task_type", "21", "21"),
        ("task_name", "公共场所卫生许可", "公共场所卫生许可"),
        ("task_type", None, "空"),
    ],
)
def test_a_value_is_shown_with_its_meaning(column: str, value: str | None, text: str) -> None:
    assert meaning(column, value) == text


def test_parts_derived_from_a_code_fill_its_31_characters() -> None:
    spans = sorted((part.start, part.stop) for part in items.DERIVED_FROM_TASK_CODE.values())
    assert spans == [(0, 18), (18, 19), (19, 31)]


def test_empty_tables_have_their_columns() -> None:
    assert set(no_places().columns) <= set(no_findings().columns)
    assert no_rejections().columns[:2] == ["row_no", "task_code"]
    assert no_findings().is_empty()
