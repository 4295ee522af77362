"""Roles, pools and ACL entries of the demo cluster."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pve_auth_tui.core.userconfig import AclEntry, Group, Pool, Role, SubjectKind, User
from pve_auth_tui.simnode import made_up
from pve_auth_tui.simnode.rack_crowd import CROWD_GROUPS

_RUNNERS = range(305, 310)
_FIRST_CROWD_GUEST = 112
_LAST_GUEST = 311
_CROWD_ROLES = ("PVEVMUser", "PVEAuditor", "PVEVMAdmin", "PVETemplateUser", "PowerOnly")
_GROUPS_A_GUEST = 3


def roles() -> list[Role]:
    """The roles of our own. `Monitor8` was made under PVE 8: PVE 9 no longer knows VM.Monitor."""
    return [
        Role("Monitor8", frozenset({"VM.Audit", "VM.Monitor"})),
        Role("PowerOnly", frozenset({"VM.Console", "VM.PowerMgmt"})),
        Role("StoreKeeper", frozenset({"Datastore.Audit", "Datastore.AllocateTemplate"})),
    ]


def pools() -> list[Pool]:
    """One pool in another, down to the third level (PVE's limit)."""
    return [
        Pool("lab", (104,), (), "Lab"),
        Pool("lab/backup", (), ("nfs-archive", "pbs-rack"), "where the lab is saved to"),
        Pool("lab/backup/offsite", (), ("nfs-offsite", "pbs-offsite"), "the second copy"),
    ]


def story_entries() -> list[AclEntry]:
    """The entries that the stories are about; each differs in one point from its neighbours."""
    return [
        _group("/", "admins-corp", "Administrator"),
        _group("/", "local-admins", "Administrator"),
        _group("/", "monitoring", "PVEAuditor"),
        _user("/access/groups", "helpdesk@pve", "PVEUserAdmin"),  # root in effect
        _group("/nodes", "ops-corp", "PVESysAdmin"),
        _group("/pool/lab", "dev", "PVEVMAdmin"),
        _user("/pool/lab/backup", "backup@pve", "PVEDatastoreUser"),
        _token("/pool/lab/backup", "backup@pve!pbs", "PVEDatastoreUser"),
        _group("/storage", "ops-corp", "PVEDatastoreUser"),
        _group("/vms", "ops-corp", "PVEVMUser"),
        _user("/vms/100", "anna.admin@corp", "PVEAuditor"),  # replaces, and hides the next
        _group("/vms/100", "ops-corp", "PVEVMUser"),
        _user("/vms/104", "gone@corp", "PVEVMAdmin"),  # a ghost that the next sync revives
        _user("/vms/105", "ci@pve", "PVEVMUser"),
        _token("/vms/105", "ci@pve!runner", "PVEVMAdmin"),  # more than its user has
        _group("/vms/110", "ops-corp", "NoAccess"),
        _user("/vms/111", "bob@pve", "PVEVMUser", propagate=False),
        _token("/vms/115", "olga@corp!scripts", "PVEVMUser"),
        _group("/vms/118", "legacy", "Monitor8"),
        _group("/vms/120", "Admins-entra", "PVEVMAdmin"),
        _user("/vms/131", "leaver@corp", "PVEVMUser"),  # ghost
        _user("/vms/140", "terraform@pve", "PVEVMAdmin"),
        _token("/vms/140", "terraform@pve!apply", "PVEVMUser"),  # never counts: not separated
        _token("/vms/140", "terraform@pve!plan", "PVETemplateUser"),
        _user("/vms/141", "packer@pve", "PVEVMAdmin"),
        _token("/vms/141", "packer@pve!build", "PVEVMAdmin"),
        _token("/vms/142", "netbox@pve!import", "PVEAuditor"),
        _token("/vms/143", "netbox@pve!sync", "PVEAuditor"),
        _token("/vms/144", "carl@corp!laptop", "PVEVMUser"),
        _user("/vms/207", "intern7@lab", "PVEVMUser"),  # ghost
        *(_user(f"/vms/{vmid}", "ci@pve", "PVEVMUser") for vmid in _RUNNERS),
        *(_token(f"/vms/{vmid}", "ci@pve!runner", "PVEVMUser") for vmid in _RUNNERS),
    ]


def crowd_entries(count: int, crowd: Sequence[User], groups: Sequence[Group]) -> Iterator[AclEntry]:
    """`count` entries on single guests that need no explanation.

    Nobody in the crowd has rights further up, and on one guest nobody has an entry both of
    his own and through a group: so none of them replaces, hides or blocks anything.
    """
    members = {group.id: frozenset(group.members) for group in groups}
    guests = range(_FIRST_CROWD_GUEST, _LAST_GUEST + 1)
    left = count
    for turn, vmid in enumerate(guests):
        here = round(left / (len(guests) - turn))
        left -= here
        covered: set[str] = set()
        for place in range(min(here, _GROUPS_A_GUEST)):
            name = CROWD_GROUPS[(vmid * 5 + place * 7) % len(CROWD_GROUPS)]
            covered |= members[name]
            yield _group(f"/vms/{vmid}", name, _some_role(vmid, place))
        free = [user.id for user in crowd if user.id not in covered]
        start = made_up.number(f"acl {vmid}", len(free))
        for place in range(here - _GROUPS_A_GUEST):
            userid = free[(start + place) % len(free)]
            yield _user(f"/vms/{vmid}", userid, _some_role(vmid, place + _GROUPS_A_GUEST))


def _some_role(vmid: int, place: int) -> str:
    return _CROWD_ROLES[made_up.number(f"role {vmid} {place}", len(_CROWD_ROLES))]


def _user(path: str, subject: str, role: str, *, propagate: bool = True) -> AclEntry:
    return _entry(path, "user", subject, role, propagate)


def _group(path: str, subject: str, role: str) -> AclEntry:
    return _entry(path, "group", subject, role)


def _token(path: str, subject: str, role: str) -> AclEntry:
    return _entry(path, "token", subject, role)


def _entry(
    path: str, kind: SubjectKind, subject: str, role: str, propagate: bool = True
) -> AclEntry:
    return AclEntry(path, kind, subject, role, propagate)
