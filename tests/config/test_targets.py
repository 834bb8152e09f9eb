"""Targets come from one file beside the cities, and a wrong one is refused with what may stand there."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from citysync.config.targets import FILE, load_targets
from citysync.domain.errors import ConfigError


def test_no_file_means_no_targets(tmp_path: Path) -> None:
    assert load_targets(tmp_path) == ()


def test_a_percentage_is_read_exactly(tmp_path: Path) -> None:
    text = '[[target]]\nmeasure = "onboard"\npercent = 95.98\nby = 2026-12-31\ndocument = "粤办函〔2026〕1号"\n'
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    (target,) = load_targets(tmp_path)
    assert (target.measure, target.percent, target.by) == ("onboard", Fraction(9_598, 100), date(2026, 12, 31))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('measure = "onbord"\npercent = 95\nby = 2026-12-31', "没有名为 onbord 的指标"),
        ('measure = "onboard"\npercent = 101\nby = 2026-12-31', "target.0.percent"),
        ('measure = "onboard"\npercent = 95\nby = "2026-12-31"', "target.0.by"),
        ('measure = "onboard"\npercent = 95\nby = 2026-12-31\ntil = 1', "target.0.til"),
        ("measure = onboard", "TOML 写法有误"),
    ],
)
def test_a_wrong_target_is_refused_naming_the_file_and_the_key(tmp_path: Path, line: str, said: str) -> None:
    (tmp_path / FILE).write_text(f"[[target]]\n{line}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=said):
        load_targets(tmp_path)
