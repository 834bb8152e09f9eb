"""Who is on the list of cities, without asking any connector how a city is pulled.

Connectors bring frames and HTTP along; ``status`` reads the ledger and needs neither. What is wrong inside [source] is
refused by every verb that pulls, and by ``doctor``.
"""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import ConfigDict

from citysync.config.cities import Cities, load_cities
from citysync.config.settings import Settings
from citysync.domain.city import SourceBase


class Unread(SourceBase):
    """[source] with the keys every connector has read, and those of its own left alone."""

    model_config = ConfigDict(extra="allow")


def roster(settings: Settings, codes: Iterable[str]) -> Cities:
    """Return the cities asked for by code (a paused one may be asked), by default every enabled one."""
    return load_cities(settings.cities_dir, lambda _connector: Unread).pick(codes)
