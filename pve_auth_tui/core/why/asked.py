"""What every question needs: permissions that were read, and a privilege that there is."""

from __future__ import annotations

from pve_auth_tui.core import versions
from pve_auth_tui.core.accessdata import UserConfig
from pve_auth_tui.core.errors import Refused, UsageError
from pve_auth_tui.core.release import release_of
from pve_auth_tui.core.snapshot import Snapshot


def access_of(snapshot: Snapshot) -> UserConfig:
    """Users and permissions of a picture. Raises Refused where they were not read, or not all.

    Of a login to which PVE shows a part only, an entry that is not there may well be there: every
    answer could be the wrong one.
    """
    part = snapshot.access
    if part.value is None:
        why = f" {part.problem}" if part.problem else ""
        raise Refused(
            f"Users and permissions could not be read, so nobody can tell.{why}", part.hint
        )
    if snapshot.restricted:
        raise Refused(
            "PVE shows this login only a part of the users and ACL entries, so nobody can tell.",
            "Ask as somebody with Sys.Audit on /access, or as root on the node.",
        )
    return part.value


def require_privilege(snapshot: Snapshot, privilege: str) -> None:
    """Raises UsageError for one that neither this PVE nor any role has."""
    if privilege in versions.privileges(release_of(snapshot)):
        return
    if not any(privilege in role.privs for role in access_of(snapshot).roles.values()):
        raise UsageError(
            f"This PVE has no privilege {privilege}.", "`roles` lists those that there are."
        )
