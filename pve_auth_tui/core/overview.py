"""The Start screen: who gets in, what there is, what needs a look; and when to open on Recover."""

from __future__ import annotations

from dataclasses import dataclass

from pve_auth_tui.core.accessdata import ROOT
from pve_auth_tui.core.concerns import concerns
from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.lists.parts import synced
from pve_auth_tui.core.logins import active_administrators, login
from pve_auth_tui.core.realmrisks import TYPES
from pve_auth_tui.core.recover.nothing import NOTHING
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.words import count_words, listed, thousands

_WORDS = {"BAD": 0, "LOOK": 1}
_SHOWN_REALMS = 8


@dataclass(frozen=True, slots=True)
class Overview:
    """`lines` are the facts, headed; `findings` what needs a look, BAD first.

    `administrators` are those who are neither disabled nor expired; `guarded` those of them
    with a second factor that PVE asks for; `without_quorum` those whom nothing in the files
    keeps out while the cluster has no quorum.
    """

    administrators: int
    guarded: int
    without_quorum: int
    lines: tuple[Line, ...]
    findings: tuple[Finding, ...]


def overview(snapshot: Snapshot, now: float) -> Overview:
    """What Start shows, from the picture alone; parts that are missing are findings."""
    config = snapshot.access.value
    administrators = active_administrators(config, now) if config else []
    guarded = without_quorum = able = 0
    for userid in administrators:
        found = login(snapshot, userid, now)
        able += not found.obstacle
        guarded += found.second_factor
        without_quorum += found.without_quorum
    lines = [
        *_who_line(snapshot, len(administrators), able, guarded, without_quorum),
        *_realm_line(snapshot, now),
        *_count_line(snapshot),
    ]
    findings = sorted(concerns(snapshot, now), key=lambda finding: _WORDS[finding.word])
    return Overview(len(administrators), guarded, without_quorum, tuple(lines), tuple(findings))


def opens_recover(snapshot: Snapshot) -> str | None:
    """Why the program should open on Recover, in one sentence, or None.

    It does when nothing can be read, /etc/pve is not mounted, quorum is lost, nobody can log in
    because a daemon does not run, or root@pam cannot.
    """
    read = (snapshot.access, snapshot.realms, snapshot.cluster)
    if snapshot.source == NOTHING or all(part.value is None for part in read):
        return "Nothing of PVE could be read on this node."
    if snapshot.source == "config.db":
        return "/etc/pve is not mounted: this is read from the database behind it."
    cluster = snapshot.cluster.value
    if cluster and cluster.quorate is False:
        return "This node has no quorum: nothing in /etc/pve can be changed here."
    health = snapshot.health.value
    if health and health.stopped:
        service = health.stopped[0]
        return f"{service} does not run: {health.means(service)}."
    if snapshot.access.value is None or snapshot.restricted:
        return None
    obstacle = login(snapshot, ROOT, snapshot.taken_at).obstacle
    return f"root@pam cannot log in to the web interface: {obstacle}." if obstacle else None


def _who_line(
    snapshot: Snapshot, number: int, able: int, guarded: int, without_quorum: int
) -> list[Line]:
    """`9 administrators, 5 with a second factor; without quorum: 5`."""
    if snapshot.access.value is None:
        return []
    if snapshot.restricted:
        return [Line("not known: not every user and ACL entry is shown", "Who gets in")]
    text = count_words(number, "administrator", "administrators")
    if number and not able:
        text = f"no administrator now; {thousands(number)} in all"
    if snapshot.tfa.value is not None:
        text += f", {guarded} with a second factor; without quorum: {without_quorum}"
    return [Line(text, "Who gets in")]


def _realm_line(snapshot: Snapshot, now: float) -> list[Line]:
    """`pam, pve, corp (AD, synced 2 h ago), entra (OpenID), lab (LDAP)`"""
    domains = snapshot.realms.value
    if domains is None:
        return []
    names = []
    for realm in domains.realms.values():
        kind = "" if realm.type in ("pam", "pve") else TYPES.get(realm.type or "", "unreadable")
        about = ", ".join(part for part in (kind, synced(snapshot, realm.name, now)) if part)
        names.append(f"{realm.name} ({about})" if about else realm.name)
    return [Line(listed(names, _SHOWN_REALMS).replace(" and ", ", "), "Realms")]


def _count_line(snapshot: Snapshot) -> list[Line]:
    config = snapshot.access.value
    if config is None:
        return []
    tokens = sum(len(user.tokens) for user in config.users.values())
    parts = (
        thousands(len(config.users)),
        count_words(len(config.groups), "group", "groups"),
        count_words(tokens, "token", "tokens"),
        count_words(len(config.acl), "ACL line", "ACL lines"),
    )
    return [Line(", ".join(parts), "Users")]
