"""Small configurations in which ACL entries meet: on one path, above each other, through pools."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from pve_auth_tui.core.accessdata import AclEntry, Group, Pool, Role, User, UserConfig
from pve_auth_tui.core.pathtree import tree_order
from tests.core.pictures import config

USERS = ("ann@pve", "bob@pve", "root@pam")
TOKENS = ("ann@pve!own", "ann@pve!all", "root@pam!auto")
GROUPS = ("dev", "ops")
PATHS = (
    "/", "/access", "/access/groups", "/access/groups/ops", "/pool", "/pool/lab", "/pool/lab/in",
    "/vms", "/vms/104", "/vms/105", "/storage/nfs",
)  # fmt: skip
ROLES = ("A", "AB", "BC", "Empty", "NoAccess", "Users", "Administrator")
_OWN = {
    "A": {"VM.Audit"},
    "AB": {"VM.Audit", "VM.Console"},
    "BC": {"VM.Console", "VM.PowerMgmt"},
    "Empty": set(),
    "Users": {"User.Modify"},
}

_BASE = config(
    "user:ann@pve:1:0:::::",
    "user:bob@pve:1:0:::::",
    "token:ann@pve!own:0:1::",
    "token:ann@pve!all:0:0::",
    "token:root@pam!auto:0:1::",
)

_SUBJECTS = st.one_of(
    st.tuples(st.just("user"), st.sampled_from((*USERS, "gone@pve"))),
    st.tuples(st.just("group"), st.sampled_from((*GROUPS, "none"))),
    st.tuples(st.just("token"), st.sampled_from((*TOKENS, "ann@pve!gone"))),
)
_ENTRIES = st.lists(
    st.tuples(st.sampled_from(PATHS), _SUBJECTS, st.sampled_from(ROLES), st.booleans()),
    max_size=7,
    unique_by=lambda entry: entry[:3],
)


@st.composite
def worlds(draw: st.DrawFn) -> UserConfig:
    """Two groups, two users and root, tokens of each kind, two pools, a few entries."""
    everybody = st.lists(st.sampled_from((*USERS, "gone@pve")), unique=True)
    groups = {name: Group(name, tuple(sorted(draw(everybody)))) for name in GROUPS}
    pools = {
        "lab": Pool("lab", (104,), ("nfs",)),
        "lab/in": Pool("lab/in", (105,) if draw(st.booleans()) else (), ("nfs",)),
    }
    return with_entries(
        replace(
            _BASE,
            groups=groups,
            pools=pools,
            roles={
                **_BASE.roles,
                **{name: Role(name, frozenset(privs)) for name, privs in _OWN.items()},
            },
        ),
        [AclEntry(path, kind, name, role, on) for path, (kind, name), role, on in draw(_ENTRIES)],
    )


def with_entries(made: UserConfig, entries: list[AclEntry]) -> UserConfig:
    """The configuration with these entries, in the order in which PVE has them."""
    ordered = sorted(entries, key=lambda e: (tree_order(e.path), e.kind, e.subject, e.role))
    return replace(made, acl=tuple(ordered))


def with_member(made: UserConfig, userid: str, group: str) -> UserConfig:
    """Somebody more, in one group and with nothing of their own."""
    members = tuple(sorted((*made.groups[group].members, userid)))
    groups = {**made.groups, group: replace(made.groups[group], members=members)}
    return replace(made, users={**made.users, userid: User(userid)}, groups=groups)
