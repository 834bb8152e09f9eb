"""The automations of the orchestrator, from the repository: ``python -m flows.automations`` makes its own like these.

A second net, drawn by the orchestrator itself; the first one, the watchdog's timer, needs none of it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from prefect import get_client
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ActionTypes, ChangeFlowRunState, DoNothing, RunDeployment, SendNotification
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification
from prefect.exceptions import ObjectNotFound

from citysync.domain.errors import CitySyncError, ConfigError
from flows.events import RUN_FINISHED

PREFIX = "citysync: "
NIGHT_HOURS = 26  # as the watchdog: a day, and two hours for a night that takes long
BEATS = 3  # a run that missed three heartbeats is dead
WATCHDOG = "watchdog/watchdog"
_OURS = ResourceSpecification({"prefect.resource.id": "prefect.tag.citysync", "prefect.resource.role": "tag"})
_RUNS = ResourceSpecification({"prefect.resource.id": "prefect.flow-run.*"})
_EACH = {"prefect.resource.id"}


def automations(watchdog: UUID, notify: UUID | None, beat_seconds: int = 30) -> list[AutomationCore]:
    """Return every automation of the project.

    ``watchdog``: the deployment asked to look, and to tell the duty channel, at once. ``notify``: a notification block
    of yours, told as well. ``beat_seconds``: ``PREFECT_FLOWS_HEARTBEAT_FREQUENCY`` of the workers.
    """
    look: list[ActionTypes] = [RunDeployment(source="selected", deployment_id=watchdog)]
    tell: list[ActionTypes] = [] if notify is None else [_told(notify)]
    crash = ChangeFlowRunState(state=StateType.CRASHED, name="Crashed", message="心跳已停，进程或机器不在了")
    texts = {
        "没有完成的运行": f"{NIGHT_HOURS} 小时内没有一次运行完成；立即运行 watchdog",
        "运行崩溃": "运行的进程没有说完就结束了；立即运行 watchdog",
        "无人接手": "到了时间没有 worker 接手；请看 worker 是否在运行",
        "失去心跳": "进程或机器已经不在，运行还显示 Running；改为 Crashed",
    }
    triggers = (_no_night(), _state("Crashed"), _state("Late"), _silent(BEATS * beat_seconds))
    actions: tuple[list[ActionTypes], ...] = ([*look, *tell], [*look, *tell], tell or [DoNothing()], [crash])
    return [
        AutomationCore(name=f"{PREFIX}{name}", description=text, enabled=True, trigger=trigger, actions=acts)
        for (name, text), trigger, acts in zip(texts.items(), triggers, actions, strict=True)
    ]


def apply(wanted: Sequence[AutomationCore], client: SyncPrefectClient) -> list[str]:
    """Make the server's automations of our prefix exactly these; return what was done, a line each."""
    known = {each.name: each for each in client.read_automations() if each.name.startswith(PREFIX)}
    done = []
    for automation in wanted:
        before = known.pop(automation.name, None)
        if before is None:
            client.create_automation(automation)
        else:
            # An update sends only what was set by hand, and its owner is refused.
            whole = AutomationCore.model_validate(automation.model_dump(exclude={"owner_resource"}))
            client.update_automation(before.id, whole)
        done.append(f"{'已建立' if before is None else '已更新'} {automation.name}")
    for name, left in known.items():
        client.delete_automation(left.id)
        done.append(f"已删除 {name}")
    return done


def _no_night() -> EventTrigger:
    return EventTrigger(
        expect={RUN_FINISHED},
        match=ResourceSpecification({"prefect.resource.id": "citysync.run.*"}),
        posture=Posture.Proactive,
        threshold=1,
        within=timedelta(hours=NIGHT_HOURS),
    )


def _state(name: str) -> EventTrigger:
    return EventTrigger(
        expect={f"prefect.flow-run.{name}"},
        match=_RUNS,
        match_related=_OURS,
        for_each=_EACH,
        posture=Posture.Reactive,
        threshold=1,
        within=timedelta(0),
    )


def _silent(seconds: int) -> EventTrigger:
    """Return the trigger of a run that was heard and then not again; every state's event counts as a sign of life."""
    return EventTrigger(
        after={"prefect.flow-run.heartbeat"},
        expect={"prefect.flow-run.*"},
        match=_RUNS,
        match_related=_OURS,
        for_each=_EACH,
        posture=Posture.Proactive,
        threshold=1,
        within=timedelta(seconds=seconds),
    )


def _told(notify: UUID) -> SendNotification:
    body = "{{ automation.description }}\n{{ event.event }} {{ event.resource.id }}"
    return SendNotification(block_document_id=notify, subject="{{ automation.name }}", body=body)


def _notify(client: SyncPrefectClient, slug: str) -> UUID:
    kind, _, name = slug.partition("/")
    try:
        return client.read_block_document_by_name(name, kind).id
    except ObjectNotFound as error:
        raise ConfigError(f"Prefect 里没有通知块 {slug}；请先建立，写法如 slack-webhook/duty") from error


def main(words: Sequence[str] | None = None) -> int:
    """Apply the automations to the server of ``PREFECT_API_URL`` and say what was done."""
    parser = argparse.ArgumentParser(prog="python -m flows.automations", description="把自动化规则装到 Prefect 服务上")
    parser.add_argument("--notify", metavar="TYPE/NAME", help="同时通知的 Prefect 通知块，如 slack-webhook/duty")
    parser.add_argument("--beat-seconds", type=int, default=30, help="worker 的 PREFECT_FLOWS_HEARTBEAT_FREQUENCY")
    asked = parser.parse_args(words)
    try:
        with get_client(sync_client=True) as client:
            done = apply(_wanted(client, asked.notify, asked.beat_seconds), client)
    except CitySyncError as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command of its own
        return 2
    print("\n".join(done))  # noqa: T201 - a command of its own
    return 0


def _wanted(client: SyncPrefectClient, notify: str | None, beat_seconds: int) -> list[AutomationCore]:
    try:
        watchdog = client.read_deployment_by_name(WATCHDOG).id
    except ObjectNotFound as error:
        raise ConfigError(f"Prefect 里没有部署 {WATCHDOG}；请先运行 prefect deploy --all") from error
    return automations(watchdog, None if notify is None else _notify(client, notify), beat_seconds)


if __name__ == "__main__":
    sys.exit(main())
