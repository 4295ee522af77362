"""Syncs of real directories: what is foretold is what the simulated node's own client, which shares
no code with ours, says in its dry run, and what is there after a sync was run.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from pve_auth_tui.adapters.directory.directories import LdapDirectories
from pve_auth_tui.adapters.directory.network import SystemNetwork
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.sync.dryrun import compare
from pve_auth_tui.core.sync.found import Found, SyncOptions
from pve_auth_tui.core.sync.preview import Preview
from pve_auth_tui.core.sync.previewing import preview
from pve_auth_tui.services.snapshots import SnapshotService
from pve_auth_tui.services.sync import SyncService
from pve_auth_tui.simnode.direct import DirectApi
from tests.conformance.start import Stage
from tests.lab.adlab import names
from tests.lab.adlab.lab import Lab
from tests.lab.adlab.names import AD_BASE, LDAP_BASE
from tests.lab.faults.directory import HEALTHY, PASSWORDS
from tests.lab.faults.rows import Server
from tests.lab.realm_lab import NodeClock, node_in, settings, started

ALL = SyncOptions(vanished=frozenset({"entry", "acl", "properties"}))


@dataclass
class Cluster:
    """A simulated node in the lab's network, with one realm of a real directory."""

    lab: Lab
    server: Server
    options: Mapping[str, str]
    stage: Stage

    def __post_init__(self) -> None:
        given = {**HEALTHY[self.server], **self.options}
        kept = {name: value for name, value in given.items() if value}
        password = PASSWORDS[self.server]
        self.ask("POST", "/access/domains", {"realm": "lab", **kept, "password": password})

    def ask(self, method: str, path: str, params: Mapping[str, object]) -> object:
        return self.lab.inside(lambda: self.stage.node.answer(method, path, dict(params)))

    @property
    def sync(self) -> SyncService:
        api = DirectApi(self.stage.node, f"{names.NODE}:8006")
        directories = LdapDirectories(SystemNetwork())
        return SyncService(directories, lambda realm: None, lambda: api, NodeClock())

    def found(self, options: SyncOptions) -> Found:
        wanted = settings(self.lab, self.server, self.options)
        password = Secret(PASSWORDS[self.server])
        return self.lab.inside(lambda: self.sync.read(wanted, options, password))

    def picture(self) -> Snapshot:
        return SnapshotService(self.stage.node.tree, NodeClock(), demo=True).load()

    def preview(self, options: SyncOptions) -> Preview:
        found = self.found(options)
        return preview(self.picture(), found, options, now=time.time())

    def agreed(self, options: SyncOptions) -> Preview:
        """A preview that the node's own dry run agrees with."""
        mine = self.preview(options)
        theirs = self.lab.inside(lambda: self.sync.dry_run("lab", options))
        told = compare(mine, theirs)
        assert told.agrees, told
        return mine

    def run(self, options: SyncOptions) -> None:
        params = {
            "scope": options.scope,
            "enable-new": int(options.enable_new),
            "remove-vanished": ";".join(sorted(options.vanished)) or "none",
        }
        task = self.ask("POST", "/access/domains/lab/sync", params)
        end = self.ask("GET", f"/nodes/pve1/tasks/{task}/status", {})
        assert isinstance(end, dict)
        assert end["exitstatus"] == "OK"


def cluster(
    lab: Lab, keys: Mapping[str, bytes], server: Server, options: Mapping[str, str]
) -> Cluster:
    started(lab, server)
    return Cluster(lab, server, options, node_in(lab, keys))


# which part of a directory -> realm options, and how many users and groups it has; None: those that
# Samba brings along are among them
PARTS: Mapping[str, tuple[Server, Mapping[str, str], tuple[int, int | None]]] = {
    "people": ("slapd", {}, (3, 2)),
    "more than one page": (
        "slapd",
        {"base_dn": f"ou=many,{LDAP_BASE}", "group_dn": f"ou=many,{LDAP_BASE}"},
        (names.LDAP_MANY, 1),
    ),
    "the whole tree, with all that is odd": (
        "slapd",
        {"base_dn": LDAP_BASE, "group_dn": ""},
        (names.LDAP_MANY + 7, 7),
    ),
    "staff": ("Samba AD", {}, (10, 2)),
    "a large group": (
        "Samba AD",
        {
            "base_dn": f"OU=Many,{AD_BASE}",
            "sync_attributes": "email=mail",
            "group_filter": "(cn=BigGroup)",
        },
        (names.AD_MANY, 1),
    ),
    "the domain's own base": (
        "Samba AD",
        {"base_dn": "", "group_dn": "", "group_filter": "", "filter": "(mail=*)"},
        (names.AD_MANY + 12, None),
    ),
}


@pytest.mark.parametrize("part", PARTS)
def test_a_preview_says_what_the_node_says_and_does(
    lab: Lab, keys: Mapping[str, bytes], part: str
) -> None:
    server, options, (users, groups) = PARTS[part]
    node = cluster(lab, keys, server, options)
    node.ask("POST", "/access/users", {"userid": "gone@lab"})
    node.ask("PUT", "/access/acl", {"path": "/", "roles": "PVEAuditor", "users": "gone@lab"})
    before = node.agreed(ALL)
    assert len(before.users.added) == users
    assert groups in {None, len(before.groups.added)}
    assert [row.name for row in before.users.removed] == ["gone@lab"]
    node.run(ALL)
    after = node.picture()
    expected = before.after
    assert after.access.value is not None
    assert expected.access.value is not None
    assert after.access.value.users == expected.access.value.users
    assert after.access.value.groups == expected.access.value.groups
    assert after.access.value.acl == expected.access.value.acl
    assert node.agreed(ALL).changes_nothing


@pytest.mark.parametrize("server", ["slapd", "Samba AD"])
@pytest.mark.parametrize("scope", ["users", "groups"])
def test_a_preview_of_users_or_groups_alone(
    lab: Lab, keys: Mapping[str, bytes], server: Server, scope: str
) -> None:
    node = cluster(lab, keys, server, {})
    options = SyncOptions("users" if scope == "users" else "groups")
    seen = node.agreed(options)
    assert bool(seen.users.added) == (scope == "users")
    assert bool(seen.groups.added) == (scope == "groups")


@pytest.mark.parametrize("server", ["slapd", "Samba AD"])
def test_a_read_for_a_preview_binds_once(
    lab: Lab, keys: Mapping[str, bytes], server: Server
) -> None:
    """R23"""
    refused = started(lab, server)
    node = cluster(lab, keys, server, {})
    before = refused()
    assert node.found(ALL).complete
    assert refused() == before


def test_an_answer_that_was_cut_is_told_as_one(lab: Lab, keys: Mapping[str, bytes]) -> None:
    """Whoever did not come is not gone."""
    service = f"cn=plain,ou=services,{LDAP_BASE}"
    many = {"base_dn": f"ou=many,{LDAP_BASE}", "bind_dn": service}
    found = cluster(lab, keys, "slapd", many).found(ALL)
    assert (found.complete, found.entries) == (False, 500)
