"""A page of the server as a page of its own: links placed anew, forms and what needs a server taken out. Pure."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from html.parser import HTMLParser

from citysync.web.headers import CSP

# A browser heeds no frame-ancestors in a page and complains of it; a file has no origin to submit forms to.
_META = "; ".join(part for part in CSP.split("; ") if not part.startswith("frame-ancestors"))
_LINKS = {"a": "href", "link": "href"}
_NEEDS_SERVER = "data-server"  # a part of a page that means nothing without its form
Place = Callable[[str], str | None]


def linked(html: str, place: Place) -> str:
    """Return a page whose links lead where ``place`` says; a link that leads nowhere stays as text.

    Forms, scripts and links to a language that is not kept are left out: none of them works in a file. The policy of
    the server stands in a ``meta``.
    """
    made = _Rewritten(place)
    made.feed(html)
    made.close()
    return "".join(made.parts)


class _Rewritten(HTMLParser):
    """Writes down what it reads, as it was written, but for links, forms, scripts and the policy."""

    def __init__(self, place: Place) -> None:
        super().__init__(convert_charrefs=False)
        self.parts: list[str] = []
        self._place = place
        self._left_out: str | None = None
        self._depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep, change or leave out a tag."""
        told = dict(attrs)
        unkept = "hreflang" in told and self._place(told.get("href") or "") is None
        if self._left_out is None and (tag in {"form", "script"} or _NEEDS_SERVER in told or unkept):
            self._left_out, self._depth = tag, 0
        if self._left_out is not None or told.get("name") == "htmx-config":
            self._depth += tag == self._left_out
            return
        link = told.get(_LINKS.get(tag, ""))
        self.parts.append(self.get_starttag_text() or "" if link is None else self._placed(tag, attrs, link))
        if tag == "head":
            self.parts.append(f'\n<meta http-equiv="Content-Security-Policy" content="{escape(_META)}">')

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep a tag that closes itself."""
        del tag, attrs
        self._keep(self.get_starttag_text() or "")

    def handle_endtag(self, tag: str) -> None:
        """Keep an end, or end what is left out."""
        if self._left_out is None:
            self.parts.append(f"</{tag}>")
        elif tag == self._left_out:
            self._depth -= 1
            self._left_out = self._left_out if self._depth else None

    def handle_data(self, data: str) -> None:
        """Keep text."""
        self._keep(data)

    def handle_entityref(self, name: str) -> None:
        """Keep an escape as it was."""
        self._keep(f"&{name};")

    def handle_charref(self, name: str) -> None:
        """Keep an escape as it was."""
        self._keep(f"&#{name};")

    def handle_decl(self, decl: str) -> None:
        """Keep the kind of the document."""
        self._keep(f"<!{decl}>")

    def _keep(self, text: str) -> None:
        if self._left_out is None:
            self.parts.append(text)

    def _placed(self, tag: str, attrs: list[tuple[str, str | None]], link: str) -> str:
        target = link if link.startswith("#") else self._place(link)
        name = _LINKS[tag]
        kept = [(key, target if key == name else value) for key, value in attrs if key != name or target is not None]
        written = "".join(f" {key}" if value is None else f' {key}="{escape(value)}"' for key, value in kept)
        return f"<{tag}{written}>"
