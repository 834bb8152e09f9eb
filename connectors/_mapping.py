"""Records as a city sends them, to rows of canonical columns as text.

Nothing is bent on the way: value maps and casts come later, so that a receipt can show what was sent. Fields nobody
mapped or ignored are named, never dropped without a word.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from itertools import repeat
from operator import itemgetter
from typing import cast

import polars as pl

from citysync.domain import codes
from citysync.domain.city import City
from citysync.domain.errors import Unreadable
from citysync.domain.items import COLUMNS, HEADINGS, NUMERIC, Kind
from connectors._columns import Columns
from connectors._known import KnownPage
from connectors._records import Number, Record, scalar_text, text
from connectors._text import shown_name

Key = tuple[str, str | None]
_MISSING = object()
_PAGE = 10_000  # of a file's records all at once, tuples would lie in memory beside them
_CODES = frozenset(name for name, column in COLUMNS.items() if column.kind is Kind.CODE)
_KEY = ("task_code", "task_handle_item")
_BEYOND = "\u3001"  # no blank letter is at or behind it, and none from "!" to "\x84"
_BLANKS = "".join(letter for letter in map(chr, range(ord(_BEYOND))) if letter.isspace())
_WIDTHS = {"areacode": 6, "catalog_code": 12}  # all digits in every national code list


@dataclass(frozen=True)
class Plan:
    """Where each canonical column is looked for: ``paths`` column → the source's field; ``ignored`` field names."""

    paths: Mapping[str, str]
    ignored: frozenset[str]


def plan_for(city: City, columns: Iterable[str]) -> Plan:
    """Return where to look: under the city's own name if it gives one, else under the canonical name."""
    return Plan({name: city.fields.get(name, name) for name in columns}, frozenset(city.ignore))


def with_headings(plan: Plan, city: City, records: Sequence[Record]) -> Plan:
    """Return the plan with Chinese headings in the place of canonical names a file does not have.

    Raises ``Unreadable`` where two headings claim one column: the city file has to say which.
    """
    sent = set().union(*records)
    claims: dict[str, list[str]] = {}
    for heading in sorted(sent - set(city.fields.values()) - plan.ignored):
        claims.setdefault(HEADINGS.get(heading, ""), []).append(heading)
    paths = dict(plan.paths)
    for column, headings in claims.items():
        if column not in paths or column in city.fields or column in sent:
            continue
        if len(headings) > 1:
            raise Unreadable(
                f"表头 {'、'.join(headings)} 都可能是 {column}；请在 [fields] 里写明取哪一列", place="表头"
            )
        paths[column] = headings[0]
    return Plan(paths, plan.ignored)


def to_frame(records: Sequence[Record], plan: Plan, page_no: int) -> pl.DataFrame:
    """Return rows: ``page_no`` Int64, then each canonical column that some record has, as String."""
    return framed(records, plan, [page_no] * len(records))


def framed(records: Sequence[Record], plan: Plan, page_numbers: Sequence[int]) -> pl.DataFrame:
    """Return what ``to_frame`` does, of records from several pages: each has its page's number."""
    if isinstance(records, Columns):
        return placed(records.frame, plan, page_numbers)
    present = set().union(*records)
    plain = _side_by_side(records, list(dict.fromkeys(path for path in plan.paths.values() if path in present)))
    columns = [pl.Series("page_no", page_numbers, dtype=pl.Int64)]
    for name, path in plan.paths.items():
        values = plain[path] if path in plain else _beneath(records, path, present)
        if values is not None:
            columns.append(_series(name, values if name not in _CODES else [_code(name, value) for value in values]))
    return pl.DataFrame(columns)


def placed(frame: pl.DataFrame, plan: Plan, page_numbers: Sequence[int]) -> pl.DataFrame:
    """Return what ``framed`` does, of rows in columns of text by the source's names: nothing lies beneath a text."""
    return pl.DataFrame([pl.Series("page_no", page_numbers, dtype=pl.Int64), *_named(frame, plan)])


def _named(frame: pl.DataFrame, plan: Plan) -> list[pl.Series]:
    sent = set(frame.columns)
    texts = {path: _filled(frame.get_column(path)) for path in dict.fromkeys(plan.paths.values()) if path in sent}
    return [texts[path].alias(name) for name, path in plan.paths.items() if path in texts]


