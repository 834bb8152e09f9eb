"""Where secrets come from, and that nothing repeats them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from citysync.config.secrets import Secrets
from citysync.domain.errors import ConfigError


def a_file(folder: Path, raw: bytes, mode: int = 0o600, name: str = "TOKEN") -> Secrets:
    path = folder / name
    path.write_bytes(raw)
    path.chmod(mode)
    return Secrets({}, folder)


def test_a_secret_comes_from_the_environment_first_then_from_a_file(tmp_path: Path) -> None:
    a_file(tmp_path, b"from-file")
    assert Secrets({"TOKEN": "from-environment"}, tmp_path).get("TOKEN") == "from-environment"
    assert Secrets({"TOKEN": ""}, tmp_path).get("TOKEN") == "from-file"
    assert Secrets({}, tmp_path).get("TOKEN") == "from-file"


@pytest.mark.parametrize("raw", [b"abc", b"abc\n", b"abc\r\n", b"abc\r"])
def test_one_line_end_after_a_secret_in_a_file_is_no_part_of_it(raw: bytes, tmp_path: Path) -> None:
    assert a_file(tmp_path, raw).get("TOKEN") == "abc"


def test_blanks_inside_a_secret_are_part_of_it(tmp_path: Path) -> None:
    assert a_file(tmp_path, b" a b \n").get("TOKEN") == " a b "


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o620, 0o602])
def test_a_file_others_can_read_or_change_is_refused_with_the_remedy(mode: int, tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=rf"TOKEN：文件 {tmp_path}/TOKEN 其他用户可读或可改；请执行 chmod 600 {tmp_path}/TOKEN"
    ):
        a_file(tmp_path, b"Canary9", mode).get("TOKEN")


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o640])
def test_a_file_only_we_and_our_group_can_read_is_taken(mode: int, tmp_path: Path) -> None:
    assert a_file(tmp_path, b"abc", mode).get("TOKEN") == "abc"


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"", "是空的"),
        (b"\n", "是空的"),
        (b"Canary9\nCanary9", "含换行"),
        (b"Canary9\n\n", "含换行"),
        (b"Canary9\0", "控制字符"),
        ("Canary9密".encode("gb18030"), "不是 UTF-8"),
        (b"Canary9" * 10_000, "超过 65536 字节"),
    ],
)
def test_a_file_that_holds_no_single_line_is_refused_without_showing_it(raw: bytes, told: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=told) as caught:
        a_file(tmp_path, raw).get("TOKEN")
    assert "Canary9" not in str(caught.value)


@pytest.mark.parametrize("value", ["Canary9\r", "Canary9\nX: 1", "Canary9\0"])
def test_a_line_break_in_the_environment_is_refused_without_showing_it(value: str) -> None:
    with pytest.raises(ConfigError, match="TOKEN：环境变量 的内容含换行或控制字符") as caught:
        Secrets({"TOKEN": value}).get("TOKEN")
    assert "Canary9" not in str(caught.value)


def test_a_missing_secret_says_where_to_put_it(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"TOKEN：没有找到，或是空的；请设置这个环境变量，或设置 CITYSYNC_SECRETS_DIR"
    ):
        Secrets({}).get("TOKEN")
    with pytest.raises(ConfigError, match=f"或在 {tmp_path} 中放一个同名文件"):
        Secrets({}, tmp_path).get("TOKEN")


def test_a_name_cannot_lead_out_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    a_file(tmp_path, b"Canary9")
    with pytest.raises(ConfigError, match="不是变量名"):
        Secrets({}, tmp_path / "in").get("../TOKEN")


def test_a_folder_where_a_file_should_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "TOKEN").mkdir(mode=0o700)
    with pytest.raises(ConfigError, match="无法读取"):
        Secrets({}, tmp_path).get("TOKEN")


def test_faults_are_told_without_raising(tmp_path: Path) -> None:
    assert a_file(tmp_path, b"abc").faults("TOKEN") == ()
    assert [reason for reason, _ in Secrets({}).faults("TOKEN")] == ["没有找到，或是空的"]


def test_nothing_shows_the_values(tmp_path: Path) -> None:
    secrets = Secrets({"TOKEN": "Canary9"}, tmp_path)
    assert "Canary9" not in f"{secrets} {secrets!r} {secrets.get!r}"
    assert os.environ.get("TOKEN") != "Canary9"
