"""Changes of identity: one item that vanished under one code and appeared under another, proposed and confirmed.

新增、调整、拆分、合并、废置 are legal acts; a re-coding is none of them, and looks like a loss and a gain at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import polars as pl


class Change(StrEnum):
    """What became of an item."""

    RECODED = "recoded"  # another code, the same name
    RENAMED = "renamed"  # another name, the same code
    REPLACED = "replaced"  # another code and another name
    SPLIT = "split"
    MERGED = "merged"


CHANGE_LABELS = {
    Change.RECODED: "换码",
    Change.RENAMED: "更名",
    Change.REPLACED: "换码并更名",
    Change.SPLIT: "拆分",
    Change.MERGED: "合并",
}
ONE_TO_ONE = frozenset({Change.RECODED, Change.RENAMED, Change.REPLACED})


class Scope(StrEnum):
    """What the codes of a change are."""

    CATALOG = "catalog"  # 基本编码
    BODY = "body"  # 实施主体的统一社会信用代码: every item of a body moved with it
    TASK = "task"  # 实施编码


SCOPE_LABELS = {Scope.CATALOG: "基本编码", Scope.BODY: "实施主体编码", Scope.TASK: "实施编码"}

# What may have vanished or appeared: one row per code. ``bodies``: who held it, sorted; empty where nobody says.
UNITS: dict[str, pl.DataType] = {
    "code": pl.String(),
    "name": pl.String(),
    "task_type": pl.String(),
    "dept_name": pl.String(),
    "bodies": pl.List(pl.String()),
}

# ``before`` and ``after`` are sorted codes; ``score`` 0 to 1; ``evidence`` in words, joined by "；".
PROPOSALS: dict[str, pl.DataType] = {
    "change": pl.String(),
    "scope": pl.String(),
    "before": pl.List(pl.String()),
    "after": pl.List(pl.String()),
    "before_name": pl.String(),
    "after_name": pl.String(),
    "score": pl.Float64(),
    "evidence": pl.String(),
}


def no_proposals() -> pl.DataFrame:
    """Return the empty table of proposals."""
    return pl.DataFrame(schema=PROPOSALS)


@dataclass(frozen=True, slots=True)
class Identity:
    """A change a person confirmed: from ``effective_on`` the codes ``before`` are read as ``after``."""

    change: Change
    scope: Scope
    before: tuple[str, ...]
    after: tuple[str, ...]
    effective_on: date


def in_force(identities: Iterable[Identity], scope: Scope, on: date) -> tuple[Identity, ...]:
    """Return the confirmed changes of a scope that apply on a day, in the order of their codes."""
    chosen = (each for each in identities if each.scope is scope and each.effective_on <= on)
    return tuple(sorted(chosen, key=lambda each: (each.before, each.after)))
