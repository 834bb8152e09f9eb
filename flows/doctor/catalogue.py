"""Every check of ``doctor``: its stable id and what people call it. The docs and the tests hold themselves to this."""

from __future__ import annotations

from typing import Any

from flows.doctor import alerts, configuration, conformance, database, drop, ledger, machine, pulled, web
from flows.doctor.outcome import Link

CONFIGURATION: tuple[Link[configuration.Written], ...] = (
    Link("config.settings", configuration.settings_known, side="config"),
    Link("config.cities", configuration.cities_right, side="config"),
    Link("config.secrets", configuration.secrets_there, side="config"),
    Link("config.secrets_folder", configuration.secrets_folder, side="config"),
    Link("config.web", configuration.pages_guarded, side="config"),
    Link("config.regions", configuration.regions_covered, side="config"),
)
LEDGER: tuple[Link[ledger.Ledger], ...] = (
    Link("ledger.open", ledger.opens, holds=True, side="ours"),
    Link("ledger.writable", ledger.writes, side="ours"),
    Link("ledger.clock", ledger.clock, side="ours"),
    Link("ledger.leftovers", ledger.leftovers, side="ours"),
    Link("master.in_force", ledger.master_in_force, side="ours"),
    Link("master.age", ledger.master_age, side="ours"),
)
ALERTS: tuple[Link[alerts.Alerting], ...] = (
    Link("alerts.channels", alerts.channels_right, side="config"),
    Link("alerts.owner", alerts.owned, side="config"),
    Link("alerts.reach", alerts.reach, side="config"),
    Link("alerts.secrets", alerts.secrets_there, side="config"),
    Link("alerts.fallback", alerts.fallbacks, side="config"),
    Link("alerts.tested", alerts.tested, side="ours"),
    Link("alerts.waiting", alerts.waiting, side="ours"),
    Link("alerts.undelivered", alerts.undelivered, side="ours"),
)
MACHINE: tuple[Link[machine.Machine], ...] = (
    Link("disk.free", machine.disk_free, side="ours"),
    Link("folder.data", machine.data_folder, side="ours"),
    Link("folder.receipts", machine.receipts_folder, side="ours"),
    Link("folder.half_files", machine.half_files, side="ours"),
    Link("calendar.next_year", machine.calendar_known, side="ours"),
    Link("egress.probe", machine.egress, side="ours"),
)

LABELS: dict[str, str] = {
    "config.settings": "设置",
    "config.cities": "城市文件",
    "config.secrets": "密钥",
    "config.secrets_folder": "密钥文件夹",
    "config.web": "网页登录",
    "config.regions": "地区覆盖",
    "ledger.open": "台账可读",
    "ledger.writable": "台账可写",
    "ledger.clock": "时钟",
    "ledger.leftovers": "断掉的运行",
    "master.in_force": "基本目录生效",
    "master.age": "基本目录新旧",
    "alerts.channels": "告警渠道",
    "alerts.owner": "渠道负责人",
    "alerts.reach": "告警去处",
    "alerts.secrets": "渠道密钥",
    "alerts.fallback": "备用渠道",
    "alerts.tested": "渠道试发",
    "alerts.waiting": "告警积压",
    "alerts.undelivered": "未送达的告警",
    "disk.free": "磁盘空间",
    "folder.data": "数据文件夹",
    "folder.receipts": "回执文件夹",
    "folder.half_files": "半成品文件",
    "calendar.next_year": "工作日历",
    "egress.probe": "省平台出口",
    "city.dns": "域名",
    "city.tcp": "端口",
    "city.tls": "证书",
    "city.auth": "凭据",
    "city.answer": "应答",
    "city.drop": "文件",
    "city.drop_age": "文件新旧",
    "city.drop_rights": "文件权限",
    "city.manifest": "清单",
    "city.encoding": "编码",
    "city.envelope": "外层结构",
    "city.page_size": "每页条数",
    "city.first_page": "首页编号",
    "city.second_page": "翻页",
    "city.total": "声明总数",
    "city.nodes": "多节点",
    "city.clock": "市级时钟",
    "city.changes": "变更接口",
    "city.tables": "数据表",
    "city.rights": "账号权限",
    "city.pull": "试拉",
    "city.legible": "乱码",
    "city.schema": "字段",
    "city.codes": "编码规则",
    "city.values": "取值",
    "city.region": "区划",
    "kit.manifest": "城市端清单",
    "kit.token": "城市端令牌",
    "kit.pages": "城市端分页",
    "kit.order": "城市端键序",
    "kit.count": "城市端行数",
    "kit.digest": "城市端摘要",
    "kit.bulk": "城市端整体",
    "kit.keys": "城市端按键取行",
    "kit.tree": "城市端摘要树",
    "kit.changes": "城市端变更",
    "kit.gone": "城市端过期快照",
    "kit.immutable": "城市端快照不变",
    "kit.read_only": "城市端只读",
    "kit.limit": "城市端页长",
    "kit.openapi": "城市端文档",
}


def links() -> tuple[Link[Any], ...]:
    """Return every link of every chain; an id that several kinds of source share comes several times."""
    return (
        *CONFIGURATION,
        *LEDGER,
        *ALERTS,
        *MACHINE,
        *web.LINKS,
        *database.LINKS,
        *drop.LINKS,
        *pulled.LINKS,
        *conformance.LINKS,
    )
