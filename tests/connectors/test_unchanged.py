"""Pages that are asked for only if they changed, and sources that lie about it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from pydantic import ValidationError

from citysync.domain.errors import StorageError, Unreadable
from citysync.domain.snapshot import Grade, Snapshot, fingerprint
from connectors import pull
from connectors._tape import Player, Recorder
from tests.connectors.changing import CHANGES, Directory, Nights, a_directory
from tests.connectors.doors import CANARY, NOW, Memory, city_of, code, pulled
from tests.connectors.site import Asked, Sent, site

LONG_AGO = "Mon, 23 Nov 2026 00:00:00 GMT"


@dataclass
class Marking:
    """A city's directory whose pages carry an ETag, or ``Last-Modified``.

    ``frozen``: pages whose mark stays whatever becomes of them; ``stale``: pages that are always said to be unchanged.
    """

    directory: Directory
    kind: str = "etag"
    frozen: set[str] = field(default_factory=set)
    stale: set[str] = field(default_factory=set)
    sent: int = 0

    def answer(self, asked: Asked) -> Sent:
        page, whole = asked.query["page"], self.directory.answer(asked)
        mark = '"frozen"' if page in self.frozen else f'"{hashlib.sha256(whole.body).hexdigest()[:16]}"'
        header, condition = ("ETag", "if-none-match") if self.kind == "etag" else ("Last-Modified", "if-modified-since")
        mark = mark if self.kind == "etag" else LONG_AGO
        known = asked.headers.get(condition)
        if known is not None and (known == mark or page in self.stale):
            return Sent(status=304, headers={**whole.headers, header: known}, length=0)
        self.sent += len(whole.body)
        return replace(whole, headers={**whole.headers, header: mark})


@contextmanager
def marked(count: int = 45, every: int = 7, **facts: Any) -> Iterator[tuple[Nights, Marking]]:
    """Yield a province of one city whose pages carry marks, nothing pulled yet."""
    directory = a_directory(count)
    marking = Marking(directory, **facts)
    with site(marking.answer) as server:
        source = {
            "connector": "http_pages",
            "url": f"{server.url}/items",
            "page_param": "page",
            "size_param": "size",
            "page_size": 10,
            "items": "data.list",
            "total": "data.total",
            "conditional": {"every": every},
        }
        yield Nights(city_of(source, ignore=("op",)), directory, server), marking


def conditions(province: Nights) -> int:
    """Return how many questions of the last night were asked with a condition."""
    return sum({"if-none-match", "if-modified-since"} & each.headers.keys() != set() for each in province.server.asked)


def told(snapshot: Snapshot) -> str:
    return " | ".join(snapshot.notes)


@pytest.mark.parametrize("kind", ["etag", "modified"])
def test_pages_that_did_not_change_are_not_sent_again_and_some_are_looked_at_all_the_same(kind: str) -> None:
    with marked(kind=kind) as (province, marking):
        first = province.pull()
        marking.sent = 0
        night = province.pull()
        assert (conditions(province), len(province.server.asked)) == (5, 6)
        assert night.certificate.grade is Grade.A
        assert "5 页由来源答复未变而沿用上次内容，其中 1 页直接核对一致" in night.certificate.proof
        assert fingerprint(night.rows) == fingerprint(first.rows)
        assert night.source_changed_at == first.source_changed_at
        assert marking.sent == next(page.size for page in first.pages if page.number == 2)


def test_a_page_that_changed_is_sent() -> None:
    with marked() as (province, _):
        province.pull()
        province.directory.put(12, task_name="改了名")
        night = province.pull()
        assert "4 页由来源答复未变" in told(night)
        assert fingerprint(night.rows) == fingerprint(province.whole().rows)


@pytest.mark.parametrize("lie", ["stale", "frozen"])
def test_a_page_that_is_said_to_be_unchanged_and_is_not_is_caught_in_its_turn(lie: str) -> None:
    with marked(every=3) as (province, marking):
        (marking.stale if lie == "stale" else marking.frozen).add("2")
        province.pull()
        province.directory.put(12, task_name="改了名")
        nights = [province.pull() for _ in range(3)]
        caught = [night for night in nights if "已全部直接重取" in told(night)]
        assert len(caught) == 1
        assert "答复未变（304）" in told(caught[0])
        assert "改了名" in caught[0].rows["task_name"].to_list()
        assert "已全部" not in told(province.pull())
        assert conditions(province) == 0
        assert fingerprint(province.pull().rows) == fingerprint(province.whole().rows)


def test_the_same_mark_over_another_body_is_caught_at_once() -> None:
    with marked(frozen={"2"}) as (province, marking):
        province.pull()
        province.directory.put(12, task_name="改了名")
        honest = marking.answer

        def never_304(asked: Asked) -> Sent:
            return honest(replace(asked, headers={}))

        province.server.answer = never_304
        night = province.pull()
    assert "标记（ETag 或 Last-Modified）未变而内容变了" in told(night)
    assert "改了名" in night.rows["task_name"].to_list()


def test_a_page_whose_kept_bytes_are_gone_is_asked_for_outright() -> None:
    with marked() as (province, _):
        first = province.pull()
        gone = next(page.sha256 for page in first.pages if page.number == 3)

        def read(sha256: str) -> bytes:
            if sha256 == gone:
                raise StorageError("没有了")
            return province.kept[sha256]

        night = province.pull(read=read)
        assert conditions(province) == 4
        assert night.certificate.grade is Grade.A


def test_a_night_that_moves_is_walked_a_second_time_outright() -> None:
    with marked() as (province, marking):
        province.pull()
        honest = marking.answer

        def moving(asked: Asked) -> Sent:
            if asked.query["page"] == "4":
                province.directory.put(99)
            return honest(asked)

        province.server.answer = moving
        night = province.pull()
        assert night.certificate.grade is Grade.A
        assert "第二遍声明总数" in night.certificate.proof
        assert fingerprint(night.rows) == fingerprint(province.whole().rows)


def test_an_answer_that_nothing_changed_to_a_plain_question_is_no_answer() -> None:
    with marked() as (province, _):
        province.server.answer = lambda _asked: Sent(status=304, length=0)
        with pytest.raises(Unreadable, match="304"):
            province.pull()


def test_a_mark_that_echoes_the_token_is_not_kept() -> None:
    with marked() as (province, marking):
        honest = marking.answer
        province.server.answer = lambda asked: replace(
            honest(asked), headers={"ETag": f'"{CANARY}"', "Last-Modified": "no date"}
        )
        memory = Memory()
        source = province.city.source.model_dump()
        source["auth"] = {"kind": "bearer", "secret": "CITYSYNC_SECRET_440300"}
        pulled(source, memory)
    assert CANARY not in str(memory.kept)
    assert "no date" in str(memory.kept)


def test_a_night_with_unchanged_pages_is_made_again_from_its_tape_alone() -> None:
    with marked(frozen={"2"}, every=2) as (province, _):
        province.pull()
        province.directory.put(12, task_name="改了名")
        base, memory = province.base, Memory()
        recorder = Recorder(lambda data: province.door().keep(data, 0, "").sha256, lambda: NOW)
        then = province.pull(tape=recorder, now=recorder.now)
    player = Player(recorder.heard, recorder.moments, then.pages, province.kept.__getitem__)
    again = replace(memory.door(), base=base, tape=player, now=player.now, keep=player.keep)
    now = pull(province.city, again)
    assert now.rows.equals(then.rows)
    assert (now.certificate, now.notes, now.pages) == (then.certificate, then.notes, then.pages)
    assert code(12) in now.rows["task_code"].to_list()


def test_changes_and_conditions_are_not_asked_for_together() -> None:
    source = {"connector": "http_pages", "url": "http://city.example", "total": "total", "changes": CHANGES}
    with pytest.raises(ValidationError, match="只能写一个"):
        city_of({**source, "conditional": {}})
