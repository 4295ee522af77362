"""Tasks of the simulated node: their ids, their logs, who sees them."""

from threading import Event

import pytest

from pve_auth_tui.core.errors import ApiError, Unwritable
from pve_auth_tui.simnode.tasklog import INDEX, parse_upid
from tests.simnode.small import NOW, refusal, small_node, who

TASKS = "/nodes/pve1/tasks"


def run(node, *lines, kind="demo", user="root@pam", error=None):
    def work(say):
        say(lines)
        if error:
            raise error

    return node.tasks.run(kind, "corp", user, work)


def log(node, upid, **params):
    return [line["t"] for line in node.answer("GET", f"{TASKS}/{upid}/log", params)]


def status(node, upid):
    return node.answer("GET", f"{TASKS}/{upid}/status")


def test_an_id_has_everything_in_it():
    node = small_node()
    upid = run(node)
    task = parse_upid(upid)
    assert task is not None
    assert (task.node, task.start, task.type, task.id) == ("pve1", NOW, "demo", "corp")
    assert upid.endswith(":demo:corp:root@pam:")
    assert status(node, upid)["exitstatus"] == "OK"


@pytest.mark.parametrize("text", ["", "UPID:bogus", "UPID:pve1:1:2:3:t:i:u:", "UPID:a b:"])
def test_what_is_no_task_s_id(text):
    assert parse_upid(text) is None


def test_two_tasks_of_one_second_are_told_apart():
    node = small_node()
    assert run(node) != run(node)


def test_lines_of_a_log_come_page_by_page_with_their_numbers():
    node = small_node()
    upid = run(node, "one", "two\nthree", "ä")
    assert log(node, upid) == ["one", "two", "three", "ä", "TASK OK"]
    page = node.answer("GET", f"{TASKS}/{upid}/log", {"start": 1, "limit": 2})
    assert list(page) == [{"n": 2, "t": "two"}, {"n": 3, "t": "three"}]
    assert page.total == 5
    assert len(log(node, upid, limit=0)) == 5


def test_wide_letters_come_out_byte_by_byte_as_from_perl():
    node = small_node()
    assert log(node, run(node, "Ω"))[0] == "Î©"


def test_an_error_is_the_task_s_end_on_one_line():
    node = small_node()
    upid = run(node, error=ApiError(400, "Bad.\n", {"x": "no"}))
    assert status(node, upid)["exitstatus"] == "400 Bad. x: no"
    assert log(node, upid)[-1] == "TASK ERROR: 400 Bad. x: no"


def test_the_list_has_the_newest_first_and_can_be_narrowed():
    node = small_node()
    run(node, kind="a")
    run(node, kind="b", error=ApiError(500, "broken\n"))
    run(node, kind="c", user="ann@pve")
    listed = node.answer("GET", TASKS, {"limit": 2})
    assert [task["type"] for task in listed] == ["c", "b"]
    assert listed.total == 3
    assert [task["status"] for task in node.answer("GET", TASKS, {"errors": 1})] == ["broken"]
    assert [task["type"] for task in node.answer("GET", TASKS, {"userfilter": "ANN"})] == ["c"]
    assert [task["type"] for task in node.answer("GET", TASKS, {"typefilter": "a"})] == ["a"]


def test_a_long_task_runs_on_behind_its_id():
    node, go = small_node(), Event()

    def work(say):
        say(["waiting"])
        go.wait(10)

    upid = node.tasks.run("long", "", "root@pam", work, patience=0.05)
    try:
        assert status(node, upid)["status"] == "running"
        assert "exitstatus" not in status(node, upid)
        assert node.answer("GET", TASKS) == []
        active = node.answer("GET", TASKS, {"source": "active"})
        assert [task["status"] for task in active] == ["RUNNING"]
    finally:
        go.set()
    node.tasks.wait(upid)
    assert status(node, upid)["exitstatus"] == "OK"
    assert log(node, upid) == ["waiting", "TASK OK"]


def stopped_by(node, work):
    """Its id; `work` gets the task and `say`, and stops the task itself."""

    def works(say):
        (task,) = node.tasks._running.values()
        work(task, say)

    upid = node.tasks.run("demo", "", "root@pam", works)
    node.tasks.wait(upid)
    return upid


