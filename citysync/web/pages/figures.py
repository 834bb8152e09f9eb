"""``/figures``: what leaders ask for, by city, county or department, as of any day."""

from __future__ import annotations

from datetime import date

from fastapi import Request
from fastapi.responses import HTMLResponse

from citysync.web.pages.ask import Reading, Speaking
from citysync.web.policy import Door
from citysync.web.reading.figures import figures
from citysync.web.rendering import page
from citysync.web.views.figures import figures_page
from flows.figures import By


def register(door: Door) -> None:
    """Register this page's routes."""
    door.page("figures", "/figures", show)


def show(
    request: Request,
    reader: Reading,
    language: Speaking,
    by: By = "city",
    on: date | None = None,
    since: date | None = None,
) -> HTMLResponse:
    """Show the figures of a day, of the cities the asker may see."""
    seen = figures(reader, by, on, since)
    names = {code: city.name for code, city in reader.enabled.items()}
    return page(request, "figures.html", {"page": figures_page(seen, names, language)}, reader.principal)
