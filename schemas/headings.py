"""Which column of the master catalogue a heading means, and what text a cell of a file holds."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches

from citysync.domain.catalogue import MASTER
from citysync.domain.errors import MasterError
from citysync.domain.items import COLUMNS, MASTER_LABELS, label

REQUIRED = ("catalog_code", "task_name", "task_type")
_EXACT = 2**53  # beyond it a float no longer holds the number that was written


@dataclass(frozen=True, slots=True)
class Column:
    """A heading as a file writes it, and the MASTER column it means."""

    name: str
    heading: str


def master_label(name: str) -> str:
    """Return a MASTER column's Chinese label: the master's own word where it differs from the directory's."""
    return MASTER_LABELS.get(name, label(name))


def plain(heading: str) -> str:
    """Return a heading without what does not tell headings apart: width, case, blanks, brackets."""
    return re.sub(r"[\s()\[\]]", "", unicodedata.normalize("NFKC", heading)).casefold()


def _spellings() -> dict[str, str]:
    spellings: dict[str, str] = {}
    for name in MASTER:
        column = COLUMNS.get(name)
        known = (name, MASTER_LABELS.get(name, name), *((column.label, *column.aliases) if column else ()))
        spellings |= {plain(one): name for one in known}
    return spellings


# Every accepted spelling of a heading → the MASTER column.
MASTER_HEADINGS: Mapping[str, str] = _spellings()


def columns_of(records: Sequence[Mapping[str, object]]) -> tuple[Column, ...]:
    """Return the columns of a master file.

    Raises MasterError, naming all at once, for headings nobody knows, two that mean the same, and missing ones.
    """
    headings = list(dict.fromkeys(heading for row in records for heading in row))
    used = [heading for heading in headings if plain(heading) or any(text_of(row.get(heading)) for row in records)]
    known = [Column(MASTER_HEADINGS[plain(one)], one) for one in used if plain(one) in MASTER_HEADINGS]
    names = [column.name for column in known]
    problems = [
        *(_unknown(one) for one in used if plain(one) not in MASTER_HEADINGS),
        *(_twice(name, known) for name in dict.fromkeys(names) if names.count(name) > 1),
        *(f"缺少必需的列“{master_label(name)}”（{name}），请补上" for name in REQUIRED if name not in names),
    ]
    if problems:
        raise MasterError(f"基本目录的列名有 {len(problems)} 处错误，未导入：\n" + "\n".join(problems))
    return tuple(known)


def text_of(cell: object) -> str | None:
    """Return what a cell says as text: lists joined by commas, whole numbers without ``.0``, days in ISO form."""
    if cell is None:
        return None
    if isinstance(cell, (list, tuple)):
        return ",".join(text for member in cell if (text := text_of(member)))
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < _EXACT:
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def _unknown(heading: str) -> str:
    near = get_close_matches(plain(heading), MASTER_HEADINGS, 1)
    said = f"，是否应为“{master_label(MASTER_HEADINGS[near[0]])}”（{MASTER_HEADINGS[near[0]]}）？" if near else "，"
    return f"不认识的列“{heading}”{said}请改名或删去该列"


def _twice(name: str, known: Sequence[Column]) -> str:
    headings = "、".join(f"“{column.heading}”" for column in known if column.name == name)
    return f"{headings} 都表示“{master_label(name)}”，请只保留一列"
