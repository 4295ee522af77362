"""What is worth knowing about a group's name before PVE is asked to make it.

ACL entries that are left of another group of that name are told by `core.effects`.
"""

from __future__ import annotations

from collections.abc import Iterable

from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.grouporigin import claiming_realms
from pve_auth_tui.core.lookalike import reads_as
from pve_auth_tui.core.realmrisks import is_on
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.words import listed


def group_findings(snapshot: Snapshot, name: str) -> tuple[Finding, ...]:
    """What a new group of that name meets: realms that take it for theirs, names like it."""
    config = snapshot.access.value
    if config is None or name in config.groups:
        return ()
    found = [_claimed(snapshot, realms[0])] if (realms := claiming_realms(snapshot, name)) else []
    alike = [other for other in config.groups if reads_as(other) == reads_as(name)]
    if alike:
        found.append(Finding("LOOK", f"It is easily taken for {listed(alike)}."))
    return tuple(found)


def _claimed(snapshot: Snapshot, realm: str) -> Finding:
    """Realms take groups for theirs by the end of the name alone (reference 5.3 and 6)."""
    known = snapshot.realms.value
    kind = known.realms[realm].type if known else ""
    if kind == "openid":
        does = "logins at the provider may change its members"
    else:
        does = f"a sync of {realm} may take it for a group of {realm}, and remove it"
    return Finding(
        "LOOK", f"Its name ends in -{realm}: {does}.", "Choose a name without that ending."
    )


def login_findings(snapshot: Snapshot, userids: Iterable[str]) -> tuple[Finding, ...]:
    """Whose groups are set anew by the next login: with groups-overwrite (reference 5.3)."""
    realms = snapshot.realms.value.realms if snapshot.realms.value else {}
    of: dict[str, list[str]] = {}
    for userid in userids:
        name = userid.rpartition("@")[2]
        realm = realms.get(name)
        if realm and "groups-claim" in realm.options and is_on(realm, "groups-overwrite"):
            of.setdefault(name, []).append(userid)
    return tuple(
        Finding(
            "LOOK",
            f"The next login of {listed(people)} at the provider sets the groups anew "
            f"(groups-overwrite of {name}).",
        )
        for name, people in of.items()
    )
