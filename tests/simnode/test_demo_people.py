"""Who is in the demo cluster: users, API tokens and groups."""

from __future__ import annotations

import pytest

from pve_auth_tui.core.permissions import Permissions
from pve_auth_tui.core.userconfig import UserConfig
from pve_auth_tui.simnode.demo import DEMO_NOW
from pve_auth_tui.simnode.memory import MemoryTree

DAY = 86400


def enabled_and_not_expired(access: UserConfig, userid: str) -> bool:
    user = access.users[userid]
    return user.enable and (user.expire == 0 or user.expire > DEMO_NOW)


def test_the_numbers_are_those_of_the_drawings(access: UserConfig) -> None:
    assert len(access.users) == 212
    assert len(access.groups) == 31
    assert sum(len(user.tokens) for user in access.users.values()) == 14


def test_pve_doubts_only_the_ghosts_and_the_privilege_that_is_gone(access: UserConfig) -> None:
    assert sorted(access.warnings) == [
        "user config - ignore invalid acl member 'gone@corp'",
        "user config - ignore invalid acl member 'intern7@lab'",
        "user config - ignore invalid acl member 'leaver@corp'",
        "user config - ignore invalid privilege 'VM.Monitor'",
    ]


def test_nine_administrators_can_log_in_and_one_has_expired(
    access: UserConfig, permissions: Permissions
) -> None:
    administrators = {userid for userid in access.users if permissions.is_administrator(userid)}
    assert administrators == {
        "root@pam",
        "anna.admin@corp",
        "anna@pam",
        "backup-admin@pve",
        "carl@corp",
        "dora@corp",
        "erik@pve",
        "frank@corp",
        "nina@pve",
        "old-admin@pve",
    }
    assert sum(enabled_and_not_expired(access, userid) for userid in administrators) == 9


def test_anna_is_three_users(access: UserConfig) -> None:
    annas = {userid for userid in access.users if userid.startswith("anna") and "." not in userid}
    assert annas == {"anna@pam", "anna@entra"}
    anna = access.users["anna.admin@corp"]
    assert (anna.firstname, anna.lastname, anna.email) == ("Anna", "Admin", "anna@example.com")
    assert access.groups_of[anna.id] == ("admins-corp", "ops-corp")


def test_backup_admin_expires_in_twelve_days(access: UserConfig) -> None:
    assert access.users["backup-admin@pve"].expire == DEMO_NOW + 12 * DAY


def test_bob_admin_is_disabled_and_old_admin_is_not_but_expired(access: UserConfig) -> None:
    assert not access.users["bob.admin@corp"].enable
    assert access.users["old-admin@pve"].enable
    assert 0 < access.users["old-admin@pve"].expire < DEMO_NOW


def test_two_users_differ_only_in_case(access: UserConfig) -> None:
    assert {"Carl@corp", "carl@corp"} <= access.users.keys()


def test_names_reach_the_limits_of_what_pve_takes(access: UserConfig, tree: MemoryTree) -> None:
    assert access.users["admin@x.org@entra"].realm == "entra"
    assert [userid for userid in access.users if len(userid) == 64] == [
        "svc-prometheus-node-and-blackbox-exporters-of-the-lab-racks@corp"
    ]
    assert "j\xfcrgen@pve" in access.users
    assert b"user:j\xfcrgen@pve:" in tree.read("etc/pve/user.cfg")


def test_one_comment_is_full_of_escapes_and_markup(access: UserConfig) -> None:
    comment = access.users["mallory@pve"].comment or ""
    for trap in ("[bold red]", "\x1b[31m", "\x1b]0;", "\u202e", "\u200b", "%", ":", "\n"):
        assert trap in comment


def test_someone_is_left_in_the_realm_without_a_server(access: UserConfig) -> None:
    assert {user.id for user in access.users.values() if user.realm == "old"} == {
        "hans@old",
        "inge@old",
    }


def test_finding_adm_among_the_names_gives_the_five_of_the_drawing(access: UserConfig) -> None:
    assert {userid for userid in access.users if "adm" in userid} == {
        "admin@x.org@entra",
        "anna.admin@corp",
        "backup-admin@pve",
        "bob.admin@corp",
        "old-admin@pve",
    }


@pytest.mark.parametrize(
    ("userid", "token", "privsep", "expires"),
    [
        ("root@pam", "ansible", False, None),
        ("mon@pve", "grafana", True, None),
        ("backup@pve", "pbs", True, 9 * DAY),
        ("ci@pve", "runner", True, None),
        ("anna.admin@corp", "ci", True, -144 * DAY),
        ("bob.admin@corp", "migrate", False, None),  # the owner is disabled
    ],
)
def test_tokens_are_those_of_the_drawing(
    access: UserConfig, userid: str, token: str, privsep: bool, expires: int | None
) -> None:
    found = access.users[userid].tokens[token]
    assert found.privsep is privsep
    assert found.expire == (0 if expires is None else DEMO_NOW + expires)


def test_tokens_see_what_the_drawing_says(access: UserConfig, permissions: Permissions) -> None:
    stores = ("local", "ceph-vm", "nfs-archive", "nfs-offsite", "pbs-rack", "pbs-offsite")
    assert permissions.is_administrator("root@pam!ansible")
    assert not permissions.all_paths("mon@pve!grafana")
    assert permissions.privileges("mon@pve", "/")["Sys.Audit"]
    assert (
        sum(bool(permissions.privileges("backup@pve!pbs", f"/storage/{store}")) for store in stores)
        == 4
    )
    assert (
        sum(
            bool(permissions.privileges("ci@pve!runner", f"/vms/{vmid}"))
            for vmid in range(100, 312)
        )
        == 6
    )
    assert not permissions.all_paths("anna.admin@corp!ci")


def test_only_two_tokens_see_nothing_although_their_user_sees_something(
    access: UserConfig, permissions: Permissions
) -> None:
    blind = {
        f"{user.id}!{token}"
        for user in access.users.values()
        for token in user.tokens
        if permissions.all_paths(user.id) and not permissions.all_paths(f"{user.id}!{token}")
    }
    assert blind == {"mon@pve!grafana", "anna.admin@corp!ci"}


def test_groups_set_their_traps(access: UserConfig) -> None:
    assert access.groups["contractors"].members == ()
    assert access.groups["Admins-entra"].members == ("admin@x.org@entra", "anna@entra")
    # Both look like groups of realm lab; neither came from there.
    assert {"x-lab", "x-my-lab"} <= access.groups.keys()
    guids = [name for name in access.groups if name.endswith("-entra") and name.count("-") == 5]
    assert len(guids) == 2


def test_the_crowd_has_names_beyond_ascii(access: UserConfig) -> None:
    names = {user.lastname for user in access.users.values() if user.lastname}
    assert {"M\xfcller", "Nov\xe1k"} <= names
    crowd = [user for user in access.users.values() if user.realm == "lab"]
    assert not any(user.email or user.lastname for user in crowd)  # a directory without attributes
