"""What API tokens see."""

import pytest

from pve_auth_tui.core.reach import token_reach
from tests.core.pictures import DAY, NOW, config

POOL = "pool:lab::100,101,102:nfs,ceph:"
NESTED = "pool:lab/ci::103::"


def sees(*lines, user="ci@pve:1:0", line="run:0:1"):
    made = config(f"user:{user}:::::", f"token:ci@pve!{line}::", POOL, NESTED, *lines)
    owner = made.users["ci@pve"]
    return token_reach(made, owner, owner.tokens["run"], NOW).word


@pytest.mark.parametrize(
    ("acl", "word"),
    [
        ([], "NOTHING"),
        (["acl:1:/vms:ci@pve:PVEVMUser:"], "NOTHING"),  # only its user has something
        (["acl:1:/vms:ci@pve!run:PVEVMUser:"], "NOTHING"),  # only the token has something
        (["acl:1:/:ci@pve,ci@pve!run:PVEAuditor:"], "ALL"),
        (["acl:1:/:ci@pve,ci@pve!run:Administrator:"], "ALL, ROOT"),
        (["acl:1:/vms:ci@pve,ci@pve!run:PVEVMUser:"], "all guests"),
        (["acl:1:/storage:ci@pve,ci@pve!run:PVEDatastoreUser:"], "all stores"),
        (["acl:1:/vms:ci@pve:PVEVMUser:", "acl:1:/vms/100:ci@pve!run:PVEVMUser:"], "1 guest"),
        (["acl:1:/pool/lab:ci@pve,ci@pve!run:PVEVMUser:"], "4 guests"),
        (["acl:1:/pool/lab:ci@pve,ci@pve!run:PVEDatastoreUser:"], "2 stores"),
        (["acl:1:/pool/lab/ci:ci@pve,ci@pve!run:PVEVMUser:"], "1 guest"),
        (["acl:1:/pool/lab:ci@pve,ci@pve!run:PVEAuditor:"], "some"),
        (["acl:1:/nodes:ci@pve,ci@pve!run:PVEAuditor:"], "some"),
        (["acl:1:/vms/100:ci@pve,ci@pve!run:NoAccess:"], "NOTHING"),
    ],
)
def test_a_token_with_privilege_separation_sees_what_both_may(acl, word):
    assert sees(*acl) == word


@pytest.mark.parametrize(
    ("acl", "word"),
    [
        ([], "NOTHING"),
        (["acl:1:/vms:ci@pve:PVEVMUser:"], "all guests"),
        (["acl:1:/:ci@pve:Administrator:"], "ALL, ROOT"),
        (["group:g:ci@pve::", "acl:1:/vms/100:@g:PVEVMUser:"], "1 guest"),
    ],
)
def test_a_token_without_privilege_separation_is_its_user(acl, word):
    assert sees(*acl, line="run:0:0") == word


def test_a_token_of_root_without_separation_is_root():
    made = config("token:root@pam!ansible:0:0::")
    root = made.users["root@pam"]
    assert token_reach(made, root, root.tokens["ansible"], NOW).word == "ALL, ROOT"


@pytest.mark.parametrize(
    ("user", "line"),
    [
        ("ci@pve:0:0", "run:0:1"),
        (f"ci@pve:1:{int(NOW) - DAY}", "run:0:1"),
        ("ci@pve:1:0", f"run:{int(NOW) - DAY}:1"),
    ],
)
def test_a_token_that_cannot_log_in_sees_nothing_in_small_letters(user, line):
    acl = "acl:1:/:ci@pve,ci@pve!run:Administrator:"
    assert sees(acl, user=user, line=line) == "nothing"


def test_of_very_many_entries_no_more_is_said_than_some():
    acl = [f"acl:1:/vms/{vmid}:ci@pve,ci@pve!run:PVEVMUser:" for vmid in range(100, 200)]
    assert sees(*acl) == "some"
