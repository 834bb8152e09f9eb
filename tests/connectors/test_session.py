"""The reader: bounded, stubborn within reason, and silent about secrets."""

from __future__ import annotations

import base64
import gzip
import json
import traceback
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citysync.domain.errors import ConfigError, OverBudget, Refused, SourceError, Throttled, Unreachable, Unreadable
from citysync.domain.snapshot import Grade
from connectors import pull
from connectors._gzip import Cut, whole_body
from tests.connectors.doors import CANARY, PAGES, Memory, city_of, directory, pulled
from tests.connectors.site import Asked, Sent, numbered, sends, site

WHOLE = json.dumps({"code": 200, "data": {"list": directory(40), "total": 40}}, ensure_ascii=False).encode()
BEARER = {"kind": "bearer", "secret": "CITYSYNC_SECRET_440300"}
GZIP = {"Content-Encoding": "gzip"}


def assert_our_own_pace(memory: Memory) -> None:
    """About 1, 4 and 16 seconds, spread by a quarter so that cities do not come back in step."""
    assert len(memory.waited) == 3
    for waited, about in zip(memory.waited, (1, 4, 16), strict=True):
        assert 0.75 * about <= waited <= 1.25 * about


def test_a_gzip_page_is_read_whole_and_so_is_one_of_two_members() -> None:
    packed = gzip.compress(WHOLE[:500]) + gzip.compress(WHOLE[500:])
    with site(lambda _: Sent(packed, headers=GZIP)) as city:
        assert pulled({**PAGES, "url": city.url}).certificate.grade is Grade.A
        assert city.asked[0].headers["accept-encoding"] == "gzip"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (gzip.compress(WHOLE)[: len(gzip.compress(WHOLE)) // 2], "gzip 流不完整（缺少结束标记）"),
        (gzip.compress(WHOLE)[:-1], "gzip 流不完整"),
        (gzip.compress(WHOLE) + b"junk", "gzip 流损坏"),
        (WHOLE, "gzip 流损坏"),
    ],
)
def test_a_gzip_stream_that_is_cut_or_broken_is_tried_again_and_refused(body: bytes, words: str) -> None:
    memory = Memory()
    with site(lambda _: Sent(body, headers=GZIP)) as city, pytest.raises(Unreadable, match=words):
        pulled({**PAGES, "url": city.url}, memory)
    assert len(city.asked) == 4
    assert memory.kept == []


def test_a_gzip_bomb_is_stopped_while_it_inflates() -> None:
    with (
        site(lambda _: Sent(gzip.compress(bytes(20_000_000)), headers=GZIP)) as city,
        pytest.raises(OverBudget, match="解压后超过上限"),
    ):
        pulled({**PAGES, "url": city.url})
    assert len(city.asked) == 1


def test_a_body_shorter_than_its_length_is_unreachable_after_four_attempts() -> None:
    memory = Memory()
    with site(lambda _: Sent(WHOLE[:100], length=len(WHOLE))) as city, pytest.raises(Unreachable) as caught:
        pulled({**PAGES, "url": city.url}, memory)
    assert "响应不完整" in str(caught.value)
    assert "共试 4 次" in str(caught.value)
    assert caught.value.place == "第 1 页"
    assert_our_own_pace(memory)


def test_a_body_that_stops_early_without_a_length_is_unreadable() -> None:
    with (
        site(lambda _: Sent(WHOLE[:1000], length=None)) as city,
        pytest.raises(Unreadable, match="第 1 页：JSON 不完整"),
    ):
        pulled({**PAGES, "url": city.url})


def test_a_chunked_body_without_its_last_chunk_is_unreachable() -> None:
    with (
        site(lambda _: Sent(b"5\r\nhello\r\n", headers={"Transfer-Encoding": "chunked"}, length=None)) as city,
        pytest.raises(Unreachable),
    ):
        pulled({**PAGES, "url": city.url})


