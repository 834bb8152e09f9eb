"""The application, made from its settings, a clock and a way of signing in; importing it makes nothing."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse
from fastapi.staticfiles import StaticFiles
from starlette.middleware.sessions import SessionMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

from citysync.config.settings import Settings
from citysync.domain.errors import CitySyncError, ConfigError
from citysync.storage.schema import NoLedger, open_store
from citysync.web import errors
from citysync.web.attempts import Attempts
from citysync.web.headers import StrictHeaders
from citysync.web.language import day_of
from citysync.web.oidc import SECRET, STATE_COOKIE, STATE_SECONDS, OidcSignIn, Provider
from citysync.web.pages import PAGES
from citysync.web.policy import Door
from citysync.web.reading.public import PublicDesk
from citysync.web.reading.reader import Library
from citysync.web.rendering import STATIC
from citysync.web.sessions import Sessions, session_key
from citysync.web.sign_in import LOOPBACK, HeaderSignIn, NoSignIn, SignIn, TokenSignIn
from citysync.web.worker import Worker


def create_app(settings: Settings, now: Callable[[], datetime], sign_in: SignIn | None = None) -> FastAPI:
    """Return the application. ``now``: the clock; ``sign_in``: by default the way the settings name.

    Where nobody signs in, only a loopback name is answered.
    """
    library = Library(settings, now, day_of)
    kept = settings.web_sign_in in {"token", "oidc"}  # the other ways have no session of ours
    sessions = Sessions(session_key(settings.data_dir), library, now) if kept else None
    way = sign_in or way_of(settings, library, sessions, now)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.public.begin()
        yield
        app.state.public.close()
        app.state.worker.close()
        library.close()

    app = FastAPI(title="citysync", version="1", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    app.state.library = library
    app.state.sign_in = way
    app.state.public = PublicDesk(library)
    app.state.sessions = sessions
    app.state.attempts = Attempts(library, now)
    app.state.worker = Worker(settings, now)
    # Where nobody signs in there is no session to keep between two starts.
    app.state.csrf_key = secrets.token_hex() if settings.web_sign_in == "none" else session_key(settings.data_dir)
    errors.install(app)
    door = Door(app)
    door.page("health", "/healthz", _health)
    for module in PAGES:
        module.register(door)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    if isinstance(way, NoSignIn):  # a page of another site, whose name is made to lead here, must not be answered
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=[*LOOPBACK, "[::1]"], www_redirect=False)
    if isinstance(way, OidcSignIn):  # holds what a browser must bring back from the provider, for ten minutes
        key = session_key(settings.data_dir)
        app.add_middleware(SessionMiddleware, secret_key=key, session_cookie=STATE_COOKIE, max_age=STATE_SECONDS)
    app.add_middleware(StrictHeaders)
    return app


def way_of(settings: Settings, library: Library, sessions: Sessions | None, now: Callable[[], datetime]) -> SignIn:
    """Return the way of signing in that the settings name; raise ``ConfigError`` for one that lacks something."""
    if settings.web_sign_in == "none":
        return NoSignIn()
    if sessions is None:
        if not settings.proxies:
            raise ConfigError("CITYSYNC_WEB_SIGN_IN=header 还要 CITYSYNC_WEB_PROXIES：只信其中的代理，如 10.0.0.1")
        return HeaderSignIn(settings.proxies)
    if settings.web_sign_in == "token":
        return TokenSignIn(library.store, sessions, now)
    if settings.web_oidc_issuer is None or settings.web_oidc_client is None:
        raise ConfigError("CITYSYNC_WEB_SIGN_IN=oidc 还要 CITYSYNC_WEB_OIDC_ISSUER 与 CITYSYNC_WEB_OIDC_CLIENT")
    known = settings.secrets()
    secret = known.get(SECRET) if known.named(SECRET) else ""  # one that is there but unusable stops the start
    return OidcSignIn(Provider(settings.web_oidc_issuer, settings.web_oidc_client, secret), sessions)


def _health(request: Request) -> PlainTextResponse:
    """Say ``ok`` only while this program can read the ledger there is: opened anew, since it may have been replaced."""
    settings: Settings = request.app.state.library.settings
    try:
        open_store(settings.database, write=False).close()
    except NoLedger:
        return PlainTextResponse("ok: no ledger yet\n")
    except CitySyncError:  # its text names places of this machine
        return PlainTextResponse("the ledger cannot be used by this program\n", 503)
    return PlainTextResponse("ok\n")
