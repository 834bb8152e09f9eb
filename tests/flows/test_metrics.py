"""The endpoint for Prometheus: what the ledger says now, and a scrape that fails when it cannot be read."""

from __future__ import annotations

import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from citysync.cli.main import run
from citysync.config.settings import Settings
from citysync.domain.channel import Channels
from citysync.domain.verdict import State
from citysync.storage.schema import open_store
from flows.metrics import metrics_server
from tests.alerts.months import Month
from tests.places import a_folder

NOW = datetime(2026, 2, 9, 1, tzinfo=UTC)


@contextmanager
def served(settings: Settings) -> Iterator[str]:
    with metrics_server(settings, "127.0.0.1", 0, lambda: NOW) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def scraped(url: str) -> dict[str, float]:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - our own server
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        families = text_string_to_metric_families(answer.read().decode())
        return {
            sample.name + str(sorted(sample.labels.items())): sample.value
            for each in families
            for sample in each.samples
        }


def test_every_scrape_reads_the_ledger_anew_and_one_that_cannot_fails(tmp_path: Path) -> None:
    folder = a_folder(tmp_path)
    made = Settings(data_dir=folder / "data", cities_dir=folder / "cities")
    with served(made) as url, open_store(made.database, write=True) as store:
        before = scraped(f"{url}/metrics")
        Month(store, folder, Channels()).night({"440300": State.OUT_OF_SYNC})
        after = scraped(f"{url}/metrics")
        with pytest.raises(urllib.error.HTTPError, match="404"):
            scraped(f"{url}/")
        store.close()
        (folder / "data" / "citysync.sqlite3").rename(folder / "moved")
        with pytest.raises(urllib.error.HTTPError, match="503"):
            scraped(f"{url}/metrics")
    state = "citysync_city_state[('code', '440300'), ('name', '市440300'), ('state', 'out_of_sync')]"
    assert (state in before, after[state]) == (False, 1.0)
    assert (before["citysync_cities_expected[]"], after["citysync_alerts_open[]"]) == (1.0, 1.0)


@pytest.mark.parametrize("written", ["nowhere", "127.0.0.1:", "1:99999"])
def test_an_address_that_is_none_is_refused(written: str, tmp_path: Path) -> None:
    folder = a_folder(tmp_path)
    places = ["--data-dir", str(folder / "data"), "--cities-dir", str(folder / "cities")]
    assert run(["metrics", "--serve", written, *places]) == 2
