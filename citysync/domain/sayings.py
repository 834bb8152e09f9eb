"""What is counted in a reason, one template each: it writes the Chinese clause and reads the numbers back out of it.

A verdict keeps its reasons as Chinese sentences. Whoever tells them in another language takes the numbers from the
stored sentence by the very template that wrote it; nothing is guessed from a text no template wrote.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

_PLACE = re.compile(r"%\((\w+)\)s")
_PLAIN = r"[!-~](?:[ -~]*[!-~])?"  # numbers, days, codes: printable ASCII, which ends where the Chinese goes on
_WORD = r"[^\s，；：（）“”]+"  # the place called ``label`` holds the Chinese name of a field


@dataclass(frozen=True)
class Saying:
    """One clause with places ``%(name)s``; the place ``label`` holds a word, every other one plain ASCII."""

    text: str

    @property
    def places(self) -> tuple[str, ...]:
        """Return the names of its places."""
        return tuple(_PLACE.findall(self.text))

    def said(self, **values: object) -> str:
        """Return the clause with its places filled."""
        return self.text % values

    def read(self, told: str) -> dict[str, str] | None:
        """Return what stands in the places where a text first says this clause, None where it never does."""
        found = self._pattern.search(told)
        return None if found is None else found.groupdict()

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        parts = _PLACE.split(self.text)  # text, place, text, place, …, text
        return re.compile("".join(_place(part) if at % 2 else re.escape(part) for at, part in enumerate(parts)))


def _place(name: str) -> str:
    return f"(?P<{name}>{_WORD if name == 'label' else _PLAIN})"


FOUND = Saying("%(count)s 项")
SUSPECTED = Saying("%(count)s 项为疑似，待下次确认")
IN_GRACE = Saying("%(count)s 项在宽限期内，最早 %(until)s")
LAST = Saying("上次 %(before)s 条，本次 0 条")
VANISHED = Saying("近几次 %(usual)s 条，本次 %(received)s 条，消失 %(amount)s 条，超过容许的 %(ratio)s")
APPEARED = Saying("近几次 %(usual)s 条，本次 %(received)s 条，多出 %(amount)s 条，超过容许的 %(ratio)s")
BELOW = Saying("本次 %(received)s 条，少于约定的 %(least)s 条")
ABOVE = Saying("本次 %(received)s 条，多于约定的 %(most)s 条")
FIELD = Saying("字段 %(label)s")
EMPTIED = Saying("空值率 %(before)s→%(now)s")
CHANGED = Saying("改动 %(changed)s 项")
REJECTED = Saying("%(received)s 条中拒收 %(rejected)s 条（%(share)s），超过容许的 %(most)s")
UNCHANGED = Saying("内容自 %(since)s 起没有变化，已 %(age)s 天，上限 %(most)s 天")
OLD = Saying("来源最后更新于 %(changed)s，距 %(today)s 已 %(age)s 天，上限 %(most)s 天")
UNDATED = Saying("无法判断是否在 %(most)s 天之内更新过")
AGAIN = Saying("内容与 %(day)s 的快照完全相同")
BACKWARDS = Saying("上次 %(before)s，本次 %(now)s")
RULES = Saying("规则版本 %(before)s→%(now)s")
OTHER = Saying("数据属于 %(other)s")
THEIRS = Saying("%(received)s 条中 %(theirs)s 条是它的")
UNSEEN = Saying("应领 %(due)s 项中有 %(unseen)s 项未见到")
ALIKE = Saying("%(count)s 个市同因失败")
TOTALS = Saying("声明总数 %(declared)s，实际 %(received)s")
SEARCHED = Saying("在运行 %(run)s 快照的 %(rows)s 行中找到 %(found)s 行")
NO_SNAPSHOT = Saying("运行 %(run)s 没有得到该市的快照，无从查找")

# Reason code → what its text may say beside what its label says, in order. Every check's reason says ``CHECKS``.
CHECKS = (FOUND, SUSPECTED, IN_GRACE)
SAYINGS: dict[str, tuple[Saying, ...]] = {
    "zero_items": (LAST,),
    "vanished": (VANISHED,),
    "appeared": (APPEARED,),
    "below_min_items": (BELOW,),
    "above_max_items": (ABOVE,),
    "field_shift": (FIELD, EMPTIED, CHANGED),
    "too_many_rejected": (REJECTED,),
    "stale": (OLD, UNCHANGED),
    "age_unknown": (UNDATED,),
    "served_again": (AGAIN,),
    "time_backwards": (BACKWARDS,),
    "rules_changed": (RULES,),
    "other_city": (OTHER, THEIRS),
    "absence_unproved": (UNSEEN,),
    "common_cause": (ALIKE,),
    "incomplete": (TOTALS,),
}
