"""A run over the province inside Prefect: one parent flow, one mapped task per city, artifacts for people.

The run is *Completed* when cities are flagged (and named for it) and *Failed* only when we or the province failed.
Mapped tasks, not subflows: a subflow costs ten to thirty-five times as much.
"""

from __future__ import annotations

from collections import Counter
from contextlib import AbstractContextManager, suppress
from datetime import UTC, datetime
from typing import Any, cast

from prefect import unmapped
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.client.schemas.objects import State
from prefect.futures import PrefectFuture, wait
from prefect.logging import get_run_logger
from prefect.states import Completed, Failed
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from citysync.config.logs import set_up
from citysync.config.settings import load_settings
from citysync.domain.errors import CitySyncError, ConfigError, StorageError
from citysync.domain.verdict import Fault
from citysync.domain.verdict import State as CityState
from flows.alerting import tell_after
from flows.artifacts import city_page, flagged_of, night_rows
from flows.crew import Hands, crew_of
from flows.delivery import hand_over_after
from flows.events import RUN_FAILED, RUN_FINISHED, RUN_STARTED, run_event
from flows.interrupt import undisturbed
from flows.night import Asked, Night, begin
from flows.outcry import cry_out
from flows.pool import pool_of
from flows.tasks import sync_one
from flows.walking import stop

# Threads that wait for an answer; how many cities run at once is the crew's size, or the pool's.
RUNNER = cast("TaskRunner[PrefectFuture[Any]]", ThreadPoolTaskRunner[Any](max_workers=64))

_LOOK_SECONDS = 0.5


def run_province(asked: Asked) -> State[str]:
    """Run the cities asked for; the state's result is our run id, or the flow is Failed with the reason."""
    logger = get_run_logger()
    try:
        settings = set_up(load_settings())
        night = begin(asked, settings, _now())
    except CitySyncError as error:
        logger.error("运行未能开始：%s", error)  # noqa: TRY400 - the text is made for people, a trace is not
        _cry(error)
        return Failed(message=str(error))
    run = night.run
    logger.info(
        "运行 %s：%d 个城市，基本目录 %s，业务日期 %s",
        run.run_id,
        len(night.cities),
        run.master_version,
        run.business_date,
    )
    run_event(RUN_STARTED, run, cities=len(night.cities))
    failed = _walked(night) or _closed(night)
    if failed:
        night.break_off(_now(), failed[0])
        if night.unheard is not None:
            _cry(StorageError(night.unheard))
    untold = tell_after(settings, _now())
    if untold is not None:
        logger.error("%s", untold)
    undelivered = hand_over_after(settings, night.cities, _now())
    if undelivered is not None:
        logger.error("%s", undelivered)
    run_event(RUN_FAILED if failed else RUN_FINISHED, run, **_summary(night))
    return _shown(night, _ending(night, failed))


def _cry(error: CitySyncError) -> None:
    """Tell the people on duty past a store that takes nothing; a settings error has no channels to tell."""
    with suppress(ConfigError):
        for untold in cry_out(load_settings(), error, _now()):
            get_run_logger().error("%s", untold)


def _summary(night: Night) -> dict[str, int]:
    """Return how many cities there were and how many stand in each state, for the event that ends a run."""
    states = Counter(verdict.state.value for verdict in night.verdicts.values())
    return {"cities": len(night.cities), **{state.value: states[state.value] for state in CityState}}


def _hands(night: Night) -> AbstractContextManager[Hands]:
    """Return who walks the cities: children of this process, or, by one setting, the workers of a pool."""
    if night.settings.fan_out == "pool":
        return pool_of(night.store, night.run.run_id)
    return crew_of(min(night.settings.workers, len(night.cities)))


def _walked(night: Night) -> list[str]:
    """Walk every city and return what our side failed at; an interruption ends the run as cancelled and goes on."""
    try:
        with _hands(night) as crew:
            try:
                walks = [*sync_one.map(list(night.cities), unmapped(night), unmapped(crew), unmapped(_now))]
                _wait(walks)
                if deferred := list(night.deferred):  # they asked us to wait: once more, after all the others
                    walks += sync_one.map(deferred, unmapped(night), unmapped(crew), unmapped(_now))
                    _wait(walks)
            except BaseException:
                stop(night, crew)
                raise
    except BaseException as error:
        with undisturbed():
            night.break_off(_now(), error)
        run_event(RUN_FAILED, night.run, **_summary(night))
        raise
    return [walk.state.message or "" for walk in walks if not walk.state.is_completed()]


def _closed(night: Night) -> list[str]:
    """Close a run whose walks are over; return what the ledger did not take."""
    try:
        night.close(_now())
    except StorageError as error:
        return [str(error)]
    return []


def _wait(walks: list[PrefectFuture[str]]) -> None:
    while wait(walks, timeout=_LOOK_SECONDS).not_done:
        pass  # a signal may not wake a wait that has no end
    for walk in walks:
        walk.wait()  # over already; without it the state is asked of the server, which hears of a quick end too late


def _ending(night: Night, failed: list[str]) -> State[str]:
    if failed:
        return Failed(message=f"本系统故障，运行未完成：{failed[0]}")
    ours = [v for v in night.verdicts.values() if _is_ours(v.state, {reason.fault for reason in v.reasons})]
    if ours:
        return Failed(
            message=f"{len(ours)}/{len(night.cities)} 个城市因本系统或基本目录故障未判定；运行 {night.run.run_id}"
        )
    flagged = flagged_of(night)
    if flagged:
        names = "、".join(night.cities[verdict.city_code].name for verdict in flagged)
        message = f"{len(flagged)}/{len(night.cities)} 个城市需处理：{names}"
        return Completed(name="Flagged", message=message, data=night.run.run_id)
    late = sum(verdict.state is CityState.LAGGING for verdict in night.verdicts.values())
    message = f"{len(night.cities) - late}/{len(night.cities)} 个城市同步" + (
        f"，{late} 个滞后（宽限期内）" if late else ""
    )
    return Completed(message=message, data=night.run.run_id)


def _is_ours(state: CityState, faults: set[Fault]) -> bool:
    return state is CityState.UNKNOWN and bool(faults & {Fault.OURS, Fault.MASTER})


def _shown(night: Night, ending: State[str]) -> State[str]:
    """Return how the run ended, its artifacts published; where they could not be, the verdicts stand and that is said.

    The state is that of the verdicts, as the exit code is: a table that is missing in one place makes none of them
    wrong, and none of them right.
    """
    try:
        _publish_artifacts(night)
    except Exception as error:  # noqa: BLE001 - whatever the orchestrator's client raises
        text = f"结论已写入台账，但结论表未能写入 Prefect（{type(error).__name__}），请用 citysync status 查看"
        get_run_logger().error("%s", text)
        return ending.model_copy(update={"message": f"{ending.message}；{text}"})
    return ending


def _publish_artifacts(night: Night) -> None:
    """Leave the table of the night and a page per flagged city where operators look: in the Prefect UI."""
    create_table_artifact(night_rows(night), key="night", description=f"运行 {night.run.run_id} 各城市结论")
    for verdict in flagged_of(night):
        create_markdown_artifact(city_page(night, verdict), key=f"city-{verdict.city_code}")


def _now() -> datetime:
    return datetime.now(UTC)
