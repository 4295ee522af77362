"""A login in PVE's two steps, once per action of the user (R23), and the end of a session."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from pve_auth_tui.adapters.certificate import Pin
from pve_auth_tui.adapters.https import Https
from pve_auth_tui.core.apitrouble import SessionEnded
from pve_auth_tui.core.challenge import Challenge
from pve_auth_tui.core.errors import (
    ApiError,
    LoginRefused,
    Refused,
    Unreachable,
    Unreadable,
    UsageError,
)
from pve_auth_tui.core.secret import Secret
from tests.adapters.https_parts import CSRF, PASSWORD, TICKET, https
from tests.adapters.tls_server import Answer, Asked, Authority, json_answer, pve_listener

NODE = Authority().issue()
PIN = Pin(NODE.pem)
MINUTE = 60.0
HALF = 'PVE:!tfa!{"totp"%3Atrue,"recovery"%3A[0,3]}:6B022041::XKom9EDZ+jqX=='
CODE = "123456"
WHOLE = {"username": "ann@pve", "ticket": "PVE:ann@pve:6B02::whole", "CSRFPreventionToken": "6B:c"}
NO = json_answer(None, "401 authentication failure", message="authentication failure\n")


def ask_for_code(challenge: Challenge) -> Secret:
    assert challenge.kinds == ("totp", "recovery")
    return Secret(f"totp:{CODE}")


def asks_for_a_code(asked: Asked) -> bytes:
    """PVE with a user that has an authenticator app."""
    if not asked.target.endswith("/access/ticket"):
        return json_answer(asked.headers.get("cookie"))
    form = asked.form
    if "tfa-challenge" not in form:
        right = form == {"username": "ann@pve", "password": PASSWORD.reveal()}
        return json_answer({**WHOLE, "ticket": HALF, "NeedTFA": 1}) if right else NO
    right = form == {"username": "ann@pve", "tfa-challenge": HALF, "password": f"totp:{CODE}"}
    return json_answer(WHOLE) if right else NO


def test_without_a_second_factor_one_step_is_enough(tmp_path: Path) -> None:
    with pve_listener(NODE, tmp_path, lambda _: json_answer(WHOLE)) as listener:
        way = Https("127.0.0.1", listener.port, PIN)
        way.login("ann@pve", PASSWORD)
        way.call("PUT", ("access", "acl"))
        step, call = listener.asked
    assert way.user == "ann@pve"
    assert (step.method, step.target) == ("POST", "/api2/json/access/ticket")
    assert not {"cookie", "csrfpreventiontoken"} & set(step.headers)
    assert call.headers["cookie"] == "PVEAuthCookie=PVE%3Aann%40pve%3A6B02%3A%3Awhole"
    assert call.headers["csrfpreventiontoken"] == "6B:c"


def test_the_code_goes_with_the_half_ticket_in_a_second_step(tmp_path: Path) -> None:
    with pve_listener(NODE, tmp_path, asks_for_a_code) as listener:
        way = Https("127.0.0.1", listener.port, PIN)
        way.login("ann@pve", PASSWORD, ask_for_code)
        assert way.call("GET", ("version",)) == "PVEAuthCookie=PVE%3Aann%40pve%3A6B02%3A%3Awhole"
        assert len(listener.asked) == 3
        assert all("otp" not in asked.form for asked in listener.asked)


def test_while_somebody_looks_for_a_code_other_calls_go_on(tmp_path: Path) -> None:
    with pve_listener(NODE, tmp_path, asks_for_a_code) as listener:
        way = Https("127.0.0.1", listener.port, PIN)
        got: list[object] = []

        def slow(challenge: Challenge) -> Secret:
            other = threading.Thread(target=lambda: got.append(way.call("GET", ("version",))))
            other.start()
            other.join(5)
            assert got == [None]  # answered, without a cookie
            return ask_for_code(challenge)

        way.login("ann@pve", PASSWORD, slow)
        assert way.user == "ann@pve"


def refused_login(
    answer: Answer | bytes,
    folder: Path,
    second: Callable[[Challenge], Secret | None] | None = ask_for_code,
    password: Secret = PASSWORD,
) -> tuple[Exception, int]:
    """(the error, how many requests were sent)"""
    reply = answer if callable(answer) else lambda _: answer
    with pve_listener(NODE, folder, reply) as listener:
        way = Https("127.0.0.1", listener.port, PIN)
        with pytest.raises(Exception) as caught:  # noqa: PT011 (which one is what is asked)
            way.login("ann@pve", password, second)
        assert way.user == ""
        sent = len(listener.asked)
    text = f"{caught.value} {caught.value.__cause__!r} {vars(caught.value)}"
    for secret in (PASSWORD.reveal(), CODE, HALF, "whole"):
        assert secret not in text
    return caught.value, sent


def test_a_wrong_password_is_tried_once_and_told_without_guessing(tmp_path: Path) -> None:
    error, sent = refused_login(asks_for_a_code, tmp_path, password=Secret("wrong"))
    assert isinstance(error, LoginRefused)
    assert str(error) == "PVE refused the login of ann@pve."
    assert "journalctl -u pvedaemon" in error.hint
    assert sent == 1


def test_a_wrong_code_is_tried_once_and_says_that_the_password_was_right(tmp_path: Path) -> None:
    error, sent = refused_login(asks_for_a_code, tmp_path, lambda _: Secret("totp:654321"))
    assert isinstance(error, LoginRefused)
    assert str(error) == "The password of ann@pve is right, but PVE refused the second factor."
    assert "quorum" in error.hint
    assert sent == 2


@pytest.mark.parametrize("answer", ["totp:12345", "recovery:ABCD", "webauthn:{}", "123456", ""])
def test_what_cannot_be_right_is_not_sent_and_no_attempt(tmp_path: Path, answer: str) -> None:
    error, sent = refused_login(asks_for_a_code, tmp_path, lambda _: Secret(answer))
    assert isinstance(error, Refused)
    assert "does not count" in error.hint
    assert sent == 1


def test_who_gives_up_or_cannot_be_asked_sends_no_second_step(tmp_path: Path) -> None:
    error, sent = refused_login(asks_for_a_code, tmp_path, lambda _: None)
    assert (type(error), sent) == (LoginRefused, 1)
    error, sent = refused_login(asks_for_a_code, tmp_path, None)
    assert (type(error), sent) == (LoginRefused, 1)
    assert "totp, recovery" in error.hint  # type: ignore[attr-defined]


def test_a_user_whose_only_factor_cannot_be_used_is_told_so(tmp_path: Path) -> None:
    empty = json_answer({**WHOLE, "ticket": "PVE:!tfa!{}:6B02205F::Rv5w", "NeedTFA": 1})
    error, sent = refused_login(empty, tmp_path)
    assert "none of this user's can be used" in str(error)
    assert sent == 1


def test_without_quorum_a_recovery_key_is_refused_with_the_reason(tmp_path: Path) -> None:
    def answer(asked: Asked) -> bytes:
        if "tfa-challenge" not in asked.form:
            return asks_for_a_code(asked)
        text = "cfs-lock 'file-priv_tfa_cfg' error: no quorum!"
        return json_answer(None, f"500 {text}", message=f"{text}\n")

    error, sent = refused_login(answer, tmp_path, lambda _: Secret("recovery:bb1c-cfef-2474-63dc"))
    assert isinstance(error, Refused)
    assert "no quorum" in str(error)
    assert sent == 2


def test_a_node_without_its_cluster_files_is_no_wrong_password(tmp_path: Path) -> None:
    text = "RPCEnvironment init request failed: Unable to load access control list: Connection"
    error, sent = refused_login(json_answer(None, f"500 {text}"), tmp_path)
    assert isinstance(error, Unreachable)
    assert "cluster file system" in str(error)
    assert sent == 1


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (None, Unreachable),
        ([], Unreachable),
        ({"username": "ann@pve"}, Unreachable),
        ({**WHOLE, "ticket": "two\r\nlines: 1"}, Unreachable),
        ({**WHOLE, "ticket": 1}, Unreachable),
        ({**WHOLE, "ticket": "x" * 20_000}, Unreachable),
        ({**WHOLE, "CSRFPreventionToken": None}, Unreachable),
        ({**WHOLE, "NeedTFA": 1, "ticket": "PVE:!tfa!{:1:2"}, Unreadable),
    ],
)
def test_an_answer_that_holds_no_ticket_is_no_login(tmp_path: Path, data, kind) -> None:
    error, sent = refused_login(json_answer(data), tmp_path)
    assert type(error) is kind
    assert sent == 1


def test_the_same_question_again_is_no_login_and_gets_no_second_code(tmp_path: Path) -> None:
    half = json_answer({**WHOLE, "ticket": HALF, "NeedTFA": 1})
    error, sent = refused_login(half, tmp_path, ask_for_code)
    assert type(error) is Unreachable
    assert "the same question again" in str(error)
    assert sent == 2


def test_a_user_without_end_is_cut_to_what_pve_allows(tmp_path: Path) -> None:
    answer = json_answer({**WHOLE, "username": "x" * 70_000})
    with pve_listener(NODE, tmp_path, lambda _: answer) as listener:
        way = Https("127.0.0.1", listener.port, PIN)
        way.login("ann@pve", PASSWORD)
    assert way.user == "x" * 64


def test_a_token_that_no_header_can_hold_is_no_login(tmp_path: Path) -> None:
    answer = json_answer({**WHOLE, "CSRFPreventionToken": "6B:\u4e2d"})
    with pve_listener(NODE, tmp_path, lambda _: answer) as listener:
        way = Https("127.0.0.1", listener.port, PIN)
        with pytest.raises(Unreachable, match="not PVE's API"):
            way.login("ann@pve", PASSWORD)
    assert way.user == ""


def test_nonsense_is_not_sent(tmp_path: Path) -> None:
    with pve_listener(NODE, tmp_path) as listener:
        way = Https("127.0.0.1", listener.port, PIN)
        for userid, password in (("root", PASSWORD), ("a" * 61 + "@pve", PASSWORD)):
            with pytest.raises(UsageError, match="nothing was sent"):
                way.login(userid, password)
        with pytest.raises(UsageError, match="nothing was sent"):
            way.login("root@pam", Secret(""))
        assert listener.connections == 0


# --- the end of a session --------------------------------------------------------------


class Steady:
    """A clock that stands still."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_an_old_ticket_is_renewed_once_before_a_call(tmp_path: Path) -> None:
    def answer(asked: Asked) -> bytes:
        renewal = asked.target.endswith("/access/ticket")
        return json_answer({**WHOLE, "username": "root@pam"} if renewal else "fine")

    clock = Steady()
    with pve_listener(NODE, tmp_path, answer) as listener:
        way = https(listener, PIN, clock=clock)
        clock.now += 89 * MINUTE
        way.call("GET", ("version",))
        clock.now += 2 * MINUTE
        way.call("GET", ("version",))
        way.call("GET", ("version",))
        targets = [asked.target for asked in listener.asked]
        assert targets.count("/api2/json/access/ticket") == 1
        assert listener.asked[1].form == {"username": "root@pam", "password": TICKET.reveal()}
        assert "cookie" not in listener.asked[1].headers, "as PVE takes every login"
        assert "whole" in listener.asked[2].headers["cookie"]


