"""A plan of the node's operating system on its screen: what a step says, live, and what stops."""

from __future__ import annotations

from threading import Event, Thread

import pytest

from pve_auth_tui.core.host.done import HostDone
from pve_auth_tui.core.host.goals import Ended, Installed, Joined, Sight
from pve_auth_tui.core.host.ports import Said
from pve_auth_tui.core.host.trouble import HostTrouble
from pve_auth_tui.core.join.causes import JoinCause
from pve_auth_tui.core.plan import Draft, Effect, HostFile, HostStep
from screens.plan import PlanScreen
from tests.screens.conftest import (
    on_top,
    press,
    says,
    says_just,
    sees,
    settle,
    shown,
    status,
    until,
)

FIRST = HostStep(("/usr/bin/true",), goal=Ended())
JOIN = HostStep(("/usr/sbin/realm", "-v", "join", "ad.example.com"), goal=Joined("ad.example.com"))
INSTALL = HostStep(("/usr/bin/apt-get", "-y", "install", "sssd"), goal=Installed(("sssd",)))
LAST = HostFile("/etc/sssd/conf.d/zz.conf", None)
DONE = HostDone(Sight(True, "It is so."))


class Machine:
    """Carries out steps as a test says: a step says its lines, then waits until it may end."""

    def __init__(self):
        self.lines, self.ends, self.ran = [], Event(), []
        self.outcome = DONE

    def run(self, step, on_line):
        self.ran.append(step)
        if step is LAST or step is FIRST:
            return DONE
        for line in self.lines:
            on_line(line)
        assert self.ends.wait(30)
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


@pytest.fixture
def machine():
    made = Machine()
    yield made
    made.ends.set()


async def opened(pilot, machine, *steps):
    """The plan of these steps is there, and takes keys."""
    draft = Draft("try it", steps, told=(Effect("this node", "is tried"),), lost=("By hand.",))

    def carries(plan, word, on_progress):
        plans = pilot.app.workshop.plans
        return plans.apply(plan, override=word, on_progress=on_progress, runner=machine)

    pilot.app.review(lambda snapshot: draft, carries=carries)
    await until(pilot, lambda: isinstance(pilot.app.screen, PlanScreen))
    await until(pilot, lambda: not pilot.app.screen.why_not_run())


async def runs(pilot, machine, *steps):
    """It was opened, and its first long step says what it says."""
    await opened(pilot, machine, *steps)
    await pilot.press("y")
    await until(pilot, lambda: len(machine.ran) > len(steps) - 2)
    if machine.lines:
        await until(pilot, lambda: machine.lines[-1][:20] in shown(pilot))


async def ended(pilot, machine):
    machine.ends.set()
    await until(pilot, lambda: pilot.app.screen._report is not None)
    await settle(pilot)


async def test_every_command_and_file_is_shown_before_it_runs(pilot, machine):
    await opened(pilot, machine, JOIN, LAST)
    await sees(
        pilot,
        "/usr/sbin/realm -v join ad.example.com",
        "rm -f /etc/sssd/conf.d/zz.conf",
        "By hand.",
    )
    await press(pilot, "c")
    await sees(pilot, "/usr/sbin/realm -v join ad.example.com")


async def test_what_a_step_says_is_seen_while_it_runs(pilot, machine):
    machine.lines = [" * Resolving: _ldap._tcp.ad.example.com", " * Joining"]
    await runs(pilot, machine, JOIN, LAST)
    assert pilot.app.screen._report is None
    await sees(pilot, "...   1 of 2  /usr/sbin/realm -v join ad.example.com", "       * Joining")
    await ended(pilot, machine)


async def test_what_it_says_is_plain(pilot, machine):
    machine.lines = ["[bold]not markup[/]\x1b[2J\u202e", "the end"]
    await runs(pilot, machine, INSTALL, LAST)
    await sees(pilot, r"[bold]not markup[/]\x1b[2J\u202e")
    await ended(pilot, machine)


async def test_of_a_flood_the_last_lines_stay_and_the_steps_before_it(pilot, machine):
    machine.lines = [f"Unpacking number {number} ..." for number in range(3000)]
    await runs(pilot, machine, FIRST, INSTALL, LAST)
    told = pilot.app.screen._told
    assert len(told) < 220
    assert told[-1].strip() == "Unpacking number 2999 ..."
    assert any("ok    1 of 3  /usr/bin/true" in line for line in told)
    assert any("2 of 3" in line and "apt-get" in line for line in told)
    await ended(pilot, machine)


class Flood(Machine):
    """Says all its lines at once, when it may."""

    def __init__(self):
        super().__init__()
        self.may, self.has = Event(), Event()

    def run(self, step, on_line):
        self.ran.append(step)
        assert self.may.wait(30)
        for number in range(3000):
            on_line(f"line {number}")
        self.has.set()
        assert self.ends.wait(30)
        return DONE


