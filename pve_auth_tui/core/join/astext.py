"""What was looked at of a domain as plain text: for a file and for the command line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from pve_auth_tui.core.join.model import JoinCheck, JoinReport, Membership
from pve_auth_tui.core.join.words import advice_of
from pve_auth_tui.core.plain import cells, fit, plain
from pve_auth_tui.core.realmtest.astext import headed, wrapped
from pve_auth_tui.core.realmtest.report import Fact
from pve_auth_tui.core.realmtest.titles import seconds_text
from pve_auth_tui.core.words import count_words

_WORD: Final = 6
_TOPIC: Final = 14
_SPENT: Final = 8
_HEADING: Final = 13


def report_text(report: JoinReport, title: str, width: int | None) -> str:
    """The table, then what is to be looked at with all that was seen, then the summary."""
    return "".join(f"{line.rstrip()}\n" for line in _lines(report, title, width))


def membership_text(one: Membership, width: int | None) -> str:
    """What realmd tells of a domain."""
    rows = (
        ("Domain", one.domain),
        ("Kerberos", one.realm),
        ("Server", one.server_software),
        ("Client", one.client_software),
        ("Joined", one.configured or "no"),
        ("Policy", one.policy),
        ("Users", ", ".join(one.permitted_users)),
        ("Groups", ", ".join(one.permitted_groups)),
        ("Packages", ", ".join(one.packages)),
    )
    lines = [line for name, text in rows if text for line in headed(name, text, width)]
    return "".join(f"{line.rstrip()}\n" for line in lines)


def summary(report: JoinReport) -> str:
    """How many are well; that nothing was changed."""
    words = [check.word for check in report.checks]
    named = (("ok", "ok"), ("LOOK", "to look at"), ("BAD", "bad"), ("-", "not reached"))
    told = [f"{words.count(word)} {text}" for word, text in named if word in words]
    end = " It was stopped." if report.stopped else ""
    checks = count_words(len(words), "check", "checks")
    return f"{checks}: {', '.join(told)}.{end} Nothing has been changed."


def _lines(report: JoinReport, title: str, width: int | None) -> Iterator[str]:
    yield from wrapped(plain(title), width)
    yield ""
    for check in report.checks:
        yield _row(check, width)
    for check in report.checks:
        if check.causes or check.word in ("LOOK", "BAD"):
            yield ""
            yield from _told(check, report.domain, width)
    yield ""
    yield from wrapped(summary(report), width)


def _row(check: JoinCheck, width: int | None) -> str:
    begin = f"{check.word:<{_WORD}}{check.topic.value:<{_TOPIC}} "
    text = plain(check.text)
    spent = "" if check.seconds is None else seconds_text(check.seconds)
    if width is None:
        return f"{begin}{text}"
    room = max(1, width - cells(begin))
    if room > cells(text) + _SPENT:
        return f"{begin}{fit(text, room - _SPENT)}{spent:>{_SPENT}}"
    return f"{begin}{fit(text, room)}"


def _told(check: JoinCheck, domain: str, width: int | None) -> Iterator[str]:
    """The tool's own words stand there only where something is bad: apt's preview is 200 lines."""
    yield from wrapped(plain(f"{check.topic.value}: {check.word}"), width)
    said = advice_of(check, domain=domain)
    lines = [("Seen", check.text), ("What", said.what), ("Now", said.now)]
    lines += [(f"Fix {number}", fix.text) for number, fix in enumerate(said.fixes, 1)]
    lines.append(("Cause", ", ".join(cause.value for cause in check.causes)))
    lines += listed(check.facts)
    if check.word == "BAD":
        lines += [("Original", line) for line in check.original.splitlines()]
    told = [(heading, text) for heading, text in lines if text]
    room = max(_HEADING, *(cells(plain(heading)) + 1 for heading, _ in told))
    for heading, text in told:
        yield from headed(heading, text, width, room=room)


def listed(facts: Iterable[Fact]) -> list[tuple[str, str]]:
    """Every heading once, with all that stands under it."""
    found: dict[str, list[str]] = {}
    for fact in facts:
        found.setdefault(fact.heading, []).append(fact.text)
    return [(heading, ", ".join(texts)) for heading, texts in found.items()]
