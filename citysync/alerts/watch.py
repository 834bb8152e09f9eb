"""Is anybody watching the watcher: a night that never ran, a run beyond its time, mail that does not go out. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from citysync.alerts.announce import new_number
from citysync.alerts.compose import Text, Words, day
from citysync.alerts.worktime import SHANGHAI
from citysync.domain.alert import KIND_LABELS, Alert, Change, Key, Kind, Step, Told
from citysync.domain.verdict import Fault

KINDS = (Kind.NO_RUN, Kind.RUN_STUCK, Kind.MAIL_STUCK)


@dataclass(frozen=True, slots=True)
class Limits:
    """How long is too long: since the last finished nightly run, of a run under way, of a piece that may go out."""

    run_age: timedelta = timedelta(hours=26)
    run_time: timedelta = timedelta(hours=6)
    mail_age: timedelta = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Sight:
    """What the ledger shows. ``finished_at``: of the last finished nightly run; ``running``: (run id, started at)."""

    finished_at: datetime | None
    running: tuple[tuple[str, datetime], ...] = ()
    mail_since: datetime | None = None


@dataclass(frozen=True)
class Watched:
    """What is wrong, in words, by kind; empty when all is well."""

    troubles: dict[Kind, str] = field(default_factory=dict)


def watch(sight: Sight, now: datetime, limits: Limits) -> Watched:
    """Return what is overdue."""
    return Watched({kind: text for kind, text in _troubles(sight, now, limits) if text})


def _troubles(sight: Sight, now: datetime, limits: Limits) -> Iterator[tuple[Kind, str]]:
    if sight.finished_at is None:
        yield Kind.NO_RUN, "台账里没有任何完成的每晚运行"
    elif now - sight.finished_at > limits.run_age:
        yield (
            Kind.NO_RUN,
            f"最近一次完成的每晚运行是 {_moment(sight.finished_at)}，已超过 {_hours(limits.run_age)} 小时",
        )
    slow = [f"运行 {run_id} 自 {_moment(since)} 起" for run_id, since in sight.running if now - since > limits.run_time]
    if slow:
        yield Kind.RUN_STUCK, f"{'；'.join(slow)}，已超过 {_hours(limits.run_time)} 小时"
    if sight.mail_since is not None and now - sight.mail_since > limits.mail_age:
        yield Kind.MAIL_STUCK, f"最早的告警自 {_moment(sight.mail_since)} 起未能送出"


def watch_steps(watched: Watched, open_alerts: Sequence[Alert], numbers: Collection[str], now: datetime) -> list[Step]:
    """Return what becomes of the watchdog's alerts: opened once, reminded once a day, closed when all is well."""
    on = now.astimezone(SHANGHAI).date()
    standing = {alert.key.kind: alert for alert in open_alerts if alert.key.kind in KINDS}
    taken = set(numbers)
    steps = []
    for kind in KINDS:
        alert, wrong = standing.get(kind), kind in watched.troubles
        if wrong and alert is None:
            key = Key("", kind, Fault.OURS)
            steps.append(Step(Change.OPENED, Alert(new_number(key, on, taken), key, on, repeated_on=on)))
        elif wrong and alert is not None and alert.repeated_on != on:
            steps.append(Step(Change.REMINDER, replace(alert, repeated_on=on)))
        elif not wrong and alert is not None:
            steps.append(Step(Change.RECOVERED, alert, closes=True, tell=alert.told is Told.SENT))
    return steps


def watch_text(step: Step, watched: Watched, words: Words, now: datetime) -> Text:
    """Return what a step of the watchdog says."""
    kind, on = step.alert.key.kind, day(now.astimezone(SHANGHAI).date())
    tail = f"编号 {step.alert.alert_id} 联系：{words.contact}"
    if step.change is Change.RECOVERED:
        return Text(f"【已恢复】{KIND_LABELS[kind]}", (f"{on} 恢复正常", tail))
    do = "请省平台值班检查主机、调度与 citysync doctor；与各市无关，各市无需处理"
    return Text(f"【{KIND_LABELS[kind]}】{watched.troubles[kind]}", (do, tail))


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(SHANGHAI):%m-%d %H:%M}"


def _hours(span: timedelta) -> int:
    return round(span.total_seconds() / 3600)
