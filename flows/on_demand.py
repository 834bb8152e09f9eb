"""A run of some cities, asked for by a person; the same line as the nightly run."""

from __future__ import annotations

from datetime import date

from prefect import flow
from prefect.client.schemas.objects import State

from citysync.domain.run import Trigger
from flows.night import Asked
from flows.province import RUNNER, run_province


@flow(
    name="on-demand",
    flow_run_name="on-demand",
    validate_parameters=True,
    persist_result=False,
    task_runner=RUNNER,
)
def on_demand(codes: list[str], business_date: date | None = None) -> State[str]:
    """Pull, validate, reconcile and judge the named cities."""
    return run_province(Asked(Trigger.ON_DEMAND, tuple(codes), business_date))
