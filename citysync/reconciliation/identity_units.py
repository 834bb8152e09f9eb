"""What may have vanished or appeared, read once, and what two of them have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from citysync.domain.identity import Change, Scope
from citysync.reconciliation.identity_names import Name, department, read_name

MAIN_PART = 9  # of a 基本编码: 省 2 + 类型 2 + 部门 2 + 主项 3
_DEPARTMENT = slice(0, 6)


@dataclass(frozen=True, slots=True)
class Unit:
    """One code with its name read; ``bodies``: who held it, empty where nobody says."""

    code: str
    raw: str
    name: Name
    task_type: str | None
    dept: str
    bodies: frozenset[str]

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Unit:
        """Return a row of the frame ``UNITS`` read."""
        name = row["name"] or ""
        bodies = frozenset(row["bodies"] or ())
        return cls(row["code"], name, read_name(name), row["task_type"], department(row["dept_name"]), bodies)

    @property
    def main(self) -> str:
        """Return the part of the code that sub-items of one main item share."""
        return self.code[:MAIN_PART]

    def same_department(self, other: Unit) -> bool:
        """Return whether the codes' department or the departments' names agree."""
        return self.code[_DEPARTMENT] == other.code[_DEPARTMENT] or (self.dept != "" and self.dept == other.dept)

    def common(self, other: Unit) -> tuple[str, ...]:
        """Return what the two have in common beside their names, in words."""
        said = (
            (bool(self.bodies & other.bodies), "同一实施主体"),
            (self.main == other.main, f"同一主项 {self.main}"),
            (self.main != other.main and self.same_department(other), "同一部门"),
            (self.code[MAIN_PART:] == other.code[MAIN_PART:] and self.main != other.main, "子项号相同"),
        )
        return tuple(word for holds, word in said if holds)


def department_of(unit: Unit) -> str:
    """Return the department's line by name, by its digits in the code where no name was sent."""
    return unit.dept or unit.code[_DEPARTMENT]


@dataclass(frozen=True, slots=True)
class Pair:
    """What became of what, how sure (0 to 1), and why, in words."""

    before: tuple[Unit, ...]
    after: tuple[Unit, ...]
    score: float
    evidence: tuple[str, ...]

    @property
    def change(self) -> Change:
        """Return what kind of change it is."""
        if len(self.after) > 1:
            return Change.SPLIT
        if len(self.before) > 1:
            return Change.MERGED
        same_name = self.before[0].name.text == self.after[0].name.text
        if self.before[0].code == self.after[0].code:
            return Change.RENAMED
        return Change.RECODED if same_name else Change.REPLACED

    def row(self, scope: Scope) -> tuple[object, ...]:
        """Return the row of the frame ``PROPOSALS``."""
        before, after = (sorted(side, key=lambda unit: unit.code) for side in (self.before, self.after))
        return (
            self.change.value,
            scope.value,
            [unit.code for unit in before],
            [unit.code for unit in after],
            "、".join(unit.raw for unit in before),
            "、".join(unit.raw for unit in after),
            round(self.score, 2),
            "；".join(self.evidence),
        )