@pytest.mark.parametrize(
    ("label", "noted"),
    [("text/html; charset=gbk", True), ("application/json;charset=UTF-8", False), ("application/problem+json", False)],
)
def test_a_body_that_is_not_what_it_calls_itself_is_read_by_its_content_and_noted(label: str, noted: bool) -> None:  # noqa: FBT001 — the expectation
    with site(lambda _: Sent(WHOLE, headers={"Content-Type": label})) as city:
        snapshot = pulled({**PAGES, "url": city.url})
    assert snapshot.certificate.grade is Grade.A
    assert [note for note in snapshot.notes if "Content-Type 标为 text/html，内容是 JSON" in note] == list(
        snapshot.notes
    )
    assert bool(snapshot.notes) is noted


def test_a_city_that_recovers_within_four_attempts_is_pulled() -> None:
    memory = Memory()

    def answer(asked: Asked) -> Sent:
        return Sent(status=503) if asked.count < 4 else Sent(WHOLE)

    with site(answer) as city:
        assert pulled({**PAGES, "url": city.url}, memory).certificate.grade is Grade.A
    assert "第 1 页第 2 次未成功" in memory.told[1]


def test_a_closed_port_is_a_refused_connection() -> None:
    with site(lambda _: Sent()) as city:
        url = city.url
    with pytest.raises(Unreachable, match=r"127.0.0.1 拒绝连接"):
        pulled({**PAGES, "url": url})


def test_a_host_that_does_not_exist_is_named_and_not_hammered() -> None:
    memory = Memory()
    with pytest.raises(Unreachable, match=r"域名 shaozhou.invalid 无法解析"):
        pulled({**PAGES, "url": "http://shaozhou.invalid/items"}, memory)
    assert len(memory.waited) == 1


def test_a_name_that_resolves_to_our_own_machine_is_refused_before_a_byte_is_sent() -> None:
    with site(numbered(directory(1))) as city:
        with pytest.raises(Unreachable, match="域名 localhost 解析到本机"):
            pulled({**PAGES, "url": city.url.replace("127.0.0.1", "localhost")})
        assert city.asked == []


def test_retry_after_is_honoured_in_seconds_and_as_a_date() -> None:
    waits = ["7", "Mon, 23 Nov 2026 17:30:12 GMT"]

    def answer(asked: Asked) -> Sent:
        return Sent(WHOLE) if asked.count > 2 else Sent(status=429, headers={"Retry-After": waits[asked.count - 1]})

    memory = Memory()
    with site(answer) as city:
        pulled({**PAGES, "page_param": None, "url": city.url}, memory)
    assert memory.waited == [7.0, 12.0]


@pytest.mark.parametrize("asked_for", ["999999999", "Fri, 01 Jan 2099 00:00:00 GMT"])
def test_a_wait_beyond_a_minute_is_throttled_at_once(asked_for: str) -> None:
    memory = Memory()
    with (
        site(lambda _: Sent(status=429, headers={"Retry-After": asked_for})) as city,
        pytest.raises(Throttled, match="对方要求等待"),
    ):
        pulled({**PAGES, "url": city.url}, memory)
    assert memory.waited == []


@pytest.mark.parametrize("junk", ["soon", "-5", ""])
def test_junk_in_retry_after_means_our_own_pace(junk: str) -> None:
    memory = Memory()
    with (
        site(lambda _: Sent(status=429, headers={"Retry-After": junk})) as city,
        pytest.raises(Throttled, match="429"),
    ):
        pulled({**PAGES, "url": city.url}, memory)
    assert_our_own_pace(memory)


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_names_the_secret_never_its_value_and_is_not_repeated(status: int) -> None:
    with site(lambda _: Sent(status=status)) as city, pytest.raises(Refused) as caught:
        pulled({**PAGES, "url": city.url, "auth": BEARER})
    assert "请核对密钥 CITYSYNC_SECRET_440300" in str(caught.value)
    assert len(city.asked) == 1


