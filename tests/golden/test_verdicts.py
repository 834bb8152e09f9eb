"""Every reason a verdict can carry is told as agreed; a code or a fault without an agreed text is noticed."""

from __future__ import annotations

from citysync.domain.errors import SourceError
from citysync.domain.verdict import Fault
from tests.golden import agreed, lines_of
from tests.golden.judged import lines
from tests.house.reasons import reason_codes

# Never raised itself: its classes are. The master's failures end a run before any city has a verdict.
NOT_TOLD = frozenset({SourceError.reason})
NO_VERDICT = frozenset({Fault.MASTER.value})


def columns(number: int) -> set[str]:
    told = (*lines_of("verdicts"), *lines_of("reasons"), *lines_of("refusals"))
    return {line.split(" | ")[number] for line in told}


def test_every_reason_is_told_as_agreed() -> None:
    said, golden = agreed("verdicts", lines())
    assert said == golden


def test_no_reason_lacks_its_text() -> None:
    assert reason_codes() - NOT_TOLD - columns(1) == set()


def test_no_fault_lacks_its_text() -> None:
    assert {fault.value for fault in Fault} - NO_VERDICT - columns(2) == set()


def test_every_text_of_the_guard_is_agreed_on() -> None:
    told = "\n".join(line for line in lines_of("verdicts") if line.startswith("guard "))
    assert {"清空保护", "骤减保护", "骤增保护", "空值率", "改动", "少于约定", "多于约定"} <= _words(told)
    assert {"整体消失", "疑似批量换码", "另有：新增"} <= _words(told)


def _words(told: str) -> set[str]:
    known = ("清空保护", "骤减保护", "骤增保护", "空值率", "改动", "少于约定", "多于约定")
    return {word for word in (*known, "整体消失", "疑似批量换码", "另有：新增") if word in told}
