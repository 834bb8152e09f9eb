"""Every page of 21 portals into frames, one after the other in one process. ``FOLDER/base_url`` tells where."""

from __future__ import annotations

import gzip
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench.cases import answer

PAGE_ROWS = 1000
_FIRST = "the first night"

Fetch = Callable[[str], bytes]


def ours(folder: Path, began: answer.Phase) -> dict[str, object]:
    """Our connector with everything on: strict reading, certificate, every page kept as evidence."""
    return _told(snapshot.rows for snapshot in _pulled(folder, began, lambda _: None))


def first(folder: Path, began: answer.Phase) -> dict[str, object]:
    """Our connector, and what a run keeps of a night for the next one: snapshots and by which text each row came."""
    kept, row_texts = import_module("citysync.storage.kept"), import_module("citysync.storage.row_texts")

    def keep(snapshot: Any) -> Any:  # noqa: ANN401 - a lazily imported library
        kept.write_snapshot_and_hashes(folder / "data", snapshot)
        row_texts.write(folder / "data", _FIRST, snapshot)
        return snapshot.rows

    return _told(map(keep, _pulled(folder, began, lambda _: None)))


def again(folder: Path, began: answer.Phase) -> dict[str, object]:
    """Our connector with everything on, the night after ``first``: what is kept of that is read as a run reads it."""
    kept, row_texts = import_module("citysync.storage.kept"), import_module("citysync.storage.row_texts")
    last_good = import_module("citysync.domain.memory").LastGood

    def base(code: str) -> object:
        (path,) = (folder / "data" / "snapshots" / code).glob("*.parquet")
        last = last_good(_FIRST, date.min, kept.open_snapshot(path))
        return replace(last, texts=row_texts.read(folder / "data", code, last))

    return _told(snapshot.rows for snapshot in _pulled(folder, began, base))


def _pulled(folder: Path, began: answer.Phase, base: Callable[[str], object]) -> Iterator[Any]:
    connectors, pages = import_module("connectors"), import_module("citysync.storage.pages")
    load_cities = import_module("citysync.config.cities").load_cities
    import_module("flows.allocator").keep_freed_memory()  # as every child of a night does
    cities = load_cities(folder / "cities", connectors.source_model, connectors.names())
    began()

    def keep(data: bytes, number: int, url: str) -> object:
        return pages.keep(folder / "data", data, number, url, datetime.now(UTC))

    door = import_module("connectors._door").Door(
        keep=keep, secret=str, now=lambda: datetime.now(UTC), monotonic=time.monotonic, progress=lambda _: None
    )
    for code, city in cities.items():
        yield connectors.pull(city, replace(door, base=base(code)))


def requests_json(folder: Path, began: answer.Phase) -> dict[str, object]:
    """Fetch with requests, parse with its own json, make a polars frame per city."""
    pl, requests = import_module("polars"), import_module("requests")
    began()
    session = requests.Session()
    return _told(pl.DataFrame(_rows(folder, code, lambda url: session.get(url).json())) for code in codes(folder))


def requests_orjson(folder: Path, began: answer.Phase) -> dict[str, object]:
    """Fetch with requests, parse with orjson, make a polars frame per city."""
    pl, requests, orjson = import_module("polars"), import_module("requests"), import_module("orjson")
    began()
    session = requests.Session()

    def page(url: str) -> Any:  # noqa: ANN401 - JSON
        return orjson.loads(session.get(url).content)

    return _told(pl.DataFrame(_rows(folder, code, page)) for code in codes(folder))


def floor(folder: Path, began: answer.Phase) -> dict[str, object]:
    """Fetch with http.client, gunzip with isal, cut the envelope off, parse into columns: no proof of anything."""
    pl, client, igzip = import_module("polars"), import_module("http.client"), import_module("isal.igzip")
    began()
    parts = urlsplit(_base(folder))
    connection = client.HTTPConnection(str(parts.hostname), parts.port)

    def body(url: str) -> bytes:
        connection.request("GET", url.removeprefix(_base(folder)), headers={"Accept-Encoding": "gzip"})
        return bytes(igzip.decompress(connection.getresponse().read()))

    return _told(pl.concat(_frames(pl, folder, code, body)) for code in codes(folder))


def dlt_defaults(folder: Path, began: answer.Phase) -> dict[str, object]:
    """Let dlt page and load as its documentation begins: rest_api source, duckdb, everything by default."""
    return _loaded(folder, began, None)


