"""Every page in a real Chromium: on a phone and on a wide screen, without JavaScript, by keyboard, on paper."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute
from playwright.sync_api import Browser, Page

from citysync.config.settings import Settings
from citysync.web import site as sites
from citysync.web.app import create_app
from citysync.web.policy import POLICIES, Door
from tests.builders import CATALOG_CODE, TASK_CODE
from tests.web.browser import PHONE, WIDE, chromium, looking, served
from tests.web.province import LAST_DAY, NOW, run_id_of

# Example addresses of every page, by the name of its route: a page without one fails a test below.
EXAMPLES: dict[str, tuple[str, ...]] = {
    "province": ("/", "/?lang=en"),
    "city": ("/c/440900", "/c/440200"),
    "city_tab": ("/c/440900/history", "/c/440900/runs", "/c/440300/doctor", "/c/440900/notices"),
    "differences": (
        "/c/440900/differences",
        "/c/440900/differences?county=440904&severity=error&q=许可",
        "/c/440900/differences?county=bad",
    ),
    "item": (f"/c/440900/items/{TASK_CODE}", "/c/440200/items/row-1"),
    "city_acts": ("/c/440200/acts", "/c/440900/acts?item=440106043001"),
    "appeals": ("/appeals",),
    "run": (f"/r/{run_id_of(8)}", "/r/20200101T020000-000001"),
    "figures": (f"/figures?on={LAST_DAY}", f"/figures?by=county&on={LAST_DAY}"),
    "public": ("/public", "/public?q=卫生"),
    "public_list": ("/public/list/1",),
    "public_item": (f"/public/items/{CATALOG_CODE}", f"/public/items/{CATALOG_CODE}?lang=en"),
    "moderation": ("/moderation",),
    "sessions": ("/sessions",),
    "sign_in": ("/sign-in",),
    "nowhere": ("/nowhere",),
}
# A line for a probe; two that only lead elsewhere; a part of the acts page, which holds it.
NO_PAGES = {"health", "sign_in_leave", "sign_in_back", "city_progress"}
REFUSED = {"/nowhere": "404", "/c/440900/differences?county=bad": "400", "/r/20200101T020000-000001": "404"}
ADDRESSES = tuple(address for addresses in EXAMPLES.values() for address in addresses)
SHEET = {"width": 703, "height": 1017}  # A4 less the margins of the style sheet, in CSS pixels
HALF = {"width": WIDE["width"] // 2, "height": WIDE["height"] // 2}  # a wide screen at 200 %


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def base(province: Settings) -> Iterator[str]:
    with served(create_app(province, lambda: NOW)) as address:
        yield address


def without_example(app: FastAPI) -> list[str]:
    """Return the pages one can ask for of which no example is looked at."""
    routes = [route for route in app.routes if isinstance(route, APIRoute) and "GET" in (route.methods or ())]
    pages = {route.name for route in routes if route.response_class is HTMLResponse}
    return sorted(pages - set(EXAMPLES) - NO_PAGES)


def test_every_page_there_is_has_an_example_that_is_looked_at(province: Settings) -> None:
    app = create_app(province, lambda: NOW)
    assert without_example(app) == []
    asked = {sites.route_of(app, urlsplit(address).path) or "nowhere": address for address in ADDRESSES}
    assert set(asked) == set(EXAMPLES), "each example is an address of its route"


def test_a_page_without_an_example_is_noticed(province: Settings) -> None:
    app = create_app(province, lambda: NOW)
    Door(app, {"new": POLICIES["city"]}).page("new", "/new", lambda: "x")
    assert without_example(app) == ["new"]


def test_every_page_fits_complains_of_nothing_and_asks_nobody_else(browser: Browser, base: str) -> None:
    with looking(browser, base, PHONE) as looked:
        for address in ADDRESSES:
            looked.said.clear()
            looked.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
            looked.page.goto(address)
            assert looked.overflow() <= 0, f"{address}: on a phone"
            assert looked.serious() == [], f"{address}: on a phone"
            for size, where in ((HALF, "at 200 %"), (WIDE, "on a wide screen")):
                looked.page.set_viewport_size(size)  # type: ignore[arg-type]
                assert looked.overflow() <= 0, f"{address}: {where}"
            assert looked.serious() == [], f"{address}: on a wide screen"
            said = [text for text in looked.said if address not in REFUSED or REFUSED[address] not in text]
            assert said == [], f"{address}: a CSP violation is told on the console too"
            assert looked.elsewhere == [], address


def test_every_page_is_there_without_javascript_and_prints(browser: Browser, base: str) -> None:
    with looking(browser, base, WIDE, java_script_enabled=False) as looked:
        for address in ADDRESSES:
            looked.page.goto(address)
            assert len(looked.page.inner_text("main").strip()) > 1, address
            assert address in REFUSED or looked.said == [], address
            looked.said.clear()
            assert looked.page.pdf(format="A4", prefer_css_page_size=True).startswith(b"%PDF-"), address


def test_no_page_is_wider_than_a_sheet_of_a4(browser: Browser, base: str) -> None:
    with looking(browser, base, SHEET) as looked:
        looked.page.emulate_media(media="print")
        for address in ADDRESSES:
            looked.page.goto(address)
            assert looked.overflow() <= 0, address


def test_a_margin_that_sticks_out_of_the_sheet_is_noticed(browser: Browser, base: str) -> None:
    with looking(browser, base, SHEET) as looked:
        looked.page.emulate_media(media="print")
        looked.page.goto(f"/figures?on={LAST_DAY}")
        looked.page.evaluate(
            "for (const each of document.querySelectorAll('.figure')) each.style.marginRight = '-12px'"
        )
        assert looked.overflow() > 0


def test_what_axe_finds_serious_is_noticed_on_a_wide_screen(browser: Browser, base: str) -> None:
    with looking(browser, base, WIDE) as looked:
        looked.page.goto("/")
        looked.page.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<input>')")
        assert any("<input>" in found for found in looked.serious())


def test_a_style_that_the_policy_forbids_is_noticed(browser: Browser, base: str) -> None:
    with looking(browser, base, WIDE) as looked:
        looked.page.goto("/")
        looked.page.evaluate("document.body.insertAdjacentHTML('beforeend', '<p style=\"color:red\">x</p>')")
        looked.page.wait_for_timeout(50)
        assert any("Content Security Policy" in text for text in looked.said)


def test_without_javascript_one_gets_from_the_overview_to_a_citys_list(browser: Browser, base: str) -> None:
    with looking(browser, base, PHONE, java_script_enabled=False, accept_downloads=True) as looked:
        looked.page.goto("/")
        looked.page.locator(".need a", has_text="茂名市").click()
        assert "要素不一致 2 项" in looked.page.inner_text("main")
        with looked.page.expect_download() as fetched:
            looked.page.get_by_text("下载问题清单").click()
        assert fetched.value.suggested_filename == "440900_茂名市_问题清单_20261123.xlsx"


def test_by_keyboard_one_gets_from_the_overview_over_city_and_item_to_an_export(browser: Browser, base: str) -> None:
    with looking(browser, base, WIDE, accept_downloads=True) as looked:
        page = looked.page
        page.goto("/")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "跳到正文"
        for sign in ('[href="/c/440900"]', '[href="/c/440900/differences"]', f'[href="/c/440900/items/{TASK_CODE}"]'):
            tab_to(page, sign)
            with page.expect_navigation():
                page.keyboard.press("Enter")
        assert "证据" in page.inner_text("main")
        tab_to(page, '[href="/c/440900/differences"]')
        with page.expect_navigation():
            page.keyboard.press("Enter")
        tab_to(page, '[href^="/c/440900/differences.csv"]')
        with page.expect_download() as fetched:
            page.keyboard.press("Enter")
        assert fetched.value.suggested_filename.endswith(".csv")
        assert looked.said == []


def tab_to(page: Page, selector: str) -> None:
    """Press the tabulator until an element of that kind has the focus."""
    for _ in range(120):
        page.keyboard.press("Tab")
        if page.evaluate("wanted => document.activeElement.matches(wanted)", selector):
            return
    raise AssertionError(selector)


def test_a_filter_is_set_without_a_new_page_and_said_aloud(browser: Browser, base: str) -> None:
    with looking(browser, base, WIDE) as looked:
        page = looked.page
        page.goto("/c/440900/differences")
        page.evaluate("window.stayed = true")
        page.select_option("#filter-county", "440904")
        page.wait_for_selector(".chip")
        assert page.inner_text("#told").startswith("共 2 条")
        assert page.url.endswith("/c/440900/differences?county=440904")
        page.click(".chip")
        page.wait_for_selector(".chip", state="detached")
        assert page.inner_text("#told").startswith("共 5 条")
        assert page.evaluate("window.stayed") is True, "the page was not loaded anew"
        assert looked.said == []


def test_without_javascript_a_filter_is_a_form(browser: Browser, base: str) -> None:
    with looking(browser, base, PHONE, java_script_enabled=False) as looked:
        looked.page.goto("/c/440900/differences")
        looked.page.select_option("#filter-county", "440904")
        looked.page.get_by_role("button", name="筛选").click()
        assert looked.page.inner_text("#told").startswith("共 2 条")


@pytest.mark.parametrize("size", [PHONE, WIDE], ids=["phone", "wide"])
def test_a_citys_nights_are_a_chart_that_tells_what_the_table_says(
    browser: Browser, base: str, size: dict[str, int]
) -> None:
    with looking(browser, base, size) as looked:
        page = looked.page
        page.goto("/c/440900/history")
        chart = page.locator("#nights-chart")
        assert chart.locator("canvas").count() == 1
        assert page.locator("#nights-picture").is_hidden()
        newest, before = (page.locator("#nights tbody tr").nth(place).inner_text().split() for place in (0, 1))
        told = chart.get_attribute("aria-valuetext") or ""
        assert [word for word in newest if word not in told] == []
        tab_to(page, "#nights-chart")
        page.keyboard.press("ArrowLeft")
        told = chart.get_attribute("aria-valuetext") or ""
        assert [word for word in before if word not in told] == []
        assert page.inner_text(".chart-said") == told
        page.keyboard.press("Home")
        assert chart.get_attribute("aria-valuenow") == "0"
        box = chart.bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 60)
        assert chart.get_attribute("aria-valuenow") not in {"0", "7"}, "it follows the pointer"
        assert looked.overflow() <= 0
        assert looked.serious() == []
        assert looked.said == [], "no style, no script against the policy"


def test_without_javascript_the_picture_and_the_table_stay(browser: Browser, base: str) -> None:
    with looking(browser, base, PHONE, java_script_enabled=False) as looked:
        looked.page.goto("/c/440900/history")
        assert looked.page.locator("#nights-picture svg").is_visible()
        assert looked.page.locator("#nights-chart").is_hidden()
        assert looked.page.locator("#nights tbody tr").count() == 8


def test_a_city_prints_on_two_sheets_at_most(browser: Browser, base: str) -> None:
    with looking(browser, base, WIDE) as looked:
        looked.page.goto("/c/440900")
        printed = looked.page.pdf(format="A4", prefer_css_page_size=True)
    assert 1 <= printed.count(b"/Type /Page\n") + printed.count(b"/Type /Page ") <= 2
