"""The other files of the demo cluster: realms, options, jobs, second factors, host."""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode
from dataclasses import replace
from typing import Any

import pytest

from pve_auth_tui.core.cluster import (
    guest_name,
    guest_path,
    installed_versions,
    parse_corosync,
    parse_job_state,
    parse_members,
    parse_storages,
    parse_vmlist,
    release_of,
)
from pve_auth_tui.core.datacenter import parse_datacenter, write_datacenter
from pve_auth_tui.core.domains import parse_domains, write_domains
from pve_auth_tui.core.errors import ApiError
from pve_auth_tui.core.jobs import parse_jobs, write_jobs
from pve_auth_tui.core.tfaconfig import parse_tfa, write_tfa
from pve_auth_tui.core.unixshadow import usable_names
from pve_auth_tui.core.userconfig import UserConfig
from pve_auth_tui.simnode.demo import DEMO_NOW, PASSWORD, demo_tree
from pve_auth_tui.simnode.disk import MemoryDisk
from pve_auth_tui.simnode.memory import MemoryTree
from pve_auth_tui.simnode.node import SimNode
from pve_auth_tui.simnode.passwords import check_password
from pve_auth_tui.simnode.points import PRIME, B
from pve_auth_tui.simnode.rack import USERS
from pve_auth_tui.simnode.sources import system_sources

HOUR = 3600
MIB = 1024 * 1024
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


@pytest.fixture(scope="session")
def tfa(tree: MemoryTree) -> dict[str, dict[str, Any]]:
    users: dict[str, dict[str, Any]] = json.loads(tree.read("etc/pve/priv/tfa.cfg"))["users"]
    return users


def unused(record: dict[str, Any]) -> int:
    return sum(code is not None for code in record["recovery"]["entries"])


def job_state(tree: MemoryTree, job: str) -> tuple[int, str]:
    last_run, problem = parse_job_state(tree.read(f"etc/pve/priv/jobs/realm-sync-{job}.json"))
    assert last_run is not None
    return last_run, problem


def test_the_same_demo_is_built_every_time(tree: MemoryTree) -> None:
    again = demo_tree()
    assert again.paths == tree.paths
    assert all(again.read(path) == tree.read(path) for path in tree.paths)


def test_everything_is_relative_to_now() -> None:
    later = json.loads(demo_tree(now=DEMO_NOW + 1000).read("etc/pve/priv/tfa.cfg"))
    entry = later["users"]["root@pam"]["webauthn"][0]
    assert entry["created"] == DEMO_NOW + 1000 - 120 * 24 * HOUR


def test_no_file_is_larger_than_pmxcfs_allows(tree: MemoryTree) -> None:
    assert all(len(tree.read(path)) <= MIB for path in tree.paths)


def test_realms_are_those_of_the_demo_and_written_as_pve_does(tree: MemoryTree) -> None:
    data = tree.read("etc/pve/domains.cfg")
    domains = parse_domains(data)
    assert {realm.name: realm.type for realm in domains.realms.values()} == {
        "pam": "pam",
        "pve": "pve",
        "corp": "ad",
        "entra": "openid",
        "lab": "ldap",
        "old": "ldap",
    }
    assert not domains.warnings
    assert write_domains(domains) == data


def test_corp_uses_starttls_and_checks_certificates_lab_does_neither(tree: MemoryTree) -> None:
    realms = parse_domains(tree.read("etc/pve/domains.cfg")).realms
    corp, lab = realms["corp"].options, realms["lab"].options
    assert (corp["mode"], corp["verify"]) == ("ldap+starttls", "1")
    assert corp["server2"] == "dc02.example.com"
    assert "remove-vanished=acl;entry" in corp["sync-defaults-options"]
    assert (lab["mode"], lab["verify"]) == ("ldap", "0")
    assert realms["entra"].options["groups-claim"] == "groups"
    assert realms["corp"].default


def test_webauthn_belongs_to_example_com(tree: MemoryTree) -> None:
    data = tree.read("etc/pve/datacenter.cfg")
    datacenter = parse_datacenter(data)
    assert datacenter.options["webauthn"] == {"rp": "rack", "id": "example.com"}
    assert not datacenter.warnings
    assert write_datacenter(datacenter) == data


