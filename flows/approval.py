"""Giving leave for a mass change: what is refused, what is kept, how it is told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from citysync.config.settings import Settings
from citysync.domain.approval import Held
from citysync.domain.errors import ConfigError
from citysync.domain.items import label
from citysync.storage.approvals import Ceiling, approve
from citysync.storage.audit import os_user
from flows.ledger_at import writable_ledger
from flows.night import SHANGHAI, chosen

_WORDS = {Held.VANISHED: "消失至多 {} 项", Held.APPEARED: "多出至多 {} 条", Held.EMPTY: "收到 0 条"}


def grant(
    settings: Settings,
    code: str,
    ceilings: Sequence[Ceiling],
    until: date,
    reason: str,
    now: datetime,
    *,
    on: date | None = None,
    who: str | None = None,
) -> str:
    """Keep an approval in the ledger and return what was approved.

    ``who``: in whose name, by default that of the account that runs this.

    Raises ConfigError for a stranger among the cities, for nothing to approve, no reason, or a day that is over.
    """
    city = chosen(settings, (code,))[code]
    today = on or now.astimezone(SHANGHAI).date()
    if not ceilings:
        raise ConfigError("没有说批准什么：请给出 --vanished、--appeared、--field 与 --changed，或 --empty")
    if not reason.strip():
        raise ConfigError("--reason 不能为空：批准的理由要记入审计")
    if until < today:
        raise ConfigError(f"--until {until} 已过（今天 {today}）；请写今天或以后的日期")
    who = who or os_user()
    with writable_ledger(settings) as store:
        serials = approve(store, code, ceilings, until, reason.strip(), who, now)
    told = "；".join(_told(each) for each in ceilings)
    return f"已批准 {code} {city.name}：{told}；有效至 {until}（含）；批准人 {who}；编号 {'、'.join(map(str, serials))}"


def _told(ceiling: Ceiling) -> str:
    if ceiling.kind is Held.CHANGED:
        return f"字段 {label(ceiling.field or '')} 变空或改动至多 {ceiling.most} 项"
    return _WORDS[ceiling.kind].format(ceiling.most)
