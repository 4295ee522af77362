"""What the access schema leaves out: index paths and the rest of PVE's API that is served here.

Sources: api-viewer data of pve-docs 9.1.3 as far as the reference and the recordings use it,
PVE::API2::Pool of pve-manager 9.2.
"""

from __future__ import annotations

from typing import Any, Final

from pve_auth_tui.simnode.cluster_schema import CLUSTER

_ALL = {"user": "all"}
_TEXT = {"type": "string", "optional": True}
_FLAG = {"type": "boolean", "optional": True}
_POOL_ID = {"type": "string", "format": "pve-poolid"}
_POOL_PART = {"type": "string", "enum": ["qemu", "lxc", "storage"], "optional": True}
_POOL_CHANGE: dict[str, Any] = {
    "permissions": {"check": ["perm", "/pool/{poolid}", ["Pool.Allocate"]]},
    "protected": True,
    "parameters": {
        "poolid": _POOL_ID,
        "comment": _TEXT,
        "vms": {**_TEXT, "format": "pve-vmid-list"},
        "storage": {**_TEXT, "format": "pve-storage-id-list"},
        "allow-move": _FLAG,
        "delete": _FLAG,
    },
}
_POOL_REMOVAL: dict[str, Any] = {**_POOL_CHANGE, "parameters": {"poolid": _POOL_ID}}
_INDEX: dict[str, Any] = {"GET": {"permissions": _ALL}}

MORE: Final[dict[str, dict[str, Any]]] = {
    **CLUSTER,
    "/": _INDEX,
    "/cluster": _INDEX,
    "/cluster/jobs": _INDEX,
    "/nodes/{node}": {
        "GET": {
            "permissions": _ALL,
            "parameters": {"node": {"type": "string", "format": "pve-node"}},
        }
    },
    "/pools": {
        "GET": {
            "permissions": _ALL,
            "parameters": {
                "poolid": {**_POOL_ID, "optional": True},
                "type": {**_POOL_PART, "requires": "poolid"},
            },
        },
        "POST": {**_POOL_CHANGE, "parameters": {"poolid": _POOL_ID, "comment": _TEXT}},
        "PUT": _POOL_CHANGE,
        "DELETE": _POOL_REMOVAL,
    },
    "/pools/{poolid}": {
        "GET": {
            "permissions": {"check": ["perm", "/pool/{poolid}", ["Pool.Audit"]]},
            "parameters": {"poolid": _POOL_ID, "type": _POOL_PART},
        },
        "PUT": _POOL_CHANGE,
        "DELETE": _POOL_REMOVAL,
    },
}
