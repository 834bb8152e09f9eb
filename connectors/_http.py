"""What the three HTTP connectors share: the keys of their ``Source``, building a request, reading an envelope. Pure."""

from __future__ import annotations

import copy
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeVar
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from pydantic import Field, field_validator, model_validator

from citysync.domain.city import SourceBase
from citysync.domain.errors import Refused, Unreadable
from citysync.domain.redaction import SECRET_KEYS
from citysync.domain.strict import Strict
from connectors._credentials import Pass, has_digest
from connectors._records import Record, as_records, dig, text
from connectors._text import read_json

_SECRET_HEADERS = ("authorization", "cookie", "proxy-authorization")
_MESSAGE_KEYS = ("msg", "message", "TEXT", "text", "error", "errmsg", "error_msg", "MSG", "MESSAGE", "desc", "info")
_QUOTED = 200
# URL parsers disagree about an address with one of these, and disagreement is how a check is passed by.
_ODD = re.compile(r"[\x00- \\\x7f]")
_PORTS = {"http": 80, "https": 443}


class Marker(Strict):
    """A value at a dotted path that says how the answer stands; compared as text."""

    path: str
    equals: str | int | bool


class Expired(Unreadable):
    """What we asked by is no longer valid (410, a cursor out of date): starting again from the beginning may help."""


class ByCode(Strict):
    """Names of the parameters by which a source gives single items: by 实施编码, by 基本编码; dotted in a JSON body."""

    task_code: str | None = None
    catalog_code: str | None = None


class HttpSource(SourceBase):
    """The keys of a source asked by HTTP; ``items`` left out means the whole document is the list of rows."""

    url: str
    method: Literal["GET", "POST"] = "GET"
    body: Literal["json", "form"] = "json"
    headers: dict[str, str] = Field(default_factory=dict)
    params: dict[str, Any] = Field(default_factory=dict)
    items: str | None = None
    total: str | None = None
    version: str | None = None
    ok: Marker | None = None
    by_code: ByCode | None = None
    ca_file: str | None = None

    @field_validator("url")
    @classmethod
    def _plain_address(cls, url: str) -> str:
        if origin(url) is None:
            raise ValueError("url 须以 http:// 或 https:// 开头并写明主机，不含账号口令")
        if any(name.lower() in SECRET_KEYS for name, _ in parse_qsl(urlsplit(url).query)):
            raise ValueError('url 中不得写密钥；请改用 auth = { kind = "bearer", secret = "变量名", param = "参数名" }')
        return url

    @field_validator("headers")
    @classmethod
    def _no_secrets_in_headers(cls, headers: dict[str, str]) -> dict[str, str]:
        for name, value in headers.items():
            if not (name + value).isascii() or not (name + value).isprintable():
                raise ValueError(f"headers 的 {name!r} 含有换行、不可见或非 ASCII 字符")
            if name.lower() in _SECRET_HEADERS or any(word in name.lower() for word in SECRET_KEYS):
                raise ValueError(
                    f'headers 中不得写密钥（{name}）；请改用 auth = {{ kind = "header", header = "{name}", … }}'
                )
        return headers

    @model_validator(mode="after")
    def _fits_together(self) -> HttpSource:
        flat = self.method == "GET" or self.body == "form"
        if flat and any(isinstance(value, dict | list) for value in self.params.values()):
            raise ValueError('params 只有 method = "POST" 且 body = "json" 时才能嵌套')
        if self.auth.token is not None and origin(self.auth.token.url) is None:
            raise ValueError("auth.token.url 须以 http:// 或 https:// 开头并写明主机，不含账号口令")
        if self.auth.signing is not None and not has_digest(self.auth.signing.digest):
            raise ValueError(f"本机的 OpenSSL 不提供 {self.auth.signing.digest}；请换用带国密算法的 OpenSSL")
        if self.ca_file is not None and not Path(self.ca_file).is_file():
            raise ValueError(f"找不到 CA 证书文件 {self.ca_file}；请把签发机构的 PEM 证书放在那里")
        if self.auth.kind == "basic" and self.auth.user is None:
            raise ValueError('auth.kind = "basic" 还需要 user = "账号"')
        return self


