"""One city's facts as what its pages say: why, whose, what to do by when; then the tabs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import quote

from citysync.domain.alert import KIND_LABELS, Kind
from citysync.domain.divisions import division_name
from citysync.domain.verdict import State
from citysync.web.language import DEFAULT, Language
from citysync.web.reading.city import CityHead, Open
from citysync.web.reading.province import CityFacts, ProvinceFacts
from citysync.web.views.advice import actor
from citysync.web.views.labels import AxisMark, Mark, Say, axes, mark, side
from citysync.web.views.province import Tile, tile
from citysync.web.views.reasons import original, proof, whole

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason of the verdict, whole, with whose side it is on; ``original``: as stored, where that is Chinese."""

    text: str
    original: str
    side: str


@dataclass(frozen=True, slots=True)
class CityPage:
    """What stands above every tab. ``do``: the next step, ``who``: who takes it, ``by``: until when.

    ``nothing``: what an empty list of differences means. ``original``: the stored sentence that ``why`` tells in
    another language; empty in Chinese.
    """

    tile: Tile
    mark: Mark
    why: str
    original: str
    do: str
    who: str
    by: str
    since: str
    good: str
    nothing: str
    contact: str
    axes: tuple[AxisMark, ...]
    reasons: tuple[Reason, ...]
    proof: str
    proof_original: str
    problems: tuple[str, ...]
    run_id: str | None
    signals: int


@dataclass(frozen=True, slots=True)
class Share:
    """One bar: what, how many, and its length of 100; ``link`` leads to just those."""

    label: str
    count: int
    width: float
    link: str


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a list: a mark or None, and its cells in words; ``link`` leads to more, empty where nothing does."""

    mark: Mark | None
    cells: tuple[str, ...]
    link: str = ""


def city_page(head: CityHead, language: Language) -> CityPage:
    """Return what stands above every tab of a city."""
    say, state, reasons = language.say, State(head.told["state"]), head.told["reasons"]
    facts = CityFacts(head.city, head.told, None, head.nights, head.weights, head.due_on)
    since = head.on if not head.nights else head.nights[0].on
    alone = ProvinceFacts(None, {}, (facts,), min(since, head.on), head.on, head.today)
    shown = tile(facts, alone, language)
    certificate = (head.verdict or {}).get("certificate") or {}
    return CityPage(
        tile=shown,
        mark=mark(state, say),
        why=shown.cause or say("与基本目录一致，没有需要更正的差异。"),
        original=original(reasons[0], language) if len(reasons) == 1 else "",
        do=shown.do,
        who=actor(state, reasons, say),
        by=shown.left,
        since=language.moment(head.told["since"]) if head.told["since"] else "—",
        good=_good(head, language),
        nothing=_nothing(head, language),
        contact=language.listed(head.city.contacts) or "—",
        axes=axes(head.told["axes"], say),
        reasons=tuple(Reason(whole(each, language), original(each, language), side(each, say)) for each in reasons),
        proof=proof(certificate, head.told["grade"], language),
        proof_original=str(certificate.get("proof", "")) if language.code != DEFAULT else "",
        problems=tuple(certificate.get("problems", ())),
        run_id=(head.verdict or {}).get("run_id"),
        signals=head.signals,
    )


def shares(
    counted: Sequence[tuple[str | None, int]], names: Mapping[str, str], nameless: str, listed: str
) -> tuple[Share, ...]:
    """Return counts as bars, longest first; a value nobody named keeps its code. ``listed``: address but for it."""
    most = max((count for _, count in counted), default=1)
    return tuple(
        Share(
            label=nameless if key is None else names.get(key, key),
            count=count,
            width=round(count / most * 100, 1),
            link="" if key is None else f"{listed}{quote(key)}",
        )
        for key, count in counted
    )


def counties(found: Open, code: str, say: Say) -> tuple[Share, ...]:
    """Return what is open by county; the city's own is 市本级."""
    names = {str(key): division_name(str(key)) for key, _ in found.by_county if key is not None}
    own = {key: f"{name}{say('（本级）')}" for key, name in names.items() if key.endswith("00")}
    listed = f"/c/{code}/differences?severity=error&county="
    return shares(found.by_county, {**names, **own}, say("未注明"), listed)


def checks(found: Open, code: str, labels: Mapping[str, str], say: Say) -> tuple[Share, ...]:
    """Return what is open by rule, as people call the rule."""
    listed = f"/c/{code}/differences?severity=error&check="
    told = {key: say(label) for key, label in labels.items()}
    return shares(
        found.by_check, {key: f"{word[:1].upper()}{word[1:]}" for key, word in told.items()}, say("未注明"), listed
    )


def run_lines(rows: Sequence[Row], language: Language) -> tuple[Line, ...]:
    """Return the city's runs as lines: day, time, grade, what came, what was found."""
    triggers = {"nightly": language.say("每晚"), "on_demand": language.say("按需"), "replay": language.say("重放")}
    return tuple(
        Line(
            mark(State(row["state"]), language.say),
            (
                str(row["business_date"]),
                language.clock(row["judged_at"]),
                triggers.get(str(row["trigger"]), "—"),
                str(row["grade"] or "—"),
                f"{row['counts']['received']:,}" if row["adopted"] else "—",
                f"{row['counts']['findings']:,}" if row["adopted"] else "—",
            ),
            f"/r/{row['run_id']}",
        )
        for row in rows
    )


def notice_lines(rows: Sequence[Row], say: Say) -> tuple[Line, ...]:
    """Return the city's alerts as lines: number, what, opened, closed, told, acknowledged until."""
    told = {"no": say("未发"), "queued": say("待发"), "sent": say("已发")}
    return tuple(
        Line(
            None,
            (
                str(row["alert_id"]),
                say(KIND_LABELS[Kind(row["kind"])]),
                str(row["opened_on"]),
                str(row["closed_on"] or say("未了结")),
                told.get(str(row["told"]), "—"),
                str(row["ack_until"] or "—"),
            ),
        )
        for row in rows
    )


def _nothing(head: CityHead, language: Language) -> str:
    """Return what it means that no difference is listed: nothing to correct, or that nobody could look."""
    if head.good is None:
        return language.say("还没有采用过本市的快照，没有对过账：有没有差异，现在不知道。")
    if "in_force" in head.told:
        day = language.short_day(date.fromisoformat(head.good["business_date"]))
        return language.say("%(day)s 的快照里没有需要更正的差异。") % {"day": day}
    return language.say("没有需要更正的差异。")


def _good(head: CityHead, language: Language) -> str:
    if head.good is None:
        return language.say("尚无可用快照")
    words = {
        "day": language.short_day(date.fromisoformat(head.good["business_date"])),
        "rows": f"{head.good['rows']:,}",
    }
    return language.say("%(day)s 快照 %(rows)s 条") % words
