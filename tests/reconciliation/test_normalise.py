"""Two ways of writing one name are one name; two names stay two."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from citysync.reconciliation import depth
from citysync.reconciliation.normalise import FEW, normalised, table

FOLDED = sorted(table())


def form(text: str | None) -> str | None:
    result: str | None = pl.select(normalised(pl.lit(text, dtype=pl.String))).item()
    return result


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("许可（新办）", "许可(新办)"),
        ("许可〔2018〕", "许可[2018]"),
        ("许可【甲】", "许可［甲］"),
        ("“天地图”广东", "「天地图」广东"),
        ("Ａ类１号", "A类1号"),
        ("公共场所\u3000卫生 许可\u00a0", "公共场所卫生许可"),
        ("公共\u200b场所\ufeff\u202e", "公共场所"),
        ("甲—乙——丙", "甲-乙-丙"),
        ("天地图·广东", "天地图•广东"),
        ("⼈力资源", "人力资源"),
        ("\uf9e7城", "\u88cf城"),
        ("《条例》第四条", "＜条例＞第四条"),
    ],
)
def test_two_ways_of_writing_one_name_are_equal(one: str, other: str) -> None:
    assert form(one) == form(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("①类", "1类"), ("Ⅱ类", "II类"), ("里程", "裡程"), ("A类", "a类"), ("㎡", "m2"), ("甲、乙", "甲，乙")],
)
def test_two_names_stay_two(one: str, other: str) -> None:
    assert form(one) != form(other)


@pytest.mark.parametrize("text", ["①", "Ⅱ", "㎡", "a", "A", "公共场所卫生许可"])
def test_what_is_no_other_way_of_writing_is_left_alone(text: str) -> None:
    assert form(text) == text


@pytest.mark.parametrize("text", [None, "", " \u3000\u200b\n"])
def test_nothing_but_blanks_is_nothing(text: str | None) -> None:
    assert form(text) is None


def test_no_result_holds_a_character_that_is_itself_folded() -> None:
    assert not [character for result in table().values() for character in result if character in table()]


@given(st.text(st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from(FOLDED))))
def test_the_normal_form_is_its_own_normal_form(text: str) -> None:
    assert form(form(text)) == form(text)


@pytest.mark.parametrize(
    ("text", "scale", "step", "visits"),
    [
        ("一级", "gd", 1, None),
        (" 二级 ", "gd", 2, 2),
        ("三级", "gd", 3, 1),
        ("四级", None, None, None),
        ("Ⅰ级", "ordinal", 1, None),
        ("III级", "ordinal", 3, None),
        ("ＩＶ级", "ordinal", 4, 0),
        ("全程网办(Ⅳ级)", "ordinal", 4, 0),
        ("全程网办", "ordinal", 4, 0),
        ("6,1", "national", 6, None),
        ("1、2；3", "national", 3, None),
        ("9", None, None, None),
        ("9,2", "national", 2, None),
        ("8", None, None, None),
        ("12", None, None, None),
        ("深度二级", None, None, None),
        (None, None, None, None),
    ],
)
def test_a_depth_is_read_on_one_scale_or_on_none(
    text: str | None, scale: str | None, step: int | None, visits: int | None
) -> None:
    rows = depth.beside(pl.DataFrame({"d": [text]}, schema={"d": pl.String}), "d")
    assert rows.select("d_scale", "d_step", visits=depth.max_visits("d")).row(0) == (scale, step, visits)


@given(st.lists(st.none() | st.text(st.sampled_from([*FOLDED, "甲", "A", "-", " ", "\U0001f600"])), max_size=9))
def test_few_texts_and_many_are_folded_alike(texts: list[str | None]) -> None:
    few = pl.DataFrame({"text": texts}, schema={"text": pl.String})
    many = pl.concat([few, pl.DataFrame({"text": ["甲"] * FEW}, schema={"text": pl.String})])
    folded = normalised(pl.col("text"))
    assert many.select(folded).to_series()[: len(texts)].to_list() == few.select(folded).to_series().to_list()
