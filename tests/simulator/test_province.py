"""A province made from a seed is the same every time, in sync before anything is injected, and true to its plan."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from stdnum.cn import uscc

from citysync.domain import divisions
from citysync.simulator import names
from citysync.simulator.dialects import DIALECTS
from citysync.simulator.kinds import KINDS
from citysync.simulator.plan import PLANS
from citysync.simulator.province import Differences, Province, build_province, shuffled
from citysync.simulator.server import serve
from citysync.simulator.simulate import write_province
from citysync.simulator.truth import COUNTS, FINDING_KEYS, REJECTION_KEYS

CHECKS = {
    "unclaimed",
    "overclaimed",
    "claimed_parent",
    "elements_drift",
    "text_cosmetic",
    "level_mismatch",
    "withdrawn",
    "duplicated",
    "codes_disagree",
    "visits_over_cap",
    "depth_and_visits",
    "depth_below_target",
    "promise_over_legal",
    "outdated",
    "uscc_invalid",
    "phones_equal",
    "phone_missing",
    "visits_unexplained",
    "zero_visits_explained",
    "zero_visits_need_post",
    "fee_without_basis",
    "pay_without_fee",
    "value_unreadable",
    "code_cleaned",
    "unknown_field",
    "column_absent",
}
RULES = {
    "task_code_missing",
    "task_code_malformed",
    "task_name_missing",
    "task_type_missing",
    "value_unlisted",
    "areacode_foreign",
    "catalog_code_missing",
}
STATES = {"in_sync": 14, "out_of_sync": 3, "not_synced": 2, "held": 1, "lagging": 1}


def digest(province: Province) -> str:
    tables = {code: city.table for code, city in province.cities.items()}
    text = json.dumps([province.master_records, tables, province.truth()], ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize("mode", ["none", "demo", "all"])
def test_the_same_seed_makes_the_same_province(mode: Differences) -> None:
    assert build_province(3, 80, differences=mode) == build_province(3, 80, differences=mode)


def test_another_process_with_other_hashes_makes_the_same_province() -> None:
    program = (
        "from tests.simulator.test_province import digest\n"
        "from citysync.simulator.province import build_province\n"
        "print(digest(build_province(3, 80, differences='all')))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    told = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)  # noqa: S603 - ourselves
    assert told.stdout.strip() == digest(build_province(3, 80, differences="all"))


def test_another_seed_makes_another_province() -> None:
    assert digest(build_province(3, 80)) != digest(build_province(4, 80))


def test_a_city_is_the_same_whichever_others_are_built_beside_it() -> None:
    alone = build_province(5, 80, cities=["440700"], differences="all")
    assert alone.cities["440700"] == build_province(5, 80, differences="all").cities["440700"]


def test_without_differences_every_city_is_in_sync_and_has_no_findings() -> None:
    for city in build_province(1, 120, differences="none").cities.values():
        assert (city.truth.state, city.truth.findings, city.truth.rejections) == ("in_sync", (), ())
        assert city.truth.counts["due"] == city.truth.counts["met"] > 0


def test_a_city_has_about_as_many_rows_as_asked_for() -> None:
    for city in build_province(1, 600, differences="none").cities.values():
        assert 600 * 0.9 <= len(city.table) <= 600 * 1.3, city.name


def test_every_city_and_county_of_the_province_has_items() -> None:
    province = build_province(1, 120, differences="none")
    regions = {row["areacode"] for city in province.cities.values() for row in city.rows}
    known = {row.code for row in divisions.divisions()} - {"440000"}
    assert regions == known
    assert len(regions) == 21 + 122


def test_no_key_is_sent_twice_before_differences_are_injected() -> None:
    for city in build_province(1, 120, differences="none").cities.values():
        keys = Counter((row["task_code"], row["task_handle_item"]) for row in city.rows)
        assert max(keys.values()) == 1, city.name


def test_codes_are_built_of_valid_bodies_and_catalogue_codes() -> None:
    province = build_province(2, 120, differences="none")
    for row in province.cities["440300"].rows:
        code = row["task_code"] or ""
        assert len(code) == 31
        assert uscc.is_valid(code[:18])
        assert (code[:18], code[18], code[19:]) == (row["dept_code"], row["use_level"], row["catalog_code"])
        assert row["task_handle_item"] in {None, *(f"{code}{n:02d}" for n in range(1, 99))}


def test_catalogue_codes_are_unique_and_sub_items_name_their_main_item() -> None:
    records = build_province(2, 300).master_records
    codes = Counter(record["catalog_code"] for record in records)
    parents = {record["parent_code"] for record in records} - {None}
    assert max(codes.values()) == 1
    assert parents
    assert all(parent is not None and parent.endswith("00Y") and parent in codes for parent in parents)


def test_no_two_serials_give_one_name() -> None:
    given = [names.item_name(names.DEPARTMENTS[0], "01", serial) for serial in range(500)]
    assert len(set(given)) == 500


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_demo_has_the_same_states_for_every_seed(seed: int) -> None:
    cities = build_province(seed, 60).cities.values()
    assert Counter(city.truth.state for city in cities) == STATES


def test_the_demo_shows_every_kind_of_finding_and_most_rules() -> None:
    truths = [city.truth for city in build_province(1, 300).cities.values()]
    assert {finding["check"] for truth in truths for finding in truth.findings} == CHECKS
    assert {rejection["rule"] for truth in truths for rejection in truth.rejections} == RULES - {"catalog_code_missing"}


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_mode_all_has_every_kind_in_some_city(seed: int) -> None:
    truths = [city.truth for city in build_province(seed, 200, differences="all").cities.values()]
    assert {kind for truth in truths for kind in truth.kinds} == set(KINDS)
    assert {finding["check"] for truth in truths for finding in truth.findings} == CHECKS
    assert {rejection["rule"] for truth in truths for rejection in truth.rejections} == RULES


def test_the_truth_accounts_for_every_row() -> None:
    for city in build_province(1, 200, differences="all").cities.values():
        counts = city.truth.counts
        assert tuple(counts) == COUNTS
        assert counts["received"] == len(city.table)
        assert counts["received"] == counts["accepted"] + counts["rejected"] + counts["duplicate"]
        assert counts["findings"] == len(city.truth.findings)
        assert all(tuple(finding) == FINDING_KEYS for finding in city.truth.findings)
        assert all(tuple(rejection) == REJECTION_KEYS for rejection in city.truth.rejections)


def test_without_proof_of_completeness_no_absence_is_in_the_truth() -> None:
    truth = build_province(1, 120).cities["440800"].truth
    assert (truth.grade, truth.state, truth.findings) == ("C", "lagging", ())
    assert truth.counts["met"] < truth.counts["due"]
    assert truth.counts["missing"] == 0


def test_every_dialect_is_spoken_somewhere_and_every_tile_is_its_own() -> None:
    assert {plan.dialect for plan in PLANS} == set(DIALECTS)
    assert len({plan.tile for plan in PLANS}) == len(PLANS) == 21


def test_shuffling_moves_rows_and_cities_but_not_the_truth() -> None:
    province = build_province(1, 120, differences="all")
    moved = shuffled(province, 9)
    assert list(moved.cities) != list(province.cities)
    for code, city in province.cities.items():
        assert moved.cities[code].table != city.table
        assert Counter(moved.cities[code].table) == Counter(city.table)
        assert moved.cities[code].truth == city.truth


def test_dates_count_from_the_business_date() -> None:
    province = build_province(1, 120, on=date(2027, 3, 1))
    until = [exemption.until for exemption in province.cities["440300"].exemptions]
    assert until == [date(2027, 4, 10), date(2027, 3, 1), date(2027, 2, 28)]


def test_writing_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    province = build_province(1, 60)
    with serve(province) as server:
        first = write_province(province, tmp_path, server.base_url)
        before = contents(first.folder)
        write_province(province, tmp_path, server.base_url)
    assert contents(first.folder) == before
    assert {path.suffix for path in before} == {".toml", ".csv", ".xlsx", ".json", ".jsonl"}


def contents(folder: Path) -> dict[Path, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".sqlite")
    return {path: path.read_bytes() for path in files}
