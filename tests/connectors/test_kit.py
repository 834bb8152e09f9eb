"""The city's own server and the connector that speaks to it: small nights, proved like whole ones."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from citysync.domain.errors import Refused, Unreadable
from citysync.domain.kept_rows import PLACE, InHand, in_key_order
from citysync.domain.row_hashes import KEY, row_hashes
from citysync.domain.snapshot import Grade, Snapshot, fingerprint
from citysync.kit.answers import Reply
from citysync.kit.reading import Row
from connectors import pull
from connectors._kit_entries import Kept
from connectors._kit_received import _frames
from connectors._kit_talk import Line, Manifest
from connectors._mapping import Plan, stacked, to_frame
from connectors._tape import Player, Recorder
from flows.replay import city_of as city_at
from tests.builders import an_item
from tests.connectors.doors import CANARY, NOW, Memory, city_of, code, codes, directory, pulled
from tests.connectors.kits import Kit, Nights, Twist, kit_city, running, sha256


def content(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.drop("page_no")


def told(snapshot: Snapshot) -> tuple[str, ...]:
    """Return the notes but that about the clock, which is the test's own."""
    return tuple(note for note in snapshot.notes if "时钟" not in note)


def test_a_first_pull_is_whole_and_proved_by_count_and_digest() -> None:
    with running(30) as kit:
        snapshot = pulled({"connector": "kit", "url": kit.url, "page_size": 7})
    certificate = snapshot.certificate
    assert (certificate.grade, certificate.declared, certificate.received, certificate.distinct) == (
        Grade.A,
        30,
        30,
        30,
    )
    assert codes(snapshot) == [code(number) for number in range(1, 31)]
    assert "声明总数 30 与整体摘要" in certificate.proof
    assert len(kit.asked) == 6  # the manifest and five pages


def test_an_unchanged_night_asks_for_the_manifest_only() -> None:
    with running(30) as kit:
        province = Nights(kit_city(kit))
        first, kit.asked[:] = province.pull(), []
        second = province.pull()
        assert [asked.split("/")[-1] for asked in kit.asked] == ["manifest"]
    assert content(second.rows).equals(content(first.rows))
    assert told(second) == ("增量拉取（没有变化）：新增 0 条，修改 0 条，删除 0 条；整体摘要已证实",)
    assert second.certificate.grade is Grade.A


def test_an_unchanged_night_keeps_the_keys_and_hashes_as_the_bytes_they_were_read_as() -> None:
    with running(30) as kit:
        province = Nights(kit_city(kit))
        nights = [province.pull() for _ in range(3)]
    contents = [page.sha256 for night in nights for page in night.pages if page.url.endswith("index/content")]
    headers = [json.loads(province.kept[page.sha256]) for night in nights for page in night.pages[-2:-1]]
    assert len(set(contents)) == 1
    assert [header["since_whole"] for header in headers] == [0, 1, 2]


def test_pages_an_older_version_kept_are_gone_on_from() -> None:
    with running(30) as kit:
        province = Nights(kit_city(kit))
        province.pull()
        written_by_the_first_version(province)
        assert told(province.pull())[0].startswith("增量拉取（没有变化）")
        kit.origin.rows[3]["task_name"] = "改了名"
        snapshot, whole = province.pull(), pulled({"connector": "kit", "url": kit.url})
    assert told(snapshot)[0].startswith("增量拉取（变更列表）：新增 0 条，修改 1 条")
    assert content(snapshot.rows).equals(content(whole.rows))


def written_by_the_first_version(province: Nights) -> None:
    """Let the province remember its last pull as the first version of the index wrote it."""
    assert province.base is not None and province.base.index is not None  # noqa: PT018 - of a mypy kind
    header = json.loads(province.kept[province.base.index])
    entries = Kept(province.kept[header["content"]], header["index"])
    page = zlib.compress(json.dumps(entries.keys, ensure_ascii=False).encode() + b"\n" + entries.packed)
    header |= {"index": 1, "content": _keeps(province, page)}
    province.base = replace(province.base, index=_keeps(province, json.dumps(header).encode()))