async def test_of_what_is_said_faster_than_it_is_drawn_keys_do_not_wait_for_each_line(
    pilot, monkeypatch
):
    flood, told = Flood(), []
    went = PlanScreen.went

    def counted(screen, progress):
        told.append(progress.line)
        went(screen, progress)

    monkeypatch.setattr(PlanScreen, "went", counted)
    await opened(pilot, flood, JOIN)
    try:
        await pilot.press("y")
        await until(pilot, lambda: flood.ran == [JOIN])
        flood.may.set()
        assert flood.has.wait(30)  # while nothing is drawn, and no message passed on
        await until(pilot, lambda: "line 2999" in shown(pilot))
        assert len(told) < 220
        assert told[-2:] == ["line 2998", "line 2999"]
    finally:
        flood.may.set()
        flood.ends.set()
    await until(pilot, lambda: pilot.app.screen._report is not None)


@pytest.mark.parametrize(
    ("step", "running", "stopped"),
    [
        (JOIN, "realmd joins now, and cannot be stopped.", "The join goes on in realmd"),
        (INSTALL, "apt works now, and is not stopped", "apt goes on to its end"),
        (FIRST, "Esc: the running step ends", "The running step ends"),
    ],
)
async def test_it_says_what_can_be_stopped_before_and_after_somebody_wants_to(
    pilot, machine, step, running, stopped
):
    long = HostStep(step.argv, goal=step.goal)
    await runs(pilot, machine, long, LAST)
    await until(pilot, lambda: running in status(pilot))
    await pilot.press("escape")
    await until(pilot, lambda: stopped in status(pilot))
    await on_top(pilot, PlanScreen)
    await ended(pilot, machine)
    assert machine.ran == [long]
    await says(pilot, "You stopped it")
    await sees(pilot, "Not run.")


async def test_what_is_taken_back_is_not_stopped(pilot, machine):
    await runs(pilot, machine, JOIN, LAST)
    pilot.app.screen.goes_on("It did not go as planned.")
    await pilot.press("escape")
    await until(pilot, lambda: "that is not stopped" in status(pilot))
    await ended(pilot, machine)
    assert machine.ran == [JOIN, LAST]


async def test_done_means_that_the_node_was_looked_at(pilot, machine):
    machine.outcome = DONE._replace(remark="realm ended with exit code 1. All the same it is done.")
    await runs(pilot, machine, JOIN, LAST)
    await ended(pilot, machine)
    await sees(pilot, "The node was looked at after every step", "realm ended with exit code 1")
    assert "PVE" not in "\n".join(pilot.app.screen._told)
    await says_just(pilot, "Done, and the node was looked at after every step. Esc leaves.")


async def test_a_failure_shows_the_end_of_what_it_said_and_where_the_rest_is(pilot, machine):
    lines = tuple(f"line {number}" for number in range(40))
    machine.outcome = HostTrouble(
        "realm ended with exit code 1.",
        "All it said is kept in /var/lib/pve-auth-tui/host-steps/x.txt.",
        "\n".join(lines),
        causes=(JoinCause.NO_RIGHT,),
        said=Said("realm", 1, lines),
    )
    await runs(pilot, machine, JOIN, LAST)
    await ended(pilot, machine)
    text = "\n".join(pilot.app.screen._told)
    assert "| line 39" in text
    assert "| line 28" in text
    assert "| line 27" not in text
    assert "[28 lines before these]" in text
    assert "host-steps/x.txt" in text
    assert "Nothing was changed" not in text
    journal = [one.entry.outcome for one in pilot.app.workshop.journal.read()]
    assert "failed: HostTrouble no-right-to-join" in journal
    assert not any("line 3" in one for one in journal)


async def test_the_program_ends_only_after_the_step_and_what_takes_it_back(pilot, machine):
    began, taken_back = Event(), Event()

    def carries(plan, word, on_progress):
        report = pilot.app.workshop.plans.apply(plan, on_progress=on_progress, runner=machine)
        began.set()
        assert taken_back.wait(30)  # a plan more, which puts the node back
        return report

    draft = Draft("try it", (JOIN, LAST), told=(Effect("this node", "is tried"),))
    pilot.app.review(lambda snapshot: draft, carries=carries)
    await until(pilot, lambda: isinstance(pilot.app.screen, PlanScreen))
    await until(pilot, lambda: not pilot.app.screen.why_not_run())
    await pilot.press("y")
    await until(pilot, lambda: machine.ran == [JOIN])
    leaving = Thread(target=pilot.app.end_changes)
    leaving.start()
    try:
        machine.ends.set()
        await until(pilot, began.is_set)
        leaving.join(0.3)
        assert leaving.is_alive()
    finally:
        taken_back.set()
    await until(pilot, lambda: not leaving.is_alive())
    assert machine.ran == [JOIN]


async def test_of_a_step_of_which_nobody_knows_it_says_so(pilot, machine):
    machine.outcome = HostTrouble("realm did not end.", said=Said("realm", None), unsure=True)
    await runs(pilot, machine, JOIN, LAST)
    await ended(pilot, machine)
    await sees(pilot, "Nobody knows whether it was carried out")
    assert machine.ran == [JOIN]
