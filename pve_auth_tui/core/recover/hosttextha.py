"""PVE's HA manager: what it manages, and where that runs.

Never raises, whatever the bytes are. Sources: PVE::HA::Config (files, and that an `ignored` service
counts as not managed), PVE::HA::Manager (service_status).
"""

from __future__ import annotations

import json
import re
from typing import Final

RESOURCES: Final = "etc/pve/ha/resources.cfg"
STATUS: Final = "etc/pve/ha/manager_status"

_SECTION: Final = re.compile(r"([a-z]{1,16}):[ \t]*([A-Za-z0-9][A-Za-z0-9._-]{0,63})[ \t]*\r?")


def managed(data: bytes) -> frozenset[str]:
    """`ha/resources.cfg` -> the services (`vm:100`, `ct:101`) that HA manages."""
    found: dict[str, bool] = {}
    sid = ""
    for line in data.decode(errors="replace").split("\n"):
        if head := _SECTION.fullmatch(line):
            sid = f"{head[1]}:{head[2]}"
            found[sid] = True
        elif sid and line[:1] in {" ", "\t"} and line.split() == ["state", "ignored"]:
            found[sid] = False
    return frozenset(sid for sid, counts in found.items() if counts)


def places(data: bytes) -> dict[str, str]:
    """`ha/manager_status` -> service -> the node that the manager last put it on."""
    try:
        whole = json.loads(data.decode(errors="replace"))
    except (ValueError, RecursionError):
        return {}
    status = whole.get("service_status") if isinstance(whole, dict) else None
    entries = status.items() if isinstance(status, dict) else ()
    return {
        sid: entry["node"]
        for sid, entry in entries
        if isinstance(entry, dict) and isinstance(entry.get("node"), str)
    }
