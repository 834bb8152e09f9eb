"""What people decide about a city's alerts and findings, from a page or the command line: the same rules, one audit."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime

from citysync.config.settings import Settings
from citysync.domain.appeal import Answer, Reply
from citysync.domain.errors import ConfigError
from citysync.domain.workdays import calendar
from citysync.storage import alerting, appeals, identity, reading
from citysync.storage.identity import Decision, Standing
from citysync.storage.reading import Row
from flows.ledger_at import writable_ledger
from flows.night import SHANGHAI

ACK_DAYS = 3  # working days somebody may hold an alert back: then it speaks again
REASON_LETTERS = 1000
HANDLER_LETTERS = 100


def acknowledge(settings: Settings, alert_id: str, days: int, reason: str, who: str, now: datetime) -> date:
    """Take an alert on for 1 to 3 working days, in somebody's name; return until when.

    Raises ConfigError for other days and an empty reason, StorageError for an alert that is not open.
    """
    if not 1 <= days <= ACK_DAYS:
        raise ConfigError(f"--days {days}：知悉至多 {ACK_DAYS} 个工作日，到期后恢复提醒")
    until = calendar().add_workdays(now.astimezone(SHANGHAI).date(), days)
    with writable_ledger(settings) as store:
        alerting.acknowledge(store, alert_id, until, _reason(reason), who, now)
    return until


def appeal(settings: Settings, code: str, wanted: Mapping[str, str], reason: str, who: str, now: datetime) -> int:
    """Keep what a city says against its findings in force, changing no verdict; return how many are appealed against.

    ``wanted``: what names the findings: keys of a finding, those left out match all; at least a code must be there.
    Raises ConfigError where no finding is named, none is found, or no reason is given.
    """
    if not wanted.keys() & {"catalog_code", "task_code", "task_handle_item"}:
        raise ConfigError("请写明申诉哪一事项：基本编码或实施编码")
    with writable_ledger(settings) as store:
        listing = reading.findings(store, code)
        found = [row for row in listing.rows if all(row[key] == value for key, value in wanted.items())]
        if listing.run_id is None or not found:
            raise ConfigError("现行清单里没有这一条差异；请核对编码")
        return appeals.appeal(store, code, listing.run_id, found, _reason(reason), who, now)


def answer_appeals(
    settings: Settings, serials: Collection[int], answer: Answer, handler: str, reason: str, who: str, now: datetime
) -> list[Row]:
    """Answer appeals in the province's name and return them as they stand then; no verdict changes.

    ``handler``: who acts on what is upheld; of no meaning for what is rejected. Raises ConfigError for an appeal that
    is not there, an empty reason, and an upheld appeal nobody acts on.
    """
    if not serials:
        raise ConfigError("请写明答复哪些申诉；请用 citysync appeals list 查看编号")
    acts = " ".join(handler.split())[:HANDLER_LETTERS] if answer is Answer.UPHELD else None
    if acts == "":
        raise ConfigError("--handler 不能为空：申诉成立的，要写明由谁处理")
    with writable_ledger(settings) as store:
        return appeals.answer(store, serials, Reply(answer, _reason(reason), acts), who, now)


def decide_identity(
    settings: Settings, proposal_id: int, standing: Standing, reason: str, who: str, now: datetime
) -> Row:
    """Confirm or reject a proposed re-coding from today, in somebody's name; raise ConfigError as ``decide`` does."""
    made = Decision(standing, who, now, now.astimezone(SHANGHAI).date(), _reason(reason))
    with writable_ledger(settings) as store:
        return identity.decide(store, proposal_id, made)


def _reason(text: str) -> str:
    told = text.strip()
    if not told:
        raise ConfigError("--reason 不能为空：理由要记入审计")
    return told[:REASON_LETTERS]
