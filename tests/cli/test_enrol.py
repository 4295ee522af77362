"""`enrol` and `unlock`: from a secret on the terminal to a proved login."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pexpect
import pytest

from pve_auth_tui.actions import enrol, unlock
from pve_auth_tui.core.errors import LoginRefused, Refused, Unwritable, UsageError
from pve_auth_tui.core.otpauth import decode_base32, parse
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.services.prove import ProveService
from pve_auth_tui.simnode.demo import PASSWORD
from pve_auth_tui.simnode.tfa import totp as on_phone
from tests.cli.enrolling import Bench, Ran, Typist, run_with
from tests.services.factor_node import WITHOUT

TOTP = ("enrol", WITHOUT, "--totp", "--description", "phone")
RECOVERY = ("enrol", WITHOUT, "--recovery")
KEY = re.compile(r"[0-9a-f]{4}(?:-[0-9a-f]{4}){3}")


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def enrolled(bench, monkeypatch):
    """Run `enrol`; a function among the lines gets all that was shown so far."""

    def run(*words, lines=(), there=True) -> Ran:
        typist = Typist(*lines, is_terminal=there)
        return run_with(monkeypatch, enrol.run, bench, *words, typist=typist, is_terminal=there)

    return run


@pytest.fixture
def app(bench):
    """What an app shows that was fed with the secret on the terminal, typed group by group."""

    def shows(seen: str) -> str:
        groups = re.search(r"^Secret +([A-Z2-7 ]+)$", seen, re.MULTILINE)
        uri = re.search(r"^URI +(otpauth://\S+)$", seen, re.MULTILINE)
        assert groups
        assert uri
        totp = parse(uri[1])
        assert totp.secret == decode_base32(groups[1].replace(" ", ""))
        return bench.phone(totp)

    return shows


def entries(bench):
    """What the user has now."""
    user = bench.snapshot.tfa.value.users.get(WITHOUT)
    return [entry.type for entry in user.entries] if user else []


# --- authenticator apps -----------------------------------------------------------------


def test_an_app_is_added_and_proved_by_a_login(bench, enrolled, app):
    ran = enrolled(*TOTP, lines=[app, "yes", PASSWORD])
    assert ran.code == 0
    assert entries(bench) == ["totp"]
    assert "took the password of nina@pve and a code of the authenticator app." in ran.out
    assert "6 digits, 30 s, SHA1" in ran.out
    assert "scrollback" in ran.out
    assert (bench.logins, bench.refusals, bench.failures()) == (1, 0, 0)


def test_other_kinds_are_added(bench, enrolled, app):
    kind = ("--digits", "8", "--period", "60", "--algorithm", "SHA256")
    ran = enrolled(*TOTP, *kind, lines=[app, "yes", ""])
    assert "8 digits, 60 s, SHA256" in ran.out
    assert "No login has proved it yet: prove nina@pve" in ran.err
    assert entries(bench) == ["totp"]
    assert bench.logins == 0


def test_with_everything_on_stdin_nobody_is_asked(bench, enrolled, app):
    words = (*TOTP, "--yes", "--show-secrets", "--password-stdin")
    ran = enrolled(*words, lines=[PASSWORD, app], there=False)
    assert ran.code == 0
    assert "took the password" in ran.out
    assert bench.logins == 1


def test_a_wrong_code_is_explained_and_asked_for_again(bench, enrolled, app):
    lines = ["12345", "000000", lambda seen: off(bench, seen), app, "yes", ""]
    ran = enrolled(*TOTP, lines=lines)
    assert "this has 5" in ran.err
    assert "No code of this secret" in ran.err
    assert "your phone is 90 s behind, or this node's clock is ahead" in ran.err
    assert entries(bench) == ["totp"]


def off(bench, seen):
    """The code of a phone that is 90 s behind."""
    return bench.phone(parse(re.search(r"otpauth://\S+", seen)[0]), -90)


@pytest.mark.parametrize("lines", [[""], ["000000"] * 5])
def test_without_a_right_code_nothing_is_added(bench, enrolled, lines):
    with pytest.raises(UsageError):
        enrolled(*TOTP, lines=lines)
    assert entries(bench) == []
    assert bench.journal.entries == []


def test_who_does_not_say_yes_adds_nothing(bench, enrolled, app):
    with pytest.raises(Refused, match="not confirmed"):
        enrolled(*TOTP, lines=[app, "no"])
    assert entries(bench) == []


def test_the_login_may_fail_and_the_app_is_there_all_the_same(bench, enrolled, app):
    ran = enrolled(*TOTP, lines=[app, "yes", "wrong password"])
    assert ran.code == 1
    assert "It was added, but the login that should prove it failed:" in ran.err
    assert entries(bench) == ["totp"]
    assert bench.refusals == 1


def test_a_code_that_ran_out_is_asked_for_again_at_the_login(bench, enrolled, app):
    def later(seen):
        bench.clock.at += 90
        return PASSWORD

    ran = enrolled(*TOTP, lines=[app, "yes", later, app])
    assert ran.code == 0
    assert bench.failures() == 0


def test_who_cannot_be_proved_is_told_why(bench, enrolled, app):
    words = ("enrol", "anna@entra", "--totp", "--description", "phone")
    ran = enrolled(*words, lines=[app, "yes", PASSWORD])
    assert ran.code == 0
    assert "No login proves it:" in ran.err
    assert "identity provider" in ran.err
    assert bench.logins == 0


def test_a_dry_run_shows_the_plan_and_no_secret(bench, enrolled):
    ran = enrolled(*TOTP, "--dry-run", there=False)
    assert ran.code == 0
    assert "add TOTP phone for nina@pve" in ran.out
    assert not re.search(r"secret=[A-Z2-7]{8}", ran.out + ran.err)
    assert entries(bench) == []


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("enrol", WITHOUT, "--totp"), "description is needed"),
        ((*TOTP, "--digits", "10"), "6 to 8 digits"),
        ((*TOTP, "--period", "9"), "10 to 120"),
        (("enrol", "nobody@pve", *TOTP[2:]), "no user nobody@pve"),
    ],
)
def test_what_would_not_work_is_refused_before_a_secret_is_shown(words, why, enrolled):
    with pytest.raises(UsageError, match=why):
        enrolled(*words)


@pytest.mark.parametrize("words", [TOTP, RECOVERY])
def test_where_nothing_can_be_changed_no_secret_is_made(words, bench, enrolled):
    bench.node.faults.quorate = False
    with pytest.raises(Refused, match="Nothing can be changed now: read-only: no quorum"):
        enrolled(*words)


# --- where secrets are shown ------------------------------------------------------------


@pytest.mark.parametrize("words", [TOTP, RECOVERY, (*TOTP, "--json", "--show-secrets")])
def test_no_secret_goes_into_a_pipe_unasked(words, bench, enrolled):
    with pytest.raises(UsageError, match="shown on a terminal only"):
        enrolled(*words, "--yes", there=False)
    assert entries(bench) == []


def test_json_holds_no_secret(bench, enrolled, app):
    ran = enrolled(*TOTP, "--json", "--yes", lines=[app, PASSWORD])
    assert ran.value["proof"]["logged_in"] is True
    assert ran.value["result"]["ok"] is True
    secret = re.search(r"secret=([A-Z2-7]+)", ran.err)[1]  # shown there to who sits there
    assert secret not in ran.out
    assert bench.phone(parse(f"otpauth://totp/a?secret={secret}")) not in ran.out


def test_json_on_a_terminal_holds_it_for_who_insists(enrolled, app):
    ran = enrolled(*TOTP, "--json", "--yes", "--show-secrets", lines=[app, ""])
    assert ran.value["uri"].startswith("otpauth://totp/")
    assert ran.value["proof"] is None


def test_on_a_serial_line_somebody_has_to_agree(bench, enrolled, app, monkeypatch):
    from pve_auth_tui.actions import showing

    monkeypatch.setattr(showing, "_is_serial", lambda stream: True)
    with pytest.raises(Refused, match="was not shown"):
        enrolled(*TOTP, lines=["no"])
    assert entries(bench) == []


@pytest.mark.parametrize(
    ("tty", "serial"),
    [
        ("/dev/ttyS0", True),
        ("/dev/ttyUSB1", True),
        ("/dev/hvc0", True),
        ("/dev/tty1", False),
        ("/dev/pts/3", False),
    ],
)
def test_serial_lines_are_known_by_their_names(tty, serial, monkeypatch):
    from pve_auth_tui.actions import showing

    monkeypatch.setattr(showing.os, "ttyname", lambda fd: tty)
    with open(os.devnull) as stream:
        assert showing._is_serial(stream) is serial


def test_no_secret_is_in_the_journal(bench, enrolled, app):
    ran = enrolled(*TOTP, lines=[app, "yes", PASSWORD])
    secret = re.search(r"secret=([A-Z2-7]+)", ran.out)[1]
    told = repr(bench.journal.entries)
    assert secret not in told
    assert PASSWORD not in told
    assert "nina@pve" in told


# --- recovery keys ----------------------------------------------------------------------


def first_key(seen: str) -> str:
    """One of the ten on the terminal, typed by somebody."""
    return KEY.findall(seen)[0]


def test_recovery_keys_are_shown_once_and_one_is_typed_back(bench, enrolled):
    ran = enrolled(*RECOVERY, lines=["yes", "0123-4567-89ab-cdef", first_key])
    assert ran.code == 0
    assert len(set(KEY.findall(ran.out))) == 10
    assert "none of the ten" in ran.err
    assert "That is one of them" in ran.err
    assert entries(bench) == ["recovery"]
    assert bench.prove(f"recovery:{first_key(ran.out)}").used == "recovery"


def test_who_types_none_back_is_reminded(bench, enrolled):
    ran = enrolled(*RECOVERY, lines=["yes", ""])
    assert ran.code == 0
    assert "Nobody has typed a key back" in ran.err
    assert entries(bench) == ["recovery"]


def test_keys_are_saved_and_not_shown(bench, enrolled, tmp_path):
    tmp_path.chmod(0o700)
    file = tmp_path / "keys.txt"
    ran = enrolled(*RECOVERY, "--save", file, "--yes", there=False)
    assert ran.code == 0
    assert KEY.findall(ran.out + ran.err) == []
    keys = KEY.findall(file.read_text())
    assert len(keys) == 10
    assert "in memory" in ran.err
    assert f"Saved: {file}" in ran.err
    assert bench.prove(f"recovery:{keys[9]}").used == "recovery"


def test_a_place_that_is_none_is_refused_before_keys_are_made(bench, enrolled, tmp_path):
    tmp_path.chmod(0o700)
    (tmp_path / "there").write_text("mine")
    with pytest.raises(Unwritable, match="exists already"):
        enrolled(*RECOVERY, "--save", tmp_path / "there", "--yes", there=False)
    with pytest.raises(UsageError, match="whole path"):
        enrolled(*RECOVERY, "--save", Path("keys.txt"), "--yes", there=False)
    assert entries(bench) == []


def test_keys_that_cannot_be_saved_after_all_are_shown(bench, enrolled, tmp_path, monkeypatch):
    tmp_path.chmod(0o700)

    def full(*_: object) -> None:
        raise Unwritable("No space left on device.")

    monkeypatch.setattr(type(bench.workshop.keepsake), "save", full)
    ran = enrolled(*RECOVERY, "--save", tmp_path / "k", "--yes", lines=[first_key])
    assert ran.code == 1
    assert len(set(KEY.findall(ran.out))) == 10
    assert "not saved" in ran.err


def test_keys_that_can_be_neither_saved_nor_shown_are_told_to_be_lost(
    bench, enrolled, tmp_path, monkeypatch
):
    tmp_path.chmod(0o700)

    def full(*_: object) -> None:
        raise Unwritable("No space left on device.")

    monkeypatch.setattr(type(bench.workshop.keepsake), "save", full)
    ran = enrolled(*RECOVERY, "--save", tmp_path / "k", "--yes", there=False)
    assert ran.code == 1
    assert "they are lost: replace them" in ran.err
    assert KEY.findall(ran.out + ran.err) == []


def test_a_second_set_replaces_the_first_and_says_so(bench, enrolled, tmp_path):
    tmp_path.chmod(0o700)
    enrolled(*RECOVERY, "--save", tmp_path / "old", "--yes", there=False)
    plan = enrolled(*RECOVERY, "--dry-run", "--json", there=False).value["plan"]
    assert any("no longer work" in finding["text"] for finding in plan["findings"])
    word = plan["confirm"]
    confirmed = ("--yes", "--override", word) if word else ("--yes",)
    ran = enrolled(*RECOVERY, "--save", tmp_path / "new", "--json", *confirmed, there=False)
    assert ran.code == 0
    assert ran.value["recovery"] == {
        "count": 10,
        "replaces": True,
        "saved": str(tmp_path / "new"),
        "typed_back": False,
    }
    old, new = (KEY.findall((tmp_path / name).read_text()) for name in ("old", "new"))
    assert not set(old) & set(new)
    with pytest.raises(LoginRefused):
        bench.prove(f"recovery:{old[0]}", known=False)
    assert bench.prove(f"recovery:{new[0]}").used == "recovery"


def test_json_of_keys_holds_them_for_who_insists_on_a_terminal(enrolled):
    ran = enrolled(*RECOVERY, "--json", "--yes", "--show-secrets", lines=[first_key])
    assert len(ran.value["recovery"]["keys"]) == 10
    assert ran.value["recovery"]["typed_back"] is True


# --- unlock -----------------------------------------------------------------------------


def test_a_locked_user_is_unlocked_and_gets_in_again(bench, monkeypatch):
    totp = bench.enrolled()
    elsewhere = ProveService(bench.door, bench.app, bench.clock)
    for number in range(8):
        wrong = Secret(f"totp:{number:06}")
        with pytest.raises(LoginRefused):
            elsewhere.prove(WITHOUT, Secret(PASSWORD), lambda _, told=wrong: told)
    words = ("unlock", WITHOUT, "--yes", "--json")
    ran = run_with(monkeypatch, unlock.run, bench, *words, typist=Typist())
    assert ran.code == 0
    assert json.loads(ran.out)["plan"]["title"] == f"unlock the second factors of {WITHOUT}"
    assert bench.prove(f"totp:{bench.phone(totp)}").used == "totp"


def test_who_is_not_locked_needs_no_unlocking(bench, monkeypatch):
    words = ("unlock", WITHOUT, "--yes")
    with pytest.raises(Refused, match="are not locked"):
        run_with(monkeypatch, unlock.run, bench, *words, typist=Typist())


# --- the real program on a real terminal ------------------------------------------------


ROOT = Path(__file__).parents[2]
START = """
import sys
from pathlib import Path
from pve_auth_tui import cli, environment
environment.ROOTS_FOLDER = Path({own!r})
sys.exit(cli.main())
"""


def test_from_the_command_to_the_proof_at_another_host(tmp_path, monkeypatch):
    """Everything real but the node: terminal, processes, TLS, two logins in two steps."""
    monkeypatch.setenv("HOME", str(tmp_path))
    program = [sys.executable, "-c", START.format(own=str(tmp_path / "own"))]
    serve = [*program, "simnode", "serve", "--state", str(tmp_path / "node")]
    with subprocess.Popen(serve, cwd=ROOT, stdout=subprocess.PIPE, text=True) as node:
        assert node.stdout is not None
        about = json.loads(node.stdout.readline())
        try:
            _enrol_at(about, program)
        finally:
            node.terminate()


def _enrol_at(about, command):
    password = Path(about["password_file"]).read_text().strip()
    place = about["url"].removeprefix("https://")
    words = ["--host", place, "--ca", about["ca"], "enrol", "root@pam", *TOTP[2:]]
    program = pexpect.spawn(
        command[0], [*command[1:], *words], cwd=ROOT, encoding="utf-8", timeout=60,
        dimensions=(24, 200),
    )  # fmt: skip
    program.expect(r"Password of root@pam on 127\.0\.0\.1: ")
    program.sendline(password)
    program.expect(r"(otpauth://totp/\S+)")
    totp = parse(program.match[1])
    program.expect("Clock .*clocks of pve1 and of this machine agree")
    program.expect("Code that the app shows for root@pam: ")
    program.sendline(on_phone.code(totp, time.time()))
    program.expect("Type yes: ")
    program.sendline("yes")
    program.expect("Password of root@pam, to prove it by a login")
    program.sendline(password)
    program.expect(pexpect.EOF)
    said = program.before
    program.close()
    assert program.exitstatus == 0, said
    assert f"https://{place} took the password of root@pam and a code of" in said
    assert password not in said
