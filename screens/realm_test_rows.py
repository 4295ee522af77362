"""What a realm's test shows, as rows and lines: a row for each stage, a column for each server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from pve_auth_tui.core.directory.settings import DirectorySettings
from pve_auth_tui.core.listing import Column, Line, Row
from pve_auth_tui.core.plain import cells, fit, plain
from pve_auth_tui.core.realmtest.report import Advice, Check, Fix, RealmTest, Stage
from pve_auth_tui.core.realmtest.words import stage_title

SIDE_BY_SIDE: Final = 80
"""Columns of a terminal from which on both servers are shown."""

_MARGIN, _GAP = 3, 2  # as the table has them
_TITLE: Final = 26  # columns of a stage with its number
_TITLE_NARROW: Final = 19
_WORD: Final = 6
_TIMED: Final = 22  # columns of a server from which on times are shown
_DIGITS: Final = 9


def server_name(settings: DirectorySettings, server: str) -> str:
    """With what the second one is for."""
    return f"{server} (fallback)" if server in settings.servers[1:] else server


def shown_servers(settings: DirectorySettings, chosen: str, width: int) -> tuple[str, ...]:
    """Both side by side where they have room, else the chosen one."""
    return settings.servers if width >= SIDE_BY_SIDE else (chosen,)


def columns(settings: DirectorySettings, chosen: str, width: int) -> tuple[Column, ...]:
    """For a table as wide as the terminal; the chosen one of several servers is in brackets."""
    shown = shown_servers(settings, chosen, width)
    title, room = _widths(len(shown), width)
    several = len(settings.servers) > 1
    heads = (_head(settings, server, room, chosen if several else "") for server in shown)
    return (Column("", title), *(Column(head, room) for head in heads))


def _head(settings: DirectorySettings, server: str, room: int, chosen: str) -> str:
    left, right = ("[", "]") if server == chosen else ("", "")
    whole = f"{left}{server_name(settings, server)}{right}"
    return whole if cells(plain(whole)) <= room else f"{left}{server}{right}"


def _widths(servers: int, width: int) -> tuple[int, int]:
    """Columns of a stage's title, and of each server."""
    narrow = width < SIDE_BY_SIDE and width - _MARGIN - _TITLE - _GAP < _TIMED
    title = _TITLE_NARROW if narrow else _TITLE
    gap = 1 if narrow else _GAP
    return title, max(3, (width - _MARGIN - title) // max(1, servers) - gap)


def rows(test: RealmTest, chosen: str, width: int, waits: Mapping[str, Stage | None]) -> list[Row]:
    """`waits`: the stage that is gone through now at each server, while the test runs."""
    settings = test.settings
    shown = shown_servers(settings, chosen, width)
    _, room = _widths(len(shown), width)
    return [
        Row(
            stage.value,
            (
                f"{number:>2} {stage_title(stage, settings)}",
                *(_cell(test, stage, server, room, waits) for server in shown),
            ),
        )
        for number, stage in enumerate(Stage, start=1)
    ]


def _cell(
    test: RealmTest, stage: Stage, server: str, room: int, waits: Mapping[str, Stage | None]
) -> str:
    known = any((one.stage, one.server) == (stage, server) for one in test.checks)
    if server in waits and not known:
        return "..." if waits[server] is stage else ""
    check = test.at(stage, server)
    text = "l tries one" if stage is Stage.LOGIN and not known else plain(check.text)
    spent = spent_words(check.seconds)
    left = f"{check.word:<{_WORD}}"
    if room < _TIMED or not spent:
        return left + text
    return left + fit(text, room - _WORD - len(spent) - 1) + f" {spent}"


def spent_words(seconds: float | None) -> str:
    """`3 ms`, `0.6 s`; "" where nothing was timed."""
    if seconds is None:
        return ""
    return f"{seconds * 1000:.0f} ms" if seconds < 0.1 else f"{seconds:.1f} s"


# --- one check -----------------------------------------------------------------------------


def check_heading(check: Check, test: RealmTest) -> str:
    """`4 Certificate of dc02.example.com`"""
    number = list(Stage).index(check.stage) + 1
    title = stage_title(check.stage, test.settings)
    server = f" at {server_name(test.settings, check.server)}" if check.server else ""
    return f"{number} {title}{server}"


def numbered(advice: Advice) -> dict[int, Fix]:
    """The fixes by the digit that takes them."""
    return dict(enumerate(advice.fixes[:_DIGITS], start=1))


def advice_lines(advice: Advice) -> list[Line]:
    """What is wrong, what that means now, and what can be done."""
    lines = [Line(advice.what, "What"), Line(advice.now, "Now")]
    fixes = [Line(fix.text, f"Fix {digit}") for digit, fix in numbered(advice).items()]
    return [*(line for line in lines if line.text), *fixes]


def all_lines(check: Check, advice: Advice) -> Sequence[Line]:
    """Everything that is known: the advice, then what was seen, then the server's own words."""
    lines = [Line(check.text, "Result", check.word), *advice_lines(advice)]
    if check.causes:
        lines.append(Line(", ".join(cause.value for cause in check.causes), "Cause"))
    lines += [Line(fact.text, fact.heading) for fact in check.facts]
    if check.seconds is not None:
        lines.append(Line(spent_words(check.seconds), "Took"))
    if check.original:
        lines.append(Line(check.original, "Original"))
    return lines
