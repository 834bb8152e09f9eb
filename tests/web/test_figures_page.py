"""The figures (督查): what the page, the JSON and the receipts say is one object."""

from __future__ import annotations

import json
from datetime import date

import pytest
from fastapi.testclient import TestClient

from citysync.cli.main import run
from citysync.config.settings import Settings
from citysync.domain.principal import Principal, Role
from citysync.web.language import language
from citysync.web.reading.figures import figures
from citysync.web.views.figures import MAIN, FiguresPage, figures_page, signed
from flows.receipts import receipts_of
from tests.web.province import LAST_DAY
from tests.web.test_policy import asking


@pytest.fixture(scope="module")
def shown(pages: TestClient) -> FiguresPage:
    reader = pages.app.state.library.reader(Principal("admin", Role.PROVINCE_ADMIN))  # type: ignore[attr-defined]
    names = {code: city.name for code, city in reader.enabled.items()}
    return figures_page(figures(reader, "city", LAST_DAY, None), names, language("zh"))


def told_by(province: Settings, capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, object]:
    places = ["--data-dir", str(province.data_dir), "--cities-dir", str(province.cities_dir)]
    run(["figures", "--json", "--on", LAST_DAY.isoformat(), *options, *places])
    told: dict[str, object] = json.loads(capsys.readouterr().out)
    return told


def test_page_json_and_receipts_carry_the_same_figures(
    shown: FiguresPage, province: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    told = told_by(province, capsys)
    said = {group["key"]: {each["measure"]: each for each in group["figures"]} for group in told["groups"]}  # type: ignore[attr-defined]
    for group in shown.groups:
        for name, cell in zip(MAIN, group.cells, strict=True):
            assert cell is not None
            other = said[group.key][name]
            assert (cell.rate, cell.above, cell.below) == (other["percent"], str(other["above"]), str(other["below"]))
            assert cell.changes == tuple(signed(change) for change in other["change"].values())
    for receipt in receipts_of(province, ("440900", "440100"), None):
        counts, cell = receipt.document()["counts"], next(g for g in shown.groups if g.key == receipt.code).cells[0]
        assert (str(counts["met"]), str(counts["due"])) == (cell.above, cell.below)  # type: ignore[index,union-attr]
    assert shown.headlines[0].cell.rate == told["total"]["figures"][0]["percent"]  # type: ignore[index]


def test_a_total_is_made_of_counts_and_both_are_shown(shown: FiguresPage, pages: TestClient) -> None:
    onboard = shown.headlines[0].cell
    assert (onboard.above, onboard.below, onboard.rate) == ("129", "150", "86.00%")
    html = pages.get(f"/figures?on={LAST_DAY}").text
    assert "129/150" in html
    assert "4/4" in html


def test_who_missed_a_target_is_listed_since_when(shown: FiguresPage, pages: TestClient) -> None:
    missed = {(each.name, each.label): each for each in shown.missed}
    maoming = missed["茂名市", "进驻率"]
    assert (maoming.value, maoming.target, maoming.overdue) == ("45.00%（9/20）", "95.98%", True)
    assert maoming.since == "11月16日（周一）"
    assert ("广州市", "进驻率") not in missed
    assert missed["茂名市", "零跑动率"].overdue is False
    assert "已过期限" in pages.get(f"/figures?on={LAST_DAY}").text


def test_a_day_is_compared_with_the_deadline_that_passed(shown: FiguresPage) -> None:
    assert shown.compared == ("较昨日", "较上周", "较期限日")
    assert shown.headlines[0].goal == "目标 ≥ 95.98%，11月20日前"


def test_before_anything_was_counted_nothing_is_zero(pages: TestClient) -> None:
    html = pages.get("/figures?on=2026-01-01").text
    assert "0/4" in html
    assert "茂名市" in html, "a city without data is named"
    assert "0.00%" not in html


def test_by_county_and_department_are_pages_of_their_own(pages: TestClient) -> None:
    html = pages.get(f"/figures?by=department&on={LAST_DAY}").text
    assert "卫生健康" in html
    assert "129/150" in html
    assert pages.get("/figures?by=planet").status_code == 400
    assert pages.get("/figures?on=tomorrow").status_code == 400


def test_a_city_sees_its_own_figures_alone(province: Settings) -> None:
    html = asking(province, Principal("茂名", Role.CITY, "440900")).get(f"/figures?on={LAST_DAY}").text
    assert "9/20" in html
    assert [name for name in ("深圳", "广州", "韶关", "129/150") if name in html] == []
    stranger = asking(province, Principal("外地", Role.CITY, "449999"))
    assert stranger.get("/figures").status_code == 404, "no city is not every city"


def test_a_day_that_was_is_what_it_was(shown: FiguresPage, pages: TestClient) -> None:
    assert shown.on == date(2026, 11, 23)
    assert "11月18日" in pages.get("/figures?on=2026-11-18").text


def test_a_fall_is_printed_with_a_minus_sign(shown: FiguresPage) -> None:
    changes = [change for cell in shown.whole for change in cell.changes]
    assert any(change.startswith("−") for change in changes)
    assert [change for change in changes if "-" in change] == []


def test_in_english_formulas_are_english(pages: TestClient) -> None:
    html = pages.get(f"/figures?on={LAST_DAY}&lang=en").text
    pages.cookies.clear()
    assert "items with 0 visits ÷ items in use" in html
