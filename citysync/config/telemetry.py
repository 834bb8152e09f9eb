"""Where traces go, if anywhere: OpenTelemetry's own variables, so that what watches other programs watches this one."""

from __future__ import annotations

import os

ENDPOINT, ENDPOINT_OF_TRACES = "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"


def traces_wanted() -> bool:
    """Return whether an address for traces is set, and nobody switched all of OpenTelemetry off."""
    off = os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true"
    return not off and any(os.environ.get(name) for name in (ENDPOINT, ENDPOINT_OF_TRACES))


def service_name() -> str:
    """Return the name our spans go by."""
    return os.environ.get("OTEL_SERVICE_NAME") or "citysync"
