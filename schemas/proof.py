"""The proof that our own casting is right: pandera looks again at what we let through."""

from __future__ import annotations

from collections.abc import Iterator

import pandera.polars as pa
import polars as pl
from pandera.config import ValidationDepth, get_config_context
from pandera.errors import SchemaErrors

from citysync.domain.errors import ConfigError, NotProved

_RIGHT = "right"  # in a column's metadata: where a value is right


def refuse_blind_pandera() -> None:
    """Raise ConfigError if pandera was told, by its environment, to look at nothing or at column types only."""
    config = get_config_context(validation_depth_default=None)
    if not config.validation_enabled or config.validation_depth is ValidationDepth.SCHEMA_ONLY:
        raise ConfigError(
            "环境变量 PANDERA_VALIDATION_ENABLED 或 PANDERA_VALIDATION_DEPTH 关闭了数据校验，未经校验的数据不得入库；"
            "请取消该变量后重新运行"
        )


def import_backends() -> None:
    """Import what pandera imports at its first validation."""
    pa.DataFrameSchema.register_default_backends(pl.DataFrame)


def checked(dtype: pl.DataType, good: tuple[str, pl.Expr] | None, *, nullable: bool, unique: bool = False) -> pa.Column:
    """Return a column of a model; ``good``: how its check is called, and where a value is right."""
    if good is None:
        return pa.Column(dtype, nullable=nullable, unique=unique)
    name, right = good

    def each(rows: pa.PolarsData) -> pl.LazyFrame | bool:
        """Answer with the rows only where some row is wrong: pandera goes through them four times."""
        answers = rows.lazyframe.select(right).collect()
        return bool(answers.to_series().all()) or answers.lazy()

    check = pa.Check(each, error=name)
    return pa.Column(dtype, [check], nullable=nullable, unique=unique, metadata={_RIGHT: right})


def at_once(model: pa.DataFrameSchema) -> pa.DataFrameSchema:
    """Return a model that passes what ``model``, made of ``checked`` columns, passes, and looks once at all columns.

    pandera looks at each column by itself, which costs as much for ten rows as for fifty thousand. This one says that
    something is wrong; ``model`` says what.
    """
    wanted = [expression for name, column in model.columns.items() for expression in _wanted(name, column)]
    schema = pl.Schema({name: column.dtype.type for name, column in model.columns.items()})

    def right(rows: pa.PolarsData) -> bool:
        if rows.lazyframe.collect_schema() != schema:  # names, their order, and types
            return False
        return all(rows.lazyframe.select(every.alias(str(n)) for n, every in enumerate(wanted)).collect().row(0))

    return pa.DataFrameSchema(checks=pa.Check(right), name=model.name)


def _wanted(name: str, column: pa.Column) -> Iterator[pl.Expr]:
    if not column.nullable:
        yield pl.col(name).is_not_null().all()
    if column.unique:
        yield pl.col(name).n_unique() == pl.len()
    if column.checks:
        yield column.metadata[_RIGHT].all()


def prove(frame: pl.DataFrame, model: pa.DataFrameSchema, first: pa.DataFrameSchema | None = None) -> pl.DataFrame:
    """Return the frame, proved to be what the model says; raise NotProved otherwise.

    ``first``: the model ``at_once``, asked before it. The error names columns, checks and counts only: pandera's own
    report would repeat the rows.
    """
    if first is None:
        return _proved(frame, model)
    try:
        first.validate(frame, lazy=True)
    except SchemaErrors:
        _proved(frame, model)
        raise NotProved(f"{model.name} 的两种复核结果不一，这是本系统的缺陷，请报告开发者") from None
    return frame


def _proved(frame: pl.DataFrame, model: pa.DataFrameSchema) -> pl.DataFrame:
    try:
        model.validate(frame, lazy=True)
    except SchemaErrors as error:
        cases = error.failure_cases
        broken = cases.group_by("column", "check", maintain_order=True).agg(pl.len(), pl.col("index").min())
        said = "；".join(
            f"{column}：{check}（{count} 处，首处位置 {place}）" for column, check, count, place in broken.iter_rows()
        )
        raise NotProved(f"{model.name} 未通过复核，这是本系统的缺陷：{said}") from None
    return frame