def test_a_stop_is_heard_at_the_next_line():
    node = small_node()

    def work(task, say):
        node.tasks.stop(task)
        say(["never seen"])

    assert log(node, stopped_by(node, work)) == ["TASK ERROR: received interrupt"]


def test_a_stop_that_comes_while_it_fails_is_no_error_of_ours():
    """The last line is written all the same; warnings of threads are errors here."""
    node = small_node()

    def work(task, say):
        node.tasks.stop(task)
        raise ApiError(500, "broken\n")

    upid = stopped_by(node, work)
    assert status(node, upid)["exitstatus"] == "broken"


def test_a_full_disk_at_its_end_is_no_error_of_ours(monkeypatch):
    node = small_node()

    def full(path, data):
        raise Unwritable(f"/{path} cannot be written: No space left on device.")

    def work(task, say):
        monkeypatch.setattr(node.disk, "write", full)
        raise ApiError(500, "broken\n")

    upid = stopped_by(node, work)
    assert node.tasks._running == {}
    assert status(node, upid)["status"] == "stopped"


def test_tasks_of_others_need_sys_audit():
    node = small_node("acl:1:/nodes:bob@pve:PVEAuditor:\n")
    upid, own = run(node), run(node, user="ann@pve")
    ann, bob = who("ann@pve"), who("bob@pve")
    assert refusal(node, "GET", f"{TASKS}/{upid}/log", None, ann)[:2] == (
        403,
        "Permission check failed (/nodes/pve1, Sys.Audit)\n",
    )
    assert [task["upid"] for task in node.answer("GET", TASKS, caller=ann)] == [own]
    assert len(node.answer("GET", TASKS, caller=bob)) == 2


def test_a_user_sees_the_tasks_of_their_tokens_but_not_the_other_way_round():
    node = small_node()
    upid = run(node, user="bob@pve!ci")
    seen = node.answer("GET", f"{TASKS}/{upid}/status", caller=who("bob@pve"))
    assert (seen["user"], seen["tokenid"]) == ("bob@pve", "ci")
    own = run(node, user="bob@pve")
    assert refusal(node, "GET", f"{TASKS}/{own}/status", None, who("bob@pve!ci"))[0] == 403


def test_a_task_that_never_was():
    node = small_node()
    unknown = "UPID:pve1:00000001:00000001:00000001:demo:corp:root@pam:"
    assert refusal(node, "GET", f"{TASKS}/{unknown}/status")[2] == {"upid": "no such task"}
    assert log(node, unknown) == ["unable to open file - No such file or directory"]
    assert refusal(node, "GET", f"{TASKS}/UPID:bogus/log")[2] == {
        "upid": "unable to parse worker upid"
    }


def test_tasks_are_still_known_after_a_restart_of_the_node():
    node = small_node()
    upid = run(node, "one")
    again = type(node)(node.disk, node.sources)
    assert log(again, upid) == ["one", "TASK OK"]
    assert [task["upid"] for task in again.answer("GET", TASKS)] == [upid]


def test_the_index_is_begun_anew_when_it_is_large_and_old_logs_go():
    node = small_node()
    first = run(node)
    filler = b"x" * 49_990 + b"\n"
    for _ in range(2):
        node.disk.write(INDEX, (node.disk.read(INDEX) or b"") + filler)
        run(node)
    assert node.disk.read(INDEX) is None
    assert log(node, first) == ["unable to open file - No such file or directory"]


def test_the_cluster_s_log_tells_of_begin_and_end():
    node = small_node()
    upid = run(node)
    told = [entry["msg"] for entry in node.answer("GET", "/cluster/log")]
    assert told == [f"end task {upid} OK", f"starting task {upid}"]
    assert len(node.answer("GET", "/cluster/log", {"max": 1})) == 1
    assert node.answer("GET", "/cluster/log", caller=who("ann@pve")) == []
    assert [task["upid"] for task in node.answer("GET", "/cluster/tasks")] == [upid]
