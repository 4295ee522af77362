"""What a join shows, as sections of rows. Keys of rows: what they are about, and which one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.join.asking import Logins, what_logins_mean
from pve_auth_tui.core.join.model import JoinCheck, JoinReport, Topic
from pve_auth_tui.core.words import count_words, listed
from screens.join_flow import ORDER, Flow, Step
from widgets.sections import Entry, Section

NEED: Final = "need:"
TOPIC: Final = "topic:"
WHO: Final = "who:"
WISH: Final = "wish:"
TROUBLE: Final = "trouble"
ROLLED: Final = "rolled"
LEFT: Final = "left:"
NEXT: Final = "next:"
DOMAIN: Final = "domain"
"""Keys of the rows, or what they begin with."""

BEFORE: Final = tuple(Topic)[: tuple(Topic).index(Topic.SSSD)]
"""What is looked at before a join."""

_SIGNS: Final = 5
_UNNAMED: Final = "not named yet: enter names it"
_NEXT: Final = {
    "a": ("User of PVE", "adds somebody of the domain to PVE, in realm pam"),
    "p": ("Logins", "others may log in from now on"),
    "l": ("Leave", "takes this node out of the domain again"),
}


def stages_line(step: Step, room: int) -> str:
    """Line 2 at the right: all of them, where there is room."""
    for short in (False, True):
        names = (one.value.split()[0] if short else one.value for one in ORDER)
        each = zip(ORDER, names, strict=True)
        text = " ─ ".join(f"[{name.upper()}]" if one is step else name for one, name in each)
        if len(text) <= room:
            return text
    return f"{ORDER.index(step) + 1}/{len(ORDER)} {step.value}"


def heading(flow: Flow) -> str:
    """Line 2 at the left."""
    node = flow.state.short if flow.state else ""
    if flow.step is Step.PROOF:
        return f"{node or 'This node'} in {flow.domain}"
    return f"Join {node or 'this node'}{f' to {flow.domain}' if flow.domain else ''}"


def sections(flow: Flow, *, runs: bool = False, folds: bool = False) -> list[Section]:
    """`runs`: something is being looked at; `folds`: what is well may become one row."""
    return [one._replace(folds=folds) for one in _sections(flow, runs=runs)]


def _sections(flow: Flow, *, runs: bool) -> list[Section]:
    if flow.step is Step.NEED:
        return [_section(_needs(flow))]
    if flow.step is Step.CHECK:
        return [_section(_topics(flow, flow.report, BEFORE, runs=runs))]
    if flow.step is Step.WHO:
        return [_section(_who(flow))]
    if flow.step is Step.JOIN:
        return [_section([*_outcome(flow), *_wish(flow)])]
    seen = tuple(check.topic for check in flow.proof.checks) if flow.proof else ()
    after = [topic for topic in Topic if topic in seen or (runs and topic not in BEFORE)]
    proof = _section(_topics(flow, flow.proof, after, runs=runs))
    return [proof, Section("Afterwards", tuple(_afterwards(flow)), signs=1)]


def first_row(flow: Flow) -> str:
    """Where the cursor begins: the first BAD, else the first LOOK, else the first row."""
    report = {Step.CHECK: flow.report, Step.PROOF: flow.proof}.get(flow.step)
    for word in ("BAD", "LOOK"):
        for check in report.checks if report else ():
            if check.word == word:
                return TOPIC + check.topic.name
    entries = (entry for each in sections(flow) for entry in each.entries)
    return next((entry.key for entry in entries), "")


def _section(entries: Sequence[Entry]) -> Section:
    return Section("", tuple(entries), signs=_SIGNS, most=30)


def _needs(flow: Flow) -> list[Entry]:
    named = Entry(DOMAIN, "ok" if flow.domain else "-", "Domain", flow.domain or _UNNAMED)
    found = (Entry(f"{NEED}{at}", one.word, one.text) for at, one in enumerate(flow.needs))
    return [named, *found]


def _topics(
    flow: Flow, report: JoinReport | None, topics: Sequence[Topic], *, runs: bool
) -> list[Entry]:
    seen = {check.topic for check in report.checks} if report else set()
    waits = next((topic for topic in topics if topic not in seen), None) if runs else None
    entries = []
    for topic in topics:
        check = report.at(topic) if report else JoinCheck(topic, "-", "not looked at yet")
        word: str = check.word
        text = check.text
        if runs and topic not in seen:
            word, text = "", "..." if topic is waits else ""
        title = topic_title(topic, flow)
        text = text.removeprefix(f"{title.rpartition(' ')[2]} ")  # it stands beside it
        entries.append(Entry(TOPIC + topic.name, word, title, text or " "))
    return entries


def topic_title(topic: Topic, flow: Flow) -> str:
    """With the name of the account that it is about."""
    if topic is not Topic.ACCOUNT:
        return str(topic.value)
    computer = flow.computer or (flow.state.computer if flow.state else "")
    return f"{topic.value} {computer}$" if computer else topic.value


def _who(flow: Flow) -> list[Entry]:
    if flow.logins is None:
        return [Entry(f"{WHO}ask", "-", "Nobody has said yet who may log in: e names them.")]
    rows = [Entry(f"{WHO}may", "ok", "May log in", _named(flow))]
    means = what_logins_mean(flow.domain, flow.logins, flow.users, flow.groups)
    rows += [Entry(f"{WHO}{at}", one.word, one.text) for at, one in enumerate(means)]
    homes = "made at the first login" if flow.homes else "not made"
    return [*rows, Entry(f"{WHO}homes", "ok", "Homes", homes)]


def _named(flow: Flow) -> str:
    if flow.logins is not Logins.NAMED:
        return flow.logins.value if flow.logins else ""
    groups = f"group {listed(flow.groups)}" if len(flow.groups) == 1 else ""
    if len(flow.groups) > 1:
        groups = f"groups {listed(flow.groups)}"
    return "; ".join(text for text in (groups, listed(flow.users)) if text)


def _wish(flow: Flow) -> list[Entry]:
    own = flow.state.computer if flow.state else ""
    rows = (
        ("Domain", flow.domain),
        ("Joined by", flow.user),
        ("Account", f"{flow.computer or own}$"),
        ("Place", flow.ou or "the domain's own for computers"),
        ("May log in", _named(flow)),
    )
    return [Entry(f"{WISH}{title}", "-", title, text) for title, text in rows]


def _outcome(flow: Flow) -> list[Entry]:
    """What came of the plan; nothing before it was run."""
    error = trouble_of(flow)
    rows = [Entry(TROUBLE, "BAD", "Join", str(error))] if error else []
    done = flow.done
    if done is None:
        return rows
    left = [Entry(f"{LEFT}{at}", "BAD", "Left", text) for at, text in enumerate(done.left)]
    if flow.refused is not None:  # of the try before only what is left of it matters still
        return rows + left
    if done.report.stopped and error is None:
        rows.append(Entry(TROUBLE, "LOOK", "Join", "You stopped it."))
    if done.rolled_back is not None:
        well = done.rolled_back.ok and not done.left
        text = "all of it" if well else "not all of it: see below"
        rows.append(Entry(ROLLED, "ok" if well else "BAD", "Rolled back", text))
    return rows + left


def trouble_of(flow: Flow) -> AuthTuiError | None:
    """Why the join did not go as planned, or was not begun."""
    if flow.refused is not None:
        return flow.refused
    failed = flow.done.report.trouble if flow.done else None
    return failed.error if failed else None


def _afterwards(flow: Flow) -> list[Entry]:
    rows = [Entry(NEXT + key, key, *texts) for key, texts in _NEXT.items()]
    others = next(
        (
            report.at(Topic.OTHERS)
            for report in (flow.proof, flow.report)
            if report and report.at(Topic.OTHERS).word not in ("-", "ok")
        ),
        None,
    )
    if others:
        rows.insert(0, Entry(f"{NEXT}others", "-", Topic.OTHERS.value, others.text))
    return rows


def count_sentence(report: JoinReport) -> str:
    """`10 checks: 7 ok, 2 to look at, 1 bad. Nothing has been changed.`"""
    words = [check.word for check in report.checks]
    counts = (("ok", "ok"), ("LOOK", "to look at"), ("BAD", "bad"), ("-", "not looked at"))
    each = [f"{words.count(word)} {name}" for word, name in counts if word in words]
    return f"{count_words(len(words), 'check', 'checks')}: {', '.join(each)}. Nothing was changed."
