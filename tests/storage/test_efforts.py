"""What a walk cost is published with it; what nobody recorded has no row, and so no zero."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from citysync.domain.effort import JUDGE, PULL, Effort, Step
from citysync.domain.verdict import State
from citysync.storage.efforts import efforts_of
from citysync.storage.engine import Store
from citysync.storage.ledger import publish, start_run
from tests.builders import NOW
from tests.storage.cast import CITIES, a_city_run, a_run

COST = Effort(NOW, 4, 3, None, 2**40, {PULL: 21.5, JUDGE: 0.001}, (Step(0.1, "取数：http_pages\x00"),), 7)


def test_what_a_walk_cost_is_kept_and_one_that_was_not_recorded_has_no_entry(store: Store, tmp_path: Path) -> None:
    run = a_run()
    start_run(store, run, CITIES)
    for (code, _), effort in zip(CITIES, (lambda: COST, None), strict=True):
        walked = a_city_run(run, code=code, state=State.NOT_SYNCED, received=0)
        publish(store, run, walked, tmp_path, effort=effort)
    found = efforts_of(store, (run.run_id,), [code for code, _ in CITIES], steps=True)
    assert list(found) == [(run.run_id, "440300")]
    assert found[run.run_id, "440300"] == {
        "began_at": NOW.isoformat(),
        "requests": 4,
        "retries": 3,
        "wire_bytes": None,
        "decoded_bytes": 2**40,
        "seconds": {"pull": 21.5, "validate": None, "reconcile": None, "judge": 0.001, "publish": None},
        "steps": [[0.1, "取数：http_pages\x00"]],
        "left_out": 7,
    }
    assert "steps" not in efforts_of(store, (run.run_id,), ("440300",))[run.run_id, "440300"]


def test_publishing_a_city_again_keeps_the_first_cost(store: Store, tmp_path: Path) -> None:
    run = a_run()
    start_run(store, run, CITIES)
    for effort in (COST, Effort(NOW, 99, 0, 0, 0, {})):
        publish(store, run, a_city_run(run), tmp_path, effort=partial(replace, effort))
    assert efforts_of(store, (run.run_id,), ("440300",))[run.run_id, "440300"]["requests"] == 4
