"""The proof that our own casting is right: pandera looks again at what we let through."""

from __future__ import annotations

import pandera.polars as pa
import polars as pl
from pandera.config import ValidationDepth, get_config_context
from pandera.errors import SchemaErrors

from citysync.domain.errors import ConfigError


class NotProved(RuntimeError):
    """Our casting or our counting is wrong: a bug in this room, never the city's data. It stops the run."""


def refuse_blind_pandera() -> None:
    """Raise ConfigError if pandera was told, by its environment, to look at nothing or at column types only."""
    config = get_config_context(validation_depth_default=None)
    if not config.validation_enabled or config.validation_depth is ValidationDepth.SCHEMA_ONLY:
        raise ConfigError(
            "环境变量 PANDERA_VALIDATION_ENABLED 或 PANDERA_VALIDATION_DEPTH 关闭了数据校验，未经校验的数据不得入库；"
            "请取消该变量后重新运行"
        )


def prove(frame: pl.DataFrame, model: pa.DataFrameSchema) -> pl.DataFrame:
    """Return the frame, proved to be what the model says; raise NotProved otherwise.

    The error names columns, checks and counts only: pandera's own report would repeat the rows.
    """
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