def test_a_redirect_is_named_and_never_followed() -> None:
    with site(lambda _: Sent()) as elsewhere:
        with (
            site(lambda _: Sent(status=302, headers={"Location": elsewhere.url + "/x"})) as city,
            pytest.raises(Unreadable, match=r"跳转（302）到 http://127.0.0.1:[0-9]+/x"),
        ):
            pulled({**PAGES, "url": city.url, "auth": {"kind": "header", "header": "X-Api-Key", "secret": "S"}})
        assert elsewhere.asked == []


def test_a_login_page_in_gbk_is_called_by_its_title() -> None:
    page = "<!DOCTYPE html><html><title>统一登录 &amp; 认证</title>".encode("gbk")
    with (
        site(lambda _: Sent(page, headers={"Content-Type": "application/json"})) as city,
        pytest.raises(Unreadable, match="返回的是网页（标题：统一登录 & 认证）而不是数据"),
    ):
        pulled({**PAGES, "url": city.url})


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (Sent(status=204), "空响应"),
        (Sent(b""), "空响应"),
        (Sent(status=404), "接口地址已失效（404）"),
        (Sent(status=400), "接口拒绝了请求（400）"),
        (Sent(WHOLE, headers={"Content-Encoding": "br"}), "压缩方式 br"),
        (Sent(b'{"a": 1, "a": 2}'), "JSON 键重复：a"),
        (Sent(b'{"a": NaN}'), "NaN"),
        (Sent(b"[" * 100_000), "嵌套过深"),
        (Sent(b'["\xff\xff"]'), "编码不是 UTF-8、GB18030：第 2 字节"),
        (Sent(b"[1]"), "第 1 条应是对象"),
        (Sent(b'"text"'), "响应中没有 data.list"),
    ],
)
def test_what_is_no_directory_is_unreadable_and_says_why(sent: Sent, words: str) -> None:
    source = {**PAGES, "ok": None, "items": None if sent.body == b"[1]" else "data.list"}
    with site(lambda _: sent) as city, pytest.raises(Unreadable, match=words):
        pulled({**source, "url": city.url})


def test_gb18030_is_read_whatever_it_is_labelled() -> None:
    body = WHOLE.decode().replace("事项1", "镕基㐂").encode("gb18030")
    with site(lambda _: Sent(body, headers={"Content-Type": "application/json; charset=gb2312"})) as city:
        assert "镕基㐂" in pulled({**PAGES, "url": city.url}).rows["task_name"].to_list()
        with pytest.raises(Unreadable, match="编码不是 UTF-8：第"):
            pulled({**PAGES, "url": city.url, "encoding": "utf-8"})


def test_time_runs_out_for_a_city_that_drips_and_for_one_that_is_slow() -> None:
    memory = Memory(tick=70.0)
    with site(lambda _: Sent(WHOLE * 40)) as city, pytest.raises(OverBudget, match="响应过慢"):
        pulled({**PAGES, "url": city.url, "budget_seconds": 10_000}, memory)
    memory = Memory(tick=9.0)
    with site(numbered(directory(9))) as city, pytest.raises(OverBudget, match="时间预算"):
        pulled({**PAGES, "url": city.url, "budget_seconds": 60}, memory)


def test_no_pause_reaches_beyond_the_budget() -> None:
    memory = Memory()
    with site(lambda _: Sent(status=429, headers={"Retry-After": "50"})) as city, pytest.raises(Throttled):
        pulled({**PAGES, "url": city.url, "budget_seconds": 30}, memory)
    assert memory.waited == []


@pytest.mark.parametrize(
    ("auth", "header", "value"),
    [
        (BEARER, "authorization", f"Bearer {CANARY}"),
        ({"kind": "header", "header": "X-Api-Key", "secret": "S"}, "x-api-key", CANARY),
        ({"kind": "basic", "user": "citysync", "secret": "S"}, "authorization", "Basic Y2l0eXN5bmM6"),
    ],
)
def test_credentials_stand_in_the_header_the_file_says(auth: dict[str, Any], header: str, value: str) -> None:
    with site(lambda _: Sent(WHOLE)) as city:
        pulled({**PAGES, "url": city.url, "auth": auth})
    assert city.asked[0].headers[header].startswith(value)


