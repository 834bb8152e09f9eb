"""The command line as a tree: every verb, its options, and whether a line somebody may type is one of them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from cyclopts import App, CycloptsError

from citysync.cli.main import app
from citysync.cli.places import Places

SHARED = frozenset(f"--{name.replace('_', '-')}" for name in Places.__dataclass_fields__)
_LINE = re.compile(r"^(?:\$ )?(?:\S*/)?citysync (.*)$")
_INLINE = re.compile(r"`(?:\S*/)?citysync ([^`\n]+)`")


def verbs(tree: App = app, path: tuple[str, ...] = ()) -> Iterator[tuple[str, App]]:
    """Yield each verb as it is typed (``master import``) with its own app."""
    for name in tree:
        if name.startswith("-"):
            continue
        below = tree[name]
        inner = list(verbs(below, (*path, name)))
        if inner:
            yield from inner
        else:
            yield " ".join((*path, name)), below


def options(verb: App) -> set[str]:
    """Return a verb's options as they are typed; flags have no negative form."""
    names = {argument.names[0] for argument in verb.assemble_argument_collection() if argument.show}
    return {name for name in names if name.startswith("--")}


def typed(text: str) -> list[str]:
    """Return the command lines of a block: what follows ``citysync``, without comments and what follows ``&&``."""
    lines = (found[1] for line in text.splitlines() if (found := _LINE.match(line.strip())))
    return [" ".join(shlex.split(line.split("&&")[0], comments=True)) for line in lines]


def mentioned(text: str) -> list[str]:
    """Return the command lines that stand inside a sentence, between backticks."""
    return _INLINE.findall(text)


def refusal(line: str) -> str | None:
    """Return why a whole command line would be refused, None if it would run."""
    tokens = shlex.split(line)
    if set(tokens) & {"--help", "--version"}:
        return None if mention_refusal(line) is None else f"{line}: no such verb"
    try:
        app.parse_args(tokens, exit_on_error=False, print_error=False)
    except CycloptsError as error:
        return f"{line}: {error}"
    return None


def mention_refusal(line: str) -> str | None:
    """Return why a line of a sentence, arguments perhaps left out, names no verb or option; None if it does."""
    known = dict(verbs())
    words = [word for word in line.split(" ") if word]
    given = [word for word in words if word.startswith("--")]
    if words[:1] == ["VERB"] or set(words) <= {"--help", "--version"}:
        return None
    name = next((" ".join(words[:size]) for size in (2, 1) if " ".join(words[:size]) in known), None)
    if name is None:
        return None if words[0] in list(app) and len(words) == 1 else f"{line}: no such verb"
    strange = set(given) - options(known[name]) - {"--help"}
    return f"{line}: no such option {', '.join(sorted(strange))}" if strange else None
