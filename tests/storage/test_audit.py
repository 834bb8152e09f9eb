"""The record of what people decided: sealed entry by entry, so that one altered or removed afterwards shows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from citysync.storage import tables
from citysync.storage.audit import Deed, entries, os_user, record, verify
from citysync.storage.engine import Store
from tests.builders import NOW

AUDIT = tables.audit


def four_deeds(store: Store) -> None:
    for number in range(1, 5):
        deed = Deed("wang", "approve", f"city:44030{number}", {"旧": None}, {"上限": number}, f"run-{number}")
        with store.writing() as connection:
            assert record(connection, deed, NOW + timedelta(microseconds=number)) == number


def broken(store: Store) -> list[int]:
    return [each.seq for each in verify(store).broken]


def test_a_record_nobody_touched_is_whole(store: Store) -> None:
    assert (verify(store).entries, broken(store)) == (0, [])
    four_deeds(store)
    assert (verify(store).entries, broken(store)) == (4, [])
    assert [row["object"] for row in entries(store, limit=2)] == ["city:440304", "city:440303"]


@pytest.mark.parametrize(
    "change",
    [
        {"who": "li"},
        {"what": "ack"},
        {"object": "city:440100"},
        {"after": {"上限": 9_999}},
        {"before": {"旧": 1}},
        {"run_id": None},
        {"at": NOW},
        {"hash": "0" * 64},
    ],
    ids=lambda change: next(iter(change)),
)
def test_an_altered_entry_is_named(store: Store, change: dict[str, Any]) -> None:
    four_deeds(store)
    with store.writing() as connection:
        connection.execute(sa.update(AUDIT).where(AUDIT.c.seq == 2).values(change))
    assert 2 in broken(store)


@pytest.mark.parametrize("gone", [1, 2, 4])
def test_a_removed_entry_is_named_the_last_one_too(store: Store, gone: int) -> None:
    four_deeds(store)
    with store.writing() as connection:
        connection.execute(sa.delete(AUDIT).where(AUDIT.c.seq == gone))
    assert gone in broken(store)


def test_a_record_emptied_whole_is_noticed(store: Store) -> None:
    four_deeds(store)
    with store.writing() as connection:
        connection.execute(sa.delete(AUDIT))
    assert broken(store) == [1, 2, 3, 4]


def test_an_entry_sealed_anew_does_not_fit_the_next_one(store: Store) -> None:
    four_deeds(store)
    with store.writing() as connection:
        kept = connection.execute(sa.select(AUDIT).where(AUDIT.c.seq > 2)).mappings().all()
        connection.execute(sa.delete(AUDIT).where(AUDIT.c.seq > 1))
        one = connection.execute(sa.select(AUDIT.c.hash)).scalar_one()
        connection.execute(sa.update(tables.audit_head).values(seq=1, hash=one))
        record(connection, Deed("li", "approve", "city:440302"), NOW)
        connection.execute(sa.insert(AUDIT), [dict(row) for row in kept])
        connection.execute(sa.update(tables.audit_head).values(seq=4, hash=kept[-1]["hash"]))
    assert broken(store) == [3]


def test_a_decision_that_was_not_kept_leaves_no_entry(store: Store) -> None:
    def failing() -> None:
        with store.writing() as connection:
            record(connection, Deed("wang", "approve", "city:440300"), NOW)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        failing()
    assert verify(store).entries == 0


def test_what_a_database_cannot_hold_is_sealed_as_it_is_kept(store: Store) -> None:
    with store.writing() as connection:
        record(connection, Deed("wang\x00", "approve", "city:\ud800", None, {"理由": "\x00"}), NOW)
    assert broken(store) == []


def test_nobody_claims_another_account(monkeypatch: pytest.MonkeyPatch) -> None:
    before = os_user()
    for name in ("USER", "LOGNAME", "SUDO_USER"):
        monkeypatch.setenv(name, "somebody-else")
    assert os_user() == before != "somebody-else"
