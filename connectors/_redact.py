"""Secrets taken out of whatever people or machines may read later. Pure."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

HIDDEN = "***"
SECRET_KEYS = ("access_token", "token", "key", "apikey", "api_key", "appkey", "secret", "sign", "signature", "password")
_PAIR = re.compile(rf"(?i)((?:^|[?&;\s\"'{{,])(?:{'|'.join(SECRET_KEYS)})[\"']?\s*[=:]\s*[\"']?)([^&;#\s\"',}}]+)")
_USERINFO = re.compile(r"(?<=://)[^/@\s]+@")
_SHORTEST = 4  # shorter values are no secrets, and hiding every "1" would hide the message


def redacted(text: str, secrets: Iterable[str] = ()) -> str:
    """Return the text without the given values (in any form they travel in), user info, or values of secret keys."""
    for secret in secrets:
        for form in _forms(secret):
            text = text.replace(form, HIDDEN)
    return _USERINFO.sub(f"{HIDDEN}@", _PAIR.sub(rf"\g<1>{HIDDEN}", text))


def _forms(secret: str) -> list[str]:
    if len(secret) < _SHORTEST:
        return []
    plain = secret.encode()
    forms = {secret, quote(secret, safe=""), quote_plus(secret), base64.b64encode(plain).decode()}
    return sorted(forms, key=len, reverse=True)
