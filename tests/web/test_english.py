"""In English a page says everything of ours in English; what is Chinese on it is somebody's own, and marked so."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from citysync.domain import sayings
from citysync.domain.reasons import REASON_LABELS, REASON_STEPS
from citysync.domain.sayings import CHECKS, SAYINGS, Saying
from citysync.reconciliation.checks import all_checks
from citysync.reconciliation.notes import NOTES
from citysync.web.app import create_app
from citysync.web.language import language
from citysync.web.rendering import CHINESE
from citysync.web.views.reasons import counted, hint, step
from tests.builders import TASK_CODE
from tests.golden import lines_of
from tests.house.reasons import reason_codes
from tests.web.item_nights import a_changed_item
from tests.web.province import NOW
from tests.web.test_browser import ADDRESSES

EN = language("en")
SAID = {name: each for name, each in vars(sayings).items() if isinstance(each, Saying)}
GOLDEN = [line.split(" | ", 3) for name in ("verdicts", "reasons") for line in lines_of(name)]
# What a page shows of an attribute.
ATTRIBUTES = {"aria-label", "title", "placeholder", "alt", "data-label", "data-done", "content", "value"}
VOID = {"meta", "link", "input", "br", "img", "hr", "rect", "circle", "polyline", "line"}


class Unmarked(HTMLParser):
    """Collects what is Chinese in an element of another language."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, str]] = []
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        spoken = told.get("lang") or (self.open[-1][1] if self.open else "")
        shown = [value for key, value in attrs if key in ATTRIBUTES and value]
        self.found += [value for value in shown if CHINESE.search(value) and not spoken.startswith("zh")]
        if tag not in VOID:
            self.open.append((tag, spoken))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if CHINESE.search(data) and not (self.open and self.open[-1][1].startswith("zh")):
            self.found.append(data.strip())


def unmarked(html: str) -> list[str]:
    reader = Unmarked()
    reader.feed(html)
    return reader.found


def in_english(address: str) -> str:
    return f"{address}{'&' if '?' in address else '?'}lang=en"


@pytest.fixture(autouse=True)
def _no_cookie(pages: TestClient) -> Iterator[None]:
    yield
    pages.cookies.clear()


@pytest.mark.parametrize("address", [address for address in ADDRESSES if "lang=" not in address])
def test_in_english_no_page_says_anything_chinese_that_is_not_marked(pages: TestClient, address: str) -> None:
    html = pages.get(in_english(address)).text
    assert '<html lang="en">' in html
    assert unmarked(html) == []


def test_what_is_chinese_and_not_marked_is_noticed() -> None:
    assert unmarked('<html lang="en"><p>a <b lang="zh-CN">市</b> 县</p><i aria-label="市"></i>') == ["县", "市"]


def test_an_item_with_findings_is_told_in_english_with_the_original_beneath(tmp_path: Path) -> None:
    with TestClient(create_app(a_changed_item(tmp_path), lambda: NOW), base_url="http://127.0.0.1") as client:
        html = client.get(f"/c/440300/items/{TASK_CODE}?lang=en").text
    assert unmarked(html) == []
    assert "Change “Item” from “" in html
    assert 'class="original">Original wording: <span lang="zh-CN">' in html


def test_the_reason_is_told_in_english_and_its_own_wording_stands_beneath(pages: TestClient) -> None:
    html = pages.get("/c/440300?lang=en").text
    assert "The source could not be reached from the province" in html
    assert '<span class="original">Original wording: <span lang="zh-CN">深圳市（440300）接口拒绝连接' in html
    assert "Check the network and the city" in html


def test_every_reason_there_is_has_its_english_and_asks_for_something() -> None:
    codes = sorted(reason_codes() | set(REASON_LABELS))
    for code in codes:
        reason = {"code": code, "text": "没有模板写过的话"}
        assert counted(reason, EN) != EN.say("见原文"), code
        assert CHINESE.search(counted(reason, EN) + step(reason, EN)) is None, code
        assert step(reason, EN), code
    assert set(REASON_LABELS) == set(REASON_STEPS)
    assert set(SAYINGS) <= set(REASON_LABELS)


def test_every_check_and_note_has_its_english_hint() -> None:
    found = {
        "expected": "1",
        "actual": "2",
        "areacode": "440300",
        "field": "promise_day",
        "catalog_code": "4",
        "hint": "x",
    }
    hints = {name: str(check.HINT) for name, check in all_checks().items()}
    for name, asked in (hints | {name: note.HINT for name, note in NOTES.items()}).items():
        told = "".join(hint({**found, "check": name}, "Permit", EN))
        assert CHINESE.search(told) is None, name
        assert "{" not in told, name
        assert asked.count("{label}") == EN.say(asked).count("{label}"), name


@pytest.mark.parametrize(("why", "code", "_fault", "text"), GOLDEN)
def test_every_agreed_text_is_told_in_english(why: str, code: str, _fault: str, text: str) -> None:
    assert CHINESE.search(counted({"code": code, "text": text}, EN)) is None, why


def test_the_numbers_of_a_text_are_those_its_template_wrote() -> None:
    told = {why: counted({"code": code, "text": text}, EN) for why, code, _, text in GOLDEN if why != "out of sync"}
    assert told["guard gone"].endswith("usually 100 rows, 60 this time: 40 gone, beyond the 20% allowed")
    assert told["guard field emptied"].endswith("field Legal basis; empty: 0 % → 100 %")
    assert told["rows absence suspected"] == "Missing: 1; 1 suspected, to be confirmed by the next night"
    assert told["source rejected"].endswith("1 of 2 rows rejected (50.00%), more than the 1.00% allowed")
    assert told["rows old"].endswith("the source last changed on 2026-11-01, 22 days before 2026-11-23; at most 2")
    assert told["source contradicted"].endswith("7 declared, 5 came")
    assert told["source another city"].endswith("the data belongs to 440400; 1 of 1 rows are its")


def test_every_template_of_a_reason_is_read_from_some_agreed_text() -> None:
    used = {id(saying): saying for group in (*SAYINGS.values(), CHECKS) for saying in group}
    silent = [saying.text for saying in used.values() if not any(saying.read(text) for _, _, _, text in GOLDEN)]
    assert silent == [sayings.IN_GRACE.text], "no golden text is of a finding in grace"
    assert sayings.IN_GRACE.read("漏领 3 项（例：x），其中 2 项在宽限期内，最早 2026-12-01 到期；请认领") == {
        "count": "2",
        "until": "2026-12-01",
    }


COUNTED = st.one_of(
    st.integers(0, 10**7).map("{:,}".format),
    st.integers(0, 10_000).map(lambda hundredths: f"{hundredths / 100:.2f}%"),
    st.dates().map(str),
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(SAID)), st.lists(COUNTED, min_size=6, max_size=6))
def test_what_a_template_writes_it_reads_again(name: str, values: list[str]) -> None:
    saying = SAID[name]
    places = dict(zip(saying.places, values, strict=False))
    assert saying.read(f"深圳市（440300）：{saying.said(**places)}，未采用；请核实") == places
