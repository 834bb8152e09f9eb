"""How the server knows who asks. Ways: ``none`` (loopback only); others are added beside it."""

from __future__ import annotations

from typing import Protocol

from fastapi import Request

from citysync.domain.principal import Principal, Role

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
HERE = Principal("本机", Role.PROVINCE_ADMIN)


class SignIn(Protocol):
    """A way of signing in."""

    def principal(self, request: Request) -> Principal:
        """Return who asks, ``NOBODY`` for somebody not signed in."""
        ...


class NoSignIn:
    """Whoever reaches the server is the province's administrator: only for a server that nobody else can reach."""

    def principal(self, request: Request) -> Principal:
        """Return the operator of this machine."""
        del request
        return HERE
