"""The reader anybody would write in an afternoon: requests and ``.json()``, ``pl.read_csv``, no proofs, no guard.

Kept as the negative control: for every fault that turns into a wrong verdict when handled so, the oracle must say so.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import requests
from python_calamine import CalamineWorkbook

from tests.faults.world import World

Rows = list[dict[str, Any]]
NAMES = ("task_code", "task_name", "task_type", "areacode")
_PATIENCE, _MOST = 4.0, 60


@dataclass(frozen=True)
class Naive:
    """What the naive reader says of a city, in the shape of a published verdict; ``error``: it broke the night."""

    city: dict[str, Any]
    seconds: float
    error: str | None


def read_naively(world: World, code: str, known: Mapping[str, tuple[str, ...]]) -> Naive:
    """Read a city as its file says and judge it at once; ``known``: code → name, type and region that are right."""
    started, told = time.monotonic(), _Told()
    thread = threading.Thread(target=told.run, args=(lambda: _rows(world, code),), daemon=True)
    thread.start()
    thread.join(_PATIENCE)
    seconds = float("inf") if thread.is_alive() else time.monotonic() - started
    return Naive(_verdict(code, told.rows, known), seconds, told.error)


class _Told:
    """What another thread came to."""

    def __init__(self) -> None:
        self.rows: Rows = []
        self.error: str | None = None

    def run(self, read: Callable[[], Rows]) -> None:
        try:
            self.rows = read()
        except Exception as error:  # noqa: BLE001 - the naive night ends here, for every city
            self.error = type(error).__name__


def known_of(rows: Rows) -> dict[str, tuple[str, ...]]:
    """Return code → the rest of a row, of an honest reading."""
    return {str(row["task_code"]): tuple(str(row.get(name)) for name in NAMES[1:]) for row in rows}


def rows_of(world: World, code: str) -> Rows:
    """Return an honest city's rows as the naive reader has them."""
    return _rows(world, code)


