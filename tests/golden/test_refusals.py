"""Every text a source is refused with, made by what really reads it, is the one agreed on."""

from __future__ import annotations

from pathlib import Path

from tests.golden import agreed
from tests.golden.databases import DATABASES
from tests.golden.drops import FILES, SFTP, TEXTS, WORKBOOKS
from tests.golden.http import HTTP
from tests.golden.kits import KITS
from tests.golden.refused import lines

KINDS = {"http": HTTP, "file": FILES, "text": TEXTS, "workbook": WORKBOOKS, "sftp": SFTP, "sql": DATABASES, "kit": KITS}


def test_every_refusal_of_a_source_is_told_as_agreed(tmp_path: Path) -> None:
    said, golden = agreed("refusals", (line for kind, cases in KINDS.items() for line in lines(kind, cases, tmp_path)))
    assert said == golden
