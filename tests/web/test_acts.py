"""What people do about a city on its page: kept in their names, never a verdict, never another city's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from citysync.config.settings import Settings
from citysync.domain.alert import Alert, Change, Key, Kind, Step
from citysync.domain.principal import Principal, Role
from citysync.domain.run import Run, Trigger
from citysync.domain.verdict import Fault, State
from citysync.storage import alerting, appeals, approvals, audit, leases, reading
from citysync.storage.ledger import start_run
from citysync.storage.schema import open_store
from citysync.web.app import create_app
from tests.web.province import LAST_DAY, NOW, a_province
from tests.web.test_policy import As

ADMIN = Principal("李四", Role.PROVINCE_ADMIN)
MAOMING = Principal("张三", Role.CITY, "440900")
ORIGIN = {"Origin": "http://127.0.0.1"}
ALERT = "20261123-1"
NIGHT = {"440900": (State.OUT_OF_SYNC,), "440200": (State.HELD,), "440300": (State.IN_SYNC,)}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = a_province(tmp_path, NIGHT)
    alert = Alert(ALERT, Key("440900", Kind.OUT_OF_SYNC, Fault.DATA), LAST_DAY)
    with open_store(made.database, write=True) as store:
        alerting.apply(store, None, LAST_DAY, [Step(Change.OPENED, alert)], [], NOW)
    return made


def signed_in(settings: Settings, principal: Principal) -> TestClient:
    app = create_app(settings, lambda: NOW, As(principal))
    return TestClient(app, base_url="http://127.0.0.1", follow_redirects=False)


def secret(client: TestClient, code: str = "440900") -> str:
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', client.get(f"/c/{code}/acts").text)
    assert found is not None
    return found[1]


def do(client: TestClient, deed: str, code: str = "440900", **sent: Any) -> str:
    """Send a form of a city's page; return what is said afterwards, or the status where nothing is."""
    form = {"csrf": secret(client), **sent}
    answer = client.post(f"/c/{code}/acts/{deed}", data=form, headers=ORIGIN)
    return answer.headers["location"].partition("said=")[2] if answer.status_code == 303 else str(answer.status_code)


@pytest.fixture
def city(settings: Settings) -> Iterator[TestClient]:
    with signed_in(settings, MAOMING) as client:
        yield client


def last_deed(settings: Settings) -> tuple[str, str, str]:
    with open_store(settings.database, write=False) as store:
        assert audit.verify(store).broken == ()
        entry = audit.entries(store, 1)[0]
    return entry["who"], entry["what"], entry["object"]


def test_an_alert_is_taken_on_in_somebodys_name_for_three_working_days(settings: Settings, city: TestClient) -> None:
    assert do(city, "acknowledge", alert_id=ALERT, days=3, reason="已联系开发商") == "acknowledged"
    assert last_deed(settings) == ("张三", "acknowledge", f"alert:{ALERT}")
    with open_store(settings.database, write=False) as store:
        assert str(alerting.listed(store, "440900")[0]["ack_until"]) == "2026-11-26"
    assert do(city, "acknowledge", alert_id=ALERT, days=4, reason="更久") == "refused"
    assert do(city, "acknowledge", alert_id=ALERT, days=3, reason="  ") == "refused"


def test_an_appeal_is_kept_shown_to_the_province_and_changes_no_verdict(settings: Settings, city: TestClient) -> None:
    with open_store(settings.database, write=False) as store:
        before = reading.latest_verdicts(store), reading.findings(store, "440900").rows
    code = before[1][0]["catalog_code"]
    assert do(city, "appeal", item=code, check="elements_drift", reason="本市名称以 <b>文件</b> 为准") == "appealed"
    assert (
        do(city, "appeal", item=code, check="elements_drift", reason="本市名称以 <b>文件</b> 为准") == "appealed_before"
    )
    assert last_deed(settings) == ("张三", "appeal", "city:440900")
    with open_store(settings.database, write=False) as store:
        assert (reading.latest_verdicts(store), reading.findings(store, "440900").rows) == before
        assert [row["catalog_code"] for row in appeals.listed(store)] == [code]
    shown = signed_in(settings, ADMIN).get("/appeals").text
    assert "本市名称以 &lt;b&gt;文件&lt;/b&gt; 为准" in shown
    assert do(city, "appeal", item="no such code", reason="x") == "refused"


