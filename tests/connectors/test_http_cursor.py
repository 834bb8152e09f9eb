"""Cursors, and the Guangxi dialect: an end that looks like an error, and errors that must not look like the end."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from citysync.domain.errors import Unreadable
from citysync.domain.snapshot import Grade
from tests.connectors.doors import CANARY, Memory, city_of, code, codes, directory, pulled
from tests.connectors.site import Asked, Sent, sends, site

GUANGXI: dict[str, Any] = {
    "connector": "http_cursor",
    "method": "POST",
    "params": {"param": {"AREA_CODE": "440300", "TASK_STATE": "1", "IS_HISTORY": "0"}},
    "cursor_param": "param.TIME_STAMP",
    "cursor": "data.LASTTIMESTAMP",
    "first_cursor": "0",
    "size_param": "param.ITEM_LIMIT",
    "page_size": 2,
    "items": "data.list",
    "ok": {"path": "STATUS.CODE", "equals": "00"},
    "end": {"path": "STATUS.CODE", "equals": "09"},
    "auth": {"kind": "bearer", "secret": "S", "param": "access_token"},
}
FIELDS = {
    "task_code": "AUDIT_ITEM.task_code",
    "task_handle_item": "AUDIT_ITEM.ywcode",
    "task_name": "AUDIT_ITEM.task_name",
    "task_version": "AUDIT_ITEM.task_version",
    "by_law": "AUDIT_ITEM_BYLAW.law_name",
    "online_handle_depth": "AUDIT_ITEM_EXTEND.wsblsd",
}


def record(number: int, *, as_list: bool = False, **changes: object) -> dict[str, Any]:
    item = {"task_code": code(number), "ywcode": "", "task_name": f"事项{number}", "task_version": "3", **changes}
    return {
        "AUDIT_ITEM": [item] if as_list else item,
        "AUDIT_ITEM_EXTEND": {"wsblsd": "1,2", "scene_reason": "核验"},
        "AUDIT_ITEM_BYLAW": [{"law_name": "甲法"}, {"law_name": "乙条例", "clause": "4"}],
        "AUDIT_QA": [{"q": "?"}],
    }


def guangxi(records: list[dict[str, Any]], end: str = "09") -> Any:
    def answer(asked: Asked) -> Sent:
        assert asked.json["access_token"] == CANARY
        assert asked.json["param"]["ITEM_LIMIT"] == 2
        start = int(asked.json["param"]["TIME_STAMP"])
        rows = records[start : start + 2]
        if not rows:
            return sends({"STATUS": {"CODE": end, "TEXT": "没有更多数据"}})
        return sends({"STATUS": {"CODE": "00"}, "data": {"LASTTIMESTAMP": start + 2, "list": rows}})

    return answer


def test_nested_records_are_read_through_objects_and_lists_alike() -> None:
    records = [record(1), record(2, as_list=True), record(1, ywcode=f"{code(1)}01", task_version=4)]
    with site(guangxi(records)) as city:
        snapshot = pulled({**GUANGXI, "url": city.url}, fields=FIELDS, ignore=("AUDIT_QA",))
    assert snapshot.certificate.grade is Grade.B
    assert codes(snapshot) == [code(1), code(2), code(1)]
    assert snapshot.rows["by_law"].to_list() == ["甲法；乙条例"] * 3
    assert snapshot.rows["task_handle_item"].to_list() == [None, None, f"{code(1)}01"]
    assert snapshot.certificate.distinct == 3
    assert snapshot.unknown_fields == ("AUDIT_ITEM_BYLAW.clause", "AUDIT_ITEM_EXTEND.scene_reason")


def test_another_code_than_ok_or_end_is_an_error_and_never_the_end() -> None:
    with (
        site(guangxi([record(1)], end="99")) as city,
        pytest.raises(Unreadable, match=r"第 2 页：接口报告失败：STATUS.CODE = 99（应为 00），信息“没有更多数据”"),
    ):
        pulled({**GUANGXI, "url": city.url}, fields=FIELDS)


def test_no_end_code_and_no_cursor_is_no_end() -> None:
    with (
        site(lambda _: sends({"STATUS": {"CODE": "00"}, "data": {"list": [record(1)]}})) as city,
        pytest.raises(Unreadable, match="既没有结束码"),
    ):
        pulled({**GUANGXI, "url": city.url}, fields=FIELDS)


def test_the_token_travels_in_the_body_and_stays_out_of_the_evidence_address() -> None:
    memory = Memory()
    with site(guangxi([record(1)])) as city:
        pulled({**GUANGXI, "url": city.url}, memory, fields=FIELDS)
    assert all(CANARY not in url for _, url, _ in memory.kept)
    assert "authorization" not in city.asked[0].headers


def test_a_cursor_that_does_not_move_is_a_contradiction() -> None:
    def answer(asked: Asked) -> Sent:
        rows = [record(asked.count)]
        return sends({"STATUS": {"CODE": "00"}, "data": {"LASTTIMESTAMP": "7", "list": rows}})

    with site(answer) as city:
        certificate = pulled({**GUANGXI, "url": city.url}, fields=FIELDS).certificate
    assert (certificate.grade, certificate.problems) == (Grade.X, ("第 2 页的下一页又回到第 2 页",))


def test_without_an_end_code_a_missing_cursor_is_the_end_and_a_total_proves_it() -> None:
    source = {"connector": "http_cursor", "cursor_param": "after", "cursor": "next", "items": "rows", "total": "total"}

    def answer(asked: Asked) -> Sent:
        start = int(asked.query.get("after", "0"))
        following = str(start + 2) if start + 2 < 5 else None
        return sends({"rows": directory(5)[start : start + 2], "total": 5, "next": following})

    with site(answer) as city:
        snapshot = pulled({**source, "url": city.url})
    assert (snapshot.certificate.grade, snapshot.rows.height, len(city.asked)) == (Grade.A, 5, 3)
    assert "after" not in city.asked[0].query


def test_a_count_of_the_page_is_not_taken_for_the_total() -> None:
    source = {"connector": "http_cursor", "cursor_param": "after", "cursor": "next", "items": "rows", "total": "count"}

    def answer(asked: Asked) -> Sent:
        start = int(asked.query.get("after", "0"))
        rows = directory(4)[start : start + 2]
        return sends({"rows": rows, "count": len(rows), "next": str(start + 2)})

    with site(answer) as city:
        certificate = pulled({**source, "url": city.url}).certificate
    assert certificate.received == 4
    assert certificate.grade is not Grade.A


def test_ok_and_end_cannot_be_the_same() -> None:
    with pytest.raises(ValidationError, match="ok 与 end"):
        city_of({**GUANGXI, "url": "http://a", "end": GUANGXI["ok"]})
