"""The table of divisions: who must have what, where."""

from __future__ import annotations

from datetime import date

import pytest

from citysync.domain.divisions import Division, counties_of, division_name, divisions, regions_of
from tests.builders import TODAY, a_city

GUANGDONG = "440000"


def cities() -> list[str]:
    return [row.code for row in divisions() if row.parent == GUANGDONG and row.code.endswith("00")]


def test_guangdong_has_21_cities_and_122_counties() -> None:
    assert len(cities()) == 21
    assert sum(len(counties_of(code, TODAY)) for code in cities()) == 122


@pytest.mark.parametrize("code", ["441900", "442000"])
def test_dongguan_and_zhongshan_have_no_counties(code: str) -> None:
    assert code in cities()
    assert counties_of(code, TODAY) == ()
    assert regions_of(a_city(code=code, name=division_name(code), counties=None), TODAY) == ((code, "3"),)


def test_every_division_stands_once_below_one_that_is_there() -> None:
    codes = [row.code for row in divisions()]
    assert len(codes) == len(set(codes)) == 1 + 21 + 122
    assert all(row.parent in codes for row in divisions() if row.code != GUANGDONG)
    assert all(row.name and row.code.isascii() and row.code.isdigit() and len(row.code) == 6 for row in divisions())


def test_a_city_answers_for_itself_and_its_counties() -> None:
    regions = regions_of(a_city(code="440300", counties=None), TODAY)
    assert regions[0] == ("440300", "3")
    assert ("440305", "4") in regions
    assert len(regions) == 1 + len(counties_of("440300", TODAY))


def test_a_citys_file_may_name_its_counties() -> None:
    assert regions_of(a_city(counties=("440399",)), TODAY) == (("440300", "3"), ("440399", "4"))


def test_the_province_and_a_county_answer_for_themselves_only() -> None:
    assert regions_of(a_city(code="440000", name="广东省", counties=None), TODAY) == (("440000", "2"),)
    assert regions_of(a_city(code="440305", name="南山区", counties=None), TODAY) == (("440305", "4"),)


def test_a_province_has_cities_but_no_counties_of_its_own() -> None:
    assert counties_of(GUANGDONG, TODAY) == ()


def test_a_division_is_in_force_from_its_first_to_its_last_day() -> None:
    short = Division("440399", "新区", "440300", date(2020, 1, 1), date(2024, 12, 31))
    assert [short.in_force(date(year, 12, 31)) for year in (2019, 2020, 2024, 2025)] == [False, True, True, False]
    assert Division("440399", "新区", "440300", None, None).in_force(date(1900, 1, 1))


def test_an_unknown_division_is_named_by_its_code() -> None:
    assert division_name("440300") == "深圳市"
    assert division_name("999999") == "999999"