@pytest.mark.parametrize(
    "auth",
    [
        {**BEARER, "param": "access_token"},
        {**BEARER, "param": "ticket"},
        BEARER,
        {"kind": "basic", "user": "citysync", "secret": "S"},
    ],
)
@pytest.mark.parametrize("status", [200, 302, 401, 500])
def test_a_secret_is_in_no_error_no_evidence_address_and_no_progress(auth: dict[str, Any], status: int) -> None:
    def echo(asked: Asked) -> Sent:
        said = f"{asked.query} {asked.headers.get('authorization')}"
        document = json.dumps({"code": 9, "msg": said}, ensure_ascii=False).encode()
        return Sent(document, status, {"Location": f"/?t={CANARY}"})

    memory = Memory()
    city = None
    with site(echo) as running:
        city = city_of({**PAGES, "url": running.url, "auth": auth})
        with pytest.raises(SourceError) as caught:
            pull(city, memory.door())
    everything = "".join(traceback.format_exception(caught.value))
    everything += "".join(memory.told) + "".join(url for _, url, _ in memory.kept)
    assert CANARY not in everything
    assert base64.b64encode(f"citysync:{CANARY}".encode()).decode() not in everything
    assert CANARY.replace("/", "%2F").replace("+", "%2B").replace("=", "%3D") not in everything


def test_a_secret_with_a_line_break_is_our_own_mistake_and_not_quoted() -> None:
    memory = Memory()
    door = memory.door()
    city = city_of({**PAGES, "url": "http://127.0.0.1:9", "auth": BEARER})
    object.__setattr__(door, "secret", lambda _: "abc\r\nX-Evil: 1")
    with pytest.raises(ConfigError, match="CITYSYNC_SECRET_440300") as caught:
        pull(city, door)
    assert "X-Evil" not in str(caught.value)


def test_proxies_of_the_host_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with site(lambda _: Sent(WHOLE)) as city:
        assert pulled({**PAGES, "url": city.url}).rows.height == 40


def test_an_answer_of_one_page_may_be_a_bare_list() -> None:
    with site(lambda _: sends(directory(2))) as city:
        assert pulled({"connector": "http_pages", "url": city.url}).certificate.grade is Grade.B


@settings(derandomize=True, max_examples=150, deadline=None, database=None)
@given(st.lists(st.binary(max_size=400), min_size=1, max_size=3), st.integers(1, 50), st.data())
def test_a_body_is_inflated_as_zlib_does_it_however_it_is_cut_into_chunks_or_damaged(
    members: list[bytes], chunk: int, data: st.DataObject
) -> None:
    packed = bytearray(b"".join(gzip.compress(member, mtime=0) for member in members))
    assert _inflated(packed, chunk) == b"".join(members) == gzip.decompress(packed)
    place = data.draw(st.integers(0, len(packed) - 1))
    assert _inflated(packed[:place], chunk) in {None, *(b"".join(members[:count]) for count in range(1, len(members)))}
    packed[place] ^= data.draw(st.integers(1, 255))
    assert _inflated(packed, chunk) in {None, b"".join(members)}  # a name or a moment in a header may be any


def _inflated(packed: bytes | bytearray, chunk: int) -> bytes | None:
    try:
        return whole_body((bytes(packed[at : at + chunk]) for at in range(0, len(packed), chunk)), "gzip")
    except Cut:
        return None


def test_a_cookie_of_the_first_page_comes_back_with_the_second_and_goes_nowhere_else() -> None:
    pages = numbered(directory(4))

    def answer(asked: Asked) -> Sent:
        cookies = {"Set-Cookie": "node=b2; Path=/; HttpOnly"} if asked.count == 1 else {}
        return Sent(pages(asked).body, headers=cookies)

    with site(answer) as city:
        assert pulled({**PAGES, "url": city.url}).certificate.grade is Grade.A
    with site(answer) as other:
        pulled({**PAGES, "url": other.url})
    assert [asked.headers.get("cookie") for asked in city.asked[:2]] == [None, "node=b2"]
    assert other.asked[0].headers.get("cookie") is None
