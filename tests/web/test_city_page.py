"""One city, as its pages tell it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from citysync.config.settings import Settings
from citysync.domain.principal import Principal, Role
from citysync.domain.verdict import State
from citysync.web.app import create_app
from citysync.web.language import language
from citysync.web.views.advice import next_step
from citysync.web.views.labels import cause, step
from citysync.web.views.reasons import causes
from tests.web.province import NOW, a_province, run_id_of
from tests.web.test_policy import asking

CHINESE = language("zh")


def test_a_flagged_city_says_why_and_what_to_do_by_when(pages: TestClient) -> None:
    html = pages.get("/c/440900").text
    assert "要素不一致 2 项" in html
    assert "请改为基本目录的名称" in html
    assert "11月27日（周五）下班前，剩 4 个工作日" in html
    assert html.index("电白区") < html.index("茂名市（本级）"), "most first"


@pytest.mark.parametrize("path", ["/c/440200", "/c/440200/differences"])
def test_of_a_city_whose_directory_never_came_nobody_says_that_there_is_nothing(path: str, tmp_path: Path) -> None:
    settings = a_province(tmp_path, {"440200": (State.HELD,)})
    with TestClient(create_app(settings, lambda: NOW), base_url="http://127.0.0.1") as client:
        html = client.get(path).text
    assert "有没有差异，现在不知道" in html
    assert "没有需要更正的差异" not in html
    assert "没有符合条件的差异" not in html


def test_what_is_not_wrong_in_an_earlier_snapshot_is_said_of_that_snapshot(pages: TestClient) -> None:
    assert "11月22日 的快照里没有需要更正的差异。" in pages.get("/c/440200").text


def test_a_reason_has_a_cause_and_a_step() -> None:
    text = "编码不一致 4 项（例：445200 11445200079112603R 许可）；请使各编码与实施编码一致"
    assert (cause(text), step(text)) == ("编码不一致 4 项", "请使各编码与实施编码一致")
    assert step("接口拒绝连接") == ""


def test_a_city_wrong_in_several_ways_is_told_the_largest_and_how_many() -> None:
    wrong = ("误领主项 1 项", "漏领 1,012 项", "超领 3 项", "层级不符 2 项")
    reasons = [{"fault": "data", "text": f"{text}（例：440902）；请更正"} for text in wrong]
    assert causes(reasons, CHINESE, "440900", "茂名市") == "漏领 1,012 项、超领 3 项、层级不符 2 项等 4 类问题"
    assert next_step(State.OUT_OF_SYNC, reasons, CHINESE) == "请按清单更正。"
    assert causes(reasons[:1], CHINESE, "440900", "茂名市") == "误领主项 1 项"
    refused = [{"fault": "city", "text": "茂名市（440900）第 1 页：拒绝连接；请检查接口"}, *reasons]
    assert causes(refused, CHINESE, "440900", "茂名市") == "第 1 页：拒绝连接"


def test_a_city_that_could_not_be_judged_is_told_that_it_need_not_act() -> None:
    reasons = [{"fault": "ours", "text": "本系统处理时出错；请省平台值班查看"}]
    assert next_step(State.UNKNOWN, reasons, CHINESE) == "该市无需处理，由省平台处理。"


@pytest.mark.parametrize("tab", ["history", "runs", "doctor", "notices"])
def test_every_tab_answers(pages: TestClient, tab: str) -> None:
    answer = pages.get(f"/c/440900/{tab}")
    assert answer.status_code == 200
    assert f'href="/c/440900/{tab}" aria-current="page"' in answer.text


@pytest.mark.parametrize("path", ["/c/999999", "/c/440900/no_such_tab", "/c/440900/receipt.exe", "/r/no_such_run"])
def test_what_is_not_there_answers_404(pages: TestClient, path: str) -> None:
    assert pages.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/c/{}", "/c/{}/history", "/c/{}/runs", "/c/{}/notices", "/c/{}/receipt.json"])
def test_a_foreign_city_looks_like_none_at_all(province: Settings, path: str) -> None:
    client = asking(province, Principal("茂名", Role.CITY, "440900"))
    foreign, none = client.get(path.format("440300")), client.get(path.format("999999"))
    assert (foreign.status_code, none.status_code) == (404, 404)
    assert foreign.text.replace("440300", "") == none.text.replace("999999", "")
    assert client.get(path.format("440900")).status_code == 200


def test_a_city_sees_its_own_part_of_a_run(province: Settings) -> None:
    html = asking(province, Principal("茂名", Role.CITY, "440900")).get(f"/r/{run_id_of(8)}").text
    assert "茂名市" in html
    assert [name for name in ("深圳", "韶关", "广州", "440300", "440200") if name in html] == []


def test_the_list_to_download_is_the_receipt(pages: TestClient) -> None:
    told = pages.get("/c/440900/receipt.json")
    assert told.headers["content-disposition"].endswith("_20261123.json")
    document = json.loads(told.content)
    assert (document["city"], document["state"]) == ("440900", "out_of_sync")
    assert len(document["problems"]) == 5
    book = pages.get("/c/440900/receipt.xlsx")
    assert book.content.startswith(b"PK")


def test_a_run_says_what_each_city_gave(pages: TestClient) -> None:
    html = pages.get(f"/r/{run_id_of(8)}").text
    assert "4/4" in html
    assert "2026-11-20-1" in html
    assert "声明总数与实收一致" in html


def test_a_run_says_when_each_phase_was_and_which_rules_did_not_run(pages: TestClient) -> None:
    html = pages.get(f"/r/{run_id_of(8)}").text
    assert "取数 01:30–01:30" in html or 'class="pull"' in html
    assert 'class="judge"' in html
    assert "韶关市：全部规则：没有可校验的数据" in html
    assert "工作日历至 2026" in html
    assert "茂名市：" not in html.partition("没有运行的规则")[2], "all of them ran"


def test_a_run_says_what_every_city_cost_and_what_nobody_recorded(pages: TestClient) -> None:
    text = words(pages.get(f"/r/{run_id_of(8)}").text)
    assert "请求 36 次（其中重试 5 次），收到 4.8 MB，3/4 市有记录" in text
    assert "深圳市 4 3 0 B 0 B 21.0 秒 — — 0.0 秒 — 21.0 秒" in text
    assert "茂名市 16 1 2.4 MB 10.5 MB 12 分 34 秒 1.2 秒 0.5 秒 0.0 秒 0.3 秒 12 分 36 秒" in text
    assert "韶关市 未记录" in text
    assert "+5.0 第 1 页第 1 次未成功，1 秒后再试" in text
    assert "（略 1,234 行）" in text


def test_of_an_earlier_run_nothing_is_made_up(pages: TestClient) -> None:
    text = words(pages.get(f"/r/{run_id_of(1)}").text)
    assert "请求 未记录" in text
    assert "深圳市 未记录" in text


def test_a_citys_runs_say_what_they_cost(pages: TestClient) -> None:
    text = words(pages.get("/c/440300/runs").text)
    assert text.count("4 3 0 B 21.0 秒") == 2
    assert text.count("未记录") == 6


def test_a_city_is_not_told_what_others_cost(province: Settings) -> None:
    text = words(asking(province, Principal("茂名", Role.CITY, "440900")).get(f"/r/{run_id_of(8)}").text)
    assert "请求 16 次（其中重试 1 次），收到 2.4 MB，1/1 市有记录" in text
    assert "未成功" not in text


def words(html: str) -> str:
    """Return what is written on a page, one blank between two parts."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())