Asked = TypeVar("Asked", bound=HttpSource)


@dataclass(frozen=True, slots=True)
class Ask:
    """One request, ready to send."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None = None

    def having(self, headers: Mapping[str, str]) -> Ask:
        """Return the request with more headers."""
        return replace(self, headers={**self.headers, **headers})


def asked_by(source: Asked, param: str, value: object) -> Asked:
    """Return the source asked with one more parameter, such as for one code only."""
    params = copy.deepcopy(source.params)
    flat = source.method == "GET" or source.body == "form"
    _put(params, [param] if flat else param.split("."), value)
    return source.model_copy(update={"params": params})


def build(source: HttpSource, changes: Mapping[str, object], proof: Pass) -> Ask:
    """Return the request for the configured address with some parameters set (dotted into a JSON body)."""
    asked = {**changes, **proof.params}
    return composed(source.method, source.body, source.url, source.params, asked, {**source.headers, **proof.headers})


def composed(
    method: str,
    body: str,
    url: str,
    params: Mapping[str, Any],
    changes: Mapping[str, object],
    headers: Mapping[str, str],
) -> Ask:
    """Return a request: parameters in the query, in a form, or in a JSON body (there ``changes`` are dotted)."""
    flat = method == "GET" or body == "form"
    merged: dict[str, Any] = copy.deepcopy(dict(params))
    for path, value in changes.items():
        _put(merged, [path] if flat else path.split("."), value)
    if method == "GET":
        return Ask("GET", with_query(url, merged), headers)
    if body == "form":
        kind, sent = "application/x-www-form-urlencoded", urlencode(_texts(merged))
    else:
        kind, sent = "application/json; charset=utf-8", json.dumps(merged, ensure_ascii=False)
    return Ask("POST", url, {**headers, "Content-Type": kind}, sent.encode())


def build_following(source: HttpSource, link: str, proof: Pass) -> Ask:
    """Return the request for a link that was given as the next page."""
    return Ask("GET", with_query(link, proof.params), {**source.headers, **proof.headers})


def build_post(source: HttpSource, url: str, document: Mapping[str, object], proof: Pass) -> Ask:
    """Return the request that asks an address by a JSON document."""
    return composed("POST", "json", url, document, proof.params, {**source.headers, **proof.headers})


def told(document: Mapping[str, object]) -> str:
    """Return what stands for a posted document on a tape: its hash."""
    return hashlib.sha256(json.dumps(document, ensure_ascii=False).encode("utf-8", "backslashreplace")).hexdigest()


def token_ask(source: HttpSource, secret: str) -> Ask:
    """Return the request that exchanges the secret for a token."""
    if (asked := source.auth.token) is None:
        raise ValueError("a source without auth.token has nobody to ask for a token")
    return composed(asked.method, asked.body, asked.url, asked.params, {asked.secret_param: secret}, {})


def token_in(source: HttpSource, data: bytes) -> str:
    """Return the token of an answer; raises ``Refused`` where there is none: the secret was not taken."""
    document = read_json(data)
    path = source.auth.token.path if source.auth.token is not None else ""
    token = text(dig(document, path))
    if token is None or not token.isascii() or not token.isprintable():
        said = _said(document) or "没有说明原因"  # never the answer itself: it may hold a token under another name
        raise Refused(f"没有给出可用的令牌 {path}；{said}；请核对 auth.token 与密钥 {source.auth.secret}")
    return token


def with_query(url: str, params: Mapping[str, object]) -> str:
    """Return the address with parameters set in its query; those of the same name are replaced."""
    if not params:
        return url
    parts = urlsplit(url)
    kept = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name not in params]
    return urlunsplit(parts._replace(query=urlencode([*kept, *_texts(params).items()])))


def origin(url: str) -> tuple[str, str, int] | None:
    """Return (scheme, host, port) of a plain HTTP address, None for anything else, user info included."""
    if _ODD.search(url):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not parts.hostname or "@" in parts.netloc:
        return None
    return parts.scheme, parts.hostname.lower(), port or _PORTS[parts.scheme]


def next_address(url: str, link: str, home: str) -> str:
    """Return where a next link leads, resolved and without its fragment; refuses any other origin than ``home``'s."""
    try:
        address = "" if _ODD.search(link) else urlsplit(urljoin(url, link))._replace(fragment="").geturl()
    except ValueError:
        address = ""
    if not address or origin(address) != origin(home):
        raise Unreadable(
            f"下一页链接指向未登记主机：{link[:_QUOTED]!r}；只允许 {home.split('?', 1)[0]} 所在的主机与端口"
            "；请市里更正下一页链接"
        )
    return address


