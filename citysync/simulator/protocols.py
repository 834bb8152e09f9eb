"""What a city's interface is asked and answers: parameters, envelopes, cursors, links. Pure.

A request goes in, an ``Answer`` comes out; the server only carries both. That is the seam where faults are put.
"""

from __future__ import annotations

import base64
import gzip
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

from citysync.simulator.dialects import nested
from citysync.simulator.province import SimulatedCity

Records = Sequence[Mapping[str, object]]
JSON = "application/json; charset=utf-8"
_CURSOR_START = 1_700_000_000_000  # epoch milliseconds, as the Guangxi interface counts
_CURSOR_STEP = 1000
_WRONG_BY = 7
END_CODE = "11"
BASIC_USER = "citysync"
_LOGIN_PAGE = """<!DOCTYPE html><html><head><meta charset="gbk"><title>统一身份认证 登录</title></head><body>
<form action="/login"><p>会话已过期，请重新登录</p><input name="user"><input name="password"></form></body></html>"""


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came.

    ``headers``: names in lower case; ``asked``: the parameters, wherever they stood; nested where the body was JSON.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    asked: Mapping[str, Any]

    def value(self, dotted: str) -> str | None:
        """Return a parameter as text, None where it was not sent."""
        found: Any = self.asked
        for step in dotted.split("."):
            found = found.get(step) if isinstance(found, Mapping) else None
        return None if found is None else str(found)


@dataclass(frozen=True)
class Answer:
    """One answer before it is sent."""

    body: bytes
    status: int = 200
    kind: str = JSON
    headers: tuple[tuple[str, str], ...] = ()

    @cached_property
    def packed(self) -> bytes:
        """Return the body as gzip, compressed once per rendered page."""
        return gzip.compress(self.body, 1, mtime=0)


@dataclass(frozen=True, slots=True)
class Slice:
    """The rows a request is about: ``number`` from 1, ``start`` of ``total``, and what comes after."""

    number: int
    start: int
    size: int
    total: int
    records: Records

    @property
    def last(self) -> bool:
        """Return whether nothing follows."""
        return self.start + self.size >= self.total


@dataclass(frozen=True)
class Protocol:
    """How one dialect is asked: ``where`` finds the start row and page size, ``document`` wraps the rows.

    ``auth``: the ``auth`` table of the city file; ``keys``: its other keys of ``[source]``, but for ``url``.
    """

    auth: Mapping[str, str]
    keys: Mapping[str, object]
    where: Callable[[Request, int], tuple[int, int]]
    document: Callable[[Slice, int], object]
    headers: Callable[[Slice, str], tuple[tuple[str, str], ...]] = lambda _slice, _path: ()


def _numbered(page: str, size: str) -> Callable[[Request, int], tuple[int, int]]:
    def where(request: Request, default: int) -> tuple[int, int]:
        wanted = int(request.value(size) or default)
        return (int(request.value(page) or 1) - 1) * wanted, wanted

    return where


