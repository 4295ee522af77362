"""A realm's test as plain text: for a file and for the command line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import Final

from pve_auth_tui.core.plain import cells, fit, plain
from pve_auth_tui.core.realmtest.advice import advice
from pve_auth_tui.core.realmtest.report import Check, RealmTest, Stage
from pve_auth_tui.core.realmtest.titles import seconds_text, stage_title, summary

_WIDTH: Final = 80
_SIDE_BY_SIDE: Final = 76  # cells, for two servers beside each other
_TITLE: Final = 27
_WORD: Final = 6
_SPENT: Final = 7
_HEADING: Final = 13
_BESIDE: Final = 32  # cells, from which on a text stands beside its heading
_LEAST: Final = 12  # cells of a title where there is little room
_TYPES: Final = {"ad": "Active Directory", "ldap": "LDAP"}


def report_text(test: RealmTest, width: int | None = _WIDTH) -> str:
    """The table, then what is to be looked at with all that was seen, then the summary.

    `width` in cells; None for lines as long as they are. No secret is in a test.
    """
    return "".join(f"{line.rstrip()}\n" for line in _lines(test, width))


def check_text(check: Check, test: RealmTest, width: int | None = _WIDTH) -> str:
    """One check with its advice and its facts."""
    return "".join(f"{line.rstrip()}\n" for line in _told(check, test, width))


def _lines(test: RealmTest, width: int | None) -> Iterator[str]:
    settings = test.settings
    state = "" if test.saved else ", not saved yet"
    kind = _TYPES[settings.kind]
    yield from wrapped(plain(f"Test of realm {settings.realm} ({kind}){state}"), width)
    yield ""
    servers = settings.servers
    if width is None or width >= _SIDE_BY_SIDE or len(servers) == 1:
        yield from _table(test, servers, width)
    else:
        for server in servers:
            yield from _table(test, (server,), width)
            yield ""
    for check in test.checks:
        if check.causes:
            yield ""
            yield from _told(check, test, width)
    yield ""
    yield from wrapped(summary(test), width)


def _table(test: RealmTest, servers: Sequence[str], width: int | None) -> Iterator[str]:
    settings = test.settings
    stages = [one for one in Stage if one is not Stage.LOGIN or _tried(test)]
    titles = [
        f"{number:>2} {plain(stage_title(one, settings))}" for number, one in enumerate(stages, 1)
    ]
    heads = [plain(f"{one} (fallback)" if one in settings.servers[1:] else one) for one in servers]
    cut = [[_cell(test.at(stage, server)) for stage in stages] for server in servers]
    if width is None:
        room = max(map(cells, titles))
        each = [
            max(cells(head), *(cells(text) + 1 + _SPENT for text, _ in column))
            for head, column in zip(heads, cut, strict=True)
        ]
    else:
        room = max(min(_LEAST, width // 3), min(_TITLE, width - _WORD - _SPENT - 8))
        each = [max(1, (width - room) // len(servers) - 2)] * len(servers)
    yield "  ".join((" " * room, *map(fit, heads, each)))
    for row, title in enumerate(titles):
        shown = (_shown(*column[row], size) for column, size in zip(cut, each, strict=True))
        yield "  ".join((fit(title, room), *shown))


def _tried(test: RealmTest) -> bool:
    return any(check.stage is Stage.LOGIN for check in test.checks)


def _cell(check: Check) -> tuple[str, str]:
    """What stands at the left and at the right."""
    spent = "" if check.seconds is None else seconds_text(check.seconds)
    return f"{check.word:<{_WORD}}{plain(check.text)}", spent


def _shown(text: str, spent: str, size: int) -> str:
    """The time goes first where there is no room for both."""
    if cells(text) + 1 + len(spent) > size:
        return fit(text, size)
    return f"{fit(text, size - len(spent))}{spent}"


def _told(check: Check, test: RealmTest, width: int | None) -> Iterator[str]:
    number = list(Stage).index(check.stage) + 1
    title = stage_title(check.stage, test.settings)
    where = f" at {check.server}" if check.server else ""
    yield from wrapped(plain(f"{number} {title}{where}: {check.word}"), width)
    said = advice(check, test)
    lines = [("What", said.what), ("Now", said.now)]
    lines += [(f"Fix {number}", fix.text) for number, fix in enumerate(said.fixes, 1)]
    lines.append(("Cause", ", ".join(cause.value for cause in check.causes)))
    lines += [(fact.heading, fact.text) for fact in check.facts]
    lines.append(("Original", check.original))
    for heading, text in lines:
        if text:
            yield from headed(heading, text, width)


def headed(heading: str, text: str, width: int | None, *, room: int = _HEADING) -> Iterator[str]:
    """A heading that has so much `room`, and text beside it; both untrusted."""
    if width is not None and width < _BESIDE:
        yield from wrapped(plain(heading), width)
        yield from wrapped(plain(text), width)
        return
    rest = None if width is None else width - room
    begin = fit(plain(heading), room - 1) + " "
    for line in wrapped(plain(text), rest):
        yield begin + line
        begin = " " * room


def wrapped(text: str, width: int | None) -> list[str]:
    """`plain` text in lines of at most `width` cells; words that are longer are broken."""
    if width is None or cells(text) <= width:
        return [text]
    wide = cells(text) > len(text)  # some letters take two cells
    return wrap(text, max(1, width // 2 if wide else width)) or [""]
