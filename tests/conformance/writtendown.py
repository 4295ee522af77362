"""A node that computes nothing: it says what is written down. A replay must find it out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pve_auth_tui.simnode.proxy import HttpReply, HttpRequest
from tests.conformance.http import Login
from tests.conformance.recording import Answer, Files, Topic, bytes_of


class WrittenDown:
    """A `replaying.Scene` that answers the calls of a topic one after another, as recorded.

    It is its own door.
    """

    def __init__(self, topic: Topic, left_out: Sequence[int] = ()) -> None:
        self._answers = [call.answer for call in topic.calls if call.index not in left_out]
        self._after: Files = topic.after
        self.door = self

    def answer(self, request: HttpRequest) -> HttpReply:
        """The next answer."""
        return reply_of(self._answers.pop(0))

    def expect(self, when: float, recorded: Answer | None) -> None:
        """It is ready for anything."""

    def login(self, user: str) -> Login:
        return Login("a ticket", "a token")

    def run(self, words: Sequence[str]) -> bool | None:
        return True if words else None

    def left(self) -> Mapping[str, bytes]:
        return {name: bytes_of(text) for name, text in self._after.items() if text is not None}


def reply_of(answer: Answer) -> HttpReply:
    """A recorded answer as our proxy would give it."""
    named = {"errors": answer.errors, "message": answer.message, "total": answer.total}
    given = {name: value for name, value in named.items() if value is not None}
    body = {} if answer.bare else {"data": answer.data, **given}
    return HttpReply(answer.status, answer.reason, body)
