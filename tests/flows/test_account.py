"""What a walk costs is kept by a clock that never jumps, and what was told of it without its secrets."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import Any

import pytest

from citysync.config.settings import load_settings
from citysync.domain.effort import FIRST_STEPS, JUDGE, LAST_STEPS, PUBLISH, PULL, RECONCILE, VALIDATE, Step
from citysync.domain.errors import Unreachable
from citysync.storage import reading
from citysync.storage.efforts import efforts_of
from citysync.storage.schema import open_store
from flows.account import Account
from flows.phases import quiet
from tests.builders import NOW
from tests.connectors.site import Sent, site
from tests.places import a_folder, write_city
from tests.program import citysync


def an_account(*secrets: str, tick: float = 1.0) -> Account:
    """Return an account whose clock goes on by a tick each time it is looked at."""
    ticking = count(0.0, tick)
    return Account(quiet, NOW, lambda: next(ticking), secrets)


def test_phases_are_timed_also_those_that_fail_and_the_one_under_way() -> None:
    account = an_account()
    with account.phase(JUDGE):
        pass
    with pytest.raises(Unreachable), account.phase(PULL):
        raise Unreachable("x")
    with account.phase(JUDGE):
        pass
    with account.phase(PUBLISH):
        effort = account.effort()
    assert effort.seconds == {JUDGE: 2.0, PULL: 1.0, PUBLISH: 1.0}
    assert effort.began_at == NOW


def test_of_a_long_walk_the_beginning_and_the_end_are_kept() -> None:
    account = an_account()
    for number in range(100):
        account.note(f"第 {number} 步")
    effort = account.effort()
    assert len(effort.steps) == FIRST_STEPS + LAST_STEPS
    assert effort.left_out == 100 - FIRST_STEPS - LAST_STEPS
    assert (effort.steps[0], effort.steps[-1]) == (Step(1.0, "第 0 步"), Step(100.0, "第 99 步"))


def test_no_secret_is_kept_and_nothing_is_kept_twice_in_a_row() -> None:
    account = an_account("canary-5f3a/91+x==")
    account.note("取数：canary-5f3a/91+x==")
    account.meter.retried("第 1 页第 1 次未成功，1 秒后再试")
    account.note("第 1 页第 1 次未成功，1 秒后再试")
    effort = account.effort()
    assert [step.text for step in effort.steps] == ["取数：***", "第 1 页第 1 次未成功，1 秒后再试"]
    assert effort.retries == 1


def costs(folder: Path, run_id: str) -> dict[str, dict[str, Any]]:
    with open_store(load_settings(data_dir=folder / "data").database, write=False) as store:
        codes = [code for code, _ in reading.cities_of(store, run_id)]
        return {code: row for (_, code), row in efforts_of(store, (run_id,), codes, steps=True).items()}


def test_a_run_keeps_what_every_city_cost_also_of_one_that_refused(tmp_path: Path) -> None:
    folder = a_folder(tmp_path)
    with site(lambda _: Sent(status=403)) as city:
        text = (
            f'name = "广州市"\ncode = "440100"\ncounties = []\n[source]\nconnector = "http_pages"\nurl = "{city.url}"\n'
        )
        refused = folder / "cities" / "440100.toml"
        refused.write_text(f'{text}page_param = "page"\nitems = "data"\n', encoding="utf-8")
        said = citysync("sync", "--json", folder=folder)
    found = costs(folder, said.json()["run_id"])
    assert {code: (row["requests"], row["retries"]) for code, row in found.items()} == {
        "440300": (2, 0),
        "440100": (1, 0),
    }
    assert {phase for phase, spent in found["440300"]["seconds"].items() if spent is not None} == {
        PULL,
        VALIDATE,
        RECONCILE,
        JUDGE,
        PUBLISH,
    }
    assert found["440100"]["seconds"][VALIDATE] is None, "it was never reached"
    told = [text for _, text in found["440300"]["steps"]]
    assert (told[0], told[-1]) == ("取数：file_drop", "发布：写入台账")


def test_a_dry_run_keeps_nothing(tmp_path: Path) -> None:
    folder = a_folder(tmp_path)
    write_city(folder, [])
    run_id = citysync("sync", "--json", "--dry-run", folder=folder).json()["run_id"]
    assert costs(folder, run_id) == {}
