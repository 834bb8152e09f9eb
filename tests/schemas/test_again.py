"""A night validates what changed and says what a night that validates everything says."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citysync.domain.city import City
from citysync.domain.errors import NotProved
from citysync.domain.kept_rows import OfKept
from citysync.domain.outcome import Validation
from citysync.domain.row_hashes import ROW
from schemas import room
from schemas.again import FULL_EVERY_DAYS, Again, revalidate, rules_key
from schemas.proof import prove
from schemas.room import divisions_on
from schemas.validate import setting_of, validate
from tests.builders import BODY, TODAY, a_city, a_snapshot, an_item
from tests.schemas.test_looks import an_odd_item

TOMORROW = TODAY + timedelta(days=1)
Row = dict[str, str | None]


def items_of(many: int) -> list[Row]:
    return [an_item(task_code=f"{BODY}3440106{serial:06}") for serial in range(43001, 43001 + many)]


def first_night(rows: list[Row], city: City | None = None) -> Again:
    return revalidate(a_snapshot(rows), city or a_city(), TODAY, None)


def same(one: Validation, other: Validation) -> bool:
    pairs = ((getattr(one, each.name), getattr(other, each.name)) for each in fields(Validation))
    return all(a.equals(b) if isinstance(a, pl.DataFrame) else a == b for a, b in pairs)


@settings(max_examples=60, deadline=None)
@given(st.lists(an_odd_item(), max_size=6), st.data())
def test_a_night_after_any_changes_equals_a_night_that_validates_everything(
    rows: list[Row], data: st.DataObject
) -> None:
    city = a_city()
    kept = data.draw(st.lists(st.sampled_from(rows), max_size=8)) if rows else []
    tonight = kept + data.draw(st.lists(an_odd_item(), max_size=3))
    before = first_night(rows, city)
    if not tonight:
        return
    after = revalidate(a_snapshot(tonight), city, TOMORROW, before.clean)
    assert same(after.validation, validate(a_snapshot(tonight), city, TOMORROW))
    third = revalidate(a_snapshot(rows or tonight), city, TOMORROW, after.clean)
    assert same(third.validation, validate(a_snapshot(rows or tonight), city, TOMORROW))


def test_only_what_changed_is_validated_anew() -> None:
    rows = items_of(20)
    before = first_night(rows)
    assert (before.anew, before.clean.rows.height) == (20, 20)
    changed = [{**rows[0], "task_name": "改名的许可"}, *rows[2:], an_item(task_code=f"{BODY}3440106999999")]
    after = revalidate(a_snapshot(changed[::-1]), a_city(), TOMORROW, before.clean)
    assert after.anew == 2
    assert after.clean.rows.height == 20
    assert after.clean.checked_on == TODAY


def test_rows_that_were_rejected_noted_odd_or_not_alone_are_looked_at_every_night() -> None:
    rows = [
        *items_of(2),
        an_item(task_code=f"{BODY}3440106050001", task_type="99"),
        an_item(task_code=f"{BODY}3440106050002", promise_day="若干"),
        an_item(task_code=f"{BODY}3440106050003", by_law="&nbsp;法"),
        an_item(task_code=f"{BODY}3440106050004", transact_addr="\u3000"),
        an_item(task_code=f"{BODY}3440106050006", anticipate_day="5.0"),
        an_item(task_code=f"{BODY}3440106050007", anticipate_day="3.0"),
        *[an_item(task_code=f"{BODY}3440106050005", task_version=version) for version in ("1", "2")],
    ]
    before = first_night(rows)
    assert before.clean.rows.height == 2
    after = revalidate(a_snapshot(rows), a_city(), TOMORROW, before.clean)
    assert after.anew == 8
    assert same(after.validation, before.validation)


@pytest.mark.parametrize(
    "other",
    [
        {"values": {"task_type": {"01": "01"}}},
        {"counties": ("440304",)},
        {"fields": {"task_name": "NAME"}},
        {"name": "另一个名称"},
    ],
)
def test_another_city_file_has_every_row_validated(other: dict[str, Any]) -> None:
    before = first_night(items_of(3))
    assert revalidate(a_snapshot(items_of(3)), a_city(**other), TOMORROW, before.clean).anew == 3


def test_other_columns_fields_or_divisions_have_every_row_validated(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, city = items_of(3), a_city()
    before = first_night(rows)
    for tonight in (a_snapshot(rows, absent=["by_law"]), a_snapshot(rows, unknown_fields=("x",))):
        assert revalidate(tonight, city, TOMORROW, before.clean).anew == 3
    assert divisions_on(city, date(2000, 1, 1)) != divisions_on(city, TODAY)
    assert revalidate(a_snapshot(rows), city, date(2000, 1, 1), before.clean).anew == 3
    monkeypatch.setattr(pl, "__version__", "99.0.0")
    assert revalidate(a_snapshot(rows), city, TOMORROW, before.clean).anew == 3


def test_nothing_but_its_divisions_is_read_of_a_day() -> None:
    rows = [an_item(areacode=code, plan_cancel_date="2020-01-01") for code in ("440305", "440582", "440923", None)]
    city = a_city()
    days = [date(1990, 1, 1) + timedelta(days=211 * step) for step in range(80)]
    told = [(rules_key(setting_of(a_snapshot(rows), city, on)), validate(a_snapshot(rows), city, on)) for on in days]
    assert len({key for key, _ in told}) > 1
    for (key, earlier), (other, later) in pairwise(told):
        assert key != other or same(earlier, later)


def test_every_few_nights_all_rows_are_validated_and_held_against_the_shorter_way() -> None:
    before = first_night(items_of(3))
    for days, anew in ((FULL_EVERY_DAYS - 1, 0), (FULL_EVERY_DAYS, 3), (-1, 3)):
        on = TODAY + timedelta(days=days)
        after = revalidate(a_snapshot(items_of(3)), a_city(), on, before.clean)
        assert (after.anew, after.clean.checked_on) == (anew, on if anew else TODAY)


def test_a_shorter_way_that_says_something_else_is_our_defect_and_told() -> None:
    bad = an_item(task_code=f"{BODY}3440106050001", task_type="99")
    rows = [*items_of(2), bad]
    before, wrong = first_night(rows), a_snapshot(rows).in_hand.hashes.select("key_hash", ROW)
    lying = replace(before.clean, rows=wrong)
    revalidate(a_snapshot(rows), a_city(), TOMORROW, before.clean)
    with pytest.raises(NotProved, match="本系统的缺陷"):
        revalidate(a_snapshot(rows), a_city(), TODAY + timedelta(days=FULL_EVERY_DAYS), lying)


def test_hashes_taken_over_that_are_not_the_rows_are_our_defect_and_told() -> None:
    rows = items_of(6)
    before, tonight = first_night(rows), a_snapshot(rows)
    others = a_snapshot([*rows[:5], an_item(task_name="另一事项")])
    wrong = replace(tonight, known=OfKept(tonight.rows, others.in_hand, tonight.rows.clear(), None))
    revalidate(wrong, a_city(), TOMORROW, before.clean)
    with pytest.raises(NotProved, match="沿用的行指纹与重新计算的不一致"):
        revalidate(wrong, a_city(), TODAY + timedelta(days=FULL_EVERY_DAYS), before.clean)


def test_rows_of_one_number_are_never_taken_as_they_were() -> None:
    rows = items_of(2)
    before, tonight = first_night(rows), a_snapshot(rows)
    twice = replace(tonight, rows=tonight.rows.with_columns(row_no=pl.lit(1, pl.Int64)))
    with pytest.raises(NotProved, match="row_no"):
        revalidate(twice, a_city(), TOMORROW, before.clean)


def test_a_hash_of_another_key_is_not_enough() -> None:
    before = first_night(items_of(3))
    other = replace(before.clean, rows=before.clean.rows.with_columns(key_hash=pl.lit(1, pl.UInt64)))
    assert revalidate(a_snapshot(items_of(3)), a_city(), TOMORROW, other).anew == 3


def test_pandera_proves_what_is_validated_and_only_that(monkeypatch: pytest.MonkeyPatch) -> None:
    proved: list[int] = []

    def counted(frame: pl.DataFrame, *models: Any) -> pl.DataFrame:
        proved.append(frame.height)
        return prove(frame, *models)

    monkeypatch.setattr(room, "prove", counted)
    before = first_night(items_of(5))
    changed = [{**items_of(1)[0], "by_law": "新法"}, *items_of(5)[1:]]
    revalidate(a_snapshot(changed), a_city(), TOMORROW, before.clean)
    assert proved == [5, 1]
