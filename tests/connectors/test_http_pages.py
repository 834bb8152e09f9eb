"""Numbered pages: what counts as complete, and what does not."""

from __future__ import annotations

import pytest

from citysync.domain.errors import OverBudget, Unreadable
from citysync.domain.snapshot import Grade
from tests.connectors.doors import PAGES, Memory, code, codes, directory, pulled
from tests.connectors.site import Asked, Sent, numbered, sends, site


def test_a_city_whose_total_fits_is_proved_complete() -> None:
    memory = Memory()
    with site(numbered(directory(5))) as city:
        snapshot = pulled({**PAGES, "url": city.url + "/items"}, memory)
    assert codes(snapshot) == [code(number) for number in range(1, 6)]
    assert snapshot.rows["row_no"].to_list() == [1, 2, 3, 4, 5]
    assert snapshot.rows["page_no"].to_list() == [1, 1, 2, 2, 3]
    certificate = snapshot.certificate
    assert (certificate.grade, certificate.declared, certificate.received, certificate.distinct) == (Grade.A, 5, 5, 5)
    assert len(city.asked) == len(memory.kept) == certificate.pages == 3
    assert memory.told[-1] == "第 3/3 页 · 5 条"
    assert snapshot.unknown_fields == ()


def test_every_page_is_kept_before_anything_reads_it() -> None:
    memory = Memory()
    with site(lambda _: Sent(b"{ cut")) as city, pytest.raises(Unreadable, match="深圳市（440300）第 1 页：JSON"):
        pulled({**PAGES, "url": city.url}, memory)
    assert [data for _, _, data in memory.kept] == [b"{ cut"]


def test_a_city_that_declares_more_than_it_has_is_incomplete() -> None:
    with site(numbered(directory(5), total=31_204)) as city:
        certificate = pulled({**PAGES, "url": city.url}).certificate
    assert certificate.grade is Grade.X
    assert certificate.problems == ("声明总数 31,204，实际 5",)


def test_a_city_that_sends_more_than_it_declares_is_incomplete() -> None:
    with site(lambda _: sends({"code": 200, "data": {"list": directory(3), "total": 2}})) as city:
        certificate = pulled({**PAGES, "url": city.url}).certificate
    assert certificate.grade is Grade.X
    assert certificate.problems == ("声明总数 2，实际 3",)


def test_the_same_page_for_every_number_stops_the_pull_at_once() -> None:
    with site(lambda _: sends({"code": 200, "data": {"list": directory(2), "total": 100}})) as city:
        certificate = pulled({**PAGES, "url": city.url}).certificate
    assert (certificate.grade, certificate.problems) == (Grade.X, ("第 2 页与第 1 页内容相同",))
    assert len(city.asked) == 2


def test_a_hole_in_the_middle_is_walked_over_once() -> None:
    rows = directory(4)
    pages: dict[int, list[dict[str, str | None]]] = {1: rows[:2], 2: [], 3: rows[2:]}
    with site(
        lambda asked: sends({"code": 200, "data": {"list": pages[int(asked.query["page"])], "total": 4}})
    ) as city:
        assert pulled({**PAGES, "url": city.url}).certificate.grade is Grade.A


def test_two_empty_pages_before_the_total_are_an_incomplete_end() -> None:
    with site(numbered(directory(2), total=6)) as city:
        certificate = pulled({**PAGES, "url": city.url}).certificate
    assert certificate.problems == ("声明总数 6，实际 2",)
    assert len(city.asked) == 3


def test_without_a_total_two_equal_passes_are_stable() -> None:
    source = {**PAGES, "total": None}
    with site(numbered(directory(5))) as city:
        snapshot = pulled({**source, "url": city.url})
    assert (snapshot.certificate.grade, snapshot.certificate.declared) == (Grade.B, None)
    assert snapshot.rows.height == 5
    assert [page.number for page in snapshot.pages] == list(range(1, 11))  # three pages and two empty ones, twice


