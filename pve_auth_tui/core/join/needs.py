"""Do you need this? What PVE's realms give already, what a join adds, and what it risks."""

from __future__ import annotations

from typing import Final

from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.finding import Finding, Target
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.words import count_words, listed

_ADDS: Final = Finding(
    "-",
    "A join adds logins of domain users at this node's own shell: console and SSH.",
    "Without need for those, do not join.",
)
_PAM: Final = Finding(
    "-",
    "It also lets domain users be users of PVE's realm pam, name@domain@pam, one by one.",
    "An AD realm does that better: with groups, a sync, and without a join.",
)
_GROUP: Final = Finding(
    "LOOK",
    "Whoever controls a permitted group in AD gets a shell here.",
    "Permit a small group whose members only administrators may change.",
)
_DC: Final = Finding(
    "LOOK",
    "Those logins need a domain controller; only who has logged in before gets in without one.",
    "Keep root@pam's password and a key for SSH that are not of the domain.",
)
_ROOT: Final = Finding("ok", "root@pam is not touched: it logs in without the domain, as before.")


def needs(snapshot: Snapshot | None, domain: str = "") -> tuple[Finding, ...]:
    """What the first screen says, in its order. Untrusted names; `domain` "" for none named yet."""
    return (*_realms(snapshot, domain), _ADDS, _PAM, _GROUP, _DC, *_nodes(snapshot), _ROOT)


def realms_of(snapshot: Snapshot | None, domain: str) -> tuple[str, ...]:
    """The AD realms of PVE that log people of this domain in."""
    every = snapshot.realms.value if snapshot else None
    wanted = domain.lower().rstrip(".")
    return tuple(
        realm.name for realm in (every.realms.values() if every else ()) if _is_of(realm, wanted)
    )


def _is_of(realm: Realm, domain: str) -> bool:
    named = realm.options.get("domain", "").strip().rstrip(".").lower()
    return realm.type == "ad" and bool(named) and (not domain or named == domain)


def _realms(snapshot: Snapshot | None, domain: str) -> tuple[Finding, ...]:
    people = f"people of {domain}" if domain else "people of a domain"
    if snapshot is None or snapshot.realms.value is None:
        return (Finding("LOOK", "PVE's realms could not be read: see what they give already."),)
    found = realms_of(snapshot, domain)
    if not found:
        return (
            Finding(
                "LOOK",
                f"To let {people} log in to PVE, a realm is enough; there is none yet.",
                "Add an AD realm first (Realms): it needs no join.",
                Target("realms"),
            ),
        )
    verb = "lets" if len(found) == 1 else "let"
    text = f"Realm {listed(found)} {verb} {people} log in to PVE already, without a join."
    users = _users(snapshot, found)
    told = f"{count_words(users, 'user', 'users')} of it in PVE." if users else ""
    return (Finding("ok", text, told, Target("realms", found[0])),)


def _users(snapshot: Snapshot, realms: tuple[str, ...]) -> int:
    access = snapshot.access.value
    return sum(1 for user in access.users.values() if user.realm in realms) if access else 0


def _nodes(snapshot: Snapshot | None) -> tuple[Finding, ...]:
    cluster = snapshot.cluster.value if snapshot else None
    others = [n.name for n in cluster.nodes if n.name != cluster.node] if cluster else []
    if not others:
        return ()
    return (
        Finding(
            "LOOK",
            f"Every node is joined by itself: {listed(others)} as well, one by one.",
            "With the same groups, or people get in at one node and not at the next.",
        ),
    )
