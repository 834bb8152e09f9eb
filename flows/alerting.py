"""From closed runs to messages: what a night means is decided and written down once, then sent until it was taken."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import takewhile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from citysync.alerts.announce import Before, announce
from citysync.alerts.audience import audience
from citysync.alerts.channels import Attachment, channel_module, kinds
from citysync.alerts.compose import Words, compose
from citysync.alerts.digest import Message, messages
from citysync.alerts.worktime import not_before
from citysync.config.channels import FILE, load_channels
from citysync.config.cities import Cities
from citysync.config.settings import Settings
from citysync.domain.alert import URGENT, CityNight, Entry, Night, Step
from citysync.domain.channel import Channel, Channels
from citysync.domain.divisions import division_name
from citysync.domain.errors import CitySyncError, ConfigError, DeliveryError
from citysync.domain.run import Trigger
from citysync.domain.verdict import FLAGGED, Fault, State
from citysync.domain.workdays import calendar
from citysync.storage import alerting, mailbox, nights, reading
from citysync.storage.engine import Store
from citysync.storage.leases import Status
from citysync.storage.mailbox import Piece
from flows.ledger_at import writable_ledger
from flows.night import chosen
from flows.receipts import labels, receipts_of

INCIDENT = "common_cause"
MINUTE = timedelta(minutes=1)
NEWS = timedelta(hours=48)  # an older run is no news: channels set up later must not tell the whole past
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Post:
    """What came of one message: to which channel, how many pieces, whether it was taken."""

    channel: str
    pieces: int
    delivered: bool
    error: str | None = None


def tell(store: Store, settings: Settings, cities: Cities, now: datetime) -> list[Post]:
    """Decide the alerts of every closed run nobody has decided yet, then send what may go out now.

    Raises ConfigError for a channel file that is wrong. What is not taken stays in the mailbox.
    """
    channels = load_channels(settings.cities_dir, kinds())
    waiting = alerting.unannounced(store)
    alerting.skip(store, [row["run_id"] for row in waiting if now - row["started_at"] > NEWS], now)
    for row in waiting:
        if now - row["started_at"] <= NEWS:
            decide(store, channels, cities, row, now)
    return drain(store, settings, channels, now)


def tell_after(settings: Settings, now: datetime) -> str | None:
    """Tell what the runs just closed mean, where channels are set up; return what went wrong, for people.

    A message nobody took stays in the mailbox; a channel file that is wrong must not undo a night that went well.
    """
    if not (settings.cities_dir / FILE).is_file():
        return None
    try:
        posts = tell_now(settings, now)
    except CitySyncError as error:
        return f"告警未能发送：{error}"
    failed = sorted({f"{post.channel}：{post.error}" for post in posts if not post.delivered})
    return f"告警未送达，留待重发（citysync alerts send）：{'；'.join(failed)}" if failed else None


def tell_now(settings: Settings, now: datetime) -> list[Post]:
    """Decide and send, with a ledger of one's own. Raises ConfigError, StorageError."""
    with writable_ledger(settings) as store:
        return tell(store, settings, chosen(settings, ()), now)


def settle(settings: Settings, reason: str, who: str, now: datetime, *, carry_out: bool) -> list[dict[str, Any]]:
    """Return what waits in the mailbox of a ledger put back from its backup; ``carry_out`` holds it for told.

    The runs nobody has decided yet are decided first: what they mean may have been told after the backup, too.
    Raises ConfigError for no reason, StorageError.
    """
    if not reason.strip():
        raise ConfigError("--reason 不能为空：理由要记入审计")
    channels, cities = load_channels(settings.cities_dir, kinds()), chosen(settings, ())
    with writable_ledger(settings) as store:
        for row in alerting.unannounced(store) if carry_out else ():
            decide(store, channels, cities, row, now)
        waiting = mailbox.waiting(store)
        if carry_out:
            mailbox.settle(store, [row["seq"] for row in waiting], reason.strip(), who, now)
    return waiting


def decide(store: Store, channels: Channels, cities: Cities, row: Row, now: datetime) -> list[Step]:
    """Decide the alerts of one closed run and put what is to be told into the mailbox, once."""
    night = night_of(store, cities, row)
    on = night.business_date
    before = Before(alerting.open_alerts(store), alerting.silences(store, on), alerting.numbers(store, on))
    steps = announce(night, before, calendar())
    words = Words(calendar(), channels.contact, channels.base_url)
    entries = [entry for step in steps if step.tell for entry in _entries(step, night, channels, words, now)]
    alerting.apply(store, night.run_id, on, steps, entries, now)
    return steps


def _entries(step: Step, night: Night, channels: Channels, words: Words, now: datetime) -> Iterable[Entry]:
    text = compose(step, night, words)
    urgent = step.alert.key.kind in URGENT
    moment = not_before(now, words.calendar, urgent=urgent)
    for channel in audience(step, channels.channel):
        yield Entry(
            channel=channel.name,
            alert_id=step.alert.alert_id,
            change=step.change,
            run_id=night.run_id,
            city_code=step.alert.key.city_code,
            title=text.title,
            body="\n".join(text.lines),
            not_before=moment,
            urgent=urgent,
        )


