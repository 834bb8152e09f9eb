"""A county got another code years ago and its city still sends the old one: read, named, never lost, never guessed."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from citysync.domain.city import City, Exemption
from citysync.domain.verdict import Reason
from citysync.domain.workdays import calendar
from citysync.reconciliation.foreign import foreign
from citysync.reconciliation.match import Match, match
from citysync.reconciliation.obligations import duties, parents_of
from citysync.reconciliation.reconcile import Reconciliation, reconcile
from citysync.storage import reading
from citysync.storage.engine import Store
from citysync.storage.lives import with_lives
from schemas.validate import validate
from tests.builders import CATALOG_CODE, TODAY, a_city, a_master, a_master_item, a_snapshot, an_item
from tests.nights import nights

MAOMING = {"code": "440900", "name": "茂名市", "counties": ("440902", "440904")}
SHANTOU = {"code": "440500", "name": "汕头市", "counties": ("440513", "440514")}
BODY_THEN = "114409230075420982"  # registered in 电白县
TASK_CODE = f"{BODY_THEN}4{CATALOG_CODE}"
BEFORE = date(2014, 6, 1)


def an_old_item(areacode: str | None, **changes: str | None) -> dict[str, str | None]:
    return an_item(**{"task_code": TASK_CODE, "areacode": areacode, **changes})


def compared(
    *rows: dict[str, str | None], city: City, on: date = TODAY, **seen: frozenset[Any]
) -> tuple[Match, Reconciliation]:
    snapshot = a_snapshot(rows, city_code=city.code)
    validation = validate(snapshot, city, on)
    matched = match(validation, a_master(a_master_item(use_level=["4"])), city, on)
    return matched, reconcile(matched, validation, snapshot, city, on, calendar(), **seen)


@pytest.mark.parametrize("sent", ["440903", "440923", "440923000000"])
def test_a_row_under_a_former_code_meets_the_obligation_of_its_successor_and_is_told(sent: str) -> None:
    matched, found = compared(an_old_item(sent), city=a_city(**MAOMING))
    assert matched.unclaimed.get_column("areacode").to_list() == ["440902"]
    (note,) = found.findings.filter(check="areacode_succeeded").rows(named=True)
    assert (note["severity"], note["expected"], note["actual"]) == ("warning", "440904", sent)
    assert "已于 2014 年" in note["hint"]
    assert note["hint"].endswith("440904 电白区）")


@pytest.mark.parametrize("sent", ["440904", "440904000000", None])
def test_a_row_under_the_code_in_force_is_not_noted(sent: str | None) -> None:
    matched, found = compared(an_old_item(sent), city=a_city(**MAOMING))
    assert found.findings.filter(check="areacode_succeeded").is_empty()
    assert matched.unclaimed.get_column("areacode").to_list() == ["440902"], "a body of 电白县 acts in 电白区"


def test_a_former_code_is_itself_until_its_last_day_and_where_the_city_lists_it() -> None:
    validation = validate(a_snapshot([an_old_item("440923")]), a_city(**MAOMING), BEFORE)
    assert validation.rejected.get_column("rule").to_list() == ["areacode_foreign"]
    city = a_city(**{**MAOMING, "counties": ("440923", "440904")})
    validation = validate(a_snapshot([an_old_item("440923")]), city, TODAY)
    assert validation.accepted.get_column("areacode").to_list() == ["440923"]
    assert validation.notes.is_empty()


def test_a_row_of_a_county_that_was_split_stays_rejected_with_every_part_named() -> None:
    (row,) = validate(a_snapshot([an_old_item("440582")]), a_city(**SHANTOU), TODAY).rejected.rows(named=True)
    assert row["rule"] == "areacode_foreign"
    assert row["hint"].endswith("其中之一：440582 潮阳市已于 2003 年分为 440513 潮阳区、440514 潮南区")
    (row,) = validate(a_snapshot([an_old_item("440305")]), a_city(**SHANTOU), TODAY).rejected.rows(named=True)
    assert "其中之一" not in row["hint"]


def exempt(areacode: str, until: date = date(2026, 12, 31)) -> Exemption:
    return Exemption(
        catalog_code=CATALOG_CODE, reason="delegated", document="粤府〔2020〕1号", until=until, areacode=areacode
    )


@pytest.mark.parametrize(
    ("city", "areacode", "left"),
    [
        (MAOMING, "440903", ["440902"]),
        (MAOMING, "440904", ["440902"]),
        (SHANTOU, "440582", []),
        (SHANTOU, "440305", ["440513", "440514"]),
    ],
)
def test_an_exemption_goes_over_to_what_followed_its_county(
    city: dict[str, Any], areacode: str, left: list[str]
) -> None:
    matched, _ = compared(city=a_city(**city, exempt=(exempt(areacode),)))
    assert matched.unclaimed.get_column("areacode").sort().to_list() == left


def test_an_exemption_that_ran_out_is_told_under_the_new_code() -> None:
    _, found = compared(city=a_city(**MAOMING, exempt=(exempt("440903", date(2026, 1, 1)),)))
    told = found.findings.filter(areacode="440904").get_column("exempt_reason").to_list()
    assert told == ["豁免已于 2026-01-01 到期（下放，粤府〔2020〕1号）"]


@pytest.mark.parametrize(("named", "due"), [("440923", ["440904"]), ("440904", ["440904"]), ("440582", [])])
def test_an_item_meant_for_a_former_county_is_meant_for_what_followed_it(named: str, due: list[str]) -> None:
    items = a_master(a_master_item(use_level=["4"], applies_to=[named])).items
    found = duties(items, parents_of(items), a_city(**MAOMING), TODAY)
    assert found.get_column("areacode").to_list() == due


def absent(*areacodes: str) -> frozenset[tuple[str, str]]:
    return frozenset((areacode, CATALOG_CODE) for areacode in areacodes)


def test_an_absence_seen_under_the_former_code_is_confirmed_under_the_new_one() -> None:
    _, found = compared(city=a_city(**MAOMING), absent_before=absent("440903"), looked_before=frozenset({"440903"}))
    told = found.findings.filter(check="unclaimed").select("areacode", "suspected").rows()
    assert told == [("440902", True), ("440904", False)]


@pytest.mark.parametrize(
    ("seen", "suspected"),
    [(("440903", "440923"), False), (("440903",), True), (("440923",), True), ((), True)],
)
def test_an_absence_in_a_merged_county_is_confirmed_only_if_every_part_was_without(
    seen: tuple[str, ...],
    suspected: bool,  # noqa: FBT001 - a row of the table
) -> None:
    """What 电白县 had and 茂港区 had not was there; that 电白区 is without it is new, and seen for the first time."""
    looked = frozenset({"440902", "440903", "440923"})
    _, found = compared(city=a_city(**MAOMING), absent_before=absent(*seen), looked_before=looked)
    told = dict(found.findings.filter(check="unclaimed").select("areacode", "suspected").iter_rows())
    assert told == {"440902": True, "440904": suspected}


def test_a_merger_is_settled_by_the_second_look_at_the_whole(store: Store, tmp_path: Path) -> None:
    counties = ("440902", "440903", "440923")
    rows = [an_old_item(areacode) for areacode in ("440902", "440923")]
    city = nights(store, tmp_path, a_master_item(use_level=["4"]), **{**MAOMING, "counties": counties})
    told = []
    for merged in (False, False, True, True):
        city.night(rows[:1] if merged else rows, counties=MAOMING["counties"] if merged else counties)
        listing = with_lives(store, "440900", reading.findings(store, "440900"), calendar())
        told += [
            (row["areacode"], row["suspected"], row["confirmed_on"] is not None)
            for row in listing.rows
            if row["check"] == "unclaimed"
        ]
    assert told == [
        ("440903", True, False),
        ("440903", False, True),
        ("440904", True, False),
        ("440904", False, True),
    ]


def strange(code: str, areacode: str) -> Reason | None:
    rows = a_snapshot([an_old_item(areacode)] * 3).rows
    return foreign(rows, None, a_city(code=code, name="电白区", level=4, counties=None), TODAY)


def test_a_county_that_sends_its_own_former_code_is_not_another_city() -> None:
    assert strange("440904", "440923") is None
    assert strange("440904", "440902") is not None
