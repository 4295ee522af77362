"""libpam's way through a stack (pam_dispatch.c), over every result that modules can have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from pve_auth_tui.core.pam.codes import (
    BAD,
    DEFAULT,
    DIE,
    DONE,
    IGNORE,
    INCOMPLETE,
    OK,
    PERM_DENIED,
    RESET,
    RESULT_IGNORE,
    SUCCESS,
)
from pve_auth_tui.core.pam.stacks import Handler, Kind

Impression = Literal["none", "yes", "no"]
Answer = Callable[[Handler], Sequence[int]]
"""Which results a module can have, the likeliest first."""


class Taken(NamedTuple):
    """A line on the way: its module's result, and what libpam made of it.

    `to`: the index of the line that is next, None after the last; `stray`: a jump over the end.
    """

    at: int
    handler: Handler
    code: int
    action: int
    to: int | None
    stray: bool = False


@dataclass(frozen=True, slots=True)
class Way:
    """A way through a stack to its end. `result` is libpam's answer to whoever asked."""

    result: int
    taken: tuple[Taken, ...]

    @property
    def is_success(self) -> bool:
        return self.result == SUCCESS


class _State(NamedTuple):
    at: int
    impression: Impression
    status: int
    saved: tuple[tuple[Impression, int], ...]  # by level, as it was when a substack was entered
    level: int


_Path = tuple["_Path", Taken] | None


def ways(handlers: Sequence[Handler], answer: Answer) -> tuple[Way, ...]:
    """One way for each result that the stack can come to, the likeliest first."""
    if not handlers:
        return (Way(PERM_DENIED, ()),)
    found: dict[int, Way] = {}
    start = _State(0, "none", PERM_DENIED, (("none", PERM_DENIED),), 0)
    waiting: list[tuple[_State, _Path]] = [(start, None)]
    seen: set[_State] = set()
    while waiting:
        state, path = waiting.pop()
        if state in seen:
            continue
        seen.add(state)
        if state.at >= len(handlers):
            result = PERM_DENIED if _unfounded(state) else state.status
            found.setdefault(result, Way(result, _unrolled(path)))
            continue
        handler = handlers[state.at]
        state = _entered(state, handler)
        if handler.kind is Kind.SUBSTACK:
            waiting.append((state._replace(at=state.at + 1), path))
            continue
        codes = answer(handler) if handler.kind is Kind.MODULE else (PERM_DENIED,)
        for code in reversed(tuple(codes)):
            after, taken = _step(handlers, state, code)
            if code == INCOMPLETE:
                found.setdefault(code, Way(code, _unrolled((path, taken))))
            else:
                waiting.append((after, (path, taken)))
    return tuple(found.values())


def _unfounded(state: _State) -> bool:
    return state.status == SUCCESS and state.impression != "yes"


def _unrolled(path: _Path) -> tuple[Taken, ...]:
    taken: list[Taken] = []
    while path is not None:
        path, last = path
        taken.append(last)
    return tuple(reversed(taken))


def _entered(state: _State, handler: Handler) -> _State:
    """What is known so far is kept where a substack begins."""
    saved = state.saved
    if handler.level > state.level:
        kept = (state.impression, state.status)
        saved = (*saved[: handler.level], *((kept,) * (handler.level + 1 - len(saved))))
        saved = (*saved[: handler.level], kept)
    return state._replace(saved=saved, level=handler.level)


def _step(handlers: Sequence[Handler], state: _State, code: int) -> tuple[_State, Taken]:
    """libpam's switch over the action of a result."""
    handler = handlers[state.at]
    action = handler.actions[code] if 0 <= code < DEFAULT else BAD
    impression, status = state.impression, state.status
    to, stray, is_end = state.at + 1, False, False
    if action == RESET:
        impression, status = state.saved[handler.level]
    elif action in (OK, DONE):
        if impression == "none" or (impression == "yes" and status == SUCCESS):
            impression, status = "yes", code
        is_end = action == DONE and impression == "yes"
    elif action in (BAD, DIE):
        if impression != "no":
            impression = "no"
            status = PERM_DENIED if code == RESULT_IGNORE else code
        is_end = action == DIE
    elif action > 0:
        to, left = _jumped(handlers, state.at, action)
        if left:
            stray, impression, status = True, "no", PERM_DENIED
    if is_end:
        to = _left(handlers, state.at)
    next_one = to if to < len(handlers) else None
    taken = Taken(state.at, handler, code, action, next_one, stray)
    return state._replace(at=to, impression=impression, status=status), taken


def _jumped(handlers: Sequence[Handler], at: int, jump: int) -> tuple[int, int]:
    """Where a jump leads, and how much of it was too much. A substack counts as one line."""
    level = handlers[at].level
    while at + 1 < len(handlers) and handlers[at + 1].level >= level and jump > 0:
        at += 1
        while at + 1 < len(handlers) and handlers[at + 1].level > level:
            at += 1
        jump -= 1
    return at + 1, jump


def _left(handlers: Sequence[Handler], at: int) -> int:
    """The first line behind this one's stack, or substack."""
    level = handlers[at].level
    while at + 1 < len(handlers) and handlers[at + 1].level >= level:
        at += 1
    return at + 1


def is_heard(taken: Taken) -> bool:
    """The line has a say: its result is not ignored."""
    return taken.action != IGNORE
