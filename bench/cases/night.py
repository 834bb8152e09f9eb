"""An ordinary night from ordinary parts: pull 21 portals, keep the bytes, validate, compare, store.

The checks of our model and those of our rules that the portals' columns allow, by pandera; tonight's accepted rows
against last night's in all columns and against the master in three, by datacompy; tonight's rows as Parquet. No
certificate, no guard, no findings with texts, lives or grace, no ledger. Ours is ``citysync sync`` itself.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import Any

from bench.cases import answer
from bench.cases.pull import address, codes

_KEY, _COMPARED = "task_code", ("task_name", "task_type", "by_law")
_MOST_VISITS, _BY_DEPTH = 3, {"二级": 2, "三级": 1, "全程网办": 0}
_RULES = frozenset({"uscc_invalid", "codes_disagree", "depth_and_visits", "promise_over_legal"})
_DUPLICATED = "field_uniqueness"  # what pandera calls it
_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def polars_stack(folder: Path, began: answer.Phase) -> dict[str, object]:
    """Use requests, orjson, polars, pandera on polars, datacompy on polars, Parquet."""
    pl, pa, datacompy = import_module("polars"), import_module("pandera.polars"), import_module("datacompy")
    orjson = import_module("orjson")
    began()
    model, catalogue = _model(pa, folder, _polars_rules(pl)), pl.read_csv(folder / "master.csv", infer_schema=False)
    told: Counter[str] = Counter()
    for code in codes(folder):
        frame = pl.DataFrame(_pulled(folder, code, orjson.loads))
        cases = _cases(pa, model, frame)
        bad = _told_of_rows(told, frame.height, [] if cases is None else cases.select("check", "index").iter_rows())
        good = frame.with_row_index("place").filter(~pl.col("place").is_in(sorted(bad))).drop("place")
        once = good.unique(_KEY, keep="first", maintain_order=True)
        sides = [side.select("catalog_code", *_COMPARED) for side in (catalogue, once)]
        _told_of_master(told, datacompy.PolarsCompare(*sides, "catalog_code"))
        kept = folder / "data" / f"{code}.parquet"
        if kept.exists():
            before = pl.read_parquet(kept).unique(_KEY, keep="first", maintain_order=True)
            _told_of_change(told, datacompy.PolarsCompare(before, once, _KEY))
        good.write_parquet(kept)
    return dict(told)


def pandas_stack(folder: Path, began: answer.Phase) -> dict[str, object]:
    """Use requests with its own json, pandas, pandera on pandas, datacompy on pandas, Parquet."""
    pd, pa, datacompy = import_module("pandas"), import_module("pandera.pandas"), import_module("datacompy")
    began()
    model, catalogue = _model(pa, folder, _pandas_rules(pd)), pd.read_csv(folder / "master.csv", dtype=str)
    told: Counter[str] = Counter()
    for code in codes(folder):
        frame = pd.DataFrame(_pulled(folder, code, json.loads))
        cases = _cases(pa, model, frame)
        bad = _told_of_rows(told, len(frame), [] if cases is None else zip(cases["check"], cases["index"], strict=True))
        good = frame.drop(index=sorted(bad))
        once = good.drop_duplicates(_KEY)
        sides = [side[["catalog_code", *_COMPARED]] for side in (catalogue, once)]
        _told_of_master(told, datacompy.PandasCompare(*sides, "catalog_code"))
        kept = folder / "data" / f"{code}.parquet"
        if kept.exists():
            before = pd.read_parquet(kept).drop_duplicates(_KEY)
            _told_of_change(told, datacompy.PandasCompare(before, once, _KEY))
        good.to_parquet(kept)
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


def _model(pa: Any, folder: Path, rules: dict[str, Callable[[Any], Any]]) -> Any:  # noqa: ANN401 - a lazily imported library
    """Return the checks of our model for the columns the portals send, as text, and rules over whole rows."""
    checks = json.loads((folder / "checks.json").read_text(encoding="utf-8"))
    sent = set(json.loads((folder / "columns.json").read_text(encoding="utf-8")))
    columns = {}
    for check in (each for each in checks if each["name"] in sent):
        pattern = check["pattern"] or ("^[0-9]+$" if check["dtype"] == "Int64" else None)
        tests = [pa.Check.str_matches(pattern)] if pattern else []
        if check["listed"]:
            tests.append(pa.Check.isin(check["listed"]))
        unique = check["name"] == _KEY
        columns[check["name"]] = pa.Column(str, tests, nullable=check["nullable"], unique=unique)
    return pa.DataFrameSchema(columns, checks=[pa.Check(rule, error=name) for name, rule in rules.items()])


def _polars_rules(pl: Any) -> dict[str, Callable[[Any], Any]]:  # noqa: ANN401 - a lazily imported library
    """Return each rule as what answers, of every row, whether it keeps it."""
    whole, visits = pl.col(_KEY), pl.col("limit_scene_num").cast(pl.Int64, strict=False)
    promised, legal = (pl.col(name).cast(pl.Int64, strict=False) for name in ("promise_day", "anticipate_day"))
    agree = (
        (pl.col("dept_code") == whole.str.slice(0, 18))
        & (pl.col("use_level") == whole.str.slice(18, 1))
        & (pl.col("catalog_code") == whole.str.slice(19, 12))
    )
    allowed = pl.col("online_handle_depth").replace_strict(_BY_DEPTH, default=None, return_dtype=pl.Int64)
    exprs = {
        "codes_disagree": agree,
        "visits_over_cap": visits <= _MOST_VISITS,
        "visits_unexplained": (visits == 0) | pl.col("limit_scene_explain").is_not_null(),
        "depth_and_visits": (visits <= allowed).fill_null(value=True),
        "promise_over_legal": (promised <= legal) | (pl.col("promise_type") != pl.col("anticipate_type")),
        "phones_equal": pl.col("link_way") != pl.col("supervise_way"),
        "pay_without_fee": (pl.col("is_fee") != "0") | (pl.col("is_pay_online") != "1"),
    }

    def of_bodies(data: Any) -> Any:  # noqa: ANN401 - pandera's own
        body = whole.str.slice(0, 18)
        bodies = data.lazyframe.select(body.unique()).collect().to_series()
        return data.lazyframe.select(~body.is_in([each for each in bodies if not _valid(each)]))

    def kept(expr: Any) -> Callable[[Any], Any]:  # noqa: ANN401 - an expression
        return lambda data: data.lazyframe.select(expr)

    return {"uscc_invalid": of_bodies, **{name: kept(expr) for name, expr in exprs.items()}}


def _pandas_rules(pd: Any) -> dict[str, Callable[[Any], Any]]:  # noqa: ANN401 - a lazily imported library
    """Return each rule as what answers, of every row, whether it keeps it."""

    def number(rows: Any, name: str) -> Any:  # noqa: ANN401 - columns
        return pd.to_numeric(rows[name], errors="coerce")

    def agree(rows: Any) -> Any:  # noqa: ANN401 - columns
        whole = rows[_KEY].str
        level, catalogue = rows["use_level"] == whole.slice(18, 19), rows["catalog_code"] == whole.slice(19, 31)
        return (rows["dept_code"] == whole.slice(0, 18)) & level & catalogue

    def of_bodies(rows: Any) -> Any:  # noqa: ANN401 - columns
        bodies = rows[_KEY].str.slice(0, 18)
        return ~bodies.isin([each for each in bodies.unique() if not _valid(each)])

    def in_time(rows: Any) -> Any:  # noqa: ANN401 - columns
        units = rows["promise_type"] != rows["anticipate_type"]
        return (number(rows, "promise_day") <= number(rows, "anticipate_day")) | units

    def by_depth(rows: Any) -> Any:  # noqa: ANN401 - columns
        allowed = rows["online_handle_depth"].map(_BY_DEPTH)
        return ~(number(rows, "limit_scene_num") > allowed)

    return {
        "uscc_invalid": of_bodies,
        "codes_disagree": agree,
        "visits_over_cap": lambda rows: number(rows, "limit_scene_num") <= _MOST_VISITS,
        "visits_unexplained": lambda rows: (number(rows, "limit_scene_num") == 0) | rows["limit_scene_explain"].notna(),
        "depth_and_visits": by_depth,
        "promise_over_legal": in_time,
        "phones_equal": lambda rows: rows["link_way"] != rows["supervise_way"],
        "pay_without_fee": lambda rows: (rows["is_fee"] != "0") | (rows["is_pay_online"] != "1"),
    }


def _valid(body: str) -> bool:
    """Return whether a body's code has the right check character (GB 32100-2015); few bodies stand behind many rows."""
    weights = (3**place % 31 for place in range(17))
    total = sum(_ALPHABET.find(letter) * weight for letter, weight in zip(body, weights, strict=False))
    return _ALPHABET[-total % 31] == body[17:]


