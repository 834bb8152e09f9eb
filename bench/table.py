"""One table of contenders: medians, ratios to ours, and whether each answer is the injected truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bench.process import Timing

HEAD = (
    "| {what} | wall s | CPU s | of it the task | CPU, ours = 1 | task CPU, ours = 1 | peak MiB | answer |\n"
    "| --- | --- | --- | --- | --- | --- | --- | --- |"
)


@dataclass
class Table:
    """Contenders of one task; ``truth``: what each must answer; ``base``: the contender all others are divided by."""

    title: str
    truth: object
    base: str = "ours"
    rows: dict[str, Timing | str] = field(default_factory=dict)

    def add(self, name: str, timing: Timing | str) -> None:
        """Take one contender's figures, or why it was left out."""
        self.rows[name] = timing

    @property
    def wrong(self) -> list[str]:
        """Return the contenders whose answer is not the truth."""
        timed = {name: row for name, row in self.rows.items() if isinstance(row, Timing)}
        return [name for name, row in timed.items() if row.answer != self.truth]

    def text(self, labels: Mapping[str, str]) -> str:
        """Return the table as Markdown; ``labels``: contender → what people call it."""
        lines = [f"### {self.title}", "", HEAD.format(what="contender")]
        lines += [self._line(name, labels.get(name, name), row) for name, row in self.rows.items()]
        return "\n".join(lines) + "\n"

    def _line(self, name: str, label: str, row: Timing | str) -> str:
        if isinstance(row, str):
            return f"| {label} | left out: {row} | | | | | | |"
        base = self.rows[self.base]
        whole, part = "–", "–"
        if isinstance(base, Timing):
            whole = f"{row.cpu / base.cpu:.2f}"
            if row.phase_cpu and base.phase_cpu:
                part = f"{row.phase_cpu / base.phase_cpu:.2f}"
        right = "wrong" if name in self.wrong else "the truth"
        phase = "–" if row.phase_cpu is None else f"{row.phase_cpu:.2f}"
        return (
            f"| {label} | {row.wall:.2f} | {row.cpu:.2f} | {phase} | {whole} | {part} | {row.peak_mib:.0f} | {right} |"
        )
