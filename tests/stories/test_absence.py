"""An absence is a state: suspected the first good night, confirmed the second, gone when the item is there again."""

from __future__ import annotations

from pathlib import Path

import pytest

from citysync.domain.outcome import CityRun
from citysync.domain.run import Trigger
from citysync.domain.verdict import State
from citysync.storage.engine import Store
from tests.builders import CATALOG_CODE, a_master_item, an_item
from tests.nights import Nights, nights
from tests.reconciliation.cast import a_code

OTHER = "440106043002"
WHOLE = [an_item(), an_item(task_code=a_code(OTHER))]
LACKING = WHOLE[1:]


@pytest.fixture
def city(store: Store, tmp_path: Path) -> Nights:
    return nights(store, tmp_path, a_master_item(), a_master_item(catalog_code=OTHER))


def suspected(run: CityRun) -> list[tuple[str, bool]]:
    absent = run.findings.filter(run.findings.get_column("check") == "unclaimed")
    return [(row["catalog_code"], row["suspected"]) for row in absent.to_dicts()]


def test_an_absence_is_suspected_the_first_night_and_confirmed_the_second(city: Nights) -> None:
    first, second = city.night(LACKING), city.night(LACKING)
    assert (first.verdict.state, suspected(first)) == (State.LAGGING, [(CATALOG_CODE, True)])
    assert "1 项为疑似，待下次确认" in first.verdict.reasons[0].text
    assert (second.verdict.state, suspected(second)) == (State.OUT_OF_SYNC, [(CATALOG_CODE, False)])


def test_an_item_that_is_back_the_second_night_is_never_called_missing(city: Nights) -> None:
    states = [city.night(rows).verdict.state for rows in (WHOLE, LACKING, WHOLE, LACKING)]
    assert states == [State.IN_SYNC, State.LAGGING, State.IN_SYNC, State.LAGGING]


def test_a_night_that_proves_nothing_neither_confirms_nor_clears(city: Nights) -> None:
    city.night(LACKING)
    unproved = city.night(LACKING, proved=False)
    assert (unproved.verdict.grade, unproved.verdict.state, suspected(unproved)) == ("C", State.LAGGING, [])
    city.night(WHOLE, proved=False)
    again = city.night(LACKING)
    assert (again.verdict.state, suspected(again)) == (State.OUT_OF_SYNC, [(CATALOG_CODE, False)])


def test_a_night_that_was_not_adopted_neither_confirms_nor_clears(city: Nights) -> None:
    city.night(LACKING)
    held = city.night([])
    assert (held.verdict.state, held.adopted) == (State.HELD, False)
    assert suspected(city.night(LACKING)) == [(CATALOG_CODE, False)]


def test_a_replay_is_no_second_look(city: Nights) -> None:
    city.night(LACKING)
    replayed = city.night(LACKING, trigger=Trigger.REPLAY)
    assert suspected(replayed) == [(CATALOG_CODE, False)]  # it was asked as a run after the first
    city.night(WHOLE)
    city.night(LACKING, trigger=Trigger.REPLAY)
    assert suspected(city.night(LACKING)) == [(CATALOG_CODE, True)]
