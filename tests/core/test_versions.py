"""What a release knows. The full lists are PVE's own, dumped from its modules."""

import pytest

from pve_auth_tui.core import versions

ADMINISTRATOR_9 = """
Datastore.Allocate Datastore.AllocateSpace Datastore.AllocateTemplate Datastore.Audit
Group.Allocate Mapping.Audit Mapping.Modify Mapping.Use Permissions.Modify Pool.Allocate
Pool.Audit Realm.Allocate Realm.AllocateUser SDN.Allocate SDN.Audit SDN.Use Sys.AccessNetwork
Sys.Audit Sys.Console Sys.Incoming Sys.Modify Sys.PowerMgmt Sys.Syslog User.Modify VM.Allocate
VM.Audit VM.Backup VM.Clone VM.Config.CDROM VM.Config.CPU VM.Config.Cloudinit VM.Config.Disk
VM.Config.HWType VM.Config.Memory VM.Config.Network VM.Config.Options VM.Console
VM.GuestAgent.Audit VM.GuestAgent.FileRead VM.GuestAgent.FileSystemMgmt VM.GuestAgent.FileWrite
VM.GuestAgent.Unrestricted VM.Migrate VM.PowerMgmt VM.Replicate VM.Snapshot VM.Snapshot.Rollback
"""
NOT_PVEADMIN = """
Mapping.Modify Permissions.Modify Realm.Allocate Sys.AccessNetwork Sys.Incoming Sys.Modify
Sys.PowerMgmt
"""
BUILTIN_9 = {
    "Administrator": ADMINISTRATOR_9,
    "NoAccess": "",
    "PVEAuditor": """Datastore.Audit Mapping.Audit Pool.Audit SDN.Audit Sys.Audit VM.Audit
        VM.GuestAgent.Audit""",
    "PVEDatastoreAdmin": """Datastore.Allocate Datastore.AllocateSpace
        Datastore.AllocateTemplate Datastore.Audit""",
    "PVEDatastoreUser": "Datastore.AllocateSpace Datastore.Audit",
    "PVEMappingAdmin": "Mapping.Audit Mapping.Modify Mapping.Use",
    "PVEMappingUser": "Mapping.Audit Mapping.Use",
    "PVEPoolAdmin": "Pool.Allocate Pool.Audit",
    "PVEPoolUser": "Pool.Audit",
    "PVESDNAdmin": "SDN.Allocate SDN.Audit SDN.Use",
    "PVESDNUser": "SDN.Audit SDN.Use",
    "PVESysAdmin": "Sys.Audit Sys.Console Sys.Syslog",
    "PVETemplateUser": "VM.Audit VM.Clone",
    "PVEUserAdmin": "Group.Allocate Realm.AllocateUser User.Modify",
    "PVEVMAdmin": """VM.Allocate VM.Audit VM.Backup VM.Clone VM.Config.CDROM VM.Config.CPU
        VM.Config.Cloudinit VM.Config.Disk VM.Config.HWType VM.Config.Memory VM.Config.Network
        VM.Config.Options VM.Console VM.GuestAgent.Audit VM.GuestAgent.FileRead
        VM.GuestAgent.FileSystemMgmt VM.GuestAgent.FileWrite VM.GuestAgent.Unrestricted
        VM.Migrate VM.PowerMgmt VM.Replicate VM.Snapshot VM.Snapshot.Rollback""",
    "PVEVMUser": """VM.Audit VM.Backup VM.Config.CDROM VM.Config.Cloudinit VM.Console
        VM.GuestAgent.Audit VM.GuestAgent.FileRead VM.GuestAgent.FileSystemMgmt
        VM.GuestAgent.FileWrite VM.PowerMgmt""",
}


def test_the_47_privileges_of_9_1_1():
    assert versions.privileges("9.1.1") == set(ADMINISTRATOR_9.split())
    assert len(versions.privileges()) == 47


def test_the_built_in_roles_of_9_1_1():
    roles = dict(versions.builtin_roles("9.1.1"))
    admin = roles.pop("PVEAdmin")
    assert roles == {name: set(privs.split()) for name, privs in BUILTIN_9.items()}
    assert admin == set(ADMINISTRATOR_9.split()) - set(NOT_PVEADMIN.split())


def test_8_2_2_has_monitor_and_neither_guest_agent_nor_replicate():
    new = {name for name in ADMINISTRATOR_9.split() if name.startswith("VM.GuestAgent.")}
    assert versions.privileges("8.2.2") == (
        set(ADMINISTRATOR_9.split()) - new - {"VM.Replicate"} | {"VM.Monitor"}
    )
    assert "VM.Monitor" in versions.builtin_roles("8.2.2")["PVEVMAdmin"]
    assert "VM.Monitor" not in versions.builtin_roles("8.2.2")["PVEVMUser"]


def test_privileges_came_one_after_the_other():
    assert "Sys.AccessNetwork" not in versions.privileges("8.1.1")
    assert "Sys.AccessNetwork" in versions.privileges("8.1.2")
    assert "VM.Replicate" not in versions.privileges("9.0.2")


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("8.0.0~2", "8.0.0~3"),
        ("8.0.0~3", "8.0.0"),
        ("8.0.0", "8.0.0-1"),
        ("7.4-2", "7.4-3"),
        ("7.4-3", "8.0.0~1"),
        ("9.0.9", "9.0.10"),
        ("9.1", "9.1.0"),
        ("9.1.1-1", "9.1.1+deb1"),
        ("9.1.1", "9.1.1a"),
        ("9.1.1~bpo12", "9.1.1"),
    ],
)
def test_versions_are_compared_as_dpkg_does(older, newer):
    assert versions.compare(older, newer) == -1
    assert versions.compare(newer, older) == 1
    assert versions.compare(older, older) == 0


@pytest.mark.parametrize(
    ("version", "has"), [("9.0.7", False), ("9.1.0", True), ("9.1.1", True), ("10.0.0", True)]
)
def test_tokens_can_be_regenerated_since_9_1_0(version, has):
    assert versions.has(version, "token-regenerate") == has


@pytest.mark.parametrize(
    ("package", "pve"),
    [
        ("9.1.1", "9.2"),
        ("9.1.0", "9.2"),
        ("9.0.5", "9.1"),
        ("9.0.3", "9.0"),
        ("8.2.2", "8.4"),
        ("8.0.4", "8.0"),
        ("7.4-3", "7.4"),
        ("6.4-1", ""),
    ],
)
def test_the_pve_release_of_a_package(package, pve):
    assert versions.pve_release(package) == pve


def test_the_oldest_package_of_a_pve_release():
    assert versions.access_control_of("9.1") == "9.0.4"
    assert versions.access_control_of("8.4.1") == "8.2.2"
    assert versions.access_control_of("10.0") == "9.1.0"
    assert versions.access_control_of("6.4") == "7.4-2"
