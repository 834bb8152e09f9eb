"""City files that are right, whole folders of them, bases, and the secrets they name."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path

import pytest

from citysync.config.cities import check_secrets, load_cities, load_city_file, read_cities, secret_names
from citysync.config.secrets import Secrets
from citysync.domain.city import Auth, City, Codes, Tolerate
from citysync.domain.errors import ConfigError
from tests.config.folder import GOOD, NAMES, Files, Pages, loaded, model_of, refused, write

NATIONAL = Path(__file__).parents[2] / "cities" / "_national.toml"


def another(code: str, text: str = GOOD) -> str:
    return text.replace("440299", code)


def of_files(line: str) -> str:
    return f'code = "440299"\nname = "韶州市"\n[source]\nconnector = "files"\n{line}\n'


def test_a_good_city_file_is_a_city_with_its_connectors_own_source(tmp_path: Path) -> None:
    city = load_city_file(write(tmp_path, GOOD), model_of, NAMES)
    assert (city.code, city.name, city.level, city.enabled) == ("440299", "韶州市", 4, True)
    assert city.source == Pages(connector="pages", url="https://zwfw.shaozhou.example/api/items", page_size=100)


def test_every_part_of_a_city_file_is_read(tmp_path: Path) -> None:
    text = (
        'contacts = ["a@b.example"]\ntile = [2, 4]\ncounties = []\nzone = "yuebei"\nignore = ["CREATE_TIME"]\n'
        + GOOD
        + 'auth = { kind = "bearer", secret = "CITYSYNC_SECRET_440299" }\n'
        + '[fields]\ntask_code = "SSBM"\n[values.task_type]\n"21" = "20"\n"无" = ""\n'
        + '[values.server_type]\n"个人、企业" = "1,2"\n'
        + "[expect]\nmin_items = 8_000\nmax_items = 12_000\nmax_age_days = 2\n[tolerate]\nmax_rejected_ratio = 0\n"
        + '[[exempt]]\ncatalog_code = "440106043001"\nreason = "delegated"\ndocument = "粤府函〔2025〕00号"\n'
        + "until = 2026-12-31\n"
    )
    city = load_city_file(write(tmp_path, text), model_of, NAMES)
    assert city.source.auth == Auth.model_validate({"kind": "bearer", "secret": "CITYSYNC_SECRET_440299"})
    assert (city.tile, city.counties, city.ignore) == ((2, 4), (), ("CREATE_TIME",))
    assert city.values == {"task_type": {"21": "20", "无": ""}, "server_type": {"个人、企业": "1,2"}}
    assert city.expect.min_items == 8_000
    assert city.exempt[0].until == date(2026, 12, 31)


def test_cities_come_in_the_order_of_their_codes_and_disabled_ones_too(tmp_path: Path) -> None:
    write(tmp_path, "enabled = false\n" + another("440500"), "440500.toml")
    write(tmp_path, another("440100"), "440100.toml")
    write(tmp_path, another("440000"), "440000.toml")
    write(tmp_path, "not = a city", "_notes.toml")
    write(tmp_path, "not a city", "README.md")
    cities = loaded(tmp_path)
    assert list(cities) == ["440000", "440100", "440500"]
    assert [city.enabled for city in cities.values()] == [True, True, False]
    assert list(cities.pick([])) == ["440000", "440100"]
    assert list(cities.pick(["440500"])) == ["440500"]


def test_a_city_asked_for_that_has_no_file_is_named_with_the_nearest_one(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    with pytest.raises(ConfigError, match="没有编码为 440298 的城市文件；您是否要写 440299（韶州市）"):
        loaded(tmp_path).pick(["440298"])


def test_all_mistakes_of_all_files_are_found_in_one_go_in_order(tmp_path: Path) -> None:
    write(tmp_path, another("440100", GOOD.replace("100", '"100"')), "440100.toml")
    write(tmp_path, "nam = 1\n" + another("440500", GOOD.replace('"pages"', '"page"')), "440500.toml")
    write(tmp_path, another("440600"), "440600.toml")
    write(tmp_path, "code = ", "440700.toml")
    found = [line.split(" ")[0] + line.split(" ")[1] for line in refused(tmp_path)]
    assert found == [
        "440100.toml:7:source.page_size:",
        "440500.toml:1:nam:",
        "440500.toml:6:source.connector:",
        "440700.toml:1:TOML",
    ]


def test_cities_that_are_right_are_still_shown_beside_those_that_are_not(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    write(tmp_path, "code = ", "440700.toml")
    cities, problems = read_cities(tmp_path, model_of, NAMES)
    assert list(cities) == ["440299"]
    assert [(Path(problem.file).name, problem.line) for problem in problems] == [("440700.toml", 1)]


def test_the_name_of_a_file_must_be_the_code_of_its_city(tmp_path: Path) -> None:
    write(tmp_path, GOOD, "440300.toml")
    assert refused(tmp_path) == [
        '440300.toml:2: code: 文件名 440300.toml 与 code "440299" 不一致；把文件改名为 440299.toml，或改正 code'
    ]


def test_a_code_in_two_files_is_refused_naming_both(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    write(tmp_path, "\n" + GOOD, "440300.toml")
    told = "\n".join(refused(tmp_path))
    assert "440300.toml:3: code: 编码 440299 已写在 440299.toml 中，又写在 440300.toml 中；" in told


def test_a_suffix_in_capitals_is_refused_rather_than_overlooked(tmp_path: Path) -> None:
    write(tmp_path, GOOD, "440299.TOML")
    assert refused(tmp_path) == ["440299.TOML:1: 文件名 440299.TOML 的后缀不是小写 .toml；改名为 440299.toml"]


def test_a_byte_order_mark_and_windows_line_ends_are_tolerated(tmp_path: Path) -> None:
    write(tmp_path, b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert loaded(tmp_path)["440299"].name == "韶州市"
    write(tmp_path, b"\xef\xbb\xbf" + GOOD.replace("100", "0").replace("\n", "\r\n").encode())
    assert refused(tmp_path)[0].startswith("440299.toml:7: source.page_size:")


def test_no_folder_and_an_empty_folder_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"没有城市文件夹 .*/none；.*CITYSYNC_CITIES_DIR"):
        loaded(tmp_path / "none")
    write(tmp_path, "", "_national.toml")
    with pytest.raises(ConfigError, match=r"没有城市文件；请按 docs/add-a-city.md 新建 440300.toml"):
        loaded(tmp_path)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "440299.toml").symlink_to(tmp_path / "gone")
    assert refused(tmp_path)[0].startswith("440299.toml:1: 无法读取：")


BASE = """\
ignore = ["A", "B"]
[source]
timeout_seconds = 10
page_size = 7
[values.task_type]
"1" = "01"
"2" = "02"
[values.task_state]
"有效" = "1"
[tolerate]
max_missing = 3
grace_workdays = 9
"""


def test_tables_merge_key_by_key_but_lists_and_value_tables_are_replaced(tmp_path: Path) -> None:
    write(tmp_path, BASE, "_base.toml")
    own = '[values.task_type]\n"21" = "20"\n[tolerate]\nmax_missing = 1\n'
    write(tmp_path, 'base = "_base.toml"\nignore = ["C"]\n' + GOOD + own)
    city = loaded(tmp_path)["440299"]
    assert isinstance(city.source, Pages)
    assert (city.source.timeout_seconds, city.source.page_size) == (10, 100)
    assert city.ignore == ("C",)
    assert city.values == {"task_type": {"21": "20"}, "task_state": {"有效": "1"}}
    assert (city.tolerate.max_missing, city.tolerate.grace_workdays) == (1, 9)


def test_a_mistake_in_a_base_is_named_in_the_base_once_for_all_its_cities(tmp_path: Path) -> None:
    write(tmp_path, BASE.replace("= 10", '= "10"'), "_base.toml")
    write(tmp_path, 'base = "_base.toml"\n' + GOOD)
    write(tmp_path, 'base = "_base.toml"\n' + another("440500"), "440500.toml")
    assert refused(tmp_path) == ['_base.toml:3: source.timeout_seconds: 应为整数，看到 "10"；不加引号，如 100']
    write(tmp_path, "[source", "_base.toml")
    assert [line.partition(" ")[0] for line in refused(tmp_path)] == ["_base.toml:1:"]


def test_a_base_may_have_a_base_but_not_itself(tmp_path: Path) -> None:
    write(tmp_path, 'base = "_b.toml"\n', "_a.toml")
    write(tmp_path, 'zone = "yuebei"\n', "_b.toml")
    write(tmp_path, 'base = "_a.toml"\n' + GOOD)
    assert loaded(tmp_path)["440299"].zone == "yuebei"
    write(tmp_path, 'base = "_a.toml"\n', "_b.toml")
    assert refused(tmp_path) == ["_b.toml:1: base: _a.toml 绕回了自己；删去其中一个 base"]


def test_the_national_base_changes_no_default(tmp_path: Path) -> None:
    write(tmp_path, NATIONAL.read_bytes(), "_national.toml")
    without = load_city_file(write(tmp_path, GOOD), model_of)
    based = load_city_file(write(tmp_path, 'base = "_national.toml"\n' + GOOD), model_of)
    assert based.model_copy(update={"base": None}) == without


def test_the_national_base_says_every_tolerance_so_that_a_province_sets_it_in_one_place() -> None:
    tree = tomllib.loads(NATIONAL.read_text(encoding="utf-8"))
    assert tree.keys() <= City.model_fields.keys()
    assert tree["tolerate"] == Tolerate().model_dump()
    assert tree["codes"]["scheme"] == Codes().scheme
    assert "values" not in tree, "a table would ask every city to list every value"


@pytest.mark.parametrize(
    ("line", "key", "expected"),
    [
        ('path = "drop/*.csv"', "path", "{here}/drop/*.csv"),
        ('path = "/srv/drop/*.csv"', "path", "/srv/drop/*.csv"),
        ('path = "sftp://host/drop/*.csv"', "path", "sftp://host/drop/*.csv"),
        ('manifest = "drop/manifest.json"', "manifest", "{here}/drop/manifest.json"),
        ('url = "sqlite:///qzk.db"', "url", "sqlite:///{here}/qzk.db"),
        ('url = "sqlite+pysqlite:///qzk.db"', "url", "sqlite+pysqlite:///{here}/qzk.db"),
        ('url = "sqlite:///file:qzk.db?mode=ro&uri=true"', "url", "sqlite:///file:{here}/qzk.db?mode=ro&uri=true"),
        ('url = "sqlite:///file:/srv/qzk.db?uri=true"', "url", "sqlite:///file:/srv/qzk.db?uri=true"),
        ('url = "sqlite:////srv/qzk.db"', "url", "sqlite:////srv/qzk.db"),
        ('url = "mysql+pymysql://reader@10.0.0.5:3306/qzk"', "url", "mysql+pymysql://reader@10.0.0.5:3306/qzk"),
    ],
)
def test_files_a_source_names_are_relative_to_the_city_file(line: str, key: str, expected: str, tmp_path: Path) -> None:
    source = load_city_file(write(tmp_path, of_files(line)), model_of).source
    assert isinstance(source, Files)
    assert getattr(source, key) == expected.format(here=tmp_path)


def test_a_folder_with_brackets_in_its_name_is_no_pattern(tmp_path: Path) -> None:
    folder = tmp_path / "[prod]"
    (folder / "drop").mkdir(parents=True)
    (folder / "drop" / "a.csv").write_text("x", encoding="utf-8")
    source = load_city_file(write(folder, of_files('path = "drop/*.csv"')), model_of).source
    assert isinstance(source, Files)
    assert list(Path("/").glob(str(source.path).removeprefix("/"))) == [folder / "drop" / "a.csv"]


@pytest.mark.parametrize(
    "url",
    ["https://host:8080/a@b", "https://host/a?b=c@d", "https://host/token/list?page_token_size=5", "http://[::1]:80/x"],
)
def test_addresses_without_a_password_are_taken_as_they_are(url: str, tmp_path: Path) -> None:
    write(tmp_path, GOOD.replace("https://zwfw.shaozhou.example/api/items", url))
    source = loaded(tmp_path)["440299"].source
    assert isinstance(source, Pages)
    assert source.url == url


WITH_SECRET = GOOD + 'auth = { kind = "bearer", secret = "CITYSYNC_SECRET_X" }\n'


def test_a_missing_secret_is_named_with_file_line_key_and_variable(tmp_path: Path) -> None:
    write(tmp_path, WITH_SECRET)
    write(tmp_path, another("440500", WITH_SECRET).replace("SECRET_X", "SECRET_Y"), "440500.toml")
    cities = loaded(tmp_path)
    assert list(secret_names(cities["440299"])) == [(("source", "auth", "secret"), "CITYSYNC_SECRET_X")]
    with pytest.raises(ConfigError) as caught:
        check_secrets(cities, Secrets({}))
    lines = str(caught.value).replace(f"{tmp_path}/", "").splitlines()
    assert lines[0] == "密码与令牌有 2 处错误，没有连接任何网络："
    assert lines[1].startswith(
        "440299.toml:8: source.auth.secret: CITYSYNC_SECRET_X：没有找到，或是空的；请设置这个环境变量"
    )
    assert "440500.toml:8: source.auth.secret: CITYSYNC_SECRET_Y" in lines[2]
    check_secrets(cities, Secrets({"CITYSYNC_SECRET_X": "a", "CITYSYNC_SECRET_Y": "b"}))


def test_the_secrets_of_cities_not_asked_for_or_disabled_are_not_required(tmp_path: Path) -> None:
    write(tmp_path, "enabled = false\n" + WITH_SECRET)
    write(tmp_path, another("440500"), "440500.toml")
    check_secrets(loaded(tmp_path), Secrets({}))
    write(tmp_path, WITH_SECRET)
    check_secrets(loaded(tmp_path).pick(["440500"]), Secrets({}))


def test_what_looks_like_the_password_itself_is_not_repeated_as_a_variables_name(tmp_path: Path) -> None:
    write(tmp_path, WITH_SECRET.replace("CITYSYNC_SECRET_X", "hunter2Canary"))
    with pytest.raises(ConfigError) as caught:
        check_secrets(loaded(tmp_path), Secrets({}))
    assert "440299.toml:8: source.auth.secret:" in str(caught.value)
    assert "hunter2Canary" not in str(caught.value)


def test_an_unknown_connector_does_not_hide_the_other_mistakes_of_its_file(tmp_path: Path) -> None:
    write(tmp_path, "tile = [1]\n" + GOOD.replace('"pages"', '"soap"'))
    with pytest.raises(ConfigError) as caught:
        load_cities(tmp_path, lambda _: None, NAMES)
    assert ":1: tile[2]:" in str(caught.value)
    assert ":6: source.connector:" in str(caught.value)
