"""The public page: an item, and per city how often one must appear and within how many days. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from citysync.reports.public import Item, Offer, Promise
from citysync.web.language import Language
from citysync.web.views.labels import Say
from flows.public import CityOffers, Published

MOST_FOUND = 100
PAGE = 200


@dataclass(frozen=True, slots=True)
class Found:
    """A list of items: those shown, how many there are, and where one is in the pages of all."""

    items: Sequence[Item]
    total: int
    page: int = 1
    pages: int = 1


@dataclass(frozen=True, slots=True)
class CityLine:
    """One city's row. ``over``: visits beyond the cap, in words; empty where they are not."""

    code: str
    name: str
    visits: str
    over: str
    days: str
    updated: str


@dataclass(frozen=True, slots=True)
class ItemPage:
    """One item in every city. ``known`` of ``cities``: how many have a directory in force."""

    item: Item
    lines: tuple[CityLine, ...]
    known: int
    over: int


def found(published: Published, query: str) -> Found:
    """Return the items whose names hold every word of a query, whatever its width and case."""
    words = _plain(query).split()
    if not words:
        return Found((), 0)
    hits = [each for each in published.items if all(word in _plain(each.name) for word in words)]
    return Found(hits[:MOST_FOUND], len(hits))


def listed(published: Published, number: int) -> Found | None:
    """Return one page of all items, None beyond the last."""
    pages = max(1, -(-len(published.items) // PAGE))
    if not 1 <= number <= pages:
        return None
    return Found(published.items[(number - 1) * PAGE : number * PAGE], len(published.items), number, pages)


def item_page(published: Published, item: Item, language: Language) -> ItemPage:
    """Return what the page of an item says."""
    lines = tuple(_line(city, item, language) for city in published.cities)
    known = sum(city.updated is not None for city in published.cities)
    return ItemPage(item, lines, known, sum(bool(line.over) for line in lines))


def _line(city: CityOffers, item: Item, language: Language) -> CityLine:
    say = language.say
    if city.updated is None:
        return CityLine(city.code, city.name, say("暂无数据"), "", say("暂无数据"), "—")
    updated = language.short_day(city.updated)
    offer = city.offers.get(item.code)
    if offer is None:
        return CityLine(city.code, city.name, say("未列出此事项"), "", "—", updated)
    return CityLine(
        city.code, city.name, _visits(offer, say), _over(offer, item, say), _days(offer.promises, say), updated
    )


def _visits(offer: Offer, say: Say) -> str:
    if offer.visits is None:
        return say("未填写")
    least, most = offer.visits
    if most == 0:
        return say("不用到现场")
    return say("%(visits)s 次") % {"visits": str(most) if least == most else f"{least}–{most}"}


def _over(offer: Offer, item: Item, say: Say) -> str:
    if offer.visits is None or offer.visits[1] <= item.cap:
        return ""
    return say("超过上限 %(cap)s 次") % {"cap": item.cap}


def _days(promises: Sequence[Promise], say: Say) -> str:
    return "；".join(_promise(each, say) for each in promises) or say("未填写")


def _promise(each: Promise, say: Say) -> str:
    units = {"工作日": say("个工作日"), "自然日": say("个自然日")}
    unit = units.get(each.unit, say("天（单位未填写）"))
    return f"{each.least if each.least == each.most else f'{each.least}–{each.most}'} {unit}"


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
