"""``/``: the province this morning."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import HTMLResponse

from citysync.web.pages.ask import Reading, Speaking
from citysync.web.policy import Door
from citysync.web.reading.province import province
from citysync.web.rendering import page
from citysync.web.views.province import province_page


def register(door: Door) -> None:
    """Register this page's routes."""
    door.page("province", "/", show)


def show(request: Request, reader: Reading, language: Speaking) -> HTMLResponse:
    """Show every city the asker may see."""
    facts = province(reader)
    return page(request, "province.html", {"page": province_page(facts, language, reader.now)}, reader.principal)
