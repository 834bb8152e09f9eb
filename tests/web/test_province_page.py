"""The province this morning, as its page tells it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from citysync.cli.main import run
from citysync.config.settings import Settings
from citysync.domain.principal import Principal, Role
from citysync.domain.snapshot import GRADE_MEANINGS
from citysync.domain.verdict import State
from citysync.web.app import create_app
from citysync.web.language import language
from citysync.web.reading.province import province as facts_of
from citysync.web.views.province import ProvincePage, Tile, province_page, tile
from tests.web.province import NOW, a_province, write_cities
from tests.web.test_policy import asking


@pytest.fixture(scope="module")
def shown(pages: TestClient) -> ProvincePage:
    reader = pages.app.state.library.reader(Principal("admin", Role.PROVINCE_ADMIN))  # type: ignore[attr-defined]
    return province_page(facts_of(reader), language("zh"), NOW)


def test_the_denominator_stands_in_front(shown: ProvincePage) -> None:
    assert (shown.judged, shown.total) == (4, 4)
    assert shown.sentence == "4 个市中 1 个同步，3 个需要处理，0 个在宽限期内，0 个未判定。"


def test_each_state_is_counted_and_compared_with_the_day_before(shown: ProvincePage) -> None:
    counted = {each.mark.short: (each.count, each.change) for each in shown.counts}
    assert counted["待确认"] == (1, "+1")
    assert counted["同步"] == (1, "−1")
    assert counted["失步"] == (1, "±0")


def test_what_needs_somebody_comes_by_urgency(shown: ProvincePage) -> None:
    assert [each.name for each in shown.needs] == ["韶关市", "深圳市", "茂名市"]
    assert shown.needs[2].left == "11月27日（周五）下班前，剩 4 个工作日"
    assert shown.needs[2].lasting == "第 4 天"


def test_what_is_left_of_a_deadline_is_counted_from_the_readers_day(
    pages: TestClient,
) -> None:
    facts = facts_of(pages.app.state.library.reader(Principal("admin", Role.PROVINCE_ADMIN)))  # type: ignore[attr-defined]
    city = next(each for each in facts.cities if each.due_on is not None)
    assert city.due_on is not None
    shown = {
        days: tile(city, replace(facts, today=city.due_on + timedelta(days=days)), language("zh"))
        for days in (-1, 0, 3)
    }
    assert [(each.left.split("，")[-1], each.overdue) for each in shown.values()] == [
        ("剩 1 个工作日", False),
        ("今天下班前", False),
        ("已超期 3 个工作日", True),
    ]


def test_what_an_older_snapshot_held_is_no_count_of_today(shown: ProvincePage) -> None:
    amounts = {each.name: each.amount for each in shown.tiles}
    assert amounts == {"广州市": "无差异", "韶关市": "沿用 11-22 数据", "深圳市": "沿用 11-21 数据", "茂名市": "差异 3"}


def test_the_table_counts_nothing_of_a_city_whose_directory_did_not_come(shown: ProvincePage) -> None:
    cells = {each.name: (each.cells["errors"], each.cells["change"]) for each in shown.tiles}
    assert cells == {"广州市": ("0", "±0"), "韶关市": ("—", "—"), "深圳市": ("—", "—"), "茂名市": ("3", "±0")}


def test_obligations_not_seen_in_a_directory_not_proved_complete_are_said_and_not_called_missing(
    pages: TestClient,
) -> None:
    facts = facts_of(pages.app.state.library.reader(Principal("admin", Role.PROVINCE_ADMIN)))  # type: ignore[attr-defined]
    fine = facts.cities[0]
    counts = {**fine.told["counts"], "due": 40, "met": 37}

    def shown_with(grade: str) -> Tile:
        return tile(replace(fine, told={**fine.told, "grade": grade, "counts": counts}), facts, language("zh"))

    assert shown_with("C").amount == "缺 3 项（未核实完整）"
    assert shown_with("C").cells["missing"] == "—", "an absence is not judged"
    assert shown_with("A").amount == "无差异"


def test_a_city_that_was_never_adopted_has_no_number_and_unknown_nights_are_no_gap(shown: ProvincePage) -> None:
    shaoguan = next(each for each in shown.tiles if each.name == "韶关市")
    assert [bar.css for bar in shaoguan.bars] == ["in-sync", "unknown", "in-sync", "held"]
    assert len(shaoguan.line.pieces) == 2, "a night nobody counted is a gap in the line, not a zero"


def test_the_page_says_what_status_says(
    pages: TestClient, province: Settings, shown: ProvincePage, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["status", "--json", "--data-dir", str(province.data_dir), "--cities-dir", str(province.cities_dir)])
    summary = json.loads(capsys.readouterr().out)["summary"]
    assert {each.mark.css.replace("-", "_"): each.count for each in shown.counts} | {"cities": shown.total} == summary
    html = pages.get("/").text
    assert "茂名市" in html
    assert "差异 3" in html


def test_the_overview_leads_to_what_citizens_sent_and_to_what_they_see(province: Settings, pages: TestClient) -> None:
    html = pages.get("/").text
    assert 'href="/moderation"' in html
    assert 'href="/public"' in html
    assert 'href="/moderation"' not in asking(province, Principal("茂名", Role.CITY, "440900")).get("/").text


def test_a_city_sees_itself_and_nobody_else(province: Settings) -> None:
    html = asking(province, Principal("茂名", Role.CITY, "440900")).get("/").text
    assert "茂名市" in html
    assert [name for name in ("深圳", "韶关", "广州", "440300", "440200", "440100") if name in html] == []


def test_before_the_first_run_the_page_says_what_to_do(tmp_path: Path) -> None:
    write_cities(tmp_path / "cities")
    settings = Settings(data_dir=tmp_path, cities_dir=tmp_path / "cities")
    answer = TestClient(create_app(settings, lambda: NOW), base_url="http://127.0.0.1").get("/")
    assert answer.status_code == 503
    assert "请先导入基本目录" in answer.text


def test_what_a_city_is_called_is_never_markup(tmp_path: Path) -> None:
    hostile = "<script>alert(1)</script>"
    settings = a_province(tmp_path, {"440900": (State.OUT_OF_SYNC,)}, c440900=hostile)
    html = TestClient(create_app(settings, lambda: NOW), base_url="http://127.0.0.1").get("/").text
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)" in html


def test_whoever_must_act_is_named_and_the_city_can_be_reached(pages: TestClient) -> None:
    html = pages.get("/").text
    needs = html[html.index('class="needs"') : html.index('class="ninety"')]
    assert "由谁处理：市级（数据）" in needs
    assert "由谁处理：市级（接口或运维）" in needs
    assert needs.count("440900@city.example") == 1
    assert "440100@city.example" not in needs, "a city in sync is asked for nothing"


def test_what_is_ours_asks_nobody_in_a_city(tmp_path: Path) -> None:
    settings = a_province(tmp_path, {"440200": (State.IN_SYNC, State.UNKNOWN)})
    with TestClient(create_app(settings, lambda: NOW), base_url="http://127.0.0.1") as client:
        html = client.get("/").text
    needs = html[html.index('class="needs"') : html.index('class="ninety"')]
    assert "由谁处理：省平台" in needs
    assert "@city.example" not in needs


def test_the_letters_of_completeness_and_hints_are_explained(pages: TestClient) -> None:
    html = pages.get("/").text
    for grade in GRADE_MEANINGS:
        assert f"<dt>完整性 {grade.value}</dt>" in html
    assert "不影响状态" in html
