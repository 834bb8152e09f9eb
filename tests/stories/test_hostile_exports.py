"""Every payload in every export: what a city sends acts nowhere, whatever reads it (faults.md X).

One matrix, payload by export. Each export says how one sees that something acts in it, and what a careless one would
be: that one must be caught, or the look is blind.
"""

from __future__ import annotations

import csv
import io
import json
import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, cast

import openpyxl
import pytest
from jinja2 import Template
from markdown_it import MarkdownIt
from prometheus_client.parser import text_string_to_metric_families

from citysync.alerts import channels
from citysync.alerts.channels import email as mail
from citysync.alerts.compose import Text, compose
from citysync.alerts.digest import messages
from citysync.cli.render import console, print_json, print_night, print_rows
from citysync.config.logs import JsonLines, TextLines, Told
from citysync.config.settings import Settings
from citysync.domain.alert import Alert, Change, Entry, Key, Kind, Night, Step
from citysync.domain.channel import Channel
from citysync.domain.showing import ACTING, one_line
from citysync.domain.verdict import Fault, State
from citysync.reconciliation.judge import not_judged
from citysync.reports.document import document
from citysync.reports.metrics import Standing, exposition
from citysync.reports.receipt import receipt_rows, write_receipt
from citysync.storage.engine import Store
from citysync.web.documents import Document
from citysync.web.rendering import environment
from flows.artifacts import city_page, night_rows
from flows.night import Night as Run
from tests.alerts.cast import a_city as a_city_night
from tests.alerts.robots import Robot, a_robot
from tests.builders import NOW, TASK_CODE, TODAY, a_city
from tests.golden.test_alert_texts import NUMBER, OPENED, RUN, WORDS
from tests.hostile import EVERY, HALF, acting_in
from tests.reconciliation.test_judge import RUN as A_RUN

FORMULA = re.compile(r"[\s\u200b\ufeff]*[=+\-@＝＋－＠]")


@dataclass(frozen=True)
class World:
    """Where exports are made: a folder, a robot that takes everything, and what is printed."""

    folder: Path
    robot: Robot
    capsys: pytest.CaptureFixture[str]


@dataclass(frozen=True)
class Export:
    """``make``: the export of a payload; ``acts``: what acts in one, in words; ``careless``: one of nobody's care."""

    make: Callable[[World, str], Any]
    acts: Callable[[Any, str], list[str]]
    careless: Callable[[str], Any]


def finding(payload: str) -> dict[str, object]:
    said = dict.fromkeys(("check", "field", "expected", "actual", "hint", "areacode", "exempt_reason"), payload)
    appeal = {"answer": "upheld", "answer_reason": payload, "handler": payload, "answered_on": "2026-11-23"}
    return {**said, "severity": "error", "task_code": TASK_CODE, "suspected": True, "due_on": payload, "appeal": appeal}


def receipt(kind: str) -> Callable[[World, str], bytes]:
    def made(world: World, payload: str) -> bytes:
        refused = {"row_no": 1, **dict.fromkeys(("task_code", "rule", "field", "value", "expected", "hint"), payload)}
        rows = receipt_rows(
            "440300", [finding(payload)], [refused], found_on=TODAY, labels={}, names={TASK_CODE: payload}
        )
        reasons = [{"code": payload, "fault": payload, "text": payload}]
        summary = {"state": payload, "reasons": reasons, "notes": [payload], "chosen_by": payload}
        files = write_receipt(world.folder, "440300", payload, TODAY, rows, summary)
        assert {path.parent for path in files} == {world.folder}
        return next(path for path in files if path.suffix == kind).read_bytes()

    return made


def text_of(payload: str, kind: Kind = Kind.OUT_OF_SYNC, change: Change = Change.OPENED) -> Text:
    state = State.NOT_SYNCED if kind is Kind.FLAPPING else State(kind.value)
    city = a_city_night(state, name=payload, reasons=(payload, payload), problems=((payload, 3),), found=3)
    alert = Alert(NUMBER, Key(city.code, kind, Fault.DATA), OPENED)
    return compose(Step(change, alert), Night(RUN, TODAY, (city,)), WORDS)


