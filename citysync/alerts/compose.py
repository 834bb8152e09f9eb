"""What an alert says, in the words people act on. Pure.

Five things, in this order: who and whose fault; how big, against yesterday; since when and last good; what to do by
when; evidence and contact. The verdict's word comes first, since a lock screen shows no more. A city that need not act
is told so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from citysync.alerts.flapping import SETTLED, WINDOW, interruptions
from citysync.domain.alert import KIND_LABELS, Alert, Change, CityNight, Kind, Night, Step, fix_by
from citysync.domain.showing import one_line
from citysync.domain.verdict import FAULT_LABELS, STATE_LABELS, Fault, State
from citysync.domain.workdays import Calendar

WEEKDAYS = "一二三四五六日"
NOT_THEIRS = frozenset({Fault.OURS, Fault.MASTER})
_NO_ACTION = "与本市无关，本市无需处理，由省平台处理"
_AFTERWARDS = {State.IN_SYNC: "本市无需再处理；", State.LAGGING: "宽限期内的差异请按期更正；"}
_SHOWN = 3
_REASON = 300


@dataclass(frozen=True)
class Words:
    """What texts need beside the facts: the calendar, who answers the phone, where the pages are (None: nowhere)."""

    calendar: Calendar
    contact: str
    base_url: str | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """A title, which the lock screen shows, and the lines below it."""

    title: str
    lines: tuple[str, ...] = ()


def compose(step: Step, night: Night, words: Words) -> Text:
    """Return the text of one step of a night; what a city sent begins no line of it and acts nowhere."""
    text = _composed(step, night, words)
    return Text(one_line(text.title), tuple(map(one_line, text.lines)))


def _composed(step: Step, night: Night, words: Words) -> Text:
    alert = step.alert
    if not alert.key.city_code:
        return _ours(step, night, words)
    city = next(city for city in night.cities if city.code == alert.key.city_code)
    if step.change is Change.RECOVERED:
        return _recovered(city, alert, night, words)
    if step.change is Change.REMINDER:
        return Text(
            f"{city.name} {KIND_LABELS[alert.key.kind]} {_lasting(alert, night, words)}（编号 {alert.alert_id}）"
        )
    text = _CITY[alert.key.kind](city, alert, night, words)
    mark = {Change.ESCALATED: "〔升级〕", Change.REPEATED: "〔再次提醒〕"}.get(step.change, "")
    lasting = (_lasting(alert, night, words),) if mark else ()
    return Text(f"{mark}{text.title}", (*lasting, *text.lines, *_evidence(city, alert, night, words)))


def day(on: date) -> str:
    """Return a day as people read it: ``11月23日（周一）``."""
    return f"{on.month}月{on.day}日（周{WEEKDAYS[on.weekday()]}）"


def _not_synced(city: CityNight, alert: Alert, night: Night, words: Words) -> Text:
    again = f"连续第 {city.failed_runs} 次" if city.failed_runs > 1 else "第 1 次"
    return Text(
        f"【未同步】{city.name} 服务事项目录 {day(night.business_date)}",
        (
            f"原因：{_reason(city)}——{_side(city)}",
            f"影响：今日未对账；{_in_force(city)}",
            f"开始：{day(alert.opened_on)}，{again}未取得可用数据",
            _todo(city, alert, words),
        ),
    )


def _out_of_sync(city: CityNight, alert: Alert, night: Night, words: Words) -> Text:
    wrong = "差异" if city.fault in NOT_THEIRS else "需更正"
    found = f"{city.found:,} 项{wrong}{_against_yesterday(city)}" if city.found else day(night.business_date)
    return Text(
        f"【失步】{city.name} {found}",
        (
            f"原因：{_reason(city)}——{_side(city)}",
            *_most("最多", city.problems),
            *_most("涉及", city.regions),
            f"自 {day(alert.opened_on)} 起；截止 {_deadline(alert, words)}",
            _correct(city),
        ),
    )


def _held(city: CityNight, alert: Alert, night: Night, words: Words) -> Text:
    del night
    return Text(
        f"【待确认】{city.name} {_reason(city)}",
        (
            f"系统未采用，未判缺失，尚未归责；{_in_force(city)}",
            f"自 {day(alert.opened_on)} 起；{_deadline(alert, words)}前答复",
            _confirm(city),
        ),
    )


def _flapping(city: CityNight, alert: Alert, night: Night, words: Words) -> Text:
    del night, words
    times = interruptions(city.states)
    return Text(
        f"【反复】{city.name} 近 {min(WINDOW, len(city.states))} 次运行中 {times} 次异常",
        (
            f"最近一次：{STATE_LABELS[city.state]}；{f'{_reason(city)}——{_side(city)}' if city.reasons else '无异常'}",
            f"自 {day(alert.opened_on)} 起改为每日汇总，连续 {SETTLED} 次结论相同后解除",
            _steady(city),
        ),
    )


def _ours(step: Step, night: Night, words: Words) -> Text:
    alert, on = step.alert, day(night.business_date)
    kind = alert.key.kind
    label = KIND_LABELS[kind]
    if step.change is Change.RECOVERED:
        return Text(f"【已恢复】{label}（编号 {alert.alert_id}）", (f"{on} 起恢复正常", f"联系：{words.contact}"))
    tail = f"编号 {alert.alert_id} 运行 {night.run_id} 联系：{words.contact}"
    if kind is Kind.STORM:
        reached = f"{len(night.cities)} 个市中 {_storm_size(night)} 个不可达"
        return Text(f"【{label}】{reached}，已暂停对这些市告警", (f"{on}；各市无需处理，请省平台先查出口与网络", tail))
    lasting = () if step.change is Change.OPENED else (_lasting(alert, night, words),)
    told = night.failed or "原因见运行记录"
    return Text(
        f"【{label}】{on} 对账未完成",
        (*lasting, f"原因：{told}", "与各市无关，各市无需处理；请省平台值班处理后补跑 citysync nightly", tail),
    )


def _storm_size(night: Night) -> int:
    from citysync.alerts.storm import storm  # noqa: PLC0415 - the one place that needs it

    return len(storm(night))


def _recovered(city: CityNight, alert: Alert, night: Night, words: Words) -> Text:
    lasted = words.calendar.workdays_between(alert.opened_on, night.business_date)
    return Text(
        f"【已恢复】{city.name} {KIND_LABELS[alert.key.kind]}已解除，现为{STATE_LABELS[city.state]}",
        (
            f"{day(night.business_date)} 收到 {city.rows:,} 条，差异 {city.found:,}；历时 {lasted} 个工作日",
            f"{_AFTERWARDS.get(city.state, '')}编号 {alert.alert_id} 运行 {night.run_id}",
        ),
    )


def _reason(city: CityNight) -> str:
    first = city.reasons[0] if city.reasons else "原因见运行记录"
    shown = first if len(first) <= _REASON else f"{first[:_REASON]}…"
    return shown if len(city.reasons) <= 1 else f"{shown}（另有 {len(city.reasons) - 1} 项原因）"


def _side(city: CityNight) -> str:
    if city.fault is Fault.NETWORK:
        return "尚未判明是网络还是市级服务，不归责"
    return FAULT_LABELS[city.fault]


def _in_force(city: CityNight) -> str:
    if city.good_on is None:
        return "该市尚无可用快照"
    rows = "" if city.good_rows is None else f" {city.good_rows:,} 条"
    return f"沿用 {day(city.good_on)} 快照{rows}"


def _todo(city: CityNight, alert: Alert, words: Words) -> str:
    if city.fault in NOT_THEIRS:
        return _NO_ACTION
    if city.fault is Fault.NETWORK:
        return f"请处理：{_who(city)}请确认接口是否正常；省平台同时排查网络，{_deadline(alert, words)}前回复"
    again = f"恢复后请省平台重新拉取（citysync sync {city.code}）"
    return f"请处理：{_who(city)}检查接口并恢复，{_deadline(alert, words)}前；{again}"


def _correct(city: CityNight) -> str:
    if city.fault in NOT_THEIRS:
        return _NO_ACTION
    if not city.found:
        return f"请处理：{_who(city)}按原因恢复数据更新；恢复后请省平台重新拉取（citysync sync {city.code}）"
    listed = f"{_who(city)}按问题清单更正（citysync receipt {city.code}）；有异议请在“申诉”列填写并回传"
    return f"请处理：{listed}；改好后请省平台复核（citysync recheck {city.code}）"


def _confirm(city: CityNight) -> str:
    if city.fault in NOT_THEIRS:
        return _NO_ACTION
    approve = f"若确为清理，请省平台确认采用（citysync approve {city.code}，需填原因）"
    return f"请处理：{_who(city)}核实是否有意调整；{approve}；否则请检查接口，修复后下次运行自动解除"


def _steady(city: CityNight) -> str:
    return _NO_ACTION if city.fault in NOT_THEIRS else f"请处理：{_who(city)}检查接口在对账时段是否稳定"


def _who(city: CityNight) -> str:
    return f"{'、'.join(city.contacts)} " if city.contacts else ""


def _deadline(alert: Alert, words: Words) -> str:
    until = fix_by(alert.key.kind, alert.opened_on, words.calendar)
    days = words.calendar.workdays_between(alert.opened_on, until)
    estimated = "，估算" if words.calendar.estimated(until) else ""
    return f"{day(until)}下班（{days} 个工作日{estimated}）"


def _against_yesterday(city: CityNight) -> str:
    if city.found_before is None:
        return ""
    change = city.found - city.found_before
    words = f"新增 {change:,}" if change > 0 else f"减少 {-change:,}" if change < 0 else "不变"
    return f"（上次 {city.found_before:,} 项，{words}）"


def _most(title: str, counted: Sequence[tuple[str, int]]) -> tuple[str, ...]:
    if not counted:
        return ()
    shown = "、".join(f"{label} {count:,}" for label, count in counted[:_SHOWN])
    more = f" 等 {len(counted)} 类" if len(counted) > _SHOWN else ""
    return (f"{title}：{shown}{more}",)


def _lasting(alert: Alert, night: Night, words: Words) -> str:
    return f"已持续 {words.calendar.workdays_between(alert.opened_on, night.business_date)} 个工作日"


def _evidence(city: CityNight, alert: Alert, night: Night, words: Words) -> tuple[str, ...]:
    page = f" 详情 {words.base_url}/c/{city.code}" if words.base_url else ""
    return (f"编号 {alert.alert_id} 运行 {night.run_id}{page} 联系：{words.contact}",)


_CITY: dict[Kind, Callable[[CityNight, Alert, Night, Words], Text]] = {
    Kind.NOT_SYNCED: _not_synced,
    Kind.OUT_OF_SYNC: _out_of_sync,
    Kind.HELD: _held,
    Kind.FLAPPING: _flapping,
}
