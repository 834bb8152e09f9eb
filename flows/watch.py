"""The watchdog as a deployment: a second net beside the timer outside, for what the orchestrator itself can see."""

from __future__ import annotations

from datetime import UTC, datetime

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from citysync.alerts.watch import Limits
from citysync.config.logs import set_up
from citysync.config.settings import load_settings
from citysync.domain.errors import CitySyncError
from flows.watchdog import keep_watch


@flow(name="watchdog", flow_run_name="watchdog", persist_result=False)
def watchdog() -> State[str]:
    """Look at the ledger, tell what is overdue, send what waits; Failed while something is wrong."""
    try:
        watched = keep_watch(set_up(load_settings()), datetime.now(UTC), Limits())
    except CitySyncError as error:
        return Failed(message=str(error))
    if watched.troubles:
        return Failed(message="；".join(watched.troubles.values()))
    return Completed(message="一切正常")


if __name__ == "__main__":
    watchdog()
