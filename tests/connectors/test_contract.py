"""What every connector owes the project, for free for each new file in the folder."""

from __future__ import annotations

import inspect
from importlib import import_module

import pytest

from citysync.domain.city import SourceBase
from citysync.domain.redaction import redacted
from connectors import names, source_model


def test_a_connector_is_registered_by_its_file_name() -> None:
    assert names() == ("file_drop", "http_cursor", "http_links", "http_pages", "kit", "sql_table")
    assert source_model("http_page") is None
    assert source_model("_session") is None


@pytest.mark.parametrize("name", names())
def test_every_connector_has_its_keys_its_pull_and_a_sentence(name: str) -> None:
    module = import_module(f"connectors.{name}")
    model = source_model(name)
    assert model is not None
    assert issubclass(model, SourceBase)
    assert model.model_config["extra"] == "forbid"
    assert list(inspect.signature(module.pull).parameters) == ["city", "source", "door"]
    assert module.__doc__
    assert module.__doc__.splitlines()[0].endswith(".")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("GET http://a/b?page=1&access_token=abcdef&x=2", "GET http://a/b?page=1&access_token=***&x=2"),
        ('{"Token": "abcdef", "code": 1}', '{"Token": "***", "code": 1}'),
        ("http://user:pw@host/x", "http://***@host/x"),
        ("值 s3cr3t/+ 与 s3cr3t%2F%2B", "值 *** 与 ***"),
        ("key figures: 12", "key figures: 12"),
        ("第 3 页：声明总数 2", "第 3 页：声明总数 2"),
    ],
)
def test_secrets_are_hidden_and_nothing_else(text: str, shown: str) -> None:
    assert redacted(text, ["s3cr3t/+"]) == shown
