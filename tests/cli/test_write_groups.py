"""`group`, `role` and `pool` from the command line."""

import pytest

from pve_auth_tui.arguments import REFUSED
from pve_auth_tui.core.errors import Refused, UsageError
from tests.cli.desk import Desk
from tests.cli.writes import done, lines, small_bench


@pytest.fixture
def bench():
    return small_bench()


@pytest.fixture
def desk(bench, monkeypatch):
    return Desk(bench, monkeypatch)


def members(bench, group):
    return bench.node.state.access.groups[group].members


# --- groups -----------------------------------------------------------------------------


def test_a_group_is_added_with_its_members(desk, bench):
    words = ("group", "add", "team", "--comment", "The team", "--members", "ann@pve bob@pve")
    assert lines(desk, *words) == [
        "pveum group add team --comment 'The team'",
        "pveum user modify ann@pve --groups team --append 1",
        "pveum user modify bob@pve --groups team --append 1",
    ]
    done(desk, *words)
    assert members(bench, "team") == ("ann@pve", "bob@pve")
    assert bench.node.state.access.groups["team"].comment == "The team"


@pytest.mark.parametrize("verb", ["edit", "modify"])
def test_a_comment_alone_is_pveums_line(desk, bench, verb):
    words = ("group", verb, "ops", "--comment", "On call")
    assert lines(desk, *words) == ["pveum group modify ops --comment 'On call'"]
    done(desk, *words)
    assert bench.node.state.access.groups["ops"].comment == "On call"
    assert members(bench, "ops") == ("ann@pve",)


def test_members_are_all_of_them(desk, bench):
    done(desk, "group", "edit", "dev", "--members", "ann@pve,eve@pve")
    assert members(bench, "dev") == ("ann@pve", "eve@pve")
    done(desk, "group", "edit", "dev", "--members", "")
    assert members(bench, "dev") == ()


def test_members_join_and_leave_and_the_others_stay(desk, bench):
    words = ("group", "edit", "dev", "--add-members", "ann@pve", "--remove-members", "eve@pve")
    assert lines(desk, *words, "--comment", "New") == [
        "pveum group modify dev --comment New",
        "pveum user modify ann@pve --groups dev --append 1",
        "pveum user modify eve@pve --groups ''",
    ]
    done(desk, *words)
    assert members(bench, "dev") == ("ann@pve", "bob@pve")


def test_who_is_no_member_need_not_leave_and_who_is_nobody_is_told(desk, bench):
    words = ("group", "edit", "dev", "--remove-members")
    assert lines(desk, *words, "eve@pve,ann@pve") == ["pveum user modify eve@pve --groups ''"]
    ran = desk.run(*words, "eve@pve,bbo@pve", "--yes")
    assert "There is no user bbo@pve" in str(ran.error)
    assert bench.api.writes == []


@pytest.mark.parametrize("verb", ["remove", "delete"])
def test_groups_are_removed(desk, bench, verb):
    assert lines(desk, "group", verb, "dev") == ["pveum group delete dev"]
    done(desk, "group", verb, "dev", "ops")
    assert set(bench.node.state.access.groups) == set()
    assert not [entry for entry in bench.node.state.access.acl if entry.kind == "group"]


# --- roles ------------------------------------------------------------------------------


def test_a_role_is_added(desk, bench):
    words = ("role", "add", "Operate", "--privs", "VM.PowerMgmt, VM.Console;VM.Audit")
    assert lines(desk, *words) == [
        "pveum role add Operate --privs VM.Audit,VM.Console,VM.PowerMgmt"
    ]
    done(desk, *words)
    privs = bench.node.state.access.roles["Operate"].privs
    assert privs == {"VM.Audit", "VM.Console", "VM.PowerMgmt"}


def test_a_role_is_edited(desk, bench):
    words = ("role", "edit", "Watch", "--privs", "VM.Console")
    assert lines(desk, *words, "--append") == [
        "pveum role modify Watch --privs VM.Console --append 1"
    ]
    assert lines(desk, *words) == ["pveum role modify Watch --privs VM.Console"]
    done(desk, *words, "--append")
    assert bench.node.state.access.roles["Watch"].privs == {"VM.Audit", "VM.Console"}
    done(desk, "role", "modify", "Watch", "--privs", "")
    assert bench.node.state.access.roles["Watch"].privs == set()


def test_privileges_are_never_cleared_by_leaving_them_out(desk):
    with pytest.raises(UsageError, match="--privs"):
        desk.run("role", "edit", "Watch")


def test_roles_are_removed(desk, bench):
    assert lines(desk, "role", "delete", "Watch") == ["pveum role delete Watch"]
    done(desk, "role", "remove", "Watch")
    assert "Watch" not in bench.node.state.access.roles


