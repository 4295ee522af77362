"""What is foretold of the recorded directory is what PVE's own code wrote into its logs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pve_auth_tui.core.directory.ports import Entry
from pve_auth_tui.core.directory.settings import settings_of
from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.sync.dryrun import compare, read
from pve_auth_tui.core.sync.found import Found, SyncOptions
from pve_auth_tui.core.sync.previewing import preview
from pve_auth_tui.core.sync.taking import groups_taken, users_taken
from tests.core.pictures import NOW, PAM, PVE, picture

GOLDEN = Path(__file__).parents[1] / "conformance" / "golden"
CALLS = json.loads((GOLDEN / "api" / "10-domain-sync.json").read_text())["calls"]


def realm() -> Realm:
    """As it was recorded."""
    given = CALLS[0]["params"]
    options = {name: str(value) for name, value in given.items() if name not in ("realm", "type")}
    return Realm(given["realm"], given["type"], options)


def entries() -> list[Entry]:
    """Everything in the recorded directory."""
    found = []
    for block in (GOLDEN / "ldap" / "base.ldif").read_text().strip().split("\n\n"):
        pairs = [line.partition(": ")[::2] for line in block.split("\n")]
        values: dict[str, list[bytes]] = {}
        for name, value in pairs[1:]:
            values.setdefault(name.lower(), []).append(value.encode())
        found.append(Entry(pairs[0][1].encode(), values))
    return found


def with_class(*names: bytes) -> list[Entry]:
    return [one for one in entries() if {*names} & set(one.values["objectclass"])]


def logs() -> list[tuple[dict[str, Any], list[str]]]:
    """The parameters of each sync, with the lines of its task."""
    told = []
    for number, call in enumerate(CALLS):
        if call["path"].endswith("/sync") and call["status"] == 200:
            log = next(c for c in CALLS[number:] if c["path"] == _log(call["data"]))
            told.append((call["params"], [row["t"] for row in log["data"]]))
    return told


def _log(upid: str) -> str:
    return f"/nodes/pve1/tasks/{upid}/log"


def found() -> Found:
    settings = settings_of(realm())
    users = users_taken(settings, with_class(b"inetOrgPerson"))
    groups = groups_taken(settings, with_class(b"groupOfNames"), users.people)
    return Found("corp", users.users, groups.groups, (*users.skipped, *groups.skipped))


def test_the_first_dry_run_agrees_with_the_preview() -> None:
    params, lines = logs()[0]
    assert params["dry-run"] == 1
    seen = preview(
        picture(realms=(PAM, PVE, realm())), found(), SyncOptions(params["scope"]), now=NOW
    )
    assert compare(seen, read(lines)).agrees
    assert [row.name for row in seen.users.added] == ["Dora@corp", "ann@corp", "ben@corp"]
    assert seen.after.access.value.users["ben@corp"].lastname == "Zwölf"
    assert seen.after.access.value.groups["admins-corp"].members == ("ann@corp",)


def test_whatever_pve_warned_of_is_skipped_with_a_reason() -> None:
    warnings = read(logs()[0][1]).warnings
    assert len(warnings) == 4  # one of them is told on two lines
    assert {(one.kind, one.name) for one in found().skipped} == {
        ("user", "c d@corp"),
        ("value", "Dora@corp"),
        ("group", "bad group-corp"),
    }


def test_every_recorded_sync_can_be_read() -> None:
    told = logs()
    assert len(told) > 3
    for _, lines in told:
        assert read(lines).whole is not lines[-1].startswith("TASK ERROR"), lines
