"""A whole night from ordinary parts: pull 21 portals, keep the bytes, validate, compare with the master, store.

No certificate, no guard, no rules of the field, no findings with texts, no ledger: only what the libraries give.
Ours is ``citysync sync`` itself.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from bench.cases import answer
from bench.cases.pull import address, codes

_COMPARED = ("task_name", "task_type", "by_law")


def polars_stack(folder: Path, began: answer.Phase) -> dict[str, object]:
    """Use requests, orjson, polars, pandera on polars, datacompy on polars, Parquet."""
    pl, pa, datacompy = import_module("polars"), import_module("pandera.polars"), import_module("datacompy")
    orjson = import_module("orjson")
    began()
    model, catalogue = _model(pa, folder), pl.read_csv(folder / "master.csv", infer_schema=False)
    told: Counter[str] = Counter()
    for code in codes(folder):
        frame = pl.DataFrame(_pulled(folder, code, orjson.loads))
        bad = _failing(pa, model, frame)
        good = frame.with_row_index("place").filter(~pl.col("place").is_in(sorted(bad))).drop("place")
        sides = [side.select("catalog_code", *_COMPARED) for side in (catalogue, good)]
        _count(told, frame.height, len(bad), datacompy.PolarsCompare(*sides, "catalog_code"))
        good.write_parquet(folder / "data" / f"{code}.parquet")
    return dict(told)


def pandas_stack(folder: Path, began: answer.Phase) -> dict[str, object]:
    """Use requests with its own json, pandas, pandera on pandas, datacompy on pandas, Parquet."""
    pd, pa, datacompy = import_module("pandas"), import_module("pandera.pandas"), import_module("datacompy")
    began()
    model, catalogue = _model(pa, folder), pd.read_csv(folder / "master.csv", dtype=str)
    told: Counter[str] = Counter()
    for code in codes(folder):
        frame = pd.DataFrame(_pulled(folder, code, json.loads))
        bad = _failing(pa, model, frame)
        good = frame.drop(index=sorted(bad))
        sides = [side[["catalog_code", *_COMPARED]] for side in (catalogue, good)]
        _count(told, len(frame), len(bad), datacompy.PandasCompare(*sides, "catalog_code"))
        good.to_parquet(folder / "data" / f"{code}.parquet")
    return dict(told)


def _pulled(folder: Path, code: str, parse: Callable[[bytes], Any]) -> list[dict[str, str]]:
    session, number, total = import_module("requests").Session(), 1, 1
    rows: list[dict[str, str]] = []
    while len(rows) < total:
        data = session.get(address(folder, code, number)).content
        (folder / "data" / f"{code}-{number}.json").write_bytes(data)
        document = parse(data)
        total = document["data"]["total"]
        rows += document["data"]["list"]
        number += 1
    return rows


def _model(pa: Any, folder: Path) -> Any:  # noqa: ANN401 - a lazily imported library
    """Return the checks of our model for the columns the portals send, as text."""
    checks = json.loads((folder / "checks.json").read_text(encoding="utf-8"))
    sent = set(json.loads((folder / "columns.json").read_text(encoding="utf-8")))
    columns = {}
    for check in (each for each in checks if each["name"] in sent):
        pattern = check["pattern"] or ("^[0-9]+$" if check["dtype"] == "Int64" else None)
        tests = [pa.Check.str_matches(pattern)] if pattern else []
        if check["listed"]:
            tests.append(pa.Check.isin(check["listed"]))
        columns[check["name"]] = pa.Column(str, tests, nullable=check["nullable"])
    return pa.DataFrameSchema(columns)


def _failing(pa: Any, model: Any, frame: Any) -> set[int]:  # noqa: ANN401 - frames of two libraries
    try:
        model.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as error:
        return {int(place) for place in error.failure_cases["index"]}
    return set()


def _count(told: Counter[str], received: int, rejected: int, found: Any) -> None:  # noqa: ANN401 - datacompy's classes
    joined = len(found.intersect_rows)
    told.update(
        received=received,
        rejected=rejected,
        missing=len(found.df1_unq_rows),
        overclaimed=len(found.df2_unq_rows),
        drifted=int(joined - found.count_matching_rows()),
    )


CONTENDERS = {"polars_stack": polars_stack, "pandas_stack": pandas_stack}

if __name__ == "__main__":
    answer.run(CONTENDERS)
