"""Running the checks: our own side, then every city asked for, side by side, publishing nothing."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime

from pydantic import ValidationError

from citysync.config.cities import Cities
from citysync.config.secrets import Secrets
from citysync.config.settings import Settings
from citysync.domain.city import City
from citysync.domain.errors import ConfigError
from citysync.domain.snapshot import RawPage
from citysync.domain.workdays import calendar
from connectors._door import Door
from connectors._http import HttpSource
from connectors.file_drop import Source as DropSource
from connectors.kit import Source as KitSource
from connectors.sql_table import Source as TableSource
from flows.doctor import alerts, catalogue, configuration, conformance, database, drop, pulled, web
from flows.doctor.ledger import Ledger
from flows.doctor.machine import Machine
from flows.doctor.outcome import Result, follow
from flows.night import SHANGHAI

Clock = Callable[[], datetime]


def check_up(settings: Settings, codes: tuple[str, ...], now: Clock, *, offline: bool) -> list[Result]:
    """Return every check's outcome, our own side's first.

    Raises ConfigError for a city asked for by a code no file has. ``offline``: no city is asked.
    """
    today = now().astimezone(SHANGHAI).date()
    written = configuration.read(settings, today)
    chosen = written.cities.pick(codes) if codes else _enabled(written.cities)
    ours = [*follow("本系统", catalogue.CONFIGURATION, written), *check_ourselves(settings, now(), today)]
    return ours if offline else ours + check_cities(settings, chosen, now, today)


def check_ourselves(settings: Settings, now: datetime, today: date) -> list[Result]:
    """Return the outcomes of ledger, master catalogue, alerts and machine."""
    ledger = Ledger(settings, now, today)
    try:
        results = follow("本系统", catalogue.LEDGER, ledger)
        results += follow("本系统", catalogue.ALERTS, alerts.read(settings, ledger))
    finally:
        ledger.close()
    return [*results, *follow("本系统", catalogue.MACHINE, Machine(settings, calendar(), now, today))]


def check_cities(settings: Settings, cities: Cities, now: Clock, today: date) -> list[Result]:
    """Return the outcomes of every city's chain, in code order."""
    secrets = settings.secrets()
    with ThreadPoolExecutor(settings.workers, thread_name_prefix="doctor") as pool:
        walks = [pool.submit(check_city, city, door_for(secrets, now), today) for city in cities.values()]
        return [result for walk in walks for result in walk.result()]


def check_city(city: City, door: Door, today: date) -> list[Result]:
    """Return a city's chain, from the name of its host to the meaning of its values."""
    place = f"{city.code} {city.name}"
    if isinstance(city.source, HttpSource) and not isinstance(city.source, KitSource):
        return follow(place, web.LINKS, web.Web(city, door, today))
    if isinstance(city.source, TableSource):
        return follow(place, database.LINKS, database.Database(city, door, today))
    if isinstance(city.source, DropSource) and "://" not in city.source.path:
        return follow(place, drop.LINKS, drop.Drop(city, door, today))
    return follow(place, pulled.LINKS, pulled.Pulled(city, door, today))


def check_server(settings: Settings, url: str, secret: str | None, now: Clock) -> list[Result]:
    """Return whether a server keeps the city kit's protocol; raises ConfigError for an address that is none.

    ``secret``: the name of the secret that holds its token.
    """
    auth = {"kind": "none"} if secret is None else {"kind": "bearer", "secret": secret}
    try:
        source = KitSource.model_validate({"connector": "kit", "url": url, "auth": auth})
    except ValidationError as error:
        raise ConfigError(f"--conformance：{error.errors()[0]['msg']}") from None
    return follow(source.url, conformance.LINKS, conformance.Server(source, door_for(settings.secrets(), now)))


def door_for(secrets: Secrets, now: Clock) -> Door:
    """Return a door that keeps nothing."""

    def keep(data: bytes, number: int, url: str) -> RawPage:
        return RawPage(number, url, hashlib.sha256(data).hexdigest(), len(data), now())

    return Door(keep, secrets.get, now, time.monotonic, lambda _text: None)


def _enabled(cities: Cities) -> Cities:
    return Cities({code: city for code, city in cities.items() if city.enabled}, cities.written)
