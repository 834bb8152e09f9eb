"""The examples of the docs work: city files load, the check finds, the connector pulls, the JSON is the program's."""

from __future__ import annotations

import json
import re
import shutil
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import polars as pl
import pytest

import connectors
from citysync.config.cities import load_city_file
from citysync.domain.errors import ConfigError
from citysync.domain.findings import FINDINGS, PLACE, REJECTIONS
from citysync.domain.life import BESIDE
from citysync.domain.snapshot import Grade
from citysync.domain.verdict import Axis, Counts, Fault, State
from citysync.reconciliation.checks import all_checks
from tests.builders import a_city, an_item
from tests.connectors.doors import Memory, code, codes, directory
from tests.connectors.site import sends, site
from tests.house.pages import ROOT, examples, page
from tests.reconciliation.cast import walk

CITY_FILES = [block.text for block in examples(page("add-a-city.md")) if block.language == "toml"]


def written(folder: Path, text: str) -> Path:
    """Write a city file under the name its code asks for, beside the base the project ships."""
    shutil.copy(ROOT / "cities" / "_national.toml", folder)
    path = folder / f"{tomllib.loads(text)['code']}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def module_of(name: str) -> ModuleType:
    """Return the Python example of a page as a module."""
    (code,) = (block.text for block in examples(page(name)) if block.language == "python")
    module = ModuleType("example")
    exec(compile(code, name, "exec"), module.__dict__)  # noqa: S102 - our own page
    return module


def documents() -> dict[str, dict[str, Any]]:
    """Return the JSON documents of the reference by the key that tells them apart."""
    found = (json.loads(block.text) for block in examples(page("commands.md")) if block.language == "json")
    return {next(key for key in ("cities", "findings", "rejections") if key in one): one for one in found}


@pytest.mark.parametrize("text", CITY_FILES, ids=lambda text: text.splitlines()[0].removeprefix("# "))
def test_every_example_of_a_city_file_is_accepted(tmp_path: Path, text: str) -> None:
    city = load_city_file(written(tmp_path, text), connectors.source_model, connectors.names())
    assert city.level == 3
    assert re.search(r"[\u4e00-\u9fff]", text.splitlines()[0]), "people read Chinese"


def test_an_example_with_a_key_nobody_knows_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, CITY_FILES[0].replace("page_param", "page_parameter"))
    with pytest.raises(ConfigError, match="page_parameter"):
        load_city_file(path, connectors.source_model, connectors.names())


def test_every_connector_has_an_example() -> None:
    assert {tomllib.loads(text)["source"]["connector"] for text in CITY_FILES} == set(connectors.names())


def test_the_example_of_a_check_has_everything_a_check_has_and_finds() -> None:
    check, known = module_of("add-a-check.md"), all_checks()["visits_unexplained"]
    assert {name for name in vars(known) if name.isupper()} == {name for name in vars(check) if name.isupper()}
    assert check.__doc__
    caught = walk([an_item(limit_scene_num="1", transact_addr=None), an_item(task_version="0", transact_addr="大厅")])
    passed = walk([an_item(limit_scene_num="1", transact_addr="大厅")])
    found = check.find(caught.match)
    assert (found.columns, found.height, check.find(passed.match).height) == (list(PLACE), 1, 0)
    assert isinstance(found, pl.DataFrame)


def test_the_example_of_a_connector_pulls_and_proves() -> None:
    connector = module_of("add-a-connector.md")
    connector.Source.model_rebuild(_types_namespace=vars(connector))
    with site(lambda asked: sends({"rows": directory(3), "total": 3, "batch": asked.query["batch"]})) as served:
        keys = {"connector": "example", "url": served.url, "items": "rows", "total": "total", "batch": "2"}
        source = connector.Source(**keys)
        snapshot = connector.pull(a_city(source=source), source, Memory().door())
    assert (codes(snapshot), snapshot.certificate.grade) == ([code(1), code(2), code(3)], Grade.A)
    assert [asked.query for asked in served.asked] == [{"batch": "2"}]


def test_the_json_of_the_reference_has_the_keys_of_the_program() -> None:
    shown = documents()
    (city,) = shown["cities"]["cities"]
    assert list(city) == ["code", "name", "state", "since", "grade", "axes", "reasons", "counts"]
    assert (list(city["axes"]), list(city["counts"])) == ([*Axis], list(Counts().as_dict()))
    assert city["state"] in [*State]
    assert {reason["fault"] for reason in city["reasons"]} <= {*Fault}
    assert list(shown["findings"]["findings"][0]) == [*FINDINGS, *BESIDE, "appeal"]
    assert list(shown["rejections"]["rejections"][0]) == list(REJECTIONS)
