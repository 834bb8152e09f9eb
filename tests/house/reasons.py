"""Names that code gives to things, read from the code itself: reason codes, error classes, checks of doctor."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

from citysync.cli.exits import NOBODYS_FAILURE
from citysync.domain.errors import CitySyncError
from citysync.reconciliation.checks import all_checks
from citysync.storage import schema, translate
from flows.doctor.catalogue import links
from tests.house.pages import ROOT

ROOMS = ("citysync", "flows", "schemas", "connectors")
NAMERS = frozenset({"Reason", "_held", "Lost"})  # their first argument is the code
HEALTH = frozenset({"ok", "proved", "fresh"})  # evidence of health: left out of what is published


def project_files() -> list[Path]:
    """Return every Python file that is no test."""
    return sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def named_by(callers: Iterable[str], source: str) -> set[str]:
    """Return the texts handed as the first argument to a function or class of these names."""
    known, found = frozenset(callers), set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in known and node.args:
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                found.add(first.value)
    return found


def reason_codes() -> set[str]:
    """Return every code a published reason can carry."""
    said = set().union(*(named_by(NAMERS, path.read_text(encoding="utf-8")) for path in project_files()))
    errors = set(error_classes().values()) & _reasons_of_sources()
    return (
        (said - HEALTH) | errors | NOBODYS_FAILURE | {name for name, check in all_checks().items() if is_error(check)}
    )


def is_error(check: object) -> bool:
    """Return whether a check's findings can become a reason."""
    return str(getattr(check, "SEVERITY", "")) == "error"


def error_classes() -> dict[str, str]:
    """Return every error class people can meet, with its reason: those of the domain, and those of storage."""
    assert schema.NoLedger.__mro__
    assert translate.Disconnected.__mro__
    return {
        kind.__name__: kind.reason
        for kind in _below(CitySyncError)
        if not kind.__module__.startswith(("connectors", "tests"))
    }


def doctor_checks() -> set[str]:
    """Return the ids of doctor's checks."""
    return {link.check_id for link in links()}


def strings_of(paths: Iterable[Path]) -> Iterator[str]:
    """Yield every text literal of some files that is shown to people: docstrings left out."""
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and not node.value.startswith("``"):
                yield node.value


def _below(kind: type[CitySyncError]) -> Iterator[type[CitySyncError]]:
    yield kind
    for inner in kind.__subclasses__():
        yield from _below(inner)


def _reasons_of_sources() -> set[str]:
    from citysync.domain.errors import SourceError  # noqa: PLC0415 - beside its only use

    return {kind.reason for kind in _below(SourceError)}
