"""``/c/CODE/differences``: every difference of a city, filtered by the address, and the same as files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from starlette.datastructures import QueryParams

from citysync.domain.findings import Severity
from citysync.domain.life import REJECTED
from citysync.storage.differences import ORDERS, STATUSES
from citysync.web.pages.ask import Reading, Speaking
from citysync.web.pages.city import KINDS
from citysync.web.policy import Door
from citysync.web.problems import BadAddress, NotThere
from citysync.web.reading.differences import FIRST, Asked, List
from citysync.web.rendering import page
from citysync.web.views.differences import NAMES, address, differences_page, in_words
from flows.receipts import CityReceipt, labels

LONGEST = 100
_DIGITS = 6
_OTHERS = frozenset({"q", "first", "sort", "page", "lang"})


def register(door: Door) -> None:
    """Register this page's routes."""
    door.page("differences", "/c/{code}/differences", show)
    door.download("differences_export", "/c/{code}/differences.{kind}", export)


def show(request: Request, code: str, reader: Reading, language: Speaking) -> HTMLResponse:
    """Show one page of what the address asks for."""
    listed = List(reader, code)
    asked = asked_in(request.query_params, listed)
    facts = listed.facts(asked)
    values = {"page": differences_page(facts, asked, labels(), language)}
    answer = page(request, "differences.html", values, reader.principal)
    answer.headers["HX-Push-Url"] = f"/c/{code}/differences{address(asked)}"  # without the form's empty fields
    return answer


def export(request: Request, code: str, kind: str, reader: Reading) -> Response:
    """Return everything the address asks for as a receipt: XLSX, CSV or JSON."""
    listed = List(reader, code)
    if kind not in KINDS:
        raise NotThere(kind)
    asked = asked_in(request.query_params, listed)
    return as_file(listed.receipt(asked, in_words(code, asked, labels(), str)), kind)


def as_file(receipt: CityReceipt, kind: str) -> Response:
    """Return one of a receipt's files."""
    with TemporaryDirectory() as folder:
        found = next(path for path in receipt.write(Path(folder)) if path.suffix == f".{kind}")
        headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(found.name)}"}
        return Response(found.read_bytes(), media_type=KINDS[kind], headers=headers)


def asked_in(params: QueryParams, listed: List) -> Asked:
    """Return what an address asks for; raise ``BadAddress`` for a name, a value or a repetition no link of ours has."""
    given = {name: value for name, value in params.multi_items() if value}
    known = {*_OTHERS, *NAMES.values()}
    if not set(params) <= known or len(params.multi_items()) > len(set(params)):
        raise BadAddress
    chosen = {name: given[said] for name, said in NAMES.items() if said in given}
    for name, value in chosen.items():
        if not _offered(name, value, listed):
            raise BadAddress(name)
    first, order = _one_of(given, "first", FIRST), _one_of(given, "sort", ORDERS) or ORDERS[0]
    text = " ".join(given.get("q", "").split())
    if len(text) > LONGEST:
        raise BadAddress("q")
    return Asked(text, chosen, first, order, _number(given.get("page", "1")))


def _offered(name: str, value: str, listed: List) -> bool:
    """Return whether a filter has a value: one that is known, though there may be none of it tonight."""
    always = {
        "severity": {REJECTED, *(each.value for each in Severity)},
        "status": set(STATUSES),
        "check": set(labels()),
        "areacode": {listed.city.code, *(listed.city.counties or ())},
    }
    return value in always[name] or value in listed.facets.counted()[name]


def _one_of(given: Mapping[str, str], name: str, known: Sequence[str]) -> str:
    value = given.get(name, "")
    if value and value not in known:
        raise BadAddress(name)
    return value


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS and int(text) >= 1):
        raise BadAddress("page")
    return int(text)