def test_a_built_in_role_is_refused(desk, bench):
    for words in (("edit", "PVEAdmin", "--privs", "VM.Audit"), ("remove", "PVEAdmin")):
        ran = desk.run("role", *words, "--yes")
        assert ran.code == REFUSED
        assert "built in" in str(ran.error)
    assert bench.api.writes == []


# --- pools ------------------------------------------------------------------------------


def pool(bench, name="lab"):
    found = bench.node.state.access.pools[name]
    return found.vms, found.storage


def test_a_pool_is_added_with_its_members(desk, bench):
    words = ("pool", "add", "new", "--comment", "x", "--vms", "101", "--storage", "nas")
    assert lines(desk, *words) == [
        "pveum pool add new --comment x",
        "pveum pool modify new --vms 101 --storage nas",
    ]
    done(desk, *words)
    assert pool(bench, "new") == ((101,), ("nas",))


@pytest.mark.parametrize("verb", ["edit", "modify"])
def test_members_come_into_a_pool_as_with_pveum(desk, bench, verb):
    words = ("pool", verb, "lab", "--vms", "101", "--storage", "nas", "--comment", "more")
    assert lines(desk, *words) == ["pveum pool modify lab --vms 101 --storage nas --comment more"]
    done(desk, *words)
    assert pool(bench) == ((100, 101), ("local", "nas"))


def test_members_go_out_of_a_pool_as_with_pveum(desk, bench):
    words = ("pool", "modify", "lab", "--vms", "100", "--storage", "local", "--delete")
    assert lines(desk, *words) == ["pveum pool modify lab --vms 100 --storage local --delete 1"]
    done(desk, *words, "1")
    assert pool(bench) == ((), ())


def test_a_guest_leaves_its_pool_only_where_that_is_said(desk, bench):
    ran = desk.run("pool", "edit", "lab", "--vms", "200", "--yes")
    assert isinstance(ran.error, Refused)
    done(desk, "pool", "edit", "lab", "--vms", "200", "--allow-move")
    assert pool(bench) == ((100, 200), ("local",))
    assert pool(bench, "old") == ((), ())


def test_what_is_in_no_pool_cannot_go_out_of_it(desk, bench):
    ran = desk.run("pool", "edit", "lab", "--vms", "100,101", "--delete", "--yes")
    assert "101: no guest of pool lab" in str(ran.error)
    assert bench.api.writes == []


def test_a_pool_is_removed_when_it_is_empty_or_is_to_be_emptied(desk, bench):
    ran = desk.run("pool", "remove", "lab", "--yes")
    assert isinstance(ran.error, Refused)
    assert lines(desk, "pool", "delete", "lab", "--empty") == [
        "pveum pool modify lab --vms 100 --storage local --delete 1",
        "pveum pool delete lab",
    ]
    done(desk, "pool", "remove", "lab", "old", "--empty")
    assert not bench.node.state.access.pools


# --- what cannot be -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("group", "edit", "ops"), "Nothing is to change"),
        (("group", "edit", "none", "--comment", "x"), "There is no group none"),
        (("group", "edit", "none", "--add-members", "ann@pve"), "There is no group none"),
        (("group", "edit", "ops", "--add-members", "x@pve"), "There is no user x@pve"),
        (
            ("group", "edit", "ops", "--members", "ann@pve", "--add-members", "bob@pve"),
            "--members names all of them",
        ),
        (
            ("group", "edit", "ops", "--remove-members", "ann@pve", "--add-members", "ann@pve"),
            "ann@pve cannot join and leave",
        ),
        (("group", "add", "ops"), "ops exists already"),
        (("group", "add", "a b"), "group"),
        (("group", "remove", "none"), "There is no group none"),
        (("role", "add", "Watch", "--privs", "VM.Audit"), "Watch exists already"),
        (("role", "add", "New", "--privs", "VM.Fly"), "VM.Fly"),
        (("role", "edit", "None", "--privs", "VM.Audit"), "There is no role None"),
        (("pool", "edit", "lab"), "Nothing is to change"),
        (("pool", "edit", "lab", "--delete"), "Nothing is to change"),
        (("pool", "edit", "none", "--comment", "x"), "There is no pool none"),
        (("pool", "edit", "lab", "--vms", "web"), "web is none"),
        (("pool", "add", "lab"), "lab exists already"),
    ],
)
def test_what_cannot_be_is_told_and_nothing_is_done(desk, bench, words, told):
    ran = desk.run(*words, "--yes")
    assert isinstance(ran.error, UsageError)
    assert told in str(ran.error)
    assert bench.api.writes == []
