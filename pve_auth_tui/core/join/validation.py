"""How a membership does: what was asked afterwards, one row of the table each. Texts untrusted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from pve_auth_tui.core.finding import Word
from pve_auth_tui.core.host.ports import Said
from pve_auth_tui.core.join import realmd, seen
from pve_auth_tui.core.join.access import Access
from pve_auth_tui.core.join.causes import JoinCause
from pve_auth_tui.core.join.model import SNIPPET, JoinCheck, Membership, Topic
from pve_auth_tui.core.join.outcomes import classify, pam_said, telling
from pve_auth_tui.core.join.rows import row
from pve_auth_tui.core.realmtest.report import Fact
from pve_auth_tui.core.words import count_words, listed

UNIT: Final = "sssd.service"
SHOWN: Final = ("ActiveState", "SubState", "Result")
"""Properties to ask of systemd: `systemctl show --property=ActiveState,SubState,Result`."""


def member(memberships: Iterable[Membership], domain: str) -> JoinCheck:
    """Does `realm list` name the domain?"""
    every = tuple(memberships)
    found = realmd.joined(every, domain)
    if found:
        text = f"a member of {found.realm or found.domain}"
        return row(Topic.MEMBER, "ok", text)
    other = next((one.domain for one in every if one.configured), "")
    text = f"joined to {other}, not to {domain}" if other else f"not joined to {domain}"
    facts = (Fact(seen.OTHER_DOMAIN, other),) if other else ()
    return row(Topic.MEMBER, "BAD", text, JoinCause.NOT_MEMBER, facts=facts)


def properties(lines: Iterable[str]) -> dict[str, str]:
    """What `systemctl show` prints."""
    pairs = (line.partition("=") for line in lines)
    return {key.strip(): value.strip() for key, equals, value in pairs if equals}


def service(active: Said, shown: Mapping[str, str] | None = None) -> JoinCheck:
    """Does sssd run? `active`: of `systemctl is-active`; `shown`: `properties` of its unit.

    `sssctl config-check` is not asked: on Debian 13 it complains of realmd's own file.
    """
    state = active.out[0].strip() if active.out else ""
    details = shown or {}
    facts = [Fact(seen.UNIT, f"{key}: {value}") for key, value in details.items() if value]
    if state == "active":
        return row(Topic.SSSD, "ok", "runs", facts=facts)
    if details.get("Result") == "start-limit-hit":
        text = f"{state or 'not active'}: started too often"
        return row(Topic.SSSD, "BAD", text, JoinCause.START_LIMIT, facts=facts)
    word = state or telling(active) or "not active"
    if details.get("Result", "success") not in ("", "success"):
        text = f"{word}: did not start ({details['Result']})"
        return row(Topic.SSSD, "BAD", text, JoinCause.SSSD_CONFIG, facts=facts)
    return row(Topic.SSSD, "BAD", word, JoinCause.SSSD_DEAD, facts=facts, original=active.text)


def trust(said: Said) -> JoinCheck:
    """Does a DC take the computer's own password (`adcli testjoin`)?"""
    causes = classify(said, "testjoin")
    texts = {
        (): "a domain controller takes the computer's password",
        (JoinCause.TRUST_BROKEN,): "the domain refuses the computer's account or its password",
        (JoinCause.TRUST_UNKNOWN,): "no domain controller was reached",
        (JoinCause.TIMED_OUT,): "adcli did not end in time",
    }
    word: Word = "ok" if not causes else "BAD"
    if causes and causes[0] in (JoinCause.TRUST_UNKNOWN, JoinCause.TIMED_OUT):
        word = "LOOK"
    text = texts.get(causes) or telling(said)
    return row(Topic.TRUST, word, text, *causes, original=said.text)


def policy(
    membership: Membership,
    *,
    snippet: bool = False,
    elsewhere: Sequence[str] = (),
    found: Access | None = None,
) -> JoinCheck:
    """Who may log in, by realmd. `snippet`: the file that denies everybody is there. `elsewhere`:
    files that say who may log in, and of which realmd knows nothing. `found`: what sssd makes of
    its files: it takes empty lists for everybody, where realmd lists nobody.
    """
    domain = membership.domain
    named = (*membership.permitted_users, *membership.permitted_groups)
    closed = membership.policy in (realmd.ALLOW_SOME, realmd.DENY_ALL)
    facts = [Fact(seen.FOUND, one) for one in _said_names(membership)]
    if snippet:
        text = f"nobody: {SNIPPET} is still there"
        return row(Topic.POLICY, "BAD", text, JoinCause.NOBODY_MAY, facts=facts)
    if elsewhere:
        facts.extend(Fact(seen.FILES, path) for path in elsewhere)
        text = f"not by realmd alone: {listed(elsewhere)}"
        return row(Topic.POLICY, "BAD", text, JoinCause.ACCESS_ELSEWHERE, facts=facts)
    if not closed or (found is not None and found.open_to_all):
        text = f"everybody of {domain} may log in"
        return row(Topic.POLICY, "BAD", text, JoinCause.OPEN_TO_ALL, facts=facts)
    if membership.policy == realmd.DENY_ALL or not named:
        text = f"nobody of {domain} may log in"
        return row(Topic.POLICY, "LOOK", text, JoinCause.NOBODY_MAY, facts=facts)
    counts = [
        count_words(len(some), one, many)
        for some, one, many in (
            (membership.permitted_users, "user", "users"),
            (membership.permitted_groups, "group", "groups"),
        )
        if some
    ]
    text = f"{' and '.join(counts)} may log in: {listed(named)}"
    return row(Topic.POLICY, "ok", text, facts=facts)