def verify(source: HttpSource, document: object) -> None:
    """Raise ``Unreadable`` with the source's own message unless the envelope says that all is well."""
    if source.ok is not None and not stands(source.ok, document):
        found = text(dig(document, source.ok.path))
        raise Unreadable(
            f"接口报告失败：{source.ok.path} = {found or '空'}（应为 {text(source.ok.equals)}），{message_of(document)}"
            "；请市里检查接口"
        )


def stands(marker: Marker, document: object) -> bool:
    """Return whether the value at the marker's path equals the marker's, as text."""
    found = text(dig(document, marker.path))
    return found is not None and found.strip() == text(marker.equals)


def message_of(document: object) -> str:
    """Return what an error envelope says, quoted, at most 200 characters."""
    return _said(document) or f"响应开头“{(text(document) or '空')[:_QUOTED]}”"


def records_of(source: HttpSource, document: object, *, first: bool) -> Sequence[Record]:
    """Return the rows of an answer. Null is an empty page where the total is 0 or pages came before it."""
    found = document if source.items is None else dig(document, source.items)
    if found is None and (not first or declared(source, document) == 0):
        return []
    place = source.items or "响应"
    if found is None:
        raise Unreadable(f"响应中没有 {place}；{message_of(document)}；请检查 items 路径或接口")
    return as_records(found, place)


def declared(source: HttpSource, document: object) -> int | None:
    """Return the total the answer states, None if it states none; raises ``Unreadable`` if it is no number.

    A negative number is how some interfaces say "unknown": it states nothing.
    """
    sent = None if source.total is None else text(dig(document, source.total))
    if sent is None:
        return None
    if not sent.strip().removeprefix("-").isascii() or not sent.strip().removeprefix("-").isdigit():
        raise Unreadable(f"声明总数 {source.total} 不是整数：{sent[:50]!r}；请检查 total 路径或接口")
    return int(sent) if int(sent) >= 0 else None


def version_of(source: HttpSource, document: object) -> str | None:
    """Return which version of the directory a page says it is from, None if it does not say."""
    return None if source.version is None else text(dig(document, source.version))


def _said(document: object) -> str | None:
    for candidate in _objects(document):
        for name in _MESSAGE_KEYS:
            said = candidate.get(name)
            if isinstance(said, str) and said.strip():
                return f"信息“{said.strip()[:_QUOTED]}”"
    return None


def _put(params: dict[str, Any], steps: list[str], value: object) -> None:
    for step in steps[:-1]:
        params = params.setdefault(step, {})
    params[steps[-1]] = value


def _texts(params: Mapping[str, object]) -> dict[str, str]:
    return {name: text(value) or "" for name, value in params.items()}


def _objects(document: object) -> list[dict[str, object]]:
    if not isinstance(document, dict):
        return []
    return [document, *(value for value in document.values() if isinstance(value, dict))]
