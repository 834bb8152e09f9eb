"""``/api/v1``: the documents of the command line for programs, each with its fingerprint; every error a problem."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Query, Request
from fastapi.responses import Response
from pydantic import Field

from citysync.storage.part import Part
from citysync.web.documents import answered
from citysync.web.pages.ask import Reading
from citysync.web.policy import Door
from citysync.web.reading import api
from flows.figures import By
from flows.listings import Kind

Text = Annotated[str, Query(max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2100, 1, 1))]
Limit = Annotated[int, Query(ge=1, le=1000, description="Rows at most; the Link header leads to the next ones.")]
Offset = Annotated[int, Query(ge=0, le=10_000_000)]
Codes = Annotated[list[str], Query(max_length=400, description="Division codes; left out: every city you may see.")]
_FIRST = 100


def register(door: Door) -> None:
    """Register the routes that read."""
    door.api("api_openapi", "/api/v1/openapi.json", openapi, schema=False)
    door.api("api_status", "/api/v1/status", status)
    door.api("api_findings", "/api/v1/cities/{code}/findings", findings)
    door.api("api_rejects", "/api/v1/cities/{code}/rejects", rejects)
    door.api("api_receipt", "/api/v1/cities/{code}/receipt", receipt)
    door.api("api_figures", "/api/v1/figures", figures)
    door.api("api_runs", "/api/v1/runs", runs)
    door.api("api_run", "/api/v1/runs/{run_id}", run)
    door.api("api_master", "/api/v1/master", master)
    door.api("api_master_items", "/api/v1/master/items", master_items)
    door.api("api_master_changes", "/api/v1/master/changes", master_changes)


def openapi(request: Request) -> Response:
    """Describe this API."""
    return answered(request, request.app.openapi())


def status(request: Request, reader: Reading, city: Codes = []) -> Response:  # noqa: B006 - FastAPI copies it
    """Where every city stands: ``citysync status --json``."""
    return answered(request, api.status_document(reader, city))


def findings(
    request: Request,
    code: str,
    reader: Reading,
    *,
    check: Text | None = None,
    severity: Text | None = None,
    areacode: Text | None = None,
    field: Text | None = None,
    run: Text | None = None,
    on: Day | None = None,
    since: Day | None = None,
    limit: Limit = _FIRST,
    offset: Offset = 0,
) -> Response:
    """List a city's differences in the snapshot in force (or a run's): ``citysync findings CODE --json``, in pages."""
    filters = {"check": check, "severity": severity, "areacode": areacode, "field": field}
    part = Part(limit, offset)
    return _paged(request, part, *api.listed(reader, "findings", code, filters, run, {"on": on, "since": since}, part))


def rejects(
    request: Request,
    code: str,
    reader: Reading,
    *,
    rule: Text | None = None,
    field: Text | None = None,
    run: Text | None = None,
    on: Day | None = None,
    limit: Limit = _FIRST,
    offset: Offset = 0,
) -> Response:
    """List a city's rejected rows: ``citysync rejects CODE --json``, in pages."""
    kind: Kind = "rejections"
    part = Part(limit, offset)
    return _paged(request, part, *api.listed(reader, kind, code, {"rule": rule, "field": field}, run, {"on": on}, part))


def receipt(request: Request, code: str, reader: Reading, run: Text | None = None) -> Response:
    """Return a city's receipt (回执), the same object as in its file."""
    return answered(request, api.receipt_document(reader, code, run))


def figures(
    request: Request,
    reader: Reading,
    city: Codes = [],  # noqa: B006 - FastAPI copies it
    *,
    by: By = "city",
    on: Day | None = None,
    since: Day | None = None,
) -> Response:
    """Return the figures: ``citysync figures --json``."""
    return answered(request, api.figures(reader, city, by, on, since))


def runs(request: Request, reader: Reading, limit: Limit = 20, offset: Offset = 0) -> Response:
    """List the runs, newest first."""
    return answered(request, api.runs(reader, Part(limit, offset)))


def run(request: Request, run_id: str, reader: Reading) -> Response:
    """Return what a run published, and how far it is: ``running``, ``finished``, ``failed`` …."""
    return answered(request, api.run(reader, run_id))


def master(request: Request, reader: Reading) -> Response:
    """List the versions of the master catalogue: ``citysync master list --json``."""
    return answered(request, api.versions(reader))


def master_items(
    request: Request, reader: Reading, version: Text | None = None, limit: Limit = _FIRST, offset: Offset = 0
) -> Response:
    """List the items of a version, by default of the one in force, in pages."""
    part = Part(limit, offset)
    return _paged(request, part, *api.version(reader, version, part))


def master_changes(request: Request, reader: Reading, since: Text, to: Text | None = None) -> Response:
    """Return what changed since a version: ``citysync master diff SINCE TO --json``."""
    return answered(request, api.changes(reader, since, to))


def _paged(request: Request, part: Part, document: dict[str, Any], total: int) -> Response:
    """Return a document with a part of its list; headers say how long that is and where it goes on (RFC 8288)."""
    headers, after = {"X-Total-Count": str(total)}, part.offset + part.limit
    if after < total:
        query = [(name, value) for name, value in request.query_params.multi_items() if name not in {"limit", "offset"}]
        more = urlencode([*query, ("limit", part.limit), ("offset", after)])
        headers["Link"] = f'<{request.url.path}?{more}>; rel="next"'
    return answered(request, document, headers)
