"""Sources that tell what changed: small nights that give what whole ones give, and lies caught by the proof."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from citysync.domain.recheck import Keys
from citysync.domain.snapshot import MERGED, Grade, Snapshot, fingerprint
from connectors import pull
from connectors._changing import told_moment
from connectors._http import ByCode
from connectors._lookup import look_up
from connectors._tape import Astray, Player, Recorder
from tests.connectors.changing import CHANGES, Directory, Nights, Row, a_directory, nights
from tests.connectors.doors import NOW, Memory, city_of, code
from tests.connectors.site import Asked


def told(snapshot: Snapshot) -> str:
    """Return the notes but that about the clock."""
    return " | ".join(note for note in snapshot.notes if "时钟" not in note)


def small(snapshot: Snapshot) -> bool:
    """Return whether a snapshot is that of a small night, and told as one."""
    return MERGED in snapshot.certificate.proof and "增量拉取" in told(snapshot)


def same(one: Snapshot, other: Snapshot) -> bool:
    """Return whether two pulls say the same of a city, whatever the order of its rows."""
    names = ("grade", "declared", "received", "distinct", "problems")
    facts = [(*(getattr(each.certificate, name) for name in names), each.unknown_fields) for each in (one, other)]
    return facts[0] == facts[1] and fingerprint(one.rows) == fingerprint(other.rows)


@pytest.mark.parametrize("cursor", [False, True])
def test_a_first_pull_is_whole_and_the_next_asks_for_changes_and_one_page(*, cursor: bool) -> None:
    with nights(a_directory(45), cursor=cursor) as province:
        first = province.pull()
        assert (first.certificate.grade, told(first), len(province.server.asked)) == (Grade.A, "", 5)
        province.directory.put(7, task_name="改了名")
        province.directory.put(99)
        province.directory.remove(12)
        night = province.pull()
        assert small(night)
        assert len(province.questions) == 2
        assert same(night, province.whole())
    assert "新增 1 条，修改 1 条，删除 1 条" in night.certificate.proof
    assert night.certificate.grade is Grade.A


def test_a_list_of_removed_items_of_its_own_is_asked_for_apart() -> None:
    with nights(a_directory(30, apart=True), gone=None, removed="data.gone") as province:
        province.pull()
        province.directory.remove(3)
        province.directory.remove(4)
        province.directory.put(4, task_name="又回来了")
        night = province.pull()
        assert small(night)
        assert same(night, province.whole())


def test_every_page_has_its_turn_as_a_sample() -> None:
    with nights(a_directory(45), whole_every_days=31) as province:
        province.pull()
        sampled = []
        for _ in range(6):
            province.pull()
            sampled += [asked for asked in province.questions if asked != "since"]
    assert sampled == ["1", "2", "3", "4", "5", "1"]


def test_a_whole_pull_is_made_on_schedule() -> None:
    with nights(a_directory(5), whole_every_days=3) as province:
        notes = [told(province.pull()) for _ in range(5)]
    assert ["每 3 天一次" in note for note in notes] == [False, False, False, True, False]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"ignore": ("op", "extra")}, "字段设置"),
        ({"fields": {"task_name": "name"}}, "字段设置"),
    ],
)
def test_a_city_file_that_changed_needs_a_whole_pull(change: dict[str, Any], why: str) -> None:
    with nights(a_directory(5)) as province:
        province.pull()
        province.city = province.city.model_copy(update=change)
        assert why in told(province.pull())


def test_a_run_that_was_not_adopted_needs_a_whole_pull() -> None:
    with nights(a_directory(5)) as province:
        province.pull()
        assert province.base is not None
        province.base = replace(province.base, latest=False)
        assert told(province.pull()) == "整体拉取：上次运行的结果没有被采用"


def test_what_was_never_adopted_is_asked_for_again_from_the_old_moment() -> None:
    with nights(a_directory(30)) as province:
        province.pull()
        province.directory.put(3, task_name="甲")
        province.pull(adopt=False)
        lost = province.server.asked[0].query["since"]
        province.directory.put(4, task_name="乙")
        night = province.pull()
        assert province.server.asked[0].query["since"] == lost
        assert small(night)
        assert same(night, province.whole())


def test_a_look_up_by_code_in_between_moves_nothing() -> None:
    with nights(a_directory(30)) as province:
        province.pull()
        province.directory.put(3, task_name="甲")
        source = province.city.source.model_copy(update={"by_code": ByCode(task_code="code")})
        province.city = province.city.model_copy(update={"source": source})
        province.pull()
        province.directory.put(4, task_name="乙")
        province.directory.silently(5, task_name="悄悄改了")
        assert province.base is not None
        keys = Keys((code(4), code(5)), ())
        looked = look_up(province.city, province.door(), keys, province.base, Grade.A, pull)
        assert {"乙", "悄悄改了"} <= set(looked.rows["task_name"])
        province.remember(looked)
        night = province.pull()
        assert small(night)
        assert same(night, province.whole())


def untold(update: str) -> Any:
    """Return a lie: one item is left out of what changed."""

    def lie(_asked: Asked, rows: list[Row]) -> list[Row]:
        return [row for row in rows if row["task_code"] != update]

    return lie


def test_a_missed_tombstone_is_caught_by_the_count() -> None:
    directory = a_directory(30, lie=untold(code(12)))
    with nights(directory) as province:
        province.pull()
        directory.remove(12)
        night = province.pull()
        assert "声明总数 29，合并后 30" in told(night)
        assert not small(night)
        assert f"没有被告知的变化 1 个编码，如 {code(12)}" in told(night)
        assert same(night, province.whole())
        assert "上次整体拉取证明增量不可信" in told(province.pull())
        assert small(province.pull())  # the whole pull before agreed with what was told


def test_an_update_that_is_not_listed_is_caught_by_the_sample_when_its_page_has_its_turn() -> None:
    directory = a_directory(30)
    with nights(directory, whole_every_days=31) as province:
        province.pull()
        directory.silently(25, task_name="悄悄改了")
        assert [small(province.pull()) for _ in range(2)] == [True, True]
        night = province.pull()
        assert f"抽查的页与合并后不符：1 个编码，如 {code(25)}" in told(night)
        assert f"没有被告知的变化 1 个编码，如 {code(25)}" in told(night)
        assert same(night, province.whole())


def test_an_update_that_is_not_listed_is_caught_by_the_whole_pull_before_its_turn() -> None:
    directory = a_directory(60)
    with nights(directory, whole_every_days=2) as province:
        province.pull()
        directory.silently(55, task_name="悄悄改了")
        assert small(province.pull())
        assert f"整体拉取发现增量不可信：没有被告知的变化 1 个编码，如 {code(55)}" in told(province.pull())


def test_a_total_that_counts_otherwise_is_not_met() -> None:
    directory = a_directory(30)
    with nights(directory) as province:
        province.pull()
        directory.miscounts = 2
        night = province.pull()
    assert "声明总数 32，合并后 30" in told(night)
    assert night.certificate.grade is Grade.X


def test_a_source_that_does_not_hear_since_gives_everything_and_the_same() -> None:
    directory = a_directory(30)
    with nights(directory) as province:
        province.pull()
        directory.forgets = True
        directory.put(7, task_name="改了名")
        directory.put(77)
        night = province.pull()
        assert small(night)
        assert "重发未变 29 条" in night.certificate.proof
        assert same(night, province.whole())
        directory.remove(7)
        assert "声明总数 30，合并后 31" in told(province.pull())


@pytest.mark.parametrize(("happens", "caught"), [("insert", "声明总数"), ("delete", "声明总数"), ("update", "抽查")])
def test_a_source_that_answers_nothing_to_since_is_caught(happens: str, caught: str) -> None:
    directory = a_directory(8, lie=lambda _asked, _rows: [])
    with nights(directory) as province:
        province.pull()
        match happens:
            case "insert":
                directory.put(9)
            case "delete":
                directory.remove(3)
            case _:
                directory.put(3, task_name="改了名")
        night = province.pull()
        assert f"增量未能证实（{caught}" in told(night)
        assert same(night, province.whole())


@pytest.mark.parametrize(
    ("lie", "caught"),
    [
        (lambda rows: [{**row, "extra": "x", "local_task_code": "1"} for row in rows], "没有的列 local_task_code"),
        (lambda _: [{"op": "d"}], "没有编码"),
        (lambda _: [{"task_name": "无编码"}], "没有编码"),
        (lambda rows: [*rows, *rows], "声明总数"),
    ],
)
def test_changes_that_cannot_be_put_upon_the_snapshot_lead_to_a_whole_pull(lie: Any, caught: str) -> None:
    directory = a_directory(8, lie=lambda _asked, rows: lie(rows))
    with nights(directory) as province:
        province.pull()
        directory.put(3, task_name="改了名")
        night = province.pull()
        assert caught in told(night)
        assert same(night, province.whole())


def test_a_list_of_changes_that_is_cut_is_no_list() -> None:
    directory = a_directory(30)
    with nights(directory, total="data.total") as province:
        province.pull()
        for number in range(1, 15):
            directory.put(number, task_name="改了名")
        answer = directory.answer

        def cut(asked: Asked) -> Any:
            sent = answer(asked)
            return (
                replace(sent, body=sent.body.replace(b'"total": 14', b'"total": 15'))
                if "since" in asked.query
                else sent
            )

        province.server.answer = cut
        night = province.pull()
    assert "变更列表不完整：声明总数 15，实际 14" in told(night)
    assert night.certificate.grade is Grade.A


def test_a_tenth_of_a_percent_costs_two_questions_and_a_small_part_of_the_bytes() -> None:
    with nights(a_directory(2_000, size=100)) as province:
        whole = province.pull()
        province.directory.put(7, task_name="改了名")
        province.directory.put(1_500, task_name="改了名")
        night = province.pull()
    assert small(night)
    size = [sum(page.size for page in each.pages if page.url.startswith("http")) for each in (whole, night)]
    assert len(province.questions) == 2
    assert size[1] < size[0] / 15  # one page in twenty, and two rows


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["insert", "update", "delete", "move", "late"]), st.integers(1, 60), st.integers(0, 1_380)
    ),
    max_size=12,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    days=st.lists(EVENTS, min_size=1, max_size=3),
    ahead=st.sampled_from([-600, -30, 0, 30, 600]),
    dated=st.booleans(),
    cursor=st.booleans(),
)
def test_whatever_changes_a_small_night_gives_what_a_whole_one_gives(
    days: list[list[tuple[str, int, int]]],
    ahead: int,
    dated: bool,  # noqa: FBT001 — drawn
    cursor: bool,  # noqa: FBT001 — drawn
) -> None:
    # A clock that is behind by more than the overlap must show itself: else its stamps are older than the question.
    directory = a_directory(45, ahead=timedelta(minutes=ahead if dated else max(ahead, 0)), dated=dated)
    with nights(directory, cursor=cursor) as province:
        province.pull()
        for events in days:
            for event in events:
                happens(directory, *event)
            night = province.pull()
            assert small(night)
            assert same(night, province.whole())


def happens(directory: Directory, kind: str, number: int, minutes: int) -> None:
    """Let something happen so many minutes after the last pull; what lands late carries an older stamp."""
    at = directory.clock + timedelta(minutes=minutes)
    if kind == "late":
        at = directory.clock - timedelta(minutes=minutes % 50)
    if kind == "delete":
        directory.remove(number, at)
    elif kind == "move":
        directory.put(number, at, areacode="440303")
    elif kind == "update":
        directory.put(number, at, task_name=f"改于 {minutes}")
    else:
        directory.put(number, at)


@pytest.mark.parametrize("lying", [False, True])
def test_a_small_night_is_made_again_from_its_tape_alone(*, lying: bool) -> None:
    directory = a_directory(30)
    with nights(directory) as province:
        province.pull()
        directory.put(7, task_name="改了名")
        if lying:
            directory.lie = untold(code(8))
            directory.remove(8)
        base = province.base
        recorder = Recorder(lambda data: kept(province, data), lambda: directory.now)
        then = province.pull(tape=recorder, now=recorder.now, adopt=False)
    memory = Memory()
    player = Player(recorder.heard, recorder.moments, then.pages, province.kept.__getitem__)
    again = replace(memory.door(), base=base, tape=player, now=player.now, keep=player.keep)
    now = pull(province.city, again)
    assert now.rows.equals(then.rows)
    assert (now.certificate, now.notes, now.pages) == (then.certificate, then.notes, then.pages)
    assert small(now) is not lying
    player = Player(recorder.heard, recorder.moments, then.pages, province.kept.__getitem__)
    with pytest.raises(Astray):
        pull(province.city, replace(again, base=None, tape=player, now=player.now, keep=player.keep))


def kept(province: Nights, data: bytes) -> str:
    return str(province.door().keep(data, 0, "").sha256)


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({"param": "since"}, "如何告知删除"),
        ({**CHANGES, "format": "unix"}, "changes.format"),
        ({**CHANGES, "whole_every_days": 0}, "whole_every_days"),
    ],
)
def test_keys_that_prove_nothing_are_refused(changes: dict[str, Any], refused: str) -> None:
    source = {"connector": "http_pages", "url": "http://city.example", "total": "total"}
    with pytest.raises(ValidationError, match=refused):
        city_of({**source, "changes": changes})


def test_changes_without_a_total_are_refused() -> None:
    with pytest.raises(ValidationError, match="changes 须有 total"):
        city_of({"connector": "http_pages", "url": "http://city.example", "changes": CHANGES})


@pytest.mark.parametrize(
    ("form", "sent"),
    [
        ("seconds", "1795455000"),
        ("milliseconds", "1795455000000"),
        ("iso", "2026-11-24T01:30:00+08:00"),
        ("%Y%m%d%H%M%S", "20261124013000"),
    ],
)
def test_a_moment_is_told_as_the_source_wants_it(form: str, sent: str) -> None:
    assert told_moment(form, NOW) == sent


def test_rows_without_a_code_and_versions_of_one_item_stay_as_they_are() -> None:
    directory = a_directory(12)
    directory.rows["a"] = {"task_name": "无编码"}
    directory.rows["b"] = {**directory.rows[code(3)], "task_version": "9"}
    directory.stamps |= dict.fromkeys("ab", NOW - timedelta(days=30))
    with nights(directory) as province:
        province.pull()
        directory.put(5, task_name="改了名")
        night = province.pull()
        assert small(night)
        assert same(night, province.whole())
    assert night.rows.filter(pl.col("task_code") == code(3)).height == 2
