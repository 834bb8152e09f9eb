"""Bytes to text: a fixed order of encodings, strictly, and the place where it fails."""

from __future__ import annotations

import codecs

import pytest

from citysync.domain.errors import Unreadable
from connectors._text import decode, parse_json, printable, read_json

GB, UTF = "gb18030", "utf-8"
ROWS = [f"{number},深圳市事项{number},行政许可" for number in range(1, 1001)]


def mixed(first: str, second: str, at: int, rows: list[str] = ROWS) -> bytes:
    """Return rows in one encoding up to a row, in another from there on."""
    return b"".join(f"{row}\n".encode(first if number < at else second) for number, row in enumerate(rows, start=1))


@pytest.mark.parametrize("text", ["镕㐂内办", "\U00020087", "ǹ", "abc", ""])
@pytest.mark.parametrize("encoding", [UTF, GB, "utf-8-sig", "utf-16"])
def test_every_usual_encoding_is_read_exactly(text: str, encoding: str) -> None:
    assert decode(f"编码,{text}\n".encode(encoding)) == f"编码,{text}\n"


def test_a_file_not_in_utf_8_is_said_to_be_so() -> None:
    noted: list[str] = []
    decode("编码".encode(GB), None, noted)
    decode("编码".encode(UTF), None, noted)
    assert noted == ["实际编码为 GB18030，未声明；建议统一以 UTF-8 导出"]


def test_a_mark_is_no_part_of_the_text_even_twice() -> None:
    assert decode(codecs.BOM_UTF8 * 2 + "编码".encode()) == "编码"


def test_a_label_that_the_mark_contradicts_is_refused() -> None:
    with pytest.raises(Unreadable, match=r"UTF-8 的字节顺序标记，而 source.encoding 写明 gb18030"):
        decode("编码".encode("utf-8-sig"), GB)


@pytest.mark.parametrize("at", [2, 901])
@pytest.mark.parametrize(("first", "second"), [(GB, UTF), (UTF, GB)])
def test_two_encodings_in_one_file_are_refused_with_the_row(first: str, second: str, at: int) -> None:
    data = mixed(first, second, at)
    before = len(mixed(first, second, 2000, ROWS[: at - 1]))
    with pytest.raises(Unreadable, match=f"第 {at} 行起编码不一致（第 {before:,} 字节"):
        decode(data)


def test_two_encodings_are_told_apart_where_the_decoder_sees_no_fault() -> None:
    rows = ["甲乙丙丁", "公共场所卫生许可"]
    data = mixed(GB, UTF, 2, rows)
    assert data.decode(GB)  # reads nonsense, without an error
    with pytest.raises(Unreadable, match="第 2 行起编码不一致"):
        decode(data)
    with pytest.raises(Unreadable, match="第 2 行起编码不一致"):
        decode(data, GB)


@pytest.mark.parametrize(("first", "second"), [(GB, UTF), (UTF, GB)])
def test_the_encoding_before_the_change_and_the_one_after_it_are_named_as_they_are(first: str, second: str) -> None:
    data = mixed(first, second, 2, ["公共场所卫生许可", "公共场所卫生许可"])
    with pytest.raises(Unreadable, match=f"前面是 {first.upper()}，此处是 {second.upper()}"):
        decode(data)


def test_a_file_that_became_utf_8_is_not_read_by_its_old_label() -> None:
    with pytest.raises(Unreadable, match=r"内容实为 UTF-8，而 source.encoding 写明 gb18030"):
        decode("甲乙丙丁\n公共场所卫生许可\n".encode(), GB)


def test_utf_16_names_the_row_by_its_text() -> None:
    data = "上\n下\n".encode("utf-16") + b"\x00\xd8\x41\x00"
    with pytest.raises(Unreadable, match="第 3 行"):
        decode(data)


@pytest.mark.parametrize("cut", [1, 2])
def test_utf_8_cut_inside_a_character_is_never_read_as_another_encoding(cut: int) -> None:
    data = "code,name\n1,公".encode()
    with pytest.raises(Unreadable, match="在一个字的中间结束"):
        decode(data[:-cut])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"a": NaN}', "NaN"),
        ('{"a": -Infinity}', "Infinity"),
        ('{"a": 1, "b": {"c": 1, "c": 2}}', "键重复：c"),
        ("[" * 100_000 + "]" * 100_000, "嵌套过深"),
        ('{"a": [1, 2', "不完整"),
        ('{"a": 1} trailing', "有误"),
    ],
)
def test_json_that_says_two_things_or_none_is_refused(text: str, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        parse_json(text)


def test_json_numbers_keep_every_digit() -> None:
    long = "1" * 5_000
    assert read_json(f'{{"a": 1144030000754110002665298591745, "b": {long}, "c": 1e30, "d": 1.50}}'.encode()) == {
        "a": "1144030000754110002665298591745",
        "b": long,
        "c": "1e30",
        "d": "1.50",
    }


def test_what_cannot_be_seen_is_shown_by_its_number() -> None:
    assert printable("a\x00b\x1b[2J\u202e\ud800\x9f\n") == "a␀b␛[2J\\u202e\\ud800\\x9f\n"
