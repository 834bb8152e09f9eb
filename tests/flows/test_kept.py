"""Sums of days that were kept are those that would be read, and are read once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from citysync.storage import daily
from citysync.storage.engine import Store
from citysync.storage.tallies import Group
from flows import kept as kept_module
from flows.kept import Counts, Kept
from tests.builders import TODAY
from tests.storage.test_tallies import counted

DAYS = [TODAY + timedelta(days=number) for number in range(4)]


def asked(kept: Kept, store: Store, by: Group = "department") -> list[Counts]:
    return list(kept.counts(store, by, daily.runs_by_day(store, DAYS, ["440300"])).values())


def read_by(store: Store) -> list[str]:
    """Return a list that every sum of tallies read from now on is put into."""
    read: list[str] = []

    def noted(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "sum(" in statement.lower():
            read.append(statement)

    sa.event.listen(store.engine, "before_cursor_execute", noted)
    return read


def test_what_is_kept_is_what_would_be_read_and_a_new_night_alone_is_read(store: Store, tmp_path: Path) -> None:
    kept = Kept()
    counted(store, tmp_path, 1, 3, 4)
    first = asked(kept, store)
    read = read_by(store)
    assert asked(kept, store) == first
    assert read == [], "every day rests on the same run"
    counted(store, tmp_path, 3, 9, 9)
    now = asked(kept, store)
    assert (len(read), now) == (1, asked(Kept(), store))
    assert [day["部门0"]["met"] for day in now] == [3, 3, 9, 9]


def test_each_way_of_looking_has_its_own_sums(store: Store, tmp_path: Path) -> None:
    kept = Kept()
    counted(store, tmp_path, 1, 3, 4)
    assert asked(kept, store, "city_code")[0]["440300"]["met"] == 7
    assert asked(kept, store, "city_code")[0]["440300"]["accepted"] == 1
    assert set(asked(kept, store)[0]) == {"部门0", "部门1"}


def test_days_least_asked_for_are_forgotten(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_module, "MOST_DAYS", 1)
    kept = Kept()
    counted(store, tmp_path, 1, 3, 4)
    counted(store, tmp_path, 2, 5, 6)
    assert asked(kept, store) == asked(Kept(), store)
    read = read_by(store)
    asked(kept, store)
    assert len(read) == 1