def night_of(store: Store, cities: Cities, row: Row) -> Night:
    """Return a closed run as alerts see it."""
    verdicts = reading.verdicts_of(store, row["run_id"])
    broken = row["status"] != Status.FINISHED.value
    alike = {each["code"] for each in verdicts if any(reason["code"] == INCIDENT for reason in each["reasons"])}
    return Night(
        run_id=row["run_id"],
        business_date=row["business_date"],
        cities=tuple(_city(store, cities, each) for each in verdicts),
        failed=(row["error"] or "运行中断") if broken else None,
        alike=frozenset(alike),
        whole=row["trigger"] == Trigger.NIGHTLY.value,
    )


def _city(store: Store, cities: Cities, row: Row) -> CityNight:
    code, run_id, state = row["code"], row["run_id"], State(row["state"])
    past = nights.history(store, code, run_id)
    plain = CityNight(
        code=code,
        name=row["name"],
        state=state,
        fault=Fault(row["reasons"][0]["fault"]) if row["reasons"] else Fault.DATA,
        reasons=tuple(reason["text"] for reason in row["reasons"]),
        since=datetime.fromisoformat(row["since"]),
        states=tuple(State(each["state"]) for each in past),
        found=row["counts"]["findings"],
        rows=row["counts"]["received"],
        contacts=cities[code].contacts if code in cities else (),
    )
    return _in_detail(store, plain, run_id, past) if state in FLAGGED else plain


def _in_detail(store: Store, city: CityNight, run_id: str, past: list[dict[str, Any]]) -> CityNight:
    """Return a flagged city with what its people need: where the problems are, what is in force, how it was before."""
    kept = nights.in_force(store, city.code, run_id)
    words = labels()
    by_check = nights.counted(store, city.code, run_id, "check")
    by_region = nights.counted(store, city.code, run_id, "areacode")
    return replace(
        city,
        found_before=past[-2]["counts"]["findings"] if len(past) > 1 and past[-2]["adopted"] else None,
        problems=tuple((words.get(str(key), str(key)), count) for key, count in by_check),
        regions=tuple((division_name(str(key)), count) for key, count in by_region if key),
        good_on=None if kept is None else kept["business_date"],
        good_rows=None if kept is None else kept["rows"],
        failed_runs=sum(1 for _ in takewhile(lambda each: not each["adopted"], reversed(past))),
    )


def drain(store: Store, settings: Settings, channels: Channels, now: datetime) -> list[Post]:
    """Send what may go out now, channel by channel; a channel that is no longer set up hands on what it has."""
    known = {channel.name: channel for channel in channels.channel}
    posts: list[Post] = []
    for _ in range(2):  # the second round is for channels that took over from others
        for name in mailbox.due_channels(store, now):
            pieces = mailbox.claim(store, name, f"{socket.gethostname()}:{os.getpid()}", now)
            if name in known:
                posts += _send(store, settings, known[name], pieces, now)
            else:
                mailbox.failed(store, pieces, now, f"没有名为 {name} 的渠道", permanent=True, via=None)
    return posts


def _send(store: Store, settings: Settings, channel: Channel, pieces: list[Piece], now: datetime) -> list[Post]:
    module = channel_module(channel.kind)
    left = module.PER_MINUTE - mailbox.posts_since(store, channel.name, now - MINUTE)
    by_entry = {piece.entry: piece for piece in pieces}
    posts: list[Post] = []
    unfinished = list(pieces)
    for message in messages([piece.entry for piece in pieces], module.LIMIT):
        if left <= 0:
            mailbox.put_off(store, unfinished, now + MINUTE)
            break
        left -= 1
        done = [by_entry[entry] for entry in message.entries]
        post = _post(store, settings, channel, message, done, now)
        posts.append(post)
        if not post.delivered:  # the rest would fail alike; all of it is tried again, or handed on
            break
        unfinished = [piece for piece in unfinished if piece not in done]
    return posts


def _post(
    store: Store, settings: Settings, channel: Channel, message: Message, done: list[Piece], now: datetime
) -> Post:
    error: DeliveryError | None = None
    try:
        secrets = secrets_of(settings, channel)
        channel_module(channel.kind).send(message, channel, secrets, now, _attachments(settings, channel, message))
    except DeliveryError as caught:
        error = caught
    size = len(message.text.encode())
    told = None if error is None else str(error)
    mailbox.posted(store, channel.name, now, size, len(done), delivered=error is None, error=told)
    if error is None:
        mailbox.sent(store, done, now)
    else:
        mailbox.failed(store, done, now, str(error), permanent=error.permanent, via=channel.fallback)
    return Post(channel.name, len(done), delivered=error is None, error=told)


def secrets_of(settings: Settings, channel: Channel) -> dict[str, str]:
    """Return the secrets a channel names, by name; raise ``DeliveryError`` that names the one that is missing."""
    found = settings.secrets()
    names = [name for name in (channel.secret, channel.sign_secret) if name is not None]
    try:
        return {name: found.get(name) for name in names}
    except CitySyncError as error:
        raise DeliveryError(f"渠道 {channel.name}：{error}", permanent=True) from error


def _attachments(settings: Settings, channel: Channel, message: Message) -> list[Attachment]:
    """Return the receipts that go with a city's own mail; the province's digest carries none."""
    if channel.kind != "email" or not channel.cities:
        return []
    codes = sorted({entry.city_code for entry in message.entries if entry.city_code})
    with TemporaryDirectory() as folder:
        books = (receipt.write(Path(folder))[0] for receipt in receipts_of(settings, tuple(codes), None))
        return [Attachment(book.name, book.read_bytes()) for book in books]
