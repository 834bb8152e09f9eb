"""What the kit answers to a request: the protocol of ``docs/kit.md``, without a socket in it. Read only."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from citysync.domain.digests import FAN_OUT, LEAST_DIGITS, MOST_PARTS, PREFIX, PROTOCOL, RANGE_DIGITS
from citysync.domain.errors import SourceError
from citysync.kit.edition import Edition
from citysync.kit.openapi import DOCUMENT
from citysync.kit.shelf import Shelf

PAGE_ROWS = 20_000
PAGE_BYTES = 32 * 2**20
MOST_NODES = 4_096
MOST_ANSWERED = MOST_NODES * FAN_OUT  # parts in one answer
MOST_KEYS = 20_000
BODY_CAP = 4 * 2**20
LONGEST_TARGET = 4_096
JSON, LINES = "application/json; charset=utf-8", "application/x-ndjson; charset=utf-8"
Query = Mapping[str, str]


@dataclass(frozen=True)
class Reply:
    """An answer: its status, its kind and its lines."""

    status: int
    kind: str
    lines: Iterable[bytes]


class Wrong(Exception):
    """A request that cannot be answered: status, code and what to do."""

    def __init__(self, status: int, code: str, text: str) -> None:
        super().__init__(text)
        self.status, self.code = status, code


_NODES = Wrong(400, "nodes", f"nodes 应为至多 {MOST_NODES} 个 [起, 止) 行号")


def answer(shelf: Shelf, token: str | None, method: str, target: str, authorization: str, body: bytes) -> Reply:
    """Return the answer to one request. ``token``: what ``Authorization: Bearer`` must bring, None if nobody asks."""
    try:
        _refuse(token, target, authorization)
        parts = urlsplit(target)
        query = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        return _routed(shelf, method, parts.path, query, body)
    except Wrong as error:
        return _json(error.status, {"error": error.code, "text": str(error)})
    except SourceError as error:
        return _json(503, {"error": "unreadable", "text": str(error)})


def _refuse(token: str | None, target: str, authorization: str) -> None:
    """Raise ``Wrong`` before anything of a request is read further."""
    if token is not None and not hmac.compare_digest(authorization.encode(), f"Bearer {token}".encode()):
        raise Wrong(401, "unauthorized", "需要 Authorization: Bearer 令牌")
    if len(target) > LONGEST_TARGET:
        raise Wrong(414, "too_long", f"地址不得超过 {LONGEST_TARGET} 个字符")


def _routed(shelf: Shelf, method: str, path: str, query: Query, body: bytes) -> Reply:
    steps = path.removeprefix(PREFIX).strip("/").split("/") if path.startswith(f"{PREFIX}/") else [""]
    known = [*steps[:1], *steps[2:]] if steps[0] == "snapshots" else steps
    ways = _WAYS.get("/".join(known))
    if ways is None or (steps[0] == "snapshots") != (len(known) == 2):  # noqa: PLR2004 — snapshots/{id}/what
        raise Wrong(404, "not_found", f"没有这个地址；接口见 {PREFIX}/openapi.json")
    if method not in ways:
        raise Wrong(405, "method", f"只接受 {'、'.join(ways)}；本服务只读")
    return ways[method](shelf, steps[1] if len(steps) > 1 else "", query, body)


def _manifest(shelf: Shelf, _snapshot: str, _query: Query, _body: bytes) -> Reply:
    edition = shelf.newest()
    document = {
        "protocol": PROTOCOL,
        "snapshot": edition.id,
        "taken_at": edition.taken_at.isoformat(),
        "changed_at": None if edition.changed_at is None else edition.changed_at.isoformat(),
        "count": len(edition.keys),
        "digest": edition.digest,
        "fields": edition.fields,
        "key": edition.key_fields,
        "kept": shelf.kept(),
        "problem": shelf.problem,
    }
    return _json(200, document)


def _openapi(_shelf: Shelf, _snapshot: str, _query: Query, _body: bytes) -> Reply:
    return _json(200, DOCUMENT)


def _rows(shelf: Shelf, snapshot: str, query: Query, _body: bytes) -> Reply:
    edition = _kept(shelf, snapshot)
    limit = query.get("limit", str(PAGE_ROWS))
    if not limit.isascii() or not limit.isdigit() or not 1 <= int(limit[:9]) <= PAGE_ROWS:
        raise Wrong(400, "limit", f"limit 应为 1 至 {PAGE_ROWS} 的整数")
    lines, more = edition.page(query.get("after"), int(limit), PAGE_BYTES)
    return Reply(200, LINES, _ended(lines, more=more))


def _bulk(shelf: Shelf, snapshot: str, _query: Query, _body: bytes) -> Reply:
    return Reply(200, LINES, _ended(_kept(shelf, snapshot).lines))


def _changes(shelf: Shelf, snapshot: str, query: Query, _body: bytes) -> Reply:
    edition = _kept(shelf, snapshot)
    return Reply(200, LINES, _ended(edition.since(_kept(shelf, query.get("since", "")))))


def _rows_of_keys(shelf: Shelf, snapshot: str, _query: Query, body: bytes) -> Reply:
    edition, keys = _kept(shelf, snapshot), _listed(_document(body), "keys")
    if len(keys) > MOST_KEYS or not all(isinstance(key, str) for key in keys):
        raise Wrong(400, "keys", f"keys 应为至多 {MOST_KEYS} 个文本")
    return Reply(200, LINES, _ended(edition.of_keys(str(key) for key in keys)))


def _tree(shelf: Shelf, snapshot: str, _query: Query, body: bytes) -> Reply:
    edition, document = _kept(shelf, snapshot), _document(body)
    nodes = _listed(document, "nodes")
    most = _hint(document, "parts", FAN_OUT, range(2, MOST_PARTS + 1))
    digits = _hint(document, "digits", RANGE_DIGITS, range(LEAST_DIGITS, RANGE_DIGITS + 1))
    ranges = [_range(node, len(edition.keys)) for node in nodes[: MOST_NODES + 1]]
    if len(ranges) > MOST_NODES:
        raise _NODES
    if sum(min(high - low, most) for low, high in ranges) > MOST_ANSWERED:
        raise Wrong(400, "parts", f"一次至多答 {MOST_ANSWERED} 个子区间")
    return _json(200, {"nodes": [edition.children(low, high, most, digits) for low, high in ranges]})


def _range(node: object, count: int) -> tuple[int, int]:
    if not isinstance(node, list) or len(node) != 2 or not all(type(end) is int for end in node):  # noqa: PLR2004
        raise _NODES
    low, high = node
    if not 0 <= low <= high <= count:
        raise _NODES
    return low, high


def _document(body: bytes) -> Mapping[str, object]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    return document if isinstance(document, dict) else {}


def _listed(document: Mapping[str, object], name: str) -> list[object]:
    found = document.get(name)
    if not isinstance(found, list):
        raise Wrong(400, name, f'请求应为 JSON：{{"{name}": […]}}')
    return found


def _hint(document: Mapping[str, object], name: str, usual: int, allowed: range) -> int:
    found = document.get(name, usual)
    if type(found) is not int or found not in allowed:
        raise Wrong(400, name, f"{name} 应为 {allowed[0]} 至 {allowed[-1]} 的整数")
    return found


def _kept(shelf: Shelf, snapshot: str) -> Edition:
    edition = shelf.edition(snapshot)
    if edition is None:
        raise Wrong(410, "gone", "该快照已不保留；请从清单 manifest 重新开始")
    return edition


def _ended(lines: Iterable[bytes], *, more: bool = False) -> Iterator[bytes]:
    """Yield lines and the end marker, which says how many there were: a body without it was cut."""
    count = 0
    for count, line in enumerate(lines, start=1):  # noqa: B007 — counted to the end
        yield line
    yield json.dumps({"end": True, "rows": count, "more": more}, separators=(",", ":")).encode()


def _json(status: int, document: object) -> Reply:
    return Reply(status, JSON, [json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()])


Way = Callable[[Shelf, str, Query, bytes], Reply]
_WAYS: dict[str, dict[str, Way]] = {
    "manifest": {"GET": _manifest},
    "openapi.json": {"GET": _openapi},
    "snapshots/rows": {"GET": _rows, "POST": _rows_of_keys},
    "snapshots/bulk": {"GET": _bulk},
    "snapshots/changes": {"GET": _changes},
    "snapshots/tree": {"POST": _tree},
}
