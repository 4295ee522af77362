"""What is known of one row of a join, and what can be done about it."""

from __future__ import annotations

from typing import Final

from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.host.trouble import HostTrouble
from pve_auth_tui.core.join.asking import BEFORE_THE_JOIN
from pve_auth_tui.core.join.astext import listed
from pve_auth_tui.core.join.model import JoinAdvice, JoinCheck, JoinFix, Topic
from pve_auth_tui.core.join.words import advice, advice_of
from pve_auth_tui.core.listing import Line
from screens.join_flow import Flow, Step
from screens.join_rows import DOMAIN, NEED, TOPIC, TROUBLE, sections, topic_title, trouble_of
from widgets.sections import FOLDED

_DIGITS: Final = 9


def check_at(flow: Flow, key: str) -> JoinCheck | None:
    """The check that a row is of."""
    report = flow.proof if flow.step is Step.PROOF else flow.report
    name = key.removeprefix(TOPIC)
    if report is None or name == key:
        return None
    return report.at(Topic[name])


def advice_at(flow: Flow, key: str) -> JoinAdvice | None:
    """What is told of the row; None where nothing is wrong with it."""
    error = trouble_of(flow)
    if key == TROUBLE and error is not None:
        causes = error.causes if isinstance(error, HostTrouble) else ()
        return advice(causes[0], **_context(flow)) if causes else None
    check = check_at(flow, key)
    return advice_of(check, **_context(flow)) if check and check.causes else None


def _context(flow: Flow) -> dict[str, str]:
    """What the words of a cause may name."""
    node = flow.state.short if flow.state else ""
    computer = flow.computer or (flow.state.computer if flow.state else "")
    found = {"domain": flow.domain, "node": node, "computer": computer}
    return {**found, "user": flow.user, "ou": flow.ou}


def fixes_at(flow: Flow, key: str) -> dict[int, JoinFix]:
    """What can be done about it, by the digit that takes it."""
    found = advice_at(flow, key)
    return dict(enumerate(found.fixes[:_DIGITS], start=1)) if found else {}


def details(flow: Flow, key: str) -> tuple[str, list[Line]]:
    """Of the row under the cursor, for the pane: a heading, and what and why."""
    if key == DOMAIN:
        text = "The DNS name of the Active Directory domain. Enter names another one."
        return "Domain", [Line(text, "What"), Line(BEFORE_THE_JOIN, "Next")]
    if key.startswith(NEED):
        found = flow.needs[int(key.removeprefix(NEED))]
        lines = [Line(found.text, "What"), Line(found.fix, "Next")]
        return "Do you need this?", [line for line in lines if line.text]
    if key == FOLDED:
        return "What is well", folded_lines(flow)
    told = advice_at(flow, key)
    check = check_at(flow, key)
    title = topic_title(check.topic, flow) if check else _title(flow, key)
    lines = _advice_lines(told) if told else _plain_lines(flow, key, check)
    if flow.step is Step.CHECK:
        lines.append(Line(BEFORE_THE_JOIN, "Next"))
    return title, lines


def _title(flow: Flow, key: str) -> str:
    entries = (entry for each in sections(flow) for entry in each.entries)
    return next((entry.title for entry in entries if entry.key == key), "")


def _plain_lines(flow: Flow, key: str, check: JoinCheck | None) -> list[Line]:
    if check is not None:
        return [Line(check.text, "What"), *(Line(text, head) for head, text in listed(check.facts))]
    error = trouble_of(flow)
    if key == TROUBLE and error is not None:
        lines = [Line(str(error), "What"), Line(error.hint, "Next")]
        return [line for line in lines if line.text]
    entries = (entry for each in sections(flow) for entry in each.entries)
    return [Line(entry.text) for entry in entries if entry.key == key and entry.text.strip()]


def _advice_lines(told: JoinAdvice) -> list[Line]:
    lines = [Line(told.what, "What"), Line(told.now, "Now")]
    fixes = [Line(fix.text, f"Fix {at}") for at, fix in enumerate(told.fixes[:_DIGITS], start=1)]
    return [*(line for line in lines if line.text), *fixes]


def all_lines(flow: Flow, key: str) -> list[Line]:
    """Everything that is known of the row: advice, facts, and the tool's own words."""
    _, lines = details(flow, key)
    check, error = check_at(flow, key), trouble_of(flow)
    if check is not None:
        lines = [Line(check.text, "Result", check.word), *lines]
        if check.causes:
            lines.append(Line(", ".join(cause.value for cause in check.causes), "Cause"))
            lines += [Line(text, heading) for heading, text in listed(check.facts)]
        lines += _original(check.original)
    elif key == TROUBLE and error is not None:
        if isinstance(error, HostTrouble):
            causes = ", ".join(cause.value for cause in error.causes)
            lines.append(Line(causes or "unknown", "Cause"))
        lines += output_lines(error)
    return lines


def output_lines(error: AuthTuiError) -> list[Line]:
    """What the tool printed, as it is, and the file that holds it."""
    record = error.record if isinstance(error, HostTrouble) else ""
    lines = [Line(record, "File")] if record else []
    return [*lines, *_original(error.original)]


def folded_lines(flow: Flow) -> list[Line]:
    """What stands behind the one row of all that is well."""
    entries = (entry for each in sections(flow) for entry in each.entries)
    return [Line(entry.text, entry.title, "ok") for entry in entries if entry.sign == "ok"]


def _original(text: str) -> list[Line]:
    return [Line(""), *(Line(one) for one in text.splitlines())] if text else []
