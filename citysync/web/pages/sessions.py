"""``/sessions``: who is signed in, since when and from where; each session ended singly, one's own all at once."""

from __future__ import annotations

from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from citysync.domain.errors import ConfigError
from citysync.domain.principal import ROLE_LABELS, Principal, Role
from citysync.storage import sessions
from citysync.storage.reading import Row
from citysync.web.language import Language
from citysync.web.pages.ask import Speaking
from citysync.web.policy import Asker, Door
from citysync.web.problems import NotThere
from citysync.web.rendering import page
from citysync.web.sessions import COOKIE

_SEE_OTHER = 303


def register(door: Door) -> None:
    """Register this page's routes."""
    door.page("sessions", "/sessions", show)
    door.act("session_ended", "/sessions/{serial}", end)
    door.act("sessions_ended", "/sign-out/everywhere", leave_everywhere)


def show(request: Request, asker: Asker, language: Speaking) -> HTMLResponse:
    """Show the sessions that hold: to the province's administrator everybody's, to others their own."""
    own, (now, _) = _own(request), request.app.state.library.clock()
    rows: list[Row] = []
    if request.app.state.sessions is not None and (own is not None or _all(asker)):
        subject = None if _all(asker) or own is None else own["subject"]
        rows = sessions.listed(request.app.state.library.store(), now, subject)
    values = {"lines": [_line(row, own, language) for row in rows], "own": own is not None, "all": _all(asker)}
    return page(request, "sessions.html", values, asker)


def end(request: Request, asker: Asker, serial: int) -> Response:
    """End one session at once; raise ``NotThere`` for somebody else's, where one is no administrator."""
    own, (now, _) = _own(request), request.app.state.library.clock()
    if own is None and not _all(asker):
        raise NotThere(str(serial))
    subject = None if _all(asker) or own is None else str(own["subject"])
    try:
        with request.app.state.library.writable() as store:
            sessions.end(store, serial, asker.name, now, subject)
    except ConfigError:
        raise NotThere(str(serial)) from None
    return RedirectResponse("/sessions", _SEE_OTHER)


def leave_everywhere(request: Request, asker: Asker) -> Response:
    """End every session of whoever asks, this one too."""
    own, (now, _) = _own(request), request.app.state.library.clock()
    if own is not None:
        with request.app.state.library.writable() as store:
            sessions.end_all(store, str(own["subject"]), asker.name, now)
    answer = RedirectResponse("/", _SEE_OTHER)
    answer.delete_cookie(COOKIE)
    return answer


def _own(request: Request) -> dict[str, Any] | None:
    kept = request.app.state.sessions
    return None if kept is None else kept.held(request)


def _all(asker: Principal) -> bool:
    return asker.role is Role.PROVINCE_ADMIN


def _line(row: Row, own: dict[str, Any] | None, language: Language) -> dict[str, Any]:
    return {
        **{name: row[name] for name in ("serial", "name", "network")},
        "role": language.say(ROLE_LABELS[Role(row["role"])]),
        "city": row["city_code"] or "",
        "begun": language.moment(row["begun_at"]),
        "until": language.moment(row["until"]),
        "here": own is not None and row["serial"] == own["serial"],
    }
