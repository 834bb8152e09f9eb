"""The field's codes, over whole columns."""

from __future__ import annotations

import random
import re

import polars as pl
import pytest
from stdnum.cn import uscc

from citysync.domain import codes
from tests.builders import BODY, CATALOG_CODE, TASK_CODE

ASCII_CODE = re.compile("[0-9A-Z]{18}")
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def one(expression: pl.Expr, value: str | None) -> object:
    return pl.DataFrame({"code": pl.Series([value], dtype=pl.String)}).select(expression.alias("code")).item()


def a_body(dice: random.Random) -> str:
    body = f"{dice.randrange(10**8):08d}" + "".join(dice.choices(ALPHABET, k=9))
    return next(body + check for check in ALPHABET if uscc.is_valid(body + check))


def damaged(code: str, dice: random.Random) -> str:
    place = dice.randrange(18)
    kind = dice.randrange(6)
    if kind == 0:
        return code[:place] + dice.choice(ALPHABET) + code[place + 1 :]
    if kind == 1:
        return code[:place] + dice.choice("IOSVZiosvz") + code[place + 1 :]
    if kind == 2:
        return code[:place] + code[place + 1 :]
    if kind == 3:
        return code + dice.choice(ALPHABET)
    if kind == 4:
        return code[:place] + code[place : place + 2][::-1] + code[place + 2 :]
    return code[:place] + chr(ord(code[place]) + 0xFEE0) + code[place + 1 :]


@pytest.mark.parametrize("seed", range(3))
def test_the_check_character_is_judged_as_python_stdnum_judges_it(seed: int) -> None:
    dice = random.Random(seed)
    right = [a_body(dice) for _ in range(1_000)]
    sent = right + [damaged(code, dice) for code in right for _ in range(3)]
    ours = [codes.uscc_valid(code) for code in sent]
    theirs = [ASCII_CODE.fullmatch(code) is not None and bool(uscc.is_valid(code)) for code in sent]
    assert ours == theirs
    assert any(ours)
    assert not all(ours)


@pytest.mark.parametrize(
    ("code", "valid"),
    [
        (BODY, True),
        ("13440000515356094L", False),  # a wrong check character in Guangdong's real rows
        ("TE440000GD030003VV", False),  # a real body without a USCC
        ("１" + BODY[1:], False),
        (BODY.lower(), False),
        ("", False),
    ],
)
def test_real_bodies_have_a_right_or_a_wrong_check_character(code: str, valid: bool) -> None:  # noqa: FBT001
    assert codes.uscc_valid(code) is valid


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (codes.task_code_part, TASK_CODE),
        (codes.uscc_part, BODY),
        (codes.level_part, "3"),
        (codes.catalog_part, CATALOG_CODE),
        (codes.division_part, "440300"),
    ],
)
def test_a_handle_item_code_falls_into_its_parts(part: object, expected: str) -> None:
    assert callable(part)
    assert one(part(pl.col("code")), TASK_CODE + "01") == expected


@pytest.mark.parametrize("mark", ["\u200b", "\ufeff", "\u00ad", "\u2060", "\u202e", "\u180e", " ", "\u3000", "\t"])
def test_blanks_and_invisible_characters_are_folded_away(mark: str) -> None:
    assert one(codes.folded(pl.col("code")), TASK_CODE[:9] + mark + TASK_CODE[9:] + mark) == TASK_CODE


def test_a_control_character_stays_and_makes_the_code_no_code() -> None:
    """A NUL is no slip of the keyboard: refused with the code, never taken out of it."""
    assert one(codes.folded(pl.col("code")), f"{TASK_CODE[:9]}\x00{TASK_CODE[9:]}") != TASK_CODE


def test_full_width_characters_are_folded_to_plain_ones() -> None:
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in TASK_CODE)
    assert one(codes.folded(pl.col("code")), wide) == TASK_CODE


@pytest.mark.parametrize(
    ("code", "matches"),
    [
        (TASK_CODE, True),
        (TASK_CODE + "01", True),
        (TASK_CODE[:-3] + "00Y", True),
        (TASK_CODE + "1", False),
        (TASK_CODE[:-1], False),
        (BODY + "7" + CATALOG_CODE, False),
        (BODY + "３" + CATALOG_CODE, False),
        (TASK_CODE + "\n", False),
        ("1.1440300007542E+30", False),
    ],
)
def test_a_task_code_has_31_or_33_plain_characters(code: str, matches: bool) -> None:  # noqa: FBT001
    assert one(pl.col("code").str.contains(codes.TASK_CODE_OR_HANDLE_ITEM), code) is matches


def test_a_column_with_one_strange_code_is_folded_like_the_code_alone() -> None:
    plain, wide = TASK_CODE, f"{TASK_CODE[:9]}\u3000{TASK_CODE[9:]}"
    both = pl.DataFrame({"code": [plain, wide, None]}).select(codes.folded(pl.col("code"))).to_series()
    assert both.to_list() == [plain, plain, None]
