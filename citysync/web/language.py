"""Chinese first, English by choice: what is said in the code is Chinese, a catalogue gives the English of it."""

from __future__ import annotations

import gettext
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from io import BytesIO
from zoneinfo import ZoneInfo

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from starlette.requests import Request

SHANGHAI = ZoneInfo("Asia/Shanghai")
DEFAULT = "zh"
LANGUAGES = {"zh": "中文", "en": "English"}
TAGS = {"zh": "zh-CN", "en": "en"}
COOKIE = "lang"
_WEEKDAYS = {"zh": "一二三四五六日", "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")}


@dataclass(frozen=True)
class Language:
    """One language: how a text of ours is said in it, and how days and moments are written."""

    code: str
    say: Callable[[str], str]

    def listed(self, parts: Iterable[str]) -> str:
        """Return several words as people write them one after the other: ``甲、乙``."""
        return ("、" if self.code == DEFAULT else ", ").join(parts)

    def day(self, on: date) -> str:
        """Return a day as people read it: ``11月23日（周一）``."""
        weekday = _WEEKDAYS[self.code][on.weekday()]
        return f"{on.month}月{on.day}日（周{weekday}）" if self.code == DEFAULT else f"{weekday} {on:%d %b}"

    def short_day(self, on: date) -> str:
        """Return a day without its weekday: ``11月23日``."""
        return f"{on.month}月{on.day}日" if self.code == DEFAULT else f"{on:%d %b}"

    def moment(self, at: datetime | str) -> str:
        """Return a moment on the province's clock: ``11月23日 02:14``."""
        moment = datetime.fromisoformat(at) if isinstance(at, str) else at
        local = moment.astimezone(SHANGHAI)
        return f"{self.short_day(local.date())} {local:%H:%M}"

    def clock(self, at: datetime | str) -> str:
        """Return the time of day on the province's clock: ``02:14``."""
        moment = datetime.fromisoformat(at) if isinstance(at, str) else at
        return f"{moment.astimezone(SHANGHAI):%H:%M}"


def day_of(at: datetime | str) -> date:
    """Return the day a moment falls on in the province."""
    moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    return moment.astimezone(SHANGHAI).date()


@cache
def language(code: str) -> Language:
    """Return a language by its code; one nobody knows is Chinese."""
    known = code if code in LANGUAGES else DEFAULT
    catalogue = translations(known)
    # An empty text is the catalogue's own head.
    return Language(known, lambda text: catalogue.gettext(text) if text else "")


@cache
def translations(code: str) -> gettext.NullTranslations:
    """Return the catalogue of a language; Chinese needs none, since it is what the code says."""
    if code == DEFAULT:
        return gettext.NullTranslations()
    text = (files("citysync.web") / "locale" / f"{code}.po").read_bytes()
    compiled = BytesIO()
    write_mo(compiled, read_po(BytesIO(text), locale=code))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def asked_for(request: Request) -> str:
    """Return the language a request asks for: ``?lang=``, else the cookie, else Chinese."""
    query: Mapping[str, str] = request.query_params
    wanted = query.get("lang") or request.cookies.get(COOKIE) or DEFAULT
    return wanted if wanted in LANGUAGES else DEFAULT
