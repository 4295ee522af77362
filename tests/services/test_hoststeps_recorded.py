"""Every recorded join through the engine: what realmd said, and what the node was like then.

`core/transcripts`: runs on Debian 12 and 13 against a real domain.
"""

import pytest

from pve_auth_tui.core.host.goals import Denied, Installed, Joined, MakesHomes, NotJoined, Permits
from pve_auth_tui.core.host.trouble import HostTrouble
from pve_auth_tui.core.join.causes import JoinCause
from pve_auth_tui.core.plan import HostStep
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.services.hostgoals import look_for
from pve_auth_tui.services.hoststeps import HostSteps
from tests.core.replay import SUITES, said, transcripts
from tests.services.fakehost import Clock, FakeHost

D = "ad.lab.test"
ALICE, ADMINS = f"alice@{D}", f"ProxmoxAdmins@{D}"
RUNS = [
    run
    for run in transcripts()
    if run.argv[0].rpartition("/")[2] == "realm" and "join" in run.argv[1:3]
]
FAILED = [run for run in RUNS if run.said.code == 1 and run.name != "join-again"]
JOINED = [run for run in RUNS if run.said.code == 0 and run.said.err]


def carried_out(run, listed):
    """That join as a step of a plan; `listed`: what realmd listed afterwards."""
    host = FakeHost(
        {
            "realm join": run.said,
            "realm list": said(listed, run.suite),
            "adcli testjoin": said("testjoin"),
        }
    )
    clock = Clock()
    steps = HostSteps(host, pause=clock.pause, now=clock.now)
    argv = (f"/usr/sbin/{run.argv[0].rpartition('/')[2]}", *run.argv[1:])
    return steps.run(HostStep(argv, Secret("pw\n"), 90.0, Joined(D)), lambda line: None)


def test_there_are_joins_of_both_suites():
    assert {run.suite for run in FAILED} == {run.suite for run in JOINED} == set(SUITES)
    assert len(FAILED) > 30
    assert len(JOINED) > 15


@pytest.mark.parametrize("run", FAILED, ids=str)
def test_a_join_that_failed_has_a_cause_and_all_that_it_said(run):
    with pytest.raises(HostTrouble) as caught:
        carried_out(run, "list-unjoined")
    assert caught.value.causes
    assert caught.value.causes[0] is not JoinCause.UNKNOWN
    assert caught.value.original == run.said.text
    assert not caught.value.unsure


@pytest.mark.parametrize("run", JOINED, ids=str)
def test_a_join_that_was_made_is_done_and_one_that_only_says_so_is_not(run):
    done = carried_out(run, "list-joined")
    assert done.sight.reached
    assert done.remark == ""
    with pytest.raises(HostTrouble, match=r"exit code 0\. Yet: realmd does not list"):
        carried_out(run, "list-unjoined")


@pytest.mark.parametrize("suite", SUITES)
def test_a_join_whose_client_was_killed_goes_on_and_is_waited_for(suite):
    (run,) = [one for one in RUNS if (one.name, one.suite) == ("join-interrupted", suite)]
    later = [said("list-unjoined"), said("list-unjoined"), said("list-joined")]
    host = FakeHost(
        {"realm join": run.said, "realm list": later, "adcli testjoin": said("testjoin")}
    )
    clock = Clock()
    steps = HostSteps(host, pause=clock.pause, now=clock.now)
    done = steps.run(HostStep(("/usr/sbin/realm", "join"), goal=Joined(D)), print)
    assert done.remark == "realm was ended by signal 2. All the same it did what it is for."


@pytest.mark.parametrize("suite", SUITES)
def test_a_node_that_had_joined_before_is_a_member_whatever_realm_complains_of(suite):
    (run,) = [one for one in RUNS if (one.name, one.suite) == ("join-again", suite)]
    done = carried_out(run, "list-joined")
    assert "exit code 1" in done.remark
    assert done.causes == (JoinCause.ALREADY_MEMBER,)


@pytest.mark.parametrize("suite", SUITES)
@pytest.mark.parametrize(
    ("listed", "reached"),
    [
        ("list-unjoined", {"left"}),
        ("list-joined", {"joined"}),
        ("list-denied", {"joined", "denied"}),
        ("list-permitted", {"joined", "permits"}),
    ],
)
def test_what_realmd_lists_is_what_was_reached(suite, listed, reached):
    host = FakeHost(
        {"realm list": said(listed, suite), "adcli testjoin": said("testjoin", "trixie")}
    )
    goals = {
        "joined": Joined(D),
        "left": NotJoined(D),
        "denied": Denied(D),
        "permits": Permits(D, (ALICE,), (ADMINS,)),
    }
    assert {name for name, goal in goals.items() if look_for(goal, host).reached} == reached


def test_with_no_dc_in_reach_nobody_calls_the_node_joined():
    host = FakeHost({"realm list": said("list-joined"), "adcli testjoin": said("testjoin-outage")})
    sight = look_for(Joined(D), host)
    assert (sight.reached, "testjoin" in sight.text) == (False, True)


def test_homes_and_packages_as_debian_tells_them():
    for name, makes in (("pam-before-mkhomedir", False), ("pam-after-mkhomedir", True)):
        text = "\n".join(said(name).out)
        files = {"etc/pam.d/common-session": text.encode()}
        assert look_for(MakesHomes(True), FakeHost({}, files)).reached is makes
    host = FakeHost({"dpkg-query": said("dpkg-query")})
    assert look_for(Installed(("sssd", "adcli")), host).reached
    assert not look_for(Installed(("sssd", "no-such-package")), host).reached