def lookup(name: str, said: Said) -> JoinCheck:
    """Does this node know the name (`id NAME`)?"""
    causes = classify(said, "id")
    facts = (Fact(seen.PERSON, name),)
    if not causes:
        return row(Topic.LOOKUP, "ok", f"{name} is known", facts=facts)
    words: Mapping[JoinCause, tuple[Word, str]] = {
        JoinCause.NAME_NOT_FOUND: ("BAD", f"{name} is not known here"),
        JoinCause.NAME_OFFLINE: ("LOOK", f"{name} is not known, or no DC answered"),
        JoinCause.TIMED_OUT: ("LOOK", f"no answer on {name} in time"),
    }
    word, text = words.get(causes[0], ("LOOK", telling(said)))
    return row(Topic.LOOKUP, word, text, *causes, facts=facts, original=said.text)


def may(name: str, said: Said) -> JoinCheck:
    """Somebody who should get in (`sssctl user-checks NAME -a acct -s login`)."""
    causes = classify(said, "user-checks")
    facts = (Fact(seen.PERSON, name),)
    if not causes:
        return row(Topic.MAY, "ok", f"{name} may log in", facts=facts)
    words: Mapping[JoinCause, tuple[Word, str]] = {
        JoinCause.REFUSED_LOGIN: ("BAD", f"{name} is refused"),
        JoinCause.NAME_NOT_FOUND: ("BAD", f"{name} is not known here"),
    }
    word, text = words.get(causes[0], ("LOOK", _not_told(name, said)))
    return row(Topic.MAY, word, text, *causes, facts=facts, original=said.text)


def must_not(name: str, said: Said) -> JoinCheck:
    """Somebody who should stay out. Nobody is proved to stay out whom the node does not know."""
    causes = classify(said, "user-checks")
    facts = (Fact(seen.PERSON, name),)
    if not causes:
        text = f"{name} may log in"
        return row(
            Topic.MUST_NOT,
            "BAD",
            text,
            JoinCause.WRONGLY_ALLOWED,
            facts=facts,
            original=said.text,
        )
    if causes == (JoinCause.REFUSED_LOGIN,):
        return row(Topic.MUST_NOT, "ok", f"{name} is refused", facts=facts, original=said.text)
    known = causes == (JoinCause.NAME_NOT_FOUND,)
    text = f"{name} is not known here: proves nothing" if known else _not_told(name, said)
    return row(Topic.MUST_NOT, "LOOK", text, *causes, facts=facts, original=said.text)


def _not_told(name: str, said: Said) -> str:
    word = pam_said(said)
    return f"{name}: PAM says {word}, which proves nothing" if word else f"{name}: not told"


def start(*, remembers: bool) -> JoinCheck:
    """Are names known while sssd starts, and cannot be asked who may log in? `remembers`:
    `access.keeps_in_memory`.
    """
    if not remembers:
        return row(Topic.START, "ok", "sssd keeps no names in memory, to be known while it starts")
    text = "while sssd starts, who has a key may get in, permitted or not"
    return row(Topic.START, "LOOK", text, JoinCause.START_WINDOW)


def homes(*, made: bool, wanted: bool = True) -> JoinCheck:
    """Are home folders made at the first login? `wanted`: the join was to see to that."""
    if made:
        return row(Topic.HOMES, "ok", "made at the first login")
    if not wanted:
        return row(Topic.HOMES, "ok", "not made at the first login, as was wanted")
    return row(Topic.HOMES, "LOOK", "not made at the first login", JoinCause.NO_HOMES)


def unnamed(topic: Topic) -> JoinCheck:
    """A row that needs somebody's name and got none."""
    return row(topic, "-", "nobody was named")


def _said_names(membership: Membership) -> tuple[str, ...]:
    names = (*membership.permitted_users, *membership.permitted_groups)
    return names or ((membership.policy,) if membership.policy else ())
