"""The tables in docs/realm-causes.md, made of the causes and their words.

    .venv/bin/python -m tests.realm_causes

writes them anew.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from pve_auth_tui.core.directory.causes import Cause
from pve_auth_tui.core.directory.settings import settings_of
from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.openid.advicetexts import TEXTS
from pve_auth_tui.core.openid.causes import Cause as OpenIdCause
from pve_auth_tui.core.realmtest import seen
from pve_auth_tui.core.realmtest.report import Advice, Check, Fact, RealmTest, Stage
from pve_auth_tui.core.realmtest.words import advice
from tests.lab.faults.table import with_tables

DOCUMENT: Final = Path(__file__).parents[1] / "docs" / "realm-causes.md"
SERVER: Final = "dc01.example.com"
CORP: Final = Realm(
    "corp",
    "ad",
    {
        "server1": SERVER,
        "domain": "example.com",
        "mode": "ldap+starttls",
        "verify": "1",
        "base_dn": "DC=example,DC=com",
        "bind_dn": "proxmox_auth@example.com",
        "capath": "/etc/pve/corp-ca.pem",
        "cert": "/etc/pve/priv/corp.pem",
    },
)
SEEN: Final = (
    Fact(seen.IS_FOR, "dc1.example.com"),
    Fact(seen.ISSUER, "CN=Issuing CA 1"),
    Fact(seen.BEGINS, "2026-12-24"),
    Fact(seen.ENDS, "2026-11-30"),
    Fact(seen.DAYS, "8"),
    Fact(seen.BAD_ITEM, "name=cn"),
    Fact(seen.LACKING, "mail"),
    Fact(seen.MISSES, "4"),
    Fact(seen.LIMIT, "5"),
    Fact(seen.CLOCK_OFF, "the server is 3 minutes ahead"),
)
NAMES: Final = {"host": "HOST", "issuer": "ISSUER", "redirect": "https://HOST:8006"}


def tables() -> dict[str, str]:
    """Marker -> what stands behind it, as Markdown."""
    return {"directories": "\n".join(_directories()), "providers": "\n".join(_providers())}


def _directories() -> list[str]:
    rows = ["| cause | what | first thing to do |", "|---|---|---|"]
    for cause in Cause:
        told = _advice(cause)
        fix = told.fixes[0].text if told.fixes else ""
        rows.append(f"| `{cause.value}` | {_cell(told.what)} | {_cell(fix)} |")
    return rows


def _advice(cause: Cause) -> Advice:
    check = Check(Stage.BIND, SERVER, "LOOK", "", None, (cause,), SEEN)
    return advice(check, RealmTest(settings_of(CORP), (check,)))


def _providers() -> list[str]:
    rows = ["| cause | what | first thing to do |", "|---|---|---|"]
    for cause in OpenIdCause:
        what, _, fix = (*TEXTS[cause], "", "")[:3]
        rows.append(f"| `{cause.value}` | {_cell(_named(what))} | {_cell(_named(fix))} |")
    return rows


def _named(text: str) -> str:
    return re.sub(r"{([a-z]+)}", lambda found: NAMES.get(found[1], found[1].upper()), text)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    DOCUMENT.write_text(with_tables(DOCUMENT.read_text("utf-8"), tables()), "utf-8")
