"""The facts the line must reproduce on Guangdong's real items of May 2021, province and Guangzhou as two sources."""

from __future__ import annotations

import os
import runpy
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from citysync.storage import reading
from citysync.storage.kept import read_snapshot
from citysync.storage.schema import open_store
from tests.program import Said, citysync

EXAMPLE = Path(__file__).parents[2] / "examples" / "guangdong-2021" / "run.py"
DATA = Path(os.environ.get("CITYSYNC_REAL_DATA", Path(__file__).parents[3] / "shared" / "data"))
FILE = DATA / "gd_portal_items_2021.jsonl"
MISSING = not FILE.is_file() and os.environ.get("CITYSYNC_REQUIRE_REAL") != "1"
pytestmark = pytest.mark.skipif(MISSING, reason=f"no real data at {FILE}; set CITYSYNC_REAL_DATA")


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Said]:
    """Return the folder of a whole run over both sources, and what it said."""
    folder = tmp_path_factory.mktemp("guangdong")
    prepare: Callable[[Path, Path], None] = runpy.run_path(str(EXAMPLE))["prepare"]
    prepare(DATA, folder)
    imported = citysync("master", "import", folder / "master.jsonl", "--effective", "2021-05-01", folder=folder)
    assert imported.code == 0, imported.err
    return folder, citysync("sync", "--json", folder=folder)


def counts(night: tuple[Path, Said], code: str) -> dict[str, int]:
    cities = {city["code"]: city for city in night[1].json()["cities"]}
    found: dict[str, int] = cities[code]["counts"]
    return found


def findings(night: tuple[Path, Said], code: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = citysync("findings", code, "--json", folder=night[0]).json()["findings"]
    return rows


def sent_rows(night: tuple[Path, Said]) -> pl.DataFrame:
    """Return both sources' snapshots as kept, raw text."""
    data = night[0] / "data"
    run_id = night[1].json()["run_id"]
    with open_store(f"sqlite:///{data / 'citysync.sqlite3'}", write=False) as store:
        kept = [reading.snapshot_of(store, code, run_id) for code in ("440000", "440100")]
    return pl.concat([read_snapshot(data / row["path"]).rows for row in kept if row], how="diagonal")


def test_the_master_of_guangdong_has_1876_codes(night: tuple[Path, Said]) -> None:
    versions = citysync("master", "list", "--json", folder=night[0]).json()["versions"]
    assert [version["items"] for version in versions] == [1_876]


@pytest.mark.parametrize(("code", "rows"), [("440000", 2_024), ("440100", 238)])
def test_no_row_of_guangdong_is_lost(night: tuple[Path, Said], code: str, rows: int) -> None:
    found = counts(night, code)
    assert (found["received"], found["accepted"], found["rejected"], found["duplicate"]) == (rows, rows, 0, 0)


def test_guangzhou_pairs_57_rows_over_41_codes_and_overclaims_181_over_89(night: tuple[Path, Said]) -> None:
    found = counts(night, "440100")
    assert (found["paired"], found["overclaimed"], found["missing"], found["drifted"]) == (57, 181, 0, 0)
    rows = findings(night, "440100")
    overclaimed = [row for row in rows if row["check"] == "overclaimed"]
    assert len(overclaimed) == 181
    assert len({row["catalog_code"] for row in overclaimed}) == 89
    mine = sent_rows(night).filter(pl.col("areacode") == "440100")
    assert mine["catalog_code"].n_unique() - 89 == 41
    assert not {row["check"] for row in rows} & {"elements_drift", "unclaimed", "level_mismatch"}


def test_guangdong_codes_have_31_or_33_characters_and_agree_with_their_parts(night: tuple[Path, Said]) -> None:
    rows = sent_rows(night)
    assert Counter(rows["task_code"].str.len_chars().to_list()) == {31: 1_899, 33: 363}
    both = [*findings(night, "440000"), *findings(night, "440100")]
    assert [row for row in both if row["check"] == "codes_disagree"] == []


def test_two_bodies_without_a_right_uscc_are_warnings_not_rejections(night: tuple[Path, Said]) -> None:
    both = [*findings(night, "440000"), *findings(night, "440100")]
    odd = [row for row in both if row["check"] == "uscc_invalid"]
    assert {row["actual"] for row in odd} == {"TE440000GD030003VV", "13440000515356094L"}
    assert {row["severity"] for row in odd} == {"warning"}


def test_visits_of_guangdong_are_0_to_3(night: tuple[Path, Said]) -> None:
    visits = Counter(sent_rows(night)["limit_scene_num"].to_list())
    assert visits == {"0": 2_171, "1": 86, "2": 4, "3": 1}
    both = [*findings(night, "440000"), *findings(night, "440100")]
    assert [row for row in both if row["check"] == "visits_over_cap"] == []


def test_262_rows_of_guangdong_have_one_phone_for_questions_and_complaints(night: tuple[Path, Said]) -> None:
    both = [*findings(night, "440000"), *findings(night, "440100")]
    assert sum(row["check"] == "phones_equal" for row in both) == 262


def test_no_promise_of_guangdong_is_over_the_legal_limit(night: tuple[Path, Said]) -> None:
    both = [*findings(night, "440000"), *findings(night, "440100")]
    assert [row for row in both if row["check"] in {"promise_over_legal", "value_unreadable"}] == []


def test_the_figures_of_guangdong(night: tuple[Path, Said]) -> None:
    total = citysync("figures", "--json", folder=night[0]).json()["total"]
    figures = {each["measure"]: (each["above"], each["below"], each["percent"]) for each in total["figures"]}
    assert figures["zero_visits"] == (2_171, 2_262, "95.98%")
    assert figures["online"] == (2_196, 2_262, "97.08%")
    assert figures["over_legal"] == (0, 1_513, "0.00%")
    assert total["counts"]["days_not_comparable"] == 9
    assert figures["onboard"] == (0, 0, "—")
