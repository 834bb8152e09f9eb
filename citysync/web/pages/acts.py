"""``/c/CODE/acts``: what people do about a city. Each deed is the command line's, audited in the asker's name."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from citysync.domain.appeal import Answer
from citysync.domain.approval import Held
from citysync.domain.errors import ConfigError, StorageError
from citysync.domain.items import HEADINGS
from citysync.storage.appeals import listed
from citysync.storage.approvals import Ceiling
from citysync.storage.identity import Standing, proposals
from citysync.web.documents import Document
from citysync.web.pages.ask import Reading, Speaking
from citysync.web.policy import Door
from citysync.web.problems import NotThere
from citysync.web.reading.acts import acts_of, is_open_alert, progress_of
from citysync.web.reading.city import city_head
from citysync.web.rendering import page
from citysync.web.views.acts import TOLD, acts_view, appeal_lines, progress_view
from citysync.web.views.city import city_page
from flows.approval import grant
from flows.deciding import acknowledge, answer_appeals, appeal, decide_identity
from flows.receipts import labels

_SEE_OTHER = 303
_ACCEPTED = 202
Reason = Annotated[str, Form(max_length=1000)]
Words = Annotated[str, Form(max_length=200)]
Count = Annotated[int, Form(ge=1, le=10_000_000)]
Serials = Annotated[list[int], Form(max_length=200)]
_DECISIONS = {"confirm": Standing.CONFIRMED, "reject": Standing.REJECTED}


def register(door: Door) -> None:
    """Register the deeds."""
    door.page("city_acts", "/c/{code}/acts", show)
    door.page("city_progress", "/c/{code}/acts/progress", show_progress)
    door.act("city_recheck", "/c/{code}/acts/recheck", recheck)
    door.act("city_acknowledge", "/c/{code}/acts/acknowledge", take_on)
    door.act("city_appeal", "/c/{code}/acts/appeal", appeal_against)
    door.act("city_approve", "/c/{code}/acts/approve", approve)
    door.act("city_identity", "/c/{code}/acts/identity", decide)
    door.page("appeals", "/appeals", show_appeals)
    door.act("appeals_answered", "/appeals", answer)
    door.api("api_recheck", "/api/v1/cities/{code}/recheck", recheck_for_a_program, "POST")


def show(request: Request, code: str, reader: Reading, language: Speaking) -> HTMLResponse:
    """Show what can be done about a city; ``check``, ``item`` and ``field`` fill the appeal in beforehand."""
    head = city_head(reader, code)
    acts, query = acts_of(reader, head), request.query_params
    step = request.app.state.worker.said(acts.progress.run_id or "")
    shown = acts_view(acts, query.get("said", ""), labels(), reader.today, language, step)
    wanted = {key: query.get(key, "") for key in ("check", "item", "field")}
    values = {"page": city_page(head, language), "tab": "acts", "acts": shown, "wanted": wanted, "city_code": code}
    return page(request, "city_acts.html", {**values, "progress": shown.progress}, reader.principal)


def show_progress(request: Request, code: str, reader: Reading, language: Speaking) -> HTMLResponse:
    """Show how far the re-check is: a piece of the page, asked for again and again until it is over."""
    progress = progress_of(reader, code)
    shown = progress_view(progress, request.app.state.worker.said(progress.run_id or ""), language)
    return page(request, "_progress.html", {"progress": shown, "city_code": code}, reader.principal)


def recheck(request: Request, code: str, reader: Reading) -> Response:
    """Look at the city again now, or join the run that does."""
    request.app.state.worker.recheck(reader.city(code).code, reader.principal.name)
    return _back(code, "")


def recheck_for_a_program(request: Request, code: str, reader: Reading) -> Response:
    """Look at a city again now, or join the run that does; ``Location`` is where to see how far it is."""
    started = request.app.state.worker.recheck(reader.city(code).code, reader.principal.name)
    told = {"schema_version": 1, "city": code, "run_id": started.run_id, "joined": started.joined}
    return Document(told, _ACCEPTED, {"Location": f"/api/v1/runs/{started.run_id}"})


def take_on(code: str, reader: Reading, alert_id: Words, reason: Reason, days: Annotated[int, Form()] = 3) -> Response:
    """Note that somebody has taken an alert of the city on, for at most three working days."""
    reader.city(code)
    if not is_open_alert(reader, code, alert_id):
        raise NotThere(alert_id)
    try:
        acknowledge(reader.settings, alert_id, days, reason, reader.principal.name, reader.now)
    except (ConfigError, StorageError):
        return _back(code, "refused")
    return _back(code, "acknowledged")


def appeal_against(
    code: str, reader: Reading, reason: Reason, item: Words, check: Words = "", field: Words = ""
) -> Response:
    """Keep what the city says against its findings of an item; no verdict changes by it."""
    reader.city(code)
    for key in ("task_handle_item", "task_code", "catalog_code"):
        wanted = {key: item.strip(), "check": check, "field": field}
        try:
            named = {name: value for name, value in wanted.items() if value}
            new = appeal(reader.settings, code, named, reason, reader.principal.name, reader.now)
        except ConfigError:
            continue  # the code may be of another kind
        return _back(code, "appealed" if new else "appealed_before")
    return _back(code, "refused")


def approve(
    request: Request,
    code: str,
    reader: Reading,
    kind: Annotated[Held, Form()],
    until: Annotated[date, Form()],
    reason: Reason,
    most: Count = 1,
    field: Words = "",
) -> Response:
    """Let through a change the guard holds, up to a ceiling, until a day; then look at the city again."""
    reader.city(code)
    column = HEADINGS.get(field.strip())
    if kind is Held.CHANGED and column is None:
        return _back(code, "refused")
    ceiling = Ceiling(kind, 0 if kind is Held.EMPTY else most, column if kind is Held.CHANGED else None)
    try:
        grant(reader.settings, code, [ceiling], until, reason, reader.now, who=reader.principal.name)
    except ConfigError:
        return _back(code, "refused")
    request.app.state.worker.recheck(code, reader.principal.name)
    return _back(code, "approved")


def decide(
    code: str, reader: Reading, proposal: Annotated[int, Form(ge=1, le=2**31)], decision: Words, reason: Reason
) -> Response:
    """Confirm or reject a proposed re-coding of the city."""
    reader.city(code)
    wanted = _DECISIONS.get(decision)
    mine = {row["id"] for row in proposals(reader.store, code, Standing.OPEN)}
    if wanted is None or proposal not in mine:
        raise NotThere(str(proposal))
    try:
        decide_identity(reader.settings, proposal, wanted, reason, reader.principal.name, reader.now)
    except ConfigError:
        return _back(code, "refused")
    return _back(code, "decided")


def show_appeals(request: Request, reader: Reading, language: Speaking) -> HTMLResponse:
    """Show what all cities say against findings, newest first."""
    said = request.query_params.get("said", "")
    told = language.say(TOLD[said]) if said in TOLD else ""
    values = {"lines": appeal_lines(listed(reader.store), labels(), language), "told": told}
    return page(request, "appeals.html", values, reader.principal)


def answer(
    reader: Reading,
    decision: Annotated[Answer, Form()],
    reason: Reason,
    serial: Serials = [],  # noqa: B006 - FastAPI copies it
    handler: Words = "",
) -> Response:
    """Uphold or reject the appeals that are ticked; the city sees the answer beside its findings."""
    try:
        answer_appeals(reader.settings, serial, decision, handler, reason, reader.principal.name, reader.now)
    except ConfigError:
        return RedirectResponse("/appeals?said=refused", _SEE_OTHER)
    return RedirectResponse("/appeals?said=answered", _SEE_OTHER)


def _back(code: str, said: str) -> Response:
    return RedirectResponse(f"/c/{code}/acts" + (f"?said={said}" if said else ""), _SEE_OTHER)
