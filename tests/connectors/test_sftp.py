"""A drop behind SFTP: the host is who it was said to be, a line that breaks costs one more try, nothing is learnt."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncssh
import pytest
from pydantic import ValidationError

from citysync.domain.errors import Refused, Unreachable
from citysync.domain.snapshot import Grade
from tests.connectors.doors import CANARY, Memory, city_of, code, codes, directory, pulled
from tests.connectors.sftp_site import SftpSite, served
from tests.connectors.test_file_drop import as_csv

DATA = as_csv(directory(3)).encode()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SftpSite]:
    with served(SftpSite(tmp_path_factory.mktemp("drop"))) as site:
        yield site


@pytest.fixture
def site(running: SftpSite) -> SftpSite:
    running.hang_up, running.forbid = 0, ""
    for path in running.folder.iterdir():
        path.unlink()
    (running.folder / "items-20261123.csv").write_bytes(DATA)
    return running


def test_the_newest_file_of_another_machine_is_read(site: SftpSite) -> None:
    (site.folder / "items-20261122.csv").write_bytes(b"x")
    (site.folder / "items-20261124.csv").symlink_to("/etc/passwd")
    memory = Memory()
    snapshot = pulled(site.source("items-*.csv"), memory)
    assert codes(snapshot) == [code(1), code(2), code(3)]
    assert snapshot.certificate.grade is Grade.C
    assert memory.kept[0][1].startswith("sftp://127.0.0.1")
    assert CANARY not in memory.kept[0][1]


def test_a_manifest_behind_sftp_proves_the_drop(site: SftpSite) -> None:
    entry = {"name": "items-20261123.csv", "sha256": hashlib.sha256(DATA).hexdigest(), "rows": 3}
    (site.folder / "m.json").write_text(json.dumps({"files": [entry]}), encoding="utf-8")
    source = site.source("items-*.csv")
    source["manifest"] = source["path"].replace("items-*.csv", "m.json")
    assert pulled(source).certificate.grade is Grade.A


def test_another_host_key_is_refused_with_its_fingerprint_and_never_learnt(site: SftpSite) -> None:
    stranger = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().strip()
    before = len(site.asked)
    for _ in range(2):
        with pytest.raises(Refused, match="主机密钥与城市文件登记的 host_key 不符") as caught:
            pulled(site.source("items-*.csv", host_key=stranger))
        assert site.key.get_fingerprint() in str(caught.value)
    assert len(site.asked) == before  # no password was ever offered


@pytest.mark.parametrize("account", ["stranger"])
def test_a_wrong_account_is_refused_and_the_secret_stays_one(site: SftpSite, account: str) -> None:
    auth = {"kind": "basic", "user": account, "secret": "CITYSYNC_SECRET_440300"}
    with pytest.raises(Refused, match="拒绝了账号 stranger") as caught:
        pulled(site.source("items-*.csv", auth=auth))
    assert CANARY not in str(caught.value)


def test_a_line_cut_in_mid_file_is_read_again_from_the_start(site: SftpSite) -> None:
    site.hang_up = 1
    assert pulled(site.source("items-*.csv")).rows.height == 3


def test_a_line_that_is_cut_again_is_unreachable(site: SftpSite) -> None:
    site.hang_up = 9
    with pytest.raises(Unreachable, match="无法连接或中断"):
        pulled(site.source("items-*.csv"))


def test_a_file_nobody_may_read_says_whose_rights_are_missing(site: SftpSite) -> None:
    site.forbid = ".csv"
    with pytest.raises(Refused, match="不允许读取"):
        pulled(site.source("items-*.csv"))


def test_a_folder_without_a_file_is_unreachable(site: SftpSite) -> None:
    with pytest.raises(Unreachable, match="没有与"):
        pulled(site.source("other-*.csv"))
    with pytest.raises(Unreachable, match="文件不存在"):
        pulled(site.source("nowhere/items-*.csv"))


def test_a_closed_port_is_unreachable(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="无法连接或中断"):
        pulled(SftpSite(tmp_path, port=9).source("items-*.csv"))


def test_without_its_library_the_text_says_what_to_install(site: SftpSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "asyncssh", None)
    with pytest.raises(Unreachable, match=r"缺少驱动 asyncssh.*citysync\[sftp\]"):
        pulled(site.source("items-*.csv"))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"host_key": None}, "需要 host_key"),
        ({"auth": {"kind": "none"}}, "需要 auth"),
        ({"path": "sftp://user:pw@host/items.csv"}, "不得写账号或口令"),
        ({"manifest": "/local/m.json"}, "同一处"),
    ],
)
def test_a_remote_drop_needs_a_pinned_host_and_an_account(changes: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words) as caught:
        city_of({**SftpSite(Path("/drop"), port=22).source("items.csv"), **changes})
    assert ":pw@" not in str([error["msg"] for error in caught.value.errors()])
