"""A city re-codes an item: proposed, confirmed by a person, no longer missing; taken back, open to be decided again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from citysync.cli.main import run
from tests.builders import CATALOG_CODE, an_item
from tests.places import a_folder
from tests.program import citysync
from tests.reconciliation.cast import a_code

SENT = "440106090001"
DAY = "2026-11-29"


def a_night(folder: Path) -> dict[str, int | str]:
    (city,) = citysync("sync", "--json", "--business-date", DAY, folder=folder).json()["cities"]
    return {"state": city["state"], **{name: city["counts"][name] for name in ("missing", "overclaimed", "met")}}


def test_a_re_coded_item_is_settled_by_one_confirmation(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = a_folder(tmp_path, an_item(task_code=a_code(SENT)))
    places = ("--data-dir", str(folder / "data"))
    before = a_night(folder)
    assert (before["overclaimed"], before["met"]) == (1, 0), "nothing is applied unasked"

    assert run(["identity", "list", "440300", "--json", *places]) == 0
    (proposal,) = json.loads(capsys.readouterr().out)["proposals"]
    assert (proposal["change"], proposal["before"], proposal["after"]) == ("recoded", [SENT], [CATALOG_CODE])

    number = str(proposal["id"])
    said = ("--reason", "粤府函〔2026〕12号", "--effective", DAY)
    assert run(["identity", "confirm", number, *said, *places]) == 0
    assert f"440300 {SENT} → {CATALOG_CODE}" in capsys.readouterr().out
    assert a_night(folder) == {"state": "in_sync", "missing": 0, "overclaimed": 0, "met": 1}

    assert run(["identity", "revoke", number, "--reason", "确认有误", *places]) == 0
    assert run(["identity", "reject", number, *places]) == 2
    assert "已撤销" in capsys.readouterr().err
