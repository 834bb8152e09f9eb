"""The compose file and the units, as far as a machine without an engine can tell: what they name is there."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect.settings import Settings
from prefect.settings.legacy import _get_settings_fields

from citysync.config.settings import variables
from tests.flows.servers import PREFECT
from tests.house.pages import ROOT
from tests.house.verbs import refusal

COMPOSE = ROOT / "deploy" / "compose"
UNITS = sorted((ROOT / "deploy" / "systemd").iterdir())
OTHERS = {"CITYSYNC_HOME", "DO_NOT_TRACK", "POSTGRES_PASSWORD"}
STARTED, HEALTHY, DONE = "service_started", "service_healthy", "service_completed_successfully"


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    parsed = yaml.safe_load((COMPOSE / "compose.yaml").read_text(encoding="utf-8"))
    assert {key for key in parsed if not key.startswith("x-")} == {"name", "services", "volumes"}
    return dict(parsed["services"])


def known_variables() -> set[str]:
    return set(variables()) | set(_get_settings_fields(Settings)) | OTHERS


def words(service: dict[str, Any]) -> str:
    command = service.get("command", "")
    return command if isinstance(command, str) else "\n".join(command)


def lines(service: dict[str, Any]) -> Iterator[str]:
    for line in re.split(r"\n|; ", words(service)):
        yield re.sub(r"^do ", "", line.strip())


def pools(text: str) -> set[str]:
    return set(re.findall(r"(?:--pool|work-pool create) (\S+)", text))


def test_every_variable_of_the_compose_file_is_one_somebody_reads(services: dict[str, dict[str, Any]]) -> None:
    named = {name for service in services.values() for name in service.get("environment", {})}
    assert named - known_variables() == set()
    assert "CITYSYNC_FANOUT" not in known_variables(), "a misspelt one would be noticed"


def test_every_service_has_an_image_and_waits_for_services_there_are(services: dict[str, dict[str, Any]]) -> None:
    for name, service in services.items():
        assert service["image"], name
        for other, wait in service.get("depends_on", {}).items():
            assert wait["condition"] in {STARTED, HEALTHY, DONE}
            assert (wait["condition"] == HEALTHY) == ("healthcheck" in services[other]), f"{name} waits for {other}"


def test_the_compose_file_runs_commands_that_exist(services: dict[str, dict[str, Any]]) -> None:
    ours = [line for service in services.values() for line in lines(service) if line.startswith("citysync ")]
    assert sorted(ours) == ["citysync db upgrade", "citysync watchdog"]
    assert [why for line in ours if (why := refusal(line.removeprefix("citysync "))) is not None] == []


def test_compose_units_and_deployments_agree_on_the_pools(services: dict[str, dict[str, Any]]) -> None:
    deployments = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]
    asked = {deployment["work_pool"]["name"] for deployment in deployments}
    assert pools("\n".join(map(words, services.values()))) == asked
    assert pools("\n".join(unit.read_text(encoding="utf-8") for unit in UNITS)) == asked


def test_files_the_compose_file_and_the_image_take_are_in_the_repository(services: dict[str, dict[str, Any]]) -> None:
    mounts = [mount.split(":")[0] for service in services.values() for mount in service.get("volumes", [])]
    assert [mount for mount in mounts if mount.startswith("./") and not (COMPOSE / mount).is_file()] == []
    image = (COMPOSE / "Dockerfile").read_text(encoding="utf-8")
    copied = [name for line in re.findall(r"^COPY (.*)$", image, re.MULTILINE) for name in line.split()[:-1]]
    assert [name for name in copied if not (ROOT / name).exists()] == []
    assert re.search(r"^FROM python:3\.1[12]", image, re.MULTILINE)


def test_no_password_stands_in_what_is_shipped() -> None:
    for path in (*COMPOSE.iterdir(), *UNITS):
        urls = re.findall(r"://[^:/\s]+:([^@\s]+)@", path.read_text(encoding="utf-8"))
        assert [password for password in urls if not password.startswith("${")] == [], path.name


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze here")
def test_systemd_takes_every_unit(tmp_path: Path) -> None:
    for unit in UNITS:
        text = unit.read_text(encoding="utf-8").replace("/opt/citysync/.venv/bin", str(PREFECT.parent))
        (tmp_path / unit.name).write_text(text, encoding="utf-8")
    assert _verified(tmp_path) == ""
    worker = tmp_path / "citysync-cities.service"
    worker.write_text(worker.read_text(encoding="utf-8").replace("Restart=always", "Restart=sometimes"))
    assert "restart specifier" in _verified(tmp_path), "a mistake would be noticed"


def _verified(folder: Path) -> str:
    command = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *map(str, sorted(folder.iterdir()))]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60).stderr  # noqa: S603
