"""Secrets taken out of whatever people or machines may read later. Pure."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

HIDDEN = "***"
SECRET_KEYS = ("access_token", "token", "key", "apikey", "api_key", "appkey", "secret", "sign", "signature", "password")
_PAIR = re.compile(rf"(?i)((?:^|[?&;\s\"'{{,])(?:{'|'.join(SECRET_KEYS)})[\"']?\s*[=:]\s*[\"']?)([^&;#\s\"',}}]+)")
_AUTHORIZED = re.compile(r"(?i)(authorization[\"']?\s*[:=]\s*[\"']?(?:basic|bearer)\s+)[^\s\"',;}]+")
_USERINFO = re.compile(r"(?<=://)[^/@\s]+@")
_PERCENT = re.compile(r"%([0-9A-F]{2})")
_SHORTEST = 4  # shorter values are no secrets, and hiding every "1" would hide the message
_SHORTEST_IN_DATA = 8


def redacted(text: str, secrets: Iterable[str] = ()) -> str:
    """Return the text without the given values (in any form they travel in), user info, or values of secret keys."""
    for secret in secrets:
        for form in _forms(secret):
            text = re.sub(_either_case(form), HIDDEN, text)
    return by_place(text)


def by_place(text: str) -> str:
    """Return the text without what stands where secrets stand: user info, values of secret keys, credentials."""
    text = _AUTHORIZED.sub(rf"\g<1>{HIDDEN}", text)
    return _USERINFO.sub(f"{HIDDEN}@", _PAIR.sub(rf"\g<1>{HIDDEN}", text))


def pattern_of(secrets: Iterable[str]) -> re.Pattern[str] | None:
    """Return the one pattern of every form of every value, longest first; None where there is nothing to hide.

    Base64 of a longer text that ends with a value, as a Basic header's user and password, is one of the forms.
    """
    packed = {form for secret in secrets for form in _inside_base64(secret)}
    plain = {_either_case(form) for secret in secrets for form in _written_again(_forms(secret))}
    longest_first = sorted(packed, key=len, reverse=True) + sorted(plain, key=len, reverse=True)
    return re.compile("|".join(longest_first)) if longest_first else None


def without(data: bytes, secrets: Iterable[str]) -> bytes:
    """Return a body without the given values, where they stand by themselves.

    Part of a longer word is left alone: a weak secret must not punch holes into a city's codes.
    """
    for secret in secrets:
        if len(secret) < _SHORTEST_IN_DATA:
            continue
        for form in _forms(secret):
            found = form.encode()
            if found in data:
                data = re.sub(rb"(?<![0-9A-Za-z])" + re.escape(found) + rb"(?![0-9A-Za-z])", HIDDEN.encode(), data)
    return data


def _either_case(form: str) -> str:
    """Return the pattern of a form whose percent signs may be followed by capital or small letters."""
    return _PERCENT.sub(r"%(?i:\1)", re.escape(form))


def _written_again(forms: Iterable[str]) -> set[str]:
    """Return forms, and what ``repr`` makes of a text that holds one."""
    return {again for form in forms for again in (form, form.replace("\\", "\\\\"))}


def _inside_base64(secret: str) -> list[str]:
    """Return patterns of what of a value's base64 does not depend on what is packed before and after it.

    The first and last bytes share a group of four letters with their neighbours: those letters go, too.
    """
    plain, found = secret.encode(), set()
    for dropped in range(3):
        whole = plain[dropped:]
        body = whole[: len(whole) - len(whole) % 3]
        found |= {base64.b64encode(body).decode(), base64.urlsafe_b64encode(body).decode()}
    long_enough = [re.escape(form) for form in found if len(form) >= _SHORTEST_IN_DATA]
    return [rf"[\w+/-]{{0,4}}{form}[\w+/=-]*" for form in long_enough]


def _forms(secret: str) -> list[str]:
    """Return a secret as it stands in addresses, headers, bodies, pages and traces, longest first."""
    if len(secret) < _SHORTEST:
        return []
    plain = secret.encode()
    once = {secret, quote(secret, safe=""), quote(secret), quote_plus(secret)}
    packed = {base64.b64encode(plain).decode(), base64.urlsafe_b64encode(plain).decode()}
    packed |= {form.rstrip("=") for form in packed}
    written = {json.dumps(secret)[1:-1], json.dumps(secret)[1:-1].replace("/", "\\/"), html.escape(secret)}
    written |= {repr(secret)[1:-1], secret.encode("unicode_escape").decode()}
    twice = {quote(form, safe="") for form in once | packed}
    forms = once | packed | written | twice | {plain.hex(), plain.hex().upper()}
    return sorted(forms, key=len, reverse=True)