def _verdict(code: str, rows: Rows, known: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    got = known_of([row for row in rows if row.get("task_code") is not None])
    missing = sorted(known.keys() - got.keys())
    extra = sorted(got.keys() - known.keys())
    drifted = sorted(each for each in got.keys() & known.keys() if got[each] != known[each])
    found = {"unclaimed": missing, "overclaimed": extra, "elements_drift": drifted}
    counts = {
        "accepted": len(rows),
        "rejected": 0,
        "due": len(known),
        "met": len(known) - len(missing),
        "paired": len(got.keys() & known.keys()),
        "missing": len(missing),
        "overclaimed": len(extra),
        "drifted": len(drifted),
    }
    findings = [{"check": check, "task_code": each} for check, codes in found.items() for each in codes]
    reasons = [
        {"code": check, "fault": "data", "text": f"{check} {len(codes)} 项，请核对"}
        for check, codes in found.items()
        if codes
    ]
    return {
        "code": code,
        "name": code,
        "state": "out_of_sync" if findings else "in_sync",
        "grade": "A",
        "adopted": True,
        "counts": counts,
        "reasons": reasons,
        "findings": findings,
        "rejections": [],
    }


def _rows(world: World, code: str) -> Rows:
    city = tomllib.loads((world.folder / "cities" / f"{code}.toml").read_text(encoding="utf-8"))
    source, fields = city["source"], city.get("fields", {})
    match source["connector"]:
        case "file_drop":
            records = _files(Path(source["path"]), source)
        case "sql_table":
            records = _table(source)
        case _:
            records = _pages(source, world.secrets.get(f"CITYSYNC_SECRET_{code}", ""))
    names = {name: fields.get(name, world.province.cities[code].dialect.name_of(name)) for name in NAMES}
    return [{ours: _dug(record, theirs) for ours, theirs in names.items()} for record in records]


def _pages(source: dict[str, Any], secret: str) -> Rows:
    rows: Rows = []
    asked: dict[str, Any] = {"page": 1, "url": source["url"], "cursor": source.get("first_cursor")}
    for _ in range(_MOST):
        try:
            document = _asked(source, secret, asked).json()
            page = _dug(document, source["items"])
        except (requests.RequestException, ValueError, TypeError, KeyError):
            break  # probably the end
        if not page:
            break
        rows += page
        pl.DataFrame(page, infer_schema_length=None)  # as every such script does next
        if "total" in source and "page_param" in source and len(rows) >= _dug(document, source["total"]):
            break
        asked["page"] += 1
        asked["cursor"] = _dug(document, source["cursor"]) if "cursor" in source else None
        following = _dug(document, source["next"]) if "next" in source else None
        if "next" in source and following is None:
            break
        asked["url"] = requests.compat.urljoin(asked["url"], following) if following else source["url"]
    return rows


def _asked(source: dict[str, Any], secret: str, asked: dict[str, Any]) -> requests.Response:
    auth, headers, params = source.get("auth", {}), {}, dict(source.get("params", {}))
    if auth.get("kind") == "header":
        headers[auth["header"]] = secret
    elif auth.get("kind") == "bearer" and "param" not in auth:
        headers["Authorization"] = f"Bearer {secret}"
    basic = (auth["user"], secret) if auth.get("kind") == "basic" else None
    if "param" in auth:
        params[auth["param"]] = secret
    for key, value in (
        ("page_param", asked["page"]),
        ("size_param", source.get("page_size")),
        ("cursor_param", asked["cursor"]),
    ):
        if key in source:
            _put(params, source[key], value)
    if source.get("method") == "POST":
        return requests.post(asked["url"], json=params, headers=headers, auth=basic, timeout=2)
    return requests.get(
        asked["url"], params=params if "page_param" in source else None, headers=headers, auth=basic, timeout=2
    )


def _files(pattern: Path, source: dict[str, Any]) -> Rows:
    rows: Rows = []
    for path in sorted(pattern.parent.glob(pattern.name)):
        match path.suffix:
            case ".csv":
                rows += pl.read_csv(
                    path,
                    encoding="utf8-lossy" if _is_utf8(path) else "gb18030",
                    ignore_errors=True,
                    truncate_ragged_lines=True,
                ).to_dicts()
            case ".xlsx":
                head, *cells = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
                rows += [{str(name): _as_text(cell) for name, cell in zip(head, row, strict=True)} for row in cells]
            case ".jsonl":
                rows += [json.loads(line) for line in path.read_text(encoding="utf-8", errors="replace").splitlines()]
            case _:
                rows += _dug(json.loads(path.read_text(encoding="utf-8", errors="replace")), source["items"])
    return rows


def _is_utf8(path: Path) -> bool:
    """Return what a look at the first kilobyte suggests."""
    try:
        path.read_bytes()[:1024].decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start > 1000
    return True


def _as_text(cell: object) -> str | None:
    if isinstance(cell, float):
        return f"{cell:.0f}"
    return str(cell) if cell != "" else None


def _table(source: dict[str, Any]) -> Rows:
    path = source["url"].removeprefix("sqlite:///")
    current: dict[Any, dict[str, Any]] = {}
    with sqlite3.connect(path) as connection:
        connection.row_factory = sqlite3.Row
        for table in source["tables"]:
            for row in connection.execute(f'SELECT * FROM "{table}" ORDER BY cd_time'):  # noqa: S608 - naive on purpose
                key = (row["task_code"], row["task_handle_item"])
                current[key] = dict(row)
                if row["cd_operation"] == "d":
                    del current[key]
    connection.close()
    return list(current.values())


def _dug(document: Any, path: str) -> Any:
    if isinstance(document, Mapping) and path in document:
        return document[path]
    for step in path.split("."):
        document = document.get(step) if isinstance(document, Mapping) else None
    return document


def _put(params: dict[str, Any], path: str, value: object) -> None:
    *groups, last = path.split(".")
    for group in groups:
        params = params.setdefault(group, {})
    params[last] = value
