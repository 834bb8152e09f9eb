"""The program's log: text or JSON lines on stderr, each with its run, city, phase and page, none with a secret.

The standard library alone: starting the program must cost nothing, and every library we use already speaks to it.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, TextIO

from citysync.domain.redaction import HIDDEN, by_place, pattern_of
from citysync.domain.showing import harmless, in_json, one_line

if TYPE_CHECKING:
    from citysync.config.settings import Settings

OURS = ("citysync", "flows", "connectors", "schemas")
ORCHESTRATED = ("prefect.flow_runs", "prefect.task_runs")  # their handlers send records elsewhere, too
_ORCHESTRATORS = "PrefectConsoleHandler"  # by name: importing it would import all of Prefect
PLACE = ("run_id", "city", "phase", "page")
_WHERE: ContextVar[Mapping[str, object]] = ContextVar("citysync_where", default=MappingProxyType({}))
_JSON = "json"


class _Hidden:
    """The secrets this process has looked up, as one pattern."""

    def __init__(self) -> None:
        self._known: frozenset[str] = frozenset()
        self._pattern: re.Pattern[str] | None = None

    def add(self, secret: str) -> None:
        if secret not in self._known:
            self._known |= {secret}
            self._pattern = pattern_of(self._known)

    def without(self, text: str) -> str:
        known = text if self._pattern is None else self._pattern.sub(HIDDEN, text)
        return by_place(known)


_HIDDEN = _Hidden()


def hide(secret: str) -> None:
    """Never let a value, in any form it travels in, into the log of this process."""
    _HIDDEN.add(secret)


def redacted(text: str) -> str:
    """Return a text as the log would have it."""
    return _HIDDEN.without(text)


@contextmanager
def bound(**where: object) -> Iterator[None]:
    """Let every record inside carry these: ``run_id``, ``city``, ``phase``, ``page``."""
    token = _WHERE.set({**_WHERE.get(), **where})
    try:
        yield
    finally:
        _WHERE.reset(token)


def at(**where: object) -> None:
    """Let every record from here to the end of the enclosing ``bound`` carry these."""
    _WHERE.set({**_WHERE.get(), **where})


class Told(logging.Filter):
    """Adds where a record comes from and takes out what it must not say: secrets, and characters that act on a screen.

    A message is one line: what a city sent begins no record of ours.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record in place; nothing is dropped."""
        record.msg, record.args = one_line(redacted(_message(record))), ()
        if record.exc_info and record.exc_info[0] is not None and record.exc_text is None:
            record.exc_text = "".join(traceback.format_exception(*record.exc_info)).rstrip()
        record.exc_text = record.exc_text and harmless(redacted(record.exc_text))
        record.stack_info = record.stack_info and harmless(redacted(record.stack_info))
        record.__dict__.setdefault("where", dict(_WHERE.get()))
        return True


class TextLines(logging.Formatter):
    """One line per record, a trace below it and set in: time, level, logger, [run city phase page], message."""

    def format(self, record: logging.LogRecord) -> str:
        """Return a record as text."""
        where = " ".join(str(value) for value in _placed(record).values())
        counts = " ".join(f"{name}={value}" for name, value in _counts(record).items())
        told = (_time(record), record.levelname, record.name, where and f"[{where}]", record.getMessage(), counts)
        below = "\n".join(text for text in (record.exc_text, record.stack_info) if text)
        first = one_line(" ".join(part for part in told if part))
        return "\n".join([first, *(f"  {line}" for line in below.splitlines())])


class JsonLines(logging.Formatter):
    """One JSON object per record: time, level, logger, message, run_id, city, phase, page, counts, error."""

    def format(self, record: logging.LogRecord) -> str:
        """Return a record as JSON on one line."""
        told: dict[str, object] = {"time": _time(record), "level": record.levelname.lower(), "logger": record.name}
        told |= {"message": record.getMessage(), **_placed(record)}
        counts = _counts(record)
        if counts:
            told["counts"] = {name: redacted(v) if isinstance(v, str) else v for name, v in counts.items()}
        if record.exc_text:
            told["error"] = record.exc_text
        return in_json(json.dumps(told, ensure_ascii=False, default=str))


def _meant(record: logging.LogRecord) -> bool:
    """Return whether a record is to be read here: a library's debugging tells addresses whole, tokens in them."""
    return record.levelno >= logging.INFO or record.name.partition(".")[0] in OURS


class _Stderr(logging.StreamHandler[TextIO]):
    """Writes to whatever stderr is at the moment."""

    def __init__(self, formatter: logging.Formatter) -> None:
        logging.Handler.__init__(self)
        self.setFormatter(formatter)
        self.addFilter(_meant)
        self.addFilter(Told())

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        return sys.stderr


def set_up(settings: Settings) -> Settings:
    """Log to stderr as the settings say, and return them. Libraries are heard from ``warning`` on.

    Where an orchestrator has its own handler on stderr, that one stays for text, without secrets; for JSON it makes
    room, and its records become lines of JSON, too.
    """
    root = logging.getLogger()
    theirs = [each for each in root.handlers if type(each).__name__ == _ORCHESTRATORS]
    in_json = settings.log_format == _JSON
    for handler in root.handlers[:]:
        if isinstance(handler, _Stderr) or (in_json and handler in theirs):
            root.removeHandler(handler)
    if in_json or not theirs:
        root.addHandler(_Stderr(JsonLines() if in_json else TextLines()))
    for name in OURS:
        logging.getLogger(name).setLevel(level_of(settings))
    for told in (*theirs, *map(logging.getLogger, ORCHESTRATED)):
        if not any(isinstance(each, Told) for each in told.filters):
            told.addFilter(Told())
    sys.excepthook = _uncaught
    return settings


def as_json() -> bool:
    """Return whether stderr is lines of JSON and nothing else."""
    return any(isinstance(each.formatter, JsonLines) for each in logging.getLogger().handlers)


def level_of(settings: Settings) -> int:
    """Return the level for our own records: as set, else ``info`` for JSON and ``warning`` for text."""
    chosen = settings.log_level or ("info" if settings.log_format == _JSON else "warning")
    return logging.getLevelNamesMapping()[chosen.upper()]


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    sys.stderr.write(harmless(redacted("".join(traceback.format_exception(kind, error, trace)))))


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError):  # a record whose arguments do not fit is still worth its text
        return str(record.msg)


def _placed(record: logging.LogRecord) -> dict[str, object]:
    where: Mapping[str, object] = record.__dict__.get("where", {})
    return {name: where[name] for name in PLACE if where.get(name) is not None}


def _counts(record: logging.LogRecord) -> Mapping[str, object]:
    found: Mapping[str, object] = record.__dict__.get("counts", {})
    return found


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
