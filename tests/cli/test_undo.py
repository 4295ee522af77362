"""`undo`, `keep` and `take-back` on the command line."""

import pytest

from pve_auth_tui.arguments import OK, REFUSED
from pve_auth_tui.core.errors import Refused
from tests.cli.desk import Desk, Person
from tests.services.workbench import USERS, Bench, HeldTimers

BOB = "access/users/bob@pve"
OFF = ("change", "set", BOB, "enable=0", "--yes")


@pytest.fixture
def bench():
    return Bench(timers=HeldTimers())


@pytest.fixture
def desk(bench, monkeypatch):
    return Desk(bench, monkeypatch)


def done(desk, bench, *more):
    """A change; its id."""
    assert desk.run(*OFF, *more).code == OK
    return bench.plans.history()[0].id


def test_the_last_change_is_taken_back(desk, bench):
    done(desk, bench)
    ran = desk.run("undo", "--yes")
    assert ran.code == OK
    assert ran.out.startswith("Plan: take back: set /access/users/bob@pve")
    assert "pveum user modify bob@pve --enable 1" in ran.out
    assert bench.user("bob@pve").enable


def test_a_change_is_taken_back_by_its_id_after_a_look(desk, bench):
    plan = done(desk, bench)
    ran = desk.run("undo", plan, "--dry-run")
    assert ran.code == OK
    assert not bench.user("bob@pve").enable
    assert desk.run("undo", plan, stdin=Person("yes")).code == OK
    assert bench.user("bob@pve").enable


def test_what_is_no_change_of_ours_is_refused(desk):
    for words in (("undo",), ("undo", "nope"), ("keep", "nope"), ("take-back", "../x")):
        assert isinstance(desk.run(*words).error, Refused)


def test_after_an_hour_a_script_needs_the_title(desk, bench):
    done(desk, bench)
    bench.clock.at += 3700
    ran = desk.run("undo", "--yes")
    assert ran.code == REFUSED
    assert ran.error.hint.endswith("--override 'set /access/users/bob@pve'")
    assert desk.run("undo", "--yes", "--override", "set /access/users/bob@pve").code == OK


def test_the_list_tells_of_each_what_may_be_done(desk, bench):
    assert desk.run("undo", "--list").out.startswith("Nothing was changed with this program yet")
    first = done(desk, bench)
    bench.clock.at += 60
    desk.run("undo", "--yes")
    bench.clock.at += 60
    last = done(desk, bench, "--keep-within", "5")
    out = desk.run("undo", "--list").out.splitlines()
    assert out[0].split() == ["ID", "Time", "Change", "State"]
    assert out[1].startswith(last)
    assert "2027-01-15 08:07 unless kept" in out[1]
    assert out[3].startswith(first)
    assert out[3].endswith("taken back")
    bench.clock.at += 1000
    assert "WAS NOT TAKEN BACK" in desk.run("undo", "--list").out
    assert bench.journal.told[-1] == "expired 0 was not taken back"


def test_the_list_as_json(desk, bench):
    assert desk.run("undo", "--list", "--json").value == []
    plan = done(desk, bench)
    (one,) = desk.run("undo", "--list", "--json").value
    assert list(one) == [
        *("id", "title", "time", "objects", "lost", "undone", "undoes", "purged", "complete"),
        *("taken_back_at", "missed"),
    ]
    assert (one["id"], one["undone"], one["missed"]) == (plan, False, False)
    assert one["objects"] == [{"kind": "user", "name": "bob@pve", "part": ""}]


def test_no_name_in_a_list_moves_the_cursor(desk, bench):
    desk.run("change", "set", BOB, "comment=\x1b[2J", "--yes")
    for words in (("undo", "--list"), ("undo", "--dry-run")):
        assert "\x1b" not in desk.run(*words).out


def test_a_token_that_comes_back_has_another_secret_that_is_shown(bench, monkeypatch):
    bench = Bench(users=f"{USERS}token:bob@pve!ci:0:1::\n")
    desk = Desk(bench, monkeypatch)
    drop = ("change", "delete", f"{BOB}/token/ci", "--yes", "--override", "bob@pve!ci")
    assert desk.run(*drop).code == OK
    ran = desk.run("undo", stdin=Person("yes", "yes"))
    assert ran.code == OK
    secret = bench.node.disk.read("etc/pve/priv/token.cfg").decode().split()[1]
    assert f"bob@pve!ci={secret}" in ran.out
    assert secret not in repr(bench.journal.entries)


def test_where_nobody_can_see_that_secret_it_is_said(bench, monkeypatch):
    bench = Bench(users=f"{USERS}token:bob@pve!ci:0:1::\n")
    desk = Desk(bench, monkeypatch)
    drop = ("change", "delete", f"{BOB}/token/ci", "--yes", "--override", "bob@pve!ci")
    desk.run(*drop)
    ran = desk.run("undo", "--yes")
    assert ran.code == OK
    assert "nobody could be shown: it needs a new one" in ran.err


def test_secrets_that_may_be_swapped_to_a_disk_are_spoken_of(desk, bench, monkeypatch):
    monkeypatch.setattr(bench.saved, "caution", lambda: "This node may swap them.")
    assert "This node may swap them." in desk.run("undo", "--list").err


def test_a_change_is_kept(desk, bench):
    plan = done(desk, bench, "--keep-within", "5")
    assert desk.run("keep", plan).out == "Kept: set /access/users/bob@pve.\n"
    assert bench.timers.armed == {}
    assert isinstance(desk.run("keep", plan).error, Refused)


def test_keeping_as_json(desk, bench):
    plan = done(desk, bench, "--keep-within", "5")
    assert desk.run("keep", plan, "--json").value == {
        "kept": plan,
        "title": "set /access/users/bob@pve",
    }


def test_what_the_timer_runs_takes_it_back(desk, bench):
    plan = done(desk, bench, "--keep-within", "5")
    ran = desk.run("take-back", plan)
    assert ran.code == OK
    assert "pveum user modify bob@pve --enable 1" in ran.out
    assert bench.user("bob@pve").enable
    assert isinstance(desk.run("take-back", plan).error, Refused)


def test_what_the_timer_runs_as_json(desk, bench):
    plan = done(desk, bench, "--keep-within", "5")
    assert desk.run("take-back", plan, "--json").value["ok"] is True


def test_a_timer_takes_back_nothing_that_is_not_armed(desk, bench):
    plan = done(desk, bench)
    ran = desk.run("take-back", plan)
    assert (ran.code, bench.user("bob@pve").enable) == (REFUSED, False)
