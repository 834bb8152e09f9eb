"""Wrong sources, found before the network is touched."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from tests.connectors.doors import PAGES, city_of


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"url": "ftp://a/b"}, "http://"),
        ({"url": "http://user:pw@a/b"}, "不含账号口令"),
        ({"url": "http://a/b?Token=1"}, "不得写密钥"),
        ({"headers": {"X-Api-Key": "1"}}, "不得写密钥"),
        ({"headers": {"X-Region": "a\r\nX-Evil: 1"}}, "换行"),
        ({"headers": {"Authorization": "1"}}, "不得写密钥"),
        ({"params": {"a": {"b": 1}}}, "嵌套"),
        ({"auth": {"kind": "signature"}}, "secret"),
        ({"auth": {"kind": "signature", "secret": "S", "signing": {"recipe": "{timestamp}{key}"}}}, "recipe"),
        ({"auth": {"kind": "signature", "secret": "S", "signing": {"recipe": "{token}"}}}, "recipe"),
        ({"auth": {"kind": "signature", "secret": "S", "signing": {"digest": "md5"}}}, "sha256"),
        ({"auth": {"kind": "signature", "secret": "S", "signing": {"nonce_header": "a\r\nb"}}}, "nonce_header"),
        ({"auth": {"kind": "signature", "secret": "S", "signing": {"user_header": "X-Id"}}}, "user"),
        ({"auth": {"kind": "bearer", "secret": "S", "signing": {}}}, "auth.signing"),
        ({"auth": {"kind": "header", "header": "X", "secret": "S", "token": {"url": "http://a"}}}, "auth.token"),
        ({"auth": {"kind": "bearer", "secret": "S", "token": {"url": "http://u:p@a"}}}, "auth.token.url"),
        ({"ca_file": "/nowhere/ca.pem"}, "找不到 CA 证书文件 /nowhere/ca.pem"),
        ({"auth": {"kind": "basic", "secret": "S"}}, "user"),
        ({"page_size": "100"}, "page_size"),
        ({"pagesize": 100}, "pagesize"),
    ],
)
def test_a_wrong_source_is_refused_before_any_network(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        city_of({**PAGES, "url": "http://a/b", **changes})
