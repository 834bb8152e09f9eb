"""What a re-check asks for: the keys in a city's open findings, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

LOOKED_UP = "按编码复查"  # stands in the proof of every snapshot that rests on the one before it


@dataclass(frozen=True, slots=True)
class Keys:
    """Codes to ask a source for: of rows something is wrong with, and of items nothing was seen of.

    ``unknown_fields``: fields nobody decided about, which no single row can settle.
    """

    task_codes: tuple[str, ...]
    catalog_codes: tuple[str, ...]
    unknown_fields: tuple[str, ...] = ()

    def __len__(self) -> int:
        """Return how many codes must be asked for."""
        return len(self.task_codes) + len(self.catalog_codes)


def keys_of(findings: Iterable[Mapping[str, str | None]]) -> Keys:
    """Return the keys in open findings, each once, in order."""
    rows = list(findings)
    wrong = {row["task_code"] for row in rows}
    absent = {row["catalog_code"] for row in rows if row["task_code"] is None}
    fields = {row["field"] for row in rows if row["check"] == "unknown_field"}
    return Keys(*(tuple(sorted(each for each in found if each is not None)) for found in (wrong, absent, fields)))
