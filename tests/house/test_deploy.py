"""What is shipped for machines names things that exist: verbs, options, metrics; and the runbook leaves nothing out."""

from __future__ import annotations

import configparser
import json
import re
from pathlib import Path

import pytest

from citysync.domain.alert import KIND_LABELS
from citysync.domain.verdict import State
from flows.doctor.catalogue import LABELS
from tests.house.pages import ROOT, page, rows, section
from tests.house.verbs import refusal

DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").iterdir())
METRIC = re.compile(r"citysync_[a-z_]+")


def unit(path: Path) -> configparser.ConfigParser:
    parsed = configparser.ConfigParser(interpolation=None, strict=False)
    parsed.optionxform = str  # type: ignore[assignment,method-assign]
    parsed.read(path, encoding="utf-8")
    return parsed


def commands(text: str) -> list[str]:
    return re.findall(r"bin/citysync ([a-z][^>&\n]*)", text)


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_every_unit_runs_a_command_that_exists_or_a_timer_of_its_own_service(path: Path) -> None:
    parsed = unit(path)
    assert parsed["Unit"]["Description"].startswith("citysync: ")
    if path.suffix == ".timer":
        assert path.with_suffix(".service") in UNITS
        assert parsed["Timer"]["Persistent"] == "true", "a night that was missed is caught up once"
        return
    assert parsed["Service"]["User"] == "citysync"
    assert [why for line in commands(path.read_text()) if (why := refusal(line.strip())) is not None] == []


def test_the_cron_lines_run_commands_that_exist() -> None:
    lines = commands((DEPLOY / "citysync.cron").read_text(encoding="utf-8"))
    assert [line.strip() for line in lines] == ["nightly", "watchdog", "purge --apply"]


@pytest.mark.parametrize("name", ["prometheus/citysync.rules.yml", "grafana/citysync.json"])
def test_rules_and_board_ask_for_metrics_there_are(name: str) -> None:
    source = (ROOT / "citysync" / "reports" / "metrics.py").read_text(encoding="utf-8")
    known = set(re.findall(r'"(citysync_[a-z_]+)"', source))
    text = (DEPLOY / name).read_text(encoding="utf-8")
    asked = set(METRIC.findall(text)) if name.endswith(".yml") else exprs(json.loads(text))
    assert asked
    assert asked <= known


def test_every_metric_stands_in_the_docs_and_the_docs_name_no_other() -> None:
    source = (ROOT / "citysync" / "reports" / "metrics.py").read_text(encoding="utf-8")
    known = set(re.findall(r'"(citysync_[a-z_]+)"', source))
    assert set(METRIC.findall(section(page("observability.md"), "Metrics"))) == known


def exprs(board: dict[str, list[dict[str, list[dict[str, str]]]]]) -> set[str]:
    return {found for panel in board["panels"] for each in panel["targets"] for found in METRIC.findall(each["expr"])}


def test_the_runbook_says_what_to_do_for_every_state_alert_and_exit_code() -> None:
    text = page("runbook.md")
    assert [state for state in State if f"| `{state.value}` |" not in section(text, "A city's state")] == []
    assert [kind for kind in KIND_LABELS if f"`{kind.value}`" not in section(text, "An alert")] == []
    assert [code for code in (0, 1, 2, 3, 130) if f"| {code} |" not in section(text, "An exit code")] == []


def test_the_runbook_says_who_acts_on_every_check_of_doctor_and_every_rule_of_prometheus() -> None:
    text = page("runbook.md")
    named = re.findall(r"`([a-z]+\.[a-z_]+)`", section(text, "A check of doctor").partition("| check |")[2])
    assert sorted(set(named)) == sorted(LABELS)
    rules = re.findall(r"- alert: (\w+)", (DEPLOY / "prometheus" / "citysync.rules.yml").read_text(encoding="utf-8"))
    assert rules
    assert {name for name, _ in rows(section(text, "An alert of Prometheus"))} == set(rules)


@pytest.mark.parametrize(
    "title",
    [
        *("Install", "Upgrade", "Back up and restore", "Rotate a secret", "Add a city", "The end of the year"),
        "A new catalogue",
    ],
)
def test_the_runbook_has_what_an_operator_does(title: str) -> None:
    assert len(section(page("runbook.md"), title).splitlines()) > 1
