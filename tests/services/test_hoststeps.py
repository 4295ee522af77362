"""Steps on the node: run, heard, kept, and looked at afterwards, whatever the exit code said."""

from hashlib import sha256

import pytest

from pve_auth_tui.core.errors import Refused
from pve_auth_tui.core.host.goals import Active, FileIs, Joined
from pve_auth_tui.core.host.trouble import HostTrouble
from pve_auth_tui.core.join.causes import JoinCause
from pve_auth_tui.core.plan import HostFile, HostStep
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.services.hoststeps import HostSteps
from tests.services.fakehost import Clock, FakeHost, said

D = "ad.example.com"
JOIN = HostStep(
    ("/usr/sbin/realm", "-v", "join", "--user=Administrator", D),
    Secret("Secr3t-of-AD\n"),
    90.0,
    Joined(D),
)
LISTED = said(D, "  configured: kerberos-member", f"  domain-name: {D}")
NOT_LISTED = said()
OK = said("Sucessfully validated join")
REALMD = (
    "sys/fs/cgroup/system.slice/realmd.service/cgroup.procs",
    "sys/fs/cgroup/systemd/system.slice/realmd.service/cgroup.procs",
)


class Stand:
    """A host with its steps; `heard` and `kept`: what came of their output."""

    def __init__(self, answers=None, files=None):
        self.host = FakeHost(dict(answers or {}), dict(files or {}))
        self.clock = Clock()
        self.heard, self.kept = [], []
        self.steps = HostSteps(self.host, self, pause=self.clock.pause, now=self.clock.now)

    name = "/var/lib/pve-auth-tui/host-steps/1.txt"

    def begin(self, title):
        self.kept.append(f"# {title}")
        return self

    def line(self, text):
        self.kept.append(text)

    def close(self):
        self.kept.append("end")

    def run(self, step):
        return self.steps.run(step, self.heard.append)

    def fails(self, step):
        with pytest.raises(HostTrouble) as caught:
            self.run(step)
        return caught.value


def joining(join, listed=LISTED, trusted=OK):
    return Stand({"realm join": join, "realm list": listed, "adcli testjoin": trusted})


def test_a_step_that_reached_its_goal_is_done():
    stand = joining(said(" * Successfully enrolled machine in realm"))
    done = stand.run(JOIN)
    assert done.sight.reached
    assert (done.remark, done.record) == ("", stand.name)
    assert stand.host.asked[0] == JOIN.argv
    assert stand.host.fed == [JOIN.stdin, None, None]


def test_what_it_says_is_heard_as_it_comes_and_kept_under_the_commands_own_line():
    stand = joining(said("one", err=[" * two"]))
    stand.run(JOIN)
    assert stand.heard == ["one", " * two"]
    title, *lines, end = stand.kept
    assert title.startswith("# /usr/sbin/realm -v join --user=Administrator ad.example.com")
    assert (lines, end) == (["one", " * two"], "end")


def test_exit_code_0_without_its_goal_has_failed():
    trouble = joining(said(" * Successfully enrolled machine in realm"), NOT_LISTED).fails(JOIN)
    assert str(trouble) == (
        "realm ended with exit code 0. Yet: realmd does not list ad.example.com as joined."
    )
    assert not trouble.unsure


def test_another_exit_code_with_its_goal_is_done_with_a_remark():
    done = joining(said(code=1, err=["! something"])).run(JOIN)
    assert done.remark == "realm ended with exit code 1. All the same it did what it is for."


def test_a_failure_comes_with_its_cause_its_output_and_where_that_is_kept():
    stand = joining(said(code=1, err=[" ! Preauthentication failed", "realm: no"]), NOT_LISTED)
    trouble = stand.fails(JOIN)
    assert trouble.causes == (JoinCause.WRONG_PASSWORD,)
    assert trouble.said.err == (" ! Preauthentication failed", "realm: no")
    assert trouble.original == " ! Preauthentication failed\nrealm: no"
    assert trouble.record == stand.name
    assert stand.name in trouble.hint
    assert "The domain does not take this password" in str(trouble)  # in words, not only adcli's


def test_a_second_program_that_uses_realmd_is_told_as_busy():
    trouble = joining(said(code=1, err=["realm: Already running another action"]), NOT_LISTED)
    assert trouble.fails(JOIN).causes == (JoinCause.BUSY,)


def test_what_is_not_installed_is_said():
    trouble = Stand().fails(JOIN)
    assert trouble.causes == (JoinCause.TOOL_MISSING,)
    assert trouble.said is None


def test_a_goal_that_cannot_be_looked_at_is_not_reached():
    stand = Stand({"realm join": said()})
    assert "could not be looked at" in str(stand.fails(JOIN))


# --- a moment ------------------------------------------------------------------------------------