def test_the_digest_of_last_night_with_another_count_is_no_unchanged_night() -> None:
    def miscounted(_method: str, target: str, reply: Reply) -> Reply:
        if not target.endswith("/manifest"):
            return reply
        return replace(reply, lines=[json.dumps(json.loads(next(iter(reply.lines))) | {"count": 31}).encode()])

    with running(30) as kit:
        province = Nights(kit_city(kit))
        province.pull()
        kit.twist = miscounted
        snapshot = province.pull()
    assert snapshot.notes[0] == "增量未能证实（清单写明 31 条，实际 30 条），已改为整体拉取"
    assert snapshot.certificate.grade is Grade.X


def test_an_index_of_other_rows_than_the_snapshots_is_not_gone_on_from() -> None:
    with running(30) as kit, running(29) as other:
        province, elsewhere = Nights(kit_city(kit)), Nights(kit_city(other))
        province.pull(), elsewhere.pull()
        assert province.base is not None and province.base.index is not None  # noqa: PT018 - of a mypy kind
        assert elsewhere.base is not None and elsewhere.base.index is not None  # noqa: PT018 - of a mypy kind
        theirs = json.loads(elsewhere.kept[elsewhere.base.index])["content"]
        province.kept[theirs] = elsewhere.kept[theirs]
        header = json.loads(province.kept[province.base.index]) | {"content": theirs}
        province.base = replace(province.base, index=_keeps(province, json.dumps(header).encode()))
        snapshot = province.pull()
    assert told(snapshot) == ("整体拉取：上次的快照与其索引不符",)
    assert (snapshot.certificate.grade, snapshot.rows.height) == (Grade.A, 30)


def test_changes_come_as_a_list_where_the_kit_still_has_last_nights_snapshot() -> None:
    with running(30) as kit:
        province = Nights(kit_city(kit))
        province.pull()
        kit.origin.rows[3]["task_name"] = "改了名"
        del kit.origin.rows[10]
        kit.origin.rows.append(dict(an_item(task_code=code(99))))
        snapshot, whole = province.pull(), pulled({"connector": "kit", "url": kit.url})
    assert told(snapshot) == ("增量拉取（变更列表）：新增 1 条，修改 1 条，删除 1 条；整体摘要已证实",)
    assert content(snapshot.rows).equals(content(whole.rows))
    assert fingerprint(snapshot.rows) == fingerprint(whole.rows)


def test_the_digest_tree_finds_them_where_it_has_not() -> None:
    with running(300, keep=2) as kit:
        province = Nights(kit_city(kit))
        province.pull()
        for number in (1, 2):  # two snapshots that nobody pulled push last night's out
            kit.origin.rows[5 * number]["task_name"] = f"改了名 {number}"
            kit.shelf.newest()
        del kit.origin.rows[200]
        kit.asked.clear()
        snapshot, rounds = province.pull(), len(kit.asked)
        whole = pulled({"connector": "kit", "url": kit.url})
    assert told(snapshot) == ("增量拉取（摘要树）：新增 0 条，修改 2 条，删除 1 条；整体摘要已证实",)
    assert rounds <= 6
    assert content(snapshot.rows).equals(content(whole.rows))


def test_every_seventh_pull_is_whole() -> None:
    with running(5) as kit:
        province = Nights(kit_city(kit))
        notes = [told(province.pull()) for _ in range(9)]
    assert [bool(told) and told[0].startswith("整体拉取：每 7 次一次") for told in notes] == [False] * 7 + [True, False]


def test_new_fields_and_another_mapping_need_a_whole_pull() -> None:
    with running(5) as kit:
        province = Nights(kit_city(kit))
        province.pull()
        for row in kit.origin.rows:
            row["extra"] = "x"
        snapshot = province.pull()
        assert (told(snapshot), snapshot.unknown_fields) == (("整体拉取：城市端的字段有增减",), ("extra",))
        province.city = province.city.model_copy(update={"ignore": ("extra",)})
        snapshot = province.pull()
        assert (told(snapshot), snapshot.unknown_fields) == (("整体拉取：城市文件的字段设置或程序已改变",), ())


def test_twins_and_rows_without_a_code_are_all_there() -> None:
    rows: list[Row] = [*directory(2), *directory(2), dict(an_item(task_code=None)), dict(an_item(task_code=None))]
    with running(rows) as kit:
        snapshot = pulled({"connector": "kit", "url": kit.url})
    assert (snapshot.certificate.grade, snapshot.rows.height) == (Grade.A, 6)


