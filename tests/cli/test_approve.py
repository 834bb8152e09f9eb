"""From a collapse to its approval on the command line, and what is refused on the way."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from citysync.cli.main import run
from citysync.storage.reading import Row
from tests.builders import an_item
from tests.places import MASTER_ITEM, write_city, write_master
from tests.reconciliation.cast import a_code

DIRECTORY = [an_item(task_code=a_code(f"440106{number:06d}"), task_name=f"事项{number}") for number in range(10)]
ON = ("--business-date", "2026-11-24")
UNTIL = ("--until", "2026-11-25", "--reason", "机构改革")


class Typed:
    """Commands typed into this very process: the same code as a person's, without starting it each time."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._places = ("--data-dir", str(folder / "data"), "--cities-dir", str(folder / "cities"))
        self._capsys = capsys

    def __call__(self, *words: str, code: int) -> tuple[str, str]:
        """Return what a command printed on stdout and stderr; it must leave with the exit code."""
        left = run([*words, *self._places])
        said = self._capsys.readouterr()
        assert left == code, said.err
        return said.out, said.err

    def city(self, *words: str, code: int) -> Row:
        """Return the one city of the document a command printed."""
        (city,) = json.loads(self(*words, "--json", code=code)[0])["cities"]
        return dict(city)


@pytest.fixture
def typed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Typed:
    write_city(tmp_path, DIRECTORY)
    return Typed(tmp_path, capsys)


def test_a_held_city_keeps_its_snapshot_until_a_person_lets_the_change_through(typed: Typed, tmp_path: Path) -> None:
    typed("master", "import", str(write_master(tmp_path, [MASTER_ITEM])), "--effective", "2026-11-01", code=0)
    before: Any = json.loads(typed("sync", "--business-date", "2026-11-23", "--json", code=1)[0])["run_id"]
    write_city(tmp_path, DIRECTORY[:6])
    held = typed.city("sync", *ON, code=1)
    assert (held["state"], held["reasons"][0]["code"]) == ("held", "vanished")
    kept = {"run_id": before, "business_date": "2026-11-23", "rows": 10, "text": "沿用 11月23日 快照 10 条"}
    assert held["in_force"] == kept
    assert kept["text"] in typed("status", code=1)[0].replace("\n", "")
    listed, warned = typed("findings", "440300", "--json", code=0)
    assert (json.loads(listed)["run_id"], warned) == (before, "")
    out, err = typed("approve", "440300", "--vanished", "4", *UNTIL, *ON, "--json", code=1)
    (after,) = json.loads(out)["cities"]
    assert (after["state"], after["counts"]["received"], "in_force" in after) == ("out_of_sync", 6, False)
    assert "消失至多 4 项；有效至 2026-11-25（含）" in err
    verified = json.loads(typed("audit", "verify", "--json", code=0)[0])
    assert (verified["entries"], verified["broken"]) == (1, [])
    assert "city:440300" in typed("audit", "list", code=0)[0]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "没有说批准什么"),
        (("--vanished", "0"), "须为正整数"),
        (("--field", "by_law"), "须同时给出"),
        (("--field", "不知道", "--changed", "3"), "不是标准字段名"),
        (("--vanished", "3", "--business-date", "2026-11-26"), "已过"),
    ],
)
def test_an_approval_that_says_too_little_is_refused(typed: Typed, words: tuple[str, ...], told: str) -> None:
    assert told in typed("approve", "440300", *words, *UNTIL, "--no-run", code=2)[1]