def test_corp_was_synced_two_hours_ago_and_a_job_failed_last_night(tree: MemoryTree) -> None:
    data = tree.read("etc/pve/jobs.cfg")
    jobs = parse_jobs(data)
    assert {job.id: job.realm for job in jobs.sync.values()} == {
        "corp-changes": "corp",
        "corp-nightly": "corp",
        "lab-weekly": "lab",
    }
    assert write_jobs(jobs) == data
    started, problem = job_state(tree, "corp-changes")
    assert 2 * HOUR <= DEMO_NOW - started < 3 * HOUR
    assert problem == ""
    started, problem = job_state(tree, "corp-nightly")
    assert 16 * HOUR < DEMO_NOW - started < 24 * HOUR
    assert "No space left" in problem


def test_second_factors_are_written_as_pve_does(tree: MemoryTree) -> None:
    data = tree.read("etc/pve/priv/tfa.cfg")
    config = parse_tfa(data)
    assert not config.warnings
    assert write_tfa(config) == data


def test_root_has_a_locked_totp_a_key_and_three_recovery_keys(
    tfa: dict[str, dict[str, Any]],
) -> None:
    root = tfa["root@pam"]
    assert root["totp-locked"] is True
    assert [entry["description"] for entry in root["totp"]] == ["phone"]
    assert [entry["description"] for entry in root["webauthn"]] == ["rack 3"]
    assert (unused(root), len(root["recovery"]["entries"])) == (3, 10)


@pytest.mark.parametrize(
    ("userid", "kinds"),
    [
        ("anna.admin@corp", {"totp", "totp-locked"}),
        ("bob.admin@corp", {"webauthn"}),
        ("old-admin@pve", {"totp"}),
        ("yuri@pve", {"yubico"}),
        ("paul@pam", {"webauthn"}),
    ],
)
def test_others_have_the_factors_of_their_story(
    tfa: dict[str, dict[str, Any]], userid: str, kinds: set[str]
) -> None:
    assert tfa[userid].keys() == kinds


def test_one_key_is_disabled_and_one_set_of_recovery_keys_nearly_used_up(
    tfa: dict[str, dict[str, Any]],
) -> None:
    disabled = [
        userid
        for userid, record in tfa.items()
        for entry in record.get("webauthn", ())
        if entry.get("enable") is False
    ]
    assert disabled == ["lena@pve"]
    assert unused(tfa["erik@pve"]) == 1


def test_five_administrators_of_nine_have_a_second_factor(tfa: dict[str, dict[str, Any]]) -> None:
    in_admins = {"anna.admin@corp", "carl@corp", "dora@corp", "frank@corp"}
    local = {"anna@pam", "backup-admin@pve", "erik@pve", "nina@pve"}
    administrators = {"root@pam", *in_admins, *local}
    assert administrators - tfa.keys() == {
        "backup-admin@pve",
        "dora@corp",
        "frank@corp",
        "nina@pve",
    }
    with_key = {userid for userid in administrators & tfa.keys() if "webauthn" in tfa[userid]}
    assert with_key == {"root@pam"}  # the only factor that works without quorum


def test_users_with_factors_are_marked_in_user_cfg(
    access: UserConfig, tfa: dict[str, dict[str, Any]]
) -> None:
    assert {user.id for user in access.users.values() if user.keys == "x"} == tfa.keys()


def test_keys_lie_on_the_curve(tfa: dict[str, dict[str, Any]]) -> None:
    def coordinate(text: str) -> int:
        return int.from_bytes(urlsafe_b64decode(text + "="), "big")

    points = set()
    for record in tfa.values():
        for entry in record.get("webauthn", ()):
            key = entry["entry"]["cred"]["key"]["EC_EC2"]
            x, y = coordinate(key["x"]), coordinate(key["y"])
            assert (y * y - x**3 + 3 * x - B) % PRIME == 0
            points.add((x, y))
    assert len(points) > 10


