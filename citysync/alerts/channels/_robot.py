"""What the group robots share: post JSON, believe the body's own code and nothing else."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from citysync.domain.channel import Channel
from citysync.domain.errors import DeliveryError
from citysync.domain.showing import in_json
from citysync.posting import post

_HEADERS = {"Content-Type": "application/json; charset=utf-8"}
_QUOTED = 120


def deliver(
    url: str, document: Mapping[str, Any], channel: Channel, codes: Collection[str], never: Collection[int]
) -> None:
    """Post a document; return if the answer's code (the first of ``codes`` it has) is 0, else raise ``DeliveryError``.

    ``never``: codes that say that sending it again as it is cannot help (a key that is wrong, a signature refused).
    """
    answer = post(url, in_json(json.dumps(document, ensure_ascii=False)).encode(), _HEADERS)
    if not answer.taken:
        said = answer.error or f"HTTP {answer.status}"
        raise DeliveryError(f"渠道 {channel.name}：{said}；稍后重试", permanent=answer.status in {400, 401, 403, 404})
    code, text = _said(answer.body, codes)
    if code != 0:
        refused = f"渠道 {channel.name} 拒收：{code} {text[:_QUOTED]}；请核对机器人的密钥、签名与关键词"
        raise DeliveryError(refused, permanent=code in never)


def _said(body: bytes, codes: Collection[str]) -> tuple[int | None, str]:
    """Return the body's code and text; a body that is not the robot's says no: None is not 0."""
    try:
        told = json.loads(body)
    except ValueError:
        return None, "应答不是 JSON"
    if not isinstance(told, dict):
        return None, "应答不是对象"
    code = next((told[name] for name in codes if name in told), None)
    text = next((str(told[name]) for name in ("errmsg", "msg", "StatusMessage") if told.get(name)), "")
    return (code if isinstance(code, int) and not isinstance(code, bool) else None), text


def secret_of(channel: Channel, secrets: Mapping[str, str], name: str | None, what: str) -> str:
    """Return a secret a channel cannot do without; raise ``DeliveryError`` that names it, never its value."""
    if name is None or not secrets.get(name):
        raise DeliveryError(f"渠道 {channel.name} 缺少{what}：请设置 {name or 'secret'}", permanent=True)
    return secrets[name]
