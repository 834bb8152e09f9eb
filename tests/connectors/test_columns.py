"""Rows straight into columns: only where it is proved, and then exactly what the strict reader says."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from connectors._columns import Columns, columns_of
from connectors._envelope import Reader
from connectors._gathered import Gathered
from connectors._http import HttpSource, declared, records_of, verify, version_of
from connectors._mapping import Plan, in_order, stacked, to_frame
from connectors._text import parse_json, read_json
from tests.connectors.both import assert_same_rows, outcome, quick

PATHS = {
    "task_code": "code",
    "task_name": "name",
    "by_law": "a.b",
    "areacode": "area",
    "dept_name": "name",
    "link_way": "*",
}
PLAN = Plan(PATHS, frozenset({"kept"}))
TEXTS = st.sampled_from(
    [
        "甲",
        "",
        " ",
        "\u3000",
        "\u2003\u0085",
        "\x1c",
        "\x00",
        "\x7f",
        "１２",
        'a"b\\c/d',
        "}],[{",
        "-Infinity",
        "\ud83d\ude00",
    ]
) | st.text(max_size=6)
PLAIN = st.none() | TEXTS | st.sampled_from([0, 7, -5, 2**63 - 1, 2**63, 10**30])
ODD = st.sampled_from([True, 1.5, -0.0, 1e300, [], ["x"], {"b": "1"}, {}, "\ud800"])
NAMES = st.lists(
    st.sampled_from(["code", "name", "area", "a.b", "a", "*", "^a$", "kept", "more", "", "名"]), min_size=1, unique=True
)


@st.composite
def pages(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Return rows as a source may have them: most alike, now and then one that is not."""
    names = draw(NAMES)
    rows = [{name: draw(PLAIN) for name in names} for _ in range(draw(st.integers(1, 4)))]
    if draw(st.booleans()):
        place, name = draw(st.integers(0, len(rows) - 1)), draw(st.sampled_from(names))
        rows[place] = draw(
            st.sampled_from([{**rows[place], name: draw(ODD)}, {**rows[place], "new": "x"}, {}, {name: "x"}])
        )
    return rows


def written(rows: object, draw: Any) -> str:
    """Return rows as JSON, in one of many ways of writing it."""
    text = json.dumps(
        rows,
        ensure_ascii=draw(st.integers(0, 3)) == 0,
        separators=draw(st.sampled_from([(",", ":"), (",", ":"), (", ", ": ")])),
    )
    for old, new in draw(
        st.sampled_from([(), (), (), (("/", "\\/"),), (('"name":', '"name":"z","name":'),), (("7", "07"),)])
    ):
        text = text.replace(old, new)
    return text


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """Return a page's bytes: rows within an envelope, or whatever else may come."""
    rows = written(draw(pages()), draw)
    around = draw(
        st.sampled_from(
            [
                '{"code":"200","data":{"total":2,"list":%s}}',
                '{"code":"200","data":{"total":"2","version":"v1","list":%s},"time":"08:00"}',
                '{"code":200,"data":[{"total":2,"list":%s}]}',
                '{"code":"500","msg":"库忙","data":{"list":%s}}',
                '{"code":"200","code":"200","data":{"list":%s}}',
                '{"code":"200","data":{"total":NaN,"list":%s}}',
                '{"code":"200","data":{"total":-Infinity,"list":%s}}',
                '{"code":"200","data":{"version":-Infinity,"list":%s}',
                '{"code":"200","more":[{"x":"1"},{"x":"2"}],"data":{"list":%s}}',
                '{"code":"200","more":%s,"data":{"list":[]}}',
                '{"code":"200","more":%s,"data":{"list":null,"total":0}}',
                '{"code":"200","data":%s}',
                '{"code":"200","data":{"total":%s,"list":[]}}',
                '{"code":"200","data":{"version":%s,"list":[]}}',
                '{"code":"200","data":{"list":%s},"note":"[{"}',
                ' {"code":"200","data":{"list":[%s]}}\n',
                '{"code":%s,"data":{"list":[]}}',
                "%s",
                '{"data":{"list":%s}} x',
                "<html>%s",
            ]
        )
    )
    text = around % rows
    cut = draw(st.sampled_from([0, 0, 0, 1, 2, 9]))
    encoding = draw(st.sampled_from(["utf-8", "utf-8", "utf-8", "utf-8-sig", "gb18030", "utf-16"]))
    data = text.encode(encoding, "surrogatepass" if encoding.startswith("utf") else "replace")
    return data[: len(data) - cut]


def judged(source: HttpSource) -> Callable[[object], Any]:
    def judge(document: object) -> Any:
        verify(source, document)
        return records_of(source, document, first=True), declared(source, document), version_of(source, document)

    return judge


SOURCES = [
    HttpSource.model_validate({"connector": "x", "url": "http://a/", **keys})
    for keys in (
        {
            "items": "data.list",
            "total": "data.total",
            "version": "data.version",
            "ok": {"path": "code", "equals": "200"},
        },
        {"items": "data.list", "version": "data"},
        {"items": "data", "version": "data.list"},
        {"items": "data.list", "total": "data.list.code", "version": "more.x"},
        {},
        {"total": "code", "version": "name"},
    )
]