def stacked(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Return pages as one frame with ``row_no`` from 1; a column some page lacks is null there."""
    empty = pl.DataFrame(schema={"page_no": pl.Int64()})
    frame = pl.concat([empty, *frames], how="diagonal")
    return frame.select(pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias("row_no"), pl.all())


def in_order(frame: pl.DataFrame, columns: Iterable[str]) -> pl.DataFrame:
    """Return the frame with its columns in canonical order, whichever page brought them first."""
    return frame.select("row_no", "page_no", *(name for name in columns if name in frame.columns))


def page_keys(records: Sequence[Record], plan: Plan) -> list[Key | None]:
    """Return ``keys_of`` one page's records."""
    if isinstance(records, KnownPage):
        fresh = page_keys(records.fresh, plan)
        return [records.known.keys[place] if place >= 0 else fresh[-1 - place] for place in records.places]
    keys = Plan({name: plan.paths[name] for name in _KEY if name in plan.paths}, frozenset())
    if not isinstance(records, Columns):
        return keys_of(to_frame(records, keys, 0))
    named = pl.DataFrame(_named(records.frame, keys))
    return keys_of(named) if named.width else [None] * len(records)


def unknown_fields(records: Sequence[Record], plan: Plan) -> set[str]:
    """Return the fields nobody mapped or ignored, dotted where they stand beneath a mapped prefix; each printable."""
    known = set(plan.paths.values()) | plan.ignored
    prefixes = {path[:end] for path in plan.paths.values() for end, letter in enumerate(path) if letter == "."}
    if isinstance(records, KnownPage):
        return told_names(records.names - known, plan)
    if isinstance(records, Columns):
        frame = records.frame
        strays = (name for name in frame.columns if name not in prefixes or frame[name].null_count() < frame.height)
        return told_names({*strays} - known, plan)
    return told_names(_unknown(records, "", known, prefixes), plan)


def told_names(names: Iterable[str], plan: Plan) -> set[str]:
    """Return the names of fields as people are told them; one may be ignored by its name as told, too."""
    return {shown_name(name) for name in names} - plan.ignored


def keys_of(frame: pl.DataFrame) -> list[Key | None]:
    """Return each row's (实施编码, 业务办理项编码), folded; a 33-character code is both; None where no code was sent.

    Folded, because a column of fixed width pads its codes with blanks, and one operation of an item may be typed in
    full-width digits: they are one key all the same.
    """
    if "task_code" not in frame.columns:
        return [None] * frame.height
    sent = _folded(frame, "task_code")
    handles = _folded(frame, "task_handle_item") if "task_handle_item" in frame.columns else [None] * frame.height
    if not any(handles) and None not in sent and codes.HANDLE_ITEM_LENGTH not in set(map(len, filter(None, sent))):
        return list(zip(cast("list[str]", sent), repeat(None)))  # as most pages are
    return [_key(code, handle) for code, handle in zip(sent, handles, strict=True)]


def distinct_keys(frame: pl.DataFrame) -> int:
    """Return how many different keys of ``keys_of`` the rows have; a row without one has none."""
    handles = frame.get_column("task_handle_item", default=None)
    if "task_code" not in frame.columns:
        return 0
    sent = frame.get_column("task_code").drop_nulls()
    if (handles is None or handles.null_count() == frame.height) and _as_folded(sent.str.join("").item()):
        return sent.filter(sent != "").n_unique()  # a code alone is a key of its own, whatever its length
    return len({key for key in keys_of(frame) if key is not None})


def _folded(frame: pl.DataFrame, column: str) -> list[str | None]:
    sent: list[str | None] = frame[column].to_list()
    if _as_folded("".join(filter(None, sent))):  # a page need not ask polars
        return [code or None for code in sent]
    folded = frame.select(codes.folded(pl.col(column)).replace("", None)).to_series()
    return folded.to_list()


def _as_folded(letters: str) -> bool:
    """Return whether folding leaves codes of these letters as they are, as it does all of ASCII's."""
    return letters.isascii() and letters.encode().isalnum()  # bytes tell them 15 times as fast as a text


def _code(name: str, value: object) -> object:
    """Return a code's value; a number with its zeros again where the width is fixed, else marked as a number."""
    if type(value) is str or value is None or not isinstance(value, Number | int | float | Decimal):
        return value
    digits = value if isinstance(value, Number) else scalar_text(value)
    width = _WIDTHS.get(name, 0)
    if not digits.isdigit():
        return str(digits)  # 1.14403000075411e+30 shows its damage by itself
    return digits.zfill(width) if len(digits) <= width else f"{digits}{NUMERIC}"


def _side_by_side(records: Sequence[Record], fields: Sequence[str]) -> dict[str, Sequence[object]]:
    """Return each field's values; None where a record lacks it. A page's records usually have all: one look at each."""
    if len(fields) > 1 and len(records) <= _PAGE:
        with suppress(KeyError):
            return dict(zip(fields, zip(*map(itemgetter(*fields), records), strict=True), strict=True))
    return {field: [record.get(field) for record in records] for field in fields}


def _beneath(records: Sequence[Record], path: str, present: set[str]) -> list[object] | None:
    head, _, rest = path.partition(".")
    if not rest or head not in present:
        return None
    steps = rest.split(".")
    values = [_walk(record.get(head), steps) for record in records]
    if all(value is _MISSING for value in values):
        return None
    return [None if value is _MISSING else value for value in values]


def _filled(sent: pl.Series) -> pl.Series:
    """Return a column of texts, blank ones as null; looking at each only where one may begin as a blank one does."""
    first, last = cast("tuple[str | None, str]", (sent.min(), sent.max()))
    if first is None or first >= _BEYOND or (first >= "!" and last < "\u0085"):
        return sent
    if first >= "!" and not ((sent >= "\u0085") & (sent < _BEYOND)).any():
        return sent
    return pl.select(pl.when(sent.str.strip_chars(_BLANKS) != "").then(sent)).to_series()


def _walk(value: object, steps: Sequence[str]) -> object:
    if type(value) is dict and len(steps) == 1:  # the usual case, ten thousand times a page
        return value.get(steps[0], _MISSING)
    leaves = list(_leaves(value, steps))
    if len(leaves) > 1:
        return "；".join(filter(None, map(text, leaves)))
    return leaves[0] if leaves else _MISSING


def _leaves(value: object, steps: Sequence[str]) -> Iterable[object]:
    if not steps:
        yield value
    elif isinstance(value, list):
        for element in value:
            yield from _leaves(element, steps)
    elif isinstance(value, dict) and steps[0] in value:
        yield from _leaves(value[steps[0]], steps[1:])


def _series(name: str, values: Sequence[object]) -> pl.Series:
    texts = [value if type(value) is str and value and not value.isspace() else text(value) for value in values]
    try:
        return pl.Series(name, texts, dtype=pl.String)
    except UnicodeEncodeError:  # half a surrogate pair: shown as the escape that was sent
        shown = [part and part.encode("utf-8", "backslashreplace").decode("utf-8") for part in texts]
        return pl.Series(name, shown, dtype=pl.String)


def _unknown(values: Sequence[object], prefix: str, known: set[str], prefixes: set[str]) -> set[str]:
    records = [value for value in _flat(values) if isinstance(value, dict)]
    strays = any(value is not None and not isinstance(value, dict) for value in _flat(values))
    names: set[str] = {prefix.removesuffix(".")} if prefix and strays else set()
    for name in set().union(*records):
        dotted = prefix + name
        if dotted in known:
            continue
        if dotted in prefixes:
            names |= _unknown([record.get(name) for record in records], f"{dotted}.", known, prefixes)
        else:
            names.add(dotted)
    return names


def _flat(values: Iterable[object]) -> Iterable[object]:
    for value in values:
        if isinstance(value, list):
            yield from _flat(value)
        else:
            yield value


def _key(code: str | None, handle: str | None) -> Key | None:
    if code is None:
        return None
    if handle is None and len(code) == codes.HANDLE_ITEM_LENGTH:
        return code[:-2], code
    return code, handle
