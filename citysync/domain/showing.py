"""What of a text from outside may be shown: characters that act on a screen, a log or an editor are made visible.

One rule for pages, files, messages, logs and terminals, so that what is harmless in one is harmless in all.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

_SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")  # no summer time since 1991
# Control characters but tab and line feed (C1 too: U+009B alone begins a terminal's sequence), marks and overrides of
# direction, line separators that only some readers know, tags nobody sees, half surrogate pairs, what is no character.
_ACTING = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufff9-\ufffb\ufffe\uffff\ud800-\udfff"
    "\U000e0000-\U000e007f"
)
ACTING = re.compile(f"[{_ACTING}]")
_LINES = re.compile(r"[\t\n]+")
_BASIC_PLANE = 0xFFFF


def harmless(text: str) -> str:
    """Return a text with a sign for each character that could act; tabs and line feeds stay."""
    return ACTING.sub("\N{REPLACEMENT CHARACTER}", text)


def one_line(text: str) -> str:
    """Return a text as one harmless line: what a city sent begins no line of ours."""
    return _LINES.sub(" ", harmless(text.replace("\r\n", "\n").replace("\r", "\n")))


def in_json(document: str) -> str:
    r"""Return a JSON text that says the same, characters that could act written as escapes (``\u202e``)."""
    return ACTING.sub(_escaped, document)


def local(moment: object) -> str:
    """Return an instant of the ledger as people in the province read it (2026-11-23 01:30), a day as it is, else —."""
    text = str(moment or "")
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text or "—"
    return text if at.tzinfo is None else f"{at.astimezone(_SHANGHAI):%Y-%m-%d %H:%M}"


def _escaped(found: re.Match[str]) -> str:
    number = ord(found[0])
    if number <= _BASIC_PLANE:
        return f"\\u{number:04x}"
    high, low = divmod(number - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"
