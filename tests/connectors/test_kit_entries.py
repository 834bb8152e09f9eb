"""What a kit's pull remembers, page by page, and changes put upon it: the same as working it out from the beginning."""

from __future__ import annotations

import json
import zlib

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from citysync.domain.digests import ROW_BYTES, row_hash
from connectors._kit_entries import VERSION, Kept, Known
from connectors._kit_merged import merged
from connectors._kit_talk import Line

KEYS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), max_size=30, unique=True).map(sorted)


def hash_of(text: str) -> bytes:
    return row_hash(text.encode())


def known(keys: list[str]) -> Known:
    return Known(keys, b"".join(map(hash_of, keys)))


@given(KEYS)
def test_keys_and_hashes_are_read_back_as_they_were_kept(keys: list[str]) -> None:
    entries = known(keys)
    kept = Kept(entries.page, VERSION)
    assert (list(kept.keys), kept.packed, kept.page) == (keys, entries.packed, entries.page)


@given(KEYS)
def test_pages_of_the_first_version_are_read_still_and_stay_as_they_are(keys: list[str]) -> None:
    entries = known(keys)
    page = zlib.compress(json.dumps(keys, ensure_ascii=False).encode() + b"\n" + entries.packed)
    kept = Kept(page, 1)
    assert (list(kept.keys), kept.packed, kept.page) == (keys, entries.packed, page)


@given(KEYS, KEYS, KEYS)
def test_changes_by_key_come_to_what_a_dictionary_comes_to(keys: list[str], put: list[str], gone: list[str]) -> None:
    before = known(keys)
    upserts = {key: Line(key, (key,), hash_of(f"new {key}"), 1) for key in reversed(put)}
    found = merged(before, upserts, set(gone))
    then = dict(zip(keys, map(hash_of, keys), strict=True))
    for key in gone:
        then.pop(key, None)
    then |= {key: line.hash for key, line in upserts.items()}
    assert list(found.keys) == sorted(then)
    assert found.packed == b"".join(then[key] for key in sorted(then))
    assert len(found.packed) == ROW_BYTES * len(then)
    assert found.inserted == len(set(put) - set(keys))
    before_rows = pl.DataFrame({"said": keys}, schema={"said": pl.String})
    fresh = pl.DataFrame({"said": [f"new {key}" for key in upserts]}, schema={"said": pl.String})
    said = [f"new {key}" if key in upserts else key for key in sorted(then)]
    assert found.rows(before_rows, fresh)["said"].to_list() == said