RESTART = HostStep(("/usr/bin/systemctl", "restart", "sssd.service"), goal=Active("sssd.service"))
STARTS, RUNS = said("ActiveState=activating"), said("ActiveState=active")


def test_a_service_that_starts_gets_a_moment():
    stand = Stand({"systemctl restart": said(), "systemctl show": [STARTS] * 5 + [RUNS]})
    assert stand.run(RESTART).sight.text == "sssd.service is active."
    assert 0 < stand.clock.at < 5


def test_but_not_for_ever():
    stand = Stand({"systemctl restart": said(), "systemctl show": STARTS})
    assert "sssd.service is activating" in str(stand.fails(RESTART))
    assert stand.clock.at < 30


def test_and_none_where_the_command_itself_says_that_it_failed():
    stand = Stand({"systemctl restart": said(code=1), "systemctl show": STARTS})
    stand.fails(RESTART)
    assert stand.clock.at == 0


# --- the client was ended, realmd was not --------------------------------------------------------


def test_a_join_that_realmd_ends_after_its_client_was_ended_is_done():
    stand = joining(said(code=None), [NOT_LISTED, NOT_LISTED, LISTED])
    done = stand.run(JOIN)
    assert done.remark == "realm did not end in time. All the same it did what it is for."


@pytest.mark.parametrize("realmd", REALMD)
def test_a_join_that_did_not_end_is_judged_only_when_realmd_is_quiet(realmd):
    helpers = {"left": 20}
    stand = joining(said(code=None), lambda: NOT_LISTED if helpers["left"] > 0 else LISTED)
    stand.host.held[realmd] = b"100\n101\n"
    pause = stand.clock.pause

    def works(seconds):
        pause(seconds)
        helpers["left"] -= 1
        if helpers["left"] == 0:
            stand.host.held[realmd] = b"100\n"

    stand.steps = HostSteps(stand.host, pause=works, now=stand.clock.now)
    assert stand.run(JOIN).sight.reached
    assert stand.host.asked.count(("/usr/sbin/realm", "list")) == 1


def test_when_realmd_is_quiet_and_the_node_no_member_the_join_has_failed():
    trouble = joining(said(code=None), NOT_LISTED).fails(JOIN)
    assert trouble.causes == (JoinCause.TIMED_OUT,)
    assert not trouble.unsure


def test_when_realmd_does_not_come_to_its_end_nobody_knows():
    stand = joining(said(code=None), NOT_LISTED)
    stand.host.held[REALMD[0]] = b"100\n101\n"
    trouble = stand.fails(JOIN)
    assert trouble.unsure
    assert "may still be at work" in trouble.hint
    assert stand.clock.at < 120


def test_nobody_waits_for_realmd_after_another_tool():
    apt = HostStep(("/usr/bin/apt-get", "-y", "install", "x"), goal=FileIs("/x", "00"))
    stand = Stand({"apt-get": said(code=None)}, {REALMD[0]: b"100\n101\n"})
    assert not stand.fails(apt).unsure
    assert stand.clock.at == 0


# --- files ---------------------------------------------------------------------------------------


def test_a_file_is_put_in_its_place_and_read_again():
    stand = Stand()
    assert stand.run(HostFile("/etc/x", "new\n")).sight.reached
    assert stand.host.held == {"etc/x": b"new\n"}
    removal = HostFile("/etc/x", None, expected=sha256(b"new\n").hexdigest())
    assert stand.run(removal).sight.reached
    assert stand.host.held == {}


def test_a_file_that_somebody_else_writes_to_as_well_has_failed():
    stand = Stand()
    write = stand.host.write

    def meddled(path, content, mode, expected):
        write(path, content, mode, expected)
        stand.host.held["etc/x"] = b"other"

    stand.host.write = meddled
    assert "does not hold what was written" in str(stand.fails(HostFile("/etc/x", "new\n")))


def test_a_file_that_is_not_what_was_looked_at_is_left_as_it_is():
    stand = Stand(files={"etc/x": b"theirs"})
    with pytest.raises(Refused):
        stand.run(HostFile("/etc/x", "ours"))
    assert stand.host.held == {"etc/x": b"theirs"}


def test_a_host_that_repeats_what_was_sent_is_heard_without_it():
    stand = joining(said("Secr3t-of-AD", code=1, err=["! for Secr3t-of-AD"]), NOT_LISTED)
    trouble = stand.fails(JOIN)
    assert trouble.said.lines == ("****", "! for ****")
    assert trouble.original == "****\n! for ****"
    assert stand.heard == stand.kept[1:-1] == ["****", "! for ****"]


def test_no_error_holds_what_was_sent():
    for code in (0, 1, None):
        trouble = joining(said(code=code, err=["x"]), NOT_LISTED).fails(JOIN)
        told = [str(trouble), trouble.hint, trouble.original, repr(trouble), repr(trouble.said)]
        assert not any("Secr3t-of-AD" in one for one in told)
