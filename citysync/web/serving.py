"""The server process: what may be bound, and uvicorn around the application."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import uvicorn

from citysync.config.settings import Settings
from citysync.domain.errors import ConfigError
from citysync.web.app import create_app
from citysync.web.sign_in import LOOPBACK


def serve(settings: Settings, host: str, port: int, now: Callable[[], datetime]) -> None:
    """Serve until stopped. Raises ``ConfigError`` where people could reach pages that nobody signs in to."""
    if settings.web_sign_in == "none" and host not in LOOPBACK:
        raise ConfigError(
            f"--host {host}：不登录时只能绑定本机（127.0.0.1、::1、localhost）；"
            "要给别人看，请设置 CITYSYNC_WEB_SIGN_IN（token、header 或 oidc）"
        )
    app = create_app(settings, now)
    # In the way "header" the peer itself is what is trusted: its address must not be what it says another's is.
    told = settings.web_sign_in != "header" and bool(settings.proxies)
    uvicorn.run(
        app,
        host=host,
        port=port,
        log_level="warning",
        server_header=False,
        date_header=True,
        proxy_headers=told,
        forwarded_allow_ips=[str(network) for network in settings.proxies] if told else None,
    )
