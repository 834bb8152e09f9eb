"""Traces, where OpenTelemetry is installed and told where to send: a span per run, city and phase. Else nothing.

Ids follow from run and city, so that every process of a run, on any machine, adds to one trace without being told of
it. Spans are sent when a city or a run is over; a collector that does not answer is not asked again.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from citysync.config.telemetry import service_name, traces_wanted

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter

SECONDS = 3.0
_LOG = logging.getLogger("citysync.traces")


@dataclass(frozen=True, slots=True)
class Place:
    """What a span is about: a run, one of its cities (``walk``: 1, or 2 for one asked again), one of its phases."""

    run_id: str
    city: str = ""
    walk: int = 1
    phase: str = ""

    @property
    def above(self) -> Place | None:
        """Return what this is a part of; None for a run."""
        if self.phase:
            return Place(self.run_id, self.city, self.walk)
        return Place(self.run_id) if self.city else None

    def number(self, size: int) -> int:
        """Return this place as an id of so many bytes, never zero."""
        told = f"{self.run_id} {self.city} {self.walk} {self.phase}".encode()
        return int.from_bytes(hashlib.sha256(told).digest()[:size]) or 1


class Tracer:
    """Spans on their way to an exporter. ``exporter``: what the collector is reached by."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter
        self._ended: list[Any] = []
        self._off = False

    def span(
        self, place: Place, start_ns: int, end_ns: int, counts: Mapping[str, int | str], *, failed: bool = False
    ) -> None:
        """Keep a span that is over: counts and stable words, never what a city sent."""
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - only where traces are wanted
        from opentelemetry.sdk.trace import ReadableSpan  # noqa: PLC0415
        from opentelemetry.trace import SpanContext, Status, StatusCode, TraceFlags  # noqa: PLC0415

        def context(of: Place) -> SpanContext:
            trace_id, flags = Place(place.run_id).number(16), TraceFlags(TraceFlags.SAMPLED)
            return SpanContext(trace_id, of.number(8), is_remote=False, trace_flags=flags)

        told = {"run_id": place.run_id, "city": place.city, "phase": place.phase}
        attributes = {f"citysync.{name}": value for name, value in (told | dict(counts)).items() if value != ""}
        above = place.above
        self._ended.append(
            ReadableSpan(
                name=place.phase or ("city" if place.city else "run"),
                context=context(place),
                parent=None if above is None else context(above),
                resource=Resource.create({"service.name": service_name()}),
                attributes=attributes,
                status=Status(StatusCode.ERROR if failed else StatusCode.UNSET),
                start_time=start_ns,
                end_time=end_ns,
            )
        )

    def flush(self) -> None:
        """Send what has ended; after a failure nothing more is sent by this process: a night must not wait for it."""
        from opentelemetry.sdk.trace.export import SpanExportResult  # noqa: PLC0415 - only where traces are wanted

        ended, self._ended = self._ended, []
        if ended and not self._off:
            self._off = self._exporter.export(ended) is not SpanExportResult.SUCCESS
            if self._off:
                _LOG.warning("追踪数据未能送出，本进程不再发送；运行不受影响")


@cache
def tracer() -> Tracer | None:
    """Return the tracer of this process, None where no address is set, or OpenTelemetry is not installed."""
    if not traces_wanted():
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - as above
    except ImportError:
        _LOG.warning("设置了追踪地址，但没有安装 OpenTelemetry；请安装 citysync[otel]，否则不发送追踪数据")
        return None
    return Tracer(OTLPSpanExporter(timeout=SECONDS))
