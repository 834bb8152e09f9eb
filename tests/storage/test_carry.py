"""A finding outlives a change of codes: a county's, a body's, an item's; it is neither fixed nor reopened by it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from citysync.domain.carry import Carry, carry_of
from citysync.domain.identity import PROPOSALS, Change, Identity, Scope
from citysync.domain.workdays import calendar
from citysync.storage import reading
from citysync.storage.engine import Store
from citysync.storage.identity import Decision, Standing, decide, proposals
from citysync.storage.ledger import publish, start_run
from citysync.storage.lives import fixed, lives_at, with_lives
from tests.builders import BODY, CATALOG_CODE, NOW, TASK_CODE, TODAY
from tests.storage.cast import CITIES, a_city_run, a_finding, a_run

NEW_BODY = "11440300MB2C929665"
SENT = "440106090001"
MOVED_BODY = ("recoded", "body", [BODY], [NEW_BODY], None, "卫健委", 1.0, "原主体的 4 项全部消失")
RECODED = ("recoded", "catalog", [SENT], [CATALOG_CODE], "卫生许可", "卫生许可", 0.99, "名称与类型都相同")
RENAMED = ("renamed", "task", [TASK_CODE], [TASK_CODE], "卫生许可", "卫生许可证", 1.0, "实施编码未变")


def a_night(store: Store, folder: Path, serial: int, on: date, finding: dict[str, Any], *rows: Any) -> str:
    run = a_run(serial, on=on)
    start_run(store, run, CITIES)
    found = pl.DataFrame(list(rows), schema=PROPOSALS, orient="row")
    publish(store, run, replace(a_city_run(run, finding), proposals=found), folder)
    return run.run_id


def told(store: Store, run_id: str) -> tuple[Any, ...]:
    """Return first seen and reopened of the one finding of a run, and how many differences count as fixed."""
    (row,) = with_lives(store, "440300", reading.findings(store, "440300", run_id=run_id), calendar()).rows
    return row["first_seen_on"], row["reopened_on"], len(fixed(lives_at(store, "440300", run_id)[1]))


def two_nights(store: Store, folder: Path, row: Any, before: dict[str, Any], after: dict[str, Any], *, ok: bool) -> Any:
    a_night(store, folder, 1, TODAY, before, row)
    if ok:
        decide(store, proposals(store)[0]["id"], Decision(Standing.CONFIRMED, "张三", NOW, TODAY, "粤府函〔2026〕12号"))
    last = a_night(store, folder, 2, TODAY + timedelta(days=1), after)
    return told(store, last)


OLD, NEW = a_finding(), a_finding(task_code=TASK_CODE.replace(BODY, NEW_BODY))
UNREAD = a_finding(check="phone_missing", catalog_code=SENT, task_code=f"{BODY}3{SENT}", field="link_way")


def test_a_confirmed_change_of_body_carries_the_life_over(store: Store, tmp_path: Path) -> None:
    assert two_nights(store, tmp_path, MOVED_BODY, OLD, NEW, ok=True) == ("2026-11-23", None, 0)


def test_a_change_of_body_that_nobody_confirmed_carries_nothing(store: Store, tmp_path: Path) -> None:
    assert two_nights(store, tmp_path, MOVED_BODY, OLD, NEW, ok=False) == ("2026-11-24", None, 1)


def test_a_confirmed_re_coding_carries_what_else_is_wrong_with_the_row(store: Store, tmp_path: Path) -> None:
    read = {**UNREAD, "catalog_code": CATALOG_CODE}
    assert two_nights(store, tmp_path, RECODED, UNREAD, read, ok=True) == ("2026-11-23", None, 0)
    followed = a_night(store, tmp_path, 3, TODAY + timedelta(days=2), {**read, "task_code": TASK_CODE})
    assert told(store, followed) == ("2026-11-23", None, 0), "the city follows, and the rest is as old as it was"


def test_a_rename_keeps_its_codes_and_its_life(store: Store, tmp_path: Path) -> None:
    assert two_nights(store, tmp_path, RENAMED, OLD, OLD, ok=True) == ("2026-11-23", None, 0)


def test_a_countys_new_code_closes_and_reopens_nothing(store: Store, tmp_path: Path) -> None:
    before, after = a_finding(areacode="440903"), a_finding(areacode="440904")
    first = a_night(store, tmp_path, 1, date(2014, 12, 31), before)
    last = a_night(store, tmp_path, 2, date(2015, 1, 1), after)
    assert told(store, last) == ("2014-12-31", None, 0)
    assert told(store, first) == ("2014-12-31", None, 0), "the night before is told as it was"


def test_a_relapse_under_the_new_code_is_a_relapse(store: Store, tmp_path: Path) -> None:
    a_night(store, tmp_path, 1, date(2014, 12, 30), a_finding(areacode="440903"))
    a_night(store, tmp_path, 2, date(2014, 12, 31), a_finding(field="by_law"))
    last = a_night(store, tmp_path, 3, date(2015, 1, 1), a_finding(areacode="440904"))
    assert told(store, last) == ("2014-12-30", "2015-01-01", 1)


def test_codes_go_on_to_the_end_of_a_chain_and_a_circle_goes_nowhere() -> None:
    def moved(before: str, after: str, change: Change = Change.RECODED) -> Identity:
        return Identity(change, Scope.CATALOG, (before,), (after,), TODAY)

    assert carry_of((moved("A", "B"), moved("B", "C")), TODAY).items == {"A": "C", "B": "C"}
    assert carry_of((moved("A", "B"), moved("B", "A")), TODAY).items == {"A": "A", "B": "B"}
    assert carry_of((moved("A", "B", Change.SPLIT),), TODAY).items == {}
    merged = carry_of((moved("A", "C", Change.MERGED), moved("B", "C", Change.MERGED)), TODAY)
    assert (merged.items, merged.alone) == ({"A": "C", "B": "C"}, {}), "two rows of a merger stay two"
    assert Carry(alone={SENT: CATALOG_CODE}).code("task_code", f"{BODY}3{SENT}01") == f"{TASK_CODE}01"