def test_a_ticket_that_is_surely_dead_is_not_even_tried(tmp_path: Path) -> None:
    clock = Steady()
    with pve_listener(NODE, tmp_path) as listener:
        way = https(listener, PIN, clock=clock)
        clock.now += 121 * MINUTE
        for _ in range(2):
            with pytest.raises(SessionEnded, match="has ended"):
                way.call("GET", ("version",))
        assert listener.connections == 0


@pytest.mark.parametrize(
    "reason",
    [
        "permission denied - invalid PVE ticket",
        "Permission denied - invalid csrf token",
        "Authentication failed!",
        "No ticket",
    ],
)
def test_an_expired_ticket_ends_the_session_and_nobody_logs_in_again(
    tmp_path: Path, reason: str
) -> None:
    no = json_answer(None, f"401 {reason}", "Connection: close")
    with pve_listener(NODE, tmp_path, lambda _: no) as listener:
        way = https(listener, PIN)
        for _ in range(3):
            with pytest.raises(SessionEnded) as caught:
                way.call("PUT", ("access", "acl"), {"path": "/"})
        assert len(listener.asked) == 1
        assert way.user == ""
        assert "Log in again" in caught.value.hint
        assert caught.value.original == reason


def test_a_session_that_has_ended_keeps_nothing_of_its_last_call(tmp_path: Path) -> None:
    """An exception that is kept holds every value of the functions it came through."""
    with pve_listener(NODE, tmp_path, lambda _: NO) as listener:
        way = https(listener, PIN)
        with pytest.raises(SessionEnded):
            way.call("POST", ("access", "users"), {"userid": "x@pve"}, {"password": PASSWORD})
        kept = [value for value in vars(way).values() if isinstance(value, BaseException)]
        assert not kept
        with pytest.raises(SessionEnded, match="ended"):
            way.call("GET", ("version",))
        assert len(listener.asked) == 1


