"""A folder with cities, file drops and a master catalogue, as an operator would have it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.builders import CATALOG_CODE, an_item
from tests.program import citysync

MASTER_ITEM = {
    "catalog_code": CATALOG_CODE,
    "task_name": "公共场所卫生许可",
    "task_type": "01",
    "use_level": "3",
    "by_law": "《公共场所卫生管理条例》第四条",
}


def write_city(folder: Path, rows: Sequence[Mapping[str, Any]], *, code: str = "440300", more: str = "") -> Path:
    """Write a city that drops its directory as one JSON array (grade B), and return its file."""
    (folder / "cities").mkdir(parents=True, exist_ok=True)
    (folder / "drop").mkdir(exist_ok=True)
    drop = folder / "drop" / f"{code}.json"
    drop.write_text(json.dumps(list(rows), ensure_ascii=False), encoding="utf-8")
    an_hour_ago = time.time() - 3600  # a fresh file is looked at twice, two seconds apart: it may still be growing
    os.utime(drop, (an_hour_ago, an_hour_ago))
    path = folder / "cities" / f"{code}.toml"
    source = f'[source]\nconnector = "file_drop"\npath = "../drop/{code}.json"\n'
    path.write_text(f'name = "深圳市"\ncode = "{code}"\ncounties = []\n{source}{more}', encoding="utf-8")
    return path


def write_master(folder: Path, items: Sequence[Mapping[str, Any]], name: str = "master.json") -> Path:
    """Write a master catalogue file and return it."""
    path = folder / name
    path.write_text(json.dumps(list(items), ensure_ascii=False), encoding="utf-8")
    return path


def a_folder(folder: Path, *rows: Mapping[str, Any]) -> Path:
    """Make a folder with 深圳市 (in sync unless rows say otherwise) and an imported master catalogue of one item."""
    write_city(folder, rows or [an_item()])
    imported = citysync("master", "import", write_master(folder, [MASTER_ITEM]), folder=folder)
    assert imported.code == 0, imported.err
    return folder
