"""Every fault of the catalogue, one oracle."""

from __future__ import annotations

import pytest

from citysync.simulator.faults.catalogue import FAULTS
from tests.faults.campaign import TONIGHT, whole_catalogue
from tests.faults.expected import EXPECTED
from tests.faults.gaps import GAPS

pytestmark = [pytest.mark.xdist_group("faults"), pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """Return what the oracle says of each fault: all are walked once, several a night."""
    return whole_catalogue(tmp_path_factory.mktemp("catalogue"))


@pytest.mark.parametrize("name", [fault.id for fault in TONIGHT])
def test_no_fault_leads_to_a_wrong_verdict_a_leak_or_a_trace(found: dict[str, list[str]], name: str) -> None:
    if name in GAPS:
        assert found[name], f"{name} is as it should be now: take it out of tests/faults/gaps.py"
        pytest.xfail(f"{GAPS[name]}：{found[name][0]}")
    assert found[name] == []


def test_every_fault_of_the_simulator_has_its_expectation_and_no_other() -> None:
    assert set(EXPECTED) == set(FAULTS) - {"Q11"}
    assert set(GAPS) <= set(EXPECTED)
