"""The server process: what may be bound, and uvicorn around the application."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

import uvicorn

from citysync.config.settings import Settings
from citysync.domain.errors import ConfigError
from citysync.web.app import create_app
from citysync.web.sign_in import LOOPBACK


def serve(
    settings: Settings, host: str, port: int, now: Callable[[], datetime], ready: Callable[[], None] | None = None
) -> None:
    """Serve until stopped; ``ready`` is called once the address is ours.

    Raises ``ConfigError`` where people could reach pages that nobody signs in to, or the address cannot be had.
    """
    if settings.web_sign_in == "none" and host not in LOOPBACK:
        raise ConfigError(
            f"--host {host}：不登录时只能绑定本机（127.0.0.1、::1、localhost）；"
            "要给别人看，请设置 CITYSYNC_WEB_SIGN_IN（token、header 或 oidc）"
        )
    app = create_app(settings, now)
    # In the way "header" the peer itself is what is trusted: its address must not be what it says another's is.
    told = settings.web_sign_in != "header" and bool(settings.proxies)
    config = uvicorn.Config(
        app,
        log_level="warning",
        server_header=False,
        date_header=True,
        proxy_headers=told,
        forwarded_allow_ips=[str(network) for network in settings.proxies] if told else None,
    )
    with _bound(host, port) as listening:
        if ready is not None:
            ready()
        server = uvicorn.Server(config)
        with suppress(KeyboardInterrupt):
            server.run(sockets=[listening])
    if not server.started:
        raise SystemExit(3)


def _bound(host: str, port: int) -> socket.socket:
    """Return a socket bound to the address; uvicorn's own way ends the process with an English line."""
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except (OSError, OverflowError) as error:
        listening.close()
        busy = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
        why = "已被别的程序占用" if busy else f"不能监听（{error}）"
        raise ConfigError(f"--host {host} --port {port}：{why}；请换一个地址或端口，或先停掉占用它的程序") from error
    return listening
