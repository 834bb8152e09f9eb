"""A source that is to tell what changed: does it hear the question?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors._changing import ChangingSource, asked_since
from flows.doctor.outcome import Said, failed, passed, skipped, warned

if TYPE_CHECKING:
    from flows.doctor.web import Web


def answers_since(web: Web) -> Said:
    """Is an answer about changes since just now another one than the first page of everything?"""
    source = web.source
    if not isinstance(source, ChangingSource) or source.changes is None:
        return skipped("没有写 changes")
    step = web.asked_as(asked_since(source, web.now))
    if step.answer is None:
        return failed(str(step.error), "首页正常而问变更失败：请核对 changes 的 param、format 与 params")
    whole = web.first.answer
    if whole is not None and step.rows and step.answer.records == whole.records:
        remedy = "参数没有起作用，每晚都会取全部；请核对 changes.param 的名称与大小写，或请市里检查接口"
        return warned(f"问此刻以来的变更，得到的仍是全部的首页 {step.rows} 行", remedy)
    return passed(f"问此刻以来的变更，得到 {step.rows} 行；首页 {web.first.rows} 行")
