"""One item, both sides, its days and its evidence."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from citysync.config.settings import Settings
from citysync.domain.principal import Principal, Role
from citysync.web.app import create_app
from citysync.web.views.texts import LONGEST, Piece, compared
from tests.builders import CATALOG_CODE, NOW, TASK_CODE
from tests.web.item_nights import a_changed_item
from tests.web.test_policy import asking


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder: Path = tmp_path_factory.mktemp("item")
    return a_changed_item(folder)


@pytest.fixture(scope="module")
def html(settings: Settings) -> Iterator[str]:
    with TestClient(create_app(settings, lambda: NOW), base_url="http://127.0.0.1") as client:
        yield client.get(f"/c/440300/items/{TASK_CODE}").text


def test_what_differs_comes_first_character_by_character(html: str) -> None:
    told = '公共场所卫生许可<ins><span class="word">增</span>证<span class="unseen">⟨200B⟩</span></ins>'
    assert told in html
    assert html.index("<span>不一致</span>") < html.index("其余") < html.index("法定办结时限")


def test_its_days_say_who_changed_what(html: str) -> None:
    line = html[html.index('class="story"') :]
    steps = [line.index(word) for word in ("2026-11-23", "没有这个差异", "市改事项名称：公共场所卫生许可 →", "发现")]
    assert steps == sorted(steps)


def test_the_evidence_is_that_of_explain(html: str) -> None:
    assert "第 1 页第 1 条" in html
    assert "ab" * 32 in html


def test_the_normalised_form_is_a_switch_away(settings: Settings) -> None:
    client = asking(settings, Principal("admin", Role.PROVINCE_ADMIN))
    told = client.get(f"/c/440300/items/{TASK_CODE}?form=normalised").text
    assert "⟨200B⟩</span></ins>" not in told
    assert "现在显示规范化后的文字" in told
    assert client.get(f"/c/440300/items/{TASK_CODE}?form=x").status_code == 400


def test_the_same_item_elsewhere_is_shown_as_far_as_one_may_see(settings: Settings, html: str) -> None:
    assert f'href="/c/440100/items/{CATALOG_CODE}"' in html
    own = asking(settings, Principal("深圳", Role.CITY, "440300")).get(f"/c/440300/items/{TASK_CODE}").text
    assert [word for word in ("广州", "440100") if word in own] == []
    assert asking(settings, Principal("广州", Role.CITY, "440100")).get("/c/440300/items/row-1").status_code == 404


@pytest.mark.parametrize("item", [TASK_CODE, CATALOG_CODE, "row-1"])
def test_an_item_is_found_by_any_of_its_codes_and_by_its_row(settings: Settings, item: str) -> None:
    client = asking(settings, Principal("admin", Role.PROVINCE_ADMIN))
    assert "公共场所卫生许可" in client.get(f"/c/440300/items/{item}").text


@pytest.mark.parametrize("item", ["row-99", "440106999001", "nope", "%E7%A0%81", "x" * 65])
def test_what_neither_side_knows_is_not_there(settings: Settings, item: str) -> None:
    client = asking(settings, Principal("admin", Role.PROVINCE_ADMIN))
    assert client.get(f"/c/440300/items/{item}").status_code == 404


def test_both_sides_give_their_texts_back() -> None:
    master, city = "收费 标准：20元", "收费标准:30元 "
    for side, text in zip(compared(master, city), (master, city), strict=True):
        kept = "".join(said for piece in side for said, _ in piece.parts).replace("␣", " ")
        assert kept == text
    assert {piece.change for piece in compared(master, city)[0]} == {"", "del"}
    assert compared("", "甲")[1] == (Piece("ins", (("甲", False),)),)


def test_two_very_long_texts_are_told_as_changed_whole() -> None:
    left, right = compared("甲" * (LONGEST + 1), "乙")
    assert [piece.change for piece in (*left, *right)] == ["del", "ins"]
