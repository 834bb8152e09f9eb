"""One file per channel. A file's name is its registration.

Each has ``LIMIT``, the bytes one message may have, ``PER_MINUTE``, how many may go out in a minute, and
``send(message, channel, secrets, now, attachments)``, which returns when the message was taken and raises
``DeliveryError`` otherwise: an HTTP status of 200 alone is no yes, the body's own code has to say so too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules
from types import ModuleType

from citysync.alerts.digest import Message
from citysync.domain.channel import Channel

Send = Callable[[Message, Channel, Mapping[str, str], datetime, Sequence["Attachment"]], None]


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a message where a channel can carry one."""

    name: str
    data: bytes


def kinds() -> tuple[str, ...]:
    """Return the names of the channels there is code for."""
    return tuple(sorted(each.name for each in iter_modules(__path__) if not each.name.startswith("_")))


@cache
def channel_module(kind: str) -> ModuleType:
    """Return a channel's module; raise ModuleNotFoundError for a kind nobody wrote."""
    return import_module(f"{__name__}.{kind}")


def missing(kind: str) -> str | None:
    """Return what a channel needs that is not installed, with the remedy; None if it can do its work."""
    package: str | None = getattr(channel_module(kind), "REQUIRES", None)
    if package is None or find_spec(package) is not None:
        return None
    return f"没有安装 {package}；请执行 pip install 'citysync[{package}]'"
