"""What is worth knowing about a userid and a password before PVE is asked to store them.

What is left of another user of the same name, and what a change does to rights, is told by
`core.effects`. Sources: reference 2, 4.1, 6 and 7.3; PVE::Auth::{PAM,PVE} of pve-access-control
9.1.1; proxmox-widget-toolkit's and pve-manager's UserEdit.
"""

from __future__ import annotations

import re
from typing import Final

from pve_auth_tui.core import versions
from pve_auth_tui.core.accessdata import ROOT
from pve_auth_tui.core.administrators import administrators
from pve_auth_tui.core.effects.syncs import sync_of
from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.lookalike import reads_as
from pve_auth_tui.core.names import userid_problem
from pve_auth_tui.core.perltext import truthy
from pve_auth_tui.core.realmrisks import TYPES
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.userconfig import User, UserConfig
from pve_auth_tui.core.words import listed

STORES_PASSWORDS: Final = ("pam", "pve")
"""Types of realms in which PVE sets passwords."""

_KEYS: Final = re.compile(r"[0-9a-zA-Z!=]{0,4096}", re.ASCII)
_LONGEST: Final = 64  # characters of a userid, and of a password
_SHORTEST, _OLD_SHORTEST = 8, 5  # characters of a password, since PVE 8.3 and before


# --- passwords ----------------------------------------------------------------------------


def no_password_for(snapshot: Snapshot, userid: str, asker: str = ROOT) -> str:
    """Why PVE sets no password for somebody, as a sentence; "" when it does, or nobody knows.

    `asker`: who asks PVE. Passwords of Linux users are changed by root@pam, or by themselves.
    """
    if snapshot.realms.value is None:
        return ""
    name = userid.rpartition("@")[2]
    realm = snapshot.realms.value.realms.get(name)
    if realm is None:
        return f"The realm {name} does not exist, so PVE cannot store a password."
    if realm.type not in STORES_PASSWORDS:
        kind = TYPES.get(realm.type or "", "unknown")
        return f"PVE sets no passwords in the realm {name}, which is of type {kind}."
    if realm.type == "pam" and asker not in (ROOT, userid):
        return f"Only root@pam sets the password of {userid}; {asker} is logged in here."
    return ""


def new_password_problem(password: Secret, release: str) -> str:
    """What is wrong with a new one in a release (version of libpve-access-control), or ""."""
    least = _SHORTEST if versions.has(release, "password-of-8") else _OLD_SHORTEST
    if not least <= len(password.reveal()) <= _LONGEST:
        return f"PVE wants {least} to {_LONGEST} characters."
    return ""


def password_findings(snapshot: Snapshot, userid: str) -> tuple[Finding, ...]:
    """Of realm pam: on which node it is set, and whom that takes there."""
    name, _, realm_name = userid.rpartition("@")
    realms = snapshot.realms.value
    realm = realms.realms.get(realm_name) if realms else None
    if realm is None or realm.type != "pam":
        return ()
    node, found = this_node(snapshot), []
    cluster = snapshot.cluster.value
    if cluster is not None and len(cluster.nodes) > 1:
        found.append(
            Finding(
                "LOOK",
                f"It is the password of the Linux user {name} on {node} alone.",
                "Set it on the other nodes, too.",
            )
        )
    linux = snapshot.unix.value
    if linux is None or name not in linux.users:
        found.append(
            Finding(
                "LOOK",
                f"PVE sets it only if {node} has a Linux user {name}.",
                f"Make one there first: adduser {name}.",
            )
        )
    return tuple(found)


def password_lines(snapshot: Snapshot, userid: str) -> tuple[Line, ...]:
    """The same for a form."""
    if found := password_findings(snapshot, userid):
        return tuple(Line(f"{one.text} {one.fix}", word=one.word) for one in found)
    if userid.endswith("@pve"):
        return (Line("In PVE's own file, for all nodes. It counts at the next login."),)
    return (Line(f"For the Linux user, on {this_node(snapshot)}."),)


def this_node(snapshot: Snapshot) -> str:
    """Its name; `this node` where nobody knows it."""
    cluster = snapshot.cluster.value
    return (cluster.node if cluster else "") or "this node"


# --- names --------------------------------------------------------------------------------


