"""Giving cities to a work pool: runs of the ``city`` deployment, and where the orchestrator has them."""

from __future__ import annotations

import threading
from collections.abc import Collection
from uuid import UUID

import httpx
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.client.schemas.objects import State
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.states import Cancelling, Crashed

from citysync.domain.errors import ConfigError, StorageError
from flows.lookout import Stage

DEPLOYMENT = "city/city"
_AWAY = (httpx.HTTPError, PrefectHTTPStatusError)
_PAGE = 200


class Submissions:
    """The runs of the ``city`` deployment this run asked for. Safe to use from several threads."""

    def __init__(self, client: SyncPrefectClient) -> None:
        """Raise ConfigError if there is no ``city`` deployment, StorageError if the server does not answer."""
        self._client = client
        self._lock = threading.Lock()
        try:
            self._deployment: UUID = client.read_deployment_by_name(DEPLOYMENT).id
        except ObjectNotFound as error:
            text = f"CITYSYNC_FAN_OUT=pool，但 Prefect 里没有部署 {DEPLOYMENT}；请先运行 prefect deploy --all"
            raise ConfigError(text) from error
        except _AWAY as error:
            raise StorageError(f"Prefect 服务没有应答，无法把城市分给工作池：{type(error).__name__}") from error

    def submit(self, run_id: str, code: str, key: str) -> UUID | None:
        """Ask for a city's walk; the same key asks once. Return None while the server does not answer."""
        try:
            with self._lock:
                run = self._client.create_flow_run_from_deployment(
                    self._deployment,
                    parameters={"code": code, "run_id": run_id},
                    tags=["citysync", f"run:{run_id}"],
                    idempotency_key=key,
                )
        except _AWAY:
            return None
        return run.id

    def stages(self, ids: Collection[UUID]) -> dict[UUID, Stage]:
        """Return where the orchestrator has them; nothing while it does not answer."""
        found: dict[UUID, Stage] = {}
        wanted = list(ids)
        try:
            for start in range(0, len(wanted), _PAGE):
                some = FlowRunFilter(id=FlowRunFilterId(any_=wanted[start : start + _PAGE]))
                with self._lock:
                    runs = self._client.read_flow_runs(flow_run_filter=some, limit=_PAGE)
                found |= {run.id: _stage(run.state) for run in runs}
        except _AWAY:
            return {}
        return found

    def bury(self, flow_run: UUID, why: str) -> None:
        """Say of a run whose worker is gone that it crashed: left alone it would say "running" for ever."""
        try:
            with self._lock:
                state = self._client.read_flow_run(flow_run).state
                if state is not None and not state.is_final():
                    self._client.set_flow_run_state(flow_run, Crashed(message=why), force=True)
        except (*_AWAY, ObjectNotFound):
            return

    def cancel(self, flow_runs: Collection[UUID]) -> None:
        """Ask the workers to stop; the ledger stops them as well, a little later."""
        for flow_run in flow_runs:
            try:
                with self._lock:
                    self._client.set_flow_run_state(flow_run, Cancelling(message="这次运行已取消"))
            except (*_AWAY, ObjectNotFound):
                return


def _stage(state: State[object] | None) -> Stage:
    if state is None or state.is_scheduled():
        return Stage.QUEUED
    return Stage.ENDED if state.is_final() else Stage.STARTED