@settings(derandomize=True, max_examples=1500, deadline=None, database=None)
@given(bodies(), st.sampled_from(SOURCES), st.sampled_from([None, None, "utf-8", "gb18030", "utf-16"]))
def test_a_page_is_read_both_ways_alike_whatever_it_holds(
    data: bytes, source: HttpSource, encoding: str | None
) -> None:
    strictly = outcome(lambda: judged(source)(read_json(data, encoding)))
    quickly = outcome(lambda: quick(Reader(encoding), data, judged(source)))
    if not isinstance(strictly, tuple) or not isinstance(quickly, tuple):
        assert quickly == strictly
        return
    assert quickly[1:] == strictly[1:]
    assert_same_rows(quickly[0], strictly[0], PLAN)


@settings(derandomize=True, max_examples=1000, deadline=None, database=None)
@given(st.data())
def test_what_goes_into_columns_is_what_the_strict_reader_says(data: st.DataObject) -> None:
    rows = written(data.draw(pages()), data.draw)
    columns = columns_of(rows.encode("utf-8", "surrogatepass"))
    if columns is not None:
        assert_same_rows(columns, parse_json(rows), PLAN)  # type: ignore[arg-type]


def test_blank_letters_are_where_the_short_look_for_them_expects_them() -> None:
    blank = [chr(code) for code in range(0x110000) if chr(code).isspace()]
    assert all(letter < "!" or "\u0085" <= letter < "\u3001" for letter in blank)


PLAINLY = '[{"code":"1","name":"甲","n":1},{"code":"2","name":null,"n":-20}]'


def test_plain_rows_go_into_columns() -> None:
    columns = columns_of(PLAINLY.encode())
    assert columns is not None
    assert list(columns) == [{"code": "1", "name": "甲", "n": "1"}, {"code": "2", "name": None, "n": "-20"}]
    assert columns_of(b'[{"a":"\\n\\"\\\\\\u0000"},{"a":"}],[{"}]') is not None


@pytest.mark.parametrize(
    "wrong",
    [
        PLAINLY.replace('"name":null', '"name":"x","name":null'),
        PLAINLY.replace('"name":null,', ""),
        PLAINLY.replace('"name":null', '"name":null,"more":null'),
        PLAINLY.replace('"code":"2","name":null', '"name":null,"code":"2"'),
        PLAINLY.replace('"2"', "2"),
        PLAINLY.replace('"2"', "true"),
        PLAINLY.replace('"2"', '["2"]'),
        PLAINLY.replace('"2"', '{"code":"2"}'),
        PLAINLY.replace('"2"', '"\\u0032"'),
        PLAINLY.replace('"2"', '"\\ud800"'),
        PLAINLY.replace("-20", "2.0"),
        PLAINLY.replace("-20", "-0"),
        PLAINLY.replace("-20", "020"),
        PLAINLY.replace("-20", "12345678901234567890123456789012"),
        PLAINLY.replace(",{", ", {"),
        PLAINLY.replace(":null", ": null"),
        PLAINLY.replace("甲", "甲\n"),
        PLAINLY.replace("},{", "},null,{"),
        PLAINLY[:-1] + ",{}]",
        PLAINLY[:-2] + "]",
        PLAINLY + "]",
    ],
)
def test_rows_written_otherwise_are_left_to_the_strict_reader(wrong: str) -> None:
    assert wrong != PLAINLY
    assert columns_of(wrong.encode()) is None


def test_two_pages_written_otherwise_end_the_trying_and_one_page_does_not() -> None:
    spaced, plain = PLAINLY.replace(":", ": ").encode(), PLAINLY.encode()
    reader = Reader(None)
    kinds = [type(quick(reader, page, lambda rows: rows)) for page in (spaced, plain, spaced, spaced, plain)]
    assert kinds == [list, Columns, list, list, list]


def test_a_page_of_one_row_or_none_says_nothing_about_how_a_source_writes() -> None:
    reader = Reader(None)
    pages_ = (b"[]", b"null", b'[{"a":1.5}]', PLAINLY.encode())
    assert [type(quick(reader, page, lambda rows: rows)) for page in pages_] == [list, type(None), list, Columns]


@settings(derandomize=True, max_examples=300, deadline=None, database=None)
@given(st.lists(pages(), max_size=5), st.integers(1, 6))
def test_pages_read_in_either_way_stand_in_one_frame(drawn: list[list[dict[str, Any]]], together: int) -> None:
    texts = [json.dumps(rows, ensure_ascii=False, separators=(",", ":")) for rows in drawn]
    strictly: list[Any] = [parse_json(text) for text in texts]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("connectors._gathered._TOGETHER", together)
        patch.setattr("connectors._gathered._IN_COLUMNS", together)
        gathered = Gathered(PLAN)
        for number, (text, rows) in enumerate(zip(texts, strictly, strict=True), start=1):
            columns = columns_of(text.encode("utf-8", "surrogatepass")) if len(rows) > 1 else None
            gathered.add(number, rows if columns is None else columns)
        found = in_order(stacked(gathered.frames()), PATHS)
    alone = [to_frame(rows, PLAN, number) for number, rows in enumerate(strictly, start=1)]
    assert_frame_equal(found, in_order(stacked(alone), PATHS))
