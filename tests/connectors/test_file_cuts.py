"""The byte-cut property for files: half a file never reads like a city that lacks half."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.connectors.cuts import WHOLE, a_master_of, assert_harmless, points, walked
from tests.connectors.doors import city_of, directory
from tests.connectors.test_file_drop import as_csv, as_xlsx

ROWS = [{name: row[name] for name in ("task_code", "task_name", "task_type")} for row in directory(3)]
LINES = "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in ROWS).encode()
FILES: dict[str, Callable[[], tuple[str, bytes]]] = {
    "csv": lambda: ("a.csv", as_csv(ROWS).encode()),
    "csv_gb18030": lambda: ("a.csv", as_csv(ROWS).encode("gb18030")),
    "json": lambda: ("a.json", json.dumps(ROWS, ensure_ascii=False).encode()),
    "jsonl": lambda: ("a.jsonl", LINES),
    "xlsx": lambda: ("a.xlsx", as_xlsx([list(ROWS[0]), *(list(row.values()) for row in ROWS)])),
}
SAMPLE = 12


@pytest.mark.parametrize("most", [SAMPLE, pytest.param(None, marks=WHOLE)], ids=["sample", "whole"])
@pytest.mark.parametrize("manifest", [False, True])
@pytest.mark.parametrize("kind", FILES)
def test_no_cut_of_a_file_accuses_its_city(tmp_path: Path, kind: str, most: int | None, *, manifest: bool) -> None:
    name, data = FILES[kind]()
    source: dict[str, Any] = {"connector": "file_drop", "path": str(tmp_path / name)}
    if manifest:
        entry = {"name": name, "sha256": hashlib.sha256(data).hexdigest(), "rows": len(ROWS)}
        (tmp_path / "m.json").write_text(json.dumps({"files": [entry]}), encoding="utf-8")
        source["manifest"] = str(tmp_path / "m.json")
    city, master = city_of(source), a_master_of(len(ROWS))
    (tmp_path / name).write_bytes(data)
    whole = walked(city, master)
    assert whole.state in {"in_sync", "lagging"}
    for place in points(data, most=most):
        (tmp_path / name).write_bytes(data[:place])
        cut = walked(city, master, whole)
        assert_harmless(whole, cut, proved=manifest or kind in {"json", "xlsx"}, where=f"{name} 截于第 {place} 字节")
