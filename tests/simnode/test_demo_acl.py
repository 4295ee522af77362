"""The permissions of the demo cluster, checked with the engine that answers as PVE does."""

from __future__ import annotations

from collections import Counter

from pve_auth_tui.core.aclnotes import notes
from pve_auth_tui.core.permissions import Permissions
from pve_auth_tui.core.userconfig import UserConfig, write_user_config
from pve_auth_tui.simnode.memory import MemoryTree

ANNA = "anna.admin@corp"
DRAWN = [  # the rows of the ACL drawing, in its order
    ("/", "@admins-corp", "Administrator", True),
    ("/access/groups", "helpdesk@pve", "PVEUserAdmin", True),
    ("/nodes", "@ops-corp", "PVESysAdmin", True),
    ("/pool/lab", "@dev", "PVEVMAdmin", True),
    ("/storage", "@ops-corp", "PVEDatastoreUser", True),
    ("/vms", "@ops-corp", "PVEVMUser", True),
    ("/vms/100", "anna.admin@corp", "PVEAuditor", True),
    ("/vms/100", "@ops-corp", "PVEVMUser", True),
    ("/vms/104", "gone@corp", "PVEVMAdmin", True),
    ("/vms/105", "ci@pve!runner", "PVEVMAdmin", True),
    ("/vms/110", "@ops-corp", "NoAccess", True),
    ("/vms/111", "bob@pve", "PVEVMUser", False),
]


def test_all_entries_of_the_drawing_are_there(access: UserConfig) -> None:
    rows = {(row.path, row.shown_subject, row.role, row.propagate) for row in access.acl}
    assert len(access.acl) == 1204
    assert rows >= set(DRAWN)


def test_only_five_others_come_between_them(access: UserConfig) -> None:
    paths = [row.path for row in access.acl if row.path <= "/vms/111"]
    assert Counter(paths) - Counter(path for path, *_ in DRAWN) == Counter(
        {"/": 2, "/pool/lab/backup": 2, "/vms/105": 1}
    )


def test_nine_entries_are_to_be_looked_at(access: UserConfig) -> None:
    found = {(row.path, row.shown_subject): words for row, words in notes(access).items()}
    assert found == {
        ("/access/groups", "helpdesk@pve"): ("IS ROOT",),
        ("/vms/100", "@ops-corp"): ("HIDDEN",),
        ("/vms/100", ANNA): ("REPLACES",),
        ("/vms/104", "gone@corp"): ("GHOST",),
        ("/vms/105", "ci@pve!runner"): ("CAPPED",),
        ("/vms/110", "@ops-corp"): ("BLOCKS",),
        ("/vms/131", "leaver@corp"): ("GHOST",),
        ("/vms/140", "terraform@pve!apply"): ("UNUSED",),
        ("/vms/207", "intern7@lab"): ("GHOST",),
    }


def test_three_users_in_the_acl_do_not_exist(access: UserConfig) -> None:
    ghosts = {row.subject for row in access.acl if row.kind == "user"} - access.users.keys()
    assert ghosts == {"gone@corp", "leaver@corp", "intern7@lab"}
    groups = {row.subject for row in access.acl if row.kind == "group"}
    assert groups <= access.groups.keys()


def test_anna_may_look_at_web_01_and_nothing_else(permissions: Permissions) -> None:
    auditor = permissions.privileges(ANNA, "/vms/100")
    assert set(auditor) >= {"VM.Audit", "Sys.Audit"}
    assert not any(name.startswith("VM.") and "Audit" not in name for name in auditor)
    assert len(permissions.privileges(ANNA, "/vms")) == 10
    assert len(permissions.privileges(ANNA, "/")) == 47


def test_the_pool_gives_anna_lab_db_back(permissions: Permissions) -> None:
    decision = permissions.decision(ANNA, "/vms/104")
    assert decision.pools == ("lab",)
    assert len(permissions.privileges(ANNA, "/vms/104")) == 47


def test_pay_db_is_closed_for_the_operators_and_for_nobody_else(
    access: UserConfig, permissions: Permissions
) -> None:
    blocked = [
        userid
        for userid in access.groups["ops-corp"].members
        if not permissions.privileges(userid, "/vms/110")
    ]
    assert blocked == [ANNA, "olga@corp", "omar@corp", "otto@corp"]
    users = [userid for userid in access.users if permissions.privileges(userid, "/vms/110")]
    tokens = [
        f"{user.id}!{token}"
        for user in access.users.values()
        for token in user.tokens
        if permissions.privileges(f"{user.id}!{token}", "/vms/110")
    ]
    assert (len(users), tokens) == (14, ["root@pam!ansible", "mon@pve!zabbix"])


def test_the_runner_token_is_capped_by_its_user(permissions: Permissions) -> None:
    runner = permissions.privileges("ci@pve!runner", "/vms/105")
    assert runner == permissions.privileges("ci@pve", "/vms/105")
    assert len(runner) == 10  # of the 23 that its entry names


def test_pools_reach_the_third_level(access: UserConfig) -> None:
    assert list(access.pools) == ["lab", "lab/backup", "lab/backup/offsite"]
    assert {vmid for pool in access.pools.values() for vmid in pool.vms} == {104}


def test_helpdesk_is_no_administrator_but_may_change_users(permissions: Permissions) -> None:
    assert not permissions.is_administrator("helpdesk@pve")
    assert permissions.privileges("helpdesk@pve", "/access/groups")["User.Modify"]


def test_nobody_in_the_crowd_has_rights_on_more_than_single_guests(access: UserConfig) -> None:
    story = {path for path, *_ in DRAWN} | {"/pool/lab/backup"}
    assert all(row.path.startswith("/vms/") for row in access.acl if row.path not in story)


def test_one_role_has_a_privilege_that_pve_9_no_longer_knows(
    access: UserConfig, tree: MemoryTree
) -> None:
    assert b"role:Monitor8:VM.Audit,VM.Monitor:\n" in tree.read("etc/pve/user.cfg")
    assert access.roles["Monitor8"].privs == {"VM.Audit"}
    assert any(row.role == "Monitor8" for row in access.acl)


def test_the_file_is_one_that_pve_itself_wrote(access: UserConfig, tree: MemoryTree) -> None:
    written = write_user_config(access).splitlines()
    found = tree.read("etc/pve/user.cfg").splitlines()
    assert [line for line in found if line not in written] == [
        b"role:Monitor8:VM.Audit,VM.Monitor:"
    ]
    assert len(written) == len(found)
