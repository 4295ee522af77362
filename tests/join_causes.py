"""The tables in docs/join-causes.md, made of the causes and their words.

    .venv/bin/python -m tests.join_causes

writes them anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pve_auth_tui.core.join.causes import JoinCause
from pve_auth_tui.core.join.said import Said
from pve_auth_tui.core.join.words import advice
from pve_auth_tui.core.join.words_after import AFTER
from pve_auth_tui.core.join.words_before import BEFORE
from pve_auth_tui.core.join.words_join import DURING
from tests.lab.faults.table import with_tables

DOCUMENT: Final = Path(__file__).parents[1] / "docs" / "join-causes.md"
CONTEXT: Final = {
    "domain": "ad.example.com",
    "other": "old.example.com",
    "node": "pve1",
    "computer": "PVE1",
    "proposed": "PVE1-RACK",
    "holder": "pve1.old.example.com",
    "age": "9 d ago",
    "foreign": "192.0.2.53",
    "unresolved": "dc02.ad.example.com",
    "closed": "464 not answered by dc02",
    "clock": "3 min behind dc01",
    "missing": "adcli, sssd",
    "changed": "libc6",
    "files": "/etc/sssd/conf.d/99-site.conf",
    "nodes": "pve2, pve3",
    "person": "alice@ad.example.com",
    "user": "Administrator",
    "ou": "OU=Servers",
}
LONG: Final = {
    "node": "proxmox-frankfurt-07",
    "computer": "PROXMOX-FRANKFU",
    "proposed": "PROXMOX-FRAN-07",
}
PARTICULAR: Final = {
    JoinCause.NAME_TOO_LONG: LONG,
    JoinCause.NAME_UNFIT: {"computer": "PVE_1"},
    JoinCause.OTHER_DOMAIN: {"node": "pve1.rack.example.net"},
    JoinCause.PORT_REFUSED: {"closed": "464 refused by dc02"},
    JoinCause.UNKNOWN_USER: {"user": "adminstrator"},
    JoinCause.WRONG_REALM: {"user": "Administrator@ad.example.com"},
}


def tables() -> dict[str, str]:
    """Marker -> what stands behind it, as Markdown."""
    return {"before": _table(BEFORE), "during": _table(DURING), "after": _table(AFTER)}


def _table(causes: Mapping[JoinCause, Said]) -> str:
    rows = ["| cause | what | what it means | first thing to do |", "|---|---|---|---|"]
    for cause in JoinCause:
        if cause in causes:
            told = advice(cause, **{**CONTEXT, **PARTICULAR.get(cause, {})})
            cells = (f"`{cause.value}`", told.what, told.now, told.fixes[0].text)
            rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(rows)


if __name__ == "__main__":
    DOCUMENT.write_text(with_tables(DOCUMENT.read_text("utf-8"), tables()), "utf-8")
