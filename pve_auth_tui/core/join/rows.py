"""Rows of the table, made with less ink."""

from __future__ import annotations

from collections.abc import Iterable

from pve_auth_tui.core.finding import Word
from pve_auth_tui.core.join.causes import JoinCause
from pve_auth_tui.core.join.model import JoinCheck, Topic
from pve_auth_tui.core.realmtest.report import Fact


def row(
    topic: Topic,
    word: Word,
    text: str,
    *causes: JoinCause,
    facts: Iterable[Fact] = (),
    original: str = "",
) -> JoinCheck:
    return JoinCheck(topic, word, text, causes, tuple(facts), original=original)
