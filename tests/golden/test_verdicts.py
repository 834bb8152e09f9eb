"""Every reason a verdict can carry is told as agreed, the guard's first of all."""

from __future__ import annotations

from tests.golden import agreed, lines_of
from tests.golden.judged import lines


def test_every_reason_is_told_as_agreed() -> None:
    said, golden = agreed("verdicts", lines())
    assert said == golden


GUARD = ("清空保护", "骤减保护", "骤增保护", "空值率", "改动", "少于约定", "多于约定", "整体消失", "疑似批量换码")


def test_every_text_of_the_guard_is_agreed_on() -> None:
    told = "\n".join(line for line in lines_of("verdicts") if line.startswith("guard "))
    assert [words for words in GUARD if words not in told] == []