def entry_of(text: Text) -> Entry:
    return Entry("c", NUMBER, Change.OPENED, RUN, "440300", text.title, "\n".join(text.lines), NOW)


def sent_to(kind: str) -> Callable[[World, str], str]:
    """Return how the body a channel posts is had: by a robot that takes it."""

    def made(world: World, payload: str) -> str:
        named = {"name": "c", "kind": kind, "owner": "o", "url": world.robot.url, "secret": "S", "roles": ["digest"]}
        channel = Channel.model_validate({key: value for key, value in named.items() if value is not None})
        (message,) = messages([entry_of(text_of(payload))], 60_000)
        channels.channel_module(kind).send(message, channel, {"S": "key-1"}, NOW)
        body = world.robot.taken[-1]
        told: Any = body.get("text") or body.get("content")
        return str(told if isinstance(told, str) else told.get("content") or told["text"])

    return made


def letter_of(payload: str) -> bytes:
    channel = Channel.model_validate(
        {"name": "c", "kind": "email", "owner": "o", "url": "smtp://x", "to": ["a@b.example"], "roles": ["digest"]}
    )
    (message,) = messages([entry_of(text_of(payload))], 60_000)
    return mail.letter(message, channel, NOW, ()).as_bytes()


def careless_letter(payload: str) -> bytes:
    made = EmailMessage()
    made["Subject"] = "x"
    made.set_content(payload)
    made.add_alternative(f"<p>{payload}</p>", subtype="html")
    return made.as_bytes()


def acts_in_letter(raw: bytes, payload: str) -> list[str]:
    del payload
    parsed = message_from_bytes(raw, policy=policy.default)
    plain, html = parsed.get_body(("plain",)), parsed.get_body(("html",))
    texts = [str(part.get_content()) for part in (plain, html) if part is not None]
    known = {"subject", "from", "to", "date", "message-id", "mime-version", "content-type", "content-transfer-encoding"}
    headers = [name for name in parsed if name.lower() not in known]
    return [*headers, *signs("".join((*texts, str(parsed["Subject"])))), *acting_in(texts[-1])]


def logged(formatter: logging.Formatter) -> Callable[[World, str], str]:
    def made(world: World, payload: str) -> str:
        del world
        error = ValueError(payload)
        record = logging.LogRecord("citysync", logging.ERROR, __file__, 1, "%s", (payload,), (ValueError, error, None))
        Told().filter(record)
        return formatter.format(record)

    return made


def a_night(payload: str) -> Run:
    city = a_city().model_copy(update={"name": payload})
    night = Run(A_RUN, cast("Any", {"440300": city}), cast("Store", None), Settings(), {}, publish=False)
    night.verdicts["440300"] = not_judged("440300", A_RUN, NOW, "x", Fault.CITY, payload)
    return night


def printed(show: Callable[[str], None]) -> Callable[[World, str], str]:
    def made(world: World, payload: str) -> str:
        world.capsys.readouterr()
        show(payload)
        said = world.capsys.readouterr()
        return said.out + said.err

    return made


def a_told_night(payload: str) -> None:
    verdict = a_night(payload).verdicts["440300"]
    reasons = [{"code": "x", "fault": "city", "text": payload}]
    row = {"code": "440300", "name": payload, "state": "unknown", "since": None, "grade": None, "reasons": reasons}
    axes = {axis.value: standing.word for axis, standing in verdict.axes.items()}
    print_night(console(), document(None, [{**row, "axes": axes, "counts": {}}]))


def scraped(payload: str) -> str:
    row = {"code": "440300", "name": payload, "state": "in_sync", "counts": {}, "judged_at": NOW.isoformat()}
    return exposition(Standing([row], 1), NOW).decode("utf-8", "surrogatepass")


def signs(text: str) -> list[str]:
    """Return the characters that act, but for line ends, which each export counts by itself."""
    return [f"U+{ord(each):04X}" for each in ACTING.findall(text.replace("\r\n", "\n"))]


