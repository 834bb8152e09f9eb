"""City files as they are written for the connectors there are."""

from __future__ import annotations

import random
from contextlib import suppress
from pathlib import Path

import pytest

import connectors
from citysync.config.cities import Cities, load_cities, load_city_file, secret_names
from citysync.domain.errors import ConfigError
from tests.config.folder import write

SHAOZHOU = """\
# 韶州市：市自建事项库，HTTP 分页接口。
base = "_national.toml"
name = "韶州市"
code = "440299"
level = 3                              # derived from the code if left out
enabled = true
tile = [2, 4]                          # row and column in the grid of cities
counties = []
zone = "yuebei"
contacts = ["zwfw@shaozhou.example"]
ignore = ["CREATE_TIME"]

[source]
connector = "http_pages"
url = "https://zwfw.shaozhou.example/api/items"
method = "GET"
params = { AREA_CODE = "440299" }
page_param = "pageNum"
size_param = "pageSize"
page_size = 100
items = "data.list"
total = "data.total"
ok = { path = "code", equals = "200" }
auth = { kind = "bearer", secret = "CITYSYNC_SECRET_440299" }
encoding = "gb18030"
timeout_seconds = 30
budget_seconds = 900

[fields]
task_code = "SSBM"

[values.task_type]
"21" = "20"

[codes]
scheme = "gbt39554"

[expect]
min_items = 8_000
max_items = 12_000
max_age_days = 2

[tolerate]
max_rejected_ratio = 0.01
max_missing = 0
max_drifted = 0
grace_workdays = 5

[[exempt]]
catalog_code = "440106043001"
reason = "delegated"
document = "粤府函〔2025〕00号"
until = 2026-12-31
"""


def of_sql(url: str) -> str:
    tables = 'tables = ["up_task_general_basic"]'
    return f'code = "440299"\nname = "韶州市"\n[source]\nconnector = "sql_table"\nurl = "{url}"\n{tables}\n'


def loaded(folder: Path) -> Cities:
    return load_cities(folder, connectors.source_model, connectors.names())


def test_the_city_file_of_the_design_is_read_as_it_stands(tmp_path: Path) -> None:
    write(tmp_path, "", "_national.toml")
    write(tmp_path, SHAOZHOU)
    city = loaded(tmp_path)["440299"]
    assert (city.level, city.tile, city.source.encoding) == (3, (2, 4), "gb18030")
    assert isinstance(city.source, connectors.source_model("http_pages") or type(None))
    assert [name for _, name in secret_names(city)] == ["CITYSYNC_SECRET_440299"]


@pytest.mark.parametrize("name", connectors.names())
def test_every_connector_says_which_keys_it_misses_and_which_it_does_not_know(name: str, tmp_path: Path) -> None:
    write(tmp_path, f'code = "440299"\nname = "韶州市"\n[source]\nconnector = "{name}"\ntimeout_second = 3\n')
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path)
    assert ":5: source.timeout_second: 不认识的键；您是否要写 timeout_seconds？" in str(caught.value)
    assert ":3: source." in str(caught.value)
    assert "缺少必填的键；请加上" in str(caught.value)


def test_a_password_in_a_database_url_is_refused_once_and_not_repeated(tmp_path: Path) -> None:
    write(tmp_path, of_sql("mysql+pymysql://reader:Canary9@10.0.0.5/qzk"))
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path)
    assert len(str(caught.value).splitlines()) == 2
    assert ":5: source.url: 地址中写了密码或令牌（内容不显示）；密码请用 auth.secret" in str(caught.value)
    assert "Canary9" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["mysql://r:Canary9@h/d", "what:Canary9@h", "mysql://r@h/d?passwd=Canary9", "x://h/?auth_key=Canary9"]
)
def test_a_connectors_own_refusal_repeats_no_password_either(url: str, tmp_path: Path) -> None:
    write(tmp_path, of_sql(url))
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path)
    assert ":5: source.url:" in str(caught.value)
    assert "Canary9" not in str(caught.value)


def test_a_front_end_database_in_a_file_beside_the_city_file_is_found(tmp_path: Path) -> None:
    city = load_city_file(write(tmp_path, of_sql("sqlite:///qzk.db")), connectors.source_model)
    assert city.source.model_dump()["url"] == f"sqlite:///{tmp_path}/qzk.db"


def test_whatever_letter_is_lost_or_slips_in_a_city_file_is_read_or_refused_with_its_place(tmp_path: Path) -> None:
    write(tmp_path, "", "_national.toml")
    slip = random.Random(7)
    for _ in range(300):
        at, letter = slip.randrange(len(SHAOZHOU)), slip.choice(["", *"\"'[]{}=,.#\n 1a0-\\市"])
        write(tmp_path, SHAOZHOU[:at] + letter + SHAOZHOU[at + slip.randrange(2) :])
        with suppress(ConfigError):
            assert list(loaded(tmp_path)) == ["440299"]
            continue
        with pytest.raises(ConfigError, match=r"(?m)^.*440299\.toml:[1-9][0-9]*:.*；"):
            loaded(tmp_path)
