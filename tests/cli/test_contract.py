"""What scripts rely on: the JSON documents, the exit codes, stdout and stderr."""

from __future__ import annotations

import re
from pathlib import Path

from citysync.domain.findings import FINDINGS, REJECTIONS
from citysync.domain.life import BESIDE
from citysync.domain.verdict import Counts
from tests.builders import TASK_CODE, an_item
from tests.places import a_folder, write_city
from tests.program import citysync


def test_a_city_in_sync_earns_exit_code_0_and_a_whole_document(tmp_path: Path) -> None:
    said = citysync("sync", "--json", "--business-date", "2026-11-23", folder=a_folder(tmp_path))
    assert said.code == 0, said.err
    night = said.json()
    assert list(night) == ["schema_version", "run_id", "business_date", "master_version", "summary", "cities"]
    assert (night["schema_version"], night["business_date"]) == (1, "2026-11-23")
    assert night["summary"] == {
        "cities": 1,
        "in_sync": 1,
        "lagging": 0,
        "out_of_sync": 0,
        "not_synced": 0,
        "held": 0,
        "unknown": 0,
    }
    (city,) = night["cities"]
    assert list(city) == ["code", "name", "state", "since", "grade", "axes", "reasons", "counts"]
    assert (city["code"], city["name"], city["state"], city["grade"]) == ("440300", "深圳市", "in_sync", "B")
    assert city["axes"] == dict.fromkeys(("reachable", "complete", "valid", "consistent", "fresh"), "ok")
    assert city["reasons"] == []
    assert list(city["counts"]) == list(Counts().as_dict())
    assert all(type(count) is int for count in city["counts"].values())
    assert (city["counts"]["due"], city["counts"]["met"], city["counts"]["paired"]) == (1, 1, 1)


def test_status_prints_the_same_document_as_the_run_it_speaks_of(tmp_path: Path) -> None:
    folder = a_folder(tmp_path, an_item(limit_scene_num="4"))
    run = citysync("sync", "--json", folder=folder)
    status = citysync("status", "--json", folder=folder)
    assert run.json() == status.json()
    assert (run.code, status.code) == (1, 1)


def test_a_flagged_city_earns_exit_code_1_with_reason_fault_and_text(tmp_path: Path) -> None:
    said = citysync("sync", "--json", folder=a_folder(tmp_path, an_item(limit_scene_num="4")))
    (city,) = said.json()["cities"]
    assert (said.code, city["state"], city["axes"]["valid"]) == (1, "out_of_sync", "failing")
    assert {(reason["code"], reason["fault"]) for reason in city["reasons"]} == {
        ("visits_over_cap", "data"),
        ("depth_and_visits", "data"),
    }
    assert all(set(reason) == {"code", "fault", "text"} for reason in city["reasons"])


def test_findings_and_rejects_have_every_key_and_exit_0(tmp_path: Path) -> None:
    folder = a_folder(tmp_path, an_item(limit_scene_num="4"), an_item(task_code="短", task_name="办证"))
    write_city(
        folder, [an_item(limit_scene_num="4"), an_item(task_code="短")], more="[tolerate]\nmax_rejected_ratio = 1\n"
    )
    run_id = citysync("sync", "--json", folder=folder).json()["run_id"]
    found = citysync("findings", "440300", "--json", folder=folder)
    document = found.json()
    assert (found.code, document["schema_version"], document["city"], document["run_id"]) == (0, 1, "440300", run_id)
    assert all(list(row) == [*FINDINGS, *BESIDE, "appeal"] for row in document["findings"])
    (over,) = [row for row in document["findings"] if row["check"] == "visits_over_cap"]
    assert (over["task_code"], over["field"], over["expected"], over["actual"]) == (
        TASK_CODE,
        "limit_scene_num",
        "≤ 3",
        "4",
    )
    rejected = citysync("rejects", "440300", "--json", folder=folder).json()["rejections"]
    assert [list(row) for row in rejected] == [list(REJECTIONS)]
    assert (rejected[0]["row_no"], rejected[0]["rule"], rejected[0]["value"]) == (2, "task_code_malformed", "短")


def test_findings_can_be_filtered_by_check(tmp_path: Path) -> None:
    folder = a_folder(tmp_path, an_item(limit_scene_num="4", link_way="12345", supervise_way="12345"))
    citysync("sync", folder=folder)
    rows = citysync("findings", "440300", "--check", "phones_equal", "--json", folder=folder).json()["findings"]
    assert [row["check"] for row in rows] == ["phones_equal"]


def test_results_go_to_stdout_and_progress_to_stderr(tmp_path: Path) -> None:
    said = citysync("sync", folder=a_folder(tmp_path))
    assert "同步 1/1" in said.out
    assert "取数" in said.err
    assert "取数" not in said.out


def test_status_before_any_run_is_unknown_and_blames_nobody(tmp_path: Path) -> None:
    said = citysync("status", "--json", folder=a_folder(tmp_path))
    (city,) = said.json()["cities"]
    assert (said.code, city["state"], city["reasons"][0]["code"]) == (0, "unknown", "never_run")
    assert said.json()["run_id"] is None


def test_a_dry_run_judges_and_leaves_no_trace(tmp_path: Path) -> None:
    folder = a_folder(tmp_path)
    said = citysync("sync", "--dry-run", "--json", folder=folder)
    assert said.json()["cities"][0]["state"] == "in_sync"
    assert citysync("status", "--json", folder=folder).json()["run_id"] is None


def test_a_second_run_says_the_same_and_since_when(tmp_path: Path) -> None:
    folder = a_folder(tmp_path, an_item(limit_scene_num="4"))
    first, second = (citysync("sync", "--json", folder=folder).json() for _ in range(2))
    assert first["cities"] == second["cities"]
    assert first["run_id"] != second["run_id"]


def test_a_receipt_is_one_xlsx_one_csv_and_one_json(tmp_path: Path) -> None:
    folder = a_folder(tmp_path, an_item(limit_scene_num="4"))
    citysync("sync", "--business-date", "2026-11-23", folder=folder)
    said = citysync("receipt", "440300", "--out", tmp_path / "out", folder=folder)
    assert said.code == 0, said.err
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == [f"440300_深圳市_问题清单_20261123{suffix}" for suffix in (".csv", ".json", ".xlsx")]


def test_every_verb_has_help_in_chinese(tmp_path: Path) -> None:
    verbs = (
        "sync",
        "recheck",
        "nightly",
        "status",
        "findings",
        "rejects",
        "explain",
        "receipt",
        "master",
        "doctor",
        "simulate",
        "demo",
        "db",
    )
    for verb in verbs:
        said = citysync(verb, "--help", folder=tmp_path)
        assert said.code == 0, verb
        assert re.search(r"[\u4e00-\u9fff]", said.out), verb
