"""Property strings: several named values in one, `type=oath,digits=6`.

Source: PVE::JSONSchema::{parse_property_string, print_property_string} of pve-common 9.2.1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from pve_auth_tui.core.schema import Properties

_TRUE = frozenset({"1", "on", "yes", "true"})
_FALSE = frozenset({"0", "off", "no", "false"})
_BLANK = re.compile(r"[ \t\n\r\f\v]*")


class Malformed(Exception):
    """Not a property string; the text is PVE's, line feed included."""


def boolean(text: str) -> str:
    """PVE's words for true and false as `1` and `0`; anything else comes back unchanged."""
    word = text.lower()
    return "1" if word in _TRUE else "0" if word in _FALSE else text


def split(text: str, parts: Properties) -> dict[str, str]:
    """The named values as text, booleans as `1` or `0`; the values are not checked.

    A value without a name belongs to the part that is marked `default_key`.
    Raises Malformed as PVE does for unknown or repeated names.
    """
    found: dict[str, str] = {}
    default = next((name for name, part in parts.items() if part.default_key), "")
    default_used = False
    for piece in text.split(","):
        if _BLANK.fullmatch(piece):
            continue
        name, equals, value = piece.partition("=")
        if not equals:
            if default_used or (default and found.get(default, "") not in {"", "0"}):
                raise Malformed(f"duplicate key in comma-separated list property: {default}\n")
            if not default:
                raise Malformed("value without key, but schema does not define a default key\n")
            default_used = True
            name, value = default, piece
        elif not name or not value or value.startswith("\n"):
            raise Malformed("missing key in comma-separated list property\n")
        elif name in found:
            raise Malformed(f"duplicate key in comma-separated list property: {name}\n")
        part = parts.get(name)
        found[name] = boolean(value) if part and part.kind == "boolean" else value
    return found


def join(values: Mapping[str, str], parts: Properties) -> str:
    """The property string PVE writes: the default part first, then required, then the rest.

    Raises Malformed for a value with a comma in it.
    """
    names = sorted(values)
    default = [name for name in names if name in parts and parts[name].default_key]
    required = [name for name in names if name in parts and not parts[name].optional]
    ordered = dict.fromkeys([*default, *required, *names])
    for name in ordered:
        if name not in parts:
            raise Malformed(f"invalid key '{name}'\n")
        if "," in values[name]:
            raise Malformed(f"illegal value with commas for {name}\n")
    return ",".join(
        values[name] if name in default else f"{name}={values[name]}" for name in ordered
    )
