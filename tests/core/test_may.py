"""Privileges in a few words."""

import pytest

from pve_auth_tui.core import versions
from pve_auth_tui.core.may import may, place_of

ROLES = versions.builtin_roles()
ALL = ROLES["Administrator"]


@pytest.mark.parametrize(
    ("role", "path", "words"),
    [
        ("Administrator", "/vms", "everything"),
        ("NoAccess", "/vms", "nothing"),
        ("PVEVMUser", "/vms/100", "use"),
        ("PVEVMAdmin", "/vms/100", "manage"),
        ("PVETemplateUser", "/vms/100", "change"),
        ("PVEAuditor", "/vms/100", "look"),
        ("PVEAuditor", "/", "look"),
        ("PVESysAdmin", "/nodes", "look, shell"),
        ("PVEDatastoreUser", "/storage", "use"),
        ("PVEDatastoreAdmin", "/storage/nfs", "manage"),
        ("PVEUserAdmin", "/access/groups", "users"),
        ("PVEAdmin", "/", "manage, shell, users"),
        ("PVESDNUser", "/sdn", "use"),
        ("PVEMappingAdmin", "/mapping", "change"),
        ("PVEPoolUser", "/pool/lab", "look"),
        ("PVEVMUser", "/storage", "nothing"),
        ("PVEVMUser", "/pool/lab", "use"),
    ],
)
def test_what_the_built_in_roles_allow(role, path, words):
    assert may(ROLES[role], ALL, place_of(path)) == words


def test_giving_rights_means_something_everywhere():
    assert may(frozenset({"Permissions.Modify"}), ALL, "vms") == "give rights"
