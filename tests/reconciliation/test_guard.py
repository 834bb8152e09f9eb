"""What the guard holds: by count, by key, by field; and what an approval lifts, up to its ceiling and its day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citysync.domain.approval import Approval, Held
from citysync.domain.city import City
from citysync.domain.kept_rows import InHand
from citysync.domain.memory import LastGood, Memory
from citysync.reconciliation.guard import Answer, Arrival, guard, limit
from citysync.reconciliation.recoding import recoded
from tests.builders import BODY, TODAY, a_city

YESTERDAY = TODAY - timedelta(days=1)


def directory(serials: range, *, base: int = 440106000000, **columns: str | None) -> pl.DataFrame:
    """Return a directory of one item per serial; ``columns`` are the same in every row."""
    code = pl.Series("serial", list(serials), dtype=pl.Int64)
    return pl.DataFrame({"serial": code}).select(
        row_no=pl.int_range(pl.len()),
        page_no=pl.lit(1),
        task_code=pl.lit(f"{BODY}3") + (pl.col("serial") + base).cast(pl.String),
        task_name=pl.lit("事项") + pl.col("serial").cast(pl.String),
        **{name: pl.lit(value, dtype=pl.String) for name, value in columns.items()},
    )


def asked(
    before: pl.DataFrame,
    tonight: pl.DataFrame,
    *approvals: Approval,
    counts: tuple[int, ...] | None = None,
    city: City | None = None,
    on: date = TODAY,
) -> Answer:
    last = LastGood("r0", YESTERDAY, InHand(before))
    memory = Memory((before.height,) if counts is None else counts, last, approvals=approvals)
    return guard(Arrival(InHand(tonight), city or a_city(), memory, on))


def codes(answer: Answer) -> list[str]:
    return [reason.code for reason in answer.held]


def leave(kind: Held, ceiling: int, *, spent: int = 0, field: str | None = None) -> Approval:
    return Approval(7, kind, ceiling, spent, TODAY, "wang", "机构改革", field)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 50_000).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))))
def test_of_n_items_k_may_vanish_up_to_a_fifth_and_always_one(case: tuple[int, int]) -> None:
    n, k = case
    answer = asked(directory(range(n)), directory(range(k, n)))
    if k == n:
        assert codes(answer) == ["zero_items"]
    else:
        assert codes(answer) == (["vanished"] if k > max(1, n * 20 // 100) else [])


@settings(max_examples=100, deadline=None)
@given(
    st.integers(1, 40), st.integers(0, 40), st.integers(0, 40), st.sampled_from(["改名", None]), st.sampled_from("13")
)
def test_hashes_never_let_through_what_the_texts_would_hold(
    n: int, gone: int, other: int, name: str | None, state: str
) -> None:
    before = directory(range(n), task_state=state)
    at = pl.int_range(pl.len())
    changed = pl.when(at < other).then(pl.lit(name, dtype=pl.String)).otherwise("task_name")
    tonight = before.with_columns(task_name=changed).tail(max(1, n - gone))
    memory = Memory((n,), LastGood("r0", YESTERDAY, InHand(before)))
    short, long = (Arrival(InHand(tonight), a_city(), memory, TODAY) for _ in range(2))
    assert long.moved is not None
    long.moved.__dict__["doubtful"] = 1_000_000  # all of them: every text is read
    assert guard(short) == guard(long)


def test_a_night_on_which_little_changed_is_let_through_without_reading_any_text() -> None:
    class Unread(InHand):
        def at(self, places: pl.Series, names: Iterable[str]) -> pl.DataFrame:
            raise AssertionError(f"{len(places)} rows read of {names}")

    before, tonight = directory(range(100)), directory(range(5, 105))
    memory = Memory((100,), LastGood("r0", YESTERDAY, Unread(before)))
    assert guard(Arrival(Unread(tonight), a_city(), memory, TODAY)) == Answer()


@pytest.mark.parametrize(("gone", "held"), [(26, ["vanished"]), (6, ["vanished"]), (5, []), (1, [])])
def test_a_source_of_27_items_is_measured_by_its_fraction_too(gone: int, held: list[str]) -> None:
    assert codes(asked(directory(range(27)), directory(range(gone, 27)))) == held


@pytest.mark.parametrize(("ratio", "count", "most"), [(0.2, 15, 3), (0.29, 100, 29), (0.2, 4, 1), (0, 1_000, 1)])
def test_a_limit_is_the_ratio_rounded_down_but_never_none_at_all(ratio: float, count: int, most: int) -> None:
    assert limit(ratio, count) == most


@pytest.mark.parametrize(("received", "held"), [(15, []), (16, ["appeared"]), (30, ["appeared"])])
def test_a_directory_that_grows_by_more_than_half_is_held(received: int, held: list[str]) -> None:
    assert codes(asked(directory(range(10)), directory(range(received)))) == held


def test_counts_are_measured_against_the_median_of_the_last_good_runs() -> None:
    counts = (100, 100, 100, 100, 100, 85, 85)
    assert codes(asked(directory(range(85)), directory(range(79)), counts=counts)) == ["vanished"]
    assert codes(asked(directory(range(85)), directory(range(80)), counts=counts)) == []


def test_a_city_may_set_other_bounds() -> None:
    strict = a_city(guard={"max_vanished_ratio": 0.05, "max_appeared_ratio": 0.1})
    assert codes(asked(directory(range(100)), directory(range(94)), city=strict)) == ["vanished"]
    assert codes(asked(directory(range(100)), directory(range(111)), city=strict)) == ["appeared"]


def test_on_a_first_run_there_is_nothing_to_compare_with() -> None:
    assert guard(Arrival(InHand(directory(range(1))), a_city(), Memory(), TODAY)) == Answer()
    assert codes(guard(Arrival(InHand(directory(range(0))), a_city(), Memory(), TODAY))) == ["zero_items"]


def test_codes_written_in_full_width_are_the_same_items() -> None:
    before = directory(range(30))
    wide = before.with_columns(pl.col("task_code").str.replace("3", "３", literal=True))
    assert asked(before, wide) == Answer()


def test_an_item_the_city_had_marked_as_withdrawn_does_not_vanish() -> None:
    before = pl.concat([directory(range(10), task_state="1"), directory(range(10, 40), task_state="作废")])
    city = a_city(values={"task_state": {"1": "1", "作废": "3"}})
    assert asked(before, directory(range(10), task_state="1"), counts=(12,), city=city) == Answer()


def test_the_counties_of_which_nothing_is_left_are_named() -> None:
    rest = directory(range(100), areacode="440300")
    before = pl.concat([rest, directory(range(100, 200), areacode="440305")])
    (reason,) = asked(before, rest).held
    assert "消失 100 条，超过容许的 20%" in reason.text
    assert "整体消失：440305 南山区 100 条" in reason.text
    assert "citysync approve 440300 --vanished 100" in reason.text


def test_additions_and_the_rest_are_shown_as_a_preview() -> None:
    tonight = pl.concat([directory(range(50), by_law="新法"), directory(range(200, 212), by_law=None)])
    (reason,) = asked(directory(range(100), by_law="新法"), tonight).held
    assert "另有：新增 12 条，改动 0 条" in reason.text


def test_a_mass_recoding_is_told_from_a_disappearance_by_the_names() -> None:
    kept, moved = directory(range(100)), directory(range(100, 200), base=550106000000)
    (reason,) = asked(directory(range(200)), pl.concat([kept, moved])).held
    assert "疑似批量换码：100 个编码消失，100 个新增，名称相同 100%" in reason.text


@pytest.mark.parametrize(
    ("come", "share"),
    [
        (["公共场所卫生许可（新）", "道路运输经营许可"], 1.0),
        (["养犬登记", "道路运输经营许可证核发"], None),
        (["道路运输经营许可", "养犬登记"], 0.5),
    ],
)
def test_nearly_the_same_name_is_the_same_name(come: list[str], share: float | None) -> None:
    gone = pl.DataFrame({"name": ["公共场所卫生许可（旧）", "道路运输经营许可"]})
    assert recoded(gone, pl.DataFrame({"name": come})) == share


def test_names_count_as_often_as_they_occur() -> None:
    gone = pl.DataFrame({"name": ["许可"] * 10})
    assert recoded(gone, pl.DataFrame({"name": ["许可"] * 6 + ["别的一项"] * 4})) == 0.6


def test_one_field_turned_empty_everywhere_is_held() -> None:
    (reason,) = asked(directory(range(500), anticipate_day="20"), directory(range(500), anticipate_day=None)).held
    assert reason.code == "field_shift"
    assert "字段 法定办结时限 空值率 0 %→100 %" in reason.text
    assert "--field anticipate_day --changed 500" in reason.text


def test_a_column_that_is_gone_has_turned_empty() -> None:
    assert codes(asked(directory(range(50), by_law="法"), directory(range(50)))) == ["field_shift"]
    assert codes(asked(directory(range(50)), directory(range(50), by_law="法"))) == []


@pytest.mark.parametrize(("changed", "held"), [(30, []), (31, ["field_shift"])])
def test_one_field_may_change_in_thirty_percent_of_the_items(changed: int, held: list[str]) -> None:
    before = directory(range(100), by_law="甲法")
    tonight = pl.concat([directory(range(changed), by_law="乙法"), directory(range(changed, 100), by_law="甲法")])
    answer = asked(before, tonight)
    assert codes(answer) == held
    assert all("改动 31 项（31 %，如 “甲法”→“乙法”）" in reason.text for reason in answer.held)


def test_another_way_of_writing_is_no_change() -> None:
    before = directory(range(50), by_law="《办法》（2013）", task_type="01")
    assert asked(before, directory(range(50), by_law="《办法》(2013)", task_type="０１")) == Answer()


def test_versions_and_times_of_synchronising_may_change_everywhere() -> None:
    before = directory(range(50), task_version="1", cd_time="2026-11-22 01:00:00")
    assert asked(before, directory(range(50), task_version="2", cd_time="2026-11-23 01:00:00")) == Answer()


@pytest.mark.parametrize(("ceiling", "spent", "held"), [(60, 0, []), (59, 0, ["vanished"]), (100, 41, ["vanished"])])
def test_an_approval_lifts_up_to_what_is_left_of_its_ceiling(ceiling: int, spent: int, held: list[str]) -> None:
    answer = asked(directory(range(100)), directory(range(40)), leave(Held.VANISHED, ceiling, spent=spent))
    assert codes(answer) == held
    assert [(use.serial, use.amount) for use in answer.uses] == ([] if held else [(7, 60)])


def test_an_approval_holds_until_its_day_and_no_longer() -> None:
    before, tonight, approval = directory(range(100)), directory(range(40)), leave(Held.VANISHED, 60)
    assert codes(asked(before, tonight, approval, on=TODAY)) == []
    assert codes(asked(before, tonight, approval, on=TODAY + timedelta(days=1))) == ["vanished"]


def test_an_empty_directory_needs_leave_for_exactly_that() -> None:
    empty = directory(range(0))
    assert codes(asked(directory(range(9)), empty, leave(Held.VANISHED, 9))) == ["zero_items"]
    assert codes(asked(directory(range(9)), empty, leave(Held.EMPTY, 0))) == []


def test_leave_for_one_field_is_no_leave_for_another() -> None:
    before, tonight = directory(range(50), by_law="甲"), directory(range(50), by_law="乙")
    assert codes(asked(before, tonight, leave(Held.CHANGED, 50, field="by_law"))) == []
    assert codes(asked(before, tonight, leave(Held.CHANGED, 50, field="task_name"))) == ["field_shift"]
    assert codes(asked(before, tonight, leave(Held.CHANGED, 49, field="by_law"))) == ["field_shift"]


def test_nothing_is_lifted_in_part() -> None:
    before, tonight = directory(range(100), by_law="甲"), directory(range(40), by_law="乙")
    answer = asked(before, tonight, leave(Held.VANISHED, 60))
    assert (codes(answer), answer.uses) == (["field_shift"], ())


def test_bounds_of_the_citys_own_file_are_changed_there_and_not_approved() -> None:
    city = a_city(expect={"min_items": 50})
    answer = asked(directory(range(100)), directory(range(40)), leave(Held.VANISHED, 100), city=city)
    assert codes(answer) == ["below_min_items"]
