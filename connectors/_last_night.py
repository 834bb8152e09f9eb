"""What a pull may know of last night's rows: all by their texts, or nothing where anything says otherwise."""

from __future__ import annotations

import hashlib
import json

import polars as pl

from citysync.domain.city import City
from citysync.domain.memory import LastGood
from citysync.domain.program import digest_of
from citysync.domain.row_texts import SENT, SHAPE, TEXTS, RowTexts
from connectors._door import Door
from connectors._http import HttpSource
from connectors._known import KnownRows
from connectors._mapping import Plan, keys_of, plan_for

WHOLE_EVERY = 7  # pulls: one of so many reads every row, whatever is known
LEAST = 2_000  # rows: fewer are read sooner than what is known of them


def known_of(city: City, source: HttpSource, door: Door) -> KnownRows | None:
    """Return last night's rows by their texts, or none of them, but a place to learn tonight's.

    None where texts tell nothing: where a column is looked for beneath another, which it is depends on the other rows
    of a page; and only texts in UTF-8 can be cut. None, too, where there are but few rows.
    """
    if door.last_count is not None and door.last_count < LEAST:
        return None
    plan = plan_for(city, door.columns)
    if source.encoding not in {None, "utf-8"} or any("." in path for path in plan.paths.values()):
        return None
    key = key_of(city, source, door.columns)
    if door.base is None or (before := _usable(door.base, key, plan)) is None:
        return KnownRows(plan, pl.DataFrame(), (), RowTexts(key, 0, (), pl.DataFrame(schema=TEXTS)))
    rows = door.base.rows.whole
    now = RowTexts(key, before.since_whole + 1, before.shapes, before.rows)
    return KnownRows(plan, rows, keys_of(rows), now)


def key_of(city: City, source: HttpSource, columns: tuple[str, ...]) -> str:
    """Return what tells whether a text would be read now as it was then: fields, columns, encoding, program."""
    facts = [program(), pl.__version__, sorted(city.fields.items()), columns, source.encoding]
    return hashlib.sha256(json.dumps(facts, ensure_ascii=False).encode("utf-8", "surrogatepass")).hexdigest()


def _usable(base: LastGood, key: str, plan: Plan) -> RowTexts | None:
    texts = base.texts
    if texts is None or texts.key != key or texts.since_whole + 1 >= WHOLE_EVERY:
        return None
    if texts.rows.height != base.rows.height or not _has_columns(texts, base.rows.columns, plan):
        return None
    return texts


def _has_columns(texts: RowTexts, columns: tuple[str, ...], plan: Plan) -> bool:
    """Return whether there is a column for every mapped field that some known row has."""
    used = texts.rows.filter(pl.col(SENT).is_not_null())[SHAPE].unique().to_list()
    if not all(shape is not None and shape < len(texts.shapes) for shape in used):
        return False
    sent = frozenset().union(*(texts.shapes[shape] for shape in used))
    return all(name in columns for name, path in plan.paths.items() if path in sent)


def program() -> str:
    """Return the digest of the program that reads pages."""
    return digest_of("connectors", "citysync.domain")
