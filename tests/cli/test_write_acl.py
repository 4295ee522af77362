"""`acl`: entries added, edited and removed; without a verb it is the list."""

import pytest

from pve_auth_tui import environment
from pve_auth_tui.arguments import is_action, parse
from pve_auth_tui.core.errors import Refused, UsageError
from tests.cli.conftest import Run
from tests.cli.desk import Desk
from tests.cli.writes import done, lines, small_bench


@pytest.fixture
def bench():
    return small_bench()


@pytest.fixture
def desk(bench, monkeypatch):
    return Desk(bench, monkeypatch)


def entries(bench, path):
    return {
        (entry.subject, entry.role, entry.propagate)
        for entry in bench.node.state.access.acl
        if entry.path == path
    }


VMS, VM_100 = {("ops", "PVEVMUser", True)}, ("/vms/100", "--users", "bob@pve", "--roles", "Watch")


@pytest.mark.parametrize("verb", ["add", "modify"])
def test_an_entry_is_added_as_with_pveum(desk, bench, verb):
    words = ("acl", verb, "/storage/nas", "--users", "ann@pve", "--roles", "PVEDatastoreUser")
    assert lines(desk, *words) == [
        "pveum acl modify /storage/nas --roles PVEDatastoreUser --users ann@pve --propagate 1"
    ]
    done(desk, *words)
    assert entries(bench, "/storage/nas") == {("ann@pve", "PVEDatastoreUser", True)}


def test_several_of_everything_go_together(desk, bench):
    words = (
        *("acl", "add", "/nodes", "/storage", "--roles", "PVEAuditor,Watch"),
        *("--users", "ann@pve", "--groups", "dev", "--tokens", "bob@pve!ci", "--propagate", "0"),
    )
    done(desk, *words)
    wanted = {
        (who, role, False)
        for who in ("ann@pve", "dev", "bob@pve!ci")
        for role in ("PVEAuditor", "Watch")
    }
    assert entries(bench, "/nodes") == entries(bench, "/storage") == wanted


def test_an_entry_that_is_there_gets_another_propagate_by_adding_it_again(desk, bench):
    done(desk, "acl", "modify", *VM_100, "--propagate")
    assert ("bob@pve", "Watch", True) in entries(bench, "/vms/100")


def test_an_entry_gets_another_role(desk, bench):
    words = ("acl", "edit", "/vms/", "--groups", "ops", "--roles", "PVEVMUser")
    words = (*words, "--new-role", "PVEAuditor", "--propagate", "0")
    assert lines(desk, *words) == [
        "pveum acl modify /vms --roles PVEAuditor --groups ops --propagate 0",
        "pveum acl delete /vms --roles PVEVMUser --groups ops",
    ]
    done(desk, *words)
    assert entries(bench, "/vms") == {("ops", "PVEAuditor", False)}


def test_an_entry_gets_another_propagate(desk, bench):
    assert lines(desk, "acl", "edit", *VM_100, "--propagate", "1") == [
        "pveum acl modify /vms/100 --roles Watch --users bob@pve --propagate 1"
    ]


@pytest.mark.parametrize("verb", ["remove", "delete"])
def test_entries_are_removed(desk, bench, verb):
    words = ("acl", verb, "vms/100", "--users", "bob@pve,eve@pve", "--roles", "Watch")
    assert lines(desk, *words) == [
        "pveum acl delete /vms/100 --roles Watch --users bob@pve,eve@pve"
    ]
    done(desk, *words)
    assert entries(bench, "/vms/100") == {("bob@pve!ci", "Watch", True)}
    assert entries(bench, "/vms") == VMS


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("add", "/vms", "--roles", "Watch"), "Nobody is named"),
        (("edit", *VM_100), "Nothing is to change"),
        (("edit", *VM_100, "--new-role", "Nope"), "There is no role Nope"),
        (("add", "/vms", "--users", "x@pve", "--roles", "Watch"), "There is no user x@pve"),
        (("add", "/vms", "--groups", "nope", "--roles", "Watch"), "There is no group nope"),
        (("add", "/nowhere", "--users", "ann@pve", "--roles", "Watch"), "/nowhere"),
        (("add", "/vms", "--users", "ann@pve", "--roles", "Nope"), "There is no role Nope"),
        (("remove", "/vms", "--users", "ann@pve", "--roles", "Watch"), "ACL /vms ann@pve Watch"),
        (("remove", "/v ms", "--users", "ann@pve", "--roles", "Watch"), "/v ms is no path"),
    ],
)
def test_what_cannot_be_is_told_and_nothing_is_done(desk, bench, words, told):
    ran = desk.run("acl", *words, "--yes")
    assert isinstance(ran.error, UsageError)
    assert told in str(ran.error)
    assert bench.api.writes == []


def test_root_needs_no_entry(desk, bench):
    ran = desk.run("acl", "add", "/", "--users", "root@pam", "--roles", "Administrator", "--yes")
    assert isinstance(ran.error, Refused)
    assert bench.api.writes == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("acl", "add", "--users", "ann@pve", "--roles", "Watch"), "PATH"),
        (("acl", "add", "/vms", "--users", "ann@pve"), "--roles"),
        (("acl", "revoke", "/vms"), "'revoke'"),
    ],
)
def test_what_the_words_lack_is_said(words, told):
    with pytest.raises(UsageError) as refused:
        parse(words)
    assert told in str(refused.value)


def test_without_a_verb_it_is_the_list(rack, run: Run):
    assert not is_action(parse(["acl", "--json"]))
    assert is_action(parse(["acl", "add", "/", "--users", "ann@pve", "--roles", "Watch"]))
    assert run("--root", rack, "acl").out.startswith("Path")


@pytest.fixture
def own_folder(tmp_path, monkeypatch):
    """Where this run keeps what is ours."""
    monkeypatch.setattr(environment, "ROOTS_FOLDER", tmp_path / "own")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


@pytest.mark.parametrize(
    ("words", "title"),
    [
        (("acl", "add", "/vms", "--users", "erik@pve", "--roles", "PVEAuditor"), "add ACL /vms"),
        (("user", "disable", "carl@corp"), "disable carl@corp"),
        (("user", "token", "add", "carl@corp", "new"), "add API token carl@corp!new"),
        (("pool", "add", "spare"), "add pool spare"),
    ],
)
def test_the_program_finds_the_module_of_each_command(rack, run: Run, own_folder, words, title):
    done = run("--root", rack, *words, "--dry-run")
    assert done.code == 0
    assert done.out.startswith(f"Plan: {title}")
    assert run("--root", rack, *words, "--yes").code != 0  # files take no changes