def test_without_a_total_passes_that_differ_prove_nothing() -> None:
    def answer(asked: Asked) -> Sent:
        return numbered(directory(5 if asked.count <= 5 else 4))(asked)

    with site(answer) as city:
        certificate = pulled({**PAGES, "total": None, "url": city.url}).certificate
    assert certificate.grade is Grade.C
    assert certificate.problems == ("两遍读取不一致：5 条与 4 条，少 1 个编码，多 0 个编码",)


def test_a_total_that_moves_asks_for_a_second_pass_which_may_prove_all() -> None:
    def answer(asked: Asked) -> Sent:
        return numbered(directory(5 if asked.count == 1 else 6))(asked)

    with site(answer) as city:
        snapshot = pulled({**PAGES, "url": city.url})
    assert (snapshot.certificate.grade, snapshot.rows.height) == (Grade.A, 6)
    assert snapshot.rows["page_no"].to_list() == [4, 4, 5, 5, 6, 6]


def test_a_total_that_never_rests_is_unproved() -> None:
    with site(lambda asked: numbered(directory(6), total=6 + asked.count % 2)(asked)) as city:
        certificate = pulled({**PAGES, "url": city.url}).certificate
    assert certificate.grade is Grade.C
    assert certificate.problems[0].startswith("拉取期间数据有变动（总数 7→6")


def test_a_code_on_two_pages_is_the_citys_own_if_a_second_pass_agrees() -> None:
    rows = [*directory(3), directory(1)[0] | {"task_version": "2"}]
    with site(numbered(rows)) as city:
        certificate = pulled({**PAGES, "url": city.url}).certificate
    assert (certificate.grade, certificate.received, certificate.distinct) == (Grade.A, 4, 3)
    assert len(city.asked) == 5, "two passes of two pages, and one look behind the total"


def test_two_versions_on_one_page_need_no_second_pass() -> None:
    rows = [directory(1)[0], directory(1)[0] | {"task_version": "2"}]
    with site(numbered(rows)) as city:
        certificate = pulled({**PAGES, "url": city.url}).certificate
    assert (certificate.grade, len(city.asked)) == (Grade.A, 2), "and one look behind a full page"


def test_rows_that_slide_between_pages_in_both_passes_leave_the_city_unproved() -> None:
    one, two, three, four, five, _ = directory(6)
    pages = [[one, two], [two, three], [four, five], [one, two], [three, four], [four, five], []]
    with site(lambda asked: sends({"code": 200, "data": {"list": pages[asked.count - 1], "total": 6}})) as city:
        certificate = pulled({**PAGES, "url": city.url}).certificate
    assert (certificate.grade, certificate.distinct) == (Grade.C, 5)
    assert certificate.problems == (
        f"1 个编码在不同页重复出现，如 {code(2)}",
        f"1 个编码在不同页重复出现，如 {code(4)}",
    )


def test_pages_that_never_end_are_over_budget() -> None:
    def answer(asked: Asked) -> Sent:
        row = directory(1)[0] | {"task_code": code(asked.count)}
        return sends({"code": 200, "data": {"list": [row] if asked.count > 1 else [row] * 5, "total": 40}})

    with site(answer) as city, pytest.raises(OverBudget, match="已读 10 页"):
        pulled({**PAGES, "url": city.url})


def test_a_null_list_after_the_last_page_is_its_end_but_not_on_the_first() -> None:
    def answer(asked: Asked) -> Sent:
        return sends({"code": 200, "data": {"list": directory(2) if asked.query["page"] == "1" else None}})

    with site(answer) as city:
        assert pulled({**PAGES, "url": city.url}).certificate.grade is Grade.B
    with (
        site(lambda _: sends({"code": 200, "msg": "请联系张工", "data": None})) as city,
        pytest.raises(Unreadable, match=r"响应中没有 data.list；信息“请联系张工”"),
    ):
        pulled({**PAGES, "url": city.url})


def test_nothing_at_all_with_a_total_of_zero_is_complete_and_empty() -> None:
    with site(lambda _: sends({"code": "200", "data": {"list": None, "total": "0"}})) as city:
        snapshot = pulled({**PAGES, "url": city.url})
    assert (snapshot.certificate.grade, snapshot.rows.height) == (Grade.A, 0)
    assert snapshot.rows.columns == ["row_no", "page_no"]


