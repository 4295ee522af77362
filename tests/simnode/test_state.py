"""How the simulated node changes its files: locks, quorum, a full disk, all or nothing."""

from dataclasses import replace
from threading import Event, Thread

import pytest

from pve_auth_tui.core.accessdata import Group
from pve_auth_tui.core.errors import ApiError
from pve_auth_tui.simnode.state import as_text
from tests.simnode.small import file, refusal, small_node, text_of

ADD = ("POST", "/access/groups", {"groupid": "new"})


def with_group(access, name):
    return replace(access, groups={**access.groups, name: Group(name)})


def test_no_quorum_refuses_with_pves_text():
    node = small_node()
    node.faults.quorate = False
    text = "create group failed: cfs-lock 'file-user_cfg' error: no quorum!\n"
    assert refusal(node, *ADD) == (500, text, {})
    assert node.disk.written == []
    assert len(node.answer("GET", "/access/groups")) == 2


def test_a_held_lock_is_given_up():
    node = small_node()
    node.faults.held_locks.add("file-user_cfg")
    text = "create group failed: cfs-lock 'file-user_cfg' error: got lock request timeout\n"
    assert refusal(node, *ADD) == (500, text, {})
    node.faults.held_locks.clear()
    assert node.answer(*ADD) is None


def test_a_lock_is_waited_for_as_long_as_asked():
    waited = []
    node = small_node()
    node.sources.sleep = waited.append
    node.faults.lock_wait = 10.0
    node.faults.held_locks.add("file-user_cfg")
    refusal(node, *ADD)
    assert waited == [10.0]


def test_a_full_disk_leaves_the_file_as_it_was():
    node = small_node()
    node.faults.disk_full = True
    before = file(node, "user.cfg")
    _, text, _ = refusal(node, *ADD)
    assert text.startswith("create group failed: unable to write '/etc/pve/user.cfg.tmp.")
    assert text.endswith("' - No space left on device\n")
    assert file(node, "user.cfg") == before


def test_an_error_in_a_change_leaves_every_file_as_it_was():
    node = small_node()

    def change():
        with node.state.change("user_cfg", "it failed: ") as change:
            change.access = with_group(change.access, "new")
            change.shadow = replace(change.shadow, hashes={})
            raise ApiError(500, "no\n")

    assert text_of(change) == "it failed: no\n"
    assert node.disk.written == []


def test_nested_changes_write_once():
    node = small_node()
    with node.state.change("priv_tfa_cfg") as outer:
        outer.access = with_group(outer.access, "one")
        with node.state.change("user_cfg") as inner:
            assert "one" in inner.access.groups
            inner.access = with_group(inner.access, "two")
        assert node.disk.written == []
    assert node.disk.written == ["etc/pve/user.cfg"]
    assert {"one", "two"} <= node.state.access.groups.keys()


def test_what_was_saved_stays_when_the_rest_fails():
    node = small_node()

    def change():
        with node.state.change("user_cfg") as change:
            change.access = with_group(change.access, "kept")
            change.save()
            change.access = with_group(change.access, "lost")
            raise ApiError(500, "no\n")

    text_of(change)
    assert "kept" in node.state.access.groups
    assert "lost" not in node.state.access.groups


def test_two_threads_change_one_after_the_other():
    node = small_node()
    inside, go_on = Event(), Event()

    def slow():
        with node.state.change("user_cfg") as change:
            before = change.access
            inside.set()
            go_on.wait(5)
            change.access = with_group(before, "slow")

    first = Thread(target=slow)
    second = Thread(target=node.answer, args=("POST", "/access/groups", {"groupid": "quick"}))
    first.start()
    assert inside.wait(5)
    second.start()
    second.join(0.1)
    go_on.set()
    first.join(5)
    second.join(5)
    assert {"slow", "quick"} <= node.state.access.groups.keys()


def test_who_reads_waits_for_no_change():
    node, found = small_node(), []
    reading = Thread(target=lambda: found.append(sorted(node.state.access.groups)))
    with node.state.change("user_cfg") as change:
        change.access = with_group(change.access, "new")
        reading.start()
        reading.join(5)
        assert found == [["dev", "ops"]]


def test_outside_of_a_change_nothing_is_assigned():
    node = small_node()
    with pytest.raises(AttributeError, match=r"user\.cfg"):
        node.state.access = node.state.access
    assert node.disk.written == []


def test_a_change_of_a_file_by_hand_is_seen():
    node = small_node()
    assert "new" not in node.state.access.groups
    node.disk.write("etc/pve/user.cfg", b"group:new:::\n")
    assert "new" in node.state.access.groups


def test_without_a_change_nothing_is_read_twice():
    node = small_node()
    assert node.state.access is node.state.access


def test_an_attribute_that_is_no_file_is_a_mistake():
    node = small_node()
    with pytest.raises(AttributeError), node.state.change("user_cfg") as change:
        change.acess = None


def test_an_exception_with_a_code_becomes_text_with_its_code():
    assert as_text(ApiError(500, "died\n")) == "died\n"
    assert as_text(ApiError(403, "Permission check failed\n")) == "403 Permission check failed\n"
    bad = ApiError(400, "Parameter verification failed.\n", {"delete": "no"})
    assert as_text(bad) == "400 Parameter verification failed.\ndelete: no\n"