def dlt_parquet(folder: Path, began: answer.Phase) -> dict[str, object]:
    """Let dlt do the same with Parquet as the files it loads, its own advice for large loads."""
    return _loaded(folder, began, "parquet")


def _loaded(folder: Path, began: answer.Phase, file_format: str | None) -> dict[str, object]:
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"  # a benchmark tells nobody
    dlt, rest_api = import_module("dlt"), import_module("dlt.sources.rest_api")
    duckdb = import_module("duckdb")
    began()
    base = {"client": {"base_url": _base(folder)}, "resources": [_resource(code) for code in codes(folder)]}
    where = folder / "data" / "dlt.duckdb"
    pipeline = dlt.pipeline(
        pipeline_name="bench",
        pipelines_dir=str(folder / "data" / "work"),
        destination=dlt.destinations.duckdb(str(where)),
        dataset_name="pulled",
    )
    pipeline.run(rest_api.rest_api_source(base), loader_file_format=file_format)
    told = {"rows": 0, "codes": 0, "letters": 0}
    counts = "count(*), count(DISTINCT task_code), sum(length(accept_condition))"
    with duckdb.connect(str(where), read_only=True) as database:
        for code in codes(folder):
            found = database.execute(f"SELECT {counts} FROM pulled.city_{code}").fetchone()  # noqa: S608 - our codes
            for name, value in zip(told, found, strict=True):
                told[name] += int(value)
    return dict(told)


def _resource(code: str) -> dict[str, object]:
    paginator = {"type": "page_number", "base_page": 1, "page_param": "pageNum", "total_path": None}
    endpoint = {
        "path": f"{code}/items",
        "params": {"pageSize": PAGE_ROWS},
        "data_selector": "data.list",
        "paginator": {**paginator, "stop_after_empty_page": True},
    }
    return {"name": f"city_{code}", "endpoint": endpoint}


def _frames(pl: Any, folder: Path, code: str, body: Fetch) -> Iterator[Any]:  # noqa: ANN401 - a lazily imported library
    number, left = 1, 1
    while left > 0:
        data = body(address(folder, code, number))
        head = data.index(b'"list":')
        total = int(data[data.index(b'"total":') + 8 : head - 1])
        yield pl.read_json(data[head + 7 : -2])
        left = total - number * PAGE_ROWS
        number += 1


def _rows(folder: Path, code: str, page: Callable[[str], Any]) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = []
    number, total = 1, 1
    while len(rows) < total:
        document = page(address(folder, code, number))
        total = document["data"]["total"]
        rows += document["data"]["list"]
        number += 1
    return rows


def _base(folder: Path) -> str:
    return (folder / "base_url").read_text(encoding="utf-8")


def codes(folder: Path) -> list[str]:
    """Return the cities that have a portal."""
    return sorted(path.name for path in (folder / "portal").iterdir())


def address(folder: Path, code: str, number: int) -> str:
    """Return the address of a page."""
    return f"{_base(folder)}/{code}/items?pageNum={number}&pageSize={PAGE_ROWS}"


def _told(frames: Iterator[Any]) -> dict[str, object]:
    told = {"rows": 0, "codes": 0, "letters": 0}
    for frame in frames:
        told["rows"] += frame.height
        told["codes"] += frame["task_code"].n_unique()
        told["letters"] += int(frame["accept_condition"].str.len_chars().sum())
    return dict(told)


def truth(folder: Path, night: str = "portal") -> dict[str, object]:
    """Return what every contender must have read, from the pages of a night as they were written."""
    told = {"rows": 0, "codes": 0, "letters": 0}
    for code in codes(folder):
        pages = [json.loads(gzip.decompress(path.read_bytes())) for path in (folder / night / code).iterdir()]
        rows = [row for page in pages for row in page["data"]["list"]]
        told["rows"] += len(rows)
        told["codes"] += len({row["task_code"] for row in rows})
        told["letters"] += sum(len(row["accept_condition"]) for row in rows)
    return dict(told)


CONTENDERS = {"ours": ours, "requests_json": requests_json, "requests_orjson": requests_orjson, "floor": floor}
CONTENDERS |= {"first": first, "again": again}
CONTENDERS |= {"dlt_defaults": dlt_defaults, "dlt_parquet": dlt_parquet}

if __name__ == "__main__":
    answer.run(CONTENDERS)
