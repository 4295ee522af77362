"""The filters that PVE sends to a directory, to the letter, and what is wrong with a typed one.

Sources: PVE::LDAP `query_users`, `query_groups` and `get_user_dn` of pve-common 9.2.1 (reference
6); RFC 4515 for the syntax, with blanks between the parts, which Net::LDAP::Filter allows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from pve_auth_tui.core.directory.settings import DirectorySettings
from pve_auth_tui.core.plain import plain

_TO_ESCAPE: Final = {ord(sign): f"\\{ord(sign):02x}" for sign in "\0()*\\"}
_DESCRIPTION: Final = r"(?:[A-Za-z][\w-]*|\d+(?:\.\d+)*)(?:;[\w-]+)*"
_ITEM: Final = re.compile(
    rf"\s*(?:(?P<attribute>{_DESCRIPTION})\s*(?P<sign>[~<>]?=)"
    rf"|(?:{_DESCRIPTION})?(?::[dD][nN])?(?::(?:[A-Za-z][\w-]*|\d+(?:\.\d+)*))?(?P<rule>:=))",
    re.ASCII,
)
_VALUE: Final = re.compile(r"(?:[^\\()*\0]|\\[0-9A-Fa-f]{2})*")
_SHOWN: Final = 24
_BLANKS: Final = re.compile(r"\s*")
_WHOLE: Final = re.compile(r"\(.*\)$")  # as PVE asks; no DOTALL


def user_filter(settings: DirectorySettings, attributes: Sequence[str]) -> str:
    """For whoever has any of these attributes (theirs) and any of the realm's user classes."""
    any_of = "".join(f"({name}=*)" for name in attributes)
    return _with_own(settings.filter, f"(&(|{any_of}){_any_class(settings.user_classes)})")


def group_filter(settings: DirectorySettings) -> str:
    """For whatever has any of the realm's group classes."""
    return _with_own(settings.group_filter, _any_class(settings.group_classes))


def person_filter(settings: DirectorySettings, name: str) -> str:
    """For the entry with this login name."""
    return f"({settings.user_attr}={escaped(name)})"


def escaped(value: str) -> str:
    """A value in which no sign means anything to a filter (RFC 4515, 3)."""
    return value.translate(_TO_ESCAPE)


def filter_problem(text: str) -> str:
    """What is wrong with a filter that somebody typed for a realm, "" when nothing is.

    Judged as PVE sends it: brackets may lack around all of it, and several filters in a row are
    all to fit, for PVE puts them into an "and".
    """
    if not text or _WHOLE.match(text):
        return _list_problem(text)
    if text.lstrip().startswith("("):
        return 'It begins with "(" and must end with ")", without blanks around it.'
    return _list_problem(f"({text})", begin=1)


def _list_problem(text: str, begin: int = 0) -> str:
    """Of filters in brackets, one after the other; typed was what begins at `begin`."""
    open_lists: list[tuple[str, int]] = []  # the sign of each, and how many parts it has
    at = 0
    while at < len(text):
        if text[at] == "(":
            if open_lists:
                open_lists[-1] = (open_lists[-1][0], open_lists[-1][1] + 1)
            after = _skip_blanks(text, at + 1)
            if text[after] in "&|!":
                open_lists.append((text[after], 0))
                at = after + 1
            else:
                at, problem = _item_end(text, at + 1)
                if problem:
                    return f"{_after(text[begin:at])}, {problem}."
        elif text[at] != ")":
            return f'{_after(text[begin:at])}, a "(" or a ")" is missing.'
        elif not open_lists:
            return f'{_after(text[begin:at])}, there is one ")" too many.'
        else:
            sign, parts = open_lists.pop()
            if sign == "!" and parts != 1:
                return f'{_after(text[begin:at])}, "!" takes exactly one filter in brackets.'
            at += 1
        at = _skip_blanks(text, at)
    return 'A ")" is missing at the end.' if open_lists else ""


def _item_end(text: str, start: int) -> tuple[int, str]:
    """Where `attribute=value)` ends, or where it goes wrong and how."""
    head = _ITEM.match(text, start)
    if head is None:
        return start, "an attribute with one of = >= <= ~= := is missing"
    end = _VALUE.match(text, head.end()).end()  # type: ignore[union-attr]  # matches nothing, too
    while head["sign"] == "=" and text[end : end + 1] == "*":
        end = _VALUE.match(text, end + 1).end()  # type: ignore[union-attr]
    match text[end : end + 1]:
        case ")":
            return end + 1, ""
        case "\\":
            return end, "a backslash takes two hexadecimal digits after it (\\5c is a backslash)"
        case "*":
            return end, 'a "*" only stands behind "="; write \\2a for the sign itself'
        case "(":
            return end, "a bracket in a value is written \\28"
        case "\0":
            return end, "a NUL is written \\00"
    return end, 'a ")" is missing'


def _with_own(own: str, ours: str) -> str:
    """Brackets are added where there are none around it."""
    if not own:
        return ours
    return f"(&{own if _WHOLE.match(own) else f'({own})'}{ours})"


def _any_class(classes: Sequence[str]) -> str:
    return f"(|{''.join(f'(objectclass={name})' for name in classes)})"


def _skip_blanks(text: str, at: int) -> int:
    return _BLANKS.match(text, at).end()  # type: ignore[union-attr]  # matches nothing, too


def _after(before: str) -> str:
    """Where it went wrong: the last that was right."""
    shown = before.strip()
    if not shown:
        return "At the beginning"
    return f'After "{plain(shown if len(shown) <= _SHOWN else f"...{shown[-_SHOWN:]}")}"'
