"""A login in PVE's two steps (reference 9.1 to 9.3), tried once (R23).

proxmoxer's own `otp` puts the code into the first step, where PVE uses it up and still asks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple, Protocol

from pve_auth_tui.core.apianswer import NotAnAnswer
from pve_auth_tui.core.apitrouble import explained
from pve_auth_tui.core.challenge import Challenge, answer_problem, challenge_of
from pve_auth_tui.core.errors import ApiError, LoginRefused, Refused, UsageError
from pve_auth_tui.core.masked import without
from pve_auth_tui.core.ports import Param
from pve_auth_tui.core.secret import Secret

Second = Callable[[Challenge], Secret | None]

_LONGEST_NAME: Final = 64
_MOST: Final = 16 * 1024  # of a ticket; a real one has about 400 characters


class Session(NamedTuple):
    """What a login gives: the ticket is good for two hours, the token goes with every write."""

    user: str
    ticket: Secret
    csrf: Secret


class Ask(Protocol):
    """One POST to /access/ticket, without a cookie. Raises ApiError and Unreachable."""

    def __call__(self, params: Mapping[str, Param], secrets: Mapping[str, Secret]) -> Any: ...


def login(ask: Ask, userid: str, password: Secret, second: Second | None = None) -> Session:
    """Logs in, asking `second` for the second factor if PVE does.

    `second` gets what PVE would take and returns `totp:123456`, `recovery:…`, `webauthn:{…}`
    or `yubico:…`, or None to give up. Each step is sent once. Raises UsageError and Refused
    for what cannot be right, before it is sent; LoginRefused when PVE says no, and what `ask`
    raises.
    """
    _check(userid, password)
    try:
        half = ask({"username": userid}, {"password": password})
    except ApiError as error:
        refusal = explained(without(error, [password]), user=userid)
        raise refusal from None
    if not isinstance(half, dict):
        raise NotAnAnswer("JSON that is no answer of PVE's")
    if not half.get("NeedTFA"):
        return session_of(half)
    ticket = _secret(half, "ticket")
    answer = _answered(challenge_of(ticket.reveal()), userid, second)
    try:
        whole = ask({"username": userid}, {"tfa-challenge": ticket, "password": answer})
    except ApiError as error:
        value = Secret(answer.reveal().partition(":")[2])
        raise _second_refused(without(error, [ticket, answer, value]), userid) from None
    if isinstance(whole, dict) and whole.get("NeedTFA"):
        raise NotAnAnswer("the same question again")
    return session_of(whole)


def _check(userid: str, password: Secret) -> None:
    if "@" not in userid or len(userid) > _LONGEST_NAME:
        raise UsageError(
            "That is no user of PVE's, so nothing was sent.",
            "A user is a name and a realm, at most 64 characters: ann@pve.",
        )
    if not password.reveal():
        raise UsageError("Without a password nothing was sent.")


def _answered(challenge: Challenge, userid: str, second: Second | None) -> Secret:
    if not challenge.kinds:
        raise LoginRefused(
            f"PVE asks {userid} for a second factor, and none of this user's can be used now.",
            "A security key needs the WebAuthn settings of the datacenter; recovery keys may be"
            " used up. root on a node can remove the factors.",
        )
    if second is None:
        raise LoginRefused(
            f"PVE asks {userid} for a second factor.",
            f"It would take: {', '.join(challenge.kinds)}.",
        )
    answer = second(challenge)
    if answer is None:
        raise LoginRefused(
            "The login was given up at the second factor.", "No code was sent, and none is lost."
        )
    if problem := answer_problem(challenge, answer.reveal()):
        raise Refused(problem, "It was not sent, so it does not count as an attempt.")
    return answer


def _second_refused(error: ApiError, userid: str) -> Exception:
    if error.code != 401:
        return explained(error, user=userid)
    return LoginRefused(
        f"The password of {userid} is right, but PVE refused the second factor.",
        "A code works once, and only while the clocks agree. Without quorum only a security key"
        " works. The reason: journalctl -u pvedaemon -g 'authentication failure'.",
        error.original,
    )


def session_of(answer: Any) -> Session:
    """The ticket in PVE's answer; raises NotAnAnswer when there is none."""
    if not isinstance(answer, dict) or not isinstance(answer.get("username"), str):
        raise NotAnAnswer("JSON that is no answer of PVE's")
    ticket, csrf = _secret(answer, "ticket"), _secret(answer, "CSRFPreventionToken")
    if not csrf.reveal().isascii():  # a ticket may name a user with other letters
        raise NotAnAnswer("JSON that is no answer of PVE's")
    return Session(answer["username"][:_LONGEST_NAME], ticket, csrf)


def _secret(answer: Mapping[str, Any], name: str) -> Secret:
    """A part that goes into a header of every later request, so nothing but one visible word."""
    value = answer.get(name)
    if not isinstance(value, str) or not value or len(value) > _MOST or not value.isprintable():
        raise NotAnAnswer("JSON that is no answer of PVE's")
    return Secret(value)
