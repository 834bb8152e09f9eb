"""Broken connections: each is called by its name, laid at the right door, and tried as often as it is worth."""

from __future__ import annotations

import gzip
import json
import logging
import os
import socket
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import trustme

from citysync.domain.errors import OverBudget, SourceError, Unreachable, Unreadable
from citysync.domain.snapshot import Grade
from citysync.domain.verdict import Fault
from connectors import _session
from tests.connectors.doors import CANARY, PAGES, Memory, directory, pulled
from tests.connectors.raw import raw, reset, says
from tests.connectors.site import Asked, Sent, numbered, site

DOCUMENT = json.dumps({"code": 200, "data": {"list": directory(3), "total": 3}}, ensure_ascii=False).encode()
WHOLE = says("200 OK", DOCUMENT, f"Content-Length: {len(DOCUMENT)}")


def sending(*parts: bytes, reset_after: bool = False) -> Callable[[socket.socket, str, int], None]:
    def talk(connection: socket.socket, _: str, __: int) -> None:
        for part in parts:
            connection.sendall(part)
        if reset_after:
            reset(connection)

    return talk


def failure(url: str, memory: Memory | None = None, **source: Any) -> SourceError:
    with pytest.raises(SourceError) as caught:
        pulled({**PAGES, "url": url, **source}, memory)
    return caught.value


