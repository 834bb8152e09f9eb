"""Figures are quotients of counts; a total is made of counts, and nothing incomplete is shown as 100 %."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citysync.domain.figures import MEASURES, all_figures, figure, percent, points, summed
from citysync.domain.tallies import COUNTS


def july_2013() -> list[dict[str, int]]:
    """Return 52 departments of July 2013: 1,637 items due, 1,584 on board, 31 departments complete."""
    complete = [{"due": 32, "met": 32} for _ in range(31)]
    behind = [{"due": 31, "met": 28} for _ in range(10)] + [{"due": 30, "met": 28} for _ in range(10)]
    return [*complete, *behind, {"due": 1_637 - 992 - 610, "met": 1_584 - 992 - 560}]


def test_the_figures_of_july_2013() -> None:
    departments = july_2013()
    total = figure("onboard", summed([*departments]))
    assert (len(departments), total.above, total.below, total.percent) == (52, 1_584, 1_637, "96.76%")
    assert sum(figure("onboard", each).complete for each in departments) == 31


@given(st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), min_size=1))
def test_a_total_is_made_of_counts_never_of_averages(groups: list[tuple[int, int]]) -> None:
    rows = [{"met": min(pair), "due": max(pair)} for pair in groups]
    total = figure("onboard", summed([*rows]))
    assert (total.above, total.below) == (sum(row["met"] for row in rows), sum(row["due"] for row in rows))


@pytest.mark.parametrize(
    ("rate", "shown"),
    [
        (Fraction(2_171, 2_262), "95.98%"),
        (Fraction(1), "100.00%"),
        (Fraction(199_999, 200_000), "99.99%"),
        (Fraction(0), "0.00%"),
        (Fraction(1, 200_000), "0.01%"),
        (Fraction(1, 800), "0.13%"),
        (Fraction(-1, 800), "-0.13%"),
        (Fraction(200_001, 200_000), "100.01%"),
        (None, "—"),
    ],
)
def test_a_rate_is_rounded_half_up_but_never_to_all_or_nothing(rate: Fraction | None, shown: str) -> None:
    assert percent(rate) == shown


def test_a_figure_of_nothing_is_unknown_and_not_complete() -> None:
    nothing = figure("depth", {"depth_met": 0, "depth_comparable": 0})
    assert (nothing.rate, nothing.percent, nothing.complete) == (None, "—", False)


def test_the_cut_in_time_is_a_quotient_of_sums() -> None:
    cut = figure("time_cut", {"days_promised": 10 + 30, "days_legal": 20 + 30})
    assert (cut.above, cut.below, cut.percent) == (10, 50, "20.00%")
    longer = figure("time_cut", {"days_promised": 60, "days_legal": 50})
    assert longer.percent == "-20.00%"


def test_a_change_is_told_in_points() -> None:
    before, now = (figure("onboard", {"met": met, "due": 200}) for met in (150, 153))
    same = figure("onboard", {"met": 75, "due": 100})
    unknown = figure("onboard", {"met": 0, "due": 0})
    assert (points(now, before), points(before, now), points(same, before)) == ("+1.50", "-1.50", "±0.00")
    assert points(now, unknown) == "—"


def test_every_measure_is_made_of_counts_that_exist_and_says_its_formula() -> None:
    others = {"accepted", "rejected", "nights_on_time", "nights_judged", "nights_in_sync"}
    for measure in MEASURES.values():
        assert {*measure.above, *measure.below, *measure.minus} <= {*COUNTS, *others}, measure.name
        assert "÷" in measure.formula
    assert set(all_figures({"due": 2, "met": 1})) == {"onboard"}