def appealed(settings: Settings, city: TestClient) -> str:
    """Let the city appeal against its item's differences, and return the item's code."""
    with open_store(settings.database, write=False) as store:
        code = str(reading.findings(store, "440900").rows[0]["catalog_code"])
    assert do(city, "appeal", item=code, check="elements_drift", reason="以本市文件为准") == "appealed"
    return code


def answered(admin: TestClient, *serials: int, **sent: Any) -> str:
    form = {"csrf": secret(admin), "serial": [str(serial) for serial in serials], **sent}
    return admin.post("/appeals", data=form, headers=ORIGIN).headers["location"].partition("said=")[2]


def test_an_answer_stands_beside_the_finding_wherever_the_city_reads_it(settings: Settings, city: TestClient) -> None:
    item = appealed(settings, city)
    with open_store(settings.database, write=False) as store:
        before = reading.latest_verdicts(store), reading.findings(store, "440900").rows
        serials = [row["serial"] for row in appeals.listed(store)]
    everywhere = ("/c/440900/acts", "/c/440900/differences", f"/c/440900/items/{item}", "/api/v1/cities/440900/receipt")
    assert [path for path in everywhere if "待省平台答复" not in city.get(path).text] == []
    admin = signed_in(settings, ADMIN)
    upheld = {"decision": "upheld", "handler": "省目录组", "reason": "目录 <b>将</b>更正"}
    assert answered(admin, *serials, **upheld) == "answered"
    assert last_deed(settings)[:2] == ("李四", "appeal upheld")
    for path in everywhere:
        text = city.get(path).text
        assert "申诉成立，由省目录组处理，处理前结论不变" in text, path
        assert "待省平台答复" not in text, path
        assert path.startswith("/api") or "<b>将" not in text
    row = next(row for row in city.get("/api/v1/cities/440900/findings").json()["findings"] if row["appeal"])
    told = {"answer": "upheld", "handler": "省目录组", "answered_on": "2026-11-23", "reason": "以本市文件为准"}
    assert told.items() <= row["appeal"].items()
    assert "李四" not in str(row), "who answered is the audit's to say"
    with open_store(settings.database, write=False) as store:
        assert (reading.latest_verdicts(store), reading.findings(store, "440900").rows) == before, "no verdict changes"


def test_a_finding_nobody_appealed_against_says_so(settings: Settings, city: TestClient) -> None:
    appealed(settings, city)
    rows = city.get("/api/v1/cities/440900/findings").json()["findings"]
    against = {row["check"] for row in rows if row["appeal"] is not None}
    assert against == {"elements_drift"}
    assert len([row for row in rows if row["appeal"] is None]) > 0


def test_an_answer_is_corrected_by_another_and_both_stand_in_the_audit(settings: Settings, city: TestClient) -> None:
    item = appealed(settings, city)
    admin = signed_in(settings, ADMIN)
    assert answered(admin, 1, decision="upheld", handler="省目录组", reason="误点") == "answered"
    assert answered(admin, 1, decision="rejected", reason="目录无误") == "answered"
    shown = city.get(f"/c/440900/items/{item}").text
    assert "申诉不成立：目录无误" in shown
    assert "省目录组" not in shown
    with open_store(settings.database, write=False) as store:
        entry = audit.entries(store, 1)[0]
    assert (entry["before"]["answer"], entry["after"]["answer"]) == ("upheld", "rejected")


def test_an_answer_without_reason_handler_or_appeal_is_refused(settings: Settings, city: TestClient) -> None:
    appealed(settings, city)
    admin = signed_in(settings, ADMIN)
    assert answered(admin, 1, decision="rejected", reason="  ") == "refused"
    assert answered(admin, 1, decision="upheld", reason="成立", handler=" ") == "refused"
    assert answered(admin, 1, 999, decision="rejected", reason="不成立") == "refused", "all or none"
    assert answered(admin, decision="rejected", reason="不成立") == "refused"
    with open_store(settings.database, write=False) as store:
        assert {row["answer"] for row in appeals.listed(store)} == {None}
    assert city.post("/appeals", data={"csrf": secret(city), "serial": "1"}, headers=ORIGIN).status_code == 403


