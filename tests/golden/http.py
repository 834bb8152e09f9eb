"""Every way an HTTP source is refused: connections, statuses, bodies, envelopes, paging, tokens."""

from __future__ import annotations

import errno
import gzip
import http.client
import socket
import ssl
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

from urllib3.exceptions import ConnectTimeoutError, ReadTimeoutError

from connectors import _guarded, _session, pull
from connectors._credentials import Pass
from connectors._gzip import whole_body
from connectors._http import HttpSource, build, declared, next_address, records_of, token_in, verify
from connectors._records import as_records
from connectors._text import read_json
from connectors._transport import Trouble, transport_fault
from connectors._wire import Host, addresses
from tests.connectors.doors import PAGES, Memory, city_of, pulled
from tests.connectors.site import Asked, Sent, sends, site
from tests.golden.refused import Act, Cases, calls, raises

HOST = "items.city.invalid"
ENVELOPE = {"code": "500", "msg": "库忙"}
CURSOR: dict[str, Any] = {"connector": "http_cursor", "items": "list", "cursor": "next", "cursor_param": "after"}
TOKEN = {"url": "http://127.0.0.1/token", "secret_param": "key", "path": "token"}
SECRET = {"kind": "bearer", "secret": "CITYSYNC_SECRET_440300"}


def answered(sent: Sent, memory: Memory | None = None, **source: Any) -> Act:
    """Return an act that pulls from a city whose every answer is this."""

    def act(_: Path) -> object:
        with site(lambda _: sent) as running:
            return pulled({**({} if "connector" in source else PAGES), "url": running.url, **source}, memory)

    return act


def broken(error: Exception) -> Act:
    """Return an act that meets a broken connection."""
    return raises(transport_fault(error, HOST, 30.0).error)


def source(**keys: Any) -> HttpSource:
    """Return a source as a city file writes it."""
    made = city_of({**PAGES, "url": f"http://{HOST}/", **keys}).source
    assert isinstance(made, HttpSource)
    return made


def hung_up(_: Path) -> object:
    """Ask once; the clock on the wall cuts the connection before the answer is whole."""
    talking = session()

    def cut(*_: object) -> None:
        talking._wire.cut = True
        raise ConnectionAbortedError

    with patch.object(talking, "_exchange", cut):
        outcome = talking._attempt(build(source(), {}, Pass()))
    assert isinstance(outcome, Trouble)
    raise outcome.error


class Slow:
    """A response that gives one byte whenever it is asked."""

    def __init__(self) -> None:
        self.raw = self
        self.headers: dict[str, str] = {}

    def read1(self, _: int, *, decode_content: bool) -> bytes:
        assert not decode_content
        return b"x"


class Nameless:
    """A connection to a name that has no address."""

    _dns_host, port = HOST, 80


def resolving(entries: list[object], act: Act) -> Act:
    """Return an act under a resolver that answers this."""

    def under(folder: Path) -> object:
        with patch("socket.getaddrinfo", return_value=entries):
            return act(folder)

    return under


def too_deep(folder: Path) -> object:
    """Pull rows whose walk would need more frames than there are; how many those are differs."""
    with patch("connectors.http_pages.pull", side_effect=RecursionError):
        return answered(Sent())(folder)


def session(tick: float = 0.0) -> _session.Session:
    return _session.Session(source(), Memory(tick=tick).door())


def endless(last_count: int | None, total: str | None = None) -> Act:
    """Return an act that pulls pages that never end, each of rows nobody saw before; after the first, of one row."""

    def page(asked: Asked) -> Sent:
        rows = [
            {"task_code": f"{asked.count}-{number}"} for number in range(500 if asked.count == 1 or not total else 1)
        ]
        return sends({"list": rows, "total": 1000})

    def act(_: Path) -> object:
        with site(page) as running:
            keys = {"connector": "http_pages", "url": running.url, "page_param": "p", "items": "list", "total": total}
            return pull(city_of(keys), replace(Memory().door(), last_count=last_count))

    return act


