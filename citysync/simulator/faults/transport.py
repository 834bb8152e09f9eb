"""T: what goes wrong between two sockets, whatever is said on them."""

from __future__ import annotations

import atexit
import gzip
import socket
import struct
from collections.abc import Callable
from datetime import timedelta
from email.utils import format_datetime
from functools import cache
from urllib.parse import urlsplit, urlunsplit

from citysync.simulator.faults import clock
from citysync.simulator.faults.fault import Call, Fault
from citysync.simulator.faults.zeros import deflated_zeros
from citysync.simulator.protocols import Answer, plain_json
from citysync.simulator.wire import Drip, Flood, Reset, Script, Stall, head, script

Source = dict[str, object]
BOMB_BYTES = 300_000_000
_FLOOD = 16_384  # times 64 KiB: 1 GiB, beyond every cap there is
_HEADERS = 200
_DRIP_SECONDS = 0.5
_LOGIN = (
    '<!DOCTYPE html><html><head><meta charset="gbk"><title>统一身份认证 登录</title></head><body>请登录</body></html>'
)
_GATEWAY = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"


def _silent(_call: Call) -> Script:
    return script(Stall())


def _stalls(call: Call) -> Script:
    body = call.honest.body
    return script(head(len(body)), body[: len(body) // 2], Stall())


def _drips(call: Call) -> Script:
    return script(head(len(call.honest.body)), Drip(call.honest.body, _DRIP_SECONDS))


def _resets(call: Call) -> Script:
    body = call.honest.body
    return script(head(len(body)), body[: len(body) // 2], Reset())


def _promises_more(call: Call) -> Script:
    body = call.honest.body
    return script(head(len(body) + 100), body)


def _stops_early(call: Call) -> Script:
    body = call.honest.body
    return script(head(None, ("Connection", "close")), body[: len(body) * 2 // 3])


def _no_last_chunk(call: Call) -> Script:
    body = call.honest.body
    return script(head(None, ("Transfer-Encoding", "chunked")), f"{len(body):x}\r\n".encode(), body, b"\r\n")


def _packed(data: bytes) -> Script:
    return script(head(len(data), ("Content-Encoding", "gzip")), data)


def _half_gzip(call: Call) -> Script:
    packed = gzip.compress(call.honest.body, mtime=0)
    return _packed(packed[: len(packed) // 2])


def _no_trailer(call: Call) -> Script:
    return _packed(gzip.compress(call.honest.body, mtime=0)[:-8])


def _wrong_checksum(call: Call) -> Script:
    packed = bytearray(gzip.compress(call.honest.body, mtime=0))
    packed[-8] ^= 0xFF
    return _packed(bytes(packed))


def _not_gzip(call: Call) -> Script:
    return _packed(call.honest.body)


@cache
def bomb() -> bytes:
    """Return 300 KB of gzip that inflate to 300 MB of zeros."""
    packed, checksum = deflated_zeros(BOMB_BYTES)
    return gzip.compress(b"", mtime=0)[:10] + packed + struct.pack("<II", checksum, BOMB_BYTES)


def _bomb(_call: Call) -> Script:
    return _packed(bomb())


def _endless(_call: Call) -> Script:
    return script(head(None, ("Connection", "close")), b"[", Flood(b'"0",' * _FLOOD, _FLOOD))


def _later(after: Callable[[], str]) -> Callable[[Call], Answer]:
    def answer(_call: Call) -> Answer:
        body = plain_json({"code": 429, "msg": "请求过多"})
        return Answer(body, status=429, headers=(("Retry-After", after()),))

    return answer


def _soon() -> str:
    return format_datetime(clock.now() + timedelta(seconds=2), usegmt=True)


def _flaps(call: Call) -> Answer:
    return Answer(b"", status=503) if call.number % 3 == 1 else call.honest


def _bad_gateway(_call: Call) -> Answer:
    return Answer(_GATEWAY, status=502, kind="text/html")


def _unauthorised(_call: Call) -> Answer:
    return Answer(plain_json({"code": 401, "msg": "令牌无效或已过期"}), status=401)


def _forbidden(_call: Call) -> Answer:
    return Answer(plain_json({"code": 403, "msg": "无权访问"}), status=403)


def _login_page(call: Call) -> Answer:
    return Answer(_LOGIN.encode("gb18030"), kind=call.honest.kind)


def _error_envelope(_call: Call) -> Answer:
    return Answer(plain_json({"code": 500, "msg": "系统繁忙，请稍后再试 <b>E-1</b>", "data": None}))


def _nothing(_call: Call) -> Answer:
    return Answer(b"", status=204)


def _empty(_call: Call) -> Answer:
    return Answer(b"")


def _round_and_round(call: Call) -> Answer:
    return Answer(b"", status=302, headers=(("Location", call.request.path),))


def _many_headers(call: Call) -> Script:
    more = tuple((f"X-Trace-{number}", "1") for number in range(_HEADERS))
    return script(head(len(call.honest.body), *more), call.honest.body)


def _giant_header(call: Call) -> Script:
    return script(head(len(call.honest.body), ("X-Trace", "x" * 200_000)), call.honest.body)


def _old_protocol(call: Call) -> Script:
    told = head(len(call.honest.body), *call.honest.headers, version="HTTP/1.0")
    return script(
        told.replace(b"Content-Type", b"content-type").replace(b"Content-Length", b"content-length"), call.honest.body
    )


def _both_lengths(call: Call) -> Script:
    body = call.honest.body
    told = head(len(body) // 2, *call.honest.headers, ("Transfer-Encoding", "chunked"))
    return script(told, f"{len(body):x}\r\n".encode(), body, b"\r\n0\r\n\r\n")


def _at(place: Callable[[], str], scheme: str = "http") -> Callable[[Source], Source]:
    def change(source: Source) -> Source:
        parts = urlsplit(str(source["url"]))
        netloc = place() or parts.netloc
        return {**source, "url": urlunsplit(parts._replace(scheme=scheme, netloc=netloc))}

    return change


def _nowhere() -> str:
    return "simulated.invalid"


def _closed() -> str:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{taken.getsockname()[1]}"


@cache
def _deaf() -> tuple[socket.socket, ...]:
    """Return a listener that takes nobody in, its queue full already; held for as long as the process lives."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    waiting = [socket.socket() for _ in range(4)]
    for each in waiting:
        each.setblocking(False)
        each.connect_ex(listener.getsockname())
    for each in (listener, *waiting):
        atexit.register(each.close)
    return (listener, *waiting)


def _deaf_place() -> str:
    return f"127.0.0.1:{_deaf()[0].getsockname()[1]}"


def _here() -> str:
    return ""


FAULTS: tuple[Fault, ...] = (
    Fault("T01", "域名无法解析", "the host of the address does not exist", source=_at(_nowhere)),
    Fault("T02", "拒绝连接", "nobody listens on the port", source=_at(_closed)),
    Fault("T03", "连接超时", "a listener whose queue is full takes nobody in", source=_at(_deaf_place)),
    Fault("T04", "迟迟不回应", "the request is read, and nothing is sent", answer=_silent),
    Fault("T05", "正文传到一半没了动静", "half of the body, then silence", answer=_stalls),
    Fault("T06", "逐字节慢速传输", "one byte every half second", answer=_drips),
    Fault("T07", "传输中连接被重置", "half of the body, then RST", answer=_resets),
    Fault("T08", "声明长度大于实际", "Content-Length promises 100 bytes more than come", answer=_promises_more),
    Fault("T09", "没有长度，提前关闭", "no length, two thirds of the body, closed", answer=_stops_early),
    Fault("T10", "分块传输没有结束块", "a chunked body without its last chunk", answer=_no_last_chunk),
    Fault("T11", "gzip 截断而长度相符", "half a gzip stream whose length is right", answer=_half_gzip),
    Fault("T11b", "gzip 缺少结尾", "a gzip stream without its trailer", answer=_no_trailer),
    Fault("T12", "gzip 校验错误", "a gzip stream with a wrong CRC", answer=_wrong_checksum),
    Fault("T12b", "声称 gzip 其实不是", "plain bytes under Content-Encoding: gzip", answer=_not_gzip),
    Fault("T13", "gzip 炸弹", "300 KB that inflate to 300 MB", answer=_bomb),
    Fault("T14", "没有尽头的正文", "a body that does not end, 1 GiB at most", answer=_endless),
    Fault("T15", "429 两次，要求等 2 秒", "429 with Retry-After: 2, twice", answer=_later(lambda: "2"), last=2),
    Fault("T16", "429，以日期要求等待", "429 with a date two seconds ahead, once", answer=_later(_soon), last=1),
    Fault("T17", "429，要求等 31 年", "429 with Retry-After: 999999999", answer=_later(lambda: "999999999")),
    Fault(
        "T17b",
        "429，要求等到 2099 年",
        "429 with a date in 2099",
        answer=_later(lambda: "Thu, 01 Jan 2099 00:00:00 GMT"),
    ),
    Fault("T18", "429，等待时间无法识别", "429 with Retry-After: soon, twice", answer=_later(lambda: "soon"), last=2),
    Fault("T18b", "429，等待时间为负", "429 with Retry-After: -5, twice", answer=_later(lambda: "-5"), last=2),
    Fault("T19", "503 时有时无", "503 on every third request", answer=_flaps),
    Fault("T19b", "网关 502 网页", "502 with a gateway's page", answer=_bad_gateway),
    Fault("T20", "凭据一开始就被拒绝", "401 on every request", answer=_unauthorised),
    Fault("T20b", "无权访问", "403 on every request", answer=_forbidden),
    Fault("T21", "令牌中途过期", "401 from the second request on", answer=_unauthorised, first=2),
    Fault("T22", "200 的登录网页", "a GBK login page labelled as JSON", answer=_login_page),
    Fault("T23", "200 的错误信封", "status 200, code 500 and a message in the envelope", answer=_error_envelope),
    Fault("T24", "204 没有内容", "204 without a body", answer=_nothing),
    Fault("T24b", "200 空正文", "200 with an empty body", answer=_empty),
    Fault("T25", "循环跳转", "302 to the same address", answer=_round_and_round),
    Fault("T26", "HTTP 端口当 HTTPS", "the address says https, the port speaks plain HTTP", source=_at(_here, "https")),
    Fault("T27", "响应头过多", "200 response headers", answer=_many_headers),
    Fault("T27b", "响应头过长", "one header of 200,000 characters", answer=_giant_header),
    Fault("T30", "HTTP/1.0 与小写头", "HTTP/1.0, header names in lower case", answer=_old_protocol),
    Fault("T30b", "两种长度互相矛盾", "Transfer-Encoding and a shorter Content-Length", answer=_both_lengths),
)
