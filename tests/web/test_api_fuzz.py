"""Whatever a program sends, the API has an answer: schemathesis sends what OpenAPI allows, and what it forbids."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.core.result import Ok
from schemathesis.schemas import BaseSchema

from citysync.config.settings import Settings
from citysync.domain.principal import Principal, Role
from citysync.domain.verdict import State
from citysync.web.app import create_app
from tests.faults.campaign import WHOLE
from tests.web.province import NOW, a_province, run_id_of
from tests.web.test_policy import As

EXAMPLES = 300 if WHOLE else 8
ANSWERS = {200, 202, 304, 400, 404, 405}
KNOWN: dict[str, Any] = {"code": "440900", "run_id": run_id_of(1), "version": "2026-11-20-1", "since": "2026-11-20-1"}


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> BaseSchema:
    """Return the API as it describes itself, over one night of two cities that nothing may spoil for others."""
    made: Settings = a_province(
        tmp_path_factory.mktemp("fuzz"), {"440900": (State.OUT_OF_SYNC,), "440300": (State.HELD,)}
    )
    app = create_app(made, lambda: NOW, As(Principal("admin", Role.PROVINCE_ADMIN)))
    return schemathesis.openapi.from_asgi("/api/v1/openapi.json", app)


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_nothing_that_is_sent_breaks_the_server(schema: BaseSchema, mode: GenerationMode) -> None:
    asked = 0
    for found in schema.get_all_operations():
        assert isinstance(found, Ok), found
        operation = found.ok()

        @seed(20261123)
        @settings(
            max_examples=EXAMPLES,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode), real=st.booleans())
        def ask(case: Case[Any], real: bool) -> None:  # noqa: FBT001 — hypothesis gives it by name
            nonlocal asked
            for known, value in KNOWN.items() if real and case.method == "GET" else ():  # no run is begun here
                for place in (case.path_parameters, case.query):
                    if known in (place or {}):
                        place[known] = value
            answer = case.call(headers={"Authorization": "Bearer any"})  # a program, no browser
            assert answer.status_code in ANSWERS, f"{case.method} {case.formatted_path} {case.query}: {answer.text}"
            asked += 1

        with suppress(Unsatisfiable):  # where any text is allowed nothing can be forbidden
            ask()
    assert asked >= EXAMPLES, "something was asked at all"
