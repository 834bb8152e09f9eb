"""At points where our own side fails the real flow, its state, the exit code, ledger and artifacts agree."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.flows.servers import ROOT, prefect_server

pytestmark = [pytest.mark.prefect, pytest.mark.xdist_group("prefect")]
# point → exit code, the flow's state and its name, the run's status, what the table of the night says of the city
POINTS: dict[str, tuple[int, str, str, str | None, str | None]] = {
    "whole": (0, "COMPLETED", "Completed", "finished", "同步"),
    "child lost": (3, "FAILED", "Failed", "finished", "未判定"),
    "disk full": (3, "FAILED", "Failed", "failed", "未判定"),
    "no master": (3, "FAILED", "Failed", "failed", "未判定"),
    "no artifact": (0, "COMPLETED", "Completed", "finished", None),
    "ledger gone": (3, "FAILED", "Failed", None, None),
}


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    with prefect_server(tmp_path_factory.mktemp("prefect")) as server:
        done = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-m", "tests.flows.breaking_flow", str(tmp_path_factory.mktemp("points"))],
            env={**server.env, "PREFECT_LOGGING_LEVEL": "ERROR"},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )
        assert "SEEN " in done.stderr, done.stderr[-3000:]
        found: dict[str, Any] = json.loads(done.stderr.rpartition("SEEN ")[2])
        for artifact in server.post("artifacts/filter", limit=200):
            text = str(artifact.get("description") or "")
            owner = next((each for each in found.values() if str(each["run"]["run_id"]) in text), None)
            if owner is not None and artifact["key"] == "night":
                owner["table"] = json.loads(artifact["data"])
        return found


@pytest.mark.parametrize("point", POINTS)
def test_the_flow_says_what_the_ledger_and_the_exit_code_say(point: str, seen: dict[str, Any]) -> None:
    exit_due, kind, name, status, word = POINTS[point]
    came = seen[point]
    assert (came["exit"], came["state"]["type"], came["state"]["name"]) == (exit_due, kind, name), came
    assert came["run"]["status"] == status
    assert [row["状态"] for row in came.get("table", [])] == ([] if word is None else [word])
    assert (came["error"] is not None) is (exit_due == 3 and status != "finished")


def test_a_table_that_could_not_be_published_is_told_beside_the_verdict(seen: dict[str, Any]) -> None:
    message = seen["no artifact"]["state"]["message"]
    assert message.startswith("1/1 个城市同步")
    assert "结论表未能写入 Prefect（ConnectionError），请用 citysync status 查看" in message
    assert "canary" not in message
