"""One item of a city as what its page says: what differs first, field by field, since when, by what evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from citysync.domain.appeal import words
from citysync.domain.items import label
from citysync.web.language import DEFAULT, Language
from citysync.web.reading.item import COMPARED, Elsewhere, ItemFacts, Life
from citysync.web.views.differences import Code, cut
from citysync.web.views.labels import Say
from citysync.web.views.reasons import hint, searched
from citysync.web.views.texts import Piece, alone, compared

ROWS = 5
FORMS = ("raw", "normalised")
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """One field: both sides in pieces, how it stands in words. ``kind``: differs, writing (only), same or alone."""

    label: str
    master: tuple[Piece, ...]
    city: tuple[Piece, ...]
    word: str
    kind: str


@dataclass(frozen=True, slots=True)
class SentRow:
    """One row the city sent: its fields, what differs first, and where it stands in what was sent."""

    title: str
    fate: str
    open: tuple[Field, ...]
    folded: tuple[Field, ...]
    evidence: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding: the rule's word and question, both sides, what to do (in parts), until when.

    ``original``: the stored hint where ``hint`` tells it in another language; empty in Chinese.
    """

    rule: str
    asks: str
    expected: str
    actual: str
    hint: tuple[str, ...]
    original: str
    due: str
    appeal: str


@dataclass(frozen=True, slots=True)
class Story:
    """The life of one difference: what it is, and its days in order."""

    title: str
    events: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ItemPage:
    """What the page shows. ``normalised``: in which form texts are compared on it; ``switch``: the other's address."""

    city_code: str
    city_name: str
    title: str
    code: Code
    run_id: str
    searched: str
    normalised: bool
    switch: str
    problems: tuple[Problem, ...]
    rows: tuple[SentRow, ...]
    more: int
    master: tuple[Field, ...]
    stories: tuple[Story, ...]
    others: tuple[tuple[str, str, tuple[str, ...]], ...]
    columns: tuple[str, ...]


def item_page(facts: ItemFacts, form: str, labels: Mapping[str, str], language: Language) -> ItemPage:
    """Return what the page says. ``form``: of ``FORMS``; ``labels``: the word of each check and rule."""
    say, task = language.say, facts.task
    here = f"/c/{facts.city.code}/items/{facts.asked}"
    shown = tuple(_sent_row(row, task, form, language) for row in task["rows"][:ROWS])
    return ItemPage(
        city_code=facts.city.code,
        city_name=facts.city.name,
        title=_title(facts, say),
        code=cut(facts.asked if not facts.asked.startswith("row-") else facts.catalog_code or ""),
        run_id=facts.run_id,
        searched=searched(task["searched"], language),
        normalised=form == "normalised",
        switch=here if form == "normalised" else f"{here}?form=normalised",
        problems=tuple(_problem(each, facts, language) for each in task["findings"]),
        rows=shown,
        more=max(0, len(task["rows"]) - ROWS),
        master=() if task["rows"] else tuple(_master_fields(task["master"] or {}, say)),
        stories=tuple(_story(life, labels, language) for life in facts.lives),
        others=tuple(_other(each, facts.catalog_code or "", say) for each in facts.elsewhere),
        columns=tuple(say(label(name)) for name in COMPARED),
    )


def _title(facts: ItemFacts, say: Say) -> str:
    named = [_sent(row, "task_name") for row in facts.task["rows"]]
    master = facts.task["master"] or {}
    return next((str(name) for name in [*named, master.get("task_name")] if name), say("没有名称的事项"))


def _sent(row: Row, column: str) -> str | None:
    return next((field["sent"] for field in row["fields"] if field["column"] == column), None)


def _problem(found: Row, facts: ItemFacts, language: Language) -> Problem:
    rule, say = found["rule"], language.say
    return Problem(
        rule=say(rule["label"]),
        asks=say(str(rule["asks"] or "")),
        expected=found["expected"] or "",
        actual=found["actual"] or "",
        hint=hint(found, str((facts.task["master"] or {}).get("task_name") or ""), language),
        original=found["hint"] or "" if language.code != DEFAULT else "",
        due=str(found["due_on"] or ""),
        appeal="" if found["appeal"] is None else words(found["appeal"], say),
    )


def _sent_row(row: Row, task: Row, form: str, language: Language) -> SentRow:
    say = language.say
    codes = {_sent(row, "task_code"), _sent(row, "task_handle_item")} - {None}
    read = {field["read_as"] for field in row["fields"] if field["column"] in {"task_code", "task_handle_item"}}
    own = [each for each in task["findings"] if {each["task_code"], each["task_handle_item"]} & (codes | read - {None})]
    wrong = {each["field"]: each for each in own if each["field"]}
    refused = {each["field"]: each for each in row["rejections"]}
    fields = [_field(each, wrong.get(each["column"]), refused.get(each["column"]), form, say) for each in row["fields"]]
    return SentRow(
        title=say("第 %(row)s 行") % {"row": f"{row['row_no']:,}"},
        fate=fates(say).get(str(row["fate"]), ""),
        open=tuple(sorted((each for each in fields if each.kind in _OPEN), key=lambda each: _OPEN.index(each.kind))),
        folded=tuple(each for each in fields if each.kind not in _OPEN),
        evidence=tuple(_evidence(row, language)),
    )


_OPEN = ("differs", "writing")


