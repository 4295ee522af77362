"""Mail about a recovery: one command without a shell, and headers that nobody can add to (R18)."""

from __future__ import annotations

import os
from email import message_from_string, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from pve_auth_tui.adapters import mail
from pve_auth_tui.adapters.mail import Sendmail
from pve_auth_tui.core.errors import CommandFailed
from pve_auth_tui.core.plan import HostCommand
from pve_auth_tui.core.recover.evidence import Recovered, mail_about

TO = "admin@example.com"


def sent(to: str, subject: str, text: str) -> tuple[HostCommand, EmailMessage]:
    """The one command, and the mail that it gets on its stdin."""
    ran: list[HostCommand] = []
    Sendmail(ran.append).send(to, subject, text)
    (command,) = ran
    assert command.stdin is not None
    return command, message_from_string(command.stdin.reveal(), policy=policy.default)


def test_sendmail_gets_the_mail_on_its_stdin_and_nothing_in_argv() -> None:
    command, message = sent(TO, "recovered", "One line.\n.\nAnother.\n")
    assert command.argv == ("/usr/sbin/sendmail", "-i", "-t")  # -i: a lone dot ends nothing
    assert command.seconds <= 10
    assert message["To"] == TO
    assert message["Subject"] == "recovered"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content() == "One line.\n.\nAnother.\n"


def test_the_mail_about_a_recovery_says_what_who_and_why() -> None:
    one = Recovered("1", 9e8, "root@pam", "unlock root@pam", "phone locked", "root", "done")
    _, message = sent(TO, *mail_about(one, "pve1", ["pveum user tfa unlock root@pam"]))
    assert message["Subject"] == "[pve1] pve-auth-tui recover: unlock root@pam"
    for part in ("unlock root@pam (done)", "phone locked", "pveum user tfa unlock root@pam"):
        assert part in message.get_content()


@pytest.mark.parametrize(
    "to",
    [
        "",
        "root",
        "-f@example.com",
        "a@b.c\nBcc: eve@example.com",
        "a@b.c\r\nBcc: eve@example.com",
        "a@b.c\x00",
        "a@\u202eb.c",
        f"{'a' * 254}@b.c",
    ],
)
def test_what_is_no_address_gets_no_mail(to: str) -> None:
    ran: list[HostCommand] = []
    with pytest.raises(CommandFailed, match="no mail address"):
        Sendmail(ran.append).send(to, "x", "y")
    assert ran == []


@pytest.mark.parametrize(
    "to", ["a@b.c, eve@example.com", "a@b.c eve@x", "eve@x <a@b.c>", "a: b@c;"]
)
def test_one_address_is_one_recipient(to: str) -> None:
    """`sendmail -t` takes its recipients from To: a second one must not get the mail."""
    with pytest.raises(CommandFailed, match="no mail address"):
        sent(to, "x", "y")


def test_a_title_cannot_add_a_header() -> None:
    _, message = sent(TO, "locked\r\nBcc: eve@example.com\r\n\r\nbody", "text")
    assert message["Bcc"] is None
    assert message.get_content() == "text\n"


@given(some.text(max_size=300), some.text(max_size=300))
def test_no_text_adds_a_header_or_fails(subject: str, text: str) -> None:
    _, message = sent(TO, subject, text)
    assert set(message.keys()) == {
        *("To", "Subject", "Auto-Submitted"),
        *("MIME-Version", "Content-Type", "Content-Transfer-Encoding"),
    }
    assert message["To"] == TO


def test_a_real_child_gets_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program, got = tmp_path / "sendmail", tmp_path / "got"
    program.write_text(f'#!/bin/sh\necho "$@" > {got}\ncat >> {got}\n')
    program.chmod(0o700)
    monkeypatch.setattr(mail, "_SENDMAIL", os.fspath(program))
    Sendmail().send(TO, "recovered", "text")
    said = got.read_text()
    assert said.startswith("-i -t\nTo: admin@example.com\n")
    assert said.endswith("\n\ntext\n")


def test_a_node_without_a_mail_system_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "_SENDMAIL", "/nonexistent/sendmail")
    with pytest.raises(CommandFailed, match="sendmail could not be started"):
        Sendmail().send(TO, "x", "y")


def test_a_mail_system_that_fails_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "_SENDMAIL", "/bin/false")
    with pytest.raises(CommandFailed, match="exit code 1"):
        Sendmail().send(TO, "x", "y")