def test_a_total_that_is_no_number_is_refused() -> None:
    with (
        site(lambda _: sends({"code": 200, "data": {"list": [], "total": "很多"}})) as city,
        pytest.raises(Unreadable, match=r"声明总数 data.total 不是整数"),
    ):
        pulled({**PAGES, "url": city.url})


def test_an_error_envelope_is_quoted() -> None:
    with (
        site(lambda _: sends({"code": 500, "msg": "令牌过期", "data": None})) as city,
        pytest.raises(Unreadable, match="code = 500（应为 200），信息“令牌过期”"),
    ):
        pulled({**PAGES, "url": city.url})


def test_a_form_and_a_json_body_carry_the_page_where_the_file_says() -> None:
    def by_form(asked: Asked) -> Sent:
        assert asked.form["region"] == "440300"
        return sends(directory(3) if asked.form["pageNum"] == "0" else [])

    def by_json(asked: Asked) -> Sent:
        assert asked.json["query"]["size"] == 50
        assert asked.json["query"]["region"] == "440300"
        return sends(directory(3) if asked.json["query"]["page"] == 1 else [])

    post = {"connector": "http_pages", "method": "POST"}
    with site(by_form) as city:
        form: dict[str, object] = {
            **post,
            "body": "form",
            "params": {"region": "440300"},
            "page_param": "pageNum",
            "first_page": 0,
        }
        assert pulled({**form, "url": city.url}).rows.height == 3
    with site(by_json) as city:
        body: dict[str, object] = {**post, "params": {"query": {"region": "440300"}}, "page_param": "query.page"}
        body |= {"size_param": "query.size", "page_size": 50}
        assert pulled({**body, "url": city.url}).rows.height == 3


def test_the_citys_own_names_values_and_strangers() -> None:
    row: dict[str, object] = {"SSBM": code(1), "SXMC": " 事项 ", "SFSF": True, "FWDX": ["自然人", "企业法人"]}
    row |= {"CREATE_TIME": "x", "NEW": 1}
    source = {"connector": "http_pages", "items": "rows"}
    fields = {"task_code": "SSBM", "task_name": "SXMC", "is_fee": "SFSF", "server_type": "FWDX", "catalog_name": "SXMC"}
    with site(lambda _: sends({"rows": [row | {"by_law": " ", "task_version": 1}]})) as city:
        snapshot = pulled({**source, "url": city.url}, fields=fields, ignore=("CREATE_TIME",))
    assert snapshot.rows.row(0, named=True) == {
        "row_no": 1,
        "page_no": 1,
        "task_code": code(1),
        "catalog_name": " 事项 ",
        "task_name": " 事项 ",
        "by_law": None,
        "task_version": "1",
        "is_fee": "true",
        "server_type": "自然人,企业法人",
    }
    assert snapshot.unknown_fields == ("NEW",)


def test_long_numbers_and_halves_of_characters_arrive_as_they_were_sent() -> None:
    body = b'[{"task_code": 1144030000754209813440106000001, "task_name": "\\ud800x", "limit_scene_num": 1.0}]'
    with site(lambda _: Sent(body)) as city:
        row = pulled({"connector": "http_pages", "url": city.url}).rows.row(0, named=True)
    assert row["task_code"] == "1144030000754209813440106000001"
    assert row["task_name"] == "\\ud800x"
    assert row["limit_scene_num"] == "1.0"


def test_the_latest_sync_time_says_how_fresh_a_city_is() -> None:
    times = ["2026-11-20 08:00:00", "坏", None]
    rows = [row | {"cd_time": sent} for row, sent in zip(directory(3), times, strict=True)]
    with site(numbered(rows, size=10)) as city:
        changed = pulled({**PAGES, "url": city.url}).source_changed_at
    assert changed is not None
    assert changed.isoformat() == "2026-11-20T00:00:00+00:00"
    with site(lambda _: sends(directory(1), **{"Last-Modified": "Mon, 23 Nov 2026 01:00:00 GMT"})) as city:
        changed = pulled({"connector": "http_pages", "url": city.url}).source_changed_at
    assert changed is not None
    assert changed.isoformat() == "2026-11-23T01:00:00+00:00"
