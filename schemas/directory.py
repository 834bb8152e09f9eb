"""The pandera model of accepted rows (实施清单): one column per element of ``items.DIRECTORY``, typed by its kind."""

from __future__ import annotations

import pandera.polars as pa
import polars as pl

from citysync.domain import codes, items
from citysync.domain.items import Column, Kind
from citysync.domain.vocabulary import VALUES
from schemas import casting

DIRECTORY: dict[str, pl.DataType] = {
    "row_no": pl.Int64(),
    "page_no": pl.Int64(),
    **{column.name: casting.DTYPES.get(column.kind, pl.String()) for column in items.DIRECTORY},
}

# What every accepted row has, sent or derived. A city with a local scheme of codes may lack the rest.
REQUIRED = ("task_code", "task_name", "task_type", "areacode", "catalog_code")


def _checks(column: Column) -> list[pa.Check]:
    listed = "|".join(VALUES.get(column.name, ()))
    match column.kind:
        case Kind.CHOICE:
            return [pa.Check.str_matches(f"^({listed})$")]
        case Kind.CHOICES:
            return [pa.Check.str_matches(f"^({listed})(,({listed}))*$"), pa.Check(_in_order, name="in_order")]
        case Kind.INTEGER | Kind.DAYS:
            return [pa.Check.ge(0)]
        case Kind.CODE:
            return [pa.Check.str_matches(codes.DIVISION if column.name == "areacode" else r"^[^\s]+$")]
        case _:
            return []


def _in_order(data: pa.PolarsData) -> pl.LazyFrame:
    """Return whether several codes stand sorted, each once."""
    members = pl.col(data.key).str.split(",")
    return data.lazyframe.select(members.list.unique().list.sort() == members)


def _column(column: Column) -> pa.Column:
    return pa.Column(DIRECTORY[column.name], _checks(column), nullable=column.name not in REQUIRED)


# Accepted rows of any city: dtypes, national value lists, nothing missing that a comparison needs.
Directory = pa.DataFrameSchema(
    {
        "row_no": pa.Column(pl.Int64(), pa.Check.ge(1), unique=True),
        "page_no": pa.Column(pl.Int64()),
        **{column.name: _column(column) for column in items.DIRECTORY},
    },
    name="Directory",
    strict=True,
    ordered=True,
)

# Accepted rows of a city with the national scheme of codes: the code also has its 31 characters in their places.
NationalDirectory = Directory.update_columns(
    {
        "task_code": {"checks": [pa.Check.str_matches(codes.TASK_CODE)]},
        "use_level": {"nullable": False},
        "dept_code": {"nullable": False},
    }
)
