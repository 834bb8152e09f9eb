"""Paging that misbehaves: what moved, repeated, looped, expired or lied is seen, and accuses nobody."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from citysync.domain.errors import OverBudget, SourceError, Unreadable
from citysync.domain.snapshot import Grade
from connectors import pull
from tests.connectors.cuts import a_master_of, walked
from tests.connectors.doors import PAGES, Memory, city_of, code, codes, directory, pulled
from tests.connectors.site import Asked, Sent, numbered, sends, site

Rows = Sequence[Mapping[str, object]]
UNTOTALLED = {**PAGES, "total": None}
CURSOR = {"connector": "http_cursor", "cursor_param": "after", "cursor": "next", "items": "rows"}
LINKS = {"connector": "http_links", "items": "rows", "next": "next"}


def paged(answer: Callable[[int, int], tuple[Rows, object]]) -> Callable[[Asked], Sent]:
    """Return a server of pages: (page, count of requests) → rows and total."""

    def serve(asked: Asked) -> Sent:
        rows, total = answer(int(asked.query["page"]), asked.count)
        return sends({"code": 200, "data": {"list": rows, "total": total}})

    return serve


def page_of(rows: Rows, page: int, size: int = 2) -> Rows:
    return rows[(page - 1) * size : page * size]


SIX = directory(6)
# name → (server, the city file's source, the grade that is due)
ODD: dict[str, tuple[Callable[[Asked], Sent], dict[str, Any], Grade | None]] = {
    "P01 a row deleted after the first page, in both passes": (
        paged(lambda page, count: (page_of(SIX[count > 1 :] if count < 4 else SIX[: 6 - count % 2], page), 6)),
        PAGES,
        Grade.X,
    ),
    "P01 the total moves all the time": (
        paged(lambda page, count: (page_of(SIX, page), 6 + count % 2)),
        PAGES,
        Grade.C,
    ),
    "P02 a row inserted after the first page": (
        paged(lambda page, count: (page_of(SIX[:5] if count == 1 else [SIX[5], *SIX[:5]], page), 6 - (count == 1))),
        PAGES,
        Grade.A,
    ),
    "P03 the same page for every number": (paged(lambda *_: (SIX[:2], 6)), PAGES, Grade.X),
    "P03 the same page for every number, no total": (paged(lambda *_: (SIX[:2], None)), UNTOTALLED, Grade.X),
    "P04 new keys without end": (paged(lambda _, count: (directory(count)[-1:], 4)), PAGES, Grade.X),
    "P10 the file starts at 0, the city at 1": (
        paged(lambda page, _: (page_of(SIX, max(page, 1)), 6)),
        {**PAGES, "first_page": 0},
        Grade.X,
    ),
    "P10 the file starts at 1, the city at 0": (paged(lambda page, _: (page_of(SIX, page + 1), 6)), PAGES, Grade.X),
    "P11 the total as text": (paged(lambda page, _: (page_of(SIX, page), " 6 ")), PAGES, Grade.A),
    "P11 the total null": (paged(lambda page, _: (page_of(SIX, page), None)), PAGES, Grade.B),
    "P11 the total -1": (paged(lambda page, _: (page_of(SIX, page), -1)), PAGES, Grade.B),
    "P11 the total too large": (paged(lambda page, _: (page_of(SIX, page), 7)), PAGES, Grade.X),
    "P11 the total too small": (paged(lambda page, _: (page_of(SIX, page), 3)), PAGES, Grade.X),
    "P11 the total too small, by whole pages": (paged(lambda page, _: (page_of(SIX, page), 4)), PAGES, Grade.X),
    "P11 a full last page, an error behind it": (
        lambda asked: paged(lambda page, _: (page_of(SIX, page), 6))(asked) if asked.count < 4 else Sent(status=404),
        PAGES,
        Grade.A,
    ),
    "P11 a full last page, the last page again behind it": (
        paged(lambda page, _: (page_of(SIX, min(page, 3)), 6)),
        PAGES,
        Grade.A,
    ),
    "P11 the total a fraction": (paged(lambda page, _: (page_of(SIX, page), 6.5)), PAGES, None),
    "P12 an empty page, then more": (
        paged(lambda page, _: ([] if page == 2 else page_of(SIX, page), None)),
        UNTOTALLED,
        Grade.X,
    ),
    "P12 an empty page in the first pass only": (
        paged(lambda page, count: ([] if count == 2 else page_of(SIX, page), None)),
        UNTOTALLED,
        Grade.X,
    ),
    "P12 an empty page that the total contradicts": (
        paged(lambda page, _: ([] if page == 2 else page_of(SIX, page), 6)),
        PAGES,
        Grade.X,
    ),
    "P16 two nodes, one row apart": (
        paged(lambda page, count: (page_of([SIX[0], *SIX[2:]] if count % 2 else SIX[:5], page), 5)),
        PAGES,
        Grade.C,
    ),
}


@pytest.mark.parametrize("name", list(ODD))
def test_odd_paging_gets_the_grade_it_earned_and_accuses_only_when_that_is_proof(name: str) -> None:
    answer, source, grade = ODD[name]
    with site(answer) as city:
        found = walked(city_of({**source, "url": city.url}), a_master_of(6))
    assert found.grade == (grade and grade.value)
    if grade not in {Grade.A, Grade.B}:
        assert found.unclaimed == frozenset()
    if grade in {Grade.X, None}:
        assert found.state == "not_synced"


def test_an_empty_page_with_more_after_it_is_named() -> None:
    answer, source, _ = ODD["P12 an empty page, then more"]
    with site(answer) as city:
        certificate = pulled({**source, "url": city.url}).certificate
    assert certificate.problems[0] == "第 2 页是空页，第 3 页又有数据"


def test_pages_without_a_total_end_at_three_times_what_the_city_had() -> None:
    def endless(asked: Asked) -> Sent:
        start = asked.count * 300
        return sends({"code": 200, "data": {"list": [{"task_code": code(start + n)} for n in range(300)]}})

    with site(endless) as running:
        city = city_of({**UNTOTALLED, "url": running.url})
        with pytest.raises(OverBudget, match="已读 1,500 条仍未结束，上次共 100 条"):
            pull(city, replace(Memory().door(), last_count=100))
        assert len(running.asked) == 5


def test_a_page_size_that_is_not_honoured_is_worked_with() -> None:
    source = {**PAGES, "size_param": "size", "page_size": 500}
    with site(numbered(directory(7), size=3)) as city:
        snapshot = pulled({**source, "url": city.url})
    assert (snapshot.certificate.grade, snapshot.rows.height, city.asked[0].query["size"]) == (Grade.A, 7, "500")


@pytest.mark.parametrize("length", [1, 2, 5])
def test_links_and_cursors_that_lead_round_are_contradictions(length: int) -> None:
    def round_and_round(asked: Asked) -> Sent:
        place = int(asked.query.get("after", "0"))
        following = place % length + 1
        rows = [{"task_code": code(asked.count)}]
        return sends({"rows": rows, "next": f"?after={following}" if asked.path == "/links" else following})

    with site(round_and_round) as city:
        for source in ({**LINKS, "url": f"{city.url}/links"}, {**CURSOR, "url": f"{city.url}/cursor"}):
            certificate = pulled(source).certificate
            assert certificate.grade is Grade.X
            assert "的下一页又回到第 2 页" in certificate.problems[0]


def cursor_that_expires(times: int, expired: Sent) -> Callable[[Asked], Sent]:
    left = [times]

    def answer(asked: Asked) -> Sent:
        start = int(asked.query.get("after", "0"))
        if start == 4 and left[0]:
            left[0] -= 1
            return expired
        following = start + 2 if start + 2 < 6 else None
        return sends({"rows": directory(6)[start : start + 2], "next": following, "total": 6, "code": "00"})

    return answer


EXPIRED = [Sent(status=410), sends({"code": "88", "msg": "游标失效"})]


@pytest.mark.parametrize("expired", EXPIRED, ids=["410", "a code of its own"])
def test_a_cursor_that_expires_starts_the_pass_again_once(expired: Sent) -> None:
    source = {**CURSOR, "total": "total", "ok": {"path": "code", "equals": "00"}}
    source["expired"] = {"path": "code", "equals": "88"}
    memory = Memory()
    with site(cursor_that_expires(1, expired)) as city:
        snapshot = pulled({**source, "url": city.url}, memory)
    assert (snapshot.certificate.grade, codes(snapshot)) == (Grade.A, [code(n) for n in range(1, 7)])
    assert snapshot.notes == ("游标中途失效，已从头重读",)
    assert [page.number for page in snapshot.pages] == [1, 2, 3, 4, 5]
    assert snapshot.rows["page_no"].to_list() == [3, 3, 4, 4, 5, 5]
    with site(cursor_that_expires(2, expired)) as city, pytest.raises(Unreadable, match="失效"):
        pulled({**source, "url": city.url})


def test_an_address_that_is_gone_from_the_start_is_not_asked_twice() -> None:
    with site(lambda _: Sent(status=410)) as city, pytest.raises(SourceError, match="已失效（410）"):
        pulled({**CURSOR, "url": city.url})
    assert len(city.asked) == 1


@pytest.mark.parametrize("total", [4, 5, 7])
@pytest.mark.parametrize("source", [CURSOR, LINKS], ids=["cursor", "links"])
def test_a_total_below_or_above_what_came_contradicts_a_source_asked_by_cursor_or_link(
    source: dict[str, Any], total: int
) -> None:
    def answer(asked: Asked) -> Sent:
        page = int(asked.query.get("after", "1"))
        following = None if page == 3 else str(page + 1)
        link = following if source is CURSOR or following is None else f"/?after={following}"
        return sends({"rows": page_of(SIX, page), "next": link, "n": total})

    with site(answer) as city:
        certificate = pulled({**source, "url": city.url, "total": "n"}).certificate
    assert (certificate.grade, certificate.problems) == (Grade.X, (f"声明总数 {total}，实际 6",))


def versioned(*versions: str) -> Callable[[Asked], Sent]:
    def answer(asked: Asked) -> Sent:
        version = versions[(asked.count - 1) % len(versions)]
        rows = page_of(SIX, int(asked.query["page"]))
        return sends({"code": 200, "v": version, "data": {"list": rows, "total": 6}})

    return answer


def test_pages_of_several_versions_must_be_proved_by_a_pass_of_one() -> None:
    source = {**PAGES, "version": "v"}
    with site(versioned("1")) as city:
        assert pulled({**source, "url": city.url}).certificate.grade is Grade.A
    assert len(city.asked) == 4, "three pages, and one look behind the total"
    with site(versioned("1", "2", "2", "2", "2", "2")) as city:
        snapshot = pulled({**source, "url": city.url})
    assert (snapshot.certificate.grade, snapshot.pages[-1].number) == (Grade.A, 6)
    with site(versioned("1", "2")) as city:
        certificate = pulled({**source, "url": city.url}).certificate
    assert certificate.grade is Grade.C
    assert certificate.problems[0] == "各页来自不同版本的数据（1→2→1），疑似多节点数据不一致"


def test_a_cursor_source_is_not_ended_by_one_empty_page() -> None:
    pages: dict[str, dict[str, object]] = {
        "": {"rows": directory(2), "next": "a"},
        "a": {"rows": [], "next": "b"},
        "b": {"rows": directory(4)[2:], "next": None},
    }
    with site(lambda asked: sends(pages[asked.query.get("after", "")])) as city:
        certificate = pulled({**CURSOR, "url": city.url}).certificate
    assert (certificate.grade, certificate.received) == (Grade.X, 4)
    ends: dict[str, dict[str, object]] = {"": {"rows": directory(2), "next": "a"}, "a": {"rows": [], "next": "a"}}
    with site(lambda asked: sends(ends[asked.query.get("after", "")])) as city:
        certificate = pulled({**CURSOR, "url": city.url}).certificate
    assert (certificate.grade, certificate.received) == (Grade.B, 2)
