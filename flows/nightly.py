"""The nightly run of every enabled city, as the schedule starts it."""

from __future__ import annotations

from datetime import date

from prefect import flow
from prefect.client.schemas.objects import State

from citysync.domain.run import Trigger
from flows.night import Asked
from flows.province import RUNNER, run_province


@flow(
    name="nightly",
    flow_run_name="nightly",
    validate_parameters=True,
    persist_result=False,
    task_runner=RUNNER,
)
def nightly(codes: list[str] | None = None, business_date: date | None = None) -> State[str]:
    """Pull, validate, reconcile and judge every enabled city (or those named) side by side."""
    return run_province(Asked(Trigger.NIGHTLY, tuple(codes or ()), business_date))


if __name__ == "__main__":
    nightly()
