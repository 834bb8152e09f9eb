"""``/c/CODE/items/TASK_CODE``: one item, master and city side by side; ``row-7`` stands for a row without a code."""

from __future__ import annotations

import re

from fastapi import Request
from fastapi.responses import HTMLResponse

from citysync.web.pages.ask import Reading, Speaking
from citysync.web.policy import Door
from citysync.web.problems import BadAddress, NotThere
from citysync.web.reading.item import item_facts
from citysync.web.rendering import page
from citysync.web.views.item import FORMS, item_page
from flows.receipts import labels

_ASKED = re.compile(r"row-(?P<row>[0-9]{1,9})|[0-9A-Za-z]{1,64}")


def register(door: Door) -> None:
    """Register this page's routes."""
    door.page("item", "/c/{code}/items/{item}", show)


def show(request: Request, code: str, item: str, reader: Reading, language: Speaking) -> HTMLResponse:
    """Show an item by its 实施编码, 业务办理项编码 or 基本编码, or a row by its number."""
    reader.city(code)
    asked = _ASKED.fullmatch(item)
    if asked is None:
        raise NotThere(item)
    form = request.query_params.get("form", FORMS[0])
    if form not in FORMS or not set(request.query_params) <= {"form", "lang"}:
        raise BadAddress("form")
    facts = item_facts(reader, code, item, int(asked["row"]) if asked["row"] else None)
    return page(request, "item.html", {"page": item_page(facts, form, labels(), language)}, reader.principal)
