"""An appeal from its list to its answer on the command line, and what is refused on the way."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from citysync.config.settings import Settings
from citysync.domain.verdict import State
from citysync.storage import appeals, reading
from citysync.storage.schema import open_store
from flows.receipts import receipts_of
from tests.cli.test_approve import Typed
from tests.web.province import a_province


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return a province in which 茂名 has said something against all it is told."""
    made = a_province(tmp_path, {"440900": (State.OUT_OF_SYNC,)})
    with open_store(made.database, write=True) as store:
        listing = reading.findings(store, "440900")
        assert listing.run_id is not None
        moment = datetime(2026, 11, 23, 16, 30, tzinfo=UTC)  # already the 24th in the province
        appeals.appeal(store, "440900", listing.run_id, listing.rows, "名称\x1b[2J以本市为准", "张三", moment)
    return made


@pytest.fixture
def typed(settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Typed:
    assert settings.data_dir == tmp_path / "data"
    return Typed(tmp_path, capsys)


def listed(typed: Typed, *words: str) -> list[dict[str, Any]]:
    return list(json.loads(typed("appeals", "list", *words, "--json", code=0)[0])["appeals"])


def test_what_waits_is_listed_answered_and_waits_no_more(typed: Typed, settings: Settings) -> None:
    waiting = [str(row["serial"]) for row in listed(typed)]
    assert len(waiting) > 1
    assert "\x1b" not in typed("appeals", "list", "440900", code=0)[0]
    assert listed(typed, "440100") == []
    shown = typed("appeals", "uphold", waiting[0], "--handler", "省目录组", "--reason", "下一版更正", code=0)[0]
    assert "申诉成立，由省目录组处理" in shown.replace("\n", "")
    typed("appeals", "reject", *waiting[1:], "--reason", "以目录为准", code=0)
    assert listed(typed) == []
    assert [row["answer"] for row in listed(typed, "--all")].count("upheld") == 1
    (receipt,) = receipts_of(settings, ("440900",), None)
    notes = [row.note for row in receipt.rows]
    assert any("申诉成立，由省目录组处理，处理前结论不变：下一版更正" in note for note in notes)
    assert any("申诉不成立：以目录为准" in note for note in notes)
    assert {row.appeal for row in receipt.rows} == {""}, "the column for the city's own words stays free"


def test_the_list_of_findings_shows_the_appeal(typed: Typed) -> None:
    said = json.loads(typed("findings", "440900", "--json", code=0)[0])["findings"]
    assert {row["appeal"]["appealed_on"] for row in said} == {"2026-11-24"}
    assert "已申诉" in typed("findings", "440900", code=0)[0]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("uphold", "1", "--handler", " ", "--reason", "成立"), "由谁处理"),
        (("reject", "1", "--reason", " "), "理由要记入审计"),
        (("reject", "1", "999", "--reason", "不成立"), "没有编号为 999 的申诉"),
    ],
)
def test_an_answer_that_says_too_little_is_refused(typed: Typed, words: tuple[str, ...], told: str) -> None:
    assert told in typed("appeals", *words, code=2)[1].replace("\n", "")
    assert {row["answer"] for row in listed(typed)} == {None}
