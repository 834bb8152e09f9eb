"""What a rehearsal found: which verdicts a change would change, before it is switched on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from citysync.domain.catalogue import MasterCatalogue
from citysync.domain.verdict import FLAGGED, STATE_LABELS, State


@dataclass(frozen=True, slots=True)
class Turn:
    """One city: its state as things stand, on the first night of the change, and if nobody follows.

    All three are None for a city without a stored snapshot, or without a file in the changed folder. ``findings``: how
    many there would be in the end that there are not today.
    """

    code: str
    name: str
    before: State | None
    after: State | None
    last: State | None
    findings: int

    @property
    def changes(self) -> bool:
        """Return whether the state would change, on the first night or in the end."""
        return self.before is not None and {self.after, self.last} != {self.before}

    @property
    def newly_flagged(self) -> bool:
        """Return whether a city that is not flagged today would be in the end."""
        return self.last in FLAGGED and self.before not in FLAGGED


@dataclass(frozen=True)
class Rehearsal:
    """``master``, ``rules``: what was asked to be changed, None where it stays; ``catalogue``: what was judged by."""

    at: datetime
    on: date
    master: str | None
    rules: str | None
    catalogue: MasterCatalogue
    turns: tuple[Turn, ...]

    @property
    def text(self) -> str:
        """Return the whole in one line: 这会使 4/21 个市失步，312 项."""
        judged = [turn for turn in self.turns if turn.before is not None]
        flagged = [turn for turn in judged if turn.newly_flagged]
        by_state = {state: sum(turn.last is state for turn in flagged) for state in State}
        said = "、".join(f"{count} 个市{STATE_LABELS[state]}" for state, count in by_state.items() if count)
        findings = sum(turn.findings for turn in judged)
        end = f"（分母 {len(judged)}，另有 {len(self.turns) - len(judged)} 个市没有可预演的快照）"
        return f"这会使 {said or '0 个市新增需处理'}，新增发现 {findings} 项{end}"
