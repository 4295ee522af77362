"""What a sync makes of a directory's entries, and what its log says, as PVE does it."""

import pytest

from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.errors import ApiError
from pve_auth_tui.core.userconfig import parse_user_config, write_user_config
from pve_auth_tui.simnode.realmsync import (
    DirectoryEntry,
    DirectoryGroup,
    Found,
    SyncOptions,
    attributes,
    groups_of,
    options_of,
    synced,
    users_of,
)

BEFORE = """\
user:ann@corp:0:99:Ann:Old::local:x:
token:ann@corp!ci:0:1::
user:gone@corp:1:0::::::
user:joe@pve:1:0::::::
user:root@pam:1:0::::::

group:dev-corp:gone@corp:ours:
group:old-corp:::
group:ops:gone@corp::

acl:1:/:@old-corp:PVEAuditor:
acl:1:/vms:gone@corp,joe@pve:PVEVMUser:
"""
REALM = Realm("corp", "ldap", {"user_attr": "uid", "sync_attributes": "email=mail,lastname=sn"})
FOUND = Found(
    {"ann@corp": {"username": "ann", "lastname": "New"}, "Bea@corp": {"email": "b@example.com"}},
    {"dev-corp": ("ann@corp",), "new-corp": ("Bea@corp", "ann@corp")},
)


def run(scope="both", vanished="none", *, enable_new=True, found=FOUND, before=BEFORE):
    lines = []
    options = SyncOptions(scope, enable_new, vanished)
    after = synced(parse_user_config(before.encode()), "corp", found, options, lines.extend)
    return lines, write_user_config(after).decode()


def entry(name, **values):
    found = {"uid": [name.encode()], **{key: [value.encode()] for key, value in values.items()}}
    return DirectoryEntry(f"uid={name},ou=People,dc=example".encode(), found)


def test_new_users_are_added_and_known_ones_updated():
    lines, after = run()
    assert lines == [
        "syncing users (remove-vanished opts: none)",
        "adding user 'Bea@corp'",
        "updating user 'ann@corp'",
        "syncing groups (remove-vanished opts: none)",
        "updating group 'dev-corp'",
        "adding group 'new-corp'",
    ]
    assert "user:Bea@corp:1:0:::b@example.com:::\n" in after
    assert "user:ann@corp:0:99:Ann:New::local:x:\ntoken:ann@corp!ci:0:1::\n" in after
    assert "group:dev-corp:ann@corp:ours:\n" in after
    assert "user:gone@corp:1:0" in after


def test_only_new_users_are_enabled_or_not():
    assert "user:Bea@corp:0:" in run(enable_new=False)[1]
    assert "user:ann@corp:0:" in run(enable_new=True)[1]


def test_properties_keeps_only_enable_and_tokens():
    lines, after = run(vanished="properties")
    assert "overwriting user 'ann@corp'" in lines
    assert "user:ann@corp:0:0::New::::\ntoken:ann@corp!ci:0:1::\n" in after
    assert "group:dev-corp:ann@corp::\n" in after


def test_entry_removes_who_is_gone_and_leaves_their_memberships_elsewhere():
    lines, after = run(vanished="entry")
    assert lines[:3] == [
        "syncing users (remove-vanished opts: entry)",
        "deleting outdated existing users first",
        "remove user 'gone@corp'",
    ]
    assert "remove group 'old-corp'" in lines
    assert "user:gone@corp" not in after
    assert "group:old-corp" not in after
    assert "group:ops:gone@corp::\n" in after


def test_acl_alone_purges_the_acl_of_who_stays():
    lines, after = run(vanished="acl")
    assert "purge users 'gone@corp' ACL entries" in lines
    assert "deleting outdated existing users first" not in lines
    assert "user:gone@corp:1:0" in after
    assert "acl:1:/vms:joe@pve:PVEVMUser:\n" in after
    assert "@old-corp" not in after


def test_users_of_other_realms_are_let_alone():
    assert "user:joe@pve:1:0::::::\n" in run(vanished="acl;entry;properties")[1]


def test_an_empty_answer_with_entry_and_acl_empties_the_realm():
    after = run(vanished="acl;entry", found=Found({}, {}))[1]
    assert "@corp:" not in after.partition("group:")[0]


@pytest.mark.parametrize(("scope", "kept"), [("users", "group"), ("groups", "user")])
def test_the_scope_decides_what_is_written(scope, kept):
    lines, after = run(scope, "acl;entry;properties")
    assert {line.split()[1] for line in lines if line.startswith("syncing")} == {scope}
    assert [line for line in after.splitlines() if line.startswith(f"{kept}:")] == [
        line for line in BEFORE.splitlines() if line.startswith(f"{kept}:")
    ]


def test_names_and_values_that_pve_refuses_are_skipped_and_told():
    lines = []
    mapping = attributes(REALM, lines.extend)
    entries = [entry("c d"), entry("dora", mail="nonsense", sn="Big")]
    users, people = users_of(entries, REALM, mapping, lines.extend)
    assert lines == [
        "value 'c d@corp' does not look like a valid user name",
        "skipping attribute mapping 'mail'->'email' for user 'dora@corp' - "
        "400 invalid value 'nonsense'\n"
        "_root: invalid format - value does not look like a valid email address\n",
    ]
    assert users == {"dora@corp": {"username": "dora", "lastname": "Big"}}
    assert people == {b"uid=dora,ou=people,dc=example": "dora@corp"}


def test_values_are_text_but_a_name_is_taken_octet_by_octet():
    users, _ = users_of(
        [entry("zoë", sn="Zoë")], REALM, attributes(REALM, lambda lines: None), lambda lines: None
    )
    assert users == {"zo\xc3\xab@corp": {"username": "zoë", "lastname": "Zoë"}}


def test_a_mapping_to_nothing_of_pve_s_is_skipped():
    lines = []
    realm = Realm("corp", "ad", {"sync_attributes": "phone=tel,keys=pager"})
    assert attributes(realm, lines.extend)["pager"] == "keys"
    assert "sAMAccountName" in attributes(realm, lambda more: None)
    assert lines == [
        "skipping bad 'sync_attributes' entry – 'phone' is not a valid target attribute"
    ]


def test_members_are_found_by_dn_in_whatever_letters():
    people = {b"uid=ann,dc=example": "ann@corp"}
    groups = [
        DirectoryGroup(b"cn=Admins ,dc=x", b"", [b"UID=Ann,DC=Example", b"uid=nobody"]),
        DirectoryGroup(b"cn=x,dc=x", b"by-name", []),
        DirectoryGroup(b"cn=two words,dc=x", b"", []),
    ]
    lines = []
    found = groups_of(groups, REALM, people, lines.extend)
    assert found == {"Admins-corp": ("ann@corp",), "by-name-corp": ()}
    assert lines == ["group name 'two words-corp' contains invalid characters"]


def test_a_call_comes_before_the_realm_s_defaults():
    realm = Realm("corp", "ldap", {"sync-defaults-options": "scope=users,enable-new=0"})
    assert options_of({}, realm) == SyncOptions("users", False, "none")
    assert options_of({"scope": "both", "enable-new": 1}, realm) == SyncOptions(
        "both", True, "none"
    )


def test_full_and_purge_of_a_call_mean_nothing_any_more():
    assert options_of({"scope": "both", "full": 1, "purge": 1}, REALM).vanished == "none"


def test_without_a_scope_there_is_no_sync():
    with pytest.raises(ApiError) as caught:
        options_of({}, REALM)
    assert caught.value.code == 400
