"""What repeats something that was sent in secret, without it (security.md R8).

PVE's own texts do not repeat passwords, but many of its formats say `got 'VALUE'`, and nobody
knows what a plugin, a directory or a proxy puts into a refusal.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeVar

from pve_auth_tui.core.errors import ApiError, AuthTuiError
from pve_auth_tui.core.secret import HIDDEN, Secret

_SHORTEST: Final = 4  # characters: what is shorter stands in every sentence

E = TypeVar("E", bound=AuthTuiError)


def without(error: E, secrets: Iterable[Secret]) -> E:
    """The same error; where its texts repeat one of these, they say `****`."""
    values = _values(secrets)
    error.args = tuple(_masked(text, values) for text in error.args)
    error.hint = _masked(error.hint, values)
    error.original = _masked(error.original, values)
    if isinstance(error, ApiError):
        error.errors = {name: _masked(problem, values) for name, problem in error.errors.items()}
    return error


def masked(text: str, secrets: Iterable[Secret]) -> str:
    """A text that somebody else wrote; where it repeats one of these, it says `****`."""
    return _masked(text, _values(secrets))


def _values(secrets: Iterable[Secret]) -> list[str]:
    """With each line of those that have several, or an end of line: what repeats them is told line
    by line. The longest first, for one may be a part of another.
    """
    whole = {secret.reveal() for secret in secrets}
    values = whole.union(*(value.splitlines() for value in whole))
    return sorted((one for one in values if len(one) >= _SHORTEST), key=len, reverse=True)


def _masked(text: str, values: Iterable[str]) -> str:
    for value in values:
        text = text.replace(value, HIDDEN)
    return text
