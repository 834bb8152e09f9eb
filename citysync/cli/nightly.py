"""``citysync nightly``: the Prefect flow, as the schedule runs it."""

from __future__ import annotations

import os
from datetime import date
from typing import TYPE_CHECKING

from citysync.cli.places import Places
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
    settings = (places or Places()).export()
    run_id = run_flow(settings, cities, business_date)
    return show(published(settings, run_id), json=json)


def run_flow(settings: Settings, cities: tuple[str, ...], business_date: date | None) -> str:
    """Run the flow in this process and return our run's id; a run of ours that failed raises what failed it."""
    for name, value in PREFECT.items():
        os.environ.setdefault(name, value)
    if "PREFECT_API_URL" not in os.environ:  # a temporary server: keep its files out of the user's home
        os.environ.setdefault("PREFECT_HOME", str(settings.data_dir.resolve() / "prefect"))
    from flows.nightly import nightly as flow

    state = flow(list(cities) or None, business_date, return_state=True)
    if state.is_failed() and not state.data:
        raise StorageError(state.message or "运行失败")
    return str(state.result(raise_on_failure=False))
