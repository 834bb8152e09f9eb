"""The docs cannot lie: every verb, option, setting, check, rule, connector, key, error and reason stands in docs/."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from cyclopts import App
from pydantic import BaseModel

import connectors
from citysync.alerts.channels import kinds
from citysync.cli.main import VERBS
from citysync.config.settings import variables
from citysync.config.targets import TargetEntry
from citysync.domain.alert import KIND_LABELS
from citysync.domain.catalogue import MASTER
from citysync.domain.channel import Channel, Channels
from citysync.domain.city import Auth, City, Codes, Exemption, Expect, Guard, SourceBase, Tolerate
from citysync.domain.delivery import PostReceipt, Receipt, TableReceipt
from citysync.domain.figures import MEASURES
from citysync.domain.findings import RULE_LABELS, Severity
from citysync.domain.snapshot import Grade
from citysync.domain.tallies import COUNTS
from citysync.domain.verdict import AXIS_LABELS, COUNT_LABELS, FAULT_LABELS, STANDING_LABELS, STATE_LABELS
from citysync.reconciliation.checks import all_checks
from citysync.reconciliation.notes import NOTES
from citysync.reports.score import COMPONENTS
from connectors._http import HttpSource
from flows.doctor.catalogue import LABELS
from schemas.headings import master_label
from tests.house.pages import DOCS, ROOT, anchors, everything, examples, links, page, pages, rows, section, unnamed
from tests.house.reasons import doctor_checks, error_classes, project_files, reason_codes, strings_of
from tests.house.verbs import SHARED, mention_refusal, mentioned, options, refusal, typed, verbs


def keys(*models: type[BaseModel]) -> set[str]:
    return {key for model in models for key in model.model_fields}


def own_keys(connector: str) -> set[str]:
    model = connectors.source_model(connector)
    assert model is not None
    return keys(model) - keys(HttpSource if issubclass(model, HttpSource) else SourceBase)


def refused(lines: Iterable[str]) -> list[str]:
    return [why for line in lines if (why := refusal(line)) is not None]


def test_a_name_that_no_page_has_is_noticed() -> None:
    text = "Only `citysync sync` and `--json` here.\n```sh\n`fenced`\n```\nplain words"
    assert unnamed(["sync", "--json", "nightly", "fenced", "plain"], text) == ["fenced", "nightly", "plain"]


@pytest.mark.parametrize(("verb", "tree"), list(verbs()))
def test_every_verb_and_option_stands_in_its_section(verb: str, tree: App) -> None:
    text = section(page("commands.md"), f"citysync {verb}")
    assert text, f"docs/commands.md has no section “citysync {verb}”"
    own = options(tree)
    assert unnamed(own - SHARED, text) == []
    assert own & SHARED in (SHARED, set()), f"{verb} takes some of the shared options only"


def test_the_shared_options_and_no_others_are_described_together() -> None:
    text = section(page("commands.md"), "Options every verb shares")
    assert unnamed(SHARED, text) == []
    assert [verb for verb, tree in verbs() if not options(tree) & SHARED] == ["simulate"]


def test_every_option_the_reference_names_exists() -> None:
    known = {option for _, tree in verbs() for option in options(tree)} | {"--help", "--version"}
    named = set(re.findall(r"`(--[a-z-]+)", page("commands.md")))
    assert named - known == set()


def test_help_lists_the_verbs_there_are() -> None:
    assert {verb.split(" ")[0] for verb, _ in verbs()} == set(VERBS)


@pytest.mark.parametrize(
    ("line", "fine"),
    [
        ("sync 440300 --json", True),
        ("findings 440300 --check unclaimed", True),
        ("findings", False),
        ("sync --jsno", False),
        ("syncc", False),
        ("nightly --business-date yesterday", False),
        ("sync --help", True),
    ],
)
def test_a_command_that_would_be_refused_is_noticed(line: str, fine: bool) -> None:  # noqa: FBT001 — the expectation
    assert (refusal(line) is None) is fine
    assert typed(f"$ .venv/bin/citysync {line}   # 说明") == [line]


@pytest.mark.parametrize("path", pages(), ids=lambda path: path.name)
def test_every_command_of_a_page_would_run(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert refused(line for block in examples(text) for line in typed(block.text)) == []
    assert [why for line in mentioned(text) if (why := mention_refusal(line)) is not None] == []


def test_every_command_the_program_tells_people_to_type_exists() -> None:
    told = {
        line for text in strings_of(project_files()) for line in re.findall(r"citysync ((?:[a-z]+)(?: import)?)", text)
    }
    assert "master import" in told
    assert [why for line in told - {"simulate"} if (why := mention_refusal(line)) is not None] == []


def test_every_setting_stands_in_the_docs() -> None:
    assert unnamed(variables(), page("settings.md")) == []
    assert unnamed(["CITYSYNC_NO_SUCH_SETTING"], page("settings.md")) == ["CITYSYNC_NO_SUCH_SETTING"]


def test_every_variable_the_project_speaks_of_stands_in_the_docs() -> None:
    sources = [*project_files(), ROOT / "prefect.yaml", ROOT / ".env.example", ROOT / ".ci" / "run", ROOT / "Makefile"]
    named = {
        name
        for path in sources
        for name in re.findall(r"\bCITYSYNC_[A-Z]+(?:_[A-Z]+)*\b", path.read_text(encoding="utf-8"))
        if not name.startswith("CITYSYNC_SECRET") or name == "CITYSYNC_SECRETS_DIR"
    }
    assert unnamed(named - {"CITYSYNC_TEST", "CITYSYNC_REQUIRE"}, page("settings.md")) == []


def test_the_example_environment_lists_the_settings_and_nothing_else() -> None:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    assert [line.removesuffix("=") for line in lines if line.startswith("CITYSYNC_")] == list(variables())


def test_every_check_and_note_stands_in_the_docs_with_its_word() -> None:
    text = page("checks.md")
    words = {name: str(check.LABEL) for name, check in all_checks().items()} | {
        n: note.LABEL for n, note in NOTES.items()
    }
    assert unnamed(words, text) == []
    assert [name for name, word in words.items() if f"| `{name}` | {word} |" not in text] == []


@pytest.mark.parametrize(
    ("severity", "title"),
    [(Severity.ERROR, "Errors"), (Severity.WARNING, "Warnings"), (Severity.COSMETIC, "Differences of writing")],
)
def test_every_check_stands_under_its_severity(severity: Severity, title: str) -> None:
    kinds = {
        **{name: check.SEVERITY for name, check in all_checks().items()},
        **{n: note.SEVERITY for n, note in NOTES.items()},
    }
    found = {name for name, _ in rows(section(page("checks.md"), title))}
    assert found == {name for name, kind in kinds.items() if kind is severity}


def test_every_check_says_whether_it_has_grace() -> None:
    told = re.findall(r"^\| `(\w+)` \| \S+ \| (yes|no|below 3 only) \|", page("checks.md"), re.MULTILINE)
    errors = {name: check for name, check in all_checks().items() if check.SEVERITY is Severity.ERROR}
    assert {name: word != "no" for name, word in told} == {name: check.GRACED for name, check in errors.items()}


def test_every_rejection_rule_stands_in_the_docs_with_its_word() -> None:
    assert dict(rows(section(page("checks.md"), "Rejection rules"))) == RULE_LABELS


@pytest.mark.parametrize("connector", connectors.names())
def test_every_connector_has_a_section_with_each_of_its_keys(connector: str) -> None:
    text = section(page("sources.md"), connector)
    assert text, f"docs/sources.md has no section “{connector}”"
    assert unnamed(own_keys(connector), text) == []
    assert unnamed([connector], page("add-a-city.md")) == []


def test_the_keys_connectors_share_stand_in_the_docs() -> None:
    text = page("sources.md")
    assert unnamed(keys(SourceBase), section(text, "Keys every source has")) == []
    assert unnamed(keys(Auth), section(text, "auth")) == []
    assert unnamed(keys(HttpSource) - keys(SourceBase), section(text, "Keys of the three HTTP connectors")) == []
    assert unnamed(Grade, section(text, "Grades")) == []


def test_every_key_of_a_city_file_stands_in_the_docs() -> None:
    tables = {"source", "fields", "values", "codes", "expect", "guard", "tolerate", "exempt", "receipt"}
    text = section(page("add-a-city.md"), "Keys")
    models = (City, Codes, Expect, Guard, Tolerate, Exemption, Receipt, PostReceipt, TableReceipt)
    assert unnamed(keys(*models) - tables, text) == []
    assert [name for name in tables if not re.search(rf"^\| `\[+{name}[].]", text, re.MULTILINE)] == []


@pytest.mark.parametrize(
    ("title", "labels"),
    [
        ("States", {state.value: label for state, label in STATE_LABELS.items()}),
        ("Axes", {axis.value: label for axis, label in AXIS_LABELS.items()}),
        ("Axes", {standing.word: label for standing, label in STANDING_LABELS.items()}),
        ("Fault", {fault.value: label for fault, label in FAULT_LABELS.items()}),
        ("Counts", COUNT_LABELS),
    ],
)
def test_every_word_of_a_verdict_has_its_row_with_its_label(title: str, labels: dict[str, str]) -> None:
    found = dict(rows(section(page("states.md"), title)))
    assert {name: found.get(name) for name in labels} == labels


def test_every_column_of_the_master_catalogue_has_its_row_with_its_label() -> None:
    assert dict(rows(section(page("commands.md"), "citysync master import"))).items() >= {
        (name, master_label(name)) for name in MASTER
    }


def test_every_error_class_and_its_reason_stand_in_the_docs() -> None:
    text = section(page("states.md"), "Errors")
    classes = error_classes()
    assert {"CitySyncError", "OverBudget", "NoLedger"} <= set(classes)
    assert [name for name, reason in classes.items() if f"| `{name}` | `{reason}` |" not in text] == []


def test_every_reason_code_stands_in_the_docs() -> None:
    codes = reason_codes()
    assert {"unreachable", "zero_items", "never_run", "paused", "hung", "unclaimed"} <= codes
    described = {name for name, _ in rows(section(page("states.md"), "Reasons"))}
    assert codes - set(all_checks()) == described
    assert unnamed(codes, everything()) == []


def test_every_check_of_doctor_stands_in_the_docs() -> None:
    found = doctor_checks()
    assert {"config.cities", "disk.free"} <= found
    assert {name for name, _ in rows(page("doctor.md"))} == found
    assert [name for name, word in LABELS.items() if f"| `{name}` | {word} |" not in page("doctor.md")] == []


@pytest.mark.parametrize("path", pages(), ids=lambda path: path.name)
def test_every_link_leads_somewhere(path: Path) -> None:
    here = path
    broken = []
    for link in links(here.read_text(encoding="utf-8")):
        name, _, anchor = link.partition("#")
        there = (here.parent / name) if name else here
        if not there.exists() or (anchor and anchor not in anchors(there.read_text(encoding="utf-8"))):
            broken.append(link)
    assert broken == []
    assert anchors("## The document of `sync`, `nightly`") == {"the-document-of-sync-nightly"}


def test_no_page_is_left_out_of_the_readme_or_another_page() -> None:
    named = {
        link.partition("#")[0].rpartition("/")[2]
        for path in pages()
        for link in links(path.read_text(encoding="utf-8"))
    }
    assert [
        path.name
        for path in sorted(DOCS.glob("*.md"))
        if path.name not in named | {"glossary.md", "add-a-connector.md"}
    ] == []


def test_every_figure_stands_with_its_label_and_formula_and_every_count_with_its_meaning() -> None:
    text = page("figures.md")
    for measure in MEASURES.values():
        assert f"| `{measure.name}` | {measure.label} | {measure.formula} |" in text
    for count, meaning in COUNTS.items():
        assert f"| `{count}` | {meaning} |" in text
    assert unnamed(keys(TargetEntry), section(text, "Targets")) == []
    for part in COMPONENTS:
        assert f"| `{part.name}` | {part.label} | {part.weight} |" in text


def test_every_channel_kind_of_alert_and_key_of_the_channel_file_stands_in_the_docs() -> None:
    text = page("alerts.md")
    assert unnamed(keys(Channel, Channels) - {"channel"}, section(text, "Channels")) == []
    assert [kind for kind in kinds() if f"| `{kind}` |" not in text] == []
    assert [kind for kind, label in KIND_LABELS.items() if f"| `{kind.value}` | {label} |" not in text] == []


def test_every_place_the_architecture_names_is_there() -> None:
    places = set(re.findall(r"`([a-z_]+/[\w/.-]*)`", page("architecture.md")))
    assert len(places) > len(VERBS), "the page names places"
    assert sorted(place for place in places if not (ROOT / place).exists()) == []
