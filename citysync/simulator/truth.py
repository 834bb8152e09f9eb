"""What is true of a simulated city: written from what was injected, never from what a check found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

PLACE_KEYS = ("task_code", "task_handle_item", "catalog_code", "areacode")
FINDING_KEYS = ("check", *PLACE_KEYS, "field", "expected", "actual")
REJECTION_KEYS = ("task_code", "field", "rule", "value")
COUNTS = (
    "received",
    "accepted",
    "rejected",
    "duplicate",
    "due",
    "met",
    "paired",
    "missing",
    "overclaimed",
    "drifted",
    "findings",
    "exempted",
)
Record = dict[str, str | None]


@dataclass(frozen=True)
class CityTruth:
    """Everything a right verdict on one city says.

    ``state``: after the first good night, when absences are only suspected; ``settled``: once a second one has seen the
    same, the default being the same state.
    ``findings``: rows with the keys of ``FINDING_KEYS``, sorted; ``rejections``: rows with ``REJECTION_KEYS``,
    sorted; ``counts``: every count of ``COUNTS``; ``kinds``: the kinds of difference that were put in.
    """

    state: str
    grade: str | None
    findings: tuple[Record, ...] = ()
    rejections: tuple[Record, ...] = ()
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTS, 0))
    kinds: tuple[str, ...] = ()
    settled: str = ""

    def __post_init__(self) -> None:
        """Let a state that no second night changes be settled at once."""
        object.__setattr__(self, "settled", self.settled or self.state)

    def document(self) -> dict[str, object]:
        """Return the truth as it stands in ``truth.json``."""
        return {
            "state": self.state,
            "settled": self.settled,
            "grade": self.grade,
            "counts": self.counts,
            "findings": list(self.findings),
            "rejections": list(self.rejections),
            "kinds": list(self.kinds),
        }


def in_order(records: Sequence[Record]) -> tuple[Record, ...]:
    """Return records sorted by their values, nulls first, so that equal truths compare equal."""
    return tuple(
        sorted(records, key=lambda record: tuple((value is not None, value or "") for value in record.values()))
    )
