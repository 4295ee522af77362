"""What a login's answer says about the user's rights, for the web UI to show what fits.

Source: PVE::RPCEnvironment::compute_api_permission of PVE 9.
"""

from __future__ import annotations

import re
from typing import Final

from pve_auth_tui.simnode.permission import Rights

_KINDS: Final = {
    "vms": re.compile(r"VM\.|Permissions\.Modify"),
    "access": re.compile(r"(?:User|Group)\.|Permissions\.Modify"),
    "storage": re.compile(r"Datastore\.|Permissions\.Modify"),
    "nodes": re.compile(r"Sys\.|Permissions\.Modify"),
    "sdn": re.compile(r"SDN\.|Permissions\.Modify"),
    "dc": re.compile(r"Sys\.Audit|Sys\.Modify|SDN\."),
    "mapping": re.compile(r"Mapping\.|Permissions\.Modify"),
}
_ALWAYS: Final = ("/", "/nodes", "/access/groups", "/vms", "/storage", "/sdn", "/mapping")
_TOP: Final = re.compile(r"/(\w+)")


def capabilities(rights: Rights) -> dict[str, dict[str, int]]:
    """Kind of thing -> privilege -> 1, from every path that an ACL entry names or leads by."""
    found: dict[str, dict[str, int]] = {kind: {} for kind in _KINDS}
    for path in {*_ALWAYS, *_paths(rights)}:
        top = _TOP.match(path)
        first = top[1] if top else "dc"
        kinds = ("vms", "storage") if first == "pool" else (first,)
        privileges = rights.permissions.privileges(rights.authid, path)
        for kind in _KINDS.keys() & kinds:
            found[kind] |= dict.fromkeys(filter(_KINDS[kind].match, privileges), 1)
    return found


def _paths(rights: Rights) -> set[str]:
    """The paths of all entries, and those above them."""
    paths: set[str] = set()
    for path in {entry.path for entry in rights.access.acl}:
        parts = path.split("/")
        paths.update("/".join(parts[:count]) for count in range(2, len(parts) + 1))
    return paths
