"""What the access schema leaves out: index paths and the rest of PVE's API that is served here.

Source: api-viewer data of pve-docs 9.1.3 as far as the reference and the recordings use it.
"""

from __future__ import annotations

from typing import Any, Final

_ALL = {"user": "all"}
_INDEX: dict[str, Any] = {"GET": {"permissions": _ALL}}

MORE: Final[dict[str, dict[str, Any]]] = {
    "/": _INDEX,
    "/cluster": _INDEX,
    "/cluster/jobs": _INDEX,
    "/nodes/{node}": {
        "GET": {
            "permissions": _ALL,
            "parameters": {"node": {"type": "string", "format": "pve-node"}},
        }
    },
}
