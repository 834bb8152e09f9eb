"""Since when an obligation is unmet, told of several absences of one city at once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from citysync.storage.engine import Store
from citysync.storage.ledger import publish, start_run
from citysync.storage.tracing import absent_since
from tests.builders import CATALOG_CODE, TODAY
from tests.storage.cast import CITIES, a_city_run, a_finding, a_run

OTHER = "440106043002"


def missing(areacode: str, catalog_code: str = CATALOG_CODE) -> dict[str, object]:
    return a_finding(check="unclaimed", areacode=areacode, catalog_code=catalog_code, task_code=None, field=None)


def test_each_absence_is_told_since_its_own_night_and_a_claim_in_between_begins_it_anew(
    store: Store, tmp_path: Path
) -> None:
    seen = (
        (missing("440304"), missing("440305"), missing("440304", OTHER)),
        (missing("440304"), missing("440304", OTHER)),  # 440305 has claimed it
        (missing("440304"), missing("440305")),
    )
    for serial, found in enumerate(seen, start=1):
        run = a_run(serial, on=TODAY + timedelta(days=serial - 1))
        start_run(store, run, CITIES)
        publish(store, run, a_city_run(run, *found), tmp_path)

    def told(night: int) -> dict[str | None, tuple[str, int]]:
        asked: set[tuple[str, str | None]] = {
            (CATALOG_CODE, "440304"),
            (CATALOG_CODE, "440305"),
            (CATALOG_CODE, "440306"),
            (CATALOG_CODE, None),
        }
        since = absent_since(store, "440300", asked, a_run(night).run_id)
        return {area: (row["run_id"], row["runs"]) for (_, area), row in since.items()}

    assert told(3) == {"440304": (a_run(1).run_id, 3), "440305": (a_run(3).run_id, 1)}
    assert told(2) == {"440304": (a_run(1).run_id, 2)}
    assert absent_since(store, "440300", set(), a_run(3).run_id) == {}
    assert absent_since(store, "440300", {(OTHER, "440304")}, a_run(3).run_id) == {}
