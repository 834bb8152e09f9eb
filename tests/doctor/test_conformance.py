"""The kit keeps its own protocol, and a server that breaks one promise fails the check of that promise alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from citysync.cli.doctor import doctor
from citysync.domain.errors import ConfigError
from flows.doctor.outcome import first_broken
from tests.connectors.kits import running
from tests.doctor.kits import BROKEN, broken, conforming


def test_the_kit_keeps_every_promise(tmp_path: Path) -> None:
    assert {(result.check_id, result.outcome) for result in conforming(tmp_path) if result.outcome != "pass"} == set()


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_promise_fails_its_own_check_and_no_other(name: str) -> None:
    results = broken(name)
    assert [result.check_id for result in results if result.outcome == "fail"] == [BROKEN[name][0]]
    found = first_broken(results)
    assert found is not None
    assert found.remedy


def test_doctor_asks_any_server_by_its_address(capsys: pytest.CaptureFixture[str]) -> None:
    with running(4) as kit:
        assert doctor(conformance=kit.url, json=True) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["first_broken"] is None
    outcomes = {check["check_id"]: check["outcome"] for check in said["checks"]}
    assert outcomes.pop("kit.token") == "skipped"
    assert set(outcomes.values()) == {"pass"}
    with pytest.raises(ConfigError, match="--conformance"):
        doctor(conformance="ftp://city", json=True)
