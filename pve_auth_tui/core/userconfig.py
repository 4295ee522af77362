"""Reading and writing PVE's /etc/pve/user.cfg (reference 10; PVE::AccessControl).

PVE reads the file in one pass: a name must be known before a later line can use it. What
does not parse is left out with a warning and is gone for good at the next write. Ids are
the raw bytes as latin-1 characters; names and comments are percent-decoded UTF-8.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pve_auth_tui.core import versions
from pve_auth_tui.core.accessdata import (
    ROOT,
    AclEntry,
    Group,
    Pool,
    Role,
    SubjectKind,
    Token,
    User,
    UserConfig,
)
from pve_auth_tui.core.pathtree import tree_order
from pve_auth_tui.core.perltext import (
    BLANKS,
    encode_file,
    encode_text,
    has_blank_fields,
    lines,
    shown_number,
    truthy,
)
from pve_auth_tui.core.userreader import Reader

__all__ = [
    "ROOT",
    "AclEntry",
    "Group",
    "Pool",
    "Role",
    "SubjectKind",
    "Token",
    "User",
    "UserConfig",
    "parse_user_config",
    "write_user_config",
]

_ALL_FIELDS = ":::::::::"  # no line has more that count; one that is left out is as good as empty


def parse_user_config(data: bytes, *, release: str = versions.NEWEST) -> UserConfig:
    """The file as the PVE of a `release` (version of libpve-access-control) understands it.

    Never raises: whatever the bytes are, PVE finds something in them, root@pam at least.
    """
    text = data.decode("latin-1")
    blanks = has_blank_fields(text)
    reader = Reader(release)
    for line in lines(text):
        fields = f"{line.rstrip(':')}{_ALL_FIELDS}".split(":")
        if blanks:
            fields = [field.strip(BLANKS) for field in fields]
        reader.read(line, fields)
    return reader.result()


def write_user_config(config: UserConfig) -> bytes:
    """The file as PVE writes it: sorted, percent-encoded, ACLs of equal roles on one line.

    As PVE does, it leaves out built-in roles and ACL entries of root@pam.
    """
    blocks = (
        _user_lines(config),
        [
            f"group:{group.id}:{','.join(sorted(group.members))}:{_field(group.comment)}:"
            for _, group in sorted(config.groups.items())
        ],
        [
            f"pool:{pool.id}:{_field(pool.comment)}:{','.join(sorted(map(shown_number, pool.vms)))}"
            f":{','.join(sorted(pool.storage))}:"
            for _, pool in sorted(config.pools.items())
        ],
        [
            f"role:{role.id}:{','.join(sorted(role.privs))}:"
            for _, role in sorted(config.roles.items())
            if not role.special
        ],
        _acl_lines(config.acl),
    )
    return encode_file("\n".join("".join(f"{line}\n" for line in block) for block in blocks))


def _user_lines(config: UserConfig) -> Iterable[str]:
    for userid, user in sorted(config.users.items()):
        yield (
            f"user:{userid}:{int(user.enable)}:{shown_number(user.expire)}"
            f":{_field(user.firstname)}:{_field(user.lastname)}"
            f":{user.email if truthy(user.email) else ''}:{_field(user.comment)}"
            f":{user.keys if truthy(user.keys) else ''}:"
        )
        for name, token in sorted(user.tokens.items()):
            yield (
                f"token:{userid}!{name}:{shown_number(token.expire)}:{int(token.privsep)}"
                f":{_field(token.comment)}:"
            )


def _field(text: str | None) -> str:
    return encode_text(text) if text is not None and truthy(text) else ""


def _acl_lines(acl: Sequence[AclEntry]) -> Iterable[str]:
    nodes: dict[str, dict[tuple[bool, str], list[str]]] = {}
    for entry in acl:
        if (entry.kind, entry.subject) != ("user", ROOT):
            node = nodes.setdefault(entry.path, {})
            node.setdefault((entry.propagate, entry.shown_subject), []).append(entry.role)
    for path in sorted(nodes, key=tree_order):
        subjects: dict[tuple[bool, str], list[str]] = {}
        for (propagate, subject), roles_here in nodes[path].items():
            subjects.setdefault((propagate, ",".join(sorted(roles_here))), []).append(subject)
        for (propagate, roles), who in sorted(subjects.items()):
            yield f"acl:{int(propagate)}:{path}:{','.join(sorted(who))}:{roles}:"
