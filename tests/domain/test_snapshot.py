"""What tells one directory's content from another's."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from citysync.domain.kept_rows import OfKept
from citysync.domain.row_hashes import row_hashes
from citysync.domain.snapshot import fingerprint
from tests.builders import a_snapshot, an_item


def test_a_snapshots_content_is_its_rows_in_any_order_worked_out_once() -> None:
    snapshot = a_snapshot([an_item(), an_item(task_name="另一事项")])
    turned = replace(snapshot, rows=snapshot.rows.reverse())
    fewer = replace(snapshot, rows=snapshot.rows.head(1))
    renamed = replace(snapshot, rows=snapshot.rows.rename({"task_name": "catalog_name"}))
    assert snapshot.content is snapshot.content, "hashed again"
    assert turned.content == snapshot.content
    assert len({snapshot.content, fewer.content, renamed.content}) == 3


def test_hashes_known_of_a_snapshots_rows_are_not_taken_for_those_of_others() -> None:
    rows = a_snapshot([an_item(), an_item(task_name="另一事项")])
    known = replace(rows, known=OfKept(rows.rows, rows.in_hand, rows.rows.clear(), None))
    fewer = replace(known, rows=known.rows.tail(1))
    assert known.in_hand.hashes is rows.in_hand.hashes, "hashed again"
    assert fewer.in_hand.hashes.equals(row_hashes(fewer.rows))


def test_a_content_kept_by_an_older_version_is_recognised_the_way_it_was_worked_out() -> None:
    snapshot = a_snapshot([an_item(), an_item(task_name="另一事项")])
    other = replace(snapshot, rows=snapshot.rows.head(1))
    assert snapshot.says(fingerprint(snapshot.rows))
    assert snapshot.says(snapshot.content)
    assert not snapshot.says(fingerprint(other.rows))
    assert not snapshot.says(other.content)
    assert not snapshot.says("None"), "a snapshot kept before contents were"


def test_a_content_in_the_ledger_means_the_same_rows_in_every_version_of_our_tools() -> None:
    rows = pl.DataFrame({"row_no": [1, 2], "page_no": [1, 1], "task_name": ["名，称", None], "by_law": ["b", 'a"']})
    assert fingerprint(rows) == "df605cef3ed46fe5b2d6edefe1a013725872f9d9c294f7cd6259b77d4052bdb0"
    assert (
        replace(a_snapshot([]), rows=rows).content
        == "2:077c254986e6ae095ada172d707e9a79452bbccece5c15de3910426d15d795ba"
    )
