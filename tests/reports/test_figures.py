"""The figures of a day are one object; its total is made of counts; a city without data is named, not counted as 0."""

from __future__ import annotations

from datetime import date

from citysync.reports.figures import Group, Report

ON = date(2026, 11, 23)
YESTERDAY = {"昨日": date(2026, 11, 22)}


def a_report() -> Report:
    shenzhen = Group("440300", "深圳市", {"due": 100, "met": 90}, {"昨日": {"due": 100, "met": 80}})
    maoming = Group("440900", "茂名市", {"due": 10, "met": 10})
    return Report(
        ON, "city", [shenzhen, maoming], ("440300", "440900", "445300"), {"440300": ON, "440900": ON}, YESTERDAY
    )


def test_a_total_is_made_of_the_groups_counts() -> None:
    total = a_report().total.figures["onboard"]
    assert (total.above, total.below, total.percent) == (100, 110, "90.91%")


def test_a_city_never_adopted_is_named_and_stands_in_the_denominator() -> None:
    told = a_report().as_dict()["cities"]
    assert isinstance(told, dict)
    assert (told["asked"], told["counted"], told["uncounted"]) == (3, 2, ["445300"])


def test_changes_are_told_in_points_and_unknown_where_there_was_nothing() -> None:
    shenzhen, maoming = a_report().groups
    assert (shenzhen.change("onboard", "昨日"), maoming.change("onboard", "昨日")) == ("+10.00", "—")


def test_complete_groups_are_those_that_lack_nothing() -> None:
    assert (a_report().complete(), a_report().complete("depth")) == (1, 0)


def test_of_how_many_are_complete_is_told_with_every_city_asked_for() -> None:
    told = a_report().as_dict()["complete"]
    assert told == {"onboard": 1, "of": 3}
