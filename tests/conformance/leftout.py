"""Recorded calls that are not made: what they tell is not how PVE answers, but how the recorder's
stand-ins did. Nothing else is left out, and each reason stands here once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.conformance.recording import Entry, Topic

OK = 200


@dataclass(frozen=True)
class LeftOut:
    """A kind of calls, and why they are not made."""

    reason: str
    is_one: Callable[[Entry], bool]


LEFT_OUT = (
    LeftOut(
        "the stand-in refused TOTP secrets in lower case or padded; PVE's own code takes them "
        "(tfa/totp.json), which would leave entries that the recording has not",
        lambda call: (
            call.stub and call.answer.message == "failed to decode otp secret in otpauth url\n"
        ),
    ),
    LeftOut(
        "the recording node lacked the module that answers",
        lambda call: (call.answer.message or "").startswith("Undefined subroutine"),
    ),
    LeftOut(
        "a stand-in made the address without asking the provider",
        lambda call: (
            call.stub and call.path == "/access/openid/auth-url" and call.answer.status == OK
        ),
    ),
    LeftOut(
        "a stand-in answered for the state of a node",
        lambda call: call.stub and call.path.startswith("/nodes/"),
    ),
)


def left_out(topic: Topic) -> dict[int, str]:
    """Index -> reason, for the calls of a topic that are not made."""
    return {
        call.index: kind.reason
        for call in topic.calls
        for kind in reversed(LEFT_OUT)
        if kind.is_one(call)
    }
