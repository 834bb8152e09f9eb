"""The nightly run of every enabled city, as the schedule starts it."""

from __future__ import annotations

from datetime import date, datetime

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.context import FlowRunContext
from prefect.states import Completed

from citysync.domain.run import Trigger
from flows.missed import is_caught_up
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
    """Pull, validate, reconcile and judge every enabled city (or those named) side by side.

    A scheduled night that another one has caught up with since is not walked again: after a worker's downtime every
    missed run is there at once.
    """
    due_at = _scheduled_for()
    if due_at is not None and is_caught_up(due_at):
        return Completed(name="CaughtUp", message=f"{due_at:%Y-%m-%d %H:%M} UTC 应有的运行已由之后的一次补做")
    return run_province(Asked(Trigger.NIGHTLY, tuple(codes or ()), business_date))


def _scheduled_for() -> datetime | None:
    """Return when the schedule wanted this run, None for one a person asked for."""
    context = FlowRunContext.get()
    run = None if context is None else context.flow_run
    return None if run is None or not run.auto_scheduled else run.expected_start_time


if __name__ == "__main__":
    nightly()
