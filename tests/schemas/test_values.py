"""What a city's values mean: its own table, else the national list, never a guess."""

from __future__ import annotations

import pytest

from citysync.domain.errors import ConfigError
from schemas.validate import validate
from tests.builders import TASK_CODE, TODAY, a_city, a_snapshot, an_item

GUANGDONG = {"01": "01", "20": "10", "21": "20"}


def meant(column: str, sent: str, table: dict[str, str] | None = None) -> object:
    """Return what a value is read as, or "rejected"."""
    city = a_city(values={column: table} if table is not None else {})
    validation = validate(a_snapshot([an_item(**{column: sent})]), city, TODAY)
    if validation.rejected_rows:
        assert validation.rejected["value"][0] == sent
        return "rejected"
    return validation.accepted[column][0]


@pytest.mark.parametrize(
    ("sent", "ours"), [("20", "10"), ("21", "20"), ("01", "01"), (" 21 ", "20"), ("10", "rejected")]
)
def test_guangdongs_types_mean_others_than_the_nations(sent: str, ours: str) -> None:
    assert meant("task_type", sent, GUANGDONG) == ours


@pytest.mark.parametrize(("sent", "ours"), [("20", "20"), ("10", "10"), ("21", "rejected"), ("0１", "rejected")])
def test_without_a_table_the_national_list_holds(sent: str, ours: str) -> None:
    assert meant("task_type", sent) == ours


@pytest.mark.parametrize(("sent", "ours"), [("0", "1"), ("1", "0"), ("是", "rejected")])
def test_an_inverse_flag_is_turned_round(sent: str, ours: str) -> None:
    assert meant("is_fee", sent, {"0": "1", "1": "0"}) == ours


def test_a_value_may_mean_nothing() -> None:
    assert meant("project_type", "上报件", {"上报件": "", "1": "2"}) is None
    assert meant("task_type", "未定", {"未定": ""}) == "rejected"


@pytest.mark.parametrize(
    ("sent", "ours"),
    [
        ("1,2", "1,2"),
        ("2，1", "1,2"),
        ("2、1;3", "1,2,3"),
        ("3|1；1", "1,3"),
        (" 2 , 1 ,", "1,2"),
        ("1", "1"),
        ("1,7", "rejected"),
        ("1 2", "rejected"),
        ("；", "rejected"),
    ],
)
def test_several_codes_are_read_in_any_order(sent: str, ours: str) -> None:
    assert meant("handle_type", sent) == ours


@pytest.mark.parametrize(
    ("sent", "ours"),
    [
        ("窗口", "1"),
        ("网上、窗口", "1,2"),
        ("网上，其他", "2"),
        ("其他", None),
        ("全部", "1,2,3"),
        ("窗口、全部", "1,2,3"),
        ("窗口或网上", "1,2"),
        ("窗口、邮寄", "rejected"),
        ("1", "rejected"),
    ],
)
def test_members_are_mapped_one_by_one_unless_the_whole_is_listed(sent: str, ours: str | None) -> None:
    table = {"窗口": "1", "网上": "2", "其他": "", "全部": "1,2,3", "窗口或网上": "1,2"}
    assert meant("handle_type", sent, table) == ours


@pytest.mark.parametrize(("sent", "ours"), [("4", "全程网办"), ("2", "二级"), ("0", None), ("二级", "rejected")])
def test_a_text_column_may_have_a_table(sent: str, ours: str | None) -> None:
    assert meant("online_handle_depth", sent, {"4": "全程网办", "2": "二级", "0": ""}) == ours


@pytest.mark.parametrize(("sent", "ours"), [("多次", 3), ("当场", 0), ("无", "rejected"), ("2", "rejected")])
def test_with_a_table_for_numbers_every_value_must_be_listed(sent: str, ours: object) -> None:
    assert meant("promise_day", sent, {"多次": "3", "当场": "0"}) == ours


def test_a_code_column_may_have_a_table() -> None:
    assert meant("areacode", "深圳市", {"深圳市": "440300"}) == "440300"


def test_a_mapped_task_code_is_read_as_a_code() -> None:
    assert meant("task_code", "旧码1", {"旧码1": TASK_CODE}) == TASK_CODE


def test_an_empty_table_lists_nothing() -> None:
    assert meant("task_state", "1", {}) == "rejected"
    assert meant("handle_type", "1", {}) == "rejected"
    assert meant("link_way", "0755", {}) == "rejected"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"task_type": {"21": "99"}}, "99"),
        ({"handle_type": {"全部": "1,2,9"}}, "1,2,9"),
        ({"task_typ": {"1": "01"}}, "task_type"),
        ({"xyzzy": {"1": "01"}}, "xyzzy"),
    ],
)
def test_a_table_that_means_nothing_of_ours_is_a_fault_of_the_citys_file(
    values: dict[str, dict[str, str]], said: str
) -> None:
    with pytest.raises(ConfigError, match=r"cities/440300\.toml") as caught:
        validate(a_snapshot([an_item()]), a_city(values=values), TODAY)
    assert said in str(caught.value)