def lines_of(change: str) -> Twist:
    """Return what a kit does to its lines: ``body`` another value, ``cut`` no end marker, ``drop`` a line less."""

    def twist(_method: str, target: str, reply: Reply) -> Reply:
        lines = list(reply.lines)
        if "/rows" in target or "/changes" in target:
            if change == "body":
                lines[0] = lines[0].replace("事项".encode(), "亊项".encode())
            if change == "cut":
                lines = lines[:-1]
            if change == "drop":
                end = json.loads(lines[-1])
                lines = [*lines[:-2], json.dumps({**end, "rows": end["rows"] - 1}).encode()]
        return replace(reply, lines=lines)

    return twist


@pytest.mark.parametrize("change", ["body", "cut", "drop"])
def test_a_whole_pull_that_does_not_fit_its_manifest_is_contradicted(change: str) -> None:
    with running(5) as kit:
        kit.twist = lines_of(change)
        snapshot = pulled({"connector": "kit", "url": kit.url})
    assert snapshot.certificate.grade is Grade.X
    assert snapshot.certificate.problems


@pytest.mark.parametrize("change", ["body", "cut", "drop"])
def test_changes_that_are_not_proved_lead_to_a_whole_pull(change: str) -> None:
    with running(30) as kit:
        province = Nights(kit_city(kit))
        province.pull()
        kit.origin.rows[3]["task_name"] = "事项改名"
        del kit.origin.rows[20]

        def only_changes(method: str, target: str, reply: Reply) -> Reply:
            return lines_of(change)(method, target, reply) if "/changes" in target else reply

        kit.twist = only_changes
        snapshot = province.pull()
        kit.twist = lambda _m, _t, reply: reply
        whole = pulled({"connector": "kit", "url": kit.url})
    assert snapshot.notes[0].startswith("增量未能证实（")
    assert snapshot.notes[0].endswith("已改为整体拉取")
    assert snapshot.certificate.grade is Grade.A
    assert content(snapshot.rows).equals(content(whole.rows))


def test_an_unchanged_digest_over_a_changed_body_is_found_by_the_next_whole_pull() -> None:
    with running(5) as kit:
        province = Nights(kit_city(kit, whole_every=2))
        province.pull()
        manifest = kit.answer("GET", "/citysync/v1/manifest", "", b"")
        frozen = list(manifest.lines)
        kit.origin.rows[0]["task_name"] = "悄悄改了"
        newest = kit.shelf.newest().id

        def lying(_method: str, target: str, reply: Reply) -> Reply:
            if target.endswith("/manifest"):
                return replace(manifest, lines=frozen)
            if "/rows" not in target:
                return reply
            lines, _ = kit.shelf.edition(newest).page(None, 10, 10**6)  # type: ignore[union-attr]
            return replace(reply, lines=[*lines, list(reply.lines)[-1]])

        kit.twist = lying
        assert province.pull().certificate.grade is Grade.A  # nothing was asked but the manifest
        certificate = province.pull().certificate
    assert certificate.grade is Grade.X
    assert certificate.problems[0].startswith("整体摘要应为")


def edits(rows: list[Row], places: list[int], kinds: list[str]) -> None:
    """Insert, update and delete where told."""
    for place, kind in zip(places, kinds, strict=True):
        at = place % max(len(rows), 1)
        if kind == "insert" or not rows:
            rows.insert(at, dict(an_item(task_code=code(1_000 + place * 7), task_name="新事项")))
        elif kind == "delete":
            del rows[at]
        else:
            rows[at] = {**rows[at], "task_name": f"{rows[at]['task_name']}改"}


