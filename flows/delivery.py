"""Handing receipts over the ways a city's file names, and writing down what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from citysync.config.cities import check_secrets
from citysync.config.secrets import Secrets
from citysync.config.settings import Settings
from citysync.delivery import folder, http_post, sql_table
from citysync.domain.delivery import Receipt
from citysync.domain.errors import DeliveryError, StorageError
from citysync.storage.deliveries import Delivered, record
from flows.ledger_at import writable_ledger
from flows.night import chosen
from flows.receipts import CityReceipt, receipts_of


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
                attempt = _attempt(each, way, to, secrets, now)
                record(store, attempt)
                found.append(attempt)
    return found


def _attempt(receipt: CityReceipt, way: str, to: Receipt, secrets: Secrets, now: datetime) -> Delivered:
    facts = {"run_id": receipt.verdict["run_id"], "city_code": receipt.code, "problems": len(receipt.rows)}
    try:
        target = _hand_over(receipt, way, to, secrets, now)
    except (DeliveryError, StorageError) as error:
        return Delivered(way=way, target="", delivered=False, attempted_at=now, error=str(error), **facts)
    return Delivered(way=way, target=target, delivered=True, attempted_at=now, **facts)


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
