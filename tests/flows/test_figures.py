"""The figures of a day are compared with yesterday, last week, and the day by which a target was to be met."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from citysync.config.settings import Settings
from citysync.storage.schema import open_store
from flows.figures import DEADLINE, YESTERDAY, figures_of
from tests.builders import CATALOG_CODE, a_master_item, an_item
from tests.nights import nights
from tests.places import write_city
from tests.reconciliation.cast import a_code

OTHER = "440106043002"
TARGET = '[[target]]\nmeasure = "onboard"\npercent = 100\nby = {}\n'


@pytest.mark.parametrize(
    ("targets", "change"),
    [(("2026-11-23",), "+50.00"), (("2026-11-24", "2026-12-31", "2026-11-01"), "±0.00"), (("2026-11-25",), None)],
)
def test_the_change_since_the_last_deadline_that_is_over_is_told(
    targets: tuple[str, ...], change: str | None, tmp_path: Path
) -> None:
    settings = Settings(data_dir=tmp_path, cities_dir=tmp_path / "cities")
    rows = [an_item(), an_item(task_code=a_code(OTHER))]
    write_city(tmp_path, rows)
    (tmp_path / "cities" / "_targets.toml").write_text("".join(map(TARGET.format, targets)), encoding="utf-8")
    with open_store(settings.database, write=True) as store:
        city = nights(store, tmp_path, a_master_item(catalog_code=CATALOG_CODE), a_master_item(catalog_code=OTHER))
        for sent in (rows[:1], rows, rows):
            city.night(sent)
    report, _ = figures_of(settings, (), "city", date(2026, 11, 25))
    assert report.total.change("onboard", YESTERDAY) == "±0.00"
    assert (DEADLINE in report.days) is (change is not None)
    if change is not None:
        assert report.total.change("onboard", DEADLINE) == change
