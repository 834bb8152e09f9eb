"""Several pieces as few messages: split by bytes at the ends of lines, never inside a character. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from citysync.domain.alert import Entry

GAP = "\n\n"
_MARK = 24  # bytes kept for 【citysync】（12/34）
_MORE = "…（余下见 citysync status）"


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one channel: its text, and the pieces it holds (the last part of a long one closes it)."""

    title: str
    text: str
    entries: tuple[Entry, ...]


def messages(entries: Sequence[Entry], limit: int) -> list[Message]:
    """Return the pieces in as few messages as fit, in their order; no message has more than ``limit`` bytes.

    A piece that fits into one message is not torn; a longer one is split at line ends, a longer line at characters.
    """
    parts = [part for entry in entries for part in _parts(entry, limit - _MARK)]
    packed: list[list[tuple[str, Entry, bool]]] = []
    for part in parts:
        if packed and _size(GAP.join([*(text for text, _, _ in packed[-1]), part[0]])) <= limit - _MARK:
            packed[-1].append(part)
        else:
            packed.append([part])
    return [_message(group, number, len(packed)) for number, group in enumerate(packed, start=1)]


def _message(group: Sequence[tuple[str, Entry, bool]], number: int, of: int) -> Message:
    mark = "" if of == 1 else f"（{number}/{of}）\n"
    finished = tuple(entry for _, entry, last in group if last)
    return Message(group[0][1].title, mark + GAP.join(text for text, _, _ in group), finished)


def _parts(entry: Entry, limit: int) -> list[tuple[str, Entry, bool]]:
    texts = _split(entry.text, limit)
    return [(text, entry, place == len(texts)) for place, text in enumerate(texts, start=1)]


def _split(text: str, limit: int) -> list[str]:
    found: list[str] = []
    for line in _short_lines(text.split("\n"), limit):
        if found and _size(f"{found[-1]}\n{line}") <= limit:
            found[-1] = f"{found[-1]}\n{line}"
        else:
            found.append(line)
    return found


def _short_lines(lines: Iterable[str], limit: int) -> Iterable[str]:
    for line in lines:
        rest = line
        while _size(rest) > limit:
            head = rest.encode()[:limit].decode(errors="ignore")
            yield head
            rest = rest[len(head) :]
        yield rest


def _size(text: str) -> int:
    return len(text.encode())
