"""One immutable snapshot of a city's directory, as the kit publishes it: rows by key, their digests, what changed."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from citysync.domain.digests import line_of, parts, range_digest, row_hash, whole_digest

_SEPARATOR = "|"
_ID_DIGITS = 32
Row = Mapping[str, str | None]


@dataclass(frozen=True)
class Edition:
    """A directory at one moment. ``keys`` ascend and are distinct; ``lines`` and ``hashes`` stand beside them.

    ``fields``: what every row has, in this order; ``key_fields``: which of them make the key; ``changed_at``: when the
    source last changed, where it says so. The same content has the same ``id``, whenever it is read.
    """

    fields: tuple[str, ...]
    key_fields: tuple[str, ...]
    keys: tuple[str, ...]
    lines: tuple[bytes, ...] = field(repr=False)
    hashes: tuple[bytes, ...] = field(repr=False)
    digest: str
    taken_at: datetime
    changed_at: datetime | None = None

    @property
    def id(self) -> str:
        """Return what the snapshot is asked by."""
        return self.digest[:_ID_DIGITS]

    def page(self, after: str | None, rows: int, most_bytes: int) -> tuple[list[bytes], bool]:
        """Return the lines behind a key, as many as fit but one at least, and whether more follow."""
        start = 0 if after is None else bisect_right(self.keys, after)
        end, size = start, 0
        while end < min(start + rows, len(self.keys)):
            size += len(self.lines[end]) + 1
            if size > most_bytes and end > start:
                break
            end += 1
        return list(self.lines[start:end]), end < len(self.keys)

    def of_keys(self, keys: Iterable[str]) -> list[bytes]:
        """Return the lines of the keys there are, ascending; a key there is not is left out."""
        places = sorted({place for key in keys if (place := self._place(key)) is not None})
        return [self.lines[place] for place in places]

    def children(self, low: int, high: int, most: int, digits: int) -> list[list[str | int]]:
        """Return the parts of a range of row numbers: [first key, rows, so many digits of the digest] each."""
        return [[self.keys[a], b - a, range_digest(self.hashes[a:b])[:digits]] for a, b in parts(low, high, most)]

    def since(self, before: Edition) -> Iterator[bytes]:
        """Yield what turns an earlier snapshot into this one, by key: a row's line, or ``[key]`` where it is gone."""
        then = dict(zip(before.keys, before.hashes, strict=True))
        now = dict(zip(self.keys, self.hashes, strict=True))
        changed = {key for key, value in now.items() if then.get(key) != value}
        for key in sorted(changed | (then.keys() - now.keys())):
            place = self._place(key)
            yield line_of(key, ()) if place is None else self.lines[place]

    def _place(self, key: str) -> int | None:
        place = bisect_left(self.keys, key)
        return place if place < len(self.keys) and self.keys[place] == key else None


def edition_of(
    rows: Sequence[Row],
    key_fields: Sequence[str],
    taken_at: datetime,
    changed_at: datetime | None = None,
    before: Edition | None = None,
) -> Edition:
    """Return a directory as a snapshot. ``before``: the last one, whose equal lines are shared, not held twice.

    Every row has every field; a value a row lacks, or that is blank, is null. Rows of one key, and rows without any,
    are numbered by their content: ``key``, ``key#2``, … — nothing is left out because it stands there twice.
    """
    fields = tuple(sorted(set().union(*rows)))
    unnamed = [[blank_as_null(row.get(name)) for name in fields] for row in rows]
    keyed = _numbered(unnamed, [fields.index(name) for name in key_fields if name in fields])
    shared = {} if before is None else dict(zip(before.hashes, before.lines, strict=True))
    keys, lines, hashes = [], [], []
    for key, values in keyed:
        line = line_of(key, values)
        hashed = row_hash(line)
        keys.append(key)
        lines.append(shared.get(hashed, line))
        hashes.append(hashed)
    digest = whole_digest(fields, hashes)
    return Edition(fields, tuple(key_fields), tuple(keys), tuple(lines), tuple(hashes), digest, taken_at, changed_at)


def blank_as_null(value: str | None) -> str | None:
    """Return a value, null where nothing is written; half a surrogate pair as its escape, since no wire takes it."""
    if value is None or not value or value.isspace():
        return None
    return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode("utf-8")


def _numbered(rows: Iterable[list[str | None]], places: Sequence[int]) -> list[tuple[str, list[str | None]]]:
    """Return (key, values), ascending by key, every key once."""
    groups: dict[str, list[list[str | None]]] = {}
    for values in rows:
        groups.setdefault(_SEPARATOR.join(values[place] or "" for place in places), []).append(values)
    keyed = {key: group[0] for key, group in groups.items() if len(group) == 1}
    for key, group in groups.items():
        number = 1
        for values in sorted(group, key=lambda each: line_of("", each)) if len(group) > 1 else ():
            unique = key if number == 1 else f"{key}#{number}"
            while number > 1 and (unique in groups or unique in keyed):
                number += 1
                unique = f"{key}#{number}"
            keyed[unique] = values
            number += 1
    return sorted(keyed.items())
