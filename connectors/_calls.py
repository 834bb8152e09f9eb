"""Requests as they go out and answers as they come in, over one session's guarded connections. Knows urllib3.

What a browser adds is left out: no redirect is followed, no proxy, ``.netrc`` or environment is asked, nothing is tried
twice. Cookies are kept for as long as the session, as portals behind a balancer expect.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import urllib3
from requests.cookies import RequestsCookieJar, extract_cookies_to_jar, get_cookie_header
from requests.utils import DEFAULT_CA_BUNDLE_PATH, parse_header_links

from connectors._guarded import Wire
from connectors._http import Ask

_HEADERS = {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "citysync"}


class Calls:
    """Sends one request after the other. ``ca_file``: the authorities believed instead of the usual ones."""

    def __init__(self, wire: Wire, ca_file: str | None) -> None:
        self._pools = urllib3.PoolManager(cert_reqs="CERT_REQUIRED", ca_certs=ca_file or DEFAULT_CA_BUNDLE_PATH)
        self._pools.pool_classes_by_scheme = dict(wire.pools)
        self._cookies = RequestsCookieJar()

    def close(self) -> None:
        """Close every connection now: urllib3 waits for the collector, and an exception's frames keep pools alive."""
        for key in self._pools.pools.keys():  # noqa: SIM118 — it refuses to be iterated
            self._pools.pools[key].close()
        self._pools.clear()

    @contextmanager
    def answer(self, ask: Ask, connect: float, read: float) -> Iterator[urllib3.HTTPResponse]:
        """Yield the answer to a request, its body not yet read; time-outs in seconds."""
        response = cast(
            "urllib3.HTTPResponse",
            self._pools.urlopen(
                ask.method,
                ask.url,
                body=ask.body,
                headers=self._headers(ask),
                timeout=urllib3.Timeout(connect=connect, read=read),
                redirect=False,
                retries=False,
                preload_content=False,
                decode_content=False,
            ),
        )
        try:
            if "Set-Cookie" in response.headers:
                extract_cookies_to_jar(self._cookies, ask, response)  # type: ignore[no-untyped-call]
            yield response
        finally:
            response.close()
            response.release_conn()

    def _headers(self, ask: Ask) -> dict[str, str]:
        asked = {name.lower() for name in ask.headers}
        headers = {name: value for name, value in _HEADERS.items() if name.lower() not in asked} | dict(ask.headers)
        if "cookie" in asked or not len(self._cookies):
            return headers
        cookie: str | None = get_cookie_header(self._cookies, ask)  # type: ignore[no-untyped-call]
        return headers if cookie is None else headers | {"Cookie": cookie}


def next_link(response: urllib3.HTTPResponse) -> str | None:
    """Return where the ``Link`` header says that the next page is."""
    links = {link.get("rel"): link["url"] for link in parse_header_links(response.headers.get("Link", ""))}
    return links.get("next")
