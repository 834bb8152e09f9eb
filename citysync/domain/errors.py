"""What can go wrong on purpose, whose side it is on, and whether trying again can help.

CitySyncError
├── ConfigError        ours: a city file or setting is wrong            exit 2, before the run
├── MasterError        the province's: the master catalogue             exit 3, no city is judged
├── StorageError       ours: the ledger or the disk                     exit 3
├── DeliveryError      a receipt or a message was not taken             exit 3
└── SourceError        the city's: becomes a verdict, never a crash
    ├── Unreachable    DNS, refused, timed out                          retryable
    ├── Throttled      429 or a promise of later                        retryable
    ├── Refused        401, 403, signature rejected                     never hammered
    ├── Unreadable     HTML instead of JSON, wrong envelope or encoding
    └── OverBudget     endless paging, redirect loop, one byte per second

Incomplete data is not an exception: it is a certificate with problems. Rejected rows are rows of a table.
"""

from __future__ import annotations

from typing import ClassVar

from citysync.domain.verdict import Fault


class CitySyncError(Exception):
    """Base of everything raised on purpose."""

    reason: ClassVar[str] = "error"
    retryable: ClassVar[bool] = False


class ConfigError(CitySyncError):
    """A city file, a setting or a secret is wrong; the text names file, line, key and remedy."""

    reason = "config"


class MasterError(CitySyncError):
    """The master catalogue is missing, empty, shrunk or contradictory; no city is judged against it."""

    reason = "master"


class StorageError(CitySyncError):
    """Our ledger or disk did not do what was asked; nothing was changed."""

    reason = "storage"


class DeliveryError(CitySyncError):
    """A receipt or a message was not taken; ``permanent`` means that sending it again as it is cannot help."""

    reason = "delivery"

    def __init__(self, text: str, *, permanent: bool) -> None:
        super().__init__(text)
        self.permanent = permanent


class NotProved(RuntimeError):
    """Our reading, counting or comparing is wrong: a bug of ours, never the city's data. It stops the run."""


class SourceError(CitySyncError):
    """A city's source did not give its directory. Raised by connectors; becomes a verdict.

    ``fault``: whose it is. Each class has its usual one; whoever raises it knows better where an error of the same
    name has several causes (a name that does not resolve is nobody's, a server that answers 503 is the city's).
    """

    reason = "source"
    fault: Fault = Fault.CITY

    def __init__(self, text: str, *, place: str = "", fault: Fault | None = None) -> None:
        super().__init__(text)
        self.place = place
        if fault is not None:
            self.fault = fault


class Unreachable(SourceError):
    """The source did not answer: DNS, refused, reset or timed out. Nobody is blamed unless it is known better."""

    reason = "unreachable"
    retryable = True
    fault = Fault.NETWORK


class Throttled(SourceError):
    """The source asked us to come back later than our budget allows."""

    reason = "throttled"
    retryable = True


class Refused(SourceError):
    """The source rejected our credentials."""

    reason = "refused"


class Unreadable(SourceError):
    """The answer is not the directory: a web page, an error envelope, a wrong encoding, a broken file."""

    reason = "unreadable"


class OverBudget(SourceError):
    """The source took more time, bytes or pages than it may."""

    reason = "over_budget"
