"""P: next links that lead where they must not, or in circles."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from citysync.simulator.faults.fault import Call, Fault
from citysync.simulator.protocols import Answer, plain_json

_LINKS = frozenset({"links_next"})


def _next(link: Callable[[Call], str | None]) -> Callable[[Call], Answer]:
    """Return an answer whose body's next link is another one, where it has one."""

    def answer(call: Call) -> Answer:
        document: Any = json.loads(call.honest.body)
        if document["data"]["next"] is None:
            return call.honest
        document["data"]["next"] = link(call)
        return replace(call.honest, body=plain_json(document))

    return answer


def _host(call: Call) -> str:
    return call.request.headers.get("host", "127.0.0.1")


FOREIGN: tuple[str, ...] = (  # {host}, {port}: where the city itself is
    "http://127.0.0.2:{port}/items?page=2",
    "https://{host}/items?page=2",
    "http://127.0.0.1:9/items?page=2",
    "http://user@{host}/items?page=2",
    "http://user:pass@{host}/items?page=2",
    "//127.0.0.2:{port}/items?page=2",
    "http:\\\\127.0.0.2:{port}\\items",
    "/\\127.0.0.2:{port}/items",
    "http://{host}@127.0.0.2:{port}/items",
    "http://127.0.0.2:{port}#@{host}/items",
    "http://127.0.0.2:{port}?@{host}/items",
    "http://[::ffff:127.0.0.1]:9/items",
    "http://2130706433:9/items",
    "http://0x7f000001:9/items",
    "http://169.254.169.254/latest/meta-data",
    "http://localhost:9/items",
    "http://xn--80ak6aa92e.example/items",
    "file:///etc/hostname",
    "gopher://127.0.0.2:{port}/1",
    "javascript:alert(1)",
)


def _foreign(form: str) -> Callable[[Call], Answer]:
    return _next(lambda call: form.replace("{host}", _host(call)).replace("{port}", _host(call).rpartition(":")[2]))


def _relative(call: Call) -> str:
    forms = (
        "items?page={page}",
        "/{code}/items?page={page}",
        "?page={page}",
        "./items?page={page}",
        "../{code}/items?page={page}",
    )
    code = call.request.path.split("/")[1]
    start, size = call.endpoint.place(call.request)
    return forms[call.number % len(forms)].format(page=start // size + 2, code=code)


FAULTS: tuple[Fault, ...] = (
    Fault(
        "P05",
        "下一页链接成环",
        "the next link leads back to the first page",
        answer=_next(lambda _call: "items"),
        dialects=_LINKS,
    ),
    Fault(
        "P05b",
        "下一页链接指向自己",
        "the next link leads to the same page",
        answer=_next(lambda call: f"items?page={call.request.value('page') or 1}"),
        dialects=_LINKS,
    ),
    Fault(
        "P06",
        "下一页链接指向别的主机",
        "the next link leads to another host",
        answer=_foreign(FOREIGN[0]),
        dialects=_LINKS,
    ),
    *(
        Fault(
            f"P07{chr(ord('a') + place - 1)}",
            f"下一页链接越界（第 {place} 种写法）",
            f"the next link is `{form}`",
            answer=_foreign(form),
            dialects=_LINKS,
        )
        for place, form in enumerate(FOREIGN[1:], start=1)
    ),
    Fault(
        "P08",
        "下一页链接用相对地址",
        "relative, absolute-path and query-only links by turns",
        answer=_next(_relative),
        dialects=_LINKS,
    ),
)