@pytest.mark.parametrize(
    ("talk", "words", "fault", "attempts"),
    [
        (sending(reset_after=True), "连接中断", Fault.NETWORK, 4),
        (sending(), "对方未作应答就断开连接", Fault.NETWORK, 4),
        (sending(WHOLE[:-100], reset_after=True), "连接中断", Fault.NETWORK, 4),
        (sending(WHOLE[:-100]), "响应不完整：实收少于声明的长度", Fault.CITY, 4),
        (sending(says("200 OK", b"5\r\nhello\r\n", "Transfer-Encoding: chunked")), "响应不完整", Fault.CITY, 4),
        (sending(says("200 OK", b"zz\r\nhello\r\n", "Transfer-Encoding: chunked")), "响应不完整", Fault.CITY, 4),
        (sending(says("200 OK", b"", *(f"X-{n}: 1" for n in range(200)))), "响应头超过 100 个", Fault.CITY, 1),
        (sending(says("200 OK", b"", "X-Long: " + "x" * 70_000)), "过长", Fault.CITY, 1),
        (sending(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"), "应答不是 HTTP", Fault.CITY, 1),
        (sending(says("503 Busy")), "服务端出错（503）", Fault.CITY, 4),
        (sending(says("502 Bad Gateway", b"<html>")), "服务端出错（502）", Fault.CITY, 4),
        (sending(says("304 Not Modified")), "接口拒绝了请求（304）", Fault.CITY, 1),
        (sending(says("200 OK", DOCUMENT[:-9])), "JSON 不完整", Fault.CITY, 1),
    ],
)
def test_a_broken_connection_has_a_name_an_owner_and_so_many_attempts(
    talk: Any, words: str, fault: Fault, attempts: int
) -> None:
    with raw(talk) as city:
        error = failure(city.url)
    assert words in str(error)
    assert (error.fault, error.place, len(city.heads)) == (fault, "第 1 页", attempts)
    assert (f"共试 {attempts} 次" in str(error)) is (attempts > 1)


def once() -> Memory:
    """Return a door whose clock leaves no time for a second attempt within two seconds."""
    return Memory(tick=0.7)


def test_silence_before_an_answer_is_the_citys() -> None:
    def talk(connection: socket.socket, _: str, __: int) -> None:
        connection.recv(1)  # until the reader gives up

    with raw(talk) as city:
        error = failure(city.url, once(), timeout_seconds=1, budget_seconds=2)
    assert "1 秒内无响应" in str(error)
    assert (error.fault, len(city.heads)) == (Fault.CITY, 1)


def test_silence_in_the_middle_of_a_page_has_the_page_read_again_whole() -> None:
    def talk(connection: socket.socket, _: str, before: int) -> None:
        connection.sendall(WHOLE if before else WHOLE[:-100])
        if not before:
            connection.recv(1)  # until the reader gives up

    memory = Memory()
    with raw(talk) as city:
        source = {**PAGES, "page_param": None, "url": city.url, "timeout_seconds": 1}
        assert pulled(source, memory).certificate.grade is Grade.A
    assert len(memory.waited) == 1
    assert [data for _, _, data in memory.kept] == [DOCUMENT]


def test_a_listener_that_takes_no_connection_is_nobodys_fault() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(3)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(full.getsockname())
        error = failure(f"http://127.0.0.1:{full.getsockname()[1]}", once(), timeout_seconds=1, budget_seconds=2)
        for each in waiting:
            each.close()
    assert "秒内未能连接 127.0.0.1" in str(error)
    assert error.fault is Fault.NETWORK


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\nX-Slow: ", b"HTTP/1.1 200 OK\r\n\r\n"], ids=["head", "body"])
def test_a_city_that_drips_is_cut_off_by_the_clock_on_the_wall(head: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_session, "REQUEST_SECONDS", -5.6)  # connect 5 + wait 1 + this: 0.4 seconds in all

    def talk(connection: socket.socket, _: str, __: int) -> None:
        connection.sendall(head)
        slowly(connection)

    with raw(talk) as city:
        error = failure(city.url, timeout_seconds=1)
    assert isinstance(error, OverBudget)
    assert "响应过慢" in str(error)
    assert (error.fault, len(city.heads)) == (Fault.CITY, 1)


def slowly(connection: socket.socket) -> None:
    connection.settimeout(0.02)
    try:
        while True:
            connection.sendall(b"x")
            try:
                if not connection.recv(1):
                    return
            except TimeoutError:
                continue
    except OSError:
        return


def test_a_body_below_a_kilobyte_a_second_is_too_slow_and_a_small_quick_one_is_not() -> None:
    memory = Memory(tick=40.0)
    with site(lambda _: Sent(DOCUMENT)) as city:
        error = failure(city.url, memory, budget_seconds=10_000)
        assert "响应过慢：40 秒只收到" in str(error)
        assert pulled({**PAGES, "url": city.url}, Memory(tick=5.0)).certificate.grade is Grade.A


def test_a_body_without_end_is_stopped_at_the_limit_of_a_page_and_many_pages_at_that_of_a_city(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def endless(connection: socket.socket, _: str, __: int) -> None:
        connection.sendall(says("200 OK"))
        drip_blocks(connection)

    with raw(endless) as city:
        error = failure(city.url)
    assert isinstance(error, OverBudget)
    assert "单页响应超过上限 64 MB" in str(error)
    monkeypatch.setattr(_session, "CITY_BYTES", 2_000)
    with site(numbered(directory(9))) as city_of_pages:
        assert "全部响应超过上限" in str(failure(city_of_pages.url))


def drip_blocks(connection: socket.socket) -> None:
    try:
        while True:
            connection.sendall(bytes(1 << 20))
    except OSError:
        return


def test_http_in_odd_but_lawful_dress_is_read() -> None:
    dressed = [
        says("200 OK", DOCUMENT).replace(b"HTTP/1.1", b"HTTP/1.0"),
        says("200 OK", gzip.compress(DOCUMENT), "content-encoding: GZIP"),
        says("200 OK", f"{len(DOCUMENT):x}\r\n".encode() + DOCUMENT + b"\r\n0\r\n\r\n", "transfer-encoding: chunked"),
        says("200 Alles gut", DOCUMENT, "Content-Type: text/html; charset=iso-8859-1"),
    ]
    for answer in dressed:
        with raw(sending(answer)) as city:
            assert pulled({**PAGES, "url": city.url}).certificate.grade is Grade.A


def test_a_length_beside_chunks_never_reads_past_the_chunks() -> None:
    both = says("200 OK", f"{len(DOCUMENT):x}\r\n".encode() + DOCUMENT + b"\r\n0\r\n\r\n", "Content-Length: 7")
    with raw(sending(both.replace(b"Connection", b"Transfer-Encoding: chunked\r\nConnection"))) as city:
        assert pulled({**PAGES, "url": city.url}).certificate.grade is Grade.A


def test_every_third_request_failing_costs_attempts_and_no_row() -> None:
    memory = Memory()

    def flapping(asked: Asked) -> Sent:
        return Sent(b"<html>502", 502) if asked.count % 3 == 0 else numbered(directory(9))(asked)

    with site(flapping) as city:
        certificate = pulled({**PAGES, "url": city.url}, memory).certificate
    assert (certificate.grade, certificate.received, len(memory.waited)) == (Grade.A, 9, 2)


def test_a_city_that_says_slow_down_is_asked_more_slowly_for_the_rest_of_the_pull() -> None:
    memory = Memory()

    def busy(asked: Asked) -> Sent:
        return (
            Sent(status=429, headers={"Retry-After": "2"}) if asked.count in {1, 2} else numbered(directory(5))(asked)
        )

    with site(busy) as city:
        snapshot = pulled({**PAGES, "url": city.url}, memory)
    assert memory.waited == [2.0, 2.0, 0.5, 0.5]
    assert "对方 2 次要求放慢（429），已降低访问频率" in snapshot.notes


@pytest.mark.parametrize(
    ("date", "note"),
    [
        ("Mon, 23 Nov 2026 20:30:00 GMT", "对方时钟比本系统快 3.0 小时"),
        ("Mon, 23 Nov 2026 17:00:00 GMT", "对方时钟比本系统慢 30 分钟"),
        ("Mon, 23 Nov 2026 17:31:00 GMT", None),
        ("yesterday", None),
    ],
)
def test_a_clock_that_is_off_is_noted_and_judges_nobody(date: str, note: str | None) -> None:
    with site(lambda _: Sent(DOCUMENT, headers={"Date": date})) as city:
        snapshot = pulled({**PAGES, "url": city.url})
    assert snapshot.certificate.grade is Grade.A
    assert [text.partition("（")[0] for text in snapshot.notes] == ([note] if note else [])


def test_a_moment_to_come_back_at_is_read_by_the_clock_of_whoever_named_it() -> None:
    memory = Memory()
    headers = {"Retry-After": "Mon, 23 Nov 2026 20:30:07 GMT", "Date": "Mon, 23 Nov 2026 20:30:00 GMT"}
    with site(lambda asked: Sent(DOCUMENT) if asked.count > 1 else Sent(status=503, headers=headers)) as city:
        pulled({**PAGES, "url": city.url}, memory)
    assert memory.waited == [7.0]


def test_what_the_host_has_in_its_environment_is_neither_used_nor_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text(f"machine 127.0.0.1 login canary password {CANARY}\n", encoding="utf-8")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with raw(sending(WHOLE)) as city:
        pulled({**PAGES, "url": city.url})
    assert CANARY not in city.heads[0]
    assert "authorization" not in city.heads[0].lower()
    assert os.environ["HTTP_PROXY"]


def test_no_log_of_a_library_quotes_an_address_with_its_token(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with site(lambda _: Sent(DOCUMENT)) as city:
        pulled({**PAGES, "url": city.url, "auth": {"kind": "bearer", "secret": "S", "param": "access_token"}})
    assert city.asked[0].query["access_token"] == CANARY
    assert "canary" not in caplog.text


AUTHORITY = trustme.CA()


def tls(*names: str, expired: bool = False, authority: trustme.CA = AUTHORITY) -> ssl.SSLContext:

    ends = datetime(2025, 11, 20, tzinfo=UTC) if expired else None
    starts = datetime(2025, 1, 1, tzinfo=UTC) if expired else None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names, not_before=starts, not_after=ends).configure_cert(context)
    return context


@pytest.fixture
def ca_file(tmp_path: Path) -> str:
    path = tmp_path / "ca.pem"
    AUTHORITY.cert_pem.write_to_path(str(path))
    return str(path)


def test_a_city_with_a_certificate_of_its_own_authority_is_read_with_its_ca_file(ca_file: str) -> None:
    with raw(sending(WHOLE), tls("127.0.0.1")) as city:
        assert pulled({**PAGES, "url": city.url, "ca_file": ca_file}).certificate.grade is Grade.A


@pytest.mark.parametrize(
    ("context", "words"),
    [
        (tls("127.0.0.1", expired=True), "证书已过期（2025-11-20）；"),
        (tls("zwfw.shaozhou.example"), "证书域名不符"),
        (tls("127.0.0.1", authority=trustme.CA()), "证书颁发机构不受信任"),
    ],
)
def test_a_wrong_certificate_is_called_by_what_is_wrong_and_never_tried_again(
    context: ssl.SSLContext, words: str, ca_file: str
) -> None:
    memory = Memory()
    auth = {"kind": "header", "header": "X-Api-Key", "secret": "S"}
    with raw(sending(WHOLE), context) as city:
        error = failure(city.url, memory, ca_file=ca_file, auth=auth)
    assert words in str(error)
    assert "请市里检查证书" in str(error)
    assert (error.fault, memory.waited, city.connections, city.heads) == (Fault.CITY, [], 1, [])


def test_a_port_that_does_not_speak_tls_and_one_that_does_are_told_apart() -> None:
    def plain(connection: socket.socket, _: str, __: int) -> None:
        connection.sendall(WHOLE)

    with site(lambda _: Sent(DOCUMENT)) as city:
        error = failure(city.url.replace("http:", "https:"))
    assert "该端口不是 HTTPS" in str(error)
    assert error.fault is Fault.CITY
    with raw(plain, tls("127.0.0.1")) as city_with_tls:
        assert isinstance(failure(city_with_tls.url.replace("https:", "http:"), budget_seconds=1), Unreachable)


def resolving(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    asked: list[str] = []

    def resolve(host: str, port: int, *_: object, **__: object) -> list[Any]:
        if host.replace(".", "").isdigit() or ":" in host:
            return [(family(host), socket.SOCK_STREAM, 6, "", (host, port))]
        asked.append(host)
        return [(family(address), socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return asked


def family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.9.9.9",
        "0.0.0.0",  # noqa: S104 — an answer that leads inward
        "169.254.169.254",
        "::1",
        "::",
        "fe80::1",
        "::ffff:127.0.0.1",
        "2002:7f00:1::",
        "64:ff9b::7f00:1",
    ],
)
def test_a_name_that_leads_inward_is_refused_before_a_connection_is_made(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with raw(sending(WHOLE)) as inside:
        asked = resolving(monkeypatch, "203.0.113.7", address)
        port = inside.url.rpartition(":")[2]
        error = failure(f"http://zwfw.shaozhou.example:{port}/")
    assert "域名 zwfw.shaozhou.example 解析到本机或链路本地地址" in str(error)
    assert (asked, inside.connections) == (["zwfw.shaozhou.example"], 0)


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "017700000001", "127.1", "localhost"])
def test_a_loopback_address_in_disguise_counts_as_a_name(host: str) -> None:
    with raw(sending(WHOLE)) as inside:
        error = failure(f"http://{host}:{inside.url.rpartition(':')[2]}/")
    assert isinstance(error, Unreachable)
    assert inside.connections == 0


def test_a_name_is_resolved_once_so_that_no_second_answer_can_lead_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([["127.0.0.1"], ["127.0.0.1"]])
    with raw(sending(WHOLE)) as city:
        port = int(city.url.rpartition(":")[2])
        monkeypatch.setattr("connectors._guarded.is_inward", lambda _: False)
        monkeypatch.setattr("connectors._guarded._not_ourselves", lambda _, reached: reached)
        real = socket.getaddrinfo

        def once(host: str, *rest: Any, **more: Any) -> Any:
            if host == "zwfw.shaozhou.example":
                return real(next(answers)[0], *rest, **more)
            return real(host, *rest, **more)

        monkeypatch.setattr(socket, "getaddrinfo", once)
        pulled({**PAGES, "page_param": None, "url": f"http://zwfw.shaozhou.example:{port}/"})
    assert "Host: zwfw.shaozhou.example" in city.heads[0]
    assert next(answers) == ["127.0.0.1"], "a second answer was asked for"


@pytest.mark.parametrize(
    "place",
    ["{other}/x", "//{host}/x", "http://169.254.169.254/latest", "file:///etc/passwd", "gopher://127.0.0.1/", "/items"],
)
def test_no_redirect_is_followed_and_no_header_leaks(place: str) -> None:
    with raw(sending(WHOLE)) as other:
        location = place.format(other=other.url, host=other.url.removeprefix("http://"))
        for status in ("301 Moved", "302 Found", "307 Temporary", "308 Permanent"):
            with raw(sending(says(status, b"", f"Location: {location}"))) as city:
                auth = {"kind": "header", "header": "X-Api-Key", "secret": "S"}
                assert isinstance(failure(city.url, auth=auth), Unreadable)
            assert len(city.heads) == 1
        assert other.connections == 0
