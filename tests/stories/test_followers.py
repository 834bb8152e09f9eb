"""A city that follows a change of the master inside its grace is recorded as an early follower."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from citysync.config.settings import Settings
from citysync.reports.document import document
from citysync.storage import followers
from citysync.storage.engine import Store
from citysync.storage.schema import open_store
from flows.explain.answer import explain
from flows.explain.words import lines
from flows.standing import as_of
from tests.builders import CATALOG_CODE, a_master, an_item
from tests.nights import Nights, nights

CHANGED = {CATALOG_CODE: date(2026, 11, 23)}


def a_changed_master(store: Store, folder: Path) -> Nights:
    city = nights(store, folder)
    city.master = a_master(changes=CHANGED)
    return city


def test_the_first_night_that_sees_nothing_left_to_do_is_recorded(store: Store, tmp_path: Path) -> None:
    city = a_changed_master(store, tmp_path)
    city.night([an_item(task_name="旧名")])
    assert followers.followers(store, date(2026, 11, 23)) == []
    city.night([an_item()])
    city.night([an_item()])
    (row,) = followers.followers(store, date(2026, 11, 25))
    assert (row["city_code"], row["followed_on"], row["due_on"], row["codes"]) == (
        "440300",
        "2026-11-24",
        "2026-11-30",
        1,
    )
    assert followers.followers(store, date(2026, 11, 23)) == [], "as of that night nobody had followed"
    assert followers.followers(store, date(2026, 12, 1)) == [], "after the grace nobody is early"


def test_what_is_not_proved_complete_or_comes_too_late_is_no_following(store: Store, tmp_path: Path) -> None:
    city = a_changed_master(store, tmp_path)
    city.night([an_item()], proved=False)
    city.night([an_item()], on=date(2026, 12, 1))
    assert [followers.followers(store, date(2026, 11, day)) for day in range(23, 31)] == [[]] * 8


def test_the_documents_and_explain_say_so_as_of_that_night(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, cities_dir=tmp_path)
    with open_store(settings.database, write=True) as store:
        city = a_changed_master(store, tmp_path)
        before = city.night([an_item(task_name="旧名")]).verdict.run_id
        city.night([an_item()])
    told = {"changed_on": "2026-11-23", "due_on": "2026-11-30", "codes": 1, "followed_on": "2026-11-24"}
    days = (date(2026, 11, 23), date(2026, 11, 24))
    first, second = (document(None, as_of(settings, (), day).verdicts)["cities"][0] for day in days)
    assert ("follows" in first, second["follows"]) == (False, [told])
    assert explain(settings, "440300", run_id=before)["follows"] == []
    said = explain(settings, "440300")
    assert said["follows"] == [told]
    assert "已提前跟进：基本目录 2026-11-23 的变更（涉及 1 项，宽限至 2026-11-30），自 2026-11-24" in list(lines(said))