def userid_lines(userid: str) -> tuple[Line, ...]:
    """What the name and the realm make together, and what is wrong with it."""
    made = Line(f"{userid}, {len(userid)} of {_LONGEST} characters", "User ID")
    problem = userid_problem(userid)
    return (made, Line(problem, word="BAD")) if problem else (made,)


def userid_findings(snapshot: Snapshot, userid: str) -> tuple[Finding, ...]:
    """What a new user of that name meets: its realm, and names like it."""
    config = snapshot.access.value
    alike = _alike(snapshot, config, userid) if config else []
    return (*_of_realm(snapshot, userid), *alike)


def _of_realm(snapshot: Snapshot, userid: str) -> list[Finding]:
    realms = snapshot.realms.value
    name, _, realm_name = userid.rpartition("@")
    if realms is None:
        return []
    realm = realms.realms.get(realm_name)
    if realm is None:
        text = f"The realm {realm_name} does not exist: PVE takes the user, who cannot log in."
        return [Finding("LOOK", text, "Add the realm, or choose another.")]
    if realm.type == "pam":
        linux = snapshot.unix.value
        text = f"{name} has to be a Linux user of every node on which {userid} is to log in."
        found = [Finding("LOOK", text)]
        if linux is not None and name not in linux.users:
            node = this_node(snapshot)
            text = f"On {node} no Linux user {name} has a password that can be right."
            found.append(Finding("LOOK", text, f"adduser {name}, or passwd {name}."))
        return found
    sync = sync_of(snapshot, realm)
    if sync and sync.users and "entry" not in sync.removes:  # core.effects tells of the other case
        text = f"{sync.when} may change {userid}, if the directory has the name."
        return [Finding("LOOK", text)]
    return []


def _alike(snapshot: Snapshot, config: UserConfig, userid: str) -> list[Finding]:
    """Names like an administrator's are told by core.effects."""
    folded, looks = userid.casefold(), reads_as(userid)
    others = [other for other in config.users if other != userid]
    if same := [other for other in others if other.casefold() == folded]:
        realms = snapshot.realms.value
        realm = realms.realms.get(userid.rpartition("@")[2]) if realms else None
        careless = realm is not None and not truthy(realm.options.get("case-sensitive", "1"))
        end = "The realm does not tell capitals from small letters." if careless else ""
        return [Finding("LOOK", f"{listed(same)} differs from it in capitals only.", end)]
    top = administrators(config)
    like = [other for other in others if other not in top and reads_as(other) == looks]
    return [Finding("LOOK", f"It is easily taken for {listed(like)}.")] if like else []


# --- key ids ------------------------------------------------------------------------------


def keys_state(user: User | None) -> tuple[str, bool]:
    """What stands in Key IDs, in words, and whether the field is locked, as in PVE's web UI.

    `x` and `x!...` mark second factors, which PVE keeps elsewhere.
    """
    if user is None or not user.keys:
        return "none", False
    if user.has_old_keys:
        return "an old secret or Yubico id (hidden)", False
    return "marks second factors: PVE's own", True


def keys_problem(keys: Secret) -> str:
    """What is wrong with new Key IDs, or "" (API schema of pve-access-control 8.1.0)."""
    if _KEYS.fullmatch(keys.reveal()):
        return ""
    return "Key IDs have letters, digits, ! and = only, at most 4096."


# --- what a form begins with ----------------------------------------------------------------


def realms_with_types(snapshot: Snapshot | None) -> tuple[tuple[str, str], ...]:
    """(`corp`, `corp (AD)`) for every realm; PVE's own two where none were read."""
    domains = snapshot.realms.value if snapshot else None
    types: dict[str, str | None] = {
        name: realm.type for name, realm in (domains.realms.items() if domains else ())
    }
    return tuple(
        (name, f"{name} ({TYPES.get(kind or '', 'PVE cannot read it')})")
        for name, kind in (types or {name: name for name in STORES_PASSWORDS}).items()
    )


def takes_password(snapshot: Snapshot | None, realm: str) -> bool:
    """Does PVE store passwords of that realm?"""
    domains = snapshot.realms.value if snapshot else None
    found = domains.realms.get(realm) if domains else None
    return (found.type if found else realm) in STORES_PASSWORDS


def edit_lines(userid: str) -> tuple[Line, ...]:
    """What is peculiar about somebody who is to be edited."""
    if userid != ROOT:
        return ()
    return (Line("root@pam is Administrator everywhere, whatever groups it is in.", word="LOOK"),)
