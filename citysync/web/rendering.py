"""The one place where templates become pages: everything is escaped, nothing undefined passes, no text is trusted."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from functools import cache, partial
from importlib.resources import files
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from citysync.domain.principal import NOBODY, ROLE_LABELS, Principal
from citysync.domain.showing import harmless
from citysync.web.csrf import csrf_of
from citysync.web.language import COOKIE, DEFAULT, LANGUAGES, TAGS, asked_for, language, translations
from citysync.web.policy import POLICIES

FOLDER = Path(str(files("citysync.web"))) / "templates"
STATIC = Path(str(files("citysync.web"))) / "static"
_HALF_A_YEAR = 15_552_000
CHINESE = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U000323af]")
_AS_CHINESE = Markup(' lang="zh-CN"')


@cache
def environment(code: str) -> Environment:
    """Return the environment of one language. There is no other: a plain ``Environment()`` does not escape."""
    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=shown,
    )
    made.install_gettext_translations(translations(code), newstyle=True)  # type: ignore[attr-defined]
    made.filters["zh"] = partial(own_words, code)
    made.filters["zh_lang"] = partial(own_language, code)
    made.globals["static"] = static_url
    made.globals["language"] = language(code)
    made.globals["tag"] = TAGS[code]
    made.globals["may"] = _nothing  # a page without an asker, as a static site's, offers no deeds
    made.globals["csrf"] = ""
    return made


def own_words(code: str, value: object) -> object:
    """Return what a city or a person wrote; on a page in another language, marked as Chinese where it is."""
    language_of = own_language(code, value)
    return Markup("<span{}>{}</span>").format(language_of, shown(value)) if language_of else value


def own_language(code: str, value: object) -> Markup | str:
    """Return the attribute that marks an element as Chinese, for what cannot hold an element of its own."""
    return _AS_CHINESE if code != DEFAULT and CHINESE.search(str(value)) else ""


def _nothing(name: str) -> bool:
    del name
    return False


def shown(value: object) -> object:
    """Return a value as a page may hold it: nothing for null, a sign for what must not be shown as sent."""
    if value is None:
        return ""
    if isinstance(value, str) and not isinstance(value, Markup):
        return harmless(value)
    return value


@cache
def static_url(name: str) -> str:
    """Return the address of a file of ``static/``, with its fingerprint so that an old copy is never used."""
    return f"/static/{name}?v={hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]}"


def rendered(template: str, code: str, **values: object) -> str:
    """Return a template as text, in a language."""
    return environment(code).get_template(template).render(**values)


def page(
    request: Request, template: str, values: Mapping[str, Any], principal: Principal, *, status: int = 200
) -> HTMLResponse:
    """Return the answer that shows a template; what every page has is added here."""
    code = asked_for(request)
    frame = {
        "asker": principal,
        "role": language(code).say(ROLE_LABELS[principal.role]),
        "languages": [
            (other, name, str(request.url.include_query_params(lang=other))) for other, name in _others(code)
        ],
        "csrf": csrf_of(request, principal),
        "may": lambda name: principal.role in POLICIES[name].roles,
        "signed_in": "session" in request.cookies and principal is not NOBODY,
    }
    answer = HTMLResponse(rendered(template, code, **frame, **values), status_code=status)
    if "lang" in request.query_params:
        answer.set_cookie(COOKIE, code, max_age=_HALF_A_YEAR, samesite="lax", httponly=True)
    return answer


def _others(code: str) -> list[tuple[str, str]]:
    return [(other, name) for other, name in LANGUAGES.items() if other != code]
