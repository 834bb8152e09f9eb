"""One bad city file per kind of mistake: each message names file, line, key, what was seen and the remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.config.folder import GOOD, refused, write


def with_source(line: str) -> str:
    return GOOD + line + "\n"  # line 8


def at_the_top(line: str) -> str:
    return line + "\n" + GOOD  # line 1


MISTAKES: dict[str, tuple[str | bytes, str, str, str]] = {
    # what was written → where, which key, words of what was seen and of the remedy
    "unquoted code": (GOOD.replace('"440299"', "440299"), "2: code:", "看到 440299", '加英文双引号，如 "440300"'),
    "code of five digits": (
        GOOD.replace("440299", "44029"),
        "2: code:",
        '应为 6 位行政区划代码，看到 "44029"',
        '如 "440300"',
    ),
    "unknown key": (at_the_top("enabeld = true"), "1: enabeld:", "不认识的键", "您是否要写 enabled？"),
    "unknown key in source": (
        with_source("pag_size = 50"),
        "8: source.pag_size:",
        "不认识的键",
        "您是否要写 page_size？",
    ),
    "unknown key like no other": (
        GOOD + "[tolerate]\nxyz = 1\n",
        "9: tolerate.xyz:",
        "不认识的键",
        "可用的键：grace_workdays、max_drifted、max_missing、max_rejected_ratio",
    ),
    "key of the top below a table": (
        with_source("enabled = false"),
        "8: source.enabled:",
        "不认识的键",
        "enabled 是顶层的键，请移到第一个 [表] 之前",
    ),
    "unknown key in an inline table": (
        with_source('ok = { path = "code", equal = "200" }'),
        "8: source.ok.equal:",
        "不认识的键",
        "您是否要写 equals？",
    ),
    "missing key in an inline table": (
        with_source('ok = { path = "code" }'),
        "8: source.ok.equals:",
        "缺少必填的键",
        "请加上 equals = …",
    ),
    "unknown connector": (
        GOOD.replace('"pages"', '"page"'),
        "5: source.connector:",
        '没有名为 "page" 的连接器',
        "您是否要写 pages？",
    ),
    "connector like no other": (
        GOOD.replace('"pages"', '"soap"'),
        "5: source.connector:",
        '没有名为 "soap" 的连接器',
        "可用的连接器：files、pages",
    ),
    "no connector": (
        GOOD.replace('connector = "pages"\n', ""),
        "4: source.connector:",
        "缺少必填的键",
        "可用的连接器：files、pages",
    ),
    "connector of a wrong type": (
        GOOD.replace('"pages"', "5"),
        "5: source.connector:",
        "应为文字，看到 5",
        "可用的连接器：files、pages",
    ),
    "no source": (GOOD.partition("[source]")[0], "1: source:", "缺少 [source] 表", '[source]，其下 connector = "…"'),
    "source is no table": (
        'source = "pages"\n' + GOOD.partition("[source]")[0],
        "1: source:",
        '应为一个表，看到 "pages"',
        '[source]，其下 connector = "…"',
    ),
    "no name": (GOOD.replace('name = "韶州市"\n', ""), "1: name:", "缺少必填的键", "请加上 name = …"),
    "empty name": (GOOD.replace("韶州市", ""), "1: name:", "内容为空", "请填写"),
    "no url": (
        "\n".join(line for line in GOOD.splitlines() if "url" not in line),
        "4: source.url:",
        "缺少必填的键",
        "请加上 url = …",
    ),
    "quoted number": (GOOD.replace("100", '"100"'), "7: source.page_size:", '应为整数，看到 "100"', "不加引号，如 100"),
    "number too small": (GOOD.replace("100", "0"), "7: source.page_size:", "超出范围，看到 0", "应不小于 1"),
    "level out of range": (at_the_top("level = 5"), "1: level:", "超出范围，看到 5", "应不大于 4"),
    "quoted flag": (at_the_top('enabled = "yes"'), "1: enabled:", '应为真假，看到 "yes"', "写作 true 或 false"),
    "text for a list": (at_the_top('ignore = "X"'), "1: ignore:", '应为列表，看到 "X"', '写作 ["…", "…"]'),
    "unquoted county": (
        at_the_top('counties = ["440201",\n440202]'),
        "2: counties[2]:",
        "应为文字，看到 440202",
        "加英文双引号",
    ),
    "county twice": (
        at_the_top('counties = ["440201", "440201"]'),
        "1: counties[2]:",
        '"440201" 写了两次',
        "删去其中一个",
    ),
    "tile of three": (at_the_top("tile = [1, 2, 3]"), "1: tile:", "个数不对，看到 3 个", "请核对"),
    "tile of one": (at_the_top("tile = [1]"), "1: tile[2]:", "列表缺少第 2 个值", "请核对"),
    "unknown option": (
        with_source('method = "PUT"'),
        "8: source.method:",
        '没有这个选项，看到 "PUT"',
        '可选："GET"、"POST"',
    ),
    "text for a table": (with_source('params = "a=b"'), "8: source.params:", "应为一个表", "[表名]"),
    "bearer without secret": (
        with_source('auth = { kind = "bearer" }'),
        "8: source.auth:",
        "看到",
        'auth.kind = "bearer" 需要 secret = "变量名"',
    ),
    "local codes without pattern": (
        GOOD + '[codes]\nscheme = "local"\n',
        "8: codes:",
        "看到",
        'codes.scheme = "local" 与 pattern',
    ),
    "pattern that does not compile": (
        GOOD + "[codes]\nscheme = 'local'\npattern = '^[0-9{3}$'\n",
        "10: codes.pattern:",
        "正则表达式写法不对",
        "如 ^[0-9A-Z]{20}$",
    ),
    "pattern that looks around": (
        GOOD + "[codes]\nscheme = 'local'\npattern = '(?=X)[0-9]+'\n",
        "10: codes.pattern:",
        "环视或反向引用",
        "如 ^[0-9A-Z]{20}$",
    ),
    "column misspelt": (
        GOOD + '[fields]\ntask_cod = "SSBM"\n',
        "9: fields.task_cod:",
        "task_cod 不是标准字段名",
        "您是否要写 task_code？",
    ),
    "column by its label": (
        GOOD + '[fields]\n"实施编码" = "SSBM"\n',
        '9: fields."实施编码":',
        "实施编码 不是标准字段名",
        "请写 task_code",
    ),
    "column from nothing": (
        GOOD + '[fields]\nby_law = ""\n',
        "9: fields.by_law:",
        "内容为空",
        "本市没有这个字段就删去",
    ),
    "column from a number": (GOOD + "[fields]\nby_law = 7\n", "9: fields.by_law:", "应为文字，看到 7", "加英文双引号"),
    "values of a column misspelt": (
        GOOD + '[values.task_tpye]\n"21" = "20"\n',
        "8: values.task_tpye:",
        "task_tpye 不是标准字段名",
        "您是否要写 task_type？",
    ),
    "unquoted meaning": (
        GOOD + '[values.task_type]\n"21" = 20\n',
        "9: values.task_type.21:",
        "应为文字，看到 20",
        "加英文双引号",
    ),
    "meaning nobody lists": (
        GOOD + '[values.task_type]\n"21" = "公共服务"\n',
        "9: values.task_type.21:",
        '含义 "公共服务" 不在国家标准值中',
        "20 公共服务",
    ),
    "bounds the wrong way round": (
        GOOD + "[expect]\nmin_items = 20\nmax_items = 10\n",
        "9: expect.min_items:",
        "min_items 20 大于 max_items 10",
        "对调",
    ),
    "exemption with a quoted date": (
        GOOD + '[[exempt]]\ncatalog_code = "440106043001"\nreason = "other"\ndocument = "文"\nuntil = "2026-12-31"\n',
        "12: exempt[1].until:",
        '应为日期，看到 "2026-12-31"',
        "写作 2026-12-31，不加引号",
    ),
    "exemption with a time": (
        GOOD + '[[exempt]]\ncatalog_code = "440106043001"\nreason = "other"\ndocument = "文"\n'
        "until = 2026-12-31T10:00:00\n",
        "12: exempt[1].until:",
        "应为日期，看到 2026-12-31 10:00:00",
        "不带时间",
    ),
    "second exemption without a document": (
        GOOD
        + '[[exempt]]\ncatalog_code = "440106043001"\nreason = "other"\ndocument = "文"\nuntil = 2026-12-31\n'
        + '[[exempt]]\ncatalog_code = "440106043002"\nreason = "other"\nuntil = 2026-12-31\n',
        "13: exempt[2].document:",
        "缺少必填的键",
        "请加上 document = …",
    ),
    "exemption with a wrong reason": (
        GOOD + '[[exempt]]\ncatalog_code = "44"\nreason = "下放"\ndocument = "文"\nuntil = 2026-12-31\n',
        "10: exempt[1].reason:",
        '看到 "下放"',
        '"delegated"、"cancelled"、',
    ),
    "a day that is not": (
        GOOD + '[[exempt]]\ncatalog_code = "440106043001"\nuntil = 2026-02-30\n',
        "10:",
        "TOML 语法错误：日期不存在",
        "日期写作 2026-12-31",
    ),
    "code with a leading zero": (
        GOOD.replace('"440299"', "010100"),
        "2:",
        "TOML 语法错误：值写完之后还有多余的字符",
        '编码一律加引号，如 code = "440300"',
    ),
    "text without quotes": (
        GOOD.replace('"韶州市"', "韶州市"),
        "1:",
        "TOML 语法错误：等号后面的值写法不对",
        "文字要加英文双引号",
    ),
    "key twice": (with_source("page_size = 5"), "8:", "TOML 语法错误：同一个键写了两次", "改正这一行"),
    "table twice": (GOOD + "[source]\n", "8:", "TOML 语法错误：同一个表写了两次", "改正这一行"),
    "list without an end": (GOOD + "ignore = [\n", "8:", "TOML 语法错误：文件到头了", "改正这一行"),
    "name in GBK": (GOOD.encode("gb18030"), "1:", "不是 UTF-8 编码", "另存为 UTF-8"),
    "base outside the folder": (
        at_the_top('base = "../_x.toml"'),
        "1: base:",
        '"../_x.toml"',
        'base = "_national.toml"',
    ),
    "unknown base": (at_the_top('base = "_none.toml"'), "1: base:", "没有文件 _none.toml", "可用的底本：没有"),
    "line break in a header": (
        with_source('headers = { X-Area = "44\\r\\nX: 1" }'),
        "8: source.headers.X-Area:",
        "换行或控制字符",
        "删去换行",
    ),
    "line break in a parameter": (
        with_source('params = { area = "44\\n" }'),
        "8: source.params.area:",
        "换行或控制字符",
        "删去换行",
    ),
    "user in an address": (
        GOOD.replace("https://", "https://root@"),
        "6: source.url:",
        "地址中写了用户名",
        "用户名请写进 auth",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_with_file_line_key_and_remedy(mistake: str, tmp_path: Path) -> None:
    text, place, seen, remedy = MISTAKES[mistake]
    write(tmp_path, text)
    lines = [line for line in refused(tmp_path) if line.startswith(f"440299.toml:{place}")]
    assert len(lines) == 1, refused(tmp_path)
    assert seen in lines[0]
    assert remedy in lines[0].partition("；")[2]


SECRETS = {
    "password in an address": GOOD.replace("https://", "https://root:Canary9@"),
    "password with a slash": GOOD.replace("https://", "https://root:Ca/Canary9@"),
    "password for a database": GOOD.replace("https://", "mysql+pymysql://root:Canary9@"),
    "token in a query": GOOD.replace("/items", "/items?page=1&access_token=Canary9"),
    "token as a parameter": with_source('params = { token = "Canary9" }'),
    "cookie": with_source('headers = { Cookie = "sid=Canary9" }'),
    "password as an unknown key": with_source('auth = { kind = "basic", secret = "X", password = "Canary9" }'),
    "password where its name belongs": with_source('auth = { kind = "basic", secret = "Canary9!" }'),
    "password beside a syntax error": GOOD.replace("https://", "https://root:Canary9@").replace("items", 'it"ems'),
}


@pytest.mark.parametrize("mistake", SECRETS)
def test_a_secret_in_a_city_file_is_refused_and_never_repeated(mistake: str, tmp_path: Path) -> None:
    write(tmp_path, SECRETS[mistake])
    told = "\n".join(refused(tmp_path))
    assert "440299.toml:" in told
    assert "Canary9" not in told


@pytest.mark.parametrize("mistake", list(SECRETS)[:6])
def test_a_secret_in_a_city_file_is_sent_to_auth_secret(mistake: str, tmp_path: Path) -> None:
    write(tmp_path, SECRETS[mistake])
    assert "密码请用 auth.secret" in "\n".join(refused(tmp_path))
