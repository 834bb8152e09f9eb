"""A night can be walked again from its evidence, offline, and says byte for byte the same."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from citysync.config.cities import load_cities
from citysync.config.settings import Settings, load_settings
from citysync.domain.errors import ConfigError, StorageError
from citysync.simulator.province import build_province
from citysync.simulator.server import serve
from citysync.simulator.simulate import write_province
from citysync.storage import reading
from citysync.storage.schema import open_store
from citysync.storage.tapes import tape_of
from connectors import names, source_model
from flows import replay as replay_module
from flows.replay import canonical, city_of, replay
from tests.builders import an_item
from tests.places import a_folder, write_city
from tests.program import citysync


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, str]:
    """Return the settings and the run of one night of 21 cities whose sources are all gone by now."""
    folder = tmp_path_factory.mktemp("province")
    province = build_province(11, 15, differences="demo")
    with serve(province) as server:
        layout = write_province(province, folder, server.base_url)
        layout.write_secrets(folder / "secrets")
        env = {"CITYSYNC_SECRETS_DIR": str(folder / "secrets")}
        imported = citysync("master", "import", layout.master, "--effective", "2026-11-01", folder=folder)
        assert imported.code == 0, imported.err
        said = citysync("sync", "--json", "--business-date", "2026-11-23", folder=folder, env=env)
        assert said.code in {0, 1}, said.err
        run_id = said.json()["run_id"]
        again = citysync("sync", "--json", "--business-date", "2026-11-24", folder=folder, env=env)
        assert again.json()["run_id"] != run_id, "what came to be known later must not count"
    for path in folder.iterdir():
        if path.name not in {"data", "cities"}:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    return load_settings(data_dir=folder / "data", cities_dir=folder / "cities"), run_id


def test_every_city_of_a_night_says_the_same_from_its_stored_bytes(night: tuple[Settings, str]) -> None:
    settings, run_id = night
    with open_store(settings.database, write=False) as store:
        codes = [code for code, _ in reading.cities_of(store, run_id)]
        states = {row["state"] for row in reading.verdicts_of(store, run_id)}
    replayed = [replay(settings, code, run_id) for code in codes]
    assert {each.city_code: each.differences() for each in replayed if not each.same} == {}
    assert [canonical(each.then) == canonical(each.now) for each in replayed] == [True] * 21
    assert {"in_sync", "out_of_sync", "not_synced"} <= states


def test_the_night_went_through_every_connector(night: tuple[Settings, str]) -> None:
    settings, _ = night
    cities = load_cities(settings.cities_dir, source_model, names())
    assert {city.source.connector for city in cities.values()} == set(names()) - {"kit"}  # tests/connectors/test_kit.py


def test_a_city_comes_back_from_a_tape_as_its_file_said(night: tuple[Settings, str]) -> None:
    settings, _ = night
    for city in load_cities(settings.cities_dir, source_model, names()).values():
        assert city_of(json.loads(json.dumps(city.model_dump(mode="json", serialize_as_any=True)))) == city


def test_replay_is_told_by_its_exit_code(tmp_path: Path) -> None:
    folder = a_folder(tmp_path, an_item(task_name="卫生许可证"))
    run_id = citysync("sync", "--json", folder=folder).json()["run_id"]
    write_city(folder, [an_item(task_name="今天的名称")])
    said = citysync("replay", "440300", "--run", run_id, folder=folder)
    assert said.code == 0, said.out + said.err
    assert "一致" in said.out
    unknown = citysync("replay", "440300", "--run", "20260101T000000-000000", folder=folder)
    assert (unknown.code, unknown.out) == (3, "")


def test_a_replay_that_says_something_else_shows_what(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = a_folder(tmp_path, an_item(task_name="卫生许可证"))
    run_id = citysync("sync", "--json", folder=folder).json()["run_id"]
    settings = load_settings(data_dir=folder / "data", cities_dir=folder / "cities")
    monkeypatch.setattr(replay_module, "tape_of", lambda *about: _in_sync(tape_of(*about)))
    again = replay(settings, "440300", run_id)
    assert not again.same
    assert any(line.startswith('state："in_sync" → "out_of_sync"') for line in again.differences())


def _in_sync(kept: dict[str, object] | None) -> dict[str, object]:
    assert kept is not None
    assert isinstance(kept["verdict"], dict)
    return {**kept, "verdict": {**kept["verdict"], "state": "in_sync"}}


def test_rules_that_are_no_more_and_evidence_that_is_gone_are_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = a_folder(tmp_path)
    run_id = citysync("sync", "--json", folder=folder).json()["run_id"]
    settings = load_settings(data_dir=folder / "data", cities_dir=folder / "cities")
    monkeypatch.setattr(replay_module, "RULES_VERSION", "999")
    with pytest.raises(ConfigError, match="规则版本是"):
        replay(settings, "440300", run_id, rules="stored")
    assert replay(settings, "440300", run_id).same
    shutil.rmtree(folder / "data" / "pages")
    with pytest.raises(StorageError, match="读取原始页"):
        replay(settings, "440300", run_id)
