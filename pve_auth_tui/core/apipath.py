"""Paths of PVE's API, quoted in one place: what a name holds can never become another path (R2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

from pve_auth_tui.core.errors import UsageError

_SAFE: Final = "@!"  # they stand in most ids, and no server of PVE's reads them as a sign


def quoted(parts: Sequence[str]) -> str:
    """`/access/users/joe%23x@pve`: for a URL, or for a program that takes one.

    pveproxy unquotes and decodes nothing, so `Ü` is `%DC`: a userid's character is a byte of
    user.cfg. As UTF-8 it would be another user's name. Raises UsageError for a part that no PVE
    id can be: empty, `.`, `..`, or with a `/`, which PVE splits on after it has unquoted.
    """
    return "".join(f"/{quote(as_bytes(part), safe=_SAFE)}" for part in checked(parts))


def unquoted(parts: Sequence[str]) -> str:
    """`/access/users/joe#x@pve`: for PVE's own modules, which are asked without a URL."""
    return "".join(f"/{part}" for part in checked(parts))


def checked(parts: Sequence[str]) -> Sequence[str]:
    """The same parts; raises UsageError as `quoted` does."""
    for part in parts:
        if part in {"", ".", ".."} or "/" in part or "\0" in part or not _is_text(part):
            raise UsageError(
                "That name cannot be part of a path of PVE's API, so nothing was sent.",
                "Names there are not empty, not `.` or `..`, and hold no `/`.",
                "/".join(parts),
            )
    return parts


def as_bytes(text: str) -> bytes:
    """What PVE's server must unquote to see this text: Latin-1, as in its files, where it can."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode()


def _is_text(part: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in part)
