"""Handing a receipt over by HTTP POST: the JSON document, once, with a key by which the other side knows a repeat."""

from __future__ import annotations

import json
from collections.abc import Mapping

from citysync.domain.delivery import PostReceipt
from citysync.domain.errors import DeliveryError
from citysync.domain.showing import in_json
from citysync.posting import authorization, post

_QUOTED = 200


def deliver(document: Mapping[str, object], to: PostReceipt, secret: str | None) -> str:
    """Post a receipt's document and return the address it went to, without its query.

    Raises ``DeliveryError``; it is ``permanent`` where the other side refused what we are (4xx but 408 and 429).
    """
    target = to.url.partition("?")[0]
    auth = authorization(to.auth.kind, secret, user=to.auth.user, header=to.auth.header)
    key = f"{document['city']}-{document['run_id']}"
    headers = {"Content-Type": "application/json; charset=utf-8", "Idempotency-Key": key, **auth}
    body = in_json(json.dumps(document, ensure_ascii=False)).encode()
    answer = post(to.url, body, headers)
    if answer.taken:
        return target
    said = answer.error or f"对方答复 {answer.status}：{_shown(answer.body, secret)}"
    permanent = answer.status // 100 == 4 and answer.status not in {408, 429}  # noqa: PLR2004 - HTTP's own classes
    raise DeliveryError(f"回执没有送达 {target}：{said}；请核对地址、凭据后重送", permanent=permanent)


def _shown(body: bytes, secret: str | None) -> str:
    text = body.decode("utf-8", "replace")[:_QUOTED]
    return text.replace(secret, "***") if secret else text
