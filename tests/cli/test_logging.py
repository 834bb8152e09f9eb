"""``CITYSYNC_LOG_FORMAT=json``: stderr is JSON and nothing else, from the parent and its children alike."""

from __future__ import annotations

import json
from pathlib import Path

from tests.builders import an_item
from tests.places import a_folder
from tests.program import citysync

AS_JSON = {"CITYSYNC_LOG_FORMAT": "json", "CITYSYNC_LOG_LEVEL": "debug"}
PHASES = ["pull", "validate", "reconcile", "judge", "publish"]


def test_every_line_on_stderr_is_json_with_run_city_phase_and_page(tmp_path: Path) -> None:
    said = citysync("sync", "--json", folder=a_folder(tmp_path, an_item(limit_scene_num="4")), env=AS_JSON)
    run_id = said.json()["run_id"]
    lines = [json.loads(line) for line in said.err.splitlines()]
    phases = {line["phase"]: line for line in lines if line["logger"] == "citysync.run" and "phase" in line}
    assert list(phases) == PHASES, "told by the child, in order"
    assert {(line["run_id"], line["city"]) for line in phases.values()} == {(run_id, "440300")}
    assert [line.get("page") for line in phases.values()] == [1, None, None, None, None]
    assert phases["pull"]["counts"] == {"received": 1, "pages": 1, "grade": "B"}
    assert [line["page"] for line in lines if line["logger"] == "citysync.page"] == [1]
    (city,) = [line for line in lines if line["message"] == "城市处理完毕"]
    assert (city["counts"]["state"], city["counts"]["received"]) == ("out_of_sync", 1)
    end = next(line for line in lines if line["message"] == "运行结束")
    assert (end["run_id"], end["counts"]["cities"], end["counts"]["out_of_sync"]) == (run_id, 1, 1)
    assert any(line["logger"] == "citysync.step" and "对账：" in line["message"] for line in lines)


def test_a_refusal_is_a_line_of_json_too(tmp_path: Path) -> None:
    said = citysync("sync", folder=tmp_path, env=AS_JSON)
    (line,) = [json.loads(line) for line in said.err.splitlines()]
    assert (said.code, line["level"], line["logger"]) == (2, "error", "citysync.cli")
