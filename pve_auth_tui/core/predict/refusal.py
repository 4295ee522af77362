"""Why a call has no effect that could be foretold."""

from __future__ import annotations


class Refusal(Exception):
    """PVE would refuse the call; `sentences` say why, one per reason.

    `hidden`: the reason is that something is not there, which a picture that shows only a part
    cannot tell.
    """

    def __init__(self, *sentences: str, hidden: bool = False) -> None:
        super().__init__(*sentences)
        self.sentences = sentences
        self.hidden = hidden


class Unforeseeable(Exception):
    """The picture does not hold what the call would change."""


def missing(*sentences: str) -> Refusal:
    """Something that the call names is not there."""
    return Refusal(*sentences, hidden=True)
