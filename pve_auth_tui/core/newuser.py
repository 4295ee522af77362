"""What is worth knowing about a userid and a password before PVE is asked to store them.

Sources: reference 2, 3.2 and 4.1; PVE::Auth::{PAM,PVE} of pve-access-control 9.1.1.
"""

from __future__ import annotations

from pve_auth_tui.core.aclindex import acl_index
from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.lookalike import reads_as
from pve_auth_tui.core.perltext import truthy
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.userconfig import UserConfig
from pve_auth_tui.core.words import listed

STORES_PASSWORDS = ("pam", "pve")
"""Types of realms in which PVE sets passwords."""


def no_password_in(realm: Realm | None, userid: str) -> str:
    """Why PVE sets no password there, as a sentence; "" when it does."""
    name = userid.rpartition("@")[2]
    if realm is None:
        return f"The realm {name} does not exist, so PVE cannot store a password."
    if realm.type not in STORES_PASSWORDS:
        return f"PVE stores no passwords in the realm {name}, which is of type {realm.type}."
    return ""


def password_finding(snapshot: Snapshot, userid: str) -> tuple[Finding, ...]:
    """Of realm pam: on which node it is set, and whom it needs there."""
    name, _, realm_name = userid.rpartition("@")
    realms = snapshot.realms.value
    realm = realms.realms.get(realm_name) if realms else None
    if realm is None or realm.type != "pam":
        return ()
    cluster = snapshot.cluster.value
    node = (cluster.node if cluster else "") or "this node"
    found = [
        Finding(
            "LOOK",
            f"The password is set on {node} alone.",
            "Set it on the other nodes, too, or log in at this one.",
        )
    ]
    if cluster is not None and len(cluster.nodes) < 2:
        found = []
    linux = snapshot.unix.value
    if linux is None or name not in linux.users:
        found.append(
            Finding(
                "LOOK",
                f"It takes a Linux user {name} on {node}; without one PVE sets no password.",
                f"adduser {name}, on the node.",
            )
        )
    return tuple(found)


def userid_findings(snapshot: Snapshot, userid: str) -> tuple[Finding, ...]:
    """What a new user of that name meets: its realm, names like it, what is left of another."""
    config = snapshot.access.value
    if config is None:
        return ()
    return (*_of_realm(snapshot, userid), *_alike(config, userid), *_left(snapshot, userid))


def _of_realm(snapshot: Snapshot, userid: str) -> list[Finding]:
    realms = snapshot.realms.value
    name, _, realm_name = userid.rpartition("@")
    if realms is None:
        return []
    realm = realms.realms.get(realm_name)
    if realm is None:
        text = f"The realm {realm_name} does not exist: PVE takes the user, who cannot log in."
        return [Finding("LOOK", text, "Add the realm first, or choose another.")]
    found = []
    if realm.type == "pam":
        text = f"{name} has to be a Linux user on every node where {userid} is to log in."
        found.append(Finding("LOOK", text))
    if realm.type in ("ldap", "ad"):
        text = f"A sync of {realm_name} may change {userid}, or remove it if it is not there."
        found.append(Finding("LOOK", text))
    return found


def _alike(config: UserConfig, userid: str) -> list[Finding]:
    folded, looks = userid.casefold(), reads_as(userid)
    same = [other for other in config.users if other != userid and other.casefold() == folded]
    if same:
        text = f"{listed(same)} differs from it only in capital letters."
        return [Finding("LOOK", text, "PVE refuses a login that could mean both of them.")]
    like = [other for other in config.users if other != userid and reads_as(other) == looks]
    return [Finding("LOOK", f"It is easily taken for {listed(like)}.")] if like else []


def _left(snapshot: Snapshot, userid: str) -> list[Finding]:
    """Ghosts: ACL entries and memberships that wait for the name (core.ghosts)."""
    config = snapshot.access.value
    if config is None or userid in config.users:
        return []
    entries = acl_index(config).by_subject.get(userid, ())
    groups = [group.id for group in config.groups.values() if userid in group.members]
    found = []
    if entries:
        roles = listed([f"{entry.role} on {entry.path}" for entry in entries])
        found.append(Finding("LOOK", f"It gets what was left of that name: {roles}."))
    if groups:
        found.append(Finding("LOOK", f"It is in {listed(sorted(groups))} at once, by its name."))
    tfa = snapshot.tfa.value
    if tfa is not None and (left := tfa.users.get(userid)) is not None and left.entries:
        found.append(Finding("LOOK", "Second factors of that name are still there."))
    return found


def is_case_insensitive(realm: Realm) -> bool:
    """Does PVE look users of the realm up without regard to capital letters?"""
    return not truthy(realm.options.get("case-sensitive", "1"))
