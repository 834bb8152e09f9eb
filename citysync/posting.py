"""The one place that sends something out by HTTP: bounded, without redirects, silent about secrets.

What is sent to is written in our own configuration; what comes back is only looked at to see whether it was taken.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass

import requests

CONNECT_SECONDS, READ_SECONDS = 10.0, 30.0
_MOST_BYTES = 65_536
_OK = range(200, 300)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the other side said: its status and the beginning of its body, ``status`` 0 where it did not answer.

    ``error``: why it did not, in words without the address (which may carry a token).
    """

    status: int
    body: bytes
    error: str = ""

    @property
    def taken(self) -> bool:
        """Return whether the status says yes; a body may still say no."""
        return self.status in _OK


def post(url: str, body: bytes, headers: Mapping[str, str], *, ca_file: str | None = None) -> Answer:
    """Send a body once and return what came back. Never raises for what the network does; never follows a redirect."""
    with requests.Session() as session:
        session.trust_env = False
        try:
            with session.post(
                url,
                data=body,
                headers=dict(headers),
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                allow_redirects=False,
                stream=True,
                verify=ca_file or True,
            ) as response:
                return Answer(response.status_code, response.raw.read(_MOST_BYTES, decode_content=True))
        except (requests.RequestException, OSError, ValueError) as error:
            return Answer(0, b"", _why(error))


def authorization(
    kind: str, secret: str | None, *, user: str | None = None, header: str | None = None
) -> dict[str, str]:
    """Return the header that proves who we are, by the kinds of a city file's ``auth`` (but for ``signature``)."""
    if kind == "none" or secret is None:
        return {}
    if kind == "basic":
        pair = base64.b64encode(f"{user or ''}:{secret}".encode()).decode()
        return {"Authorization": f"Basic {pair}"}
    return {header or "X-Api-Key": secret} if kind == "header" else {"Authorization": f"Bearer {secret}"}


def _why(error: Exception) -> str:
    if isinstance(error, requests.Timeout):
        return "对方没有按时应答"
    if isinstance(error, requests.exceptions.SSLError):
        return "对方的 TLS 证书不能通过校验"
    if isinstance(error, requests.ConnectionError):
        return "连接不上对方"
    return f"请求没有发出（{type(error).__name__}）"
