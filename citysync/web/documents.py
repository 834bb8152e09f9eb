"""JSON answers: a document as ``--json`` prints it with its fingerprint, and an error as RFC 9457 has it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse, Response

from citysync.domain.showing import in_json

PROBLEM = "application/problem+json"
# What OpenAPI says of every error: FastAPI's own shape of a refused request is not ours.
PROBLEMS: dict[int | str, dict[str, Any]] = {
    "4XX": {
        "description": "What was wrong with the request, as RFC 9457 problem details.",
        "content": {
            PROBLEM: {
                "schema": {
                    "type": "object",
                    "required": ["type", "title", "status", "detail"],
                    "properties": {
                        "type": {"type": "string"},
                        "title": {"type": "string"},
                        "status": {"type": "integer"},
                        "detail": {"type": "string"},
                    },
                }
            }
        },
    }
}


class Document(JSONResponse):
    """A JSON document, written the way the command line writes it: days and moments as ISO text."""

    def render(self, content: object) -> bytes:
        """Return the document's bytes."""
        return in_json(json.dumps(content, ensure_ascii=False, default=str, separators=(",", ":"))).encode()


def answered(request: Request, document: object, headers: Mapping[str, str] | None = None) -> Response:
    """Return a document with an ETag, or 304 where the asker has these very bytes already."""
    answer = Document(document)
    tag = f'"{hashlib.sha256(bytes(answer.body)).hexdigest()[:32]}"'
    held = {each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")}
    if tag in held or "*" in held:
        answer = Response(status_code=304)  # type: ignore[assignment]
    answer.headers.update({"ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Authorization, Cookie"})
    answer.headers.update(headers or {})
    return answer


def problem(status: int, title: str, detail: str) -> Response:
    """Return an error as problem details; nothing internal is in it."""
    return Document({"type": "about:blank", "title": title, "status": status, "detail": detail}, status, None, PROBLEM)
