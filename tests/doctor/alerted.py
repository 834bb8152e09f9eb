"""Alerts, in order and out of order: a file of channels, who owns them, what they said when they were last tried."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from citysync.alerts.watch import Limits
from citysync.domain.alert import Alert, Change, Entry, Key, Kind, Step
from citysync.domain.verdict import Fault
from citysync.storage import alerting, mailbox
from citysync.storage.engine import Store
from citysync.storage.schema import open_store
from flows.doctor import alerts
from flows.doctor.catalogue import ALERTS
from flows.doctor.ledger import Ledger
from flows.doctor.outcome import Result, follow
from tests.doctor.ours import NOW, TODAY, Case, settings

DUTY = '[[channel]]\nname = "duty"\nkind = "webhook"\nurl = "http://127.0.0.1:1/"\nowner = "王工"\n'
BOTH = f'{DUTY}roles = ["digest", "duty", "supervisor", "leaders"]\nfallback = "book"\n'
BOOK = '[[channel]]\nname = "book"\nkind = "log"\nowner = "值班"\nroles = ["digest"]\n'
ALERT_ID = "CS-C-440300-20261123"
AS_WRITTEN = BOTH + BOOK


def alerted(
    folder: Path, written: str | None = AS_WRITTEN, past: Callable[[Store], object] | None = None
) -> list[Result]:
    """Return the outcomes for a file of channels and a ledger in which something happened."""
    made = settings(folder, secrets_dir=folder / "secrets")
    (folder / "cities").mkdir()
    (folder / "data").mkdir()
    if written is not None:
        (folder / "cities" / "_channels.toml").write_text(written, encoding="utf-8")
    with open_store(made.database, write=True) as store:
        (past or well)(store)
    ledger = Ledger(made, NOW, TODAY)
    try:
        return follow("本系统", ALERTS, alerts.read(made, ledger))
    finally:
        ledger.close()


def as_written(text: str | None, *, secret: int | None = None) -> Case:
    """Return a case of a file; ``secret``: the mode of the file of the channel's secret, None where there is none."""

    def run(folder: Path) -> list[Result]:
        (folder / "secrets").mkdir(mode=0o700)
        if secret is not None:
            (folder / "secrets" / "CITYSYNC_SECRET_HOOK").write_text("canary-5f3a")
            (folder / "secrets" / "CITYSYNC_SECRET_HOOK").chmod(secret)
        return alerted(folder, text)

    return run


def having(past: Callable[[Store], object], text: str = AS_WRITTEN) -> Case:
    """Return a case of what happened to messages before."""

    def run(folder: Path) -> list[Result]:
        (folder / "secrets").mkdir(mode=0o700)
        return alerted(folder, text, past)

    return run


def well(store: Store) -> None:
    for name in ("duty", "book"):
        mailbox.posted(store, name, NOW, 20, 0, delivered=True)


def refused(store: Store) -> None:
    """Let a test be taken, and the next one be refused."""
    well(store)
    mailbox.posted(store, "duty", NOW, 20, 0, delivered=False, error="渠道 duty：HTTP 401；请核对地址与凭据")


def nothing(_store: Store) -> None:
    """Nothing was ever sent."""


def queued(store: Store, since: datetime) -> None:
    key = Key("440300", Kind.NOT_SYNCED, Fault.CITY)
    step = Step(Change.OPENED, Alert(ALERT_ID, key, TODAY))
    entry = Entry("duty", ALERT_ID, Change.OPENED, "run-1", "440300", "【未同步】深圳市", "", since)
    alerting.apply(store, None, TODAY, [step], [entry], since)


def just_queued(store: Store) -> None:
    queued(store, NOW - timedelta(minutes=5))


def long_queued(store: Store) -> None:
    queued(store, NOW - Limits().mail_age - timedelta(minutes=1))


def handed_on(store: Store) -> None:
    just_queued(store)
    mailbox.failed(store, mailbox.claim(store, "duty", "me", NOW), NOW, "HTTP 401", permanent=True, via="book")


def lost(store: Store) -> None:
    just_queued(store)
    mailbox.failed(store, mailbox.claim(store, "duty", "me", NOW), NOW, "HTTP 401", permanent=True, via=None)


SECRET = BOTH.replace("roles", 'secret = "CITYSYNC_SECRET_HOOK"\nroles') + BOOK
NOBODYS = AS_WRITTEN.replace('owner = "王工"', 'owner = " "')
good = as_written(AS_WRITTEN)

# check → (a fixture it passes, one it does not).
ALERTED: dict[str, tuple[Case, Case]] = {
    "alerts.channels": (good, as_written(None)),
    "alerts.owner": (good, as_written(NOBODYS)),
    "alerts.reach": (good, as_written(AS_WRITTEN.replace('"digest", "duty", ', ""))),
    "alerts.secrets": (as_written(SECRET, secret=0o600), as_written(SECRET, secret=0o644)),
    "alerts.fallback": (good, as_written(AS_WRITTEN.replace('fallback = "book"\n', ""))),
    "alerts.tested": (having(well), having(refused)),
    "alerts.waiting": (having(just_queued), having(long_queued)),
    "alerts.undelivered": (having(handed_on), having(lost)),
}