def acts_in_workbook(raw: bytes, payload: str) -> list[str]:
    del payload
    cells = [cell for sheet in openpyxl.load_workbook(io.BytesIO(raw)) for row in sheet for cell in row]
    odd = [str(cell.value) for cell in cells if cell.hyperlink or cell.data_type not in {"s", "n"}]
    numbers = [str(cell.value) for cell in cells if cell.data_type == "n" and cell.value is not None]
    return [*odd, *numbers, *signs("".join(str(cell.value) for cell in cells))]


def acts_in_csv(raw: bytes, payload: str) -> list[str]:
    del payload
    text = raw.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text, newline="")))
    cells = [cell for row in rows for cell in row if FORMULA.match(cell)]
    return [*cells, *signs(text), *(f"{len(row)} cells" for row in rows if len(row) != len(rows[0]))]


def careless_csv(payload: str) -> bytes:
    return f"a,b\r\n{payload},x\r\n".encode("utf-8-sig", "replace")


def careless_workbook(payload: str) -> bytes:
    book, made = openpyxl.Workbook(), io.BytesIO()
    book.active.append([re.sub("[\x00-\x08\x0b-\x1f]|\ud800", "", payload)])
    book.save(made)
    return made.getvalue()


def acts_in_json(raw: bytes | str, payload: str) -> list[str]:
    """Return what acts in the text; a program must get the value as it was sent."""
    text = raw if isinstance(raw, str) else raw.decode("utf-8", "surrogatepass")
    lost = [] if payload in strings(json.loads(text)) else [f"lost: {payload!r}"]
    return [*lost, *signs(text)]


def strings(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for each in value.values() for text in strings(each)]
    return [text for each in value for text in strings(each)] if isinstance(value, list) else [str(value)]


def careless_json(payload: str) -> str:
    return json.dumps({"x": payload}, ensure_ascii=False)


def acts_in_chat(text: str, payload: str) -> list[str]:
    del payload
    lines = len(text.split("\n"))
    return [*(["a line more"] if lines != LINES else []), *signs(text)]


def acts_in_feishu(text: str, payload: str) -> list[str]:
    return [*acts_in_chat(text, payload), *re.findall(r"<at\b", text)]


def acts_in_log(text: str, payload: str) -> list[str]:
    del payload
    forged = [line for line in text.split("\n")[1:] if not line.startswith("  ")]
    return [*forged, *signs(text)]


def acts_in_json_log(text: str, payload: str) -> list[str]:
    lines = text.split("\n")
    told = json.loads(lines[0])["message"]
    return [*lines[1:], *signs(text), *([] if told == one_line(payload) else [told])]


def acts_on_terminal(text: str, payload: str) -> list[str]:
    del payload
    forged = [line for line in text.split("\n") if re.match(r"2026-11-24T|【|Bcc:|Set-Cookie:|# ", line)]
    return [*forged, *signs(text)]


def acts_on_page(html: str, payload: str) -> list[str]:
    del payload
    return [*acting_in(html), *signs(html), *re.findall(r"\b49\$?", html)]


def acts_in_markdown(page: str, payload: str) -> list[str]:
    del payload
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(page)
    every = [child for token in tokens for child in (token, *(token.children or ()))]
    acting = {"html_inline", "html_block", "link_open", "image", "fence", "code_block", "em_open"}
    counted = {
        kind: sum(token.type == kind for token in tokens) for kind in ("heading_open", "table_open", "list_item_open")
    }
    more = [] if tuple(counted.values()) == (3, 1, 1) else [str(counted)]
    links = re.findall(r"https?://|www\.\w|\w@\w", page)  # what a renderer makes a link by itself
    return [*(token.type for token in every if token.type in acting), *more, *links, *signs(page)]


def acts_in_rows(rows: list[dict[str, object]], payload: str) -> list[str]:
    del payload
    text = "".join(str(value) for row in rows for value in row.values())
    return [*signs(text), *re.findall("\n", text)]


def acts_in_metrics(text: str, payload: str) -> list[str]:
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    named = {sample.labels["name"] for sample in samples if "name" in sample.labels}
    names = {sample.name for sample in samples if not sample.name.startswith(("citysync_cit", "citysync_"))}
    forged = [sample.name for sample in samples if sample.name == "citysync_forged"]
    return [*forged, *names, *signs(text), *(named - {one_line(payload)})]


