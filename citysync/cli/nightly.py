"""``citysync nightly``: the Prefect flow, as the schedule runs it."""

from __future__ import annotations

import os
from datetime import date
from typing import TYPE_CHECKING

from citysync.cli.places import Places, now
from citysync.cli.results import published, show
from citysync.domain.errors import StorageError

if TYPE_CHECKING:
    from citysync.config.settings import Settings

# Without these a first start on a small machine times out, and an offline one logs errors.
PREFECT = {
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_LOGGING_LEVEL": "INFO",
}


def nightly(*cities: str, json: bool = False, business_date: date | None = None, places: Places | None = None) -> int:
    """运行每晚的 Prefect 流程：全部启用的城市，并排处理。

    Parameters
    ----------
    cities
        城市区划代码；不写则为全部启用的城市
    json
        输出一份 JSON
    business_date
        业务日期，默认上海时间今天；补跑与演练用
    """
    from citysync.domain.run import Trigger
    from flows.night import Asked, preflight

    settings = (places or Places()).export()
    preflight(Asked(Trigger.NIGHTLY, cities, business_date), settings, now())  # refused before a server is started
    run_id = run_flow(settings, cities, business_date)
    return show(published(settings, run_id), json=json)


def run_flow(settings: Settings, cities: tuple[str, ...], business_date: date | None) -> str:
    """Run the flow in this process and return our run's id; a run of ours that failed raises what failed it."""
    for name, value in PREFECT.items():
        os.environ.setdefault(name, value)
    if "PREFECT_API_URL" not in os.environ:  # a temporary server: keep its files out of the user's home
        home = settings.data_dir.resolve() / "prefect"
        home.mkdir(parents=True, exist_ok=True)
        os.environ.setdefault("PREFECT_HOME", str(home))
    from citysync.storage import reading
    from citysync.storage.schema import open_store
    from flows.nightly import nightly as flow

    started = now().isoformat()
    state = flow(list(cities) or None, business_date, return_state=True)
    with open_store(settings.database, write=False) as store:
        run = reading.last_run(store)
    if run is None or run["started_at"] < started:
        raise StorageError(f"运行未能开始：{state.message}")
    if run["status"] != "finished":
        raise StorageError(f"运行 {run['run_id']} 未完成：{run['error'] or state.message}")
    return str(run["run_id"])
