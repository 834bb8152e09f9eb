"""Settings: where they come from, which are refused, and that no password is shown."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from citysync.config.settings import Settings, default_workers, load_settings, unknown_variables, variables
from citysync.domain.errors import ConfigError

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith("CITYSYNC_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_without_any_setting_everything_lies_below_the_folder_one_stands_in(tmp_path: Path) -> None:
    settings = load_settings()
    assert settings.data_dir == tmp_path / "var"
    assert settings.cities_dir == tmp_path / "cities"
    assert settings.database == f"sqlite:///{tmp_path}/var/citysync.sqlite3"
    assert settings.workers == default_workers()
    assert 2 <= settings.workers <= 8
    assert (settings.secrets_dir, settings.probe_url, settings.real_data_dir) == (None, None, None)


def test_options_of_the_command_line_win_over_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CITYSYNC_DATA_DIR", "/srv/a")
    monkeypatch.setenv("CITYSYNC_WORKERS", "5")
    monkeypatch.setenv("CITYSYNC_CITIES_DIR", "")
    settings = load_settings(data_dir=Path("b"), cities_dir=None, workers=None)
    assert (settings.data_dir, settings.workers) == (tmp_path / "b", 5)
    assert settings.cities_dir == tmp_path / "cities"


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("WORKERS", "many", 'CITYSYNC_WORKERS：应为整数，看到 "many"；如 4；例如 CITYSYNC_WORKERS=4'),
        ("WORKERS", "0", "CITYSYNC_WORKERS：超出范围，看到 0；应不小于 1"),
        ("WORKERS", "65", "CITYSYNC_WORKERS：超出范围，看到 65；应不大于 64"),
        ("SECRETS_DIR", "/nowhere", 'CITYSYNC_SECRETS_DIR：看到 "/nowhere"；没有这个文件夹'),
        ("PROBE_URL", "ftp://x", "CITYSYNC_PROBE_URL：看到 ftp://…；请写 http:// 或 https://"),
        ("PROBE_URL", "https://root:Canary9@x", "CITYSYNC_PROBE_URL：看到 https://…；请写 http:// 或 https://"),
        ("DATABASE_URL", "postgres://u:Canary9@h/d", "CITYSYNC_DATABASE_URL：看到 postgres://…；只支持 sqlite"),
        ("DATABASE_URL", "mysql+pymysql://u:Canary9@h/d", "CITYSYNC_DATABASE_URL：看到 mysql+pymysql://…；只支持"),
        ("DATABASE_URL", "Canary9", "CITYSYNC_DATABASE_URL：看到 （内容不显示）；只支持 sqlite"),
        ("DATABASE_URL", "sqlite://", "CITYSYNC_DATABASE_URL：看到 sqlite://…；内存数据库在命令结束时消失"),
        ("DATABASE_URL", "sqlite:///:memory:", "CITYSYNC_DATABASE_URL：看到 sqlite://…；内存数据库"),
    ],
)
def test_a_wrong_value_names_variable_value_and_remedy_but_no_password(
    name: str, value: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"CITYSYNC_{name}", value)
    with pytest.raises(ConfigError) as caught:
        load_settings()
    assert told in str(caught.value)
    assert "Canary9" not in f"{caught.value!r} {caught.value.__cause__!r}"


def test_a_wrong_option_is_named_as_the_option_it_was() -> None:
    with pytest.raises(ConfigError, match="--workers：应为整数"):
        load_settings(workers="many")
    with pytest.raises(ConfigError, match="--colour：没有这个设置"):
        load_settings(colour="red")


def test_every_wrong_value_and_every_typo_is_told_in_one_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CITYSYNC_WORKERS", "many")
    monkeypatch.setenv("CITYSYNC_DATADIR", "/srv")
    monkeypatch.setenv("CITYSYNC_SECRET_DIR", "/srv")
    with pytest.raises(ConfigError) as caught:
        load_settings(probe_url="x")
    assert str(caught.value).splitlines()[:3] == [
        "设置有误：",
        "CITYSYNC_DATADIR：没有这个变量；您是否要写 CITYSYNC_DATA_DIR？",
        "CITYSYNC_SECRET_DIR：没有这个变量；您是否要写 CITYSYNC_SECRETS_DIR？",
    ]
    assert len(str(caught.value).splitlines()) == 5


def test_a_typo_alone_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CITYSYNC_DATABSE_URL", "sqlite:///x")
    with pytest.raises(ConfigError, match="您是否要写 CITYSYNC_DATABASE_URL？"):
        load_settings()


def test_secrets_and_test_variables_are_no_settings_and_strangers_only_warned_about(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = ("SECRET_440300", "TEST_POSTGRESQL", "REQUIRE_SERVERS", "REAL_DATA", "COLOURS")
    for name in names:
        monkeypatch.setenv(f"CITYSYNC_{name}", "x")
    load_settings()
    assert unknown_variables(os.environ) == ("CITYSYNC_COLOURS",)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql+psycopg://u:Canary9@h:5432/d", "postgresql+psycopg://u:***@h:5432/d"),
        ("postgresql+psycopg://u:Can@ary9/x@h/d", "postgresql+psycopg://u:***@h/d"),
        ("postgresql+psycopg://u@h/d?password=Canary9&x=1", "postgresql+psycopg://u@h/d?password=***&x=1"),
        ("sqlite:////srv/x.sqlite3", "sqlite:////srv/x.sqlite3"),
    ],
)
def test_a_databases_password_is_never_shown(url: str, shown: str) -> None:
    settings = load_settings(database_url=url)
    assert settings.database == url
    assert settings.database_shown == shown
    assert "Canary9" not in f"{settings} {settings!r} {settings.model_dump()} {settings.model_dump_json()}"


def test_secrets_are_read_from_the_environment_and_the_folder_of_secrets(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "TOKEN").write_text("abc\n")
    (tmp_path / "TOKEN").chmod(0o600)
    monkeypatch.setenv("CITYSYNC_SECRETS_DIR", ".")
    monkeypatch.setenv("CITYSYNC_SECRET_440300", "def")
    secrets = load_settings().secrets()
    assert (secrets.get("TOKEN"), secrets.get("CITYSYNC_SECRET_440300")) == ("abc", "def")


def test_real_data_is_taken_from_its_usual_place_only_if_it_is_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "shared" / "data").mkdir(parents=True)
    (tmp_path / "clone").mkdir()
    monkeypatch.chdir(tmp_path / "clone")
    found = load_settings().real_data_dir
    assert found is not None
    assert found.samefile(tmp_path / "shared" / "data")
    assert load_settings(real_data=tmp_path / "else").real_data_dir == tmp_path / "else"


def test_every_setting_is_described_and_stands_in_the_example() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    set_there = {line.partition("=")[0] for line in example.splitlines() if line and not line.startswith("#")}
    assert set_there == set(variables())
    assert all(variables().values())
    assert len(variables()) == len(Settings.model_fields)
