"""PVE's question for a second factor; answers that cannot be right are found before (R23)."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pve_auth_tui.core.challenge import Challenge, answer_problem, challenge_of
from pve_auth_tui.core.errors import Unreadable

PUBLIC_KEY = {
    "challenge": "eYMnbPzSKvgn63QVZltcAXczGsyOJA2G06YtI5W44DE",
    "timeout": 300000,
    "rpId": "pve1.example.test",
    "allowCredentials": [{"type": "public-key", "id": "df0_eW6r"}],
    "userVerification": "discouraged",
}
SIGNED = {"authenticatorData": "QQ", "clientDataJSON": "QQ", "signature": "QQ"}


def half_ticket(question):
    """As PVE writes it: only the colons are quoted."""
    text = question if isinstance(question, str) else json.dumps(question, separators=(",", ":"))
    return f"PVE:!tfa!{text.replace(':', '%3A')}:6B022041::XKom9EDZ+jqXol98/qv61Q=="


def key_answer(**changes):
    answer = {"id": "df0", "challenge": PUBLIC_KEY["challenge"], "response": SIGNED, **changes}
    return f"webauthn:{json.dumps(answer)}"


def test_the_factors_are_read_out_of_the_ticket():
    found = challenge_of(half_ticket({"totp": True, "recovery": [1, 2, 9]}))
    assert found == Challenge(totp=True, recovery=(1, 2, 9))
    assert found.kinds == ("totp", "recovery")


def test_a_security_key_gets_the_question_as_a_browser_would():
    found = challenge_of(half_ticket({"webauthn": {"publicKey": PUBLIC_KEY}}))
    assert found.webauthn == PUBLIC_KEY
    assert found.kinds == ("webauthn",)


def test_a_question_without_any_factor_is_readable_and_has_no_answer():
    assert challenge_of(half_ticket({})).kinds == ()
    assert challenge_of(half_ticket({"recovery": []})).kinds == ()


@pytest.mark.parametrize(
    "ticket",
    [
        "",
        "PVE:root@pam:6B021E52::XqNY",
        half_ticket("{"),
        half_ticket("[]"),
        half_ticket({"recovery": "all"}),
        half_ticket({"recovery": [0] * 65}),
        half_ticket({"recovery": [True]}),
        half_ticket({"webauthn": {}}),
        half_ticket({"webauthn": {"publicKey": {"challenge": 1}}}),
        half_ticket({"webauthn": {"publicKey": {**PUBLIC_KEY, "allowCredentials": [{}] * 257}}}),
        half_ticket("[" * 100_000),
        half_ticket({"totp": "x" * 60_000}),
    ],
)
def test_what_nobody_can_answer_says_so(ticket):
    with pytest.raises(Unreadable, match="asks for a second factor in a way"):
        challenge_of(ticket)


@given(st.text(max_size=80))
def test_any_ticket_is_read_or_refused(text):
    for ticket in (text, half_ticket(text)):
        try:
            challenge_of(ticket)
        except Unreadable:
            continue


ALL = Challenge(totp=True, recovery=(0,), webauthn=PUBLIC_KEY, yubico=True)


@pytest.mark.parametrize(
    "answer",
    [
        "totp:123456",
        "totp:12345678",
        "recovery:bb1c-cfef-2474-63dc",
        "yubico:ccccccbchvthlivuitriujjifivbvtrjkjfirllluurj",
        key_answer(),
    ],
)
def test_answers_that_may_be_right_have_no_problem(answer):
    assert answer_problem(ALL, answer) is None


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ("123456", "no answer"),
        ("otp:123456", "no answer"),
        ("totp:", "6 to 8 digits"),
        ("totp:12345", "6 to 8 digits"),
        ("totp:123 456", "6 to 8 digits"),
        ("totp:١٢٣٤٥٦", "6 to 8 digits"),
        ("totp:123456\n", "6 to 8 digits"),
        ("recovery:BB1C-CFEF-2474-63DC", "0123-4567-89ab-cdef"),
        ("recovery:bb1ccfef247463dc", "0123-4567-89ab-cdef"),
        ("yubico:123456", "44 letters"),
        ("u2f:{}", "does not ask for an old U2F key"),
        ("webauthn:x", "not JSON"),
        ("webauthn:" + "[" * 9_000, "not JSON"),
        ("webauthn:{}", "not complete"),
        (key_answer(response={}), "not complete"),
        (key_answer(challenge="another"), "another question"),
        ("webauthn:" + "x" * 20_000, "too long"),
    ],
)
def test_answers_that_cannot_be_right_are_told_and_never_repeated(answer, problem):
    told = answer_problem(ALL, answer)
    assert told is not None
    assert problem in told
    assert answer.partition(":")[2][:6] not in told or len(answer.partition(":")[2]) < 6


def test_only_what_pve_asks_for_is_sent():
    assert answer_problem(Challenge(), "totp:123456") == (
        "PVE does not ask for a code of an authenticator app here."
    )
    assert answer_problem(Challenge(recovery=()), "recovery:bb1c-cfef-2474-63dc") == (
        "No recovery key is left."
    )