def test_what_waits_for_an_answer_is_listed_first(settings: Settings, city: TestClient) -> None:
    item = appealed(settings, city)
    assert do(city, "appeal", item=item, check="elements_drift", reason="另有依据") == "appealed"
    with open_store(settings.database, write=False) as store:
        newest = appeals.listed(store)[0]["serial"]
    assert answered(signed_in(settings, ADMIN), newest, decision="rejected", reason="无新依据") == "answered"
    with open_store(settings.database, write=False) as store:
        assert appeals.listed(store)[-1]["serial"] == newest
        assert newest not in {row["serial"] for row in appeals.listed(store, waiting=True)}


def test_a_held_change_is_approved_by_the_province_alone(settings: Settings, city: TestClient) -> None:
    leave: dict[str, Any] = {"kind": "vanished", "most": 900, "until": "2026-11-30", "reason": "有意清理"}
    assert do(city, "approve", **leave) == "403"
    with signed_in(settings, ADMIN) as admin:
        assert "批准被拦下的变化" in admin.get("/c/440200/acts").text
        assert do(admin, "approve", "440200", **(leave | {"until": "2026-11-01"})) == "refused"
        busy(settings, "440200")  # so that nothing is pulled here
        assert do(admin, "approve", "440200", **leave) == "approved"
    assert last_deed(settings) == ("李四", "approve", "city:440200")
    with open_store(settings.database, write=False) as store:
        given = approvals.approvals_before(store, "440200", "a run to come")
    assert [(each.ceiling, str(each.until), each.approved_by) for each in given] == [(900, "2026-11-30", "李四")]


def busy(settings: Settings, code: str) -> str:
    """Let another run, of this very process, be at work on a city; return its id."""
    run = Run("20261123T003000-ffffff", Trigger.ON_DEMAND, LAST_DAY, NOW, "2026-11-20-1")
    with open_store(settings.database, write=True) as store:
        start_run(store, run, [(code, code)])
    return run.run_id


def test_a_run_under_way_is_joined_and_shown(settings: Settings, city: TestClient) -> None:
    run_id = busy(settings, "440900")
    assert do(city, "recheck") == ""
    answer = city.post("/api/v1/cities/440900/recheck", headers={**ORIGIN, "X-CSRF-Token": secret(city)})
    assert answer.status_code == 202
    assert answer.json() == {"schema_version": 1, "city": "440900", "run_id": run_id, "joined": True}
    assert answer.headers["Location"] == f"/api/v1/runs/{run_id}"
    piece = city.get("/c/440900/acts/progress").text
    assert run_id in piece
    assert 'hx-trigger="every 2s"' in piece
    assert 'http-equiv="refresh"' in city.get("/c/440900/acts").text, "without JavaScript the page asks again by itself"


def test_a_recheck_is_walked_in_the_background_to_its_verdict(tmp_path: Path) -> None:
    settings = a_province(tmp_path, {"440900": (State.IN_SYNC,)})
    app = create_app(settings, lambda: datetime.now(UTC), As(MAOMING))
    with TestClient(app, base_url="http://127.0.0.1", follow_redirects=False) as client:
        sent = client.post("/api/v1/cities/440900/recheck", headers={**ORIGIN, "X-CSRF-Token": secret(client)})
        assert (sent.status_code, sent.json()["joined"]) == (202, False)
        app.state.worker.drain()
        assert "没有正在进行的复核" in client.get("/c/440900/acts/progress").text
        told = client.get(sent.headers["Location"]).json()
    assert (told["status"], told["cities"][0]["state"]) == ("finished", "not_synced"), "nothing lies in its folder"
    assert last_deed(settings) == ("张三", "recheck", "city:440900")
    with open_store(settings.database, write=False) as store:
        assert leases.holder(store, "440900") is None


def test_without_the_sessions_secret_nothing_is_done(city: TestClient) -> None:
    for path in ("/c/440900/acts/recheck", "/c/440900/acts/acknowledge", "/api/v1/cities/440900/recheck"):
        assert city.post(path, data={"csrf": "guessed"}, headers=ORIGIN).status_code == 403, path


@pytest.mark.parametrize("deed", ["recheck", "acknowledge", "appeal"])
def test_a_foreign_city_is_not_there_to_be_acted_on(city: TestClient, deed: str) -> None:
    sent = {"alert_id": ALERT, "reason": "x", "item": "x"}
    assert do(city, deed, "440300", **sent) == "404"
    assert do(city, deed, "999999", **sent) == "404"
