"""The keys and hashes of a directory, and the page they are kept as: read where asked for, packed once, kept as read.

A page is one line, how many rows there are, then their hashes as they are, then the keys as packed JSON: the digest of
the whole needs the hashes alone. Pages of the first version, both packed together, are read still.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from isal.isal_zlib import compress

from citysync.domain.digests import ROW_BYTES

VERSION = 2
READABLE = frozenset({1, VERSION})
_ESCAPED = bytes([*range(32), *b'"\\'])
_FAST = 1  # the keys repeat so much that more effort saves a twentieth of them


class Entries(Protocol):
    """Keys, ascending, and the hashes of their rows, one behind the other."""

    @property
    def keys(self) -> Sequence[str]:
        """Return the keys."""

    @property
    def packed(self) -> bytes:
        """Return the hashes, ``ROW_BYTES`` each."""

    @property
    def page(self) -> bytes:
        """Return the page they are kept as."""

    @property
    def version(self) -> int:
        """Return how the page is written."""


@dataclass(frozen=True)
class Known:
    """Entries that were just proved."""

    keys: Sequence[str]
    packed: bytes = field(repr=False)
    version: int = VERSION

    @cached_property
    def page(self) -> bytes:
        """Return the page they are kept as, packed once."""
        count = len(self.packed) // ROW_BYTES
        return b"%d\n%b%b" % (count, self.packed, compress(_as_json(self.keys), _FAST))


@dataclass(frozen=True)
class Kept:
    """Entries as an earlier night kept them."""

    page: bytes = field(repr=False)
    version: int

    @cached_property
    def keys(self) -> Sequence[str]:
        """Return the keys."""
        _, keys = self._parts
        found: list[str] = json.loads(keys if self.version == 1 else zlib.decompress(keys))
        return found

    @property
    def packed(self) -> bytes:
        """Return the hashes."""
        return self._parts[0]

    @cached_property
    def _parts(self) -> tuple[bytes, bytes]:
        if self.version == 1:
            keys, _, packed = zlib.decompress(self.page).partition(b"\n")
            return packed, keys
        count, _, rest = self.page.partition(b"\n")
        ends = int(count) * ROW_BYTES
        return rest[:ends], rest[ends:]


def _as_json(keys: Sequence[str]) -> bytes:
    """Return the keys as a list of JSON; where no letter needs an escape, as in most codes, in a tenth of the time."""
    letters = "".join(keys).encode()
    if keys and letters.translate(None, _ESCAPED) == letters:
        return b'["%b"]' % '","'.join(keys).encode()
    return json.dumps(list(keys), ensure_ascii=False).encode()
