"""The log under Prefect: text stays its own, JSON is JSON alone, and neither has a secret."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

SCRIPT = """
import logging
from prefect.logging.configuration import setup_logging
from citysync.config.logs import bound, hide, set_up
from citysync.config.settings import load_settings
setup_logging()
set_up(load_settings())
hide("canary-5f3a")
logging.getLogger("prefect.worker").info("theirs canary-5f3a")
with bound(run_id="run-1", city="440300"):
    logging.getLogger("citysync.run").warning("ours canary-5f3a")
record = logging.makeLogRecord({"name": "prefect.flow_runs", "msg": "sent %s", "args": ("canary-5f3a",)})
assert logging.getLogger("prefect.flow_runs").filter(record) and "canary" not in record.getMessage()
"""


@pytest.mark.parametrize("form", ["text", "json"])
def test_records_of_prefect_and_ours_come_in_one_form_without_secrets(form: str) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CITYSYNC_", "PREFECT_"))}
    env = {**kept, "CITYSYNC_LOG_FORMAT": form}
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-W", "ignore", "-c", SCRIPT], env=env, capture_output=True, text=True, check=True, timeout=240
    )
    lines = [line for line in done.stderr.splitlines() if line]
    assert len(lines) == 2, done.stderr
    assert "canary" not in done.stderr + done.stdout
    assert ["theirs ***" in lines[0], "ours ***" in lines[1]] == [True, True]
    if form == "json":
        theirs, ours = map(json.loads, lines)
        assert (theirs["logger"], ours["run_id"], ours["city"]) == ("prefect.worker", "run-1", "440300")
