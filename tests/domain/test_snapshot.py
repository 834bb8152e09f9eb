"""What tells one directory's content from another's."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from citysync.domain.snapshot import fingerprint
from tests.builders import a_snapshot, an_item


def test_a_snapshots_content_is_its_rows_fingerprint_worked_out_once() -> None:
    snapshot = a_snapshot([an_item(), an_item(task_name="另一事项")])
    turned = replace(snapshot, rows=snapshot.rows.reverse())
    fewer = replace(snapshot, rows=snapshot.rows.head(1))
    assert snapshot.content == fingerprint(snapshot.rows)
    assert snapshot.content is snapshot.content, "sorted and hashed again"
    assert turned.content == snapshot.content != fewer.content


def test_a_fingerprint_in_the_ledger_means_the_same_rows_in_every_version_of_our_tools() -> None:
    rows = pl.DataFrame({"row_no": [1, 2], "page_no": [1, 1], "task_name": ["名，称", None], "by_law": ["b", 'a"']})
    assert fingerprint(rows) == "df605cef3ed46fe5b2d6edefe1a013725872f9d9c294f7cd6259b77d4052bdb0"
