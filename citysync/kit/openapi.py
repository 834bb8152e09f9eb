"""The protocol as an OpenAPI document, served at ``/citysync/v1/openapi.json``; ``docs/kit.md`` says it in words."""

from __future__ import annotations

from typing import Any

from citysync.domain.digests import FAN_OUT, LEAST_DIGITS, MOST_PARTS, PREFIX, RANGE_DIGITS

_SNAPSHOT = {"name": "snapshot", "in": "path", "required": True, "schema": {"type": "string"}}


def _query(name: str, kind: str, about: str, *, required: bool = False) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": required, "schema": {"type": kind}, "description": about}


def _answers(kind: str, schema: dict[str, Any], **others: str) -> dict[str, Any]:
    told = {number.removeprefix("s"): {"description": about} for number, about in others.items()}
    unauthorized = {"401": {"description": "令牌不对"}}
    return {"200": {"description": "成功", "content": {kind: {"schema": schema}}}, **unauthorized, **told}


def _get(about: str, answers: dict[str, Any], *parameters: dict[str, Any]) -> dict[str, Any]:
    return {"get": {"summary": about, "parameters": list(parameters), "responses": answers}}


def _post(about: str, name: str, items: dict[str, Any], answers: dict[str, Any], **hints: Any) -> dict[str, Any]:  # noqa: ANN401 - a schema each
    wanted = {"type": "object", "required": [name], "properties": {name: {"type": "array", "items": items}, **hints}}
    body = {"required": True, "content": {"application/json": {"schema": wanted}}}
    return {"post": {"summary": about, "parameters": [_SNAPSHOT], "requestBody": body, "responses": answers}}


def _hint(about: str, usual: int, least: int, most: int) -> dict[str, Any]:
    return {"type": "integer", "description": about, "default": usual, "minimum": least, "maximum": most}


_TEXT = {"type": "string"}
_TEXTS = {"type": "array", "items": _TEXT}
_MAYBE = {"type": ["string", "null"]}
_MANIFEST = {
    "type": "object",
    "required": ["protocol", "snapshot", "taken_at", "count", "digest", "fields", "key", "kept"],
    "properties": {
        "protocol": {"const": 1},
        "snapshot": _TEXT,
        "taken_at": {"type": "string", "format": "date-time"},
        "changed_at": _MAYBE,
        "count": {"type": "integer", "minimum": 0},
        "digest": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
        "fields": _TEXTS,
        "key": _TEXTS,
        "kept": _TEXTS,
        "problem": _MAYBE,
    },
}
_LINE = {
    "description": '每行一条：[键, 值…]；删除为 [键]；末行 {"end":true,"rows":行数,"more":是否还有}',
    "type": "string",
}
_NODES = {
    "type": "object",
    "properties": {
        "nodes": {"type": "array", "items": {"type": "array", "items": {"type": "array", "maxItems": 3}}},
    },
}
_LINES, _JSON, _GONE = "application/x-ndjson", "application/json", "快照已不保留"
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "citysync 城市端", "version": "1", "description": "实施清单的只读快照接口"},
    "security": [{"bearer": []}],
    "components": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
    "paths": {
        f"{PREFIX}/manifest": _get("当前快照的清单", _answers(_JSON, _MANIFEST, s503="来源读不出")),
        f"{PREFIX}/openapi.json": _get("本文档", _answers(_JSON, {"type": "object"})),
        f"{PREFIX}/snapshots/{{snapshot}}/rows": _get(
            "按键分页",
            _answers(_LINES, _LINE, s400="参数有误", s410=_GONE),
            _SNAPSHOT,
            _query("after", "string", "从此键之后开始"),
            _query("limit", "integer", "至多行数"),
        )
        | _post("按键取行", "keys", _TEXT, _answers(_LINES, _LINE, s400="参数有误", s410=_GONE)),
        f"{PREFIX}/snapshots/{{snapshot}}/bulk": _get("整体", _answers(_LINES, _LINE, s410=_GONE), _SNAPSHOT),
        f"{PREFIX}/snapshots/{{snapshot}}/changes": _get(
            "自某快照以来的增改与删除",
            _answers(_LINES, _LINE, s410=_GONE),
            _SNAPSHOT,
            _query("since", "string", "早先的快照", required=True),
        ),
        f"{PREFIX}/snapshots/{{snapshot}}/tree": _post(
            "摘要树：各行号区间的子区间 [首键, 行数, 摘要]",
            "nodes",
            {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2},
            _answers(_JSON, _NODES, s400="参数有误", s410=_GONE),
            parts=_hint("每个区间至多分几份；可不理会", FAN_OUT, 2, MOST_PARTS),
            digits=_hint("摘要取几位；可不理会", RANGE_DIGITS, LEAST_DIGITS, RANGE_DIGITS),
        ),
    },
}
