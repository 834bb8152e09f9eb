"""What walks cost, as documents: of one city, and of a run; the page and the API show the same objects. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]
Document = dict[str, Any]
COUNTS = ("requests", "retries", "wire_bytes", "decoded_bytes")


def effort_document(row: Row | None) -> Document | None:
    """Return what a walk cost: moments, counts, seconds by phase; None where nobody recorded it."""
    if row is None:
        return None
    return {"began_at": row["began_at"], **{key: row[key] for key in COUNTS}, "seconds": dict(row["seconds"])}


def total(rows: Sequence[Row]) -> Document | None:
    """Return the sums of the walks that were recorded, and of how many ``cities``; None where none was.

    A sum leaves out what nobody knows of a walk, and is None where nobody knows it of any.
    """
    if not rows:
        return None
    known = {key: [row[key] for row in rows if row[key] is not None] for key in COUNTS}
    return {"cities": len(rows), **{key: sum(counts) if counts else None for key, counts in known.items()}}
