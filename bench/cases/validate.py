"""The directory's model over accepted rows: every failing row by column. ``FOLDER`` holds rows.parquet, checks.json."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

from bench.cases import answer

ROWS = "rows.parquet"
NOW = datetime(2026, 11, 23, 17, 30, tzinfo=UTC)


def ours(folder: Path, began: answer.Phase) -> dict[str, object]:
    """Our pandera model, as the line proves every frame of accepted rows with it."""
    pl, errors = import_module("polars"), import_module("pandera.errors")
    model = import_module("schemas.directory").NationalDirectory
    frame = pl.read_parquet(folder / ROWS)
    _warmed(pl)
    began()
    try:
        model.validate(frame, lazy=True)
    except errors.SchemaErrors as error:
        cases = error.failure_cases.group_by("column").agg(pl.col("index").n_unique()).sort("column")
        return dict(cases.iter_rows())
    return {}


def _warmed(pl: Any) -> None:  # noqa: ANN401 - a lazily imported library
    """Let pandera see a first frame: with it, it imports the rest of itself."""
    directory = import_module("schemas.directory")
    directory.NationalDirectory.validate(pl.DataFrame(schema=directory.DIRECTORY), lazy=True)


def whole_room(folder: Path, began: answer.Phase) -> dict[str, object]:
    """Run the line's whole validation over rows as sent: reading, typing, every rule, notes, and the model as proof."""
    validate, directories = import_module("schemas.validate").validate, _cities(_sent(folder))
    began()
    return _rejected(validate(taken, city, NOW.date()) for city, taken in directories)


def changed_only(folder: Path, began: answer.Phase) -> dict[str, object]:
    """Run the line's validation of a night in which 1 % changed: hashing, reading what is known, what changed."""
    pl, stored = import_module("polars"), import_module("citysync.storage.clean_rows")
    revalidate = import_module("schemas.again").revalidate
    rows = _sent(folder)
    master = _master_of(rows)
    for city, taken in _cities(rows):
        stored.write(folder, city.code, _walked(city, taken, master).clean)
    changed = pl.int_range(pl.len()) % 100 == 0
    tonight = rows.with_columns(by_law=pl.when(changed).then(pl.lit("《新法》第一条")).otherwise("by_law"))
    directories, on = _cities(tonight), NOW.date() + timedelta(days=1)
    basis = import_module("citysync.reconciliation.settling").basis_of(master, (), on)
    began()
    found = [revalidate(taken, city, on, stored.read(folder, city.code), basis) for city, taken in directories]
    assert sum(each.anew for each in found) < rows.height / 50  # noqa: S101 - not a measure of anything else
    return _rejected(each.validation for each in found)


def _master_of(rows: Any) -> Any:  # noqa: ANN401 - objects of lazily imported modules
    """Return a catalogue that has every item as the rows have it."""
    pl, catalogue = import_module("polars"), import_module("citysync.domain.catalogue")
    names = ("catalog_code", "task_name", "task_type", "by_law")
    items = rows.unique("catalog_code", maintain_order=True).select(*names, use_level=pl.lit(["3"]))
    lacking = (pl.lit(None, dtype).alias(name) for name, dtype in catalogue.MASTER.items() if name not in items.columns)
    whole = items.with_columns(lacking).select(list(catalogue.MASTER))
    return catalogue.MasterCatalogue("bench", NOW.date(), whole)


def _walked(city: Any, taken: Any, master: Any) -> Any:  # noqa: ANN401 - objects of lazily imported modules
    """Return what a first night learns of a city."""
    line, runs = import_module("flows.line"), import_module("citysync.domain.run")
    memory = import_module("citysync.domain.memory").FIRST_TIME
    door = import_module("connectors._door").Door(_unasked, _unasked, lambda: NOW, lambda: 0.0, _unasked)
    means = line.Means(door, import_module("citysync.domain.workdays").calendar(), lambda _step: None)
    run = runs.Run("bench", runs.Trigger.NIGHTLY, NOW.date(), NOW, master.version)
    return line.judge_snapshot(city, run, master, memory, taken, (), means)


def _unasked(*_: object) -> Any:  # noqa: ANN401 - never returns
    raise AssertionError("nothing is asked")


def _sent(folder: Path) -> Any:  # noqa: ANN401 - a frame of a lazily imported library
    pl = import_module("polars")
    _warmed(pl)
    rows = pl.read_parquet(folder / ROWS).with_columns(pl.exclude("row_no", "page_no").cast(pl.String))
    # A city is asked for the columns it has; every other column of the model is all null here.
    return rows.select(column for column in rows if column.null_count() < rows.height)


