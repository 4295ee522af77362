"""The ACL as a tree, for everybody and as one person sees it."""

import pytest
from hypothesis import given, settings

from pve_auth_tui.core.aclindex import permissions_of
from pve_auth_tui.core.acltree import tree
from pve_auth_tui.core.snapshot import Guest, Inventory
from tests.core.pictures import picture
from tests.core.random_pictures import TOKENS, USERS, pictures

GUESTS = {n: Guest(n, name, "pve2", "qemu") for n, name in
          ((100, "web-01"), (104, "lab-db"), (110, "pay-db"), (111, ""), (112, "x"))}  # fmt: skip
RACK = picture(
    "user:anna@corp:1:0:::::",
    "user:bob@pve:1:0:::::",
    "token:anna@corp!ci:0:1::",
    "token:anna@corp!all:0:0::",
    "group:admins:anna@corp::",
    "group:ops:anna@corp::",
    "pool:lab::104::",
    "acl:1:/:@admins:Administrator:",
    "acl:1:/nodes:@ops:PVESysAdmin:",
    "acl:1:/storage:@ops:PVEDatastoreUser:",
    "acl:1:/vms:@ops:PVEVMUser:",
    "acl:1:/vms/100:anna@corp:PVEAuditor:",
    "acl:1:/vms/110:@ops:NoAccess:",
    "acl:1:/vms/111:bob@pve:PVEVMUser:",
    "acl:1:/vms/111:gone@corp:PVEVMUser:",
    inventory=Inventory(GUESTS, ("nfs", "ceph")),
)


def drawn(person, made=RACK):
    rows = tree(made, person)
    return [
        (f"{row.label} {row.about}".rstrip(), row.entry, row.note, row.may) for row in rows
    ]  # fmt: skip


def details(person, path):
    row = next(row for row in tree(RACK, person) if row.path == path)
    return [f"{line.heading} {line.text}".strip() for line in row.details]


def test_the_tree_of_one_person():
    assert drawn("anna@corp") == [
        ("/", "@admins Administrator", "", "everything"),
        ("├ access", "inherited", "", "everything"),
        ("│ └ groups", "inherited", "", "everything"),
        ("├ nodes", "@ops PVESysAdmin", "SHRINKS", "look, shell"),
        ("├ pool", "inherited", "", "everything"),
        ("│ └ lab", "inherited", "", "everything"),
        ("├ storage 2 stores", "@ops PVEDatastoreUser", "SHRINKS", "use"),
        ("└ vms 5 guests", "@ops PVEVMUser", "SHRINKS", "use"),
        ("  ├ 100 web-01", "anna@corp PVEAuditor", "SHRINKS", "look"),
        ("  ├ 104 lab-db", "through pool lab", "ADDS", "everything"),
        ("  ├ 110 pay-db", "@ops NoAccess", "BLOCKS", "nothing"),
        ("  └ 2 more", "inherited", "", "use"),
    ]


def test_the_tree_for_everybody_shows_every_path_with_an_entry_and_its_gravest_note():
    rows = drawn(None)
    assert rows[0] == ("/", "@admins Administrator", "", "")
    assert rows[1] == ("├ access", "-", "", "")
    assert ("  ├ 111", "bob@pve PVEVMUser +1", "GHOST", "") in rows
    assert rows[-1] == ("  └ 2 more", "-", "", "")
    assert len(rows) == 12


def test_rows_know_their_parents_children_and_depth():
    rows = tree(RACK, "anna@corp")
    vms = next(row for row in rows if row.path == "/vms")
    assert (vms.depth, vms.children, rows[vms.parent].path) == (1, 4, "/")
    assert [row.path for row in rows if row.changes] == [
        "/nodes", "/storage", "/vms", "/vms/100", "/vms/104", "/vms/110",
    ]  # fmt: skip


def test_root_may_do_everything():
    rows = drawn("root@pam")
    assert rows[0] == ("/", "root@pam", "", "everything")
    assert {row[3] for row in rows} == {"everything"}
    assert rows[-1][0] == "  └ 5 more"


@pytest.mark.parametrize("nobody", ["bob@nowhere", "anna@corp!ci", ""])
def test_who_has_no_rights_may_do_nothing(nobody):
    assert {row[1:] for row in drawn(nobody)} == {("-", "", "nothing")} | (
        {("inherited", "", "nothing")}
    )


def test_a_token_without_separation_sees_what_its_user_sees():
    assert drawn("anna@corp!all") == drawn("anna@corp")


def test_the_details_say_what_decides():
    assert details("anna@corp", "/vms/110") == [
        "NoAccess of @ops on this path wins over every other role here.",
        "Replaced @ops PVEVMUser on /vms.",
        "Has no privileges.",
    ]
    assert details("anna@corp", "/access/groups")[0] == (
        "Decides @admins Administrator on /, inherited."
    )
    assert details("anna@corp", "/vms/104")[:2] == [
        "Decides @ops PVEVMUser on /vms, inherited.",
        "Pool lab adds roles here, which do not propagate.",
    ]
    assert details("root@pam", "/") == ["root@pam may do everything, whatever the ACL says."]
    assert details(None, "/vms/111") == ["bob@pve PVEVMUser", "gone@corp PVEVMUser  GHOST"]


def test_without_user_cfg_there_is_no_tree():
    assert tree(picture(access=None), None) == ()


@given(pictures())
@settings(deadline=None, max_examples=60)
def test_a_tree_is_a_tree_and_agrees_with_the_engine(made):
    engine = permissions_of(made.access.value)
    for person in (None, *USERS, *TOKENS[:4]):
        rows = tree(made, person)
        assert len({row.path for row in rows}) == len(rows)
        for at, row in enumerate(rows):
            assert (row.parent is None) == (at == 0)
            if row.parent is not None:
                assert row.parent < at
                assert rows[row.parent].depth == row.depth - 1
            assert row.children == sum(1 for other in rows if other.parent == at)
            if person and "*" not in row.path and not engine.privileges(person, row.path):
                assert row.may == "nothing"
