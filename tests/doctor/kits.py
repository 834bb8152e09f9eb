"""Servers made from the city kit, each of which breaks one promise of its protocol."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from citysync.kit.answers import Reply
from connectors.kit import Source
from flows.doctor.conformance import LINKS, Server
from flows.doctor.outcome import Result, follow
from tests.connectors.doors import CANARY, Memory
from tests.connectors.kits import Twist, plain, running

_CONFORMING = 200
_FEW = 2  # parts, which are asked for where hints are tried


def checked(twist: Twist = plain, *, token: str | None = None) -> list[Result]:
    """Return what is said of a kit that has two snapshots, with its answers twisted, asked with the token."""
    with running(30, token=token) as kit:
        kit.shelf.newest()
        kit.origin.rows[4]["task_name"] = "改了名"
        del kit.origin.rows[7]
        kit.shelf.newest()
        kit.twist = twist
        auth: Mapping[str, str] = {"kind": "bearer", "secret": "S"}
        source = Source.model_validate({"connector": "kit", "url": kit.url, "auth": auth})
        return follow("城市端", LINKS, Server(source, Memory().door()))


def conforming(_: Path) -> list[Result]:
    return checked(token=CANARY)


def stating(**changes: Callable[[Any], Any]) -> Twist:
    """Return a twist of the manifest: a key → what becomes of its value."""

    def twist(_method: str, target: str, reply: Reply) -> Reply:
        if not target.endswith("/manifest") or reply.status != _CONFORMING:
            return reply
        document = json.loads(next(iter(reply.lines)))
        document |= {name: change(document[name]) for name, change in changes.items()}
        return replace(reply, lines=[json.dumps(document).encode()])

    return twist


def lines(where: str, change: Callable[[list[bytes]], list[bytes]], *, end: bool = True, method: str = "GET") -> Twist:
    """Return a twist of the rows an address answers; the end marker then counts them, unless it is left out."""

    def twist(asked: str, target: str, reply: Reply) -> Reply:
        if asked != method or where not in target or reply.status != _CONFORMING:
            return reply
        *rows, last = reply.lines
        rows = change(rows)
        marker = [json.dumps({**json.loads(last), "rows": len(rows)}).encode()] if end else []
        return replace(reply, lines=[*rows, *marker])

    return twist


def instead(where: str, status: int, document: object, *, method: str = "GET") -> Twist:
    """Return a twist that answers an address with something else."""

    def twist(asked: str, target: str, reply: Reply) -> Reply:
        if asked != method or where not in target:
            return reply
        return Reply(status, "application/json", [json.dumps(document).encode()])

    return twist


def tree(change: Callable[[list[Any]], list[Any]]) -> Twist:
    """Return a twist of the parts of every range."""

    def twist(_method: str, target: str, reply: Reply) -> Reply:
        if not target.endswith("/tree"):
            return reply
        nodes = json.loads(next(iter(reply.lines)))["nodes"]
        return replace(reply, lines=[json.dumps({"nodes": [change(node) for node in nodes]}).encode()])

    return twist


def asked_for(change: Callable[[list[Any]], list[Any]]) -> Twist:
    """Return a twist of the parts of a range for whoever wants few of them."""

    def twist(method: str, target: str, reply: Reply) -> Reply:
        if not target.endswith("/tree") or len(json.loads(next(iter(reply.lines)))["nodes"][0]) != _FEW:
            return reply
        return tree(change)(method, target, reply)

    return twist


def moving() -> Twist:
    """Return a twist by which the first page is another once a later one was given."""
    later: list[str] = []

    def twist(_method: str, target: str, reply: Reply) -> Reply:
        if target.endswith("/manifest"):
            later.clear()  # a new look at a server: this twist may have served another one before
        if "/rows?" in target and not target.endswith("/rows?limit=9"):
            later.append(target)
        if not later or not target.endswith("/rows?limit=9"):
            return reply
        first, *others = reply.lines
        key, _, *values = json.loads(first)
        return replace(reply, lines=[json.dumps([key, f"{len(later)}", *values]).encode(), *others])

    return twist


def greedy(_method: str, target: str, reply: Reply) -> Reply:
    """Give the first page twice over, whatever the limit."""
    if not target.endswith("/rows?limit=1"):
        return reply
    row, _ = reply.lines
    return replace(reply, lines=[row, row, b'{"end":true,"rows":2,"more":true}'])


def longer(rows: list[bytes]) -> list[bytes]:
    return [row[:-1] + b',"x"]' for row in rows]


BROKEN: dict[str, tuple[str, Twist]] = {
    "another version": ("kit.manifest", stating(protocol=lambda _: 2)),
    "no digest": ("kit.manifest", stating(digest=lambda _: None)),
    "open to all": ("kit.token", plain),
    "no end marker": ("kit.pages", lines("/rows?", lambda rows: rows, end=False)),
    "more values than fields": ("kit.pages", lines("/rows?", longer)),
    "unsorted": ("kit.order", lines("/rows?", lambda rows: [*rows[1:2], *rows[:1], *rows[2:]])),
    "a row twice": ("kit.order", lines("/rows?limit=9", lambda rows: [*rows[:1], *rows])),
    "wrong count": ("kit.count", stating(count=lambda count: count + 1)),
    "wrong digest": ("kit.digest", stating(digest=lambda digest: digest[::-1])),
    "bulk lacks a row": ("kit.bulk", lines("/bulk", lambda rows: rows[:-1])),
    "rows nobody asked for": ("kit.keys", lines("/rows", lambda rows: rows[:1], method="POST")),
    "another tree": ("kit.tree", tree(lambda node: [[key, count, "0" * 16] for key, count, _ in node])),
    "a tree of one part": ("kit.tree", tree(lambda node: [[node[0][0], sum(part[1] for part in node), "0"]])),
    "a tree cut to its own liking": ("kit.tree", asked_for(lambda node: [[key, n, end[:3]] for key, n, end in node])),
    "no tombstones": ("kit.changes", lines("/changes", lambda rows: [row for row in rows if b"," in row])),
    "changes without end": ("kit.changes", lines("/changes", lambda rows: rows, end=False)),
    "404 for 410": ("kit.gone", instead("/snapshots/citysync-conformance/", 404, {})),
    "anything for 410": ("kit.gone", instead("/snapshots/citysync-conformance/", 200, {})),
    "moving pages": ("kit.immutable", moving()),
    "writable": ("kit.read_only", instead("/manifest", 200, {}, method="POST")),
    "no limit": ("kit.limit", greedy),
    "no document": ("kit.openapi", instead("/openapi.json", 200, {})),
}


def broken(name: str) -> list[Result]:
    """Return what is said of a broken server."""
    check_id, twist = BROKEN[name]
    return checked(twist, token=None if check_id == "kit.token" else CANARY)


def _case(check_id: str) -> Callable[[Path], list[Result]]:
    name = next(name for name, (found, _) in BROKEN.items() if found == check_id)
    return lambda _: broken(name)


KIT = {link.check_id: (conforming, _case(link.check_id)) for link in LINKS}
