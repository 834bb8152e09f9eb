"""What a source is refused for, each made to happen by what the connectors really read; and the line it is told in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from citysync.domain.errors import SourceError

Act = Callable[[Path], object]
Cases = Mapping[str, Act]


def raises(error: Exception) -> Act:
    """Return an act that ends in an error some function returned."""

    def act(_: Path) -> object:
        raise error

    return act


def calls(function: Callable[..., Any], *words: Any, **named: Any) -> Act:
    """Return an act that calls a function with fixed arguments."""
    return lambda _: function(*words, **named)


def lines(kind: str, cases: Cases, folder: Path) -> Iterator[str]:
    """Yield, per case, what the source is told, with the reason and whose fault it is."""
    for name, act in cases.items():
        try:
            act(folder)
        except SourceError as error:
            yield f"{kind} {name} | {error.reason} | {error.fault.value} | {error}"
        else:
            raise AssertionError(f"{kind} {name} was refused by nothing")