LINES = len(entry_of(text_of("深圳市")).text.split("\n"))
PAGE = '<p>{{ x }}</p><a title="{{ x }}" href="/c/1">{{ x }}</a><textarea>{{ x }}</textarea>'
EXPORTS: dict[str, Export] = {
    "receipt as a workbook": Export(receipt(".xlsx"), acts_in_workbook, careless_workbook),
    "receipt as CSV": Export(receipt(".csv"), acts_in_csv, careless_csv),
    "receipt as JSON": Export(receipt(".json"), acts_in_json, careless_json),
    "mail": Export(lambda _, payload: letter_of(payload), acts_in_letter, careless_letter),
    **{kind: Export(sent_to(kind), acts_in_chat, str) for kind in ("wecom", "dingtalk", "webhook")},
    "feishu": Export(sent_to("feishu"), acts_in_feishu, str),
    "log as text": Export(logged(TextLines()), acts_in_log, lambda payload: f"x {payload}"),
    "log as JSON": Export(logged(JsonLines()), acts_in_json_log, lambda payload: json.dumps({"message": payload})),
    "table on a terminal": Export(
        printed(lambda payload: print_rows(console(), ["号", "理由"], [["1", payload]])), acts_on_terminal, str
    ),
    "line on a terminal": Export(
        printed(lambda payload: console(stderr=True).print(f"x {payload}")), lambda text, _: signs(text), str
    ),
    "night on a terminal": Export(printed(a_told_night), acts_on_terminal, str),
    "JSON on a terminal": Export(printed(lambda payload: print_json({"x": payload})), acts_in_json, careless_json),
    "answer of the API": Export(lambda _, payload: bytes(Document({"x": payload}).body), acts_in_json, careless_json),
    "page": Export(
        lambda _, payload: environment("zh").from_string(PAGE).render(x=payload),
        acts_on_page,
        lambda payload: Template(PAGE).render(x=payload),
    ),
    "artifact of a city": Export(
        lambda _, payload: city_page(night := a_night(payload), night.verdicts["440300"]), acts_in_markdown, str
    ),
    "artifact of a night": Export(
        lambda _, payload: night_rows(a_night(payload)), acts_in_rows, lambda payload: [{"x": payload}]
    ),
    "metrics": Export(
        lambda _, payload: scraped(payload), acts_in_metrics, lambda payload: f'citysync_x{{name="{payload}"}} 1\n'
    ),
}


@pytest.fixture(scope="module")
def robot() -> Iterator[Robot]:
    with a_robot(lambda *_: (200, {"errcode": 0, "code": 0})) as running:
        yield running


@pytest.mark.parametrize("payload", EVERY, ids=range(len(EVERY)))
@pytest.mark.parametrize("name", EXPORTS)
def test_nothing_sent_acts_in_any_export(
    name: str, payload: str, tmp_path: Path, robot: Robot, capsys: pytest.CaptureFixture[str]
) -> None:
    export = EXPORTS[name]
    assert export.acts(export.make(World(tmp_path, robot, capsys), payload), payload) == []


@pytest.mark.parametrize("name", EXPORTS)
def test_a_careless_export_is_caught(name: str) -> None:
    export = EXPORTS[name]

    def caught(payload: str) -> bool:
        try:
            return export.acts(export.careless(payload), payload) != []
        except (ValueError, KeyError):  # what a careless export breaks by is no look of ours
            return False

    assert [payload for payload in EVERY if payload != HALF and caught(payload)] != []


@pytest.mark.parametrize("kind", [Kind.NOT_SYNCED, Kind.HELD, Kind.OUT_OF_SYNC, Kind.FLAPPING])
@pytest.mark.parametrize("change", Change)
def test_no_alert_lets_a_city_begin_a_line(kind: Kind, change: Change) -> None:
    told = {payload: text_of(payload, kind, change) for payload in (*EVERY, "深圳市")}
    lines = {payload: len("\n".join((text.title, *text.lines)).split("\n")) for payload, text in told.items()}
    assert set(lines.values()) == {lines["深圳市"]}
    assert [payload for payload, text in told.items() if signs("".join((text.title, *text.lines)))] == []
