"""P: what goes wrong between one page and the next."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from citysync.simulator.faults import links
from citysync.simulator.faults.fault import Call, Fault, Record
from citysync.simulator.protocols import Answer, plain_json

_NUMBERED = frozenset({"pages_get", "pages_form", "pages_json"})
_TOTALLED = _NUMBERED | {"links_next"}
_CURSOR = frozenset({"cursor"})


def _over(call: Call, records: list[Record], **more: int) -> Answer:
    start, size = call.endpoint.place(call.request)
    return call.endpoint.page(records, start, size, **more)


def _records(call: Call) -> list[Record]:
    return [dict(record) for record in call.endpoint.records]


def _shrunk(call: Call) -> Answer:
    return _over(call, _records(call)[1:])


def _grown(call: Call) -> Answer:
    records = _records(call)
    return _over(call, [other_code(records[0]), *records])


def _swapped(call: Call) -> Answer:
    """Return a page of a directory in which the first row moved to the end: the total stays, a row is skipped."""
    records = _records(call)
    return _over(call, [*records[1:], records[0]])


def other_code(record: Record) -> Record:
    """Return a row under another code, of the same shape."""
    name, code = next((name, str(value)) for name, value in record.items() if _is_code(value))
    return {**record, name: f"{code[:-1]}{'1' if code[-1] == '0' else '0'}"}


def _is_code(value: object) -> bool:
    return isinstance(value, str) and len(value) >= 31 and value.isascii() and value.isalnum()  # noqa: PLR2004 - 实施编码


def _first_page(call: Call) -> Answer:
    _, size = call.endpoint.place(call.request)
    return call.endpoint.page(call.endpoint.records, 0, size)


def _endless(call: Call) -> Answer:
    start, size = call.endpoint.place(call.request)
    first = _records(call)[0]
    made = [{**first, **_numbered(first, start + place)} for place in range(size)]
    padded: list[Record] = [{}] * start
    return call.endpoint.page([*padded, *made], start, size, total=start + 3 * size, whole=start + 3 * size)


def _numbered(record: Record, number: int) -> Record:
    name, code = next((name, str(value)) for name, value in record.items() if _is_code(value))
    return {name: f"{code[:25]}{number:06d}"}


def _smaller_pages(call: Call) -> Answer:
    start, size = call.endpoint.place(call.request)
    less = max(1, size // 2)
    return call.endpoint.page(call.endpoint.records, start // size * less, less)


def _from_zero(call: Call) -> Answer:
    start, size = call.endpoint.place(call.request)
    return call.endpoint.page(call.endpoint.records, start + size, size)


def _total(change: Callable[[int], object]) -> Callable[[Call], Answer]:
    def answer(call: Call) -> Answer:
        start, size = call.endpoint.place(call.request)
        told = change(len(call.endpoint.records))
        page = call.endpoint.page(call.endpoint.records, start, size, total=-987_654_321)
        text = page.body.replace(b'"-987654321"', plain_json(told)).replace(b"-987654321", plain_json(told))
        return replace(page, body=text)

    return answer


def _hole(call: Call) -> Answer:
    _, size = call.endpoint.place(call.request)
    return call.endpoint.page([], len(call.endpoint.records) + size, size, total=len(call.endpoint.records))


def _no_marker(call: Call) -> Answer:
    document: Any = json.loads(call.honest.body)
    if "list" in document["data"]:
        return call.honest
    return replace(call.honest, body=plain_json({"STATUS": {"CODE": "00", "TEXT": "成功"}, "data": {"list": []}}))


def _halting_cursor(call: Call) -> Answer:
    document: Any = json.loads(call.honest.body)
    document["data"]["LASTTIMESTAMP"] = 1_700_000_000_000
    return replace(call.honest, body=plain_json(document))


def _expired_cursor(_call: Call) -> Answer:
    return Answer(plain_json({"STATUS": {"CODE": "98", "TEXT": "游标失效，请重新开始"}, "data": None}), status=410)


def _expired_envelope(_call: Call) -> Answer:
    return Answer(plain_json({"STATUS": {"CODE": "98", "TEXT": "游标失效，请重新开始"}, "data": None}))


def _other_node(call: Call) -> Answer:
    return _shrunk(call) if call.number % 2 == 0 else call.honest


def _gone(call: Call) -> Answer:
    page = "<html><title>接口已迁移</title></html>".encode()
    return Answer(page, status=404, kind="text/html") if call.number else call.honest


def _moved(_call: Call) -> Answer:
    return Answer(b"", status=301, headers=(("Location", "/v2/items"),))


def _unchanged(call: Call) -> Answer:
    if "if-none-match" in call.request.headers or "if-modified-since" in call.request.headers:
        return Answer(b"", status=304)
    return replace(call.honest, headers=(*call.honest.headers, ("ETag", '"same"')))


def _overlap(records: list[Record]) -> list[Record]:
    return [*records, *records[:1]]


FAULTS: tuple[Fault, ...] = (
    Fault(
        "P01",
        "翻页期间少了一项，随后恢复",
        "one early row is gone while the first pass is in the middle",
        answer=_shrunk,
        dialects=_TOTALLED,
        first=2,
        last=3,
    ),
    Fault(
        "P01b",
        "翻页期间有事项被删除",
        "from the second request on one early row is gone",
        answer=_shrunk,
        dialects=_TOTALLED,
        first=2,
    ),
    Fault(
        "P01c",
        "翻页期间顺序变动，总数不变",
        "one row moved to the end while the first pass is in the middle",
        answer=_swapped,
        dialects=_TOTALLED,
        first=2,
        last=3,
    ),
    Fault(
        "P02",
        "翻页期间有事项新增",
        "from the second request on one row more at the front",
        answer=_grown,
        dialects=_TOTALLED,
        first=2,
    ),
    Fault("P03", "每页内容相同", "the first page whatever was asked", answer=_first_page, dialects=_NUMBERED),
    Fault(
        "P04",
        "翻不完的页",
        "every page is full of new codes, the total runs ahead",
        answer=_endless,
        dialects=_NUMBERED,
    ),
    *links.FAULTS,
    Fault("P09", "不理会每页条数", "half as many rows a page as asked", answer=_smaller_pages, dialects=_NUMBERED),
    Fault("P10", "页码从 0 算起", "page 1 is the second page", answer=_from_zero, dialects=_NUMBERED),
    Fault("P11", "总数是文字", "the total as text", answer=_total(str), dialects=_TOTALLED),
    Fault("P11b", "总数为空", "the total is null", answer=_total(lambda _total: None), dialects=_TOTALLED),
    Fault("P11c", "总数为 -1", "the total is -1", answer=_total(lambda _total: -1), dialects=_TOTALLED),
    Fault(
        "P11d",
        "总数多于实际",
        "the total is 7 more than there are",
        answer=_total(lambda total: total + 7),
        dialects=_TOTALLED,
    ),
    Fault(
        "P11e",
        "总数少于实际",
        "the total is 3 less than there are",
        answer=_total(lambda total: total - 3),
        dialects=_TOTALLED,
    ),
    Fault(
        "P12",
        "中间一页是空的",
        "the second request gets an empty page",
        answer=_hole,
        dialects=_NUMBERED,
        first=2,
        last=2,
    ),
    Fault("P13", "没有结束标记", "the last answer says neither end nor cursor", answer=_no_marker, dialects=_CURSOR),
    Fault("P14", "游标停住不动", "the next cursor never moves", answer=_halting_cursor, dialects=_CURSOR),
    Fault(
        "P15",
        "游标失效（410）",
        "the cursor has expired from the second request on",
        answer=_expired_cursor,
        dialects=_CURSOR,
        first=2,
    ),
    Fault(
        "P15b",
        "游标失效（信封）",
        "an error code in the envelope from the second request on",
        answer=_expired_envelope,
        dialects=_CURSOR,
        first=2,
    ),
    Fault(
        "P16",
        "两个节点数据不一致",
        "every second request meets a node that lacks a row",
        answer=_other_node,
        dialects=_TOTALLED,
    ),
    Fault(
        "P17",
        "参数大小写不认",
        "the page parameter is not understood: always page 1",
        answer=_first_page,
        dialects=_TOTALLED,
    ),
    Fault("P18", "接口夜里换了地址", "404 with a page", answer=_gone),
    Fault("P18b", "接口永久跳转", "301 to another address", answer=_moved),
    Fault(
        "P19", "两个区县清单有同一事项", "one row comes twice, on different pages", records=_overlap, dialects=_TOTALLED
    ),
    Fault("P20", "ETag 说没有变化", "304 to every conditional request, the same ETag always", answer=_unchanged),
)