def test_a_renewal_that_is_refused_ends_the_session(tmp_path: Path) -> None:
    clock = Steady()
    with pve_listener(NODE, tmp_path, lambda _: NO) as listener:
        way = https(listener, PIN, clock=clock)
        clock.now += 100 * MINUTE
        for _ in range(2):
            with pytest.raises(SessionEnded):
                way.call("GET", ("version",))
        assert len(listener.asked) == 1


def test_who_logs_in_again_goes_on(tmp_path: Path) -> None:
    def answer(asked: Asked) -> bytes:
        if "canary-ticket" in asked.headers.get("cookie", ""):
            return json_answer(None, "401 Authentication failed!")
        return json_answer(WHOLE)

    with pve_listener(NODE, tmp_path, answer) as listener:
        way = https(listener, PIN)
        with pytest.raises(SessionEnded):
            way.call("GET", ("version",))
        way.login("ann@pve", PASSWORD)
        assert way.call("GET", ("version",)) == WHOLE
        way.use_ticket("root@pam", Secret("PVE:root@pam:2"), CSRF)
        assert way.user == "root@pam"


def test_without_a_login_a_401_is_pves_answer_and_ends_nothing(tmp_path: Path) -> None:
    no = json_answer(None, "401 No ticket")
    with pve_listener(NODE, tmp_path, lambda _: no) as listener:
        way = Https("127.0.0.1", listener.port, PIN)
        for _ in range(2):
            with pytest.raises(ApiError, match="No ticket"):
                way.call("GET", ("access",))
        assert len(listener.asked) == 2


def test_a_proof_login_that_fails_does_not_end_the_session(tmp_path: Path) -> None:
    with pve_listener(NODE, tmp_path, lambda _: NO) as listener:
        way = https(listener, PIN)
        with pytest.raises(ApiError, match="authentication failure"):
            way.call("POST", ("access", "ticket"), {"username": "x@pve"}, {"password": PASSWORD})
        assert way.user == "root@pam"
