"""Each step of a plan reaches the thing that it is for, and its secrets nothing else."""

import pytest

from pve_auth_tui.adapters.runner import StepRunner
from pve_auth_tui.core.errors import Refused
from pve_auth_tui.core.plan import ApiCall, FileSwap, HostCommand, HostFile, HostStep
from pve_auth_tui.core.secret import Secret


class Calls:
    """An Api that remembers how it was asked."""

    way, user = "direct", "root@pam"

    def __init__(self):
        self.asked = []

    def call(self, method, path, params=None, secrets=None, *, seconds=30.0):
        self.asked.append((method, tuple(path), dict(params), dict(secrets), seconds))
        return {"id": "1"}


def test_a_call_goes_to_the_api_with_its_secrets_beside():
    api = Calls()
    secret = Secret("canary")
    step = ApiCall("PUT", ("access", "password"), {"userid": "a@pve"}, {"password": secret})
    assert StepRunner(lambda: api).run(step, print) == {"id": "1"}
    ((method, path, params, secrets, seconds),) = api.asked
    assert (method, path, params) == ("PUT", ("access", "password"), {"userid": "a@pve"})
    assert secrets["password"] is secret
    assert seconds >= 30  # PVE waits ten for each of two locks


def test_the_way_in_use_is_asked_for_at_each_step():
    first, second = Calls(), Calls()
    ways = iter([first, second])
    runner = StepRunner(lambda: next(ways))
    for _ in range(2):
        runner.run(ApiCall("POST", ("access", "groups"), {"groupid": "ops"}), print)
    assert len(first.asked) == len(second.asked) == 1


def test_without_a_way_nothing_is_done():
    with pytest.raises(Refused, match="no way to PVE's API"):
        StepRunner(lambda: None).run(ApiCall("DELETE", ("access", "users", "a@pve")), print)


def test_what_only_reads_is_no_step():
    api = Calls()
    with pytest.raises(Refused):
        StepRunner(lambda: api).run(ApiCall("GET", ("access",)), print)
    assert api.asked == []


def test_commands_and_files_go_to_the_node():
    ran, swapped, told = [], [], []

    def run(command, on_line):
        ran.append(command)
        on_line("hello")
        return 0

    runner = StepRunner(lambda: None, run, swapped.append)
    command = HostCommand(("/usr/bin/true",))
    swap = FileSwap("/etc/pve/user.cfg", Secret(""))
    assert runner.run(command, told.append) == 0
    assert runner.run(swap, told.append) is None
    assert (ran, swapped, told) == ([command], [swap], ["hello"])


def test_steps_on_the_node_go_to_whoever_looks_at_their_goals():
    class Steps:
        def run(self, step, on_line):
            on_line("got s3cret-word")
            return step

    told = []
    runner = StepRunner(lambda: None, host_steps=Steps())
    step = HostStep(("/usr/sbin/realm",), Secret("s3cret-word\n"))
    assert runner.run(step, told.append) is step
    file = HostFile("/etc/x", "y")
    assert runner.run(file, told.append) is file
    assert told == ["got ****", "got s3cret-word"]


@pytest.mark.parametrize(
    "step",
    [
        HostCommand(("/usr/bin/true",)),
        HostStep(("/usr/bin/true",)),
        HostFile("/etc/x", "y"),
        FileSwap("/etc/pve/user.cfg", Secret("")),
    ],
)
def test_elsewhere_they_are_refused(step):
    with pytest.raises(Refused, match="on the node itself only"):
        StepRunner(lambda: None).run(step, print)
