"""A city as its file describes it: where its directory comes from, how to read it, what is tolerated.

Strict throughout: an unknown key, an unquoted code or a value of another type is refused, never bent.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints, field_validator, model_validator

from citysync.domain.delivery import Receipt
from citysync.domain.strict import Strict

DivisionCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]
HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")]
SecretName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]


class TokenSource(Strict):
    """Where a short-lived token is had for the secret: at the start of a pull, and once more when it expires.

    ``params`` are sent as they stand, the secret beside them as ``secret_param``; ``path``: the token in the answer.
    """

    url: str
    method: Literal["GET", "POST"] = "POST"
    body: Literal["json", "form"] = "form"
    params: dict[str, str] = Field(default_factory=dict)
    secret_param: Annotated[str, StringConstraints(min_length=1)] = "client_secret"  # noqa: S105 — a parameter's name
    path: Annotated[str, StringConstraints(min_length=1)] = "access_token"


class Signing(Strict):
    """How a request is signed, in the shape provincial gateways use: a digest over time, a number used once, token.

    ``recipe``: what is digested, of ``{timestamp}``, ``{nonce}``, ``{token}``; the secret is the token.
    """

    digest: Literal["sha256", "sm3"] = "sha256"
    recipe: str = "{timestamp}{nonce}{token}"
    upper: bool = False
    milliseconds: bool = False
    timestamp_header: HeaderName = "x-timestamp"
    nonce_header: HeaderName = "x-nonce"
    signature_header: HeaderName = "x-signature"
    user_header: HeaderName | None = None

    @field_validator("recipe")
    @classmethod
    def _of_known_parts(cls, recipe: str) -> str:
        rest = recipe
        for part in ("{timestamp}", "{nonce}", "{token}"):
            rest = rest.replace(part, "")
        if "{token}" not in recipe or "{timestamp}" not in recipe or "{" in rest or "}" in rest:
            raise ValueError("recipe 由 {timestamp}、{nonce}、{token} 组成，至少含 {timestamp} 与 {token}")
        return recipe


class Auth(Strict):
    """How to prove who we are. ``secret`` names a secret; its value never stands in a file.

    ``header``: the header that carries the secret (kind ``header``); ``param``: a dotted path in the query or body
    that carries the token instead of a header (kind ``bearer``); ``user``: a plain account name (kinds ``basic``,
    ``signature``, SQL); ``token``: where the secret is exchanged for a token (kind ``bearer``); ``signing``: how
    requests are signed (kind ``signature``).
    """

    kind: Literal["none", "bearer", "header", "basic", "signature"] = "none"
    secret: SecretName | None = None
    user: str | None = None
    header: str | None = None
    param: str | None = None
    token: TokenSource | None = None
    signing: Signing | None = None

    @model_validator(mode="after")
    def _complete(self) -> Auth:
        if self.kind != "none" and self.secret is None:
            raise ValueError(f'auth.kind = "{self.kind}" 需要 secret = "变量名"')
        if self.kind == "header" and self.header is None:
            raise ValueError('auth.kind = "header" 需要 header = "X-…"')
        if self.token is not None and self.kind != "bearer":
            raise ValueError('auth.token 只用于 kind = "bearer"')
        if self.signing is not None and self.kind != "signature":
            raise ValueError('auth.signing 只用于 kind = "signature"')
        if self.signing is not None and self.signing.user_header is not None and self.user is None:
            raise ValueError('auth.signing.user_header 还需要 user = "账号"')
        return self


class SourceBase(Strict):
    """What every connector's ``Source`` model has; each connector adds its own keys."""

    connector: str
    auth: Auth = Auth()
    encoding: Literal["utf-8", "gb18030", "utf-16"] | None = None
    timeout_seconds: Annotated[int, Field(ge=1, le=600)] = 30
    budget_seconds: Annotated[int, Field(ge=1, le=21_600)] = 900


