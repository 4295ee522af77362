"""One search: which entries, which of their attributes, and how it ends."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from pve_auth_tui.simnode.ldapserver import ber
from pve_auth_tui.simnode.ldapserver.accounts import PASSWORD
from pve_auth_tui.simnode.ldapserver.entries import Entry, Tree
from pve_auth_tui.simnode.ldapserver.filters import BadFilter, compiled
from pve_auth_tui.simnode.ldapserver.messages import (
    BAD_NAME,
    NO_SUCH_OBJECT,
    OPERATIONS_ERROR,
    PROTOCOL_ERROR,
    REFERRAL,
    Refusal,
    SearchRequest,
)
from pve_auth_tui.simnode.ldapserver.names import BadName, Name, compared

RANGE: Final = 1500
"""Values of one attribute that an AD server sends at once (MS-ADTS 3.1.1.3.1.3.3)."""
_RANGED: Final = re.compile(r"range=(\d{1,9})-(\d{1,9}|\*)", re.IGNORECASE)
_BASE, _ONE = 0, 1
_NOTHING: Final = "1.1"
_SECRET: Final = frozenset({PASSWORD, "unicodepwd"})


@dataclass(frozen=True)
class Directory:
    """What all servers of one directory share. `base`: its naming context.

    `ad`: it answers as a domain controller does, not as OpenLDAP. `elsewhere`: names whose
    references follow a search from the base. `most`: entries without paging. `most_paged`: with.
    """

    tree: Tree
    base: str
    ad: bool = False
    elsewhere: Sequence[str] = ()
    most: int = 1000
    most_paged: int = 1_000_000


def found(directory: Directory, root: Entry, request: SearchRequest) -> Iterator[Entry]:
    """The entries that fit; `root` is the root DSE. Raises Refusal at once."""
    try:
        fits = compiled(*request.filter, directory.tree)
        base = compared(request.base)
    except (BadFilter, ber.BadBer) as error:
        raise Refusal(PROTOCOL_ERROR, "Bad search filter") from error
    except BadName as error:
        text = (
            "0000208F: NameErr: DSID-03100225, problem 2006 (BAD_NAME), data 8350, best match of:"
            f"\n\t'{request.base}'\n"
        )
        raise Refusal(BAD_NAME, text if directory.ad else "invalid DN") from error
    if not base:
        if request.scope == _BASE:
            return (entry for entry in (root,) if fits(entry) is not False)
        raise _missing(directory, base)
    entry = directory.tree.get(base)
    if entry is None:
        raise _missing(directory, base)
    among = [entry] if request.scope == _BASE else directory.tree.below(base)
    if request.scope == _ONE:
        among = directory.tree.children(base)
    return (each for each in among if fits(each))


def references(directory: Directory, request: SearchRequest) -> list[str]:
    """URLs of what lies in other naming contexts, which AD adds to a search from its base."""
    if not directory.elsewhere or request.scope == _BASE:
        return []
    if compared(request.base) != compared(directory.base):
        return []
    domain = ".".join(part.partition("=")[2] for part in directory.base.split(","))
    return [
        f"ldap://{name.partition(',')[0].partition('=')[2]}.{domain}/{name}"
        for name in directory.elsewhere
    ]


def needs_bind() -> Refusal:
    """What AD says to somebody who did not bind."""
    text = (
        "000004DC: LdapErr: DSID-0C090A5C, comment: In order to perform this operation a "
        "successful bind must be completed on the connection., data 0, v4563"
    )
    return Refusal(OPERATIONS_ERROR, text)


def shown(entry: Entry, request: SearchRequest, *, ad: bool) -> list[bytes]:
    """The encoded attributes that were asked for."""
    names: list[str] = []
    ranged: list[bytes] = []
    for wanted in request.attributes or ("*",):
        name, _, option = wanted.lower().partition(";")
        if name == "*":
            names += [each for each in entry.attributes if each not in entry.hidden]
        elif name == "+":
            names += [each for each in entry.attributes if each in entry.hidden]
        elif name == _NOTHING or not entry.values(name):
            continue
        elif option:
            ranged += _range(entry, name, option) if ad else []
        else:
            names.append(name)
    names = [name for name in dict.fromkeys(names) if name not in _SECRET]
    if request.types_only:
        return [ber.sequence(ber.octets(entry.spelled(name)), ber.set_of(())) for name in names]
    encoded = []
    for name in names:
        if ad and len(entry.values(name)) > RANGE:  # as clients report it: once empty, once cut
            encoded.append(ber.sequence(ber.octets(entry.spelled(name)), ber.set_of(())))
            encoded += _range(entry, name, "range=0-*")
        else:
            encoded.append(entry.encoded(name))
    return encoded + ranged


def _range(entry: Entry, name: str, option: str) -> list[bytes]:
    """`member;range=0-1499`; the last part ends with `*`."""
    asked = _RANGED.fullmatch(option)
    values = entry.values(name)
    if asked is None or int(asked[1]) >= len(values):
        return []
    first = int(asked[1])
    last = first + RANGE - 1
    if asked[2] != "*":
        last = min(last, int(asked[2]))
    end = "*" if last >= len(values) - 1 else str(last)
    told = f"{entry.spelled(name)};range={first}-{end}"
    return [ber.sequence(ber.octets(told), ber.set_of(values[first : last + 1]))]


def _missing(directory: Directory, base: Name) -> Refusal:
    """No such entry here; AD knows that another domain's is not its own."""
    own = compared(directory.base)
    if directory.ad and base[len(base) - len(own) :] != own:
        if not base:
            return Refusal(NO_SUCH_OBJECT)
        place = ".".join(part.partition("=")[2] for part in base if part.startswith("dc="))
        name = ",".join(base)
        text = f"0000202B: RefErr: DSID-0310084A, data 0, 1 access points\n\tref 1: '{place}'\n"
        return Refusal(REFERRAL, text, referrals=(f"ldap://{place}/{name}",))
    matched = ""
    for start in range(1, len(base)):
        if upper := directory.tree.get(base[start:]):
            matched = upper.dn
            break
    text = (
        "0000208D: NameErr: DSID-0310028B, problem 2001 (NO_OBJECT), data 0, best match of:"
        f"\n\t'{matched}'\n"
    )
    return Refusal(NO_SUCH_OBJECT, text if directory.ad else "", matched)
