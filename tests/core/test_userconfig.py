"""user.cfg: read with PVE's eyes, written with its hand. The recordings are PVE's own."""

import dataclasses
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pve_auth_tui.core.accessdata import AclEntry
from pve_auth_tui.core.userconfig import parse_user_config, write_user_config
from tests.core.configs import DIRTY_FILES, configs
from tests.core.recorded import recorded

ANN = "user:ann@pve:1:0:::::\n"


def read(text, **options):
    return parse_user_config(text.encode("latin-1"), **options)


@pytest.mark.parametrize("case", recorded("user.cfg"), ids=str)
def test_warnings_are_pves_own(case):
    assert parse_user_config(case.data).warnings == case.warnings


@pytest.mark.parametrize("case", recorded("user.cfg"), ids=str)
def test_written_back_the_file_has_pves_own_bytes(case):
    assert write_user_config(parse_user_config(case.data)) in case.rewritten


# Any file, any configuration.


@given(st.binary())
def test_any_bytes_are_read(data):
    assert "root@pam" in parse_user_config(data).users


@given(DIRTY_FILES)
def test_what_was_read_from_a_dirty_file_is_written_and_read_again(data):
    once = write_user_config(parse_user_config(data))
    twice = write_user_config(parse_user_config(once))
    unreadable = b"Inf" in once or b"e+" in once  # PVE cannot read large numbers it writes
    assert unreadable or twice == once


@settings(max_examples=50)
@given(configs())
def test_a_configuration_comes_back_from_its_file(config):
    again = parse_user_config(write_user_config(config))
    assert dataclasses.replace(again, warnings=()) == config


@pytest.mark.parametrize(
    "line",
    [
        "user:" + "a@" * 250_000,
        "user:" + "a" * 500_000 + "@pve",
        "token:" + "a@b!" * 125_000,
        "x" + ":" * 500_000 + "x",
        " " * 500_000 + "x",
        "group:g:" + "," * 500_000,
        "group:g:" + "a@" * 250_000,
        "group:g:" + "%41" * 170_000 + "::" + "\xc3" * 1000,
        "pool:p::" + "9" * 500_000 + ":" + "a-" * 250_000,
        "acl:1:" + "/a" * 250_000 + "!:x:x",
        "acl:1:" + "//0" * 170_000 + ":x:x",
        "acl:1:/:" + "a," * 100_000 + ":" + "PVEAdmin," * 40_000,
        "acl:1:/:" + "@g," * 100_000 + ":" + "NoAccess," * 40_000,
    ],
    ids=lambda line: line[:12],
)
def test_a_line_of_half_a_megabyte_is_read_at_once(line):
    before = time.process_time()
    read(ANN + line)
    assert time.process_time() - before < 2


# Users and tokens.


def test_root_is_there_even_when_the_file_does_not_say_so():
    root = read("").users["root@pam"]
    assert (root.enable, root.implied) == (True, True)
    assert not read("user:root@pam:0:0::\n").users["root@pam"].implied


def test_an_empty_text_is_none_but_an_empty_email_is_not():
    user = read("user:ann@pve:1:0:::::x:\n").users["ann@pve"]
    assert (user.firstname, user.email, user.comment, user.keys) == (None, "", None, "x")
    assert read("user:ann@pve:1:0:F:L:\n").users["ann@pve"].email is None


def test_names_and_comments_are_decoded_and_email_and_keys_are_not():
    user = read("user:ann@pve:1:0:B%C3%A4r:x%3Ay:%41@x:%25:%41:\n").users["ann@pve"]
    assert (user.firstname, user.lastname, user.email) == ("Bär", "x:y", "%41@x")
    assert (user.comment, user.keys) == ("%", "%41")


def test_old_keys_are_kept_out_of_sight():
    assert "JBSWY3DP" not in repr(read("user:ann@pve:1:0:::::JBSWY3DP:\n"))


def test_a_second_line_for_a_user_takes_tokens_and_memberships_away():
    config = read(ANN + "token:ann@pve!t1:0:1::\ngroup:g:ann@pve::\n" + ANN)
    assert config.users["ann@pve"].tokens == {}
    assert config.groups_of == {}
    assert config.groups["g"].members == ("ann@pve",)


def test_a_second_line_for_a_token_keeps_an_old_comment():
    config = read(ANN + "token:ann@pve!t1:0:1:old:\ntoken:ann@pve!t1:7:0::\n")
    token = config.users["ann@pve"].tokens["t1"]
    assert (token.expire, token.privsep, token.comment) == (7, False, "old")


