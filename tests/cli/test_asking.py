"""Passwords and codes for a login elsewhere: from stdin, or from a terminal without echo."""

from getpass import GetPassWarning
from io import BytesIO, StringIO, TextIOWrapper

import pytest

from pve_auth_tui import asking
from pve_auth_tui.asking import Answers
from pve_auth_tui.core.challenge import Challenge
from pve_auth_tui.core.errors import AuthTuiError, UsageError


def test_the_first_line_is_the_password_and_the_second_the_code():
    answers = Answers(StringIO("s3cret pass \n123456\n"))
    assert answers.password("ann@pve", "pve1").reveal() == "s3cret pass "
    second = answers.second_factor(Challenge(totp=True))
    assert second is not None
    assert second.reveal() == "totp:123456"


@pytest.mark.parametrize(
    ("typed", "kind"),
    [
        ("12345678", "totp"),
        ("0123-4567-89ab-cdef", "recovery"),
        ("ccccccbcgujhingjrdejhgfnuetrgigvejhhgbkugded", "yubico"),
        ("nonsense", "recovery"),
    ],
)
def test_what_was_typed_tells_its_kind(typed, kind):
    challenge = Challenge(totp=True, recovery=(0, 1), yubico=True)
    second = Answers(StringIO(f"{typed}\n")).second_factor(challenge)
    assert second is not None
    assert second.reveal() == f"{kind}:{typed}"


def test_an_empty_password_is_never_sent():
    with pytest.raises(UsageError, match="Without a password"):
        Answers(StringIO("\n")).password("ann@pve", "pve1")


def test_nothing_typed_is_no_second_factor():
    assert Answers(StringIO("")).second_factor(Challenge(totp=True)) is None


def test_a_factor_that_cannot_be_typed_is_said():
    with pytest.raises(AuthTuiError, match="security key"):
        Answers(StringIO("x\n")).second_factor(Challenge(webauthn={"challenge": "c"}))


def test_what_is_no_text_is_no_password_and_no_crash():
    given = TextIOWrapper(BytesIO(b"canary\xff\n"), encoding="utf-8")
    with pytest.raises(UsageError, match="not UTF-8") as caught:
        Answers(given).password("ann@pve", "pve1")
    assert caught.value.__suppress_context__

    def typed(question):
        return b"canary\xff".decode()

    with pytest.raises(UsageError, match="not UTF-8"):
        asking._asked("Password: ", typed)


def test_half_of_a_long_line_is_no_password():
    assert len(Answers(StringIO("x" * 4095 + "\n")).password("a@pve", "h").reveal()) == 4095
    with pytest.raises(UsageError, match="too long"):
        Answers(StringIO("x" * 4096 + "\n")).password("a@pve", "h")


def test_without_a_terminal_nothing_is_asked_with_echo():
    def echoing(question):
        raise GetPassWarning("cannot control echo")

    with pytest.raises(UsageError, match="no terminal"):
        asking._asked("Password: ", echoing)


def test_a_hostile_host_name_moves_no_cursor(monkeypatch):
    asked = []
    monkeypatch.setattr(asking, "_asked", lambda question: asked.append(question) or "x")
    Answers().password("a@pve", "h\x1b[2J")
    assert "\x1b" not in asked[0]


def test_blanks_in_a_code_do_not_make_it_something_else():
    second = Answers(StringIO(" 123 456 \n")).second_factor(Challenge(totp=True))
    assert second is not None
    assert second.reveal() == "totp:123456"


def test_a_line_keeps_its_blanks_and_loses_its_end():
    assert Answers(StringIO(" a b \r\n")).line("? ") == " a b "


def test_a_line_that_may_be_echoed_is_asked_for_on_a_terminal_alone(monkeypatch, capsys):
    typed = StringIO("0123-4567-89ab-cdef\n")
    monkeypatch.setattr(asking.sys, "stdin", typed)
    with pytest.raises(UsageError, match="no terminal to ask on"):
        Answers().line("Key: ", echo=True)
    typed.isatty = lambda: True
    assert Answers().line("Key: ", echo=True) == "0123-4567-89ab-cdef"
    assert capsys.readouterr().err == "Key: "
