"""The dead man's switch: run from a timer outside the orchestrator, it looks at the ledger alone."""

from __future__ import annotations

from datetime import datetime

from citysync.alerts.announce import Before
from citysync.alerts.audience import audience
from citysync.alerts.channels import kinds
from citysync.alerts.compose import Words
from citysync.alerts.watch import Limits, Sight, Watched, watch, watch_steps, watch_text
from citysync.alerts.worktime import SHANGHAI
from citysync.config.channels import load_channels
from citysync.config.settings import Settings
from citysync.domain.alert import Entry
from citysync.domain.channel import Channels
from citysync.domain.workdays import calendar
from citysync.posting import post
from citysync.storage import alerting, mailbox, watching
from citysync.storage.engine import Store
from flows.alerting import drain
from flows.delivery import hand_over_due
from flows.ledger_at import writable_ledger


def keep_watch(settings: Settings, now: datetime, limits: Limits) -> Watched:
    """Look, tell the duty channel what is overdue, send what waits (receipts too), ping; return what is wrong.

    Raises ConfigError and StorageError: a watchdog that cannot see fails loudly.
    """
    channels = load_channels(settings.cities_dir, kinds())
    with writable_ledger(settings) as store:
        watched = watch(_sight(store), now, limits)
        _write_down(store, watched, channels, now)
        drain(store, settings, channels, now)
    hand_over_due(settings, now)
    if settings.ping_url is not None:
        post(
            settings.ping_url + ("/fail" if watched.troubles else ""), "\n".join(watched.troubles.values()).encode(), {}
        )
    return watched


def _sight(store: Store) -> Sight:
    return Sight(watching.last_finished(store), tuple(watching.running(store)), mailbox.waiting_since(store))


def _write_down(store: Store, watched: Watched, channels: Channels, now: datetime) -> None:
    on = now.astimezone(SHANGHAI).date()
    before = Before(alerting.open_alerts(store), (), alerting.numbers(store, on))
    steps = watch_steps(watched, before.open, before.numbers, now)
    words = Words(calendar(), channels.contact, channels.base_url)
    entries = []
    for step in (step for step in steps if step.tell):
        text = watch_text(step, watched, words, now)
        entries += [
            Entry(
                channel=channel.name,
                alert_id=step.alert.alert_id,
                change=step.change,
                run_id=f"watchdog-{on:%Y%m%d}",
                city_code="",
                title=text.title,
                body="\n".join(text.lines),
                not_before=now,
                urgent=True,
            )
            for channel in audience(step, channels.channel)
        ]
    alerting.apply(store, None, on, steps, entries, now)
