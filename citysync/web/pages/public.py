"""``/public``: what citizens look up, without signing in; ``/moderation``: what they sent, for the province."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from typing import Annotated, Any

from fastapi import Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from citysync.domain.feedback import LONGEST, MOST_VISITS, Signal, Standing
from citysync.domain.principal import NOBODY
from citysync.reports.public import Item
from citysync.storage import feedback
from citysync.storage.schema import open_store
from citysync.web.language import LANGUAGES, Language, language
from citysync.web.pages.ask import Reading
from citysync.web.policy import Door
from citysync.web.problems import NotThere, TooMany
from citysync.web.rendering import page, rendered
from citysync.web.sessions import session_key
from citysync.web.views.public import found, item_page, listed
from flows.public import Published

_SEE_OTHER = 303
_CACHED = "public, max-age=300"


def register(door: Door) -> None:
    """Register this page's routes."""
    door.page("public", "/public", search)
    door.page("public_list", "/public/list/{number}", everything)
    door.page("public_item", "/public/items/{code}", show)
    door.form("public_feedback", "/public/items/{code}/feedback", leave)
    door.page("moderation", "/moderation", moderate)
    door.act("moderation_decided", "/moderation/{serial}", decide)


def search(request: Request, q: str = "", lang: str = "zh") -> Response:
    """Show the search box, and what was found."""
    query = q[:60]
    hits = found(published(request), query)
    return _public(request, "public.html", {"found": hits, "query": query}, lang)


def everything(request: Request, number: int, lang: str = "zh") -> Response:
    """Show one page of all items."""
    page_of_all = listed(published(request), number)
    if page_of_all is None:
        raise NotThere(str(number))
    return _public(request, "public_list.html", {"found": page_of_all}, lang)


def show(request: Request, code: str, sent: int = 0, lang: str = "zh") -> Response:
    """Show one item in every city."""
    seen = published(request)
    shown = item_page(seen, _item(seen, code), _speaking(lang))
    values = {"page": shown, "sent": bool(sent), "longest": LONGEST, "most": MOST_VISITS}
    return _public(request, "public_item.html", values, lang)


def leave(
    request: Request,
    code: str,
    city: Annotated[str, Form(max_length=20)],
    visits: Annotated[int, Form(ge=1, le=MOST_VISITS)],
    text: Annotated[str, Form(max_length=LONGEST)] = "",
    website: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Keep what a citizen sends; a program that fills the field nobody sees is thanked and not heard."""
    seen = published(request)
    item = _item(seen, code)
    if city not in {each.code for each in seen.cities}:
        raise NotThere(city)
    if not website:
        settings = request.app.state.library.settings
        now, today = request.app.state.library.clock()
        source = _source(request, session_key(settings.data_dir), today.isoformat())
        with open_store(settings.database, write=True, check=False) as store:
            if not feedback.leave(store, Signal(city, item.code, visits, text.strip()), source, now):
                raise TooMany
    return RedirectResponse(f"/public/items/{item.code}?sent=1", _SEE_OTHER)


def moderate(request: Request, reader: Reading) -> HTMLResponse:
    """Show what waits to be looked at."""
    names = {code: city.name for code, city in reader.cities.items()}
    pending = feedback.listed(reader.store, Standing.PENDING, tuple(names))
    items = {each.code: each.name for each in published(request).items}
    counts = feedback.counted(reader.store, tuple(names))
    values: dict[str, Any] = {
        "pending": [
            (row, names[row["city_code"]], items.get(row["catalog_code"], row["catalog_code"])) for row in pending
        ],
        "waiting": sum(each.get(Standing.PENDING.value, 0) for each in counts.values()),
        "accepted": sum(each.get(Standing.ACCEPTED.value, 0) for each in counts.values()),
    }
    return page(request, "moderation.html", values, reader.principal)


def decide(reader: Reading, serial: int, verdict: Annotated[Standing, Form()]) -> Response:
    """Accept or dismiss a signal."""
    if verdict is Standing.PENDING or serial not in _pending(reader):
        raise NotThere(str(serial))
    with open_store(reader.settings.database, write=True, check=False) as store:
        feedback.decide(store, serial, verdict, reader.principal.name, reader.now)
    return RedirectResponse("/moderation", _SEE_OTHER)


def published(request: Request) -> Published:
    """Return what the public may see."""
    return request.app.state.public.published()  # type: ignore[no-any-return]


def _pending(reader: Reading) -> set[int]:
    return {row["serial"] for row in feedback.listed(reader.store, Standing.PENDING, tuple(reader.cities))}


def _item(seen: Published, code: str) -> Item:
    item = seen.item(code)
    if item is None:
        raise NotThere(code)
    return item


def _speaking(lang: str) -> Language:
    return language(lang)


def _public(request: Request, template: str, values: dict[str, Any], lang: str) -> Response:
    """Return a page that any cache may keep: it is the same for everybody who asks for this address.

    So it looks at no cookie and sets none; a language is part of the address.
    """
    code = _speaking(lang).code
    others = [(o, name, str(request.url.include_query_params(lang=o))) for o, name in LANGUAGES.items() if o != code]
    frame = {"asker": NOBODY, "role": "", "languages": others, "signed_in": False, "lang": code}
    body = rendered(template, code, **frame, **values).encode("utf-8", "xmlcharrefreplace")
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": _CACHED}
    held = {each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")}
    if tag in held or "*" in held:
        return Response(status_code=304, headers=headers)
    return HTMLResponse(body, headers=headers)


def _source(request: Request, key: str, day: str) -> str:
    """Return what tells one sender from another for a day, and from which nobody can tell who it was."""
    said = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(said)
        width = 32 if address.version == 4 else 64  # noqa: PLR2004 - one household has a whole /64
        network = str(ipaddress.ip_network(f"{address}/{width}", strict=False))
    except ValueError:
        network = said
    return hmac.new(key.encode(), f"{day} {network}".encode(), hashlib.sha256).hexdigest()