def _cities(rows: Any) -> list[tuple[Any, Any]]:  # noqa: ANN401 - objects of lazily imported modules
    """Return each city with its snapshot of rows of a whole province."""
    pl, snapshots = import_module("polars"), import_module("citysync.domain.snapshot")
    cities, named = import_module("citysync.domain.city"), import_module("citysync.domain.divisions").division_name
    placed = rows.with_columns(place=pl.col("task_code").str.slice(2, 6))
    found = []
    for (code,), group in placed.partition_by("place", as_dict=True, include_key=False).items():
        proof = snapshots.Certificate(snapshots.Grade.A, group.height, group.height, group.height, 1, "")
        source, any_row = cities.SourceBase(connector="file_drop"), cities.Tolerate(max_rejected_ratio=1.0)
        city = cities.City(code=code, name=named(code), counties=(), source=source, tolerate=any_row)
        found.append((city, snapshots.Snapshot(code, NOW, group, (), proof)))
    return found


def _rejected(found: Iterable[Any]) -> dict[str, object]:
    rejected: dict[str, int] = {}
    for validation in found:
        for name, many in validation.rejected.group_by("field").len().iter_rows():
            rejected[name] = rejected.get(name, 0) + many
    return dict(sorted(rejected.items()))


def plain(folder: Path, began: answer.Phase) -> dict[str, object]:
    """Run the same checks as plain polars expressions in one pass, the failing rows by their places."""
    pl = import_module("polars")
    frame, checks = pl.read_parquet(folder / ROWS), json.loads((folder / "checks.json").read_text(encoding="utf-8"))
    began()
    assert [(name, str(dtype)) for name, dtype in frame.schema.items()] == [(c["name"], c["dtype"]) for c in checks]  # noqa: S101 - one of the checks
    broken = [(check["name"], expr) for check in checks for expr in _broken(pl, check)]
    found = pl.collect_all([frame.lazy().select(pl.arg_where(expr)) for _, expr in broken])
    places: dict[str, set[int]] = {}
    for (name, _), rows in zip(broken, found, strict=True):
        places.setdefault(name, set()).update(rows.to_series())
    return {name: len(rows) for name, rows in sorted(places.items()) if rows}


def _broken(pl: Any, check: dict[str, Any]) -> Iterator[Any]:  # noqa: ANN401 - expressions of a lazily imported library
    column = pl.col(check["name"])
    if not check["nullable"]:
        yield column.is_null()
    if check["pattern"]:
        yield ~column.str.contains(check["pattern"])
    if check["least"] is not None:
        yield column < check["least"]
    if check["listed"]:
        yield ~column.is_in(check["listed"])
    if check["unique"]:
        yield column.is_duplicated()


def dataframely(folder: Path, began: answer.Phase) -> dict[str, object]:
    """Run the same checks as a dataframely schema."""
    pl, dy = import_module("polars"), import_module("dataframely")
    frame, checks = pl.read_parquet(folder / ROWS), json.loads((folder / "checks.json").read_text(encoding="utf-8"))
    schema: Any = type("Directory", (dy.Schema,), {check["name"]: _column(dy, check) for check in checks})
    began()
    counts = schema.filter(frame)[1].counts()
    found: dict[str, int] = {}
    for rule, many in counts.items():
        name = rule.split("|")[0]
        found[name] = found.get(name, 0) + many
    return dict(sorted(found.items()))


def _column(dy: Any, check: dict[str, Any]) -> Any:  # noqa: ANN401 - columns of a lazily imported library
    nullable = check["nullable"]
    if check["dtype"] == "Int64":
        return dy.Int64(nullable=nullable, min=check["least"], unique=check["unique"])
    if check["dtype"] == "Date":
        return dy.Date(nullable=nullable)
    if check["listed"]:
        return dy.String(nullable=nullable, check=lambda column: column.is_in(check["listed"]))
    return dy.String(nullable=nullable, regex=check["pattern"])


def pandera_pandas(folder: Path, began: answer.Phase) -> dict[str, object]:
    """Run the same checks as a pandera model on pandas."""
    pd, pa = import_module("pandas"), import_module("pandera.pandas")
    frame = pd.read_parquet(folder / ROWS)
    checks = json.loads((folder / "checks.json").read_text(encoding="utf-8"))
    model = pa.DataFrameSchema({check["name"]: _pandas_column(pa, check) for check in checks}, strict=True)
    model.validate(frame.head(0), lazy=True)
    began()
    try:
        model.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as error:
        cases = error.failure_cases
        return {str(name): int(many) for name, many in sorted(cases.groupby("column")["index"].nunique().items())}
    return {}


def _pandas_column(pa: Any, check: dict[str, Any]) -> Any:  # noqa: ANN401 - columns of a lazily imported library
    tests = [pa.Check.str_matches(check["pattern"])] if check["pattern"] else []
    if check["least"] is not None:
        tests.append(pa.Check.ge(check["least"]))
    if check["listed"]:
        tests.append(pa.Check.isin(check["listed"]))
    return pa.Column(None, tests, nullable=check["nullable"], unique=check["unique"])


CONTENDERS = {
    "ours": ours,
    "whole_room": whole_room,
    "changed_only": changed_only,
    "plain": plain,
    "dataframely": dataframely,
    "pandera_pandas": pandera_pandas,
}

if __name__ == "__main__":
    answer.run(CONTENDERS)
