"""Handing receipts over the ways a city's file names, and writing down what came of it.

After every run what its results made due goes out by itself, each once; what did not arrive is tried again, and never
changes what was said of a city.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import groupby
from pathlib import Path

from citysync.config.cities import Cities, check_secrets, load_cities
from citysync.config.secrets import Secrets
from citysync.config.settings import Settings
from citysync.delivery import folder, http_post, sql_table
from citysync.domain.delivery import Receipt
from citysync.domain.errors import CitySyncError, DeliveryError
from citysync.storage import receipt_outbox
from citysync.storage.deliveries import Delivered, record
from citysync.storage.engine import Store
from citysync.storage.receipt_outbox import Due
from connectors import names, source_model
from flows.ledger_at import writable_ledger
from flows.night import chosen
from flows.receipts import CityReceipt, receipt_of, receipts_of


def deliver_receipts(settings: Settings, codes: tuple[str, ...], run_id: str | None, now: datetime) -> list[Delivered]:
    """Hand over the receipts of some cities, each by every way its file names, and return the attempts.

    One way that fails stops no other. Raises ConfigError before anything is sent: an unknown city, a missing secret.
    """
    cities = chosen(settings, codes)
    secrets = settings.secrets()
    check_secrets(cities, secrets)
    found = []
    with writable_ledger(settings) as store:
        for each in receipts_of(settings, tuple(cities), run_id):
            to = cities[each.code].receipt
            for way in to.ways:
                attempt, _ = _attempt(each, way, to, secrets, now)
                record(store, attempt)
                if attempt.delivered:
                    receipt_outbox.handed_over(store, attempt.run_id, each.code, way, now)
                found.append(attempt)
    return found


def hand_over_after(settings: Settings, cities: Cities, now: datetime) -> str | None:
    """Hand over what is due after a run over these cities; return what did not arrive, for people.

    A city that cannot take its receipt, or a ledger that does not answer, must not undo a night that went well.
    """
    if not any(city.receipt.ways for city in cities.values()):
        return None
    try:
        attempts = hand_over_due(settings, now)
    except CitySyncError as error:
        return f"回执未能送达：{error}"
    failed = [f"{each.city_code} {each.error}" for each in attempts if not each.delivered]
    told = "回执未送达，结论不受影响；稍后自动重送，也可 citysync receipt --deliver"
    return f"{told}：{'；'.join(failed)}" if failed else None


def hand_over_due(settings: Settings, now: datetime) -> list[Delivered]:
    """Hand over every receipt that is due now, once, and return the attempts. Raises ConfigError, StorageError."""
    with writable_ledger(settings) as store:
        due = receipt_outbox.claim(store, now)
        if not due:
            return []
        cities, secrets = load_cities(settings.cities_dir, source_model, names()), settings.secrets()
        found = []
        for each, attempt, permanent in _attempts(settings, store, due, cities, secrets, now):
            record(store, attempt)
            receipt_outbox.settle(store, each, now, attempt.error, permanent=permanent)
            found.append(attempt)
        return found


def _attempts(
    settings: Settings, store: Store, due: Iterable[Due], cities: Cities, secrets: Secrets, now: datetime
) -> Iterator[tuple[Due, Delivered, bool]]:
    """Yield what came of each receipt, and whether trying again is of no use; one receipt serves all ways of a city."""
    for (run_id, code), ways in groupby(due, key=lambda each: (each.run_id, each.city_code)):
        made: CityReceipt | CitySyncError
        try:
            made = receipt_of(settings, store, code, run_id)
        except CitySyncError as error:
            made = error
        for each in ways:
            to = cities[code].receipt if code in cities else Receipt()
            if isinstance(made, CitySyncError):
                yield each, _failed(each, f"回执未能生成：{made}", now), False
            elif each.way not in to.ways:
                yield each, _failed(each, "城市文件已不再设置这种送达方式", now), True
            else:
                yield each, *_attempt(made, each.way, to, secrets, now)


def _failed(due: Due, error: str, now: datetime) -> Delivered:
    return Delivered(
        due.run_id, due.city_code, due.way, target="", delivered=False, problems=0, attempted_at=now, error=error
    )


def _attempt(receipt: CityReceipt, way: str, to: Receipt, secrets: Secrets, now: datetime) -> tuple[Delivered, bool]:
    """Return what came of one way, and whether it failed for good."""
    facts = {"run_id": receipt.verdict["run_id"], "city_code": receipt.code, "problems": len(receipt.rows)}
    try:
        target = _hand_over(receipt, way, to, secrets, now)
    except CitySyncError as error:
        permanent = isinstance(error, DeliveryError) and error.permanent
        return Delivered(way=way, target="", delivered=False, attempted_at=now, error=str(error), **facts), permanent
    return Delivered(way=way, target=target, delivered=True, attempted_at=now, **facts), False


def _hand_over(receipt: CityReceipt, way: str, to: Receipt, secrets: Secrets, now: datetime) -> str:
    if way == "folder" and to.folder is not None:
        place = Path(to.folder)
        return folder.deliver(receipt.write(place), place)
    document: Mapping[str, object] = receipt.document()
    if way == "post" and to.post is not None:
        return http_post.deliver(document, to.post, _secret(to.post.auth.secret, secrets))
    if way == "table" and to.table is not None:
        return sql_table.deliver(document, to.table, _secret(to.table.auth.secret, secrets), now)
    raise ValueError(f"no way called {way}")


def _secret(name: str | None, secrets: Secrets) -> str | None:
    return None if name is None else secrets.get(name)
