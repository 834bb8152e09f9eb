"""What the orchestrator is told as events, for automations and for people who look at its timeline.

An event names cities, states and stable codes: no text a city sent, no address, no secret. Emitting is a favour: where
nobody takes it, the night goes on, and a process that ends waits for it some seconds at most.
"""

from __future__ import annotations

from typing import Any

from prefect.events import emit_event
from prefect.logging import get_logger

from citysync.domain.run import Run
from citysync.domain.verdict import State, Verdict

RUN_STARTED = "citysync.run.started"
RUN_FINISHED = "citysync.run.finished"
RUN_FAILED = "citysync.run.failed"
CITY_TAKEN_OVER = "citysync.city.taken_over"
CITY_EVENTS = {state: f"citysync.city.{state.value}" for state in State}
REASONS = 20  # codes in one event; the ledger has them all


def run_event(event: str, run: Run, **facts: int) -> None:
    """Say where a run stands: ``citysync.run.*`` about ``citysync.run.<id>``."""
    about = {"trigger": run.trigger.value, "business_date": run.business_date.isoformat()}
    _emit(event, f"citysync.run.{run.run_id}", {**about, "master_version": run.master_version, **facts})


def city_event(verdict: Verdict, name: str) -> None:
    """Say what a city was given: ``citysync.city.<state>`` about ``citysync.city.<code>``."""
    codes = list(dict.fromkeys(reason.code for reason in verdict.reasons))[:REASONS]
    facts = {"name": name, "grade": verdict.grade, "reasons": codes, "findings": verdict.counts.findings}
    _emit(CITY_EVENTS[verdict.state], f"citysync.city.{verdict.city_code}", {"run_id": verdict.run_id, **facts})


def taken_over(code: str, run_id: str) -> None:
    """Say that a city's worker was lost and the city given out anew."""
    _emit(CITY_TAKEN_OVER, f"citysync.city.{code}", {"run_id": run_id})


def _emit(event: str, resource: str, payload: dict[str, Any]) -> None:
    try:
        emit_event(event, resource={"prefect.resource.id": resource}, payload=payload)
    except Exception as error:  # noqa: BLE001 - whatever Prefect refuses, a favour must not cost a city its verdict
        get_logger("citysync").warning("事件 %s 未能发出：%s", event, type(error).__name__)