def test_a_token_needs_its_user_on_an_earlier_line():
    config = read("token:ann@pve!t1:0:1::\n" + ANN)
    assert config.warnings == ("user config - ignore token 'ann@pve!t1' - user does not exist",)


# Groups, pools, roles.


def test_members_without_a_user_are_kept_with_a_warning():
    config = read("group:g:ghost@pve,not a member::\n")
    assert config.groups["g"].members == ("ghost@pve",)
    assert "user config - ignore invalid group member 'ghost@pve'" in config.warnings


def test_two_lines_of_a_group_add_up():
    group = read(ANN + "group:g:b@pve:one:\ngroup:g:ann@pve::\n").groups["g"]
    assert (group.members, group.comment) == (("ann@pve", "b@pve"), "one")


def test_a_pool_in_a_pool_brings_those_above_it():
    assert sorted(read("pool:a/b/c:::\n").pools) == ["a", "a/b", "a/b/c"]


def test_a_guest_is_in_one_pool_and_a_storage_in_many():
    config = read("pool:a::0100,101:local:\npool:b::100:local:\n")
    assert config.pools["a"].vms == (100, 101)
    assert config.pools["b"].vms == ()
    assert config.pools["b"].storage == ("local",)
    assert config.warnings == ("user config - ignore duplicate vmid '100' in pool 'b'",)


def test_a_role_line_for_a_built_in_role_adds_privileges_and_is_not_written():
    config = read("role:PVEAuditor:Sys.Modify:\n")
    assert {"Sys.Modify", "VM.Audit"} <= config.roles["PVEAuditor"].privs
    assert config.roles["PVEAuditor"].special
    assert b"role:" not in write_user_config(config)


def test_a_role_loses_what_the_release_does_not_know():
    line = "role:R:VM.Monitor,VM.Replicate:\n"
    assert read(line).roles["R"].privs == {"VM.Replicate"}
    assert read(line, release="8.2.2").roles["R"].privs == {"VM.Monitor"}


# ACL entries.


def test_an_entry_says_who_has_which_role_where():
    config = read(ANN + "group:g:::\ntoken:ann@pve!t1:0:1::\nacl:0:/vms/:ann@pve!t1,@g:PVEAdmin:\n")
    assert config.acl == (
        AclEntry("/vms", "group", "g", "PVEAdmin", False),
        AclEntry("/vms", "token", "ann@pve!t1", "PVEAdmin", False),
    )


def test_the_last_line_decides_whether_a_role_propagates():
    config = read(ANN + "acl:1:/:ann@pve:NoAccess:\nacl:0:/:ann@pve:NoAccess:\n")
    assert [entry.propagate for entry in config.acl] == [False]


def test_entries_of_unknown_users_and_groups_stay_and_those_of_unknown_tokens_go():
    config = read("acl:1:/:ghost@pve,@ghosts,ghost@pve!t1:PVEAdmin:\n")
    assert [entry.shown_subject for entry in config.acl] == ["@ghosts", "ghost@pve"]
    assert len(config.warnings) == 3


def test_entries_of_a_role_that_is_not_there_go():
    config = read(ANN + "acl:1:/:ann@pve:Gone,a/b:\n")
    assert config.acl == ()
    assert config.warnings == (
        "user config - ignore invalid acl role 'Gone'",
        "user config - ignore invalid role name 'a/b' in acl",
    )


def test_an_entry_on_guest_0_is_one_on_all_guests():
    assert read(ANN + "acl:1:/vms/0:ann@pve:NoAccess:\n").acl[0].path == "/vms"


def test_entries_come_in_the_order_of_the_path_tree():
    lines = "".join(
        f"acl:1:{path}:ann@pve:NoAccess:\n" for path in ("/vms-x", "/vms/1", "/", "/vms")
    )
    assert [entry.path for entry in read(ANN + lines).acl] == ["/", "/vms", "/vms/1", "/vms-x"]


def test_entries_of_root_are_read_but_not_written():
    config = read("acl:1:/:root@pam:NoAccess:\n")
    assert len(config.acl) == 1
    assert b"acl:" not in write_user_config(config)


def test_a_line_that_asks_for_too_much_is_left_out_with_a_warning():
    line = "acl:1:/:" + "ann@pve," * 1000 + ":" + "NoAccess," * 1000 + "\n"
    config = read(ANN + "acl:1:/vms:ann@pve:NoAccess:\n" + line)
    assert [entry.path for entry in config.acl] == ["/vms"]
    assert config.warnings == (
        "user config - ignore acl on '/' - more entries than pve-auth-tui can take",
    )