KINDS = st.sampled_from(["insert", "update", "delete"])
EDITS = st.lists(st.tuples(st.integers(0, 400), KINDS), max_size=25)
RUNS = st.builds(lambda at, n, kind: [(at + i, kind) for i in range(n)], st.integers(0, 400), st.integers(1, 25), KINDS)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(changes=st.one_of(EDITS, RUNS), forgets=st.booleans(), older=st.booleans(), a_run=st.sampled_from([1, 10_000]))
def test_whatever_changes_an_incremental_pull_gives_what_a_whole_one_gives(
    changes: list[tuple[int, str]],
    forgets: bool,  # noqa: FBT001 — drawn
    older: bool,  # noqa: FBT001 — drawn
    a_run: int,
) -> None:
    with running(400, keep=2) as kit, pytest.MonkeyPatch.context() as patch:
        patch.setattr("connectors._kit_merged._A_RUN", a_run)
        if older:
            of_an_older_version(patch)
        province = Nights(kit_city(kit))
        province.pull()
        edits(kit.origin.rows, [place for place, _ in changes], [kind for _, kind in changes])
        if forgets:
            for number in (1, 2):
                kit.origin.rows[-1]["task_name"] = f"两次之间 {number}"
                kit.shelf.newest()
        kit.asked.clear()
        snapshot, rounds = province.pull(), len(kit.asked)
        whole = Nights(kit_city(kit)).pull()
    assert rounds <= 6
    assert snapshot.notes[0].startswith("增量拉取")
    assert content(snapshot.rows).equals(content(whole.rows))
    kept = ("grade", "declared", "received", "distinct", "problems")
    assert all(getattr(snapshot.certificate, name) == getattr(whole.certificate, name) for name in kept)
    assert snapshot.source_changed_at == whole.source_changed_at
    assert snapshot.in_hand.hashes.equals(row_hashes(snapshot.rows))
    assert snapshot.in_hand.by_key.sort(PLACE).equals(in_key_order(row_hashes(snapshot.rows)).sort(PLACE))
    assert snapshot.in_hand.by_key[KEY].is_sorted()


def test_hashes_kept_of_more_columns_than_came_are_not_taken_for_those_of_tonights_rows() -> None:
    with running(9) as kit:
        province = Nights(kit_city(kit))
        province.pull()
        assert province.base is not None
        wider = province.base.rows.whole.with_columns(link_addr=pl.lit("上次才有"))
        province.base = replace(province.base, rows=InHand(wider))
        kit.origin.rows[4]["task_name"] = "改了名"
        snapshot = province.pull()
    assert snapshot.notes[0].startswith("增量拉取")
    assert "link_addr" not in snapshot.rows.columns
    assert snapshot.in_hand.hashes.equals(row_hashes(snapshot.rows))


def of_an_older_version(patch: pytest.MonkeyPatch) -> None:
    """Let kits know nothing of parts and digits that are asked for."""
    patch.setattr("citysync.kit.answers._hint", lambda _document, _name, usual, _allowed: usual)


def pushed_out(kit: Kit) -> None:
    """Let two snapshots nobody pulled push last night's out of a kit that keeps two."""
    for number in (1, 2):
        kit.origin.rows[5 * number]["task_name"] = f"其间改名 {number}"
        kit.shelf.newest()


