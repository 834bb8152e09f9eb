"""What doctor refuses about alerts: nobody's alert, a channel that said no, a secret others can read, stuck mail."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.doctor.outcome import Result, exit_code
from tests.doctor.alerted import AS_WRITTEN, BOOK, BOTH, DUTY, NOBODYS, SECRET, as_written, having, nothing, refused
from tests.doctor.ours import configured, late_calendar
from tests.doctor.test_checks import CASES, of
from tests.places import write_city


@pytest.mark.parametrize(
    "check_id",
    [
        *("alerts.owner", "alerts.reach", "alerts.secrets", "alerts.fallback", "alerts.tested", "alerts.waiting"),
        *("calendar.next_year", "config.secrets"),
    ],
)
def test_this_is_refused_and_not_only_warned_of(check_id: str, tmp_path: Path) -> None:
    results = CASES[check_id][1](tmp_path)
    assert of(check_id, results).outcome == "fail"
    assert exit_code(results) in {2, 3}


@pytest.mark.parametrize("written", [NOBODYS, AS_WRITTEN.replace('owner = "王工"\n', "")], ids=["blank", "missing"])
def test_a_channel_without_an_owner_is_named(written: str, tmp_path: Path) -> None:
    results = as_written(written)(tmp_path)
    assert "duty" in of("alerts.owner", results).text
    assert of("alerts.channels", results).outcome == "fail", "and no message goes out by such a file"


def test_a_refused_test_is_told_with_what_the_other_side_said(tmp_path: Path) -> None:
    found = of("alerts.tested", having(refused)(tmp_path))
    assert "HTTP 401" in found.text
    assert "citysync alerts test" in found.remedy


def test_a_channel_nobody_has_tried_is_a_warning(tmp_path: Path) -> None:
    found = of("alerts.tested", having(nothing)(tmp_path))
    assert (found.outcome, "book" in found.text) == ("warn", True)


def test_a_secret_others_can_read_is_named_and_never_shown(tmp_path: Path) -> None:
    results = as_written(SECRET, secret=0o644)(tmp_path)
    assert "chmod 600" in of("alerts.secrets", results).text
    assert "canary" not in repr(results)


@pytest.mark.parametrize(
    ("written", "outcome"),
    [
        (BOTH.replace("book", "duty"), "fail"),  # itself
        (
            BOTH.replace("book", "twin") + DUTY.replace('"duty"', '"twin"') + 'roles = ["duty"]\nfallback = "duty"\n',
            "fail",
        ),
        (BOTH + BOOK + DUTY.replace('"duty"', '"sz"') + 'cities = ["440300"]\n', "warn"),  # the digest has it anyway
    ],
    ids=["itself", "itself under another name", "a city's own"],
)
def test_what_leads_nowhere_else_is_no_fallback(written: str, outcome: str, tmp_path: Path) -> None:
    assert of("alerts.fallback", as_written(written)(tmp_path)).outcome == outcome


def own(code: str, fallback: str) -> str:
    return (
        f'[[channel]]\nname = "c{code}"\nkind = "log"\nowner = "市局"\ncities = ["{code}"]\nfallback = "{fallback}"\n'
    )


@pytest.mark.parametrize(
    "written",
    [
        BOTH.replace('"book"', '"c440300"') + own("440300", "duty"),
        AS_WRITTEN + own("440300", "c440900") + own("440900", "duty"),
    ],
    ids=["the province's", "another city's"],
)
def test_no_fallback_tells_a_city_what_is_not_its_own(written: str, tmp_path: Path) -> None:
    found = of("alerts.channels", as_written(written)(tmp_path))
    assert (found.outcome, "别市" in found.text) == ("fail", True)


def test_without_a_file_of_channels_there_is_a_warning_and_nothing_else_is_a_pass(tmp_path: Path) -> None:
    results = as_written(None)(tmp_path)
    assert {result.outcome for result in results[1:5]} == {"skipped"}
    assert exit_code(results) == 0


def test_from_december_a_calendar_without_the_next_year_is_refused(tmp_path: Path) -> None:
    assert of("calendar.next_year", late_calendar(tmp_path)).outcome == "fail"


def open_file_in_the_folder(folder: Path) -> list[Result]:
    write_city(folder, [])
    (folder / "secrets").mkdir(mode=0o700)
    (folder / "secrets" / "OLD_TOKEN").write_text("canary-5f3a")
    (folder / "secrets" / "OLD_TOKEN").chmod(0o644)
    return configured(folder, secrets_dir=folder / "secrets")


def test_any_file_of_the_secrets_folder_others_can_read_is_refused(tmp_path: Path) -> None:
    found = of("config.secrets_folder", open_file_in_the_folder(tmp_path))
    assert (found.outcome, "OLD_TOKEN" in found.text, "canary" in repr(found)) == ("fail", True, False)
