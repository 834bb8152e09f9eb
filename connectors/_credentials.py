"""How a request proves who we are, and the values that nobody may ever read."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from citysync.domain.city import Auth, Signing
from citysync.domain.errors import ConfigError
from citysync.domain.redaction import redacted, without
from connectors._door import Door


@dataclass(frozen=True, slots=True)
class Pass:
    """What one request carries: ``headers``, and ``params`` (dotted into a JSON body)."""

    headers: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, object] = field(default_factory=dict)


class Keys:
    """One city's secret, the token it was exchanged for, and everything they must be hidden by.

    Raises ``ConfigError`` for a secret that cannot be had or cannot stand in a header.
    """

    def __init__(self, auth: Auth, door: Door) -> None:
        self._auth, self._door = auth, door
        self._seen: list[str] = []
        self.secret = self._known(door.secret(auth.secret)) if auth.secret else None
        self.token: str | None = None
        self.renewed = False

    def show(self) -> Pass:
        """Return what the next request carries; a signature is good for one request."""
        value = self.token if self._auth.token is not None else self.secret
        return credentials(self._auth, value, self._door.now(), secrets.token_hex(16))

    def take(self, token: str) -> None:
        """Use a token from now on."""
        self.token = self._known(token)

    def read_again(self) -> bool:
        """Return whether the secret has changed since, as when a job beside us renews it; then use the new one."""
        if self._auth.secret is None or self._door.renew is None:
            return False
        before, self.secret = self.secret, self._known(self._door.renew(self._auth.secret))
        return self.secret != before

    def redacted(self, text: str) -> str:
        """Return a text that may be shown."""
        return redacted(text, self._hidden())

    def without(self, data: bytes) -> bytes:
        """Return a body that may be kept: a server that echoes our token gives it to whoever reads the evidence."""
        return without(data, self._hidden())

    def _hidden(self) -> list[str]:
        pairs = [f"{self._auth.user}:{value}" for value in self._seen] if self._auth.user else []
        return [*pairs, *self._seen]

    def _known(self, value: str) -> str:
        """Return a secret that can stand in a header; requests would quote an unusable one in its exception."""
        if not value or not value.isascii() or not value.isprintable():
            raise ConfigError(
                f"密钥 {self._auth.secret} 为空，或含有换行、空白以外的不可见字符或非 ASCII 字符；请检查密钥文件的末尾"
            )
        if value not in self._seen:
            self._seen.append(value)
        return value


def credentials(auth: Auth, value: str | None, moment: datetime, nonce: str) -> Pass:
    """Return what a request carries for a secret or token; ``nonce`` is a text never used before."""
    if auth.kind == "none" or value is None:
        return Pass()
    if auth.kind == "header" and auth.header:
        return Pass({auth.header: value})
    if auth.kind == "basic":
        return Pass({"Authorization": "Basic " + base64.b64encode(f"{auth.user}:{value}".encode()).decode()})
    if auth.kind == "signature":
        return Pass(_signed(auth.signing or Signing(), auth.user, value, moment, nonce))
    return Pass({}, {auth.param: value}) if auth.param else Pass({"Authorization": f"Bearer {value}"})


def digest(name: str, text: str) -> str:
    """Return the digest of a text in hexadecimal; the one place where the function is chosen (SHA-256, SM3)."""
    return hashlib.new(name, text.encode()).hexdigest()


def has_digest(name: str) -> bool:
    """Return whether this machine's OpenSSL computes a digest; SM3 is missing from some builds."""
    return name in hashlib.algorithms_available


def _signed(how: Signing, user: str | None, token: str, moment: datetime, nonce: str) -> dict[str, str]:
    seconds = moment.timestamp()
    timestamp = str(int(seconds * 1000) if how.milliseconds else int(seconds))
    parts = {"{timestamp}": timestamp, "{nonce}": nonce, "{token}": token}
    text = how.recipe
    for place in ("{timestamp}", "{nonce}", "{token}"):  # the token last: its value is never searched for places
        text = text.replace(place, parts[place])
    signature = digest(how.digest, text)
    headers = {
        how.timestamp_header: timestamp,
        how.nonce_header: nonce,
        how.signature_header: signature.upper() if how.upper else signature,
    }
    return headers | ({how.user_header: user} if how.user_header and user else {})
