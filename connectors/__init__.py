"""Doors to the cities: one file per way of asking; the file's name is its registration."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from citysync.domain.city import City, SourceBase
from citysync.domain.errors import SourceError, Unreadable
from connectors._text import printable

if TYPE_CHECKING:  # polars comes with it, and who only reads a file by its reader needs none
    from citysync.domain.snapshot import Snapshot
    from connectors._door import Door


@cache
def names() -> tuple[str, ...]:
    """Return every connector's name, sorted."""
    return tuple(sorted(found.name for found in pkgutil.iter_modules(__path__) if not found.name.startswith("_")))


def source_model(name: str) -> type[SourceBase] | None:
    """Return a connector's ``Source`` model, or None if there is no such connector."""
    if name not in names():
        return None
    model: type[SourceBase] = importlib.import_module(f"{__name__}.{name}").Source
    return model


def pull(city: City, door: Door) -> Snapshot:
    """Return a city's directory as received, with the proof of how complete it is.

    Raises ``SourceError`` (naming the city) where the source did not give its directory; incomplete data is no error
    but a certificate with problems.
    """
    connector = importlib.import_module(f"{__name__}.{city.source.connector}")
    try:
        snapshot: Snapshot = connector.pull(city, city.source, door)
    except SourceError as error:
        error.args = (printable(f"{city.name}（{city.code}）{error}"),)
        raise
    except RecursionError:
        raise Unreadable(f"{city.name}（{city.code}）数据嵌套过深，无法读取；请检查接口") from None
    return _shown(snapshot)


def _shown(snapshot: Snapshot) -> Snapshot:
    """Return a snapshot of whose words, some of them a city's, every screen, log and database takes each."""
    certificate = snapshot.certificate
    problems = tuple(map(printable, certificate.problems))
    told = replace(certificate, proof=printable(certificate.proof), problems=problems)
    return replace(snapshot, certificate=told, notes=tuple(map(printable, snapshot.notes)))
