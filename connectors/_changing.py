"""The keys of a source that can be asked for what changed since a moment, and how it is asked so. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, TypeVar
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator, model_validator

from citysync.domain.strict import Strict
from connectors._http import HttpSource, Marker, asked_by

_ZONE = ZoneInfo("Asia/Shanghai")
_SINCE = "changes"
_FORMATS = ("iso", "seconds", "milliseconds")


class Changes(Strict):
    """How changes are asked for: ``[source.changes]`` of a city file; docs/sources.md says what each key means."""

    param: str
    format: str = "%Y-%m-%d %H:%M:%S"
    overlap_minutes: Annotated[int, Field(ge=0, le=10_080)] = 60
    params: dict[str, Any] = Field(default_factory=dict)
    total: str | Literal[False] | None = None
    gone: Marker | None = None
    removed: str | None = None
    sample_pages: Annotated[int, Field(ge=1, le=100)] = 1
    whole_every_days: Annotated[int, Field(ge=1, le=31)] = 7

    @field_validator("format")
    @classmethod
    def _tells_a_moment(cls, form: str) -> str:
        if form not in _FORMATS and "%" not in form:
            raise ValueError(f"changes.format 只能是 {'、'.join(_FORMATS)} 或如 %Y-%m-%d %H:%M:%S 的写法")
        return form

    @model_validator(mode="after")
    def _tells_removals(self) -> Changes:
        if self.gone is None and self.removed is None:
            raise ValueError(
                "changes 须写明来源如何告知删除：gone = { path, equals }（变更行的删除标记）"
                "，或 removed（删除列表的路径）"
            )
        return self


class Conditional(Strict):
    """How pages are asked for only if they changed. ``every``: each is asked for outright once in so many nights."""

    every: Annotated[int, Field(ge=1, le=31)] = 7


class ChangingSource(HttpSource):
    """The keys of a source asked by HTTP that may tell what changed, or which of its pages did."""

    changes: Changes | None = None
    conditional: Conditional | None = None

    @model_validator(mode="after")
    def _changes_need_a_total(self) -> ChangingSource:
        if self.changes is not None and self.total is None:
            raise ValueError("changes 须有 total：合并后的条数要与整体的声明总数相符，否则不能证实")
        if self.changes is not None and self.conditional is not None:
            raise ValueError("changes 与 conditional 只能写一个：整体拉取要证明变更，须全部直接取")
        return self


Source = TypeVar("Source", bound=ChangingSource)


def asked_since(source: Source, since: datetime) -> Source:
    """Return the source asked for what changed since a moment, less the overlap."""
    changes = source.changes
    if changes is None:
        raise ValueError("a source without changes cannot be asked for them")
    total = None if changes.total is False else changes.total or source.total
    asked = source.model_copy(update={"total": total, _SINCE: None})
    for name, value in changes.params.items():
        asked = asked_by(asked, name, value)
    moment = told_moment(changes.format, since - timedelta(minutes=changes.overlap_minutes))
    if changes.param == getattr(source, "cursor_param", None):
        return asked.model_copy(update={"first_cursor": moment})
    return asked_by(asked, changes.param, moment)


def asked_whole(source: Source) -> Source:
    """Return the source asked for everything, whatever it could tell of changes."""
    return source.model_copy(update={_SINCE: None, "conditional": None})


def told_moment(form: str, moment: datetime) -> str:
    """Return a moment as a source wants it told; a written one is a clock of Asia/Shanghai."""
    match form:
        case "seconds":
            return str(int(moment.timestamp()))
        case "milliseconds":
            return str(int(moment.timestamp() * 1000))
        case "iso":
            return moment.astimezone(_ZONE).isoformat(timespec="seconds")
        case _:
            return moment.astimezone(_ZONE).strftime(form)
