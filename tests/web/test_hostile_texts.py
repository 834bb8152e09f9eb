"""What a city sends is never markup, never a link, never a formula: on the pages and in the files (faults.md X)."""

from __future__ import annotations

import csv
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from python_calamine import CalamineWorkbook

from citysync.web.app import create_app
from tests.builders import NOW, TASK_CODE, an_item
from tests.storage.cast import a_finding
from tests.web.item_nights import two_nights

MARKUP = (
    "<script>alert(1)</script>",
    '"><svg/onload=alert(1)>',
    "<img src=x onerror=alert(1)>",
    "'-alert(1)-'",
    "</title><script>alert(1)</script>",
    "javascript:alert(1)",
    "{{ 7*7 }}${7*7}",
    "</script><iframe src=//evil.example>",
    "<a href='data:text/html,x'>x</a>",
    "\x1b[2J\x00\x07许可",
    "\u202etxt.exe",
)
FORMULAS = ('=HYPERLINK("http://evil.example")', "+1+1", "-2+3", "@SUM(A1)", "\t=1+1", "＝1+1", "\u200b=1")
EVERY = "".join(MARKUP)


class Markup(HTMLParser):
    """Every element, and every attribute that could act."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts: list[str] = []
        self.acting: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag in {"script", "iframe", "img", "object", "embed"}:
            self.scripts.append(str(named.get("src")))
        self.acting += [f"{tag} {name}" for name, _ in attrs if name.startswith("on") or name == "style"]
        links = [str(named[name]) for name in ("href", "action", "src") if name in named]
        self.acting += [link for link in links if re.match(r"(?i)\s*(javascript|data|//)", link)]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    folder: Path = tmp_path_factory.mktemp("hostile")
    row = an_item(task_name=EVERY, dept_name=EVERY, by_law=EVERY, link_way=EVERY)
    found = [
        a_finding(expected=text, actual=text, hint=text, field=text, check=text, areacode=text, due_on=None)
        for text in (*MARKUP, *FORMULAS)
    ]
    found.append(a_finding(expected="公共场所", actual=EVERY))
    settings = two_nights(folder, an_item(task_name=FORMULAS[0]), row, *found, name=f"深圳{MARKUP[0]}")
    return TestClient(create_app(settings, lambda: NOW), base_url="http://127.0.0.1")


PAGES = (
    "/c/440300/differences",
    "/c/440300/differences?q=%3Cscript%3Ealert(1)%3C/script%3E",
    "/c/440300/differences?severity=error&sort=first",
    f"/c/440300/items/{TASK_CODE}",
    f"/c/440300/items/{TASK_CODE}?form=normalised",
    "/c/440300/items/row-1",
)


@pytest.mark.parametrize("path", PAGES)
def test_nothing_sent_acts_on_a_page(hostile: TestClient, path: str) -> None:
    answer = hostile.get(path)
    assert answer.status_code == 200
    seen = Markup()
    seen.feed(answer.text)
    assert [source for source in seen.scripts if not source.startswith("/static/")] == []
    assert seen.acting == []
    assert [character for character in "\x00\x07\x1b\u202e" if character in answer.text] == []
    assert "49" not in re.findall(r"\b49\$?", answer.text), "no template of a city is ever evaluated"


def test_a_parser_that_sees_nothing_would_be_noticed() -> None:
    seen = Markup()
    seen.feed(f"<p>{EVERY}</p><a href='javascript:x'>")
    assert len(seen.scripts) >= 1
    assert {"svg onload", "img onerror"} & set(seen.acting) or "javascript:x" in seen.acting


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
