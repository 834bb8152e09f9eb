"""The log: every record with its place, no secret in any form, and JSON that is JSON whatever is logged."""

from __future__ import annotations

import base64
import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from citysync.config import logs
from citysync.config.logs import at, bound, hide, set_up
from citysync.config.secrets import Secrets
from citysync.config.settings import Settings
from tests.connectors.test_auth import FORMS, SECRET

LOG = logging.getLogger("citysync.test")


@pytest.fixture(autouse=True)
def as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Leave the process's log and its memory of secrets as they were."""
    root, hook = logging.getLogger(), sys.excepthook
    before = list(root.handlers), {name: logging.getLogger(name).level for name in logs.OURS}
    monkeypatch.setattr(logs, "_HIDDEN", logs._Hidden())
    root.handlers.clear()
    yield
    root.handlers[:] = before[0]
    for name, level in before[1].items():
        logging.getLogger(name).setLevel(level)
    sys.excepthook = hook


def set_up_as(form: str, level: str | None = None) -> None:
    set_up(Settings(log_format=form, log_level=level))


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_record_carries_run_city_phase_and_page_as_far_as_they_are_known(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_as("json")
    with bound(run_id="run-1", city="440300"):
        with bound(phase="pull"):
            at(page=37)
            LOG.warning("读取超时", extra={"counts": {"received": 12}})
        LOG.info("第 %d 次", 2)
    LOG.info("以后")
    inside, after, outside = lines(capsys)
    placed = {"run_id": "run-1", "city": "440300"}
    assert inside.items() >= {**placed, "phase": "pull", "page": 37, "level": "warning", "message": "读取超时"}.items()
    assert inside["counts"] == {"received": 12}
    assert after.items() >= {**placed, "message": "第 2 次"}.items()
    assert {"phase", "page"} & set(after) == set()
    assert {"run_id", "city"} & set(outside) == set()


def test_text_says_the_same_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_as("text", "info")
    with bound(run_id="run-1", city="440300", phase="pull", page=3):
        LOG.info("完成", extra={"counts": {"pages": 3}})
    told = capsys.readouterr().err
    assert told.endswith("INFO citysync.test [run-1 440300 pull 3] 完成 pages=3\n")


@pytest.mark.parametrize(("form", "told"), [("text", ["w"]), ("json", ["i", "w"])])
def test_json_says_more_than_text_unless_a_level_is_set(
    form: str, told: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_as(form)
    for write, text in ((LOG.debug, "d"), (LOG.info, "i"), (LOG.warning, "w")):
        write(text)
    said = capsys.readouterr().err.splitlines()
    assert [(json.loads(line)["message"] if form == "json" else line[-1]) for line in said] == told


def test_a_library_is_not_heard_below_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_as("json", "debug")
    logging.getLogger("urllib3.connectionpool").info("GET /items?token=abcd")
    logging.getLogger("urllib3.connectionpool").warning("Retrying: /items?token=abcd")
    (line,) = lines(capsys)
    assert line["message"] == "Retrying: /items?token=***"


def _fail(error: Exception, cause: Exception) -> None:
    raise error from cause


def say(way: str, told: str) -> None:
    """Log a text the way a program does, by accident or not."""
    if way == "message":
        LOG.error(told)
    elif way == "argument":
        LOG.error("said %s and %r", told, told)
    elif way == "count":
        LOG.error("x", extra={"counts": {"a": told}})
    else:
        try:
            _fail(KeyError("x") if way == "cause" else KeyError(told), ValueError(told))
        except KeyError:
            LOG.exception("failed")


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_librarys_debugging_is_not_written_whoever_opened_it(
    form: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up_as(form)
    theirs = logging.getLogger("somebody.elses")
    monkeypatch.setattr(theirs, "level", logging.DEBUG)
    theirs.debug("posting to https://robot.example/send/canary-77")
    theirs.info("started")
    said = capsys.readouterr().err
    assert "canary-77" not in said
    assert "started" in said


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("way", ["message", "argument", "count", "exception", "cause"])
@pytest.mark.parametrize("shape", list(FORMS))
def test_no_form_of_a_secret_comes_by_any_way(
    form: str, way: str, shape: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert Secrets({"CITYSYNC_SECRET_X": SECRET}).get("CITYSYNC_SECRET_X") == SECRET, "looking it up hides it"
    set_up_as(form, "info")
    told = FORMS[shape]
    if way == "count" and form == "text":
        told = "nothing"  # counts are numbers and stable words; text shows them as they are given
    say(way, told)
    said = capsys.readouterr().err
    assert "x" in said or "failed" in said or "***" in said
    canaries = (SECRET, "other-5f3a", base64.b64encode(SECRET.encode()).decode()[:12], SECRET.encode().hex())
    pair = base64.b64encode(f"citysync:{SECRET}".encode()).decode()
    for canary in (*canaries, "s+s", "s%2Bs", pair[16:28]):
        assert canary not in said


def test_a_basic_header_of_any_user_hides_the_password() -> None:
    hide(SECRET)
    for user in ("a", "ab", "abc", "用户"):
        packed = base64.b64encode(f"{user}:{SECRET}".encode()).decode()
        assert not any(packed[start : start + 12] in logs.redacted(f"sent {packed}") for start in range(8, 20))


def test_what_is_no_secret_is_told_as_it_is() -> None:
    hide(SECRET)
    hide("abc")  # too short to be hidden without hiding the log
    assert logs.redacted("第 3 页：declared total 2，abc") == "第 3 页：declared total 2，abc"


def test_a_record_whose_arguments_do_not_fit_is_told_all_the_same() -> None:
    record = LOG.makeRecord("citysync.test", logging.WARNING, __file__, 1, "%d 行", ("three",), None)
    logs.Told().filter(record)
    assert json.loads(logs.JsonLines().format(record))["message"] == "%d 行"


def test_an_exception_nobody_caught_is_printed_without_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_as("text")
    hide(SECRET)
    sys.excepthook(ValueError, ValueError(f"token={SECRET}"), None)
    assert SECRET not in capsys.readouterr().err


def test_setting_up_twice_tells_nothing_twice(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_as("text")
    set_up_as("json")
    LOG.warning("once")
    assert len(lines(capsys)) == 1


def test_a_secret_from_a_file_is_hidden_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "CITYSYNC_SECRET_F").write_text("canary-5f3a\n")
    (tmp_path / "CITYSYNC_SECRET_F").chmod(0o600)
    value = Secrets({}, tmp_path).get("CITYSYNC_SECRET_F")
    set_up_as("json")
    LOG.warning("sent %s", value)
    assert lines(capsys)[0]["message"] == "sent ***"
