"""A filter's text as the octets of a search request: ldap3 composes them.

ldap3 is imported here alone, when something is searched. Its connections are not used: its reader
takes messages of any length, and dies of codes that it does not know.
"""

from __future__ import annotations

from typing import Final

from pve_auth_tui.core.directory.causes import Cause, DirectoryTrouble

_LONGEST: Final = 64 * 1024  # characters; PVE takes 2,048 of a realm's own


def compiled(text: str) -> bytes:
    """RFC 4515 to RFC 4511. Raises DirectoryTrouble (BAD_FILTER)."""
    from ldap3.core.exceptions import LDAPExceptionError
    from ldap3.operation.search import compile_filter, parse_filter
    from ldap3.utils.asn1 import encode  # type: ignore[attr-defined]
    from pyasn1.error import PyAsn1Error

    if len(text) > _LONGEST:
        raise _bad("it is too long")
    try:
        tree = parse_filter(text, None, False, False, None, False)  # type: ignore[no-untyped-call]
        return bytes(encode(compile_filter(tree.elements[0])))  # type: ignore[no-untyped-call]
    except (LDAPExceptionError, PyAsn1Error) as error:
        raise _bad(str(error)) from None
    except (AttributeError, IndexError, RecursionError, TypeError, ValueError):
        # what ldap3 does with filters that it did not foresee
        raise _bad("malformed filter") from None


def _bad(why: str) -> DirectoryTrouble:
    return DirectoryTrouble(
        Cause.BAD_FILTER, "The filter is malformed.", "Look at the brackets in it.", why
    )