def test_every_secret_gives_itself_away_as_made_up(
    tree: MemoryTree, tfa: dict[str, dict[str, Any]]
) -> None:
    tokens = tree.read("etc/pve/priv/token.cfg").decode().splitlines()
    assert len(tokens) == 14
    for line in tokens:
        secret = line.split(" ")[1]
        assert secret.startswith("decafbad-")
        assert UUID.fullmatch(secret)
    totp = re.findall(r"secret=([A-Z2-7]{32})&", json.dumps(tfa))
    assert totp
    assert all(secret.startswith("DEMO") for secret in totp)
    for file in ("etc/pve/priv/shadow.cfg", "etc/shadow"):
        for line in tree.read(file).decode("latin-1").splitlines():
            assert re.match(r"[^:]+:(\$5\$demo\.made\.up\$[./0-9A-Za-z]{43}|\*):", line)
    assert "not-a-real-client-secret" in tree.read("etc/pve/domains.cfg").decode()


def test_users_of_realm_pve_have_a_password_and_services_with_tokens_none(
    access: UserConfig, tree: MemoryTree
) -> None:
    shadow = tree.read("etc/pve/priv/shadow.cfg").decode("latin-1")
    with_password = {line.split(":")[0] + "@pve" for line in shadow.splitlines()}
    assert with_password == {
        user.id for user in access.users.values() if user.realm == "pve" and not user.tokens
    }


@pytest.mark.parametrize("users", [USERS, 300])
def test_the_password_of_the_demo_lets_everybody_of_pam_and_pve_in(users: int) -> None:
    """By the check of the simulated node; what PVE asks for next is another matter."""
    tree = demo_tree(users=users)
    node = SimNode(MemoryDisk(tree.files), replace(system_sources(), now=lambda: DEMO_NOW))
    local = [user for user in node.state.access.users.values() if user.realm in ("pam", "pve")]
    tried = [user.id for user in local if user.realm == "pam" or not user.tokens]
    assert {"root@pam", "anna@pam", "backup-admin@pve", "j\xfcrgen@pve"} <= set(tried)
    for userid in tried:
        check_password(node, userid, PASSWORD)
        with pytest.raises(ApiError):
            check_password(node, userid, f"{PASSWORD}!")


def test_linux_accounts_of_the_system_have_no_password(tree: MemoryTree) -> None:
    assert usable_names(tree.read("etc/shadow"), DEMO_NOW) == {"root", "anna", "paul"}
    assert b"\nwww-data:*:" in tree.read("etc/shadow")


def test_the_cluster_has_three_nodes_and_quorum(tree: MemoryTree) -> None:
    members = parse_members(tree.read("etc/pve/.members"))
    assert members is not None
    assert members.node == tree.read("etc/hostname").decode().strip() == "pve1"
    assert (members.cluster, members.quorate) == ("rack", True)
    assert [(node.name, node.online) for node in members.nodes] == [
        ("pve1", True),
        ("pve2", True),
        ("pve3", True),
    ]
    corosync = parse_corosync(tree.read("etc/pve/corosync.conf"))
    assert (corosync.name, corosync.nodes) == ("rack", ("pve1", "pve2", "pve3"))


def test_there_are_212_guests_and_each_has_a_name_of_its_own(tree: MemoryTree) -> None:
    guests = parse_vmlist(tree.read("etc/pve/.vmlist"))
    names = {guest_name(tree.read(guest_path(guest)), guest.type) for guest in guests.values()}
    assert len(guests) == len(names) == 212
    assert "" not in names
    assert {guest.type for guest in guests.values()} == {"qemu", "lxc"}


@pytest.mark.parametrize(
    ("vmid", "name", "node"),
    [(100, "web-01", "pve2"), (104, "lab-db", "pve1"), (110, "pay-db", "pve3")],
)
def test_guests_of_the_drawings_are_where_they_should_be(
    tree: MemoryTree, vmid: int, name: str, node: str
) -> None:
    guest = parse_vmlist(tree.read("etc/pve/.vmlist"))[vmid]
    assert (guest_name(tree.read(guest_path(guest)), guest.type), guest.node) == (name, node)


def test_there_are_six_stores(tree: MemoryTree) -> None:
    assert parse_storages(tree.read("etc/pve/storage.cfg")) == (
        "ceph-vm",
        "local",
        "nfs-archive",
        "nfs-offsite",
        "pbs-offsite",
        "pbs-rack",
    )


def test_the_packages_are_those_of_pve_9_2(tree: MemoryTree) -> None:
    packages = ("pve-manager", "libpve-access-control")
    found = installed_versions(tree.read("var/lib/dpkg/status"), packages)
    assert release_of(found["pve-manager"]) == "9.2"
    assert found["libpve-access-control"] == "9.1.1"