def fates(say: Say) -> dict[str, str]:
    """Return what became of a row, in words."""
    return {
        "accepted": say("接受，参加比对"),
        "rejected": say("拒收，没有参加比对"),
        "merged": say("与相同的另一行合并"),
        "older": say("同一事项有更高版本，按更高版本比对"),
        "unknown": say("城市文件已删除，无法重做校验"),
    }


def _field(field: Row, wrong: Row | None, refused: Row | None, form: str, say: Say) -> Field:
    normal = form == "normalised"
    sent = field["normalised"] if normal else field["sent"]
    master = field["master_normalised"] if normal else field["master"]
    kind, word = _standing(field, wrong, refused, say)
    expected = (refused or {}).get("expected") or (wrong or {}).get("expected")
    left = master if master is not None else expected if kind == "differs" else None
    if left is not None and sent is not None and kind in _OPEN and master is not None:
        pieces = compared(str(left), str(sent))
    else:
        pieces = alone(str(left or "")), alone(str(sent or ""))
    named = say(field["label"])
    named += "" if field["field"] == field["column"] else f"{say('（')}{field['field']}{say('）')}"
    return Field(named, pieces[0], pieces[1], word, kind)


def _standing(field: Row, wrong: Row | None, refused: Row | None, say: Say) -> tuple[str, str]:
    """Return how a field stands, by what the run found: nothing is judged here a second time."""
    if refused is not None:
        return "differs", say("拒收：%(rule)s") % {"rule": say(refused["rule"]["label"])}
    if wrong is not None and wrong["severity"] != "cosmetic":
        return "differs", say(wrong["rule"]["label"])
    if field["master"] is None:
        return "alone", say("省目录没有这一项")
    if field["sent"] == field["master"] or field["read_as"] == field["master"]:
        return "same", say("一致")
    if field["normalised"] == field["master_normalised"]:
        return "writing", say("已规范化，不计差异")
    return "alone", say("不比较")


def _evidence(row: Row, language: Language) -> Iterator[tuple[str, str]]:
    say = language.say
    yield say("来源行号"), f"{row['row_no']:,}"
    page = row["page"]
    if page is None:
        return
    yield say("原始页"), say("第 %(page)s 页第 %(row)s 条") % {"page": page["number"], "row": row["page_row"]}
    yield say("响应哈希（SHA-256）"), page["sha256"]
    yield say("取得于"), language.moment(page["fetched_at"])
    yield say("原始页现状"), say("在盘上，与哈希相符") if page["on_disk"] else say("已不在盘上")
    if row["byte_offset"] is not None:
        yield (
            say("编码位置"),
            say("第 %(line)s 行，第 %(byte)s 字节起") % {"line": row["line"], "byte": row["byte_offset"]},
        )


def _master_fields(master: Row, say: Say) -> Iterator[Field]:
    for name, value in master.items():
        if value not in {None, ""}:
            yield Field(say(label(name)), alone(str(value)), (), say("市目录未见"), "alone")


def _story(life: Life, labels: Mapping[str, str], language: Language) -> Story:
    row, say = life.row, language.say
    named = say(labels.get(row["check"], row["check"]))
    title = f"{named} · {say(label(row['field']))}" if row["field"] else named
    return Story(title, tuple(_events(life, say)))


def _events(life: Life, say: Say) -> Iterator[tuple[str, str]]:
    """Yield the days of a difference in order: the last night without it, what changed, since when, until when."""
    row = life.row
    if row["before"] is not None:
        yield str(row["before"]["business_date"]), say("没有这个差异")
    yield from _changes(life, say)
    suspected = row["confirmed_on"] is None or row["confirmed_on"] != row["opened_on"]
    yield str(row["opened_on"]), say("疑似") if suspected else say("发现")
    if row["confirmed_on"] is not None and suspected:
        yield str(row["confirmed_on"]), say("确认")
    if row["closed_on"] is not None:
        yield str(row["closed_on"]), say("已不再出现")
    else:
        yield str(row["last_seen_on"]), say("仍在")


def _changes(life: Life, say: Say) -> Iterator[tuple[str, str]]:
    if not life.known or life.row["field"] is None:
        return
    on, named = str(life.row["opened_on"]), say(label(life.row["field"]))
    for (before, then), text in (
        (life.theirs, say("市改%(field)s：%(before)s → %(after)s")),
        (life.masters, say("省改%(field)s：%(before)s → %(after)s")),
    ):
        if before != then:
            yield on, text % {"field": named, "before": before or say("空"), "after": then or say("空")}


def _other(other: Elsewhere, catalog_code: str, say: Say) -> tuple[str, str, tuple[str, ...]]:
    """Return another city's name, the address of the item there, and what it says of it."""
    if other.rows is None:
        return other.city.name, "", (say("尚无可用快照"),)
    if not other.rows:
        return other.city.name, "", (say("未见该事项"),)
    return (
        other.city.name,
        f"/c/{other.city.code}/items/{catalog_code}",
        tuple(_said(other.rows, name) for name in COMPARED),
    )


def _said(rows: Sequence[Row], name: str) -> str:
    """Return what the rows of a city say in a column: each value once."""
    values = list(dict.fromkeys(str(row[name]) for row in rows if row.get(name) is not None))
    return " / ".join(values[:3]) + ("…" if len(values) > 3 else "") or "—"  # noqa: PLR2004 - three are enough to see
