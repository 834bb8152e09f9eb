"""A cost model finds the costs that made the runs, and a plan names the limit that is reached first."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.fit import fit
from bench.plan import Cost, World, shard

COST = Cost(2.0, 0.1, 50e-6, 40.0, 1000.0, 200.0, 0.01, 100.0, 0.02)
WORLD = World(60_000_000, 31, 333, 4.0, 0.2, 20.0, 100.0, 4)


def test_a_fit_finds_the_costs_that_made_the_runs() -> None:
    runs = [(1.0, cities, items) for cities in (1, 5, 20) for items in (10, 50_000, 200_000)]
    found = fit(runs, [2.0 + 0.25 * cities + 30e-6 * items for _, cities, items in runs])
    assert found.coefficients == pytest.approx((2.0, 0.25, 30e-6))
    assert found.residual == pytest.approx(0.0, abs=1e-9)


def test_runs_that_vary_nothing_fit_nothing() -> None:
    with pytest.raises(ValueError, match="tell the units apart"):
        fit([(1.0, 5.0), (1.0, 5.0)], [3.0, 3.0])


def test_a_plan_names_the_limit_that_is_reached_first() -> None:
    even = replace(WORLD, largest=1.0)
    assert shard(COST, WORLD).bottleneck == "the largest city alone: its answers and its line"
    assert shard(COST, even).bottleneck == "all cities one after the other per worker"
    assert shard(COST, replace(WORLD, latency=0.001, province_mbit=2.0)).bottleneck == "the province's line"
    assert shard(replace(COST, item_cpu=1e-2), even).bottleneck == "CPU of the workers"


def test_twice_the_provinces_halve_a_shard() -> None:
    whole, half = shard(COST, WORLD), shard(COST, replace(WORLD, provinces=62))
    assert half.gigabytes == pytest.approx(whole.gigabytes / 2)
    assert half.peak_mib == whole.peak_mib
