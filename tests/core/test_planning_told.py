"""Plans of commands on the node: judged by what their asker tells of them."""

import pytest

from pve_auth_tui.core.commands import shown
from pve_auth_tui.core.intents import factors, users
from pve_auth_tui.core.plan import Draft, Effect, FileSwap, HostCommand, HostFile, HostStep, Weight
from pve_auth_tui.core.planning import make_plan, together
from pve_auth_tui.core.plantext import plan_heading, plan_text
from pve_auth_tui.core.secret import Secret
from tests.core.pictures import NOW, factor, picture
from tests.core.pictures import factors as of

RESTART = HostCommand(("/usr/bin/systemctl", "restart", "pveproxy"))
KILL = HostCommand(("/usr/bin/kill", "7"))
TOLD = Effect("pveproxy", "is started anew")
ENDED = "It is ended by: systemctl stop pveproxy"
ANN, LOCKED = "user:ann@pve:1:0:::::", of("ann@pve", factor("totp", "phone"), locked=True)
UNFORETOLD = "What it changes cannot be foretold from here, nor who can still log in then."


def command(step=RESTART, **more):
    draft = Draft("start it anew", (step,), **{"told": (TOLD,), "lost": (ENDED,), **more})
    return lambda snapshot: draft


def made(*intents):
    wanted = together(intents) if len(intents) > 1 else intents[0]
    return make_plan(wanted, picture(ANN, tfa=[LOCKED]), now=NOW)


def texts(plan):
    return [finding.text for finding in plan.findings]


@pytest.mark.parametrize(
    "step",
    [
        RESTART,
        HostStep(("/usr/sbin/realm", "leave")),
        HostFile("/etc/x", "y"),
        HostFile("/x", None),
    ],
)
def test_what_is_told_of_a_step_on_the_node_runs_with_one_key_and_says_how_it_is_ended(step):
    plan = made(command(step))
    assert (plan.weight, plan.confirm, plan.unforeseen) == (Weight.ORDINARY, "", ())
    assert plan.changes == (TOLD,)
    assert plan.back.steps == ()
    assert plan.back.lost == (ENDED,)
    assert UNFORETOLD not in texts(plan)


def test_a_file_of_the_node_of_which_nobody_tells_is_not_taken_back_and_not_foretold():
    plan = made(command(HostFile("/etc/x", "y"), told=(), lost=()))
    assert "What is at /etc/x now does not come back." in plan.back.lost
    assert UNFORETOLD in texts(plan)


@pytest.mark.parametrize(
    ("more", "confirm"),
    [
        ({"word": "pve1"}, "pve1"),
        ({"word": "pve1", "at_most": Weight.ORDINARY}, "pve1"),
        ({"refusal": "pve2 is alive."}, "systemctl"),
        ({"refusal": "pve2 is alive.", "at_most": Weight.ORDINARY, "word": "pve1"}, "pve1"),
    ],
)
def test_a_word_or_a_refusal_makes_it_heavy_whatever_else_is_said(more, confirm):
    plan = made(command(**more))
    assert (plan.weight, plan.confirm) == (Weight.HEAVY, confirm)
    assert plan.refusal == more.get("refusal", "")


def test_a_word_is_typed_for_calls_of_the_api_too():
    def unlock(snapshot):
        return factors.unlock("ann@pve")(snapshot)._replace(word="ann@pve")

    plan = made(unlock)
    assert (plan.weight, plan.confirm) == (Weight.HEAVY, "ann@pve")


def test_a_command_with_a_call_tells_both_and_takes_the_call_back():
    plan = made(command(), users.switch(["ann@pve"], enable=False))
    assert [change.subject for change in plan.changes] == ["ann@pve", "pveproxy"]
    assert plan.unforeseen == ()
    assert len(plan.back.steps) == 1
    assert ENDED in plan.back.lost
    assert not any("/usr/bin/systemctl" in sentence for sentence in plan.back.lost)


def test_a_command_of_which_nobody_tells_spoils_what_is_told_of_another():
    """Else it would run unseen behind the words for the other one."""
    for intents in (
        (command(), command(KILL, told=(), lost=())),
        (command(KILL, told=(), lost=()), command()),
    ):
        plan = made(*intents)
        assert set(plan.unforeseen) == {RESTART, KILL}
        assert plan.weight is Weight.HEAVY
        assert UNFORETOLD in texts(plan)
        assert plan.changes == (TOLD,)


def test_the_first_word_and_the_first_refusal_of_several_hold():
    plan = made(command(), command(KILL, word="pve1", refusal="No."), command(word="pve2"))
    assert (plan.weight, plan.confirm, plan.refusal) == (Weight.HEAVY, "pve1", "No.")


def test_a_file_beside_a_told_command_is_foretold_as_every_file():
    new = FileSwap("/etc/pve/user.cfg", Secret("user:ann@pve:0:0:::::\n"))
    plan = made(command(), lambda snapshot: Draft("swap", (new,)))
    assert plan.unforeseen == ()
    assert ("ann@pve", "enabled -> disabled") in plan.changes


def test_what_another_command_takes_back_is_not_called_lost_for_ever():
    step = HostFile("/etc/x.conf", "text\n", 0o600)
    draft = Draft("put x there", (step,), told=(Effect("x", "is there"),), otherwise="x remove")
    plan = made(lambda _: draft)
    assert plan_heading(plan)[1] == "ORDINARY, taken back by another plan"
    assert plan_text(plan, 80)[-2:] == ["Taken back by", "  x remove"]


def test_a_long_file_is_counted_not_told():
    told = shown(HostFile("/etc/x.conf", "ä" * 300, 0o600))
    assert told == "# put 600 bytes into /etc/x.conf, mode 0600"
