"""A city's differences, chosen, counted, ordered and cut by the database."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from citysync.domain.carry import Carry
from citysync.domain.findings import FINDINGS
from citysync.domain.life import IDENTITY
from citysync.domain.workdays import calendar
from citysync.storage import glimpse, nights, tables
from citysync.storage.catalogue import save_master
from citysync.storage.differences import Differences, Wanted
from citysync.storage.engine import Store
from citysync.storage.facets import MOST_LISTS, NAMES, Facets, KeptFacets
from citysync.storage.keys import key, key_of
from citysync.storage.ledger import publish, start_run
from citysync.storage.lives import lives_at, with_lives
from citysync.storage.pages import write_snapshot
from citysync.storage.reading import Listing, findings
from tests.builders import BODY, CATALOG_CODE, NOW, TASK_CODE, TODAY, a_master, a_snapshot, an_item
from tests.storage.cast import CITIES, a_city_run, a_finding, a_rejection, a_run

OTHER = "440106043002"
FOUND = (
    a_finding(areacode="440304", due_on=None),
    a_finding(areacode="440305", due_on=date(2026, 11, 30), task_code=f"{BODY}3{OTHER}", catalog_code=OTHER),
    a_finding(check="unclaimed", task_code=None, suspected=True, due_on=None, field=None, catalog_code="440106043003"),
    a_finding(check="phones_equal", severity="warning", field="link_way", due_on=None),
)


@pytest.fixture
def told(store: Store, tmp_path: Path) -> Differences:
    items = a_master().items
    on = TODAY - timedelta(days=100)
    save_master(store, items, effective_on=on, changed=(), source="-", now=NOW, version="2026-11-20-1")
    for serial, found in enumerate((FOUND[:1], FOUND), start=1):
        run = a_run(serial, on=TODAY + timedelta(days=serial - 1))
        start_run(store, run, CITIES)
        publish(store, run, a_city_run(run, *found, rejected=(a_rejection(),)), tmp_path)
    return Differences(store, "440300", a_run(2).run_id)


def shown(told: Differences, **wanted: Any) -> list[tuple[str, str | None]]:
    rows = told.rows(Wanted(**wanted))
    assert told.count(Wanted(**wanted)) == len(rows)
    return [(row["check"], row["areacode"]) for row in rows]


def test_findings_and_rejected_rows_are_one_list_the_heaviest_first(told: Differences) -> None:
    rows = told.rows(Wanted())
    assert [row["severity"] for row in rows] == ["rejected", "error", "error", "error", "warning"]
    assert [row["status"] for row in rows] == ["confirmed", "confirmed", "grace", "suspected", "confirmed"]
    assert (rows[0]["check"], rows[0]["row_no"]) == ("task_code_missing", 7)
    assert {name: rows[2][name] for name in FINDINGS} == {**FOUND[1], "due_on": "2026-11-30"}


def test_a_page_is_cut_by_the_database(told: Differences) -> None:
    every = told.rows(Wanted())
    assert [*told.rows(Wanted(), 2), *told.rows(Wanted(), 2, 2), *told.rows(Wanted(), 2, 4)] == every


@pytest.mark.parametrize(
    ("wanted", "checks"),
    [
        ({"chosen": {"areacode": "440304"}}, ["elements_drift"]),
        ({"chosen": {"check": "unclaimed"}}, ["unclaimed"]),
        ({"chosen": {"severity": "rejected"}}, ["task_code_missing"]),
        ({"chosen": {"severity": "error", "status": "grace"}}, ["elements_drift"]),
        ({"chosen": {"status": "suspected"}}, ["unclaimed"]),
        ({"text": OTHER.lower()}, ["elements_drift"]),
        ({"text": "11440300 007542098E 3 440106043002"}, ["elements_drift"]),
        ({"text": "公共场所"}, ["elements_drift", "phones_equal"]),
        ({"text": "100%"}, []),
        ({"text": "_"}, []),
        ({"text": "某某局", "sent": [TASK_CODE]}, ["elements_drift", "phones_equal"]),
        ({"since": TODAY + timedelta(days=1)}, ["elements_drift", "unclaimed", "phones_equal"]),
        ({"before": TODAY + timedelta(days=1)}, ["task_code_missing", "elements_drift"]),
    ],
)
def test_only_what_is_wanted_is_listed(told: Differences, wanted: dict[str, Any], checks: list[str]) -> None:
    assert [check for check, _ in shown(told, **wanted)] == checks


def test_what_is_counted_is_what_the_filters_give(told: Differences) -> None:
    facets = told.facets()
    values = {name: [value for value in counts if value is not None] for name, counts in facets.counted().items()}
    singles = [{name: value} for name in NAMES for value in values[name]]
    pairs = [one | other for one, other in combinations(singles, 2) if not one.keys() & other.keys()]
    for chosen in ({}, *singles, *pairs):
        assert facets.of(chosen) == told.count(Wanted(chosen=chosen)) == len(shown(told, chosen=chosen)), chosen
    assert facets.of({"check": "unheard_of"}) == 0


def test_errors_are_told_by_county_the_most_first(store: Store, told: Differences) -> None:
    facets, run_id = told.facets(), a_run(2).run_id
    for name in ("areacode", "check"):
        by_database = nights.counted(store, "440300", run_id, name)
        assert facets.errors_by(name) == sorted(by_database, key=lambda each: (-each[1], each[0] or ""))
    assert len(facets.errors_by("areacode")) == 3, "what is nobody's county is told as well"


def test_a_list_is_counted_once_for_each_city_and_run(told: Differences) -> None:
    kept, asked = KeptFacets(), Counter[str]()

    def ask(city: str, run_id: str) -> None:
        def count() -> Facets:
            asked[f"{city} {run_id}"] += 1
            return told.facets()

        assert kept.of(city, run_id, count) == told.facets()

    for city, run_id in (("440300", "run-1"), ("440300", "run-2"), ("440100", "run-1")) * 2:
        ask(city, run_id)
    assert set(asked.values()) == {1}
    for number in range(MOST_LISTS):
        ask("440300", f"later-{number}")
    ask("440300", "run-1")
    assert asked["440300 run-1"] == 2, "what nobody asked for lately gives way"


def test_orders_lead_with_what_they_say(told: Differences) -> None:
    assert [check for check, _ in shown(told, order="first")][:2] == ["task_code_missing", "elements_drift"]
    places = [area for _, area in shown(told, order="county")]
    assert places == [None, "440300", "440300", "440304", "440305"]


def test_the_days_kept_with_a_list_are_those_of_its_lives(store: Store, told: Differences) -> None:
    ways: list[dict[str, Any]] = [
        {"order": "first"},
        {"since": TODAY + timedelta(days=1)},
        {"before": TODAY + timedelta(days=1)},
    ]
    kept = [told.rows(Wanted(**way)) for way in ways]
    assert [len(rows) for rows in kept] == [5, 3, 2]
    with store.writing() as connection:
        for table in (tables.findings, tables.rejections):
            assert connection.execute(sa.update(table).values(first_seen_on=None)).rowcount, "they were kept"
    earlier = Differences(store, "440300", a_run(2).run_id)  # as a ledger of before 0016 has them
    assert [earlier.rows(Wanted(**way)) for way in ways] == kept


def test_a_night_that_opens_no_life_keeps_no_day_for_what_is_new(store: Store, tmp_path: Path) -> None:
    for serial, adopted in ((1, True), (2, False)):
        run = a_run(serial, on=TODAY + timedelta(days=serial - 1))
        start_run(store, run, CITIES)
        publish(store, run, replace(a_city_run(run, *FOUND[:serial]), adopted=adopted), tmp_path)
    finding = tables.findings.c
    with store.reading() as connection:
        query = sa.select(finding.first_seen_on).order_by(finding.run_seq, finding.position)
        assert list(connection.scalars(query)) == [TODAY, TODAY, None]


@pytest.mark.usefixtures("told")
def test_the_days_of_a_few_are_those_of_all(store: Store) -> None:
    listing = findings(store, "440300", run_id=a_run(2).run_id)
    whole = with_lives(store, "440300", listing, calendar()).rows
    for row in whole:
        alone = Listing(listing.run_id, None, None, ({name: row[name] for name in FINDINGS},))
        assert with_lives(store, "440300", alone, calendar()).rows == (row,)
    assert len(lives_at(store, "440300", a_run(2).run_id)[1]) == len(FOUND) + 1


def test_a_code_that_went_on_under_another_keeps_its_first_day(store: Store, tmp_path: Path) -> None:
    before = a_finding(areacode="440923", due_on=None)  # 电白县, since 2014 電白区 440904
    after = {**before, "areacode": "440904"}
    for serial, found in enumerate((before, after), start=1):
        run = a_run(serial, on=TODAY + timedelta(days=serial - 1))
        start_run(store, run, CITIES)
        publish(store, run, a_city_run(run, found), tmp_path)
    told = Differences(store, "440300", a_run(2).run_id)
    assert shown(told, before=TODAY + timedelta(days=1)) == [("elements_drift", "440904")]
    listing = with_lives(store, "440300", findings(store, "440300"), calendar())
    assert [row["first_seen_on"] for row in listing.rows] == [TODAY.isoformat()]


def test_a_snapshot_is_looked_into_without_being_loaded(tmp_path: Path) -> None:
    rows = [an_item(), an_item(task_code=f"{BODY}3{OTHER}", task_name="ABC 许可", task_handle_item=f"{BODY}3{OTHER}01")]
    path = write_snapshot(tmp_path, a_snapshot(rows))
    assert glimpse.codes_saying(path, "abc") == [f"{BODY}3{OTHER}", f"{BODY}3{OTHER}01"]
    assert glimpse.codes_saying(path, "ABC 许") == glimpse.codes_saying(path, "abc"), "small letters or capitals"
    assert glimpse.codes_saying(path, "公共场所") == [TASK_CODE], "a text without case"
    assert glimpse.codes_saying(path, ".*") == [], "a text is no pattern"
    assert [row["row_no"] for row in glimpse.rows_of_codes(path, [f"{BODY}3{OTHER}01"], ["row_no"])] == [2]
    assert [row["task_name"] for row in glimpse.rows_of_item(path, CATALOG_CODE, ["task_name"])] == ["公共场所卫生许可"]
    assert [row["row_no"] for row in glimpse.rows_of_item(path, OTHER, ["row_no"])] == [2]
    assert glimpse.rows_of_item(path, "440106043003", ["row_no"]) == []
    gone = tmp_path / "gone.parquet"
    assert (glimpse.codes_saying(gone, "x"), glimpse.rows_of_codes(gone, ["x"], []), IDENTITY[0]) == ([], [], "check")


def test_the_database_and_the_program_carry_codes_alike(store: Store) -> None:
    body, new = TASK_CODE[:18], "11440300MB2D48112K"
    carry = Carry({"440923": "440904"}, {CATALOG_CODE: OTHER}, {CATALOG_CODE: OTHER}, {body: new})
    rows = [
        a_finding(areacode="440923", task_handle_item=f"{TASK_CODE}01"),
        a_finding(task_code="短码", catalog_code=None, areacode=None),
        a_finding(task_code=None, field=None, catalog_code="其他"),
    ]
    with store.reading() as connection:
        for row in rows:
            columns = {name: sa.literal(row[name], sa.Text) for name in IDENTITY}
            assert connection.scalar(sa.select(key(columns, carry))) == key_of(row, carry)
    assert key_of(rows[0], carry).split("\x1f")[1:4] == ["440904", OTHER, f"{new}3{OTHER}"]
