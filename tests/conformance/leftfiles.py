"""The files that a topic left, recorded beside ours."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.conformance.comparison import Comparison
from tests.conformance.recording import Files, text_of

_REALM_SECRETS = "priv/realm/"
_ANY_ORDER = ("priv/token.cfg", "priv/shadow.cfg")  # PVE writes Perl hashes
_BUILTIN = re.compile(r"pam: pam$|pve: pve$", re.MULTILINE)
_SEPARATOR = re.compile(r"[ :]")


def differences(
    recorded: Files, left: Mapping[str, bytes], comparison: Comparison, *, exact: bool = True
) -> Iterator[str]:
    """One line for each file that is not as recorded; not `exact`: lines and lists in any order."""
    secrets: Files = {name: None for name in left if name.startswith(_REALM_SECRETS)}
    for name, text in {**secrets, **recorded}.items():
        data = left.get(name)
        ours = None if data is None else text_of(data)
        if not _same(name, text, ours, comparison, exact=exact):
            yield f"{name} {ours!r}, recorded {text!r}"


def _same(
    name: str, recorded: str | None, ours: str | None, comparison: Comparison, *, exact: bool
) -> bool:
    if recorded is None or ours is None:
        return not recorded and not ours
    if name == "priv/tfa.cfg":
        return comparison.same(_json(recorded), _json(ours))
    if name in _ANY_ORDER:
        return comparison.same(_in_parts(recorded), _in_parts(ours))
    if name == "domains.cfg" and _sections(recorded) == _sections(ours):
        return True
    return recorded == ours or (not exact and _unordered(recorded) == _unordered(ours))


def _json(text: str) -> Any:
    return json.loads(text or "{}")


def _in_parts(text: str) -> list[dict[str, str]]:
    """Each line in its parts by their places; the lines have no order."""
    return [
        {str(place): part for place, part in enumerate(_SEPARATOR.split(line))}
        for line in text.splitlines()
        if line
    ]


def _sections(text: str) -> tuple[list[str], list[str]]:
    """Those of built-in realms, which PVE puts anywhere when the file lacks them; and the rest."""
    sections = text.split("\n\n")
    builtin = [section for section in sections if _BUILTIN.match(section)]
    return sorted(builtin), [section for section in sections if section not in builtin]


def _unordered(text: str) -> list[str]:
    return sorted(
        ":".join(",".join(sorted(part.split(","))) for part in line.split(":"))
        for line in text.splitlines()
    )
