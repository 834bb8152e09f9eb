"""What a certificate that was refused said of itself, for the text; it is refused all the same."""

from __future__ import annotations

import ssl
from datetime import UTC, date, datetime
from typing import Any

from urllib3.util.ssl_ import create_urllib3_context, resolve_cert_reqs


class _Witness(ssl.SSLSocket):
    """A TLS socket that writes the last day of a refused certificate on the refusal itself."""

    def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001, FBT002 - as its parent has it
        try:
            super().do_handshake(block)
        except ssl.SSLCertVerificationError as error:
            error.last_day = _last_day(self)  # type: ignore[attr-defined]
            raise


def witnessed(context: ssl.SSLContext | None, cert_reqs: Any) -> ssl.SSLContext:  # noqa: ANN401 - urllib3's own kinds
    """Return a connection's context (urllib3's own where it has none yet) with sockets that remember."""
    found = context or create_urllib3_context(cert_reqs=resolve_cert_reqs(cert_reqs))
    found.sslsocket_class = _Witness
    return found


def last_day(error: BaseException) -> date | None:
    """Return the last day of the certificate an error speaks of, None if nobody saw it."""
    day: date | None = getattr(error, "last_day", None)
    return day


def _last_day(socket: ssl.SSLSocket) -> date | None:
    # Public from Python 3.13 on; until then the object underneath has it. Without it the text says less.
    chain = getattr(getattr(socket, "_sslobj", None), "get_unverified_chain", lambda: None)()
    ends = chain[0].get_info().get("notAfter") if chain else None
    return None if ends is None else datetime.fromtimestamp(ssl.cert_time_to_seconds(ends), UTC).date()
