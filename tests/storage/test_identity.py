"""Proposals are kept once, decided by people, applied to the runs after, and revocable; the same on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from citysync.domain.errors import ConfigError
from citysync.domain.identity import PROPOSALS, Change, Identity, Scope
from citysync.storage.audit import entries, verify
from citysync.storage.engine import Store
from citysync.storage.identity import Decision, Standing, confirmed, decide, proposals
from citysync.storage.ledger import publish, start_run
from citysync.storage.memory import recall
from tests.builders import NOW, TODAY
from tests.storage.cast import CITIES, a_city_run, a_run

ROW = ("recoded", "catalog", ["440106090001"], ["440106043001"], "卫生许可", "卫生许可", 0.99, "名称与类型都相同")
READ = Identity(Change.RECODED, Scope.CATALOG, ("440106090001",), ("440106043001",), TODAY)


def a_night(store: Store, folder: Path, serial: int, *rows: tuple[object, ...], code: str = "440300") -> str:
    """Publish a run of a city that proposes the given rows, and return the run's id."""
    run = a_run(serial, on=TODAY + timedelta(days=serial - 1))
    start_run(store, run, CITIES)
    found = pl.DataFrame(list(rows), schema=PROPOSALS, orient="row")
    publish(store, run, replace(a_city_run(run, code=code), proposals=found), folder)
    return run.run_id


def decided(standing: Standing, reason: str | None = "粤府函〔2026〕12号") -> Decision:
    return Decision(standing, "张三", NOW, TODAY, reason)


def test_what_several_nights_propose_is_one_proposal_seen_again(store: Store, tmp_path: Path) -> None:
    first, last = a_night(store, tmp_path, 1, ROW), a_night(store, tmp_path, 2, (*ROW[:6], 0.95, "名称与类型都相同"))
    (row,) = proposals(store)
    assert (row["first_run_id"], row["last_run_id"]) == (first, last)
    assert (row["first_seen_on"], row["last_seen_on"]) == ("2026-11-23", "2026-11-24")
    assert (row["standing"], row["score"], row["reason"]) == (Standing.OPEN, 0.95, None)
    assert (row["before"], row["after"]) == (["440106090001"], ["440106043001"])


def test_proposals_of_one_city_are_not_those_of_another(store: Store, tmp_path: Path) -> None:
    a_night(store, tmp_path, 1, ROW)
    a_night(store, tmp_path, 2, ROW, code="440100")
    assert [row["city_code"] for row in proposals(store)] == ["440100", "440300"]
    assert len(proposals(store, "440300")) == 1
    assert proposals(store, "440300", Standing.CONFIRMED) == []


def test_a_confirmation_is_remembered_by_the_runs_after_it_only(store: Store, tmp_path: Path) -> None:
    before = a_night(store, tmp_path, 1, ROW)
    row = decide(store, proposals(store)[0]["id"], decided(Standing.CONFIRMED))
    assert (row["standing"], row["decided_by"], row["effective_on"]) == (Standing.CONFIRMED, "张三", "2026-11-23")
    (entry,) = entries(store)
    assert (entry["who"], entry["what"], entry["object"]) == ("张三", "identity confirmed", f"identity:{row['id']}")
    assert verify(store).broken == ()
    after = a_night(store, tmp_path, 2, ROW)
    assert confirmed(store, "440300", before) == ()
    assert confirmed(store, "440300", after) == confirmed(store, "440300", "a dry run") == (READ,)
    assert confirmed(store, "440100", after) == ()
    assert recall(store, tmp_path, "440300", after).identities == (READ,)


def test_a_revoked_confirmation_still_holds_for_the_runs_it_was_made_for(store: Store, tmp_path: Path) -> None:
    a_night(store, tmp_path, 1, ROW)
    (row,) = proposals(store)
    decide(store, row["id"], decided(Standing.CONFIRMED))
    between = a_night(store, tmp_path, 2, ROW)
    decide(store, row["id"], decided(Standing.REVOKED))
    after = a_night(store, tmp_path, 3, ROW)
    assert confirmed(store, "440300", between) == (READ,)
    assert confirmed(store, "440300", after) == ()
    assert proposals(store)[0]["standing"] == Standing.REVOKED


def test_a_rejected_proposal_applies_to_nothing_and_may_be_confirmed_after_all(store: Store, tmp_path: Path) -> None:
    a_night(store, tmp_path, 1, ROW)
    (row,) = proposals(store)
    decide(store, row["id"], decided(Standing.REJECTED, None))
    assert confirmed(store, "440300", "later") == ()
    decide(store, row["id"], decided(Standing.CONFIRMED))
    assert confirmed(store, "440300", "later") == (READ,)


@pytest.mark.parametrize("standing", [Standing.REVOKED, Standing.REJECTED, Standing.CONFIRMED])
def test_a_decision_that_changes_nothing_is_refused_with_what_stands(
    store: Store, tmp_path: Path, standing: Standing
) -> None:
    a_night(store, tmp_path, 1, ROW)
    (row,) = proposals(store)
    if standing is not Standing.REVOKED:
        decide(store, row["id"], decided(Standing.CONFIRMED))
    with pytest.raises(ConfigError, match="待确认" if standing is Standing.REVOKED else "已确认"):
        decide(store, row["id"], decided(standing))


def test_a_number_nobody_proposed_is_refused(store: Store) -> None:
    with pytest.raises(ConfigError, match="没有编号为 7 的提议"):
        decide(store, 7, decided(Standing.CONFIRMED))
