"""One city of a run that another process leads, as a worker of the pool takes it."""

from __future__ import annotations

from datetime import UTC, datetime

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.states import Cancelled, Completed, Failed

from citysync.config.logs import set_up
from citysync.config.settings import load_settings
from citysync.domain.errors import CitySyncError
from citysync.domain.verdict import STATE_LABELS
from flows.crew import Lost
from flows.hand import lend_a_hand


@flow(name="city", flow_run_name="sync-{code}", validate_parameters=True, persist_result=False)
def city(code: str, run_id: str) -> State[str]:
    """Walk one city for a run under way; its result goes to the ledger, where the run's leader finds it."""
    logger = get_run_logger()

    def say(text: str) -> None:
        logger.info("%s %s", code, text)

    try:
        answer = lend_a_hand(code, run_id, set_up(load_settings()), say, datetime.now(UTC))
    except CitySyncError as error:
        return Failed(message=str(error))
    if answer is None:
        return Cancelled(message=f"运行 {run_id} 已结束，或 {code} 已有别的 worker 在处理")
    if isinstance(answer, Lost):
        return Failed(message=answer.text)
    return Completed(message=f"{code} {STATE_LABELS[answer.state]}")
