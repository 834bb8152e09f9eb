"""One middleware: every answer carries the strict headers, and no other origin may make us do anything."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class StrictHeaders:
    """Adds the headers, ``no-store`` where nothing else was said, and refuses what another origin sends (CSRF)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def strict(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
                if "server" in headers:
                    del headers["server"]
            await send(message)

        if scope["method"] not in _SAFE and not ours(Headers(scope=scope)):
            await PlainTextResponse("来源不符，请从本系统的页面提交\n", status_code=403)(scope, receive, strict)
            return
        await self._app(scope, receive, strict)


def ours(headers: Headers) -> bool:
    """Return whether a request that changes something comes from our own page, or from a program with a token.

    A browser sends ``Origin`` with every such request; a token in ``Authorization`` is sent by no browser by itself.
    """
    origin = headers.get("origin")
    if origin is None:
        return headers.get("authorization", "").startswith("Bearer ")
    return urlsplit(origin).netloc == headers.get("host", "")