class Codes(Strict):
    """How the city's 实施编码 is built: the national scheme, or a local pattern."""

    scheme: Literal["gbt39554", "local"] = "gbt39554"
    pattern: str | None = None

    @model_validator(mode="after")
    def _local_needs_pattern(self) -> Codes:
        if (self.scheme == "local") != (self.pattern is not None):
            raise ValueError('codes.scheme = "local" 与 pattern = "…" 必须同时给出')
        return self


class Expect(Strict):
    """Bounds the city's directory has kept so far; outside them nothing is adopted."""

    min_items: Annotated[int, Field(ge=0)] | None = None
    max_items: Annotated[int, Field(ge=0)] | None = None
    max_age_days: Annotated[int, Field(ge=0)] | None = None


class Tolerate(Strict):
    """How much difference still counts as in sync; any other error is beyond tolerance."""

    max_rejected_ratio: Annotated[float, Field(ge=0, le=1)] = 0.01
    max_missing: Annotated[int, Field(ge=0)] = 0
    max_drifted: Annotated[int, Field(ge=0)] = 0
    grace_workdays: Annotated[int, Field(ge=0)] = 5

    @field_validator("max_rejected_ratio", mode="before")
    @classmethod
    def _whole_ratio(cls, value: object) -> object:
        return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


class Guard(Strict):
    """How much of a directory may change in one night without a person."""

    max_vanished_ratio: Annotated[float, Field(ge=0, le=1)] = 0.2
    max_appeared_ratio: Annotated[float, Field(ge=0)] = 0.5
    max_field_ratio: Annotated[float, Field(ge=0, le=1)] = 0.3

    @field_validator("*", mode="before")
    @classmethod
    def _whole_ratio(cls, value: object) -> object:
        return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


class Exemption(Strict):
    """A catalogue item the city need not have, by which document, until when (that day included)."""

    catalog_code: Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{12}$")]
    reason: Literal["delegated", "cancelled", "no_power", "other"]
    document: Annotated[str, StringConstraints(min_length=1)]
    until: date
    areacode: DivisionCode | None = None


EXEMPTION_LABELS = {"delegated": "下放", "cancelled": "取消", "no_power": "本级无相应权限", "other": "其他"}


class City(Strict):
    """One source of items: a city with its counties, a county on its own, or the province's departments.

    ``source`` is the connector's own model. ``counties`` None means: from the table of divisions.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, arbitrary_types_allowed=True)

    base: str | None = None
    code: DivisionCode
    name: Annotated[str, StringConstraints(min_length=1)]
    level: Annotated[int, Field(ge=2, le=4)] = 0
    zone: str | None = None
    enabled: bool = True
    contacts: tuple[str, ...] = ()
    tile: tuple[int, int] | None = None
    counties: tuple[DivisionCode, ...] | None = None
    source: SourceBase
    fields: dict[str, str] = Field(default_factory=dict)
    ignore: tuple[str, ...] = ()
    values: dict[str, dict[str, str]] = Field(default_factory=dict)
    codes: Codes = Codes()
    expect: Expect = Expect()
    guard: Guard = Guard()
    tolerate: Tolerate = Tolerate()
    exempt: tuple[Exemption, ...] = ()
    receipt: Receipt = Receipt()

    @field_validator("contacts", "counties", "ignore", "tile", "exempt", mode="before")
    @classmethod
    def _toml_has_only_lists(cls, value: object) -> object:
        return tuple(value) if isinstance(value, list) else value

    @model_validator(mode="before")
    @classmethod
    def _level_from_code(cls, raw: object) -> object:
        if isinstance(raw, dict) and "level" not in raw and isinstance(raw.get("code"), str):
            return {**raw, "level": level_of(raw["code"])}
        return raw


def level_of(code: str) -> int:
    """Return the 行使层级 a division code speaks of: 2 for 440000, 3 for 440300, 4 for 440305."""
    if code.endswith("0000"):
        return 2
    return 3 if code.endswith("00") else 4
