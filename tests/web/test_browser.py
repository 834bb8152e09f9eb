"""Every page in a real Chromium: on a phone and on a wide screen, without JavaScript, by keyboard, on paper."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from citysync.config.settings import Settings
from citysync.web.app import create_app
from tests.builders import CATALOG_CODE, TASK_CODE
from tests.web.browser import PHONE, WIDE, chromium, looking, served
from tests.web.province import LAST_DAY, NOW, run_id_of

# One address per kind of page; whoever adds a page adds its address.
ADDRESSES = (
    "/",
    "/?lang=en",
    "/c/440900",
    "/c/440200",
    "/c/440900/history",
    "/c/440900/runs",
    "/c/440300/doctor",
    "/c/440900/notices",
    "/c/440900/differences",
    "/c/440900/differences?county=440904&severity=error&q=许可",
    "/c/440900/differences?county=bad",
    f"/c/440900/items/{TASK_CODE}",
    "/c/440200/items/row-1",
    f"/r/{run_id_of(8)}",
    f"/figures?on={LAST_DAY}",
    f"/figures?by=county&on={LAST_DAY}",
    "/public",
    "/public?q=卫生",
    "/public/list/1",
    f"/public/items/{CATALOG_CODE}",
    f"/public/items/{CATALOG_CODE}?lang=en",
    "/moderation",
    "/c/440200/acts",
    "/c/440900/acts?item=440106043001",
    "/appeals",
    "/nowhere",
)

REFUSED = {"/nowhere": "404", "/c/440900/differences?county=bad": "400"}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def base(province: Settings) -> Iterator[str]:
    with served(create_app(province, lambda: NOW)) as address:
        yield address


@pytest.mark.parametrize("size", [PHONE, WIDE], ids=["phone", "wide"])
def test_every_page_fits_complains_of_nothing_and_asks_nobody_else(
    browser: Browser, base: str, size: dict[str, int]
) -> None:
    for address in ADDRESSES:
        with looking(browser, base, size) as looked:
            looked.page.goto(address)
            assert looked.overflow() <= 0, address
            assert looked.serious() == [], address
            said = [text for text in looked.said if address not in REFUSED or REFUSED[address] not in text]
            assert said == [], f"{address}: a CSP violation is told on the console too"
            assert looked.elsewhere == [], address


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


def test_by_keyboard_alone_one_gets_there_too(browser: Browser, base: str) -> None:
    with looking(browser, base, WIDE) as looked:
        looked.page.goto("/")
        looked.page.keyboard.press("Tab")
        assert looked.page.evaluate("document.activeElement.textContent") == "跳到正文"
        for _ in range(40):
            looked.page.keyboard.press("Tab")
            if "/c/440900" in (looked.page.evaluate("document.activeElement.getAttribute('href')") or ""):
                break
        looked.page.keyboard.press("Enter")
        looked.page.wait_for_url("**/c/440900")


def test_by_keyboard_one_gets_from_the_overview_over_city_and_item_to_an_export(browser: Browser, base: str) -> None:
    with looking(browser, base, WIDE, accept_downloads=True) as looked:
        page = looked.page
        page.goto("/")
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


def test_at_twice_the_size_nothing_runs_out_of_the_page(browser: Browser, base: str) -> None:
    half = {"width": WIDE["width"] // 2, "height": WIDE["height"] // 2}
    item = f"/c/440900/items/{TASK_CODE}"
    mine = ("/c/440900", "/c/440900/differences", item)
    for address in ("/", *mine, f"/r/{run_id_of(8)}", f"/figures?on={LAST_DAY}"):
        with looking(browser, base, half, device_scale_factor=2) as looked:
            looked.page.goto(address)
            assert looked.overflow() <= 0, address


def test_a_city_prints_on_two_sheets_at_most(browser: Browser, base: str) -> None:
    with looking(browser, base, WIDE) as looked:
        looked.page.goto("/c/440900")
        printed = looked.page.pdf(format="A4", prefer_css_page_size=True)
    assert 1 <= printed.count(b"/Type /Page\n") + printed.count(b"/Type /Page ") <= 2
