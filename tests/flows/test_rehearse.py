"""A rehearsal says which verdicts a change would change; it asks no city and publishes nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from citysync.cli.main import run
from citysync.config.settings import Settings, load_settings
from citysync.domain.verdict import State
from citysync.storage import catalogue, reading
from citysync.storage.schema import open_store
from flows.rehearse import rehearse
from schemas.master import typed_master
from tests.builders import NOW, TODAY, an_item
from tests.places import MASTER_ITEM, write_city, write_master
from tests.storage.cast import a_night

MORE = {**MASTER_ITEM, "catalog_code": "440106043002", "task_name": "燃气经营许可"}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return an installation whose one city was in sync in the run before."""
    write_city(tmp_path, [an_item()])
    (tmp_path / "data").mkdir()
    (tmp_path / "drop" / "440300.json").unlink()  # nothing could be pulled
    made = load_settings(data_dir=tmp_path / "data", cities_dir=tmp_path / "cities")
    with open_store(made.database, write=True) as store:
        items = typed_master([MASTER_ITEM])
        catalogue.save_master(store, items, effective_on=TODAY, changed=(), source="a test", now=NOW, version="v1")
        a_night(store, made.data_dir, 1, State.IN_SYNC)
    return made


def test_a_new_obligation_lags_at_first_and_ends_out_of_sync(settings: Settings, tmp_path: Path) -> None:
    file = write_master(tmp_path, [MASTER_ITEM, MORE], "new.json")
    done = rehearse(settings, NOW, master=str(file), rules=None, on=TODAY)
    (turn,) = done.turns
    assert (turn.before, turn.after, turn.last) == (State.IN_SYNC, State.LAGGING, State.OUT_OF_SYNC)
    assert (turn.findings, turn.changes, turn.newly_flagged) == (1, True, True)
    assert done.text == "这会使 1 个市失步，新增发现 1 项（分母 1，另有 0 个市没有可预演的快照）"
    with open_store(settings.database, write=False) as store:
        assert len(reading.runs(store)) == 1, "nothing is published"


def test_the_same_catalogue_changes_nothing(settings: Settings) -> None:
    (turn,) = rehearse(settings, NOW, master="v1", rules=None, on=TODAY).turns
    assert (turn.before, turn.changes, turn.findings) == (State.IN_SYNC, False, 0)


def test_other_city_files_are_rehearsed_too(settings: Settings, tmp_path: Path) -> None:
    draft = write_city(tmp_path / "draft", [an_item()], more="[expect]\nmin_items = 9\n")
    (turn,) = rehearse(settings, NOW, master=None, rules=draft.parent, on=TODAY).turns
    assert (turn.before, turn.after) == (State.IN_SYNC, State.HELD)


def test_a_city_that_never_came_is_named_and_counts_nowhere(settings: Settings, tmp_path: Path) -> None:
    write_city(tmp_path, [], code="440100")
    done = rehearse(settings, NOW, master="v1", rules=None, on=TODAY)
    assert [(turn.code, turn.before) for turn in done.turns] == [("440100", None), ("440300", State.IN_SYNC)]
    assert "分母 1，另有 1 个市" in done.text


def test_an_import_says_whether_exactly_this_catalogue_was_rehearsed(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write_master(tmp_path, [MORE, MASTER_ITEM], "new.json")
    places = ("--data-dir", str(settings.data_dir), "--cities-dir", str(settings.cities_dir))

    def said(*words: str) -> Any:
        assert run([*words, "--json", *places]) == 0
        return json.loads(capsys.readouterr().out)

    assert said("master", "import", str(file), "--version", "v2")["rehearsed"] is None
    assert said("rehearse", "--master", str(file), "--on", TODAY.isoformat())["cities"][0]["changes"] is True
    again = said("master", "import", str(write_master(tmp_path, [MASTER_ITEM, MORE])), "--version", "v3")
    assert again["rehearsed"].startswith("这会使 1 个市失步")
    diff = said("master", "diff", "v1", "v2")
    assert [row["catalog_code"] for row in diff["added"]] == ["440106043002"]
    assert [(city["code"], city["appear"]) for city in diff["cities"]] == [("440300", 1)]
    assert run(["master", "diff", "v1", "v2", *places]) == 0
    assert "新增 1 项" in capsys.readouterr().out


def test_a_rehearsal_of_nothing_is_refused(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rehearse", "--data-dir", str(settings.data_dir)]) == 2
    assert "预演什么" in capsys.readouterr().err
