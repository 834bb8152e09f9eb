"""Alerts: what is told about a city or about our own side, to whom, once. No frame library is imported here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from citysync.domain.verdict import Fault, State
from citysync.domain.workdays import Calendar


class Kind(StrEnum):
    """What an alert is about. The first three are a city's state, ``flapping`` its restlessness, the rest our side."""

    NOT_SYNCED = "not_synced"
    OUT_OF_SYNC = "out_of_sync"
    HELD = "held"
    FLAPPING = "flapping"
    STORM = "storm"
    RUN_FAILED = "run_failed"
    NO_RUN = "no_run"
    RUN_STUCK = "run_stuck"
    MAIL_STUCK = "mail_stuck"


KIND_LABELS = {
    Kind.NOT_SYNCED: "未同步",
    Kind.OUT_OF_SYNC: "失步",
    Kind.HELD: "待确认",
    Kind.FLAPPING: "反复",
    Kind.STORM: "疑似出口故障",
    Kind.RUN_FAILED: "省平台故障",
    Kind.NO_RUN: "没有按时运行",
    Kind.RUN_STUCK: "运行超时",
    Kind.MAIL_STUCK: "告警积压",
}
KIND_OF = {State.NOT_SYNCED: Kind.NOT_SYNCED, State.OUT_OF_SYNC: Kind.OUT_OF_SYNC, State.HELD: Kind.HELD}
FIX_WORKDAYS = {Kind.NOT_SYNCED: 2, Kind.OUT_OF_SYNC: 5, Kind.HELD: 1}
_FIX_WORKDAYS = 5  # of every other kind
OURS = frozenset({Kind.STORM, Kind.RUN_FAILED, Kind.NO_RUN, Kind.RUN_STUCK, Kind.MAIL_STUCK})
URGENT = frozenset({Kind.RUN_FAILED, Kind.NO_RUN, Kind.RUN_STUCK, Kind.MAIL_STUCK})  # P1: passes quiet hours


def fix_by(kind: Kind, opened_on: date, calendar: Calendar) -> date:
    """Return the day by whose end what opened on a day should be put right: messages and pages say the same."""
    return calendar.add_workdays(opened_on, FIX_WORKDAYS.get(kind, _FIX_WORKDAYS))


class Change(StrEnum):
    """What happened to an alert. ``reminder`` is one line in the digest, ``repeated`` the full text again."""

    OPENED = "opened"
    REMINDER = "reminder"
    REPEATED = "repeated"
    ESCALATED = "escalated"
    RECOVERED = "recovered"


CHANGE_LABELS = {
    Change.OPENED: "告警",
    Change.REMINDER: "持续",
    Change.REPEATED: "再次提醒",
    Change.ESCALATED: "升级",
    Change.RECOVERED: "恢复",
}


class Told(StrEnum):
    """How far the first message of an alert has come. Recovery is told only of what was sent."""

    NO = "no"
    QUEUED = "queued"
    SENT = "sent"


@dataclass(frozen=True, slots=True)
class Key:
    """What there is at most one open alert of; ``city_code`` is empty for our own side."""

    city_code: str
    kind: Kind
    fault: Fault


@dataclass(frozen=True, slots=True)
class Alert:
    """One open alert. ``alert_id``: the number (编号) in every message, list and log.

    ``level``: how far it was escalated (0 city contact, 1 supervisor, 2 province's list); ``ack_until``: acknowledged
    until that day, included; ``repeated_on``: the last business date its full text was told.
    """

    alert_id: str
    key: Key
    opened_on: date
    told: Told = Told.NO
    level: int = 0
    ack_until: date | None = None
    repeated_on: date | None = None


@dataclass(frozen=True, slots=True)
class Silence:
    """A city's alerts are kept but not told until a day (included), for a reason, by somebody."""

    city_code: str
    until: date
    reason: str
    owner: str


@dataclass(frozen=True)
class CityNight:
    """What one run says of one city, and what people need to act on it.

    ``states``: its last states, oldest first, tonight's last, nights nobody could judge left out; ``problems`` and
    ``regions``: (label, count), most first; ``found_before``: findings of the run before, None if there was none;
    ``good_on``, ``good_rows``: the snapshot in force; ``failed_runs``: runs in a row without a usable snapshot.
    """

    code: str
    name: str
    state: State
    fault: Fault
    reasons: tuple[str, ...]
    since: datetime
    states: tuple[State, ...]
    found: int = 0
    found_before: int | None = None
    problems: tuple[tuple[str, int], ...] = ()
    regions: tuple[tuple[str, int], ...] = ()
    rows: int = 0
    good_on: date | None = None
    good_rows: int | None = None
    failed_runs: int = 0
    contacts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Night:
    """One run as alerts see it.

    ``failed``: why our side or the master broke it off; ``alike``: the cities of one incident of ours; ``whole``: a
    nightly run over every city, which alone speaks of our own side.
    """

    run_id: str
    business_date: date
    cities: tuple[CityNight, ...]
    failed: str | None = None
    alike: frozenset[str] = frozenset()
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to record, and perhaps to tell: what became of an alert in one run.

    ``tell`` False: recorded without a word (silenced, superseded, or never sent in the first place).
    """

    change: Change
    alert: Alert
    closes: bool = False
    tell: bool = True


@dataclass(frozen=True, slots=True)
class Entry:
    """One piece of a digest for one channel: ``title`` is the line of the lock screen, ``body`` the rest.

    ``not_before``: when it may go out; ``urgent``: passes quiet hours.
    """

    channel: str
    alert_id: str
    change: Change
    run_id: str
    city_code: str
    title: str
    body: str
    not_before: datetime
    urgent: bool = False

    @property
    def text(self) -> str:
        """Return the whole piece."""
        return f"{self.title}\n{self.body}" if self.body else self.title
