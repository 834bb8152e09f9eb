"""``/r/RUN``: one run."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import HTMLResponse

from citysync.web.pages.ask import Reading, Speaking
from citysync.web.policy import Door
from citysync.web.reading.run import run_facts
from citysync.web.rendering import page
from citysync.web.views.run import run_page


def register(door: Door) -> None:
    """Register this page's routes."""
    door.page("run", "/r/{run_id}", show)


def show(request: Request, run_id: str, reader: Reading, language: Speaking) -> HTMLResponse:
    """Show what a run took and what came of it."""
    return page(request, "run.html", {"page": run_page(run_facts(reader, run_id), language)}, reader.principal)