def _by_cursor(request: Request, default: int) -> tuple[int, int]:
    cursor = int(request.value("param.TIME_STAMP") or 0)
    size = int(request.value("param.ITEM_LIMIT") or default)
    return max(0, (cursor - _CURSOR_START) // _CURSOR_STEP), size


def _guangxi(part: Slice, _total: int) -> object:
    after = _CURSOR_START + (part.start + len(part.records)) * _CURSOR_STEP
    data = {"LASTTIMESTAMP": after, "RETURNITEMSUNNUM": len(part.records)}
    if not part.records:
        return {"STATUS": {"CODE": END_CODE, "TEXT": "没有更多数据"}, "data": data}
    rows = [nested(record) for record in part.records]
    return {"STATUS": {"CODE": "00", "TEXT": "成功"}, "data": {**data, "list": rows}}


def _linked(part: Slice, total: int) -> object:
    following = None if part.last else f"items?page={part.number + 1}"
    return {"code": 0, "data": {"total": total, "next": following, "items": part.records}}


def _link_header(part: Slice, path: str) -> tuple[tuple[str, str], ...]:
    return () if part.last else (("Link", f'<{path}?page={part.number + 1}>; rel="next"'),)


PROTOCOLS: dict[str, Protocol] = {
    "pages_get": Protocol(
        {"kind": "header", "header": "X-Api-Key"},
        {
            "page_param": "pageNum",
            "size_param": "pageSize",
            "items": "data.list",
            "total": "data.total",
            "ok": {"path": "code", "equals": "200"},
        },
        _numbered("pageNum", "pageSize"),
        lambda part, total: {"code": 200, "msg": "操作成功", "data": {"total": total, "list": part.records}},
    ),
    "pages_form": Protocol(
        {"kind": "bearer", "param": "access_token"},
        {
            "method": "POST",
            "body": "form",
            "page_param": "page",
            "size_param": "rows",
            "items": "rows",
            "total": "records",
            "ok": {"path": "success", "equals": "true"},
        },
        _numbered("page", "rows"),
        lambda part, total: {"success": True, "records": str(total), "rows": part.records},
    ),
    "pages_json": Protocol(
        {"kind": "bearer"},
        {
            "method": "POST",
            "body": "json",
            "page_param": "page.no",
            "size_param": "page.size",
            "items": "result.records",
            "total": "result.totalCount",
            "ok": {"path": "status.code", "equals": "0"},
        },
        _numbered("page.no", "page.size"),
        lambda part, total: {"status": {"code": 0}, "result": {"totalCount": total, "records": part.records}},
    ),
    "cursor": Protocol(
        {"kind": "bearer", "param": "access_token"},
        {
            "method": "POST",
            "body": "json",
            "params": {"param": {"TASK_STATE": "1", "IS_HISTORY": "0"}},
            "cursor_param": "param.TIME_STAMP",
            "cursor": "data.LASTTIMESTAMP",
            "first_cursor": "0",
            "size_param": "param.ITEM_LIMIT",
            "items": "data.list",
            "ok": {"path": "STATUS.CODE", "equals": "00"},
            "end": {"path": "STATUS.CODE", "equals": END_CODE},
        },
        _by_cursor,
        _guangxi,
    ),
    "links_next": Protocol(
        {"kind": "basic", "user": BASIC_USER},
        {"items": "data.items", "total": "data.total", "next": "data.next", "ok": {"path": "code", "equals": "0"}},
        _numbered("page", "size"),
        _linked,
    ),
    "links_header": Protocol(
        {}, {"next": "header:Link"}, _numbered("page", "size"), lambda part, _total: part.records, _link_header
    ),
}


class Endpoint:
    """One city's interface. Pages are rendered once, for the page size its city file asks for."""

    def __init__(self, city: SimulatedCity, secret: str) -> None:
        self._city, self._secret = city, secret
        self._protocol = PROTOCOLS[city.plan.dialect]
        self.records: Records = city.sent()
        self._rendered: dict[tuple[int, int], Answer] = {}
        self.path = f"/{city.code}/items"
        size = city.dialect.page_size
        for start in range(0, len(self.records) + size, size):
            self._page(start, size)

    @property
    def dialect(self) -> str:
        """Return the name of the dialect it speaks."""
        return self._city.plan.dialect

    def place(self, request: Request) -> tuple[int, int]:
        """Return the first row a request asks for, from 0, and how many; raises ValueError."""
        return self._protocol.where(request, self._city.dialect.page_size)

    def page(self, records: Records, start: int, size: int, *, total: int | None = None, whole: int = 0) -> Answer:
        """Return a page over any rows, honest or not.

        ``total``: the one stated, default their number; ``whole``: where the end is, default after the last of them.
        """
        part = Slice(start // size + 1, start, size, whole or len(records), records[start : start + size])
        document = _json(self._protocol.document(part, len(records) if total is None else total))
        return Answer(document, headers=self._protocol.headers(part, self.path))

    def answer(self, request: Request) -> Answer:
        """Return what the city says to a request."""
        if self._city.fault == "login_page":
            return Answer(_LOGIN_PAGE.encode("gb18030"), kind="text/html; charset=gbk")
        if not self._knows(request):
            return Answer(_json({"code": 401, "msg": "令牌无效"}), status=401)
        try:
            start, size = self.place(request)
        except ValueError:
            return Answer(_json({"code": 400, "msg": "分页参数不是整数"}), status=400)
        if start < 0 or size < 1:
            return Answer(_json({"code": 400, "msg": "分页参数超出范围"}), status=400)
        return self._page(start, size)

    def _page(self, start: int, size: int) -> Answer:
        if (start, size) not in self._rendered:
            told = len(self.records) + (_WRONG_BY if self._city.fault == "wrong_total" else 0)
            self._rendered[start, size] = self.page(self.records, start, size, total=told)
        return self._rendered[start, size]

    def _knows(self, request: Request) -> bool:
        auth = self._protocol.auth
        match auth.get("kind"):
            case None:
                return True
            case "header":
                sent, due = request.headers.get(auth["header"].lower()), self._secret
            case "basic":
                pair = base64.b64encode(f"{BASIC_USER}:{self._secret}".encode()).decode()
                sent, due = request.headers.get("authorization"), f"Basic {pair}"
            case _ if "param" in auth:
                sent, due = request.value(auth["param"]), self._secret
            case _:
                sent, due = request.headers.get("authorization"), f"Bearer {self._secret}"
        return hmac.compare_digest((sent or "").encode(), due.encode())


def read_request(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Request:
    """Return a request with its parameters, from the query, a form, or a JSON body."""
    path, _, query = target.partition("?")
    asked: dict[str, Any] = dict(parse_qsl(query, keep_blank_values=True))
    known = {name.lower(): value for name, value in headers.items()}
    if known.get("content-type", "").startswith("application/json"):
        sent = json.loads(body or b"{}")
        asked |= sent if isinstance(sent, dict) else {}
    elif body:
        asked |= dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    return Request(method, path, known, asked)


def plain_json(document: object) -> bytes:
    """Return a document as an interface would send it."""
    return _json(document)


def _json(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
