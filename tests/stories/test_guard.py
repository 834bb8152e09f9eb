"""A city's directory collapses or is another's: what is held, what a person lets through, what stays in force."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from citysync.domain.approval import Held
from citysync.domain.outcome import CityRun
from citysync.domain.snapshot import Grade
from citysync.domain.verdict import Standing, State
from citysync.storage.approvals import Ceiling, approve
from citysync.storage.audit import entries, verify
from citysync.storage.engine import Store
from citysync.storage.memory import recall
from tests.builders import NOW, TODAY, a_snapshot, an_item
from tests.nights import Nights, nights
from tests.reconciliation.cast import a_code

DIRECTORY = [an_item(task_code=a_code(f"440106{number:06d}"), task_name=f"事项{number}") for number in range(40)]


@pytest.fixture
def city(store: Store, tmp_path: Path) -> Nights:
    return nights(store, tmp_path)


def codes(run: CityRun) -> list[str]:
    return [reason.code for reason in run.verdict.reasons if reason.standing is Standing.FAILING]


def allow(city: Nights, kind: Held, most: int, *, days: int = 30, field: str | None = None) -> None:
    until = TODAY + timedelta(days=days)
    approve(city.store, "440300", [Ceiling(kind, most, field)], until, "机构改革", "wang", NOW)


def snapshots(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in (folder / "snapshots").rglob("*.parquet")}


def test_a_collapse_is_held_and_the_last_good_snapshot_stays_byte_for_byte(city: Nights) -> None:
    city.night(DIRECTORY)
    before = snapshots(city.folder)
    for kept in (30, 4):
        run = city.night(DIRECTORY[:kept])
        assert (run.verdict.state, codes(run), run.adopted) == (State.HELD, ["vanished"], False)
    after = snapshots(city.folder)
    assert {path: after[path] for path in before} == before
    last = recall(city.store, city.folder, "440300", "later").last_good
    assert last is not None
    assert (last.on, last.rows.height) == (TODAY, 40)


def test_an_approval_is_a_ceiling_and_a_worsening_outage_is_held_again(city: Nights) -> None:
    city.night(DIRECTORY)
    allow(city, Held.VANISHED, 20)
    assert codes(city.night(DIRECTORY[:19])) == ["vanished"]
    assert city.night(DIRECTORY[:20]).adopted
    assert city.night(DIRECTORY[:20]).adopted
    assert codes(city.night(DIRECTORY[:10])) == ["vanished"]


def test_an_approval_given_in_advance_expires_with_its_day(city: Nights) -> None:
    city.night(DIRECTORY)
    allow(city, Held.VANISHED, 20, days=1)
    assert city.night(DIRECTORY).adopted
    assert codes(city.night(DIRECTORY[:20])) == ["vanished"]


def test_an_approval_and_its_audit_entry_are_one(city: Nights) -> None:
    allow(city, Held.CHANGED, 7, field="by_law")
    (entry,) = entries(city.store)
    assert (entry["who"], entry["what"], entry["object"]) == ("wang", "approve", "city:440300")
    assert entry["after"]["ceilings"] == [{"kind": "changed", "ceiling": 7, "field": "by_law"}]
    assert verify(city.store).broken == ()


def test_a_run_asked_again_knows_nothing_of_what_was_approved_after_it(city: Nights) -> None:
    city.night(DIRECTORY)
    held = city.night(DIRECTORY[:20])
    allow(city, Held.VANISHED, 20)
    assert recall(city.store, city.folder, "440300", held.verdict.run_id).approvals == ()
    assert len(recall(city.store, city.folder, "440300", "later").approvals) == 1


def test_an_empty_directory_is_adopted_only_by_leave_for_exactly_that(city: Nights) -> None:
    city.night(DIRECTORY)
    allow(city, Held.VANISHED, 40)
    assert codes(city.night([])) == ["zero_items"]
    allow(city, Held.EMPTY, 0)
    assert city.night([]).adopted
    assert city.night(DIRECTORY).adopted


@pytest.mark.parametrize(
    ("grade", "state", "reason"),
    [(Grade.X, State.NOT_SYNCED, "incomplete"), (Grade.A, State.HELD, "zero_items")],
)
def test_what_no_approval_could_make_usable_offers_none(city: Nights, grade: Grade, state: State, reason: str) -> None:
    city.night(DIRECTORY)
    nothing = a_snapshot([], grade=grade)  # as a drop whose manifest does not fit, of which nothing was read
    run = city.night([], asked=lambda _city, _door: nothing)
    assert (run.verdict.state, codes(run), run.adopted) == (state, [reason], False)
    offers = [text for text in (each.text for each in run.verdict.reasons) if "citysync approve" in text]
    assert bool(offers) is (grade is Grade.A)
    allow(city, Held.EMPTY, 0)
    assert city.night([], asked=lambda _city, _door: nothing).adopted is bool(offers), "the text says what helps"


def moved(rows: list[dict[str, Any]], division: str) -> list[dict[str, Any]]:
    return [{**row, "areacode": division} for row in rows]


def test_the_directory_of_another_city_is_named_and_no_approval_adopts_it(city: Nights) -> None:
    city.night(DIRECTORY)
    allow(city, Held.VANISHED, 40)
    run = city.night(moved(DIRECTORY, "440402"))
    assert (run.verdict.state, codes(run)) == (State.NOT_SYNCED, ["other_city"])
    assert "数据属于 440400（珠海市），不是 440300" in run.verdict.reasons[0].text


def test_bodies_registered_elsewhere_are_no_proof_on_a_first_night_and_are_against_the_past(city: Nights) -> None:
    def bare(prefix: str) -> list[dict[str, Any]]:
        return [{**row, "areacode": None, "task_code": prefix + (row["task_code"] or "")[8:]} for row in DIRECTORY]

    assert city.night(bare("11440400")).adopted
    assert codes(city.night(bare("11440300"))) != ["other_city"]
    fresh = nights(city.store, city.folder)
    fresh.past = 10
    allow(fresh, Held.VANISHED, 40)
    fresh.night(bare("11440300"))
    assert codes(fresh.night(bare("11440400"))) == ["other_city"]


def test_an_old_directory_served_again_is_marked_and_judged(city: Nights) -> None:
    for rows in (DIRECTORY[:38], DIRECTORY, DIRECTORY):
        city.night(rows)
    run = city.night(DIRECTORY[:38])
    assert run.adopted
    (reason,) = [each for each in run.verdict.reasons if each.code == "served_again"]
    assert reason.standing is Standing.UNKNOWN
    assert "与 2026-11-23 的快照完全相同" in reason.text
    assert "served_again" in codes(city_again(city, DIRECTORY, DIRECTORY[:38], max_age_days=1))


def city_again(city: Nights, *nights_of: list[dict[str, Any]], max_age_days: int) -> CityRun:
    expect = city.city.expect.model_copy(update={"max_age_days": max_age_days})
    runs = [city.night(rows, expect=expect) for rows in nights_of]
    return runs[-1]


def test_an_update_time_that_runs_backwards_is_a_note(city: Nights) -> None:
    def at(moment: str) -> list[dict[str, Any]]:
        return [{**row, "cd_time": moment} for row in DIRECTORY]

    city.night(at("2026-11-22 10:00:00"))
    run = city.night(at("2026-11-20 10:00:00"))
    assert "time_backwards" in {reason.code for reason in run.verdict.reasons}
    assert run.adopted


def test_a_last_good_snapshot_that_is_lost_is_said_and_counts_still_guard(city: Nights) -> None:
    city.night(DIRECTORY)
    for path in snapshots(city.folder):
        path.write_bytes(b"damaged")
    assert codes(city.night(DIRECTORY[:20])) == ["vanished"]
    whole = city.night(DIRECTORY)
    assert "last_good_lost" in {reason.code for reason in whole.verdict.reasons}
    assert whole.adopted
