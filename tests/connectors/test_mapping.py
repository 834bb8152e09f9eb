"""Short ways from records to columns and keys give what the long way gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citysync.domain import codes
from connectors._gathered import Gathered
from connectors._mapping import Plan, distinct_keys, in_order, keys_of, page_keys, stacked, to_frame
from connectors._records import Number, text

PATHS = {
    "task_name": "name",
    "by_law": "law",
    "areacode": "area",
    "dept_name": "name",
    "task_code": "code",
    "link_way": "a.b",
    "power_source": "never",
}
VALUES = st.sampled_from(
    [
        "甲",
        "",
        " ",
        "\u3000",
        "\x1c",
        "1",
        "440300",
        "\ud800",
        None,
        True,
        7,
        7.5,
        Decimal("1.50"),
        [],
        ["x", None, "y"],
    ]
) | st.builds(Number, st.sampled_from(["1", "440300", "1.5"]))
RECORDS = st.lists(
    st.dictionaries(st.sampled_from(["name", "law", "area", "code", "a.b", "more"]), VALUES)
    | st.fixed_dictionaries(
        {"name": VALUES, "law": VALUES, "area": VALUES, "a": st.dictionaries(st.just("b"), VALUES)}
    ),
    max_size=4,
)
CODES = st.sampled_from(["1" * 31, "1" * 33, "１" * 31, " 12 ", "a-b", "", "\u200b", "\x00", "ﬁ", "é", None, "ABC"])


def one_by_one(records: Sequence[Mapping[str, object]], field: str) -> list[str | None]:
    """Return a field's values as text, each looked up by itself."""
    values = [text(record.get(field)) for record in records]
    return [value and value.encode("utf-8", "backslashreplace").decode() for value in values]


@settings(derandomize=True, max_examples=200, deadline=None, database=None)
@given(RECORDS)
def test_columns_are_what_each_record_says_by_itself(records: list[dict[str, object]]) -> None:
    frame = to_frame(records, Plan(PATHS, frozenset()), 3)
    for name in ("task_name", "by_law", "dept_name", "link_way"):
        field = PATHS[name]
        if any(field in record for record in records):
            assert frame[name].to_list() == one_by_one(records, field)
    assert frame["page_no"].to_list() == [3] * len(records)
    assert "power_source" not in frame.columns


def test_a_page_whose_records_have_all_fields_and_one_whose_first_has_not_say_the_same() -> None:
    whole: list[dict[str, object]] = [
        {"name": str(number), "law": "法", "area": "440300", "code": "1"} for number in range(50)
    ]
    plan = Plan(PATHS, frozenset())
    last: dict[str, object] = {"name": "x", "law": None}
    lacking = [*whole, last]
    assert to_frame(lacking, plan, 1).head(50).equals(to_frame(whole, plan, 1))
    assert to_frame(lacking, plan, 1)["areacode"].to_list()[-1] is None


@settings(derandomize=True, max_examples=200, deadline=None, database=None)
@given(st.lists(st.tuples(CODES, CODES), max_size=4))
def test_keys_are_those_of_the_folded_codes(pairs: list[tuple[str | None, str | None]]) -> None:
    sent = {"task_code": [code for code, _ in pairs], "task_handle_item": [handle for _, handle in pairs]}
    frame = pl.DataFrame(sent, schema={"task_code": pl.String(), "task_handle_item": pl.String()})
    folded = frame.select(codes.folded(pl.all()).replace("", None))
    assert keys_of(frame) == keys_of(folded)
    assert [key and key[0][:31] for key in keys_of(frame)] == [code and code[:31] for code in folded["task_code"]]


@settings(derandomize=True, max_examples=200, deadline=None, database=None)
@given(st.lists(st.tuples(CODES, CODES | st.none()), max_size=6), st.sampled_from([0, 1, 2]))
def test_keys_are_counted_as_they_are_read(pairs: list[tuple[str | None, str | None]], width: int) -> None:
    sent = {"task_code": [code for code, _ in pairs], "task_handle_item": [handle for _, handle in pairs]}
    frame = pl.DataFrame(sent, schema={"task_code": pl.String(), "task_handle_item": pl.String()})
    for narrower in (frame.select(frame.columns[:width]), frame.with_columns(task_handle_item=pl.lit(None, pl.String))):
        assert distinct_keys(narrower) == len({key for key in keys_of(narrower) if key is not None})


def test_letters_that_need_no_folding_are_those_folding_keeps() -> None:
    plain = [chr(code) for code in range(128) if chr(code).isalnum()]
    assert pl.DataFrame({"code": plain}).select(codes.folded(pl.col("code")))["code"].to_list() == plain


@settings(derandomize=True, max_examples=300, deadline=None, database=None)
@given(st.lists(RECORDS, max_size=4), st.integers(1, 6))
def test_pages_put_together_say_what_each_says_by_itself(pages: list[list[dict[str, object]]], together: int) -> None:
    plan = Plan(PATHS, frozenset())
    alone = [to_frame(records, plan, number) for number, records in enumerate(pages, start=1)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("connectors._gathered._TOGETHER", together)
        gathered = Gathered(plan)
        for number, records in enumerate(pages, start=1):
            gathered.add(number, records)
        found = in_order(stacked(gathered.frames()), PATHS)
    assert found.equals(in_order(stacked(alone), PATHS))
    assert found.schema == in_order(stacked(alone), PATHS).schema
    assert [page_keys(records, plan) for records in pages] == [keys_of(frame) for frame in alone]


def test_a_field_with_a_dot_in_its_name_on_one_page_does_not_hide_a_nested_one_on_the_next() -> None:
    gathered = Gathered(Plan(PATHS, frozenset()))
    gathered.add(1, [{"a.b": "甲"}])
    gathered.add(2, [{"a": {"b": "乙"}}])
    assert stacked(gathered.frames())["link_way"].to_list() == ["甲", "乙"]