CONNECTIONS: Cases = {
    "no name": broken(socket.gaierror(-2, "Name or service not known")),
    "refused": broken(ConnectionRefusedError(111, "refused")),
    "no connection in time": broken(ConnectTimeoutError()),
    "no answer in time": broken(ReadTimeoutError(None, "/", "read")),  # type: ignore[arg-type]
    "cut body": broken(http.client.IncompleteRead(b"", 7)),
    "hung up": broken(http.client.RemoteDisconnected("")),
    "reset": broken(ConnectionResetError(104, "reset")),
    "no route": broken(OSError(errno.EHOSTUNREACH, "no route")),
    "no whole answer in time": hung_up,
    "other": broken(ValueError("?")),
    "no HTTP": broken(http.client.BadStatusLine("SSH-2.0")),
    "many headers": broken(http.client.HTTPException("got more than 100 headers")),
    "long header": broken(http.client.LineTooLong("header line")),
    "certificate expired": broken(ssl.SSLError(1, "certificate has expired")),
    "certificate not yet valid": broken(ssl.SSLError(1, "certificate is not yet valid")),
    "certificate of another": broken(ssl.SSLError(1, "Hostname mismatch")),
    "certificate by nobody known": broken(ssl.SSLError(1, "self-signed certificate")),
    "no TLS": broken(ssl.SSLError(1, "WRONG_VERSION_NUMBER")),
    "TLS": broken(ssl.SSLError(1, "handshake failure")),
    "TLS broken off": broken(ssl.SSLError(1, "UNEXPECTED_EOF_WHILE_READING")),
    "inward name": calls(_guarded.allowed_addresses, "localhost", 80),
    "inward name, looked at": resolving([(2, 1, 6, "", ("127.0.0.1", 80))], calls(addresses, Host(HOST, 80))),
    "name without address": resolving([], calls(_guarded._reached, Nameless(), object)),
}
STATUSES: Cases = {
    "204": answered(Sent(status=204)),
    "302": answered(Sent(status=302, headers={"Location": "http://10.0.0.1/"})),
    "302 nowhere": answered(Sent(status=302)),
    "401": answered(Sent(status=401), auth=SECRET),
    "403": answered(Sent(status=403), auth=SECRET),
    "401 without auth": answered(Sent(status=401)),
    "400": answered(Sent(status=400)),
    "404": answered(Sent(status=404)),
    "410": answered(Sent(status=410)),
    "408 retried": answered(Sent(status=408)),
    "429 retried": answered(Sent(status=429)),
    "429 later": answered(Sent(status=429, headers={"Retry-After": "999999999"})),
    "503 retried": answered(Sent(status=503)),
    "503 later": answered(Sent(status=503, headers={"Retry-After": "Fri, 01 Jan 2099 00:00:00 GMT"})),
    "500 until the budget ends": answered(Sent(status=500), Memory(tick=200.0)),
}
BODIES: Cases = {
    "unknown coding": answered(Sent(b"x", headers={"Content-Encoding": "br"})),
    "gzip cut, retried": answered(Sent(gzip.compress(b"{}", mtime=0)[:-8], headers={"Content-Encoding": "gzip"})),
    "gzip broken, retried": answered(Sent(b"{}", headers={"Content-Encoding": "gzip"})),
    "gzip bomb": calls(whole_body, [gzip.compress(bytes(5 * 2**20), mtime=0)], "gzip"),
    "endless page": calls(whole_body, [bytes(2**20 + 1)], "", 2**20),
    "endless city": calls(session()._count, _session.CITY_BYTES + 1),
    "drip": lambda _: list(session(31.0)._chunks(Slow())),  # type: ignore[arg-type]
    "empty": answered(Sent(b"")),
    "web page": answered(Sent(b"<html><title>login</title>")),
    "web page without title": answered(Sent(b"<html>")),
    "cut JSON": answered(Sent(b'{"code": "200", "data": {"list": [{"task_code": "1144')),
    "broken JSON": answered(Sent(b'{"code": 200 "data": 1}')),
    "NaN": answered(Sent(b'{"total": NaN}')),
    "key twice": answered(Sent(b'{"code": 1, "code": 2}')),
    "deep JSON": calls(read_json, b'{"a":' * 100_000),
    "deep row": too_deep,
}
ENVELOPES: Cases = {
    "error": answered(sends(ENVELOPE)),
    "error without message": calls(verify, source(), {"data": {}}),
    "no rows": calls(records_of, source(), {"data": {"rows": []}}, first=True),
    "rows are no list": calls(as_records, {"a": 1}, "data.list"),
    "row is no object": calls(as_records, [{}, "x"], "data.list"),
    "total is no number": calls(declared, source(), {"data": {"total": "许多"}}),
    "foreign next link": calls(next_address, f"http://{HOST}/", "http://10.0.0.1/", f"http://{HOST}/?page=1"),
    "expired cursor": answered(
        sends({"code": "E9", "msg": "过期"}), **CURSOR, expired={"path": "code", "equals": "E9"}
    ),
    "neither end nor cursor": answered(
        sends({"code": 200, "list": []}), **CURSOR, end={"path": "code", "equals": "E0"}
    ),
    "no token": calls(token_in, source(auth={**SECRET, "token": TOKEN}), b'{"msg": "bad key"}'),
    "no token, no message": calls(token_in, source(auth={**SECRET, "token": TOKEN}), b"{}"),
    "more rows than ever": endless(100),
    "more pages than the total": endless(None, "total"),
}
HTTP: Cases = {**CONNECTIONS, **STATUSES, **BODIES, **ENVELOPES}
