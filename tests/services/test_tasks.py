"""Following a task: all lines once and in order, an end in any case, nothing without bounds."""

import pytest

from pve_auth_tui.core.errors import Unreachable, Unreadable
from pve_auth_tui.services import tasks
from pve_auth_tui.services.tasks import TaskEnd, TaskService

UPID = "UPID:pve1:00002CAB:0003CDC9:6B021FBE:auth-realm-sync:corp:root@pam:"


class Task:
    """A task as PVE shows it: each step is what its log has when somebody looks."""

    way, user = "direct", "root@pam"

    def __init__(self, *steps, exitstatus="OK"):
        self.steps = list(steps)
        self.exitstatus = exitstatus
        self.paths = set()
        self.now = 0.0

    def call(self, method, path, params=None, secrets=None, *, seconds=30.0):
        assert method == "GET"
        self.paths.add("/".join(path[:-1]))
        if path[-1] == "status":
            running = len(self.steps) > 1
            return {"status": "running"} if running else self._stopped()
        lines = self.steps[0] or ["no content"]
        found = [{"n": n, "t": line} for n, line in enumerate(lines, 1)]
        return found[params["start"] : params["start"] + params["limit"]]

    def _stopped(self):
        return {"status": "stopped", "exitstatus": self.exitstatus}

    def close(self):
        pass

    def wait(self, seconds):
        assert 0 < seconds <= 1
        self.now += seconds
        if len(self.steps) > 1:
            del self.steps[0]

    def follow(self, **more):
        service = TaskService(self, wait=self.wait, steady=lambda: self.now)
        return service.follow(UPID, **more)


def test_lines_come_once_and_in_order_until_the_end():
    told = []
    task = Task([], ["a"], ["a"], ["a", "b", ""], ["a", "b", "", "TASK OK"])
    end = task.follow(on_line=told.append)
    assert end == TaskEnd("OK", True, ("a", "b", "", "TASK OK"))
    assert told == ["a", "b", "", "TASK OK"]
    assert task.paths == {f"nodes/pve1/tasks/{UPID}"}


def test_a_task_that_failed_ends_with_pves_own_reason():
    end = Task(["TASK ERROR: Connection refused"], exitstatus="Connection refused").follow()
    assert (end.exitstatus, end.ok, end.ended) == ("Connection refused", False, True)


def test_warnings_are_no_failure():
    assert Task(["x"], exitstatus="WARNINGS: 1").follow().ok


def test_an_empty_log_has_no_lines():
    assert Task([]).follow().lines == ()


def test_a_long_log_comes_page_by_page(monkeypatch):
    monkeypatch.setattr(tasks, "PAGE", 3)
    lines = [f"line {number}" for number in range(10)]
    assert Task(lines).follow().lines == tuple(lines)
    assert Task(lines[:3], lines[:6], lines).follow().lines == tuple(lines)


def test_there_is_an_end_to_what_is_taken(monkeypatch):
    monkeypatch.setattr(tasks, "PAGE", 3)
    monkeypatch.setattr(tasks, "MOST_LINES", 7)
    monkeypatch.setattr(tasks, "LONGEST_LINE", 5)
    end = Task(["123456789"] * 30).follow()
    assert end.lines == ("12345",) * 7
    assert end.ok


def test_who_cancels_only_stops_looking():
    task = Task(["a"], ["a", "b"], ["a", "b"])
    looked = iter([False, True])
    end = task.follow(cancelled=lambda: next(looked))
    assert end == TaskEnd("", False, ("a", "b"), ended=False)


def test_time_ends_the_looking():
    task = Task(*[["a"]] * 100)
    end = task.follow(seconds=5)
    assert not end.ended
    assert 5 <= task.now < 6


@pytest.mark.parametrize("upid", ["", "null", f"{UPID}/../x", "UPID:x"])
def test_what_is_no_task_is_not_asked_for(upid):
    with pytest.raises(Unreadable, match="name of a task"):
        TaskService(Task([])).follow(upid)


@pytest.mark.parametrize(
    "answer", [None, [], "x", {"status": 5.5, "exitstatus": []}, {}, {"status": ["stopped"]}]
)
def test_a_forged_status_is_refused(answer):
    task = Task([], [])
    task.call = lambda *args, **more: answer
    with pytest.raises(Unreadable):
        TaskService(task, wait=lambda seconds: pytest.fail("it went on")).follow(UPID)


@pytest.mark.parametrize("log", [{}, [1], [{"n": "x", "t": "a"}], [{"n": 1, "t": {}}], "no"])
def test_a_forged_log_is_refused(log):
    task = Task([])
    task.call = lambda method, path, *args, **more: task._stopped() if path[-1] == "status" else log
    with pytest.raises(Unreadable):
        TaskService(task).follow(UPID)


def test_who_dies_meanwhile_is_told():
    task = Task(["a"], ["a"])

    def wait(seconds):
        def dead(*args, **more):
            raise Unreachable("It died.")

        task.call = dead

    with pytest.raises(Unreachable):
        TaskService(task, wait=wait).follow(UPID)
