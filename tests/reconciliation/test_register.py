"""The register of exemptions says what each lifts, what ends soon, and what is over and asked for again."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from citysync.domain.city import Exemption
from citysync.reconciliation.register import Ends, entries
from tests.builders import CATALOG_CODE, TODAY, a_city, a_master, a_master_item

OTHER = "440106043009"
MASTER = a_master(a_master_item(use_level=["3", "4"])).items


def exempt(until: date, **changes: Any) -> Exemption:
    return Exemption.model_validate(
        {
            "catalog_code": CATALOG_CODE,
            "reason": "delegated",
            "document": "粤府函〔2025〕1号",
            "until": until,
            **changes,
        }
    )


def told(*exemptions: Exemption) -> list[tuple[Ends, int, bool]]:
    city = a_city(counties=("440303", "440304"), exempt=exemptions)
    return [(each.ends, each.obligations, each.item_name is not None) for each in entries(city, MASTER, TODAY, 30)]


def test_an_exemption_counts_what_it_lifts_in_the_regions_it_names() -> None:
    later = TODAY + timedelta(days=90)
    assert told(exempt(later)) == [(Ends.HOLDS, 3, True)]
    assert told(exempt(later, areacode="440303")) == [(Ends.HOLDS, 1, True)]


def test_what_ends_comes_first_and_the_last_day_still_holds() -> None:
    days = (31, 30, 0, -1)
    found = told(*(exempt(TODAY + timedelta(days=each)) for each in days))
    assert [ends for ends, _, _ in found] == [Ends.OVER, Ends.SOON, Ends.SOON, Ends.HOLDS]
    assert found[0] == (Ends.OVER, 3, True), "what it lifted is asked for again"


def test_an_exemption_of_nothing_the_city_must_have_is_seen() -> None:
    assert told(exempt(TODAY, catalog_code=OTHER)) == [(Ends.SOON, 0, False)]
    assert told() == []
