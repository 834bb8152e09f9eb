"""The one Prefect task: a city's walk, logged step by step."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.logging import get_run_logger

from citysync.domain.verdict import STATE_LABELS, State
from flows.crew import Hands
from flows.events import city_event
from flows.night import Night


@task(task_run_name="sync-{code}", cache_policy=NO_CACHE, retries=0, persist_result=False)
def sync_one(code: str, night: Night, crew: Hands, now: Callable[[], datetime]) -> str:
    """Have one city walked and return the state it was given.

    No task retries: the connector retries single requests; starting again from page 1 would only hammer the city.
    """
    logger = get_run_logger()
    name = night.cities[code].name
    verdict = night.walk(code, crew, lambda text: logger.info("%s %s %s", code, name, text), now)
    logger.info("%s %s 结论：%s", code, name, STATE_LABELS[verdict.state])
    city_event(verdict, name)
    for reason in verdict.reasons:
        logger.log(_level(verdict.state), "%s %s %s", code, name, reason.text)
    return verdict.state.value


def _level(state: State) -> int:
    return 20 if state in {State.IN_SYNC, State.LAGGING} else 30
