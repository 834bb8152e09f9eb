"""``/c/CODE`` and its tabs: one city, what is wrong, and what to do by when; its list as files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import HTMLResponse, Response

from citysync.domain.errors import ConfigError
from citysync.web.language import Language
from citysync.web.pages.ask import Reading, Speaking
from citysync.web.policy import Door
from citysync.web.problems import NotThere
from citysync.web.reading.city import CityHead, city_head, costs_of, notices_of, open_in, runs_of
from citysync.web.reading.reader import Reader
from citysync.web.rendering import page
from citysync.web.views.city import checks, city_page, counties, notice_lines, run_lines
from citysync.web.views.efforts import cost
from flows.receipts import labels, receipts_of

KINDS = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
}
Values = Callable[[Reader, CityHead, Language], dict[str, Any]]


def register(door: Door) -> None:
    """Register this page's routes."""
    door.page("city", "/c/{code}", show)
    door.download("city_receipt", "/c/{code}/receipt.{kind}", download)
    door.page("city_tab", "/c/{code}/{tab}", show_tab)  # after it: a tab's name is any word


def show(request: Request, code: str, reader: Reading, language: Speaking) -> HTMLResponse:
    """Show what is wrong with a city, by county and by rule."""
    return _tab(request, code, "differences", reader, language)


def show_tab(request: Request, code: str, tab: str, reader: Reading, language: Speaking) -> HTMLResponse:
    """Show another tab of a city."""
    return _tab(request, code, tab, reader, language)


def download(code: str, kind: str, reader: Reading) -> Response:
    """Return the city's receipt, the same file that goes to the city."""
    reader.city(code)
    if kind not in KINDS:
        raise NotThere(kind)
    try:
        receipt = receipts_of(reader.settings, (code,), None)[0]
    except ConfigError:  # nobody judged the city yet: there is no list
        raise NotThere(code) from None
    with TemporaryDirectory() as folder:
        files = receipt.write(Path(folder))
        found = next(path for path in files if path.suffix == f".{kind}")
        headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(found.name)}"}
        return Response(found.read_bytes(), media_type=KINDS[kind], headers=headers)


def _tab(request: Request, code: str, tab: str, reader: Reader, language: Language) -> HTMLResponse:
    if tab not in TABS:
        raise NotThere(tab)
    head = city_head(reader, code)
    values = {"page": city_page(head, language), "tab": tab, **TABS[tab](reader, head, language)}
    return page(request, f"city_{tab}.html", values, reader.principal)


def _differences(reader: Reader, head: CityHead, language: Language) -> dict[str, Any]:
    found = open_in(reader, head)
    by_check = checks(found, head.city.code, labels(), language.say)
    return {"counties": counties(found, head.city.code, language.say), "checks": by_check, "rejected": found.rejected}


def _history(reader: Reader, head: CityHead, language: Language) -> dict[str, Any]:
    return {"lines": run_lines(runs_of(reader, head), language)}


def _runs(reader: Reader, head: CityHead, language: Language) -> dict[str, Any]:
    rows = runs_of(reader, head)
    costs = [cost(found, language.say) for found in map(costs_of(reader, head, rows).get, (r["run_id"] for r in rows))]
    return {"lines": tuple(zip(run_lines(rows, language), costs, strict=True))}


def _notices(reader: Reader, head: CityHead, language: Language) -> dict[str, Any]:
    return {"lines": notice_lines(notices_of(reader, head), language.say)}


def _nothing(reader: Reader, head: CityHead, language: Language) -> dict[str, Any]:
    del reader, head, language
    return {}


# Each tab: its name in the address and of its template (``city_NAME.html``), and what it needs beside the head.
TABS: dict[str, Values] = {
    "differences": _differences,
    "history": _history,
    "runs": _runs,
    "doctor": _nothing,
    "notices": _notices,
}
