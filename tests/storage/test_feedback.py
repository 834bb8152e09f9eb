"""Signals of citizens: within limits, looked at by somebody, and nobody's words kept without reason."""

from __future__ import annotations

from datetime import timedelta

import pytest

from citysync.domain.errors import StorageError
from citysync.domain.feedback import Signal, Standing
from citysync.storage import audit, feedback
from citysync.storage.engine import Store
from tests.builders import CATALOG_CODE, NOW

SIGNAL = Signal("440300", CATALOG_CODE, 4, "跑了四次")


def test_a_signal_waits_until_somebody_looks_at_it(store: Store) -> None:
    assert feedback.leave(store, SIGNAL, "a", NOW)
    (row,) = feedback.listed(store, Standing.PENDING, ("440300",))
    assert (row["visits"], row["text"], "source" in row) == (4, "跑了四次", False)
    feedback.decide(store, row["serial"], Standing.ACCEPTED, "root", NOW)
    assert feedback.counted(store, ("440300", "440100")) == {"440300": {"accepted": 1}}
    assert audit.entries(store, 1)[0]["object"] == f"feedback:{row['serial']}"


def test_one_source_is_heard_a_few_times_an_hour(store: Store) -> None:
    assert [feedback.leave(store, SIGNAL, "a", NOW) for _ in range(6)] == [True] * 5 + [False]
    assert feedback.leave(store, SIGNAL, "b", NOW), "another is heard"
    assert feedback.leave(store, SIGNAL, "a", NOW + timedelta(hours=1, seconds=1)), "an hour later too"


def test_what_is_dismissed_keeps_no_text_and_is_decided_once(store: Store) -> None:
    feedback.leave(store, SIGNAL, "a", NOW)
    (row,) = feedback.listed(store, Standing.PENDING, ("440300",))
    feedback.decide(store, row["serial"], Standing.DISMISSED, "root", NOW)
    assert feedback.listed(store, Standing.DISMISSED, ("440300",))[0]["text"] == ""
    with pytest.raises(StorageError, match="已由别人处理"):
        feedback.decide(store, row["serial"], Standing.ACCEPTED, "root", NOW)


def test_a_flood_does_not_fill_the_ledger(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feedback, "MOST_PENDING", 2)
    assert [feedback.leave(store, SIGNAL, str(source), NOW) for source in range(3)] == [True, True, False]
