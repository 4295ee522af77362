"""libpam's dispatch once more, written from the documents alone, line by line and by recursion.

It shares nothing with the program but the loaded lines: a second opinion.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pve_auth_tui.core.pam.stacks import Handler, Kind

_NAMES = {0: "ignore", -1: "ok", -2: "done", -3: "bad", -4: "die", -5: "reset"}
_FAILED = 6


class _Over(Exception):
    """A module wants to be called again."""


def dispatched(handlers: Sequence[Handler], result: Callable[[Handler], int]) -> int:
    """What the application hears."""
    try:
        verdict, said = _frame(_nested(list(handlers), 0), result, None, _FAILED)
    except _Over:
        return 31
    return _FAILED if said == 0 and verdict is not True else said


def _nested(handlers: list[Handler], level: int) -> list[Handler | list]:  # type: ignore[type-arg]
    """Substacks as lists within the list."""
    out: list[Handler | list] = []  # type: ignore[type-arg]
    at = 0
    while at < len(handlers):
        if handlers[at].level > level:
            end = at
            while end < len(handlers) and handlers[end].level > level:
                end += 1
            out.append(_nested(handlers[at:end], level + 1))
            at = end
        else:
            out.append(handlers[at])
            at += 1
    return out


def _frame(  # type: ignore[no-untyped-def]
    lines, result, verdict: bool | None, said: int
) -> tuple[bool | None, int]:
    """`verdict`: True, False, or None where nothing was said yet."""
    before = verdict, said
    at = 0
    while at < len(lines):
        line = lines[at]
        at += 1
        if isinstance(line, list):
            verdict, said = _frame(line, result, verdict, said)
            continue
        if line.kind is Kind.SUBSTACK:
            continue
        code = _FAILED if line.kind is Kind.MUST_FAIL else result(line)
        if code == 31:
            raise _Over
        action = line.actions[code]
        word = _NAMES.get(action, "jump")
        if word == "reset":
            verdict, said = before
        if word in ("ok", "done") and (verdict is None or (verdict and said == 0)):
            verdict, said = True, code
        if word in ("bad", "die") and verdict is not False:
            verdict, said = False, _FAILED if code == 25 else code
        if word == "die" or (word == "done" and verdict):
            return verdict, said
        if word == "jump":
            left = action
            while left and at < len(lines):
                substack = isinstance(lines[at], Handler) and lines[at].kind is Kind.SUBSTACK
                at += 1
                if substack and at < len(lines) and isinstance(lines[at], list):
                    at += 1
                left -= 1
            if left:
                verdict, said = False, _FAILED
    return verdict, said