def _cases(pa: Any, model: Any, frame: Any) -> Any:  # noqa: ANN401 - frames of two libraries
    try:
        model.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as error:
        return error.failure_cases
    return None


def _told_of_rows(told: Counter[str], received: int, cases: Iterable[tuple[str, int]]) -> set[int]:
    """Count rows by the rule they break, and return the places of the rejected: those with a value that may not be."""
    by_check: dict[str, set[int]] = {}
    for check, place in cases:
        by_check.setdefault(check, set()).add(int(place))
    doubled = by_check.pop(_DUPLICATED, set())
    told.update({name: len(by_check.pop(name, ())) for name in _RULES}, duplicated=len(doubled) // 2)
    bad = {place for places in by_check.values() for place in places}
    told.update(received=received, rejected=len(bad))
    return bad


def _told_of_master(told: Counter[str], found: Any) -> None:  # noqa: ANN401 - datacompy's classes
    told.update(missing=len(found.df1_unq_rows), overclaimed=len(found.df2_unq_rows), drifted=_differing(found))


def _told_of_change(told: Counter[str], found: Any) -> None:  # noqa: ANN401 - datacompy's classes
    told.update(vanished=len(found.df1_unq_rows), appeared=len(found.df2_unq_rows), changed=_differing(found))


def _differing(found: Any) -> int:  # noqa: ANN401 - datacompy's classes
    return int(len(found.intersect_rows) - found.count_matching_rows())


CONTENDERS = {"polars_stack": polars_stack, "pandas_stack": pandas_stack}

if __name__ == "__main__":
    answer.run(CONTENDERS)
