"""Nothing is told that nobody agreed on: a new reason, refusal or check without its golden text fails here.

``GOLDEN_WRITE=1 pytest tests/golden tests/doctor`` writes the files anew; their difference is then read.
"""

from __future__ import annotations

import re
from pathlib import Path

from citysync.domain.errors import SourceError
from citysync.domain.verdict import Fault
from tests.golden import agreed, lines_of
from tests.house.reasons import doctor_checks, reason_codes
from tests.house.texts import refusals, remedies

# Never raised itself: its classes are. The master's failures end a run before any city has a verdict.
NOT_TOLD = frozenset({SourceError.reason})
NO_VERDICT = frozenset({Fault.MASTER.value})


def column(number: int) -> set[str]:
    told = (*lines_of("verdicts"), *lines_of("reasons"), *lines_of("refusals"))
    return {line.split(" | ")[number] for line in told}


def test_every_refusal_in_the_code_has_an_agreed_text() -> None:
    told = "\n".join((*lines_of("refusals"), *lines_of("reasons")))
    templates = refusals()
    assert len(templates) > 100
    assert [f"{place}: {shown}" for place, shown, pattern in templates if not re.search(pattern, told)] == []


def test_a_refusal_without_an_agreed_text_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "new.py").write_text('def f(n):\n    raise Unreadable(f"第 {n} 行从未商定")\n', encoding="utf-8")
    ((place, shown, pattern),) = refusals(tmp_path)
    assert (place, shown) == ("new.py:2", "第 {…} 行从未商定")
    assert not re.search(pattern, "\n".join(lines_of("refusals")))


def test_no_reason_lacks_its_text() -> None:
    assert reason_codes() - NOT_TOLD - column(1) == set()


def test_no_fault_lacks_its_text() -> None:
    assert {fault.value for fault in Fault} - NO_VERDICT - column(2) == set()


def test_everything_doctor_finds_has_an_agreed_text_and_remedy() -> None:
    said, golden = agreed("remedies", remedies())
    assert said == golden
    assert [line for line in said if line.endswith(("| ", "|"))] == []


def test_every_check_of_doctor_has_been_heard() -> None:
    assert {line.partition(" | ")[0] for line in lines_of("doctor")} == doctor_checks()
