"""What became of a division that is no more: found by date, once and for all."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citysync.domain.divisions import divisions
from citysync.domain.successions import (
    Succession,
    carried,
    divided,
    former_codes,
    heirs_of,
    single_heirs,
    successions,
    told,
)
from tests.builders import TODAY

DAYS = st.dates(date(1999, 1, 1), date(2030, 12, 31))


@st.composite
def tables(draw: st.DrawFn) -> list[Succession]:
    """Return successions from lower to higher numbers: renames, mergers, splits and chains of them."""
    pairs = draw(st.sets(st.tuples(st.integers(0, 8), st.integers(1, 9)).filter(lambda pair: pair[0] < pair[1])))
    ends = {old: draw(DAYS) for old, _ in pairs}
    return [Succession(f"{old:06}", "旧区", f"{new:06}", ends[old]) for old, new in sorted(pairs)]


def test_every_succession_ends_in_divisions_that_are_in_force() -> None:
    now = {row.code for row in divisions() if row.in_force(TODAY)}
    for row in successions():
        assert set(heirs_of(row.code, TODAY)) <= now, row
        assert row.code not in now
        assert row.code[:4] == row.successor[:4], "no county of Guangdong changed its city since 2000"


@given(tables(), DAYS)
def test_succession_is_idempotent_and_acyclic(table: list[Succession], on: date) -> None:
    for code in {row.code for row in table} | {row.successor for row in table}:
        heirs = heirs_of(code, on, table)
        assert {end for heir in heirs for end in heirs_of(heir, on, table)} == set(heirs)
        assert code not in heirs or heirs == (code,)


@given(DAYS)
def test_the_projects_table_is_idempotent_on_any_day(on: date) -> None:
    single = single_heirs(on)
    assert not {*single.values()} & {*single, *divided(on)}
    pairs = carried([(code, "x") for code in single], on)
    assert carried(pairs, on) == pairs


@pytest.mark.parametrize(
    ("code", "on", "heirs"),
    [
        ("440903", date(2014, 12, 31), ("440903",)),
        ("440903", date(2015, 1, 1), ("440904",)),
        ("440923", TODAY, ("440904",)),
        ("440582", TODAY, ("440513", "440514")),
        ("440305", TODAY, ("440305",)),
        ("999999", TODAY, ("999999",)),
    ],
)
def test_a_code_is_followed_from_the_day_after_its_last(code: str, on: date, heirs: tuple[str, ...]) -> None:
    assert heirs_of(code, on) == heirs


def test_a_division_knows_its_former_codes() -> None:
    assert former_codes("440904", TODAY) == ("440903", "440923")
    assert former_codes("440904", date(2014, 1, 1)) == ()
    assert former_codes("440514", TODAY) == ("440582",)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("440903", "440903 茂港区已于 2014 年并入 440904 电白区"),
        ("440923", "440923 电白县已于 2014 年改为 440904 电白区"),
        ("441421", "441421 梅县已于 2013 年改为 441403 梅县区"),
        ("440582", "440582 潮阳市已于 2003 年分为 440513 潮阳区、440514 潮南区"),
        ("440305", ""),
    ],
)
def test_what_became_of_a_division_is_told_in_a_sentence(code: str, text: str) -> None:
    assert told(code) == text
