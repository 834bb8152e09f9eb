"""Two nights of a directory: which items vanished, which appeared, and in how many items each field changed."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.cases import answer

if TYPE_CHECKING:
    from citysync.domain.kept_rows import KeptRows

KEY = "task_code"


def stored(folder: Path, began: answer.Phase) -> dict[str, object]:
    """Compare as the line's guard does, each night being a snapshot's file with its rows' hashes beside it."""
    opened = import_module("citysync.storage.kept").open_snapshot
    compare = _guard()
    began()
    return compare(*(opened(Path((folder / name).read_text("utf-8"))) for name in ("yesterday", "tonight")))


def ours(folder: Path, began: answer.Phase) -> dict[str, object]:
    """Compare as the line's guard does where no hashes are stored: those of both nights are worked out."""
    pl, in_hand = import_module("polars"), import_module("citysync.domain.kept_rows").InHand
    compare = _guard()
    began()
    return compare(*(in_hand(pl.read_parquet(folder / name)) for name in ("yesterday.parquet", "tonight.parquet")))


def _guard() -> Callable[..., dict[str, object]]:
    turnover = import_module("citysync.reconciliation.turnover").turnover
    shifts = import_module("citysync.reconciliation.field_shift").shifts
    cities = import_module("citysync.domain.city")
    source = cities.SourceBase(connector="file_drop")
    city = cities.City(code="440300", name="深圳市", counties=(), source=source)

    def compare(before: KeptRows, tonight: KeptRows) -> dict[str, object]:
        moved = turnover(before, tonight, city)
        changed = {shift.field: shift.changed for shift in shifts(moved, 0)}
        return _told(moved.vanished.height, moved.appeared.height, changed)

    return compare


def floor(folder: Path, began: answer.Phase) -> dict[str, object]:
    """Plain polars, nothing else: one full join, unequal cells counted. No folding, no care for duplicates."""
    pl = import_module("polars")
    began()
    before, now = (pl.scan_parquet(folder / name) for name in ("yesterday.parquet", "tonight.parquet"))
    names = [name for name in before.collect_schema().names() if name != KEY]
    joined = before.join(now, on=KEY, how="full", suffix="_now")
    both = pl.col(KEY).is_not_null() & pl.col(f"{KEY}_now").is_not_null()
    told = joined.select(
        pl.col(f"{KEY}_now").is_null().sum().alias("vanished"),
        pl.col(KEY).is_null().sum().alias("appeared"),
        *((both & pl.col(name).ne_missing(pl.col(f"{name}_now"))).sum().alias(name) for name in names),
    )
    row = told.collect(engine="streaming").row(0, named=True)
    return _told(row["vanished"], row["appeared"], {name: row[name] for name in names})


def duckdb(folder: Path, began: answer.Phase) -> dict[str, object]:
    """DuckDB: one FULL JOIN over the Parquet files, cells by IS DISTINCT FROM."""
    database = import_module("duckdb").connect()
    began()
    before, now = (f"read_parquet('{folder / name}')" for name in ("yesterday.parquet", "tonight.parquet"))
    described = database.execute(f"DESCRIBE SELECT * FROM {before}").fetchall()  # noqa: S608 - our own file
    names = [row[0] for row in described if row[0] != KEY]
    both = f"a.{KEY} IS NOT NULL AND b.{KEY} IS NOT NULL"
    cells = ", ".join(f"count(*) FILTER ({both} AND a.{name} IS DISTINCT FROM b.{name})" for name in names)
    gone, new, *changed = database.execute(
        f"SELECT count(*) FILTER (b.{KEY} IS NULL), count(*) FILTER (a.{KEY} IS NULL), {cells} "  # noqa: S608 - our own names
        f"FROM {before} a FULL JOIN {now} b ON a.{KEY} = b.{KEY}"
    ).fetchone()
    return _told(gone, new, dict(zip(names, changed, strict=True)))


def diffly(folder: Path, began: answer.Phase) -> dict[str, object]:
    """Compare frames with diffly; it refuses duplicate keys, of which the input has none."""
    pl, compare = import_module("polars"), import_module("diffly").compare_frames
    began()
    nights = [pl.scan_parquet(folder / name) for name in ("yesterday.parquet", "tonight.parquet")]
    found = compare(*nights, primary_key=KEY)
    joined = found.num_rows_joined()
    changed = {name: round((1 - same) * joined) for name, same in found.fraction_same().items()}
    return _told(found.num_rows_left_only(), found.num_rows_right_only(), changed)


def datacompy(folder: Path, began: answer.Phase) -> dict[str, object]:
    """Compare frames with datacompy on polars (it pins polars below 1.45: an environment of its own)."""
    pl, compare = import_module("polars"), import_module("datacompy").PolarsCompare
    began()
    found = compare(*(pl.read_parquet(folder / name) for name in ("yesterday.parquet", "tonight.parquet")), KEY)
    return _compared(found)


def datacompy_pandas(folder: Path, began: answer.Phase) -> dict[str, object]:
    """Compare frames with datacompy on pandas."""
    pd, compare = import_module("pandas"), import_module("datacompy").PandasCompare
    began()
    found = compare(*(pd.read_parquet(folder / name) for name in ("yesterday.parquet", "tonight.parquet")), KEY)
    return _compared(found)


def pandas(folder: Path, began: answer.Phase) -> dict[str, object]:
    """Outer merge and column-wise comparison in pandas."""
    pd = import_module("pandas")
    began()
    before, now = (pd.read_parquet(folder / name) for name in ("yesterday.parquet", "tonight.parquet"))
    names = [name for name in before.columns if name != KEY]
    both = before.merge(now, on=KEY, how="outer", suffixes=("", "_now"), indicator=True)
    kept = both[both["_merge"] == "both"]
    changed = {name: int((kept[name].fillna("") != kept[f"{name}_now"].fillna("")).sum()) for name in names}
    counts = both["_merge"].value_counts()
    return _told(int(counts["left_only"]), int(counts["right_only"]), changed)


def _compared(found: Any) -> dict[str, object]:  # noqa: ANN401 - datacompy's classes
    changed = {each["column"]: int(each["unequal_cnt"]) for each in found.column_stats}
    return _told(len(found.df1_unq_rows), len(found.df2_unq_rows), changed)


def _told(vanished: int, appeared: int, changed: dict[str, int]) -> dict[str, object]:
    return {"vanished": vanished, "appeared": appeared, "changed": {k: v for k, v in sorted(changed.items()) if v}}


CONTENDERS = {
    "stored": stored,
    "ours": ours,
    "floor": floor,
    "duckdb": duckdb,
    "diffly": diffly,
    "datacompy": datacompy,
    "datacompy_pandas": datacompy_pandas,
    "pandas": pandas,
}

if __name__ == "__main__":
    answer.run(CONTENDERS)
