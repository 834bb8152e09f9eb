"""A small OpenID provider: it signs in whoever asks, checks PKCE, and signs ID tokens; each may be spoilt."""

from __future__ import annotations

import base64
import hashlib
import time
from dataclasses import dataclass, field
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import FastAPI, Form, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT = "citysync"


@dataclass
class Provider:
    """``person``: the claims of who signs in; ``spoil``: claims put over those of the ID token."""

    person: dict[str, Any]
    spoil: dict[str, Any] = field(default_factory=dict)
    forged: bool = False
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "1"}))
    other: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "1"}))
    asked: dict[str, dict[str, str]] = field(default_factory=dict)

    def app(self) -> FastAPI:
        """Return the provider as a server."""
        app = FastAPI(openapi_url=None)
        app.add_api_route("/.well-known/openid-configuration", self.metadata)
        app.add_api_route("/keys", lambda: {"keys": [self.key.as_dict(private=False)]})
        app.add_api_route("/authorize", self.authorize, response_model=None)
        app.add_api_route("/token", self.token, methods=["POST"], response_model=None)
        return app

    def metadata(self, request: Request) -> dict[str, Any]:
        base = str(request.base_url).rstrip("/")
        places = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
        signs = {"id_token_signing_alg_values_supported": ["RS256"]}
        return {"issuer": base, **{name: f"{base}/{path}" for name, path in places.items()}, **signs}

    def authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        assert asked["code_challenge_method"] == "S256"
        code = f"code{len(self.asked)}"
        self.asked[code] = asked
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}")

    def token(self, request: Request, code: Annotated[str, Form()], code_verifier: Annotated[str, Form()]) -> Response:
        asked = self.asked.pop(code)
        seen = base64.urlsafe_b64encode(hashlib.sha256(code_verifier.encode()).digest()).rstrip(b"=").decode()
        if seen != asked["code_challenge"]:
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(time.time())
        about = {"iss": str(request.base_url).rstrip("/"), "aud": CLIENT, "iat": now, "exp": now + 300}
        claims = {**about, "nonce": asked["nonce"], **self.person, **self.spoil}
        signed = jwt.encode({"alg": "RS256", "kid": "1"}, claims, self.other if self.forged else self.key)
        return JSONResponse({"access_token": "a", "token_type": "Bearer", "id_token": signed})
