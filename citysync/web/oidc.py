"""Signing in by the province's unified identity: OpenID Connect with PKCE. Needs the extra ``citysync[oidc]``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from citysync.domain.errors import ConfigError
from citysync.domain.principal import NOBODY, Principal
from citysync.web.sessions import Sessions
from citysync.web.sign_in import principal_of

NAME_CLAIMS = ("preferred_username", "sub")
ROLE_CLAIM, CITY_CLAIM = "citysync_role", "citysync_city"
STATE_COOKIE, STATE_SECONDS = "oidc", 600
SECRET = "CITYSYNC_SECRET_WEB_OIDC"  # noqa: S105 - the name of a secret
_PATIENCE_SECONDS = 10


class NotSignedIn(Exception):
    """The provider, or what came from it, signs nobody in; the text is for the log and names no secret."""


@dataclass(frozen=True)
class Provider:
    """Who signs people in: its issuer, our name there, and our secret (empty: none, PKCE alone)."""

    issuer: str
    client_id: str
    secret: str


class OidcSignIn:
    """A session begun at an OpenID provider; what it says of a person holds for the session's eight hours."""

    def __init__(self, provider: Provider, sessions: Sessions) -> None:
        self._issuer = provider.issuer
        self._sessions = sessions
        self._client = _client(provider)

    def principal(self, request: Request) -> Principal:
        """Return whose session it is."""
        held = self._sessions.held(request)
        if held is None or held["token_serial"] is not None:  # of another way of signing in
            return NOBODY
        return principal_of(held["name"], held["role"], held["city_code"] or "")

    async def leave_for_provider(self, request: Request, back: str) -> Response:
        """Return the way to the provider, with a state, a nonce and a PKCE challenge; raise ``NotSignedIn``."""
        try:
            answer: Response = await self._client.authorize_redirect(request, back)
        except _broken() as error:
            raise NotSignedIn(type(error).__name__) from error
        return answer

    async def session(self, request: Request) -> str:
        """Return the cookie of a new session for whom the provider sent back; raise ``NotSignedIn``.

        The ID token's signature, issuer, audience, end and nonce were looked at before a claim is believed.
        """
        try:
            token = await self._client.authorize_access_token(
                request, claims_options={"iss": {"essential": True, "value": self._issuer}}
            )
        except _broken() as error:
            raise NotSignedIn(type(error).__name__) from error
        claims: dict[str, Any] = token.get("userinfo") or {}
        name = next((str(claims[key]) for key in NAME_CLAIMS if claims.get(key)), "")
        facts = {"name": name, "role": str(claims.get(ROLE_CLAIM, "")), "city": str(claims.get(CITY_CLAIM) or "")}
        principal = principal_of(**facts)
        if principal is NOBODY:
            raise NotSignedIn("no role of ours")
        subject = f"oidc:{claims.get('sub') or name}"
        return await run_in_threadpool(self._sessions.begin, request, subject, principal)


def _client(provider: Provider) -> Any:  # noqa: ANN401 - Authlib has no types
    try:
        from authlib.integrations.starlette_client import OAuth  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ConfigError("CITYSYNC_WEB_SIGN_IN=oidc 需要 Authlib；请安装 citysync[oidc]") from error
    known = OAuth()
    return known.register(
        "provider",
        client_id=provider.client_id,
        client_secret=provider.secret or None,
        server_metadata_url=f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={
            "scope": "openid profile",
            "code_challenge_method": "S256",
            "timeout": _PATIENCE_SECONDS,
            "trust_env": False,
            **({} if provider.secret else {"token_endpoint_auth_method": "none"}),
        },
    )


def _broken() -> tuple[type[Exception], ...]:
    """Return what goes wrong between us and a provider; a program's own bug is none of it."""
    from authlib.common.errors import AuthlibBaseError  # noqa: PLC0415 - an extra
    from httpx import HTTPError  # noqa: PLC0415 - comes with it
    from joserfc.errors import JoseError  # noqa: PLC0415 - comes with it

    return (AuthlibBaseError, HTTPError, JoseError, ValueError, KeyError)
