"""`pve-auth-tui status`: the node, its cluster, what was read, what needs a look."""

from __future__ import annotations

from pve_auth_tui import __version__
from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.headline import where_am_i
from pve_auth_tui.core.overview import Overview
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.output import headed

_ROOM = 13  # cells for a heading
_WORD = 6  # cells for the word of a finding


def status_json(snapshot: Snapshot, seen: Overview) -> dict[str, object]:
    """The value that docs/command-line.md describes; times are seconds since 1970, UTC.

    What cannot be known is null: quorum and who is online where only config.db or another
    system's files are read, numbers of a part that could not be read.
    """
    cluster = snapshot.cluster.value
    tfa = snapshot.tfa.value
    whole = snapshot.access.value is not None and not snapshot.restricted
    return {
        "node": cluster.node if cluster else None,
        "cluster": cluster.name if cluster else None,
        "quorate": cluster.quorate if cluster else None,
        "nodes": [
            {"name": node.name, "online": node.online, "ip": node.ip}
            for node in (cluster.nodes if cluster else ())
        ],
        "versions": {
            "pve": (cluster.pve_release or None) if cluster else None,
            "access-control": (cluster.access_control or None) if cluster else None,
            "pve-auth-tui": __version__,
        },
        "source": snapshot.source,
        "read-at": int(snapshot.taken_at),
        "demo": snapshot.demo,
        "counts": _counts(snapshot),
        "administrators": {
            "active": seen.administrators if whole else None,
            "second-factor": seen.guarded if whole and tfa else None,
            "without-quorum": seen.without_quorum if whole and tfa else None,
        },
        "problems": [
            {"part": name, "read": part.value is not None, "text": part.problem, "fix": part.hint}
            for name, part in snapshot.parts.items()
            if part.problem
        ],
        "findings": [_finding(finding) for finding in seen.findings],
    }


def status_text(snapshot: Snapshot, seen: Overview, width: int | None) -> str:
    """The same for people: what Start shows, with the next step under each finding."""
    here = ", ".join(text for text, _ in where_am_i(snapshot))
    lines = [headed("Node", here, width, room=_ROOM)]
    lines += [headed(line.heading, line.text, width, room=_ROOM) for line in seen.lines]
    lines.append("\n" if seen.findings else "\nNothing to look at.\n")
    for finding in seen.findings:
        lines.append(headed(finding.word, finding.text, width, room=_WORD))
        if finding.fix:
            lines.append(headed("", finding.fix, width, room=_WORD))
    return "".join(lines)


def _counts(snapshot: Snapshot) -> dict[str, int | None]:
    access, realms, tfa = snapshot.access.value, snapshot.realms.value, snapshot.tfa.value
    return {
        "realms": len(realms.realms) if realms else None,
        "users": len(access.users) if access else None,
        "groups": len(access.groups) if access else None,
        "roles": len(access.roles) if access else None,
        "pools": len(access.pools) if access else None,
        "tokens": sum(len(user.tokens) for user in access.users.values()) if access else None,
        "tfa": sum(1 for user in tfa.users.values() if user.entries) if tfa else None,
        "acl": len(access.acl) if access else None,
    }


def _finding(finding: Finding) -> dict[str, object]:
    target = finding.target
    return {
        "word": finding.word,
        "text": finding.text,
        "fix": finding.fix,
        "target": target and {"list": target.listing, "key": target.key, "query": target.query},
    }
