"""A plan as text: a command over several lines is one command wherever it is copied to."""

import subprocess
from types import SimpleNamespace

import pytest

from pve_auth_tui.core.commands import shown
from pve_auth_tui.core.plan import ApiCall, FileSwap, HostCommand
from pve_auth_tui.core.plantext import command_text
from pve_auth_tui.core.secret import Secret

_STUBS = 'pveum() { printf "%s\\0" pveum "$@"; }; pvesh() { printf "%s\\0" pvesh "$@"; }\n'
LONG = "ann.of.the.second.floor@a-directory.example.com"
FACTOR = "11111111-1111-4111-8111-111111111111"


def words(text):
    """What bash makes of it: the words of every command, in a row."""
    env = {"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}
    run = ["/bin/bash", "-c", _STUBS + text]
    ran = subprocess.run(run, capture_output=True, check=True, timeout=20, env=env)
    assert ran.stderr == b""
    return ran.stdout.split(b"\0")[:-1]


def lines(step, width):
    return command_text(SimpleNamespace(steps=(step,)), width)


@pytest.mark.parametrize("width", [30, 60, 76, 100])
@pytest.mark.parametrize(
    "step",
    [
        ApiCall("DELETE", ("access", "tfa", LONG, FACTOR)),
        ApiCall(
            "PUT", ("access", "users", "x@pve"), {"comment": "a   b", "email": "", "enable": 0}
        ),
        ApiCall("PUT", ("access", "users", "x@pve"), {"comment": "'; reboot; '", "lastname": '"'}),
        ApiCall("PUT", ("access", "users", "x@pve"), {"comment": "a\nreboot '\\'", "enable": 1}),
        ApiCall("PUT", ("access", "users", "-x@pve"), {"comment": "# \\", "firstname": "$(id)"}),
        ApiCall("PUT", ("access", "users", "x@pve"), {"comment": "it's\x1b[31m\u202e" * 20}),
        ApiCall("PUT", ("access", "users", "x@pve"), {"comment": "'; reboot; ' #" * 20}),
        ApiCall("POST", ("access", "tfa", LONG), {"type": "totp"}, {"totp": Secret("x")}),
    ],
)
def test_a_shell_reads_the_lines_as_the_one_command(step, width):
    told = lines(step, width)
    assert words("\n".join(told)) == words(shown(step))
    assert max(map(len, told)) <= width


def test_the_first_line_alone_is_no_command_with_another_meaning():
    told = lines(ApiCall("DELETE", ("access", "tfa", LONG, FACTOR)), 76)
    assert len(told) == 2
    assert told[0].endswith(" \\")  # without --id it would remove all of them
    assert told[1] == f"    --id {FACTOR}"


@pytest.mark.parametrize(
    "step",
    [
        FileSwap("/etc/pve/user.cfg", Secret("x"), "a" * 64),
        HostCommand(("/usr/bin/true", "a" * 20), Secret("x")),
    ],
)
def test_what_is_a_comment_stays_one_on_every_line(step):
    assert words("\n".join(lines(step, 40))) == []


def test_blanks_in_a_word_are_kept_however_it_is_broken():
    comment = "a" + " " * 90 + "b"
    step = ApiCall("PUT", ("access", "users", "x@pve"), {"comment": comment})
    assert words("\n".join(lines(step, 60)))[-1] == comment.encode()
