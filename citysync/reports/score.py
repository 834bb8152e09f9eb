"""One number for a city, and the next best action: what each open problem costs, exactly. Pure.

A score is a weighted sum over components; in each, every open problem costs the same share of the weight, so that the
gains of all open problems add up to the gap to full marks. Findings in grace or only suspected cost nothing yet. A
component with nothing to assess has no say: the others share its weight. All arithmetic is exact.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from citysync.domain.findings import Severity

Row = Mapping[str, object]
FULL = 100
REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Component:
    """One part of the score: which checks' findings are its problems, and the counts they are a share of.

    ``of``: names of tallies or verdict counts whose sum, times ``each``, is how many problems there could be.
    """

    name: str
    label: str
    weight: int
    checks: tuple[str, ...]
    of: tuple[str, ...]
    each: int = 1


COMPONENTS: tuple[Component, ...] = (
    Component("onboard", "进驻", 35, ("unclaimed",), ("due",)),
    Component("claims", "认领规范", 15, ("overclaimed", "claimed_parent", "withdrawn", "duplicated"), ("rows",)),
    Component("agreement", "要素一致", 25, ("elements_drift", "level_mismatch", "codes_disagree"), ("paired",), each=6),
    Component("validation", "校验", 10, (REJECTED,), ("received",)),
    Component("visits", "到场次数", 5, ("visits_over_cap", "depth_and_visits"), ("rows",), each=2),
    Component("depth", "网办深度", 5, ("depth_below_target",), ("depth_comparable",)),
    Component("days", "办理时限", 5, ("promise_over_legal",), ("days_comparable",)),
)


@dataclass(frozen=True, slots=True)
class Part:
    """One component's standing: open problems among what could be wrong, and the points lost by them."""

    component: Component
    problems: int
    possible: int
    lost: Fraction


@dataclass(frozen=True, slots=True)
class Action:
    """What could be done next: all open problems of one check in one region, and what fixing them would gain."""

    check: str
    areacode: str | None
    problems: int
    gain: Fraction


@dataclass(frozen=True)
class Score:
    """A city's points of 100, what it lost where, and what each kind of open problem would give back.

    ``points`` None: nothing could be assessed. ``gain_of``: component name → points per open problem.
    """

    points: Fraction | None
    parts: Sequence[Part]
    actions: Sequence[Action]
    gain_of: Mapping[str, Fraction]

    @property
    def gap(self) -> Fraction:
        """Return what lacks to full marks; the actions' gains add up to it."""
        return Fraction(FULL) - self.points if self.points is not None else Fraction(0)


def score(
    findings: Iterable[Row],
    rejections: Iterable[Row],
    counts: Mapping[str, int],
    weights: Mapping[str, int] | None = None,
) -> Score:
    """Return a city's score from what the ledger keeps of one run; other weights re-score history.

    ``findings``, ``rejections``: rows of ``FINDINGS`` and ``REJECTIONS``; ``counts``: the run's tallies added up, and
    the verdict's counts. A component ``weights`` does not name has no weight.
    """
    problems = [(str(row["check"]), _text(row.get("areacode"))) for row in findings if costs(row)]
    problems += [(REJECTED, None) for _ in rejections]
    whole = {part.name: part.weight if weights is None else weights.get(part.name, 0) for part in COMPONENTS}
    assessed = [part for part in COMPONENTS if whole[part.name] and _possible(part, counts, problems)]
    total = sum(whole[part.name] for part in assessed)
    parts = [_part(part, counts, problems, Fraction(FULL * whole[part.name], total)) for part in assessed]
    gains = {part.component.name: part.lost / part.problems for part in parts if part.problems}
    points = FULL - sum((part.lost for part in parts), Fraction(0)) if parts else None
    return Score(points, parts, _actions(problems, gains), gains)


def costs(finding: Row) -> bool:
    """Return whether a finding costs points: a confirmed error out of grace."""
    due = finding["severity"] == Severity.ERROR and not finding.get("suspected")
    return due and finding.get("due_on") is None


def component_of(check: str) -> Component | None:
    """Return the component a check's findings belong to, None for what costs nothing."""
    return next((part for part in COMPONENTS if check in part.checks), None)


def _possible(part: Component, counts: Mapping[str, int], problems: Sequence[tuple[str, str | None]]) -> int:
    return max(part.each * sum(counts.get(name, 0) for name in part.of), _open(part, problems))


def _open(part: Component, problems: Sequence[tuple[str, str | None]]) -> int:
    return sum(check in part.checks for check, _ in problems)


def _part(
    part: Component, counts: Mapping[str, int], problems: Sequence[tuple[str, str | None]], weight: Fraction
) -> Part:
    found, possible = _open(part, problems), _possible(part, counts, problems)
    return Part(part, found, possible, weight * found / possible)


def _actions(problems: Sequence[tuple[str, str | None]], gains: Mapping[str, Fraction]) -> list[Action]:
    """Return what to do next, the most rewarding first."""
    tally: dict[tuple[str, str | None], int] = defaultdict(int)
    for problem in problems:
        tally[problem] += 1
    found = [
        Action(check, areacode, count, count * gains[part.name])
        for (check, areacode), count in tally.items()
        if (part := component_of(check)) is not None and part.name in gains
    ]
    return sorted(found, key=lambda action: (-action.gain, action.check, action.areacode or ""))


def _text(value: object) -> str | None:
    return None if value is None else str(value)
