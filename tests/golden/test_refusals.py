"""Every text a source is refused with, made by what really reads it, is the one agreed on; and none is missing."""

from __future__ import annotations

import re
from pathlib import Path

from tests.golden import agreed, lines_of
from tests.golden.databases import DATABASES
from tests.golden.drops import FILES, SFTP, TEXTS, WORKBOOKS
from tests.golden.http import HTTP
from tests.golden.refused import lines
from tests.house.texts import refusals

KINDS = {"http": HTTP, "file": FILES, "text": TEXTS, "workbook": WORKBOOKS, "sftp": SFTP, "sql": DATABASES}


def test_every_refusal_of_a_source_is_told_as_agreed(tmp_path: Path) -> None:
    said, golden = agreed("refusals", (line for kind, cases in KINDS.items() for line in lines(kind, cases, tmp_path)))
    assert said == golden


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
