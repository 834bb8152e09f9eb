"""What a page answers instead of itself. Nothing internal is ever shown: no trace, no path, no name of a class."""

from __future__ import annotations

from typing import ClassVar


class WebError(Exception):
    """An answer other than the page asked for. ``status``: the HTTP status. It never leaves this room."""

    status: ClassVar[int] = 500


class NotThere(WebError):
    """There is no such thing, or it is another city's: nobody can tell which."""

    status = 404


class Forbidden(WebError):
    """The role may not do this at all, whatever the city."""

    status = 403


class SignInNeeded(WebError):
    """Nobody is signed in."""

    status = 401


class NothingYet(WebError):
    """There is no ledger yet: nothing ever ran here."""

    status = 503


class TooMany(WebError):
    """Somebody sends more than one person would."""

    status = 429


class BadAddress(WebError):
    """The address asks for what no link of ours asks for: an unknown filter, value or order."""

    status = 400
