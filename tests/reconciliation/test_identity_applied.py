"""A change that a person confirmed is read before matching: nothing missing, nothing too much, until it is revoked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import polars as pl
import pytest

from citysync.domain.identity import Change, Identity, Scope
from citysync.domain.snapshot import Grade
from citysync.domain.workdays import calendar
from citysync.reconciliation.identity_sides import identity_changes
from citysync.reconciliation.match import Match, match
from citysync.reconciliation.reconcile import Reconciliation, reconcile
from citysync.reconciliation.turnover import Turnover, turnover
from schemas.validate import validate
from tests.builders import BODY, CATALOG_CODE, TODAY, a_city, a_master, a_master_item, a_snapshot, an_item
from tests.reconciliation.cast import a_code

SENT = "440106090001"
PARTS = ("440106091001", "440106091002")
NEW_BODY = "11440300MB2C929665"


def identity(
    before: Sequence[str], after: Sequence[str], change: Change = Change.RECODED, on: date = TODAY
) -> Identity:
    return Identity(change, Scope.CATALOG, tuple(before), tuple(after), on)


def compared(rows: list[dict[str, Any]], master: Any, *identities: Identity) -> tuple[Match, Reconciliation]:
    taken = a_snapshot(rows)
    validation = validate(taken, a_city(), TODAY)
    matched = match(validation, master, a_city(), TODAY, identities)
    return matched, reconcile(matched, validation, taken, a_city(), TODAY, calendar())


def checks(found: Reconciliation) -> set[str]:
    return set(found.findings.get_column("check"))


def proposed(
    rows: list[dict[str, Any]], master: Any, before: list[dict[str, Any]] | None = None
) -> list[tuple[Any, ...]]:
    matched, _ = compared(rows, master)
    moved = None if before is None else beside(before, rows)
    return identity_changes(matched, moved).select("change", "scope", "before", "after").rows()


def beside(before: list[dict[str, Any]], rows: list[dict[str, Any]]) -> Turnover:
    return turnover(a_snapshot(before, grade=Grade.B).in_hand, a_snapshot(rows).in_hand, a_city())


RECODED = [an_item(task_code=a_code(SENT))]


def test_a_re_coded_item_is_proposed_and_not_applied_unasked() -> None:
    _, found = compared(RECODED, a_master())
    assert checks(found) == {"unclaimed", "overclaimed"}
    assert proposed(RECODED, a_master()) == [("recoded", "catalog", [SENT], [CATALOG_CODE])]


def test_once_confirmed_nothing_is_missing_or_too_much_and_the_city_is_asked_to_follow() -> None:
    matched, found = compared(RECODED, a_master(), identity([SENT], [CATALOG_CODE]))
    assert checks(found) == {"recoded"}
    assert (found.due, found.met, found.paired) == (1, 1, 1)
    (row,) = found.findings.select("field", "expected", "actual", "severity").rows()
    assert row == ("catalog_code", CATALOG_CODE, SENT, "warning")
    assert identity_changes(matched, None).is_empty()


def test_a_confirmation_begins_with_its_day() -> None:
    _, found = compared(RECODED, a_master(), identity([SENT], [CATALOG_CODE], on=date(2026, 11, 24)))
    assert checks(found) == {"unclaimed", "overclaimed"}


def test_a_code_the_master_has_is_never_read_as_another() -> None:
    master = a_master(a_master_item(), a_master_item(catalog_code=SENT))
    rows = [an_item(), an_item(task_code=a_code(SENT))]
    _, found = compared(rows, master, identity([SENT], [CATALOG_CODE]))
    assert found.findings.is_empty()


def test_a_code_is_never_read_as_one_the_master_no_longer_has() -> None:
    _, found = compared(RECODED, a_master(), identity([SENT], ["440106099999"]))
    assert checks(found) == {"unclaimed", "overclaimed"}


def test_a_cancelled_code_is_read_as_the_one_that_followed_it() -> None:
    cancelled = a_master_item(catalog_code=SENT, plan_cancel_date=date(2026, 11, 1))
    master = a_master(a_master_item(), cancelled)
    assert proposed(RECODED, master) == [("recoded", "catalog", [SENT], [CATALOG_CODE])]
    assert checks(compared(RECODED, master, identity([SENT], [CATALOG_CODE]))[1]) == {"recoded"}


def split_master() -> Any:
    names = ("公共场所卫生许可（新证）", "公共场所卫生许可（延续）")
    return a_master(
        *(a_master_item(catalog_code=code, task_name=name) for code, name in zip(PARTS, names, strict=True))
    )


def test_a_split_is_proposed_and_once_confirmed_the_whole_stands_for_its_parts() -> None:
    rows = [an_item(task_code=a_code(SENT))]
    assert proposed(rows, split_master()) == [("split", "catalog", [SENT], list(PARTS))]
    _, found = compared(rows, split_master(), identity([SENT], PARTS, Change.SPLIT))
    assert found.findings.is_empty()
    assert (found.due, found.met) == (2, 2)


def test_a_merger_is_proposed_and_once_confirmed_the_parts_meet_the_whole() -> None:
    rows = [
        an_item(task_code=a_code(PARTS[0]), task_name="公共场所卫生许可（新证）"),
        an_item(task_code=a_code(PARTS[1]), task_name="公共场所卫生许可（延续）"),
    ]
    assert proposed(rows, a_master()) == [("merged", "catalog", list(PARTS), [CATALOG_CODE])]
    _, found = compared(rows, a_master(), identity(PARTS, [CATALOG_CODE], Change.MERGED))
    assert (found.missing, found.overclaimed, found.met) == (0, 0, 1)


def test_the_same_name_in_another_region_is_no_re_coding() -> None:
    city = a_city(counties=("440305",))
    taken = a_snapshot([an_item(task_code=a_code(SENT), areacode="440305")])
    matched = match(validate(taken, city, TODAY), a_master(), city, TODAY)
    assert identity_changes(matched, None).is_empty()


def a_body(body: str, count: int = 4) -> list[dict[str, Any]]:
    return [
        an_item(task_code=a_code(f"44010604300{number}", body=body), task_name=f"第{number}项")
        for number in range(1, count + 1)
    ]


def test_a_body_whose_items_all_moved_is_proposed_once() -> None:
    master = a_master(*(a_master_item(catalog_code=f"44010604300{n}", task_name=f"第{n}项") for n in range(1, 5)))
    assert proposed(a_body(NEW_BODY), master, a_body(BODY)) == [("recoded", "body", [BODY], [NEW_BODY])]
    assert proposed(a_body(BODY), master, a_body(BODY)) == []
    assert proposed([*a_body(NEW_BODY, 2), *a_body(BODY, 1)], master, a_body(BODY)) == []


@pytest.mark.parametrize(
    ("name", "expected"), [("公共场所卫生许可证", 1), ("公共 场所卫生许可", 0), ("公共场所卫生许可", 0)]
)
def test_a_row_of_the_same_code_and_another_name_is_a_rename(name: str, expected: int) -> None:
    found = proposed([an_item(task_name=name)], a_master(), [an_item()])
    assert len(found) == expected
    assert all(change == "renamed" for change, *_ in found)


def test_last_nights_body_speaks_for_a_pair() -> None:
    matched, _ = compared(RECODED, a_master())
    found = identity_changes(matched, beside([an_item()], RECODED))
    assert (
        found.filter(pl.col("scope") == "catalog").row(0, named=True)["evidence"].startswith("名称、类型、主体都相同")
    )
