"""`prove`: a login from the command line, and what it says without one."""

from __future__ import annotations

import pytest

from pve_auth_tui.actions import prove
from pve_auth_tui.core.errors import LoginRefused, Refused
from pve_auth_tui.simnode.demo import PASSWORD
from tests.cli.enrolling import Bench, Ran, Typist, run_with
from tests.services.factor_node import ADDRESS, WITHOUT


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def proved(bench, monkeypatch):
    """Run `prove` with these lines on standard input."""

    def run(*lines: str, words=(WITHOUT,)) -> Ran:
        given = ("prove", *words, "--password-stdin")
        return run_with(monkeypatch, prove.run, bench, *given, typist=Typist(*lines))

    return run


def test_a_login_is_told_line_by_line(bench, proved):
    code = bench.phone(bench.enrolled())
    ran = proved(PASSWORD, f"{code[:3]} {code[3:]}")
    assert ran.code == 0
    assert ran.out.splitlines() == [
        f"ok    {ADDRESS} took the password of {WITHOUT} and a code of the authenticator app.",
        "ok    That code is used up: for the next login, wait for the next one.",
        "ok    The login's ticket was dropped at once.",
        "-     Not proved: a login at pve2 and pve3, each with a clock of its own.",
    ]
    assert "is used up" in ran.err  # said before
    assert (bench.logins, bench.refusals) == (1, 0)


def test_as_json_it_says_whether_somebody_logged_in(bench, proved):
    totp = bench.enrolled()
    ran = proved(PASSWORD, bench.phone(totp), words=(WITHOUT, "--json"))
    assert ran.value["logged_in"] is True
    assert ran.value["used"] == "totp"
    assert ran.value["offered"] == ["totp"]
    bench.clock.at += 30
    ran = proved("", bench.phone(totp), words=(WITHOUT, "--json"))
    assert ran.value["logged_in"] is False
    assert ran.value["not_proved"][0] == "The password: none was given."
    assert bench.logins == 1


def test_without_a_password_a_code_is_compared_here(bench, proved):
    totp = bench.enrolled()
    ran = proved("", bench.phone(totp))
    assert "fits what PVE has stored, right now" in ran.out
    assert "Not proved: the password: none was given." in ran.out
    with pytest.raises(Refused, match="no code of an app"):
        proved("", "000000")
    assert bench.logins == 0


def test_without_a_second_factor_nobody_is_asked_for_one(bench, proved):
    ran = proved("")
    assert ran.out.startswith("ok    As far as PVE's files tell, nothing keeps nina@pve out.")
    assert "PVE would not ask for one" in ran.out


def test_a_wrong_password_is_tried_once(bench, proved):
    with pytest.raises(LoginRefused, match="PVE refused the login"):
        proved("wrong")
    assert bench.refusals == 1


def test_nobody_is_asked_for_a_password_that_cannot_help(bench, proved):
    with pytest.raises(Refused, match="identity provider"):
        proved(words=("anna@entra",))
    assert bench.logins == 0


def test_a_recovery_key_counts_down(bench, proved):
    from pve_auth_tui.core.recovery import keys_from

    bench.enrolled()
    keys = keys_from(bench.apply(bench.enrol.recovery(WITHOUT, bench.snapshot).intent))
    ran = proved(PASSWORD, keys.keys[0].reveal())
    assert "9 are left" in ran.out


def test_where_pve_does_not_answer_nobody_logs_in(bench, proved):
    """Such as with the files of another system: its users are not this node's."""
    totp = bench.enrolled()
    bench.node.faults.dead.add("pmxcfs")
    ran = proved(PASSWORD, bench.phone(totp))
    assert "Nobody logs in here (PVE's API does not answer)" in ran.err
    assert "Not proved: the password: none was given." in ran.out
    assert bench.logins == 0
