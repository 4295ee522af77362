"""Who has a privilege on a path: nobody else than PVE's computation names, and nobody less."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pve_auth_tui.core.errors import Refused, UsageError
from pve_auth_tui.core.pathtree import member_paths
from pve_auth_tui.core.permissions import Permissions
from pve_auth_tui.core.userconfig import parse_user_config
from pve_auth_tui.core.why.whocan import who_can
from tests.conformance import permissions
from tests.core import configs, random_pictures
from tests.core.pictures import NOW, part, picture

GOLDEN = Path(permissions.__file__).parent / "golden"
PRIVILEGES = ("VM.Audit", "Permissions.Modify", "User.Modify", "Datastore.AllocateSpace")
PEOPLE = (
    "user:ann@pve:1:0:::::", "user:bob@pve:1:0:::::", "user:off@pve:0:0:::::",
    "token:ann@pve!full:0:0::", "token:ann@pve!own:0:1::", "token:root@pam!full:0:0::",
    "token:root@pam!own:0:1::", "group:ops:ann@pve,bob@pve,ghost@pve::",
    "group:dev:bob@pve::", "pool:lab::100,101:local:", "pool:lab/deep::102::",
)  # fmt: skip


def asked(*acl, privilege="VM.Audit", path="/vms/100"):
    """Who can, with these ACL lines, written like `1:/vms:@ops:PVEAuditor`."""
    snapshot = picture(*PEOPLE, *(f"acl:{line}:" for line in acl))
    return who_can(snapshot, privilege, path, now=NOW)


def told(*acl, **asking):
    """The same as texts: subject -> what gives it; root@pam and its tokens left out."""
    return {
        each.subject: each.through
        for each in asked(*acl, **asking)
        if not each.subject.startswith("root@pam")
    }


def everybody(config):
    """All userids and full token ids."""
    tokens = {f"{user.id}!{token}" for user in config.users.values() for token in user.tokens}
    return {*config.users, *tokens}


def agree(config, path, privileges):
    """Does the answer name the same subjects as the engine, asked about each of them?"""
    snapshot = replace(picture(), access=part(config))
    engine = Permissions(config)
    held = {subject: engine.privileges(subject, path) for subject in everybody(config)}
    for privilege in privileges:
        found = who_can(snapshot, privilege, path, now=NOW)
        assert len({each.subject for each in found}) == len(found)
        assert {each.subject: each.propagates for each in found} == {
            subject: privs[privilege] for subject, privs in held.items() if privilege in privs
        }
        assert all(each.through for each in found)


# Exactly PVE's computation.


@given(random_pictures.lines(), st.sampled_from([*random_pictures.PATHS, "/vms/102", "/nodes"]))
def test_it_names_those_whom_the_engine_names_in_clusters_with_few_names(lines, path):
    agree(picture(*lines).access.value, path, PRIVILEGES)


@given(configs.configs(), st.data())
def test_it_names_those_whom_the_engine_names_in_any_configuration(config, data):
    paths = ["/", *(entry.path for entry in config.acl)]
    paths += [path for pool in config.pools.values() for path in member_paths(pool)]
    path = data.draw(st.sampled_from(paths) | configs.PATHS)
    agree(config, path, PRIVILEGES)


@pytest.mark.parametrize("recorded", permissions.configs(GOLDEN), ids=lambda case: case["name"])
def test_it_names_those_whom_the_engine_names_in_every_recorded_configuration(recorded):
    config = parse_user_config(recorded["user_cfg"].encode())
    for path in sorted({query["path"] for query in recorded["queries"] if query["path"]}):
        agree(config, path, PRIVILEGES)


@pytest.mark.parametrize("path", ["vms/100", "/vms//100", "/vms/100/", "//", "", "vms"])
def test_a_path_is_taken_as_it_is_as_by_pve(path):
    config = picture(*PEOPLE, "acl:1:/:ann@pve:PVEAuditor:", "acl:1:/vms:@dev:PVEAuditor:")
    agree(config.access.value, path, PRIVILEGES)


# Who is listed, and in which order.


def test_root_comes_first_and_tokens_follow_their_user():
    found = asked("1:/:@ops:PVEAuditor", "1:/:ann@pve!own:PVEAuditor")
    assert [each.subject for each in found] == [
        "root@pam", "root@pam!full", "ann@pve", "ann@pve!full", "ann@pve!own", "bob@pve",
    ]  # fmt: skip


def test_members_of_a_group_who_do_not_exist_are_not_listed():
    assert set(told("1:/:@ops:PVEAuditor")) == {"ann@pve", "ann@pve!full", "bob@pve"}


def test_entries_for_users_who_do_not_exist_are_not_listed():
    assert told("1:/:ghost@pve:PVEAuditor") == {}


def test_a_token_with_privilege_separation_needs_the_privilege_twice():
    assert "ann@pve!own" not in told("1:/:@ops:PVEAuditor")
    assert told("1:/:ann@pve!own:PVEAuditor") == {}


def test_roots_separated_token_is_limited_by_nothing_but_its_own_entries():
    found = asked("1:/vms:root@pam!own:PVEAuditor")
    assert [each.subject for each in found] == ["root@pam", "root@pam!full", "root@pam!own"]


# What gives it.


def test_an_own_entry_is_told_with_its_path():
    assert told("1:/vms:bob@pve:PVEAuditor") == {"bob@pve": "PVEAuditor on /vms"}


def test_a_group_is_told_of_as_lists_show_it():
    found = told("1:/:@dev:Administrator")
    assert found == {"bob@pve": "Administrator on / through @dev"}


def test_only_entries_whose_role_has_the_privilege_are_told():
    found = told("1:/vms:@ops:PVEAuditor", "1:/vms:@dev:PVEUserAdmin")
    assert found["bob@pve"] == "PVEAuditor on /vms through @ops"


def test_all_entries_that_give_it_are_told():
    found = told("1:/vms:@ops:PVEAuditor", "1:/vms:@dev:PVEVMAdmin")
    assert found["bob@pve"] == (
        "PVEVMAdmin on /vms through @dev and PVEAuditor on /vms through @ops"
    )


def test_a_pool_that_gives_it_is_told_and_propagates_nothing():
    assert told("1:/pool/lab:bob@pve:PVEAuditor") == {"bob@pve": "through pool lab"}
    found = {each.subject: each for each in asked("1:/pool/lab:bob@pve:PVEAuditor")}
    assert not found["bob@pve"].propagates


def test_an_entry_and_a_pool_are_both_told():
    found = told("1:/vms/100:bob@pve:PVEVMUser", "1:/pool/lab:bob@pve:PVEAuditor")
    assert found == {"bob@pve": "PVEVMUser on /vms/100 and through pool lab"}


def test_a_pool_is_told_that_gives_back_what_an_entry_further_down_replaces():
    found = told("1:/:bob@pve:PVEAuditor", "1:/vms/100:bob@pve:PVEPoolUser")
    assert found == {"bob@pve": "through pool lab"}


def test_a_pool_without_the_privilege_is_not_told():
    found = told("1:/vms/100:bob@pve:PVEVMUser", "1:/pool/lab:bob@pve:PVEPoolUser")
    assert found == {"bob@pve": "PVEVMUser on /vms/100"}


def test_root_has_it_by_itself_and_its_tokens_as_root():
    found = {each.subject: each.through for each in asked()}
    assert found == {"root@pam": "root@pam", "root@pam!full": "as root@pam"}


def test_a_token_without_separation_says_as_whom():
    found = told("1:/:ann@pve:PVEAuditor")
    assert found["ann@pve!full"] == "as ann@pve: PVEAuditor on /"


# What cannot be asked.


def test_a_privilege_that_nobody_knows_is_refused():
    with pytest.raises(UsageError, match=r"PVE has no privilege VM\.Fly"):
        asked(privilege="VM.Fly")


def test_a_privilege_that_only_a_role_names_can_be_asked():
    snapshot = picture(*PEOPLE)
    config = snapshot.access.value
    roles = {**config.roles, "Odd": replace(config.roles["PVEAuditor"], privs=frozenset({"X.Y"}))}
    odd = replace(snapshot, access=part(replace(config, roles=roles)))
    assert who_can(odd, "X.Y", "/", now=NOW) == ()


def test_without_users_and_permissions_there_is_no_answer():
    unread = replace(picture(), access=part(None, "No rights to read user.cfg."))
    with pytest.raises(Refused, match=r"No rights to read user\.cfg"):
        who_can(unread, "VM.Audit", "/", now=NOW)


def test_who_cannot_use_it_now_is_listed_with_the_reason():
    found = {each.subject: each for each in asked("1:/vms:off@pve:PVEAuditor")}
    assert found["off@pve"].usable.ok is False
    assert "disabled" in found["off@pve"].usable.reason
