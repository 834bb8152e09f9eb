"""A body cut anywhere, on its way or at its source: no city is ever said to lack what was cut off."""

from __future__ import annotations

import gzip
import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.connectors.cuts import SMALL, WHOLE, Walked, a_master_of, assert_harmless, points, walked
from tests.connectors.doors import city_of, directory
from tests.connectors.raw import raw

HELD, OBLIGED = 3, 4  # the city has three items of four: the whole has one item unclaimed already
ROWS = [
    {name: row[name] for name in ("task_code", "task_name", "task_type", "by_law", "task_state")}
    for row in directory(HELD)
]
MASTER = a_master_of(OBLIGED)


@dataclass(frozen=True)
class Shape:
    """A way of paging: what the city file says, and target → (body, headers) of each page."""

    source: dict[str, Any]
    pages: dict[str, tuple[bytes, str]]
    proved: bool


def body(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False, indent=1).encode()


def numbered(rows: list[Any], size: int, *, total: bool) -> Shape:
    count = -(-len(rows) // size)
    pages = {}
    for page in range(1, count + 3):
        answer: dict[str, Any] = {"list": rows[(page - 1) * size : page * size]}
        pages[f"/?p={page}"] = (body(answer | ({"total": len(rows)} if total else {})), "")
    source = {"connector": "http_pages", "page_param": "p", "items": "list", "total": "total" if total else None}
    return Shape(source, pages, total)


def by_cursor(*, end: bool) -> Shape:
    pages = {
        "/": (body({"code": "00", "list": ROWS[:2], "next": "2"}), ""),
        "/?c=2": (body({"code": "00", "list": ROWS[2:], "next": "3" if end else None}), ""),
        "/?c=3": (body({"code": "09", "list": None}), ""),
    }
    source: dict[str, Any] = {"connector": "http_cursor", "cursor_param": "c", "cursor": "next", "items": "list"}
    return Shape(source | ({"end": {"path": "code", "equals": "09"}} if end else {}), pages, end)


def by_link(*, header: bool) -> Shape:
    if header:
        pages = {"/": (body(ROWS[:2]), 'Link: </?b>; rel="next"\r\n'), "/?b": (body(ROWS[2:]), "")}
        return Shape({"connector": "http_links", "next": "header:Link"}, pages, proved=False)
    pages = {
        "/": (body({"list": ROWS[:2], "total": HELD, "next": "/?b"}), ""),
        "/?b": (body({"list": ROWS[2:], "total": HELD}), ""),
    }
    return Shape({"connector": "http_links", "next": "next", "items": "list", "total": "total"}, pages, proved=True)


SHAPES = {
    "pages with a total": numbered(ROWS, 2, total=True),
    "pages without": numbered(ROWS, 2, total=False),
    "cursor with an end": by_cursor(end=True),
    "cursor without": by_cursor(end=False),
    "links in the body": by_link(header=False),
    "links in the header": by_link(header=True),
}
WHOLES: dict[int, Walked] = {}  # shape → what came of its whole, whichever way it travelled
LENGTH = "Content-Length: {}\r\n\r\n"
LAST = b"0\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"


def chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n" if data else b""


# How a cut body travels: (whole, cut) → what follows the fixed headers.
FRAMINGS: dict[str, Callable[[bytes, bytes], bytes]] = {
    "the server believes it is whole": lambda _, cut: LENGTH.format(len(cut)).encode() + cut,
    "the connection ends early": lambda whole, cut: LENGTH.format(len(whole)).encode() + cut,
    "no length at all": lambda _, cut: b"\r\n" + cut,
    "chunked, whole to the eye": lambda _, cut: CHUNKED + chunk(cut) + b"0\r\n\r\n",
    "chunked, without its last chunk": lambda whole, cut: CHUNKED + chunk(cut) + (LAST if cut == whole else b""),
}


def cuts_of(shape: Shape, asked: set[str], *, packed: bool, most: int | None) -> Iterator[tuple[str, int]]:
    for target in sorted(asked):
        whole, _ = shape.pages[target]
        data = gzip.compress(whole, mtime=0) if packed else whole
        yield from ((target, at) for at in points(data, most=most))


def assert_no_cut_accuses(shape: Shape, framing: str, *, packed: bool, most: int | None, master: Any = MASTER) -> int:
    cut: list[tuple[str, int]] = []

    def talk(connection: socket.socket, target: str, _: int) -> None:
        page, headers = shape.pages[target]
        data = gzip.compress(page, mtime=0) if packed else page
        at = cut[0][1] if cut and cut[0][0] == target else len(data)
        head = f"HTTP/1.1 200 OK\r\nConnection: close\r\n{'Content-Encoding: gzip' if packed else 'X-Plain: 1'}\r\n"
        connection.sendall(head.encode() + headers.encode() + FRAMINGS[framing](data, data[:at]))

    with raw(talk) as server:
        city = city_of({**shape.source, "url": server.url + "/"})
        whole = WHOLES[id(shape)] = walked(city, master, WHOLES.get(id(shape)))
        assert_the_whole_is_read(whole, shape)
        tried, asked = 0, {head.split(" ")[1] for head in server.heads}
        for target, at in cuts_of(shape, asked, packed=packed, most=most):
            cut[:] = [(target, at)]
            assert_harmless(
                whole, walked(city, master, whole), proved=shape.proved, where=f"{framing} {target} 第 {at} 字节"
            )
            tried += 1
    return tried


def assert_the_whole_is_read(whole: Walked, shape: Shape) -> None:
    assert whole.grade == ("A" if shape.source.get("total") else "B")
    assert whole.unclaimed == {("440300", f"{440106000000 + len(whole.rows or ()) + 1}")}


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("framing", list(FRAMINGS))
@pytest.mark.parametrize("shape", list(SHAPES))
def test_no_cut_of_an_answer_ever_accuses_a_city(shape: str, framing: str, *, packed: bool) -> None:
    assert assert_no_cut_accuses(SHAPES[shape], framing, packed=packed, most=3) > 0


@pytest.mark.parametrize(
    ("shape", "framing", "packed"),
    [
        pytest.param(shape, framing, packed, marks=WHOLE)
        for shape in SHAPES
        for framing in FRAMINGS
        for packed in (False, True)
    ],
)
def test_no_cut_at_any_byte_of_an_answer_ever_accuses_a_city(shape: str, framing: str, *, packed: bool) -> None:
    tried = assert_no_cut_accuses(SHAPES[shape], framing, packed=packed, most=None)
    assert tried > len(SHAPES[shape].pages)


@pytest.mark.parametrize("framing", ["the server believes it is whole", "no length at all"])
def test_no_cut_of_a_long_answer_ever_accuses_a_city(framing: str) -> None:
    shape = numbered(directory(8), 8, total=True)
    assert len(shape.pages["/?p=1"][0]) > SMALL
    assert_no_cut_accuses(shape, framing, packed=False, most=12, master=a_master_of(9))


def test_the_property_catches_a_reader_that_takes_what_it_gets() -> None:
    whole = Walked("out_of_sync", ("unclaimed",), "A", ((1,), (2,), (3,)), frozenset({("440300", "440106000004")}))
    naive = Walked("out_of_sync", ("unclaimed",), "B", ((1,),), whole.unclaimed | {("440300", "440106000002")})
    with pytest.raises(AssertionError, match="误报漏领"):
        assert_harmless(whole, naive, proved=False, where="")
    quiet = Walked("in_sync", (), "A", ((1,),), frozenset())
    with pytest.raises(AssertionError, match="被当作 A 级采用"):
        assert_harmless(whole, quiet, proved=True, where="")
    assert_harmless(whole, quiet, proved=False, where="a source that proves nothing may only say less")


def test_cuts_are_taken_at_every_byte_of_what_is_small_and_at_the_joints_of_what_is_large() -> None:
    assert points(b"abc") == [0, 1, 2]
    large = b'{"a": 1},\n' * 1000
    assert {7, 9, 10} <= set(points(large))
    assert len(points(large, most=50)) == 50
    assert points(large) == points(large)
