"""A night as those who watch it see it: stderr is JSON and nothing else, and a real collector gets a span per step."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from citysync.domain.effort import PHASE_LABELS
from flows.traces import Place, Tracer, tracer
from tests.builders import an_item
from tests.places import a_folder
from tests.program import Said, citysync

AS_JSON = {"CITYSYNC_LOG_FORMAT": "json", "CITYSYNC_LOG_LEVEL": "debug"}
PHASES = list(PHASE_LABELS)


@contextmanager
def a_collector(status: int = 200) -> Iterator[tuple[str, list[Span]]]:
    """Yield the address of a collector that reads what it is sent, and the spans it was sent."""
    spans: list[Span] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told = ExportTraceServiceRequest.FromString(self.rfile.read(int(self.headers["Content-Length"])))
            for resource in told.resource_spans:
                for scope in resource.scope_spans:
                    spans.extend(scope.spans)
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's own signature
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", spans
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass(frozen=True)
class Observed:
    """One run: what the program said, its lines of log, and the spans the collector got, by name."""

    said: Said
    spans: dict[str, Span]

    @property
    def run_id(self) -> str:
        return str(self.said.json()["run_id"])

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.said.err.splitlines()]


@pytest.fixture(scope="module")
def observed(tmp_path_factory: pytest.TempPathFactory) -> Observed:
    folder = a_folder(tmp_path_factory.mktemp("observed"), an_item(limit_scene_num="4"))
    with a_collector() as (url, spans):
        said = citysync("sync", "--json", folder=folder, env={**AS_JSON, "OTEL_EXPORTER_OTLP_ENDPOINT": url})
    assert len(spans) == len({span.name for span in spans}), "each once"
    return Observed(said, {span.name: span for span in spans})


def attributes(span: Span) -> dict[str, object]:
    return {
        each.key.removeprefix("citysync."): each.value.string_value or each.value.int_value for each in span.attributes
    }


def test_every_line_on_stderr_is_json_with_run_city_phase_and_page(observed: Observed) -> None:
    lines, run_id = observed.lines, observed.run_id
    phases = {line["phase"]: line for line in lines if line["logger"] == "citysync.run" and "phase" in line}
    assert list(phases) == PHASES, "told by the child, in order"
    assert {(line["run_id"], line["city"]) for line in phases.values()} == {(run_id, "440300")}
    assert [line.get("page") for line in phases.values()] == [1, None, None, None, None]
    assert phases["pull"]["counts"] == {"received": 1, "known": 0, "pages": 1, "grade": "B"}
    assert [line["page"] for line in lines if line["logger"] == "citysync.page"] == [1]
    (city,) = [line for line in lines if line["message"] == "城市处理完毕"]
    assert (city["counts"]["state"], city["counts"]["received"]) == ("out_of_sync", 1)
    end = next(line for line in lines if line["message"] == "运行结束")
    assert (end["run_id"], end["counts"]["cities"], end["counts"]["out_of_sync"]) == (run_id, 1, 1)
    assert any(line["logger"] == "citysync.step" and "对账：" in line["message"] for line in lines)


def test_a_refusal_is_a_line_of_json_too(tmp_path: Path) -> None:
    said = citysync("status", "--data-dir", tmp_path, folder=tmp_path, env=AS_JSON)
    (line,) = [json.loads(line) for line in said.err.splitlines()]
    assert (said.code, line["level"], line["logger"]) == (2, "error", "citysync.cli")


def test_a_collector_gets_a_span_of_the_run_the_city_and_each_phase_in_one_trace(observed: Observed) -> None:
    spans = observed.spans
    assert set(spans) == {"run", "city", *PHASES}
    assert len({span.trace_id for span in spans.values()}) == 1
    assert spans["run"].parent_span_id == b""
    assert spans["city"].parent_span_id == spans["run"].span_id
    assert {spans[phase].parent_span_id for phase in PHASES} == {spans["city"].span_id}
    for phase in PHASES:
        assert spans["city"].start_time_unix_nano <= spans[phase].start_time_unix_nano
        assert spans[phase].end_time_unix_nano <= spans["city"].end_time_unix_nano <= spans["run"].end_time_unix_nano


def test_spans_carry_counts_and_stable_words_and_nothing_a_city_sent(observed: Observed) -> None:
    told = {name: attributes(span) for name, span in observed.spans.items()}
    assert {each["run_id"] for each in told.values()} == {observed.run_id}
    assert told["run"] | {"run_id": ""} == {"run_id": "", "trigger": "on_demand", "cities": 1, "out_of_sync": 1}
    assert told["pull"].items() >= {"city": "440300", "received": 1, "pages": 1, "grade": "B"}.items()
    assert told["reconcile"]["findings"] == 2
    assert told["judge"]["state"] == told["city"]["state"] == "out_of_sync"
    assert "深圳" not in repr(told)


def test_without_an_address_there_is_no_tracer(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    tracer.cache_clear()
    assert tracer() is None
    tracer.cache_clear()


def test_a_collector_that_refuses_is_told_once_and_not_asked_again(caplog: pytest.LogCaptureFixture) -> None:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - as the tracer

    with a_collector(400) as (url, spans):
        traces = Tracer(OTLPSpanExporter(f"{url}/v1/traces", timeout=1))
        for number in range(3):
            traces.span(Place("run-1", f"44{number}000"), 1, 2, {"rows": 3}, failed=True)
            traces.flush()
    assert [span.status.code for span in spans] == [Status.STATUS_CODE_ERROR]
    assert [record.message for record in caplog.records if record.name == "citysync.traces"] == [
        "追踪数据未能送出，本进程不再发送；运行不受影响"
    ]
