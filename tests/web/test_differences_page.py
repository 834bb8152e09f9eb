"""A city's list of differences: what the address asks for, and the same as files."""

from __future__ import annotations

import csv
import io
import json
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient

from citysync.config.settings import Settings
from citysync.domain.principal import Principal, Role
from citysync.web.reading.differences import Asked
from citysync.web.views.differences import address, cut
from tests.web.test_policy import asking

LIST = "/c/440900/differences"


def test_everything_open_is_listed_the_heaviest_first(pages: TestClient) -> None:
    html = pages.get(LIST).text
    assert "共 5 条，显示第 1–5 条" in html
    table = html[html.index("<tbody") :]
    assert table.index("拒收") < table.index("电白区") < table.index("提示")


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("county=440904", 2),
        ("check=unclaimed", 1),
        ("severity=warning", 1),
        ("severity=rejected", 1),
        ("status=grace&county=440904", 2),
        ("q=公共场所卫生许可&severity=error", 3),
        ("q=440106043002", 1),
        ("first=new", 0),
        ("first=week", 5),
        ("q=&county=&sort=code", 5),
    ],
)
def test_the_address_says_what_is_listed_and_exported(pages: TestClient, query: str, count: int) -> None:
    html = pages.get(f"{LIST}?{query}").text
    told = f"共 {count} 条" if count else "没有符合条件的差异。"
    assert told in html
    document = json.loads(pages.get(f"{LIST}.json?{query}").content)
    assert len(document["problems"]) == count
    whole = json.loads(pages.get("/c/440900/receipt.json").content)["problems"]
    numbered = [{**row, "number": ""} for row in whole]
    assert [row for row in document["problems"] if {**row, "number": ""} not in numbered] == [], (
        "the receipt's own rows"
    )


REFUSED = (
    *("county=110000", "check=no_such", "severity=x", "status=x", "first=x", "sort=x", "who=1"),
    *("page=0", "page=-1", "page=x", "page=\uff11", "county=440904&county=440900", "q=" + "a" * 101),
)


@pytest.mark.parametrize("query", REFUSED)
def test_what_no_link_of_ours_asks_for_is_refused_in_words(pages: TestClient, query: str) -> None:
    for path in (LIST, f"{LIST}.json"):
        answer = pages.get(f"{path}?{query}")
        assert answer.status_code == 400
        assert "请求有误" in answer.text


def test_a_filter_is_a_chip_that_takes_itself_away(pages: TestClient) -> None:
    html = pages.get(f"{LIST}?county=440904&severity=error&q=许可").text
    assert html.count('class="chip"') == 3
    assert 'href="/c/440900/differences?q=%E8%AE%B8%E5%8F%AF&amp;severity=error"' in html


def test_an_address_holds_it_all_and_nothing_that_goes_without_saying() -> None:
    asked = Asked("许可", {"areacode": "440904"}, "week", "code", 3)
    told = parse_qs(urlsplit(address(asked)).query)
    assert told == {"q": ["许可"], "county": ["440904"], "first": ["week"], "sort": ["code"], "page": ["3"]}
    assert address(Asked()) == ""


def test_a_code_is_cut_for_the_eye_and_copied_whole() -> None:
    assert cut("11440300007542098E3440106043001").parts == ("11440300007542098E", "3", "44", "01", "06", "043", "001")
    assert cut("11440300007542098E344010604300101").parts[-1] == "01"
    assert cut("440106043001").parts == ("44", "01", "06", "043", "001")
    assert (cut("短码").parts, cut("").parts) == (("短码",), ("",))


def test_the_files_are_receipts_that_say_what_they_leave_out(pages: TestClient) -> None:
    told = pages.get(f"{LIST}.csv?county=440904")
    rows = list(csv.reader(io.StringIO(told.content.decode("utf-8-sig"))))
    assert len(rows) == 3
    assert pages.get(f"{LIST}.xlsx?county=440904").content.startswith(b"PK")
    assert json.loads(pages.get(f"{LIST}.json?county=440904").content)["chosen_by"] == "县区 电白区"
    nothing = pages.get(f"{LIST}.csv?first=new").content.decode("utf-8-sig")
    assert "没有符合筛选条件的问题" in nothing
    assert pages.get(f"{LIST}.exe").status_code == 404


def test_a_page_beyond_the_last_is_the_last(pages: TestClient) -> None:
    assert "共 5 条，显示第 1–5 条" in pages.get(f"{LIST}?page=999").text


def test_a_city_without_a_difference_says_so(pages: TestClient) -> None:
    assert "没有符合条件的差异。" in pages.get("/c/440200/differences").text


@pytest.mark.parametrize("path", ["/c/{}/differences", "/c/{}/differences.json"])
def test_a_foreign_city_has_no_list(province: Settings, path: str) -> None:
    client = asking(province, Principal("茂名", Role.CITY, "440900"))
    assert client.get(path.format("440300")).status_code == 404
    assert client.get(path.format("440900")).status_code == 200