@pytest.mark.parametrize("different", [1, 2])
def test_short_digests_that_collide_lead_to_a_whole_pull_or_to_the_right_rows(
    different: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where digests of a range take one or two values only, differences hide behind equal ones at every level."""

    def weak(hashes: Iterable[bytes]) -> str:
        return f"{sum(b''.join(hashes)) % different:06x}"

    monkeypatch.setattr("citysync.kit.edition.range_digest", weak)
    monkeypatch.setattr("connectors._kit_tree.range_digest", weak)
    with running(300, keep=2) as kit:
        province = Nights(kit_city(kit))
        province.pull()
        for number in range(20):
            kit.origin.rows[number * 11 + 3]["task_name"] = f"新名 {number}"
        pushed_out(kit)
        snapshot, whole = province.pull(), pulled({"connector": "kit", "url": kit.url})
    assert snapshot.notes[0].startswith("增量未能证实（整体摘要应为")
    assert snapshot.certificate.grade is Grade.A
    assert content(snapshot.rows).equals(content(whole.rows))


def test_a_server_that_refuses_what_it_does_not_know_of_a_tree_is_pulled_whole() -> None:
    def strict(_method: str, target: str, reply: Reply) -> Reply:
        return Reply(400, "application/json", [b'{"error":"parts"}']) if target.endswith("/tree") else reply

    with running(30, keep=2) as kit:
        province = Nights(kit_city(kit))
        province.pull()
        pushed_out(kit)
        kit.twist = strict
        snapshot = province.pull()
    assert snapshot.notes[0].startswith("增量未能证实（摘要树：")
    assert "400" in snapshot.notes[0]
    assert (snapshot.certificate.grade, snapshot.rows.height) == (Grade.A, 30)


def test_a_snapshot_that_is_gone_while_its_tree_is_asked_for_is_begun_anew() -> None:
    with running(30, keep=2) as kit:
        province = Nights(kit_city(kit))
        province.pull()
        pushed_out(kit)
        left = [410]

        def gone_once(_method: str, target: str, reply: Reply) -> Reply:
            if not target.endswith("/tree") or not left:
                return reply
            return Reply(left.pop(), "application/json", [b'{"error":"gone"}'])

        kit.twist = gone_once
        snapshot = province.pull()
        asked = [each.rsplit("/", 1)[-1] for each in kit.asked]
    assert told(snapshot)[0].startswith("增量拉取（摘要树）：新增 0 条，修改 2 条")
    assert asked.count("manifest") == 3


def _recorded(province: Nights) -> tuple[Snapshot, Recorder]:
    """Pull once more with a tape running."""
    recorder = Recorder(lambda data: _keeps(province, data), lambda: NOW)
    door = replace(Memory().door(), base=province.base, read=province.kept.__getitem__, tape=recorder)
    return pull(province.city, replace(door, now=recorder.now)), recorder


def _played(province: Nights, then: Snapshot, recorder: Recorder) -> Snapshot:
    """Pull again from the tape alone, which must come to the same."""
    player = Player(recorder.heard, recorder.moments, then.pages, province.kept.__getitem__)
    now = pull(
        province.city,
        replace(Memory().door(), base=province.base, tape=player, now=player.now, keep=player.keep),
    )
    assert now.rows.equals(then.rows)
    assert (now.certificate, now.notes, now.pages) == (then.certificate, then.notes, then.pages)
    return now


def test_a_tape_of_a_kit_and_a_province_of_an_older_version_is_played_still(monkeypatch: pytest.MonkeyPatch) -> None:
    with running(300, keep=2) as kit, monkeypatch.context() as older:
        of_an_older_version(older)
        older.setattr("connectors._kit_tree._parts", lambda *_: 64)
        older.setattr("connectors._kit_tree.LEAST_DIGITS", 16)
        province = Nights(kit_city(kit))
        province.pull()
        pushed_out(kit)
        then, recorder = _recorded(province)
    now = _played(province, then, recorder)
    assert told(now)[0].startswith("增量拉取（摘要树）")


def test_a_token_is_asked_for_and_never_shown() -> None:
    with running(2, token=CANARY) as kit:
        with pytest.raises(Refused, match="401"):
            pulled({"connector": "kit", "url": kit.url})
        memory = Memory()
        snapshot = pulled(
            {"connector": "kit", "url": kit.url, "auth": {"kind": "bearer", "secret": "CITYSYNC_SECRET_440300"}}, memory
        )
    assert snapshot.certificate.grade is Grade.A
    assert CANARY not in str(memory.kept) + str(snapshot)


def test_another_protocol_is_refused() -> None:
    def newer(_method: str, _target: str, reply: Reply) -> Reply:
        return replace(reply, lines=[line.replace(b'"protocol":1', b'"protocol":2') for line in reply.lines])

    with running(2) as kit:
        kit.twist = newer
        with pytest.raises(Unreadable, match="协议版本是 2"):
            pulled({"connector": "kit", "url": kit.url})


def test_a_manifest_that_names_a_field_twice_is_refused() -> None:
    def twice(_method: str, target: str, reply: Reply) -> Reply:
        if not target.endswith("manifest"):
            return reply
        named = [line.replace(b'"task_name"', b'"task_code"') for line in reply.lines]
        assert named != reply.lines
        return replace(reply, lines=named)

    with running(2) as kit:
        kit.twist = twice
        with pytest.raises(Unreadable, match="fields 缺失或写法不符"):
            pulled({"connector": "kit", "url": kit.url})


# What a value may begin, end or consist of: blanks of any kind, nothing, letters of every plane, half a surrogate pair.
_VALUES = st.one_of(st.none(), st.text(st.sampled_from(" \t\u3000\xa0\u2003\x85A许\U0002000b1\u200b"), max_size=4))


@settings(deadline=None, max_examples=150)
@given(
    rows=st.lists(st.tuples(_VALUES, _VALUES, _VALUES), min_size=1, max_size=6),
    half=st.booleans(),
)
def test_rows_read_by_columns_are_those_read_one_by_one(
    rows: list[tuple[str | None, str | None, str | None]], *, half: bool
) -> None:
    fields = ("task_code", "nobody_asked", "姓名")
    plan = Plan({"task_code": "task_code", "task_name": "姓名", "by_law": "not_sent", "dept_name": "姓名"}, frozenset())
    sent = [*rows, ("x", "\ud800", "\udfff许")] if half else rows
    manifest = Manifest("s", len(sent), "0" * 64, fields, (), None, None)
    lines = [Line(str(number), list(row), b"", 1 + number // 2) for number, row in enumerate(sent)]
    by_page: dict[int, list[dict[str, str | None]]] = {}
    for line in lines:
        by_page.setdefault(line.page_no, []).append(dict(zip(fields, line.values or (), strict=True)))
    one_by_one = [to_frame([dict.fromkeys(fields)], plan, 0).clear()]
    one_by_one += [to_frame(records, plan, number) for number, records in by_page.items()]
    assert stacked(_frames(lines, manifest, plan)).equals(stacked(one_by_one))


def test_a_kit_that_cannot_read_its_source_says_so_and_goes_on_with_the_last_good_snapshot() -> None:
    with running(2) as kit:
        kit.shelf.newest()
        kit.origin.read = _unreadable  # type: ignore[method-assign, assignment]
        snapshot = pulled({"connector": "kit", "url": kit.url})
    assert snapshot.certificate.grade is Grade.A
    assert told(snapshot) == ("城市端自述：文件在读取期间有变动",)


def _unreadable(_today: object) -> None:
    raise Unreadable("文件在读取期间有变动")


@pytest.mark.parametrize(("way", "states"), [("没有变化", 0), ("变更列表", 1), ("摘要树", 2)])
def test_an_incremental_pull_is_made_again_from_its_tape_alone(way: str, states: int) -> None:
    with running(90, keep=2 if states > 1 else 4) as kit:
        province = Nights(kit_city(kit))
        province.pull()
        for number in range(1, states + 1):
            kit.origin.rows[9 * number]["task_name"] = f"改了名 {number}"
            kit.shelf.newest()
        if states:
            kit.origin.rows.pop()
        then, recorder = _recorded(province)
    now = _played(province, then, recorder)
    assert told(now)[0].startswith(f"增量拉取（{way}）")


def test_keys_the_protocol_has_settled_are_refused_and_a_tape_reads_back() -> None:
    with pytest.raises(ValidationError, match="不需要 method、items"):
        city_of({"connector": "kit", "url": "http://city.example", "method": "POST", "items": "data"})
    city = city_of({"connector": "kit", "url": "http://city.example", "whole_every": 3})
    assert city_at(city.model_dump(mode="json", serialize_as_any=True)) == city


def _keeps(province: Nights, data: bytes) -> str:
    province.kept[sha256(data)] = data
    return sha256(data)


@pytest.mark.parametrize(
    ("tree", "told_as"),
    [
        (lambda nodes: nodes[:-1], "摘要树的回答与所问的区间数不符"),
        (lambda nodes: [node[:-1] for node in nodes], "摘要树的行数或键序不符"),
        (lambda nodes: [node[::-1] for node in nodes], "摘要树的行数或键序不符"),
        (lambda nodes: [[[k, n, "0" * 16] for k, n, _ in node] for node in nodes], "与上次不同的有 300 条"),
        (lambda nodes: [[[node[0][0], sum(n for _, n, _ in node), "0"]] for node in nodes], "摘要树没有分下去"),
        (lambda nodes: [[[k, n, end[:5]] for k, n, end in node] for node in nodes], "摘要树的摘要不足 6 位"),
        (lambda _: [[1]], "不是摘要树的形状"),
        (lambda _: 7, "不是摘要树的形状"),
    ],
)
def test_a_wrong_tree_is_found_out_and_everything_is_pulled(tree: Callable[[Any], Any], told_as: str) -> None:
    def twist(_method: str, target: str, reply: Reply) -> Reply:
        if not target.endswith("/tree"):
            return reply
        nodes = json.loads(next(iter(reply.lines)))["nodes"]
        return replace(reply, lines=[json.dumps({"nodes": tree(nodes)}).encode()])

    with running(300, keep=2) as kit:
        province = Nights(kit_city(kit))
        province.pull()
        for number in (1, 2):
            kit.origin.rows[0]["task_name"] = f"改了名 {number}"
            kit.shelf.newest()
        kit.twist = twist
        snapshot = province.pull()
    assert told_as in snapshot.notes[0]
    assert snapshot.certificate.grade is Grade.A
