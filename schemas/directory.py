"""The pandera model of accepted rows (实施清单): one column per element of ``items.DIRECTORY``, typed by its kind."""

from __future__ import annotations

import pandera.polars as pa
import polars as pl

from citysync.domain import codes, items
from citysync.domain.items import Column, Kind
from schemas import casting
from schemas.proof import checked
from schemas.values import canonical

DIRECTORY: dict[str, pl.DataType] = {
    "row_no": pl.Int64(),
    "page_no": pl.Int64(),
    **{column.name: casting.DTYPES.get(column.kind, pl.String()) for column in items.DIRECTORY},
}

# What every accepted row has, sent or derived. A city with a local scheme of codes may lack the rest.
REQUIRED = ("task_code", "task_name", "task_type", "areacode", "catalog_code")
_SAID_BY_NATIONAL_CODES = ("use_level", "dept_code")


def _good(column: Column, *, national: bool) -> tuple[str, pl.Expr] | None:
    """Return how a column's check is called, and where a value is right; None where any is."""
    value = pl.col(column.name)
    if national and column.name == "task_code":
        return "task_code", value.str.contains(codes.TASK_CODE)
    match column.kind:
        case Kind.CHOICE | Kind.CHOICES:
            return "listed", value.is_in(list(canonical(column.name)))
        case Kind.INTEGER | Kind.DAYS:
            return "at_least_0", value >= 0
        case Kind.CODE if column.name == "areacode":
            return "division", value.str.contains(codes.DIVISION)
        case Kind.CODE:
            return "without_blanks", value.str.contains(r"^[^\s]+$")
        case _:
            return None


def _model(*, national: bool) -> pa.DataFrameSchema:
    needed = REQUIRED + (_SAID_BY_NATIONAL_CODES if national else ())
    columns = {
        column.name: checked(
            DIRECTORY[column.name], _good(column, national=national), nullable=column.name not in needed
        )
        for column in items.DIRECTORY
    }
    row_no = checked(DIRECTORY["row_no"], ("at_least_1", pl.col("row_no") >= 1), nullable=False, unique=True)
    page_no = checked(DIRECTORY["page_no"], None, nullable=False)
    everything = {"row_no": row_no, "page_no": page_no, **columns}
    return pa.DataFrameSchema(everything, name="Directory", strict=True, ordered=True)


# Accepted rows of any city: dtypes, national value lists, nothing missing that a comparison needs.
Directory = _model(national=False)
# Accepted rows of a city with the national scheme of codes: the code also has its 31 characters in their places.
NationalDirectory = _model(national=True)
