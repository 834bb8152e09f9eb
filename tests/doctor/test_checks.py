"""Each check passes what is right and catches what is not; the first broken link is named and nothing after it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from flows.doctor.catalogue import LABELS, links
from flows.doctor.outcome import Result, exit_code, first_broken
from tests.connectors.site import Sent
from tests.doctor.alerted import ALERTED
from tests.doctor.kits import KIT
from tests.doctor.ours import OURS, Case, no_city_file, secret_missing, well_configured, wrong_city_file
from tests.doctor.theirs import THEIRS, always, certificate, closed, mariadb_may
from tests.golden import one_agreed

CASES = {**OURS, **ALERTED, **THEIRS, **KIT}
CHANGING = re.compile(r"[0-9][0-9,.:-]*")  # dates, ports, sizes


def of(check_id: str, results: Sequence[Result]) -> Result:
    (found,) = [result for result in results if result.check_id == check_id]
    return found


@pytest.mark.parametrize("check_id", CASES)
def test_a_check_passes_what_is_right(check_id: str, tmp_path: Path) -> None:
    found = of(check_id, CASES[check_id][0](tmp_path))
    assert found.outcome == "pass", found
    assert found.text


@pytest.mark.parametrize("check_id", CASES)
def test_a_check_catches_what_is_not_and_says_how_to_mend_it(check_id: str, tmp_path: Path) -> None:
    found = of(check_id, CASES[check_id][1](tmp_path))
    assert found.outcome in {"warn", "fail"}, found
    assert found.text
    assert found.remedy
    assert "检查本身出错" not in found.text
    told = f"{check_id} | {found.outcome} | {found.text} | {found.remedy}".replace(str(tmp_path), "…")
    line = CHANGING.sub("#", told).replace("\n", " ⏎ ")
    assert one_agreed("doctor", line) == [line]


def test_every_check_there_is_has_both_and_a_label() -> None:
    ids = {link.check_id for link in links()}
    assert ids == set(CASES) == set(LABELS)


def test_a_refused_connection_is_the_first_broken_link_and_nothing_after_it_is_looked_at(tmp_path: Path) -> None:
    results = closed(tmp_path)
    broken = first_broken(results)
    assert broken is not None
    assert broken.check_id == "city.tcp"
    after = results[results.index(broken) + 1 :]
    assert {result.outcome for result in after} == {"skipped"}
    assert all("city.tcp" in result.text for result in after)


def test_a_refused_token_is_never_shown(tmp_path: Path) -> None:
    assert "canary" not in repr(always(Sent(b"canary-5f3a", status=401))(tmp_path))


def test_exit_codes_are_2_before_3_before_1(tmp_path: Path) -> None:
    theirs, config = closed(tmp_path), wrong_city_file(tmp_path)
    ours = [Result("disk.free", "fail", "ours", "本系统", "", "")]
    assert exit_code(theirs) == 1
    assert exit_code([*theirs, *ours]) == 3
    assert exit_code([*theirs, *ours, *config]) == 2


def test_a_warning_changes_no_exit_code(tmp_path: Path) -> None:
    results = well_configured(tmp_path)
    assert of("config.regions", results).outcome == "warn"
    assert exit_code(results) == 0


@pytest.mark.parametrize("cities", [no_city_file, wrong_city_file])
def test_where_city_files_were_not_read_nothing_is_said_to_be_right_about_them(cities: Case, tmp_path: Path) -> None:
    results = cities(tmp_path)
    assert of("config.cities", results).outcome == "fail"
    assert {of(check, results).outcome for check in ("config.secrets", "config.regions")} == {"skipped"}


def test_doctor_never_says_that_the_network_was_not_touched(tmp_path: Path) -> None:
    assert "没有连接任何网络" not in of("config.secrets", secret_missing(tmp_path)).text


def test_a_certificate_that_ends_soon_is_a_warning_and_names_the_days(tmp_path: Path) -> None:
    found = of("city.tls", certificate(10)(tmp_path))
    assert found.outcome == "warn"
    assert "只剩" in found.text


@pytest.mark.parametrize(("granted", "outcome"), [(("SELECT",), "pass"), (("SELECT", "DELETE"), "warn")])
def test_a_mariadb_account_that_can_write_is_noticed(granted: tuple[str, ...], outcome: str, tmp_path: Path) -> None:
    assert of("city.rights", mariadb_may(*granted)(tmp_path)).outcome == outcome
