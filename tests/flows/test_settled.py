"""A night that leaves out rows about which there was nothing to say says what a night that asks of every row says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any, NoReturn

import polars as pl
import pytest

from citysync.domain.catalogue import MasterCatalogue
from citysync.domain.city import City, Codes, Exemption, Guard, Tolerate
from citysync.domain.errors import NotProved
from citysync.domain.identity import Change, Identity, Scope
from citysync.domain.kept_rows import InHand
from citysync.domain.memory import LastGood, Memory
from citysync.domain.outcome import CityRun, Validation
from citysync.domain.run import Run, Trigger
from citysync.domain.settled import Settled
from citysync.domain.workdays import calendar
from citysync.reconciliation import settling
from citysync.reconciliation.match import Match, match
from citysync.simulator.names import body_code
from citysync.storage import clean_rows
from connectors._door import Door
from flows import line
from flows.line import Means, judge_snapshot
from schemas.again import FULL_EVERY_DAYS
from tests.builders import BODY, NOW, TODAY, a_city, a_master, a_master_item, a_snapshot, an_item
from tests.connectors.cuts import WHOLE

Row = dict[str, str | None]
SOME, MANY = range(12), range(12, 400)  # the others only in a campaign
CODES = tuple(f"440106043{serial:03}" for serial in range(1, 13))
FOREIGN = "440106999001"
OTHER_BODY = "11440300693956483T"
TOMORROW = TODAY + timedelta(days=1)


def refused(*_: object) -> NoReturn:
    raise AssertionError("nothing is asked")


DOOR = Door(refused, refused, lambda: NOW, lambda: 0.0, refused)


def night(rows: Sequence[Row], city: City, master: MasterCatalogue, on: date, memory: Memory) -> CityRun:
    run = Run("r1", Trigger.NIGHTLY, on, NOW, master.version)
    means = Means(DOOR, calendar(), lambda _: None)
    return judge_snapshot(city, run, master, memory, a_snapshot(rows), (), means)


def remembering(rows: Sequence[Row], told: CityRun, on: date, **more: Any) -> Memory:
    """Return the past of a city whose last good night was this one."""
    absent = told.findings.filter(check="unclaimed").select("areacode", "catalog_code")
    last = LastGood("r0", on, InHand(a_snapshot(rows).rows))
    looked = frozenset({"440300", "440304"})
    return Memory((len(rows),), last, absent_before=frozenset(absent.iter_rows()), looked_before=looked, **more)


def same(one: CityRun, other: CityRun) -> bool:
    proposals = [sorted(map(repr, each.proposals.iter_rows())) for each in (one, other)]
    said = [(each.verdict, each.follows, each.uses, each.adopted) for each in (one, other)]
    frames = all(getattr(one, name).equals(getattr(other, name)) for name in ("findings", "rejected", "tallies"))
    return frames and said[0] == said[1] and proposals[0] == proposals[1]


def left_out(told: CityRun) -> int:
    """Return how many rows need not be looked at the next time."""
    return 0 if told.clean is None or told.clean.settled is None else told.clean.settled.height


def a_row(chance: Random, code: str) -> Row:
    row = an_item(task_code=f"{chance.choice((BODY, BODY, BODY, BODY, OTHER_BODY))}3{code}", catalog_code=code)
    row |= {"task_handle_item": None, "use_level": "3", "areacode": chance.choice((None, "440300", "440304"))}
    return altered(chance, row, code) if chance.random() < 0.2 else row


ODDITIES: dict[str, tuple[str | None, ...]] = {
    "task_code": (f"{BODY}3{FOREIGN}", f"{BODY}3{CODES[0]}", f"{BODY}3{CODES[1]}01", "x", None),
    "task_name": ("公共场所卫生许可证", "另一个事项", " 公共场所卫生许可", None),
    "task_type": ("99", "20"),
    "task_version": ("1", "2", "x"),
    "task_state": ("1", "2", "3"),
    "limit_scene_num": ("0", "2", "4", "1.0", None),
    "promise_day": ("10", "25", "若干", "30(工作日)"),
    "online_handle_depth": ("二级", "三级", "4", None),
    "dept_name": ("深圳市卫生健康委员会", "深圳市司法局", None),
    "dept_code": (BODY, OTHER_BODY),
    "catalog_code": (CODES[0], CODES[1], FOREIGN),
    "areacode": ("440300", "440304", "440399", "440500"),
    "link_way": ("0755-12345", None),
    "by_law": ("《公共场所卫生管理条例》第4条", "&nbsp;法", None),
}


def altered(chance: Random, row: Row, code: str) -> Row:
    name = chance.choice([*ODDITIES, "task_handle_item"])
    own = f"{BODY}3{code}"
    values = ODDITIES.get(name, (f"{own}01", f"{own}02", own))
    return {**row, name: chance.choice(values)}


def code_of(row: Row) -> str:
    return (row["task_code"] or "")[19:31] or CODES[0]


def another_night(chance: Random, rows: list[Row]) -> list[Row]:
    """Return the rows of the night after: a few are gone, changed, new or twice, or they stand in another order."""
    stay = [row for row in rows if chance.random() > 0.06]
    changed = [altered(chance, row, code_of(row)) if chance.random() < 0.08 else row for row in stay]
    new = [a_row(chance, chance.choice(CODES)) for _ in range(chance.choice((0, 0, 1, 2)))]
    twice = chance.sample(changed, 1) if changed and chance.random() < 0.1 else []
    everything = [*changed, *new, *twice]
    if chance.random() < 0.2:
        chance.shuffle(everything)
    return everything if chance.random() < 0.95 else [moved(row) for row in everything]


def moved(row: Row) -> Row:
    """Return a row of a body that has another code from now on."""
    return {**row, "task_code": (row["task_code"] or "").replace(OTHER_BODY, "11440300MB2D39870Q")}


def a_master_of(chance: Random) -> MasterCatalogue:
    days = (TODAY - timedelta(days=1), TOMORROW, TODAY + timedelta(days=3), TODAY + timedelta(days=9))

    def item(code: str) -> dict[str, Any]:
        return a_master_item(
            catalog_code=code,
            plan_cancel_date=chance.choice(days) if chance.random() < 0.15 else None,
            plan_effective_date=chance.choice(days) if chance.random() < 0.15 else None,
            dept_name=chance.choice((None, "省卫健委", "省司法厅")),
            online_handle_depth=chance.choice((None, None, None, "二级", "三级")),
            limit_scene_num=chance.choice((None, None, 1)),
            applies_to=chance.choice(([], [], ["440300"], ["440304"])),
            use_level=chance.choice((["3"], ["3", "4"], ["3"])),
            parent_code=CODES[-1] if chance.random() < 0.05 else None,
        )

    changed = {code: chance.choice(days) for code in chance.sample(CODES, 2)} if chance.random() < 0.4 else {}
    return a_master(*(item(code) for code in CODES if chance.random() < 0.9), changes=changed)


IDENTITIES = (
    (),
    (),
    (Identity(Change.RECODED, Scope.CATALOG, (FOREIGN,), (CODES[0],), TOMORROW),),
    (Identity(Change.SPLIT, Scope.CATALOG, (FOREIGN,), (CODES[1], CODES[2]), TODAY),),
)
EXEMPT = Exemption(catalog_code=CODES[3], reason="delegated", document="粤府〔2026〕1号", until=TOMORROW)
ANYTHING = {
    "guard": Guard(max_vanished_ratio=1.0, max_appeared_ratio=9.0, max_field_ratio=1.0),
    "tolerate": Tolerate(max_rejected_ratio=1.0),
}
TWO_AS_ONE = {f"{BODY}3{code}": f"{BODY}3{read}" for code, read in zip(CODES, (CODES[1], *CODES[1:]), strict=True)}
CITIES = tuple(
    a_city(counties=("440304",), **own, **ANYTHING)
    for own in (
        {},
        {"exempt": (EXEMPT,), "values": {"task_type": {"01": "01", "99": "01"}}},
        {"codes": Codes(scheme="local", pattern=".*")},
        {"values": {"task_code": TWO_AS_ONE}},
    )
)


@pytest.mark.parametrize("seeds", [SOME, pytest.param(MANY, marks=WHOLE)], ids=["some", "many"])
def test_nights_that_know_what_is_settled_say_what_nights_say_that_know_nothing(seeds: range) -> None:
    left = sum(map(some_nights, seeds))
    assert left > 2 * len(seeds)


def some_nights(seed: int) -> int:
    """Hold six nights that know against six that do not, and return how many rows the first ones left out."""
    left = 0
    chance = Random(seed)
    city, master, identities = chance.choice(CITIES), a_master_of(chance), chance.choice(IDENTITIES)
    rows = [a_row(chance, code) for code in CODES for _ in range(chance.choice((1, 1, 2)))]
    on, clean, memory = TODAY, None, Memory(identities=identities)
    for number in range(6):
        with_it, without = (night(rows, city, master, on, replace(memory, clean=known)) for known in (clean, None))
        assert same(with_it, without), f"night {number}"
        if without.adopted:
            clean, memory = with_it.clean, remembering(rows, without, on, identities=identities)
        rows = another_night(chance, rows)
        on += timedelta(days=chance.choice((1, 1, 1, 2, FULL_EVERY_DAYS)))
        if chance.random() < 0.15:
            master = a_master_of(chance)
        left += left_out(with_it)
    return left


def a_directory() -> list[Row]:
    return [an_item(task_code=f"{BODY}3{code}") for code in CODES]


def its_master(**changes: Any) -> MasterCatalogue:
    first = a_master_item(**{"catalog_code": CODES[0], **changes})
    return a_master(first, *(a_master_item(catalog_code=code) for code in CODES[1:]))


CITY = a_city(**ANYTHING)
FIRST = night(a_directory(), CITY, its_master(), TODAY, Memory())


def counting(patch: pytest.MonkeyPatch) -> list[int]:
    """Return how many rows are read, one number a night, from now on."""
    read: list[int] = []

    def matched(validation: Validation, *more: Any) -> Match:
        read.append(validation.accepted.height)
        return match(validation, *more)

    patch.setattr(line, "match", matched)
    return read


def looked_at(
    rows: Sequence[Row],
    patch: pytest.MonkeyPatch,
    master: MasterCatalogue | None = None,
    **memory: Any,
) -> int:
    """Return how many rows are read the night after the whole directory was right."""
    read = counting(patch)
    past = remembering(a_directory(), FIRST, TODAY, clean=FIRST.clean, **memory)
    night(rows, CITY, master or its_master(), TOMORROW, past)
    return read[0]


def test_rows_about_which_there_was_nothing_to_say_are_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (FIRST.verdict.state.value, left_out(FIRST)) == ("in_sync", len(CODES))
    assert looked_at(a_directory(), monkeypatch) == 0
    assert looked_at(a_directory()[::-1], monkeypatch) == 0
    changed = [{**a_directory()[0], "link_way": "0755-87654321"}, *a_directory()[2:]]
    assert looked_at(changed, monkeypatch) == 1


def test_a_row_whose_key_another_has_tonight_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    older = {**a_directory()[0], "task_version": "0"}
    assert looked_at([*a_directory(), older], monkeypatch) == 2
    assert looked_at([*a_directory(), a_directory()[0]], monkeypatch) == 1  # of two that say the same one counts
    padded = {**older, "task_code": f" {older['task_code']}"}
    assert looked_at([*a_directory(), padded], monkeypatch) == 2


def test_two_items_of_one_code_are_known_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    own = f"{BODY}3{CODES[0]}"
    rows = [{**a_directory()[0], "task_handle_item": f"{own}{part}"} for part in ("01", "02")]
    first = night(rows, CITY, its_master(), TODAY, Memory())
    assert left_out(first) == 2
    read = counting(monkeypatch)
    tonight = [rows[0], {**rows[1], "link_way": "0755-87654321"}]
    night(tonight, CITY, its_master(), TOMORROW, remembering(rows, first, TODAY, clean=first.clean))
    assert read == [1]


def test_a_body_that_keeps_some_of_its_items_did_not_move() -> None:
    moved = [{**row, "task_code": (row["task_code"] or "").replace(BODY, OTHER_BODY)} for row in a_directory()]
    for some, proposed in ((5, 0), (len(CODES), 1)):
        tonight = [*moved[:some], *a_directory()[some:]]
        past = remembering(a_directory(), FIRST, TODAY, clean=FIRST.clean)
        nights = [
            night(tonight, CITY, its_master(), TOMORROW, replace(past, clean=known)) for known in (past.clean, None)
        ]
        assert [told.proposals.filter(scope="body").height for told in nights] == [proposed, proposed]


def test_what_was_settled_on_a_night_that_was_never_published_is_compared_with_the_last_good_one() -> None:
    new = body_code("440300", 2)
    moved = [{**row, "task_code": (row["task_code"] or "").replace(BODY, new)} for row in a_directory()]
    past = remembering(a_directory(), FIRST, TODAY, clean=FIRST.clean)
    lost = night(moved, CITY, its_master(), TOMORROW, past)  # killed after what is known was written
    assert left_out(lost) == len(CODES)
    for clean in (lost.clean, None):
        told = night(moved, CITY, its_master(), TOMORROW, replace(past, clean=clean))
        assert told.proposals["after"].to_list() == [[new]]


def test_an_item_sent_with_one_long_code_hides_no_new_name_of_its_main_row() -> None:
    own = f"{BODY}3{CODES[0]}"
    item = {**a_directory()[0], "task_code": f"{own}01"}
    rows = [{**a_directory()[0], "task_name": "旧的名称"}, item, *a_directory()[1:]]
    first = night(rows, CITY, its_master(), TODAY, Memory())
    for on in (TOMORROW, TODAY + timedelta(days=FULL_EVERY_DAYS)):
        for clean in (first.clean, None):
            tonight = [a_directory()[0], *rows[1:]]
            told = night(tonight, CITY, its_master(), on, remembering(rows, first, TODAY, clean=clean))
            assert told.proposals.select("change", "before_name").rows() == [("renamed", "旧的名称")]


def test_a_row_whose_key_another_has_as_it_is_read_tonight_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    rows: list[Row] = [{**row, "task_handle_item": None} for row in a_directory()]
    first = night(rows, CITY, its_master(), TODAY, Memory())
    blank = {**rows[0], "task_version": "0", "task_handle_item": "\u3000"}
    read = counting(monkeypatch)
    told = night([*rows, blank], CITY, its_master(), TOMORROW, remembering(rows, first, TODAY, clean=first.clean))
    assert (read, set(told.findings["check"])) == ([2], {"duplicated"})


@pytest.mark.parametrize(
    "master",
    [
        its_master(task_name="另一名称"),
        its_master(plan_cancel_date=TOMORROW),
        its_master(dept_name="省卫健委"),
        a_master(*(a_master_item(catalog_code=code) for code in CODES[::-1])),
    ],
    ids=["another name", "cancelled", "another department", "another order"],
)
def test_another_master_has_every_row_read(master: MasterCatalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    assert looked_at(a_directory(), monkeypatch, master) == len(CODES)


def test_a_day_on_which_an_item_is_cancelled_has_every_row_read(monkeypatch: pytest.MonkeyPatch) -> None:
    ends = its_master(plan_cancel_date=TOMORROW + timedelta(days=1))
    first = night(a_directory(), CITY, ends, TODAY, Memory())
    read = counting(monkeypatch)
    for days in (1, 2):
        past = remembering(a_directory(), first, TODAY, clean=first.clean)
        night(a_directory(), CITY, ends, TODAY + timedelta(days=days), past)
    assert read == [0, len(CODES)]


def test_an_identity_in_force_from_tonight_has_every_row_read(monkeypatch: pytest.MonkeyPatch) -> None:
    confirmed = (Identity(Change.RECODED, Scope.CATALOG, (FOREIGN,), (CODES[0],), TOMORROW),)
    assert looked_at(a_directory(), monkeypatch, identities=confirmed) == len(CODES)
    later = (replace(confirmed[0], effective_on=TOMORROW + timedelta(days=1)),)
    assert looked_at(a_directory(), monkeypatch, identities=later) == 0


def test_another_program_has_every_row_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settling, "RULES_VERSION", "other")
    assert looked_at(a_directory(), monkeypatch) == len(CODES)


@pytest.mark.parametrize(
    "change",
    [{"task_name": "另一个事项"}, {"link_way": None}, {"task_state": "3"}, {"promise_day": "若干"}],
    ids=["an error", "a warning", "withdrawn", "a note"],
)
def test_a_row_of_which_something_was_said_is_read_every_night(change: Row) -> None:
    rows = [{**a_directory()[0], **change}, *a_directory()[1:]]
    assert left_out(night(rows, CITY, its_master(), TODAY, Memory())) == len(CODES) - 1


def test_a_city_that_maps_its_codes_has_every_row_read() -> None:
    city = CITIES[-1]
    assert left_out(night(a_directory(), city, its_master(), TODAY, Memory())) == 0


def test_what_is_settled_is_kept_and_read_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert FIRST.clean is not None
    clean_rows.write(tmp_path, "440300", FIRST.clean)
    kept = clean_rows.read(tmp_path, "440300")
    assert kept is not None and kept.settled is not None  # noqa: PT018
    read = counting(monkeypatch)
    told = night(a_directory(), CITY, its_master(), TOMORROW, remembering(a_directory(), FIRST, TODAY, clean=kept))
    assert (read, told.verdict.counts, left_out(told)) == ([0], FIRST.verdict.counts, len(CODES))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda told: replace(told, kinds=told.kinds.with_columns(online=pl.lit(7, pl.Int64))),
        lambda told: replace(told, rows=told.rows.with_columns(item=pl.lit(0, pl.UInt32))),
        lambda told: replace(told, kinds=told.kinds.with_columns(areacode=pl.lit("440304"))),
    ],
    ids=["counts", "items", "places"],
)
def test_what_was_kept_wrong_is_our_defect_and_told(wrong: Callable[[Settled], Settled]) -> None:
    assert FIRST.clean is not None and FIRST.clean.settled is not None  # noqa: PT018
    lying = replace(FIRST.clean, settled=wrong(FIRST.clean.settled))
    past = remembering(a_directory(), FIRST, TODAY, clean=lying)
    with pytest.raises(NotProved, match="只核对有变化的行与全部重新核对的结果不一致"):
        night(a_directory(), CITY, its_master(), TODAY + timedelta(days=FULL_EVERY_DAYS), past)


def test_what_is_known_of_a_night_without_changes_is_what_was_known_before() -> None:
    assert FIRST.clean is not None and FIRST.clean.settled is not None  # noqa: PT018
    past = remembering(a_directory(), FIRST, TODAY, clean=FIRST.clean)
    clean = night(a_directory(), CITY, its_master(), TOMORROW, past).clean
    assert clean is not None and clean.is_as(FIRST.clean)  # noqa: PT018
    settled = FIRST.clean.settled
    others = (
        replace(FIRST.clean, rules="x"),
        replace(FIRST.clean, checked_on=TOMORROW),
        replace(FIRST.clean, settled=None),
        replace(FIRST.clean, settled=replace(settled, basis="x")),
        replace(FIRST.clean, settled=replace(settled, rows=settled.rows.head(3))),
        replace(FIRST.clean, settled=replace(settled, kinds=settled.kinds.with_columns(online=pl.lit(7, pl.Int64)))),
        replace(FIRST.clean, rows=settled.rows.head(1).select("key_hash", "row_hash")),
    )
    assert [clean.is_as(other) for other in (None, *others)] == [False] * 8
    assert others[2].is_as(others[2])
