"""What a city sends is never markup, never a link, never a formula: on the pages and in the files (faults.md X)."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Dialog
from python_calamine import CalamineWorkbook

from citysync.config.settings import Settings
from citysync.domain.appeal import Answer, Reply
from citysync.domain.feedback import Signal
from citysync.domain.showing import ACTING
from citysync.storage import appeals, feedback
from citysync.storage.schema import open_store
from citysync.web.app import create_app
from citysync.web.site import build_site
from tests.builders import CATALOG_CODE, NOW, TASK_CODE, a_master, a_master_item, an_item
from tests.hostile import FORMULAS, MARKUP, MORE, NEWEST, Markup, acting_in
from tests.storage.cast import a_finding, a_run
from tests.web.browser import PHONE, chromium, looking, served
from tests.web.item_nights import two_nights

EVERY = "".join((*MARKUP, *MORE, *NEWEST))
NAME = f"深圳{MARKUP[0]}"


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Return a province in which every text a city, a citizen or a filer of appeals can send is hostile."""
    folder: Path = tmp_path_factory.mktemp("hostile")
    row = an_item(task_name=EVERY, dept_name=EVERY, by_law=EVERY, link_way=EVERY)
    found = [
        a_finding(expected=text, actual=text, hint=text, field=text, check=text, areacode=text, due_on=None)
        for text in (*MARKUP, *FORMULAS)
    ]
    found.append(a_finding(expected="公共场所", actual=EVERY))
    found += [a_finding(expected=text, actual=text, hint=text, due_on=None) for text in (*MORE, *NEWEST)]
    settings = two_nights(
        folder, an_item(task_name=FORMULAS[0]), row, *found, name=NAME, master=a_master(a_master_item(task_name=EVERY))
    )
    with open_store(settings.database, write=True) as store:
        for text in (each[:200] for each in (*MARKUP, *MORE, *NEWEST)):
            feedback.leave(store, Signal("440300", CATALOG_CODE, 3, text), text, NOW)
            appeals.appeal(store, "440300", a_run(2).run_id, [found[0]], text, text, NOW)
        serials = [row["serial"] for row in appeals.listed(store)]
        for serial, text in zip(serials, (*MARKUP, *MORE, *NEWEST), strict=True):
            appeals.answer(store, [serial], Reply(Answer.UPHELD, text, text), text, NOW)
    return settings


@pytest.fixture(scope="module")
def hostile(stored: Settings) -> TestClient:
    return TestClient(create_app(stored, lambda: NOW), base_url="http://127.0.0.1")


PAGES = (
    "/c/440300/differences",
    "/c/440300/differences?q=%3Cscript%3Ealert(1)%3C/script%3E",
    "/c/440300/differences?severity=error&sort=first",
    f"/c/440300/items/{TASK_CODE}",
    f"/c/440300/items/{TASK_CODE}?form=normalised",
    "/c/440300/items/row-1",
    "/",
    "/c/440300",
    "/c/440300/differences?county=%3Cscript%3Ealert(1)%3C/script%3E",
    "/c/440300/runs",
    "/c/440300/acts?item=%22%3E%3Csvg/onload=alert(1)%3E&check=%3Cscript%3Ealert(1)%3C/script%3E",
    f"/r/{a_run(2).run_id}",
    "/figures",
    "/appeals",
    "/moderation",
    "/public?q=%22%3E%3Cimg%20src=x%20onerror=alert(1)%3E",
    "/public?q=script",
    "/public/list/1",
    f"/public/items/{CATALOG_CODE}",
)
# What no page has: refused; the link to the other language says the address back, as text.
REFUSED = (
    "/c/440300/differences?county=%3Csvg%20onload=alert(2)%3E",
    "/c/440300/%3Cscript%3Ealert(1)%3C%2Fscript%3E",
    "/c/%22%3E%3Csvg%20onload=alert(1)%3E",
    "/figures?on=%3Cscript%3Ealert(1)%3C/script%3E",
    "/public/items/%3Cscript%3Ealert(1)%3C%2Fscript%3E",
)


@pytest.mark.parametrize("path", PAGES)
def test_nothing_sent_acts_on_a_page(hostile: TestClient, path: str) -> None:
    answer = hostile.get(path)
    assert answer.status_code == 200
    inert(answer.text)


@pytest.mark.parametrize("path", REFUSED)
def test_an_address_nobody_has_acts_on_no_page(hostile: TestClient, path: str) -> None:
    answer = hostile.get(path)
    assert 400 <= answer.status_code < 500
    inert(answer.text)


def inert(html: str) -> None:
    """Assert that nothing on a page acts but what is ours."""
    assert acting_in(html) == []
    assert ACTING.findall(html) == []
    assert "49" not in re.findall(r"\b49\$?", html), "no template of a city is ever evaluated"


def test_a_parser_that_sees_nothing_would_be_noticed() -> None:
    seen = Markup()
    seen.feed(f"<p>{EVERY}</p><a href='javascript:x'>")
    assert len(seen.scripts) >= 1
    assert {"svg onload", "img onerror"} & set(seen.acting) or "javascript:x" in seen.acting


def test_nothing_sent_acts_in_the_static_site(stored: Settings, tmp_path: Path) -> None:
    build_site(stored, tmp_path / "www", lambda: NOW)
    made = sorted((tmp_path / "www").rglob("*.html"))
    assert len(made) > 10
    for path in made:
        inert(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", ["status", "cities/440300/findings", "cities/440300/receipt", "master/items"])
def test_the_api_says_it_as_data_that_no_browser_takes_for_a_page(hostile: TestClient, path: str) -> None:
    answer = hostile.get(f"/api/v1/{path}")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.headers["x-content-type-options"] == "nosniff"
    answer.json()


def test_in_a_browser_nothing_runs_asks_or_complains(stored: Settings) -> None:
    with (
        served(create_app(stored, lambda: NOW)) as base,
        chromium() as browser,
        looking(browser, base, PHONE) as looked,
    ):

        def noted(dialog: Dialog) -> None:
            looked.said.append(f"dialog {dialog.message}")
            dialog.dismiss()

        looked.page.on("dialog", noted)
        for path in PAGES:
            looked.page.goto(path)
            assert looked.overflow() <= 0, path
            assert (path, looked.said, looked.elsewhere) == (path, [], [])
        looked.page.evaluate("setTimeout(() => alert(1))")
        looked.page.wait_for_event("dialog")
        assert looked.said == ["dialog 1"], "a script that runs would have been noticed"


def test_nothing_sent_acts_in_a_file(hostile: TestClient) -> None:
    listed = "/c/440300/differences"
    text = hostile.get(f"{listed}.csv").content.decode("utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
    assert [cell for cell in cells if re.match(r"[\s\u200b]*[=+\-@＝＋－＠]", cell)] == []
    book = CalamineWorkbook.from_filelike(io.BytesIO(hostile.get(f"{listed}.xlsx").content))
    kinds = {
        type(cell) for name in book.sheet_names for row in book.get_sheet_by_name(name).to_python() for cell in row
    }
    assert kinds == {str}, "every cell is text"
    problems = json.loads(hostile.get(f"{listed}.json").content)["problems"]
    assert {row["actual"] for row in problems} >= set(FORMULAS), "programs get the values as they are"
    disposition = hostile.get(f"{listed}.csv").headers["content-disposition"]
    assert "<" not in disposition
