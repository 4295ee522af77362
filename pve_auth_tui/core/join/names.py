"""Names that go to realmd, adcli and sssd: made what they take, or refused with one sentence.

`..._problem` say what is wrong with what somebody typed, None for nothing. Each of these ends up
as one word of a command, never in a shell.
"""

from __future__ import annotations

import re
from typing import Final

LONGEST_COMPUTER: Final = 15
_LONGEST_DOMAIN: Final = 253
_LONGEST_SUFFIX: Final = 6
_UNFIT: Final = re.compile(r"[^A-Z0-9]+")

_LABEL: Final = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)")
_COMPUTER: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?")
_NOT_IN_NAMES: Final = '"/\\[]:;|=,+*?<>'
"""What sAMAccountName cannot have (MS-SAMR 3.1.1.6); the comma parts names for sssd."""
_RDN: Final = re.compile(r"\s*([A-Za-z]+)\s*=\s*(\S.*)", re.DOTALL)
_COMMA: Final = re.compile(r"(?<!\\),")
_HEX_OR_SIGN: Final = re.compile(r'\\(?:[0-9A-Fa-f]{2}|[ "#+,;<=>\\])')
_SIGNS: Final = re.compile(r'["+;<>\\]')


def domain_problem(text: str) -> str | None:
    """Is it the DNS name of a domain?"""
    if not text:
        return "Name the domain, for example ad.example.com."
    labels = text.split(".")
    if len(text) > _LONGEST_DOMAIN or not all(_LABEL.fullmatch(label) for label in labels):
        return "A domain is a DNS name of letters, digits, - and dots, like ad.example.com."
    if labels[-1].isdigit():
        return "That is an address. Name the domain, like ad.example.com."
    return None


def login_name(text: str) -> str:
    """As realmd takes it: without `DOM\\`, the realm after @ in capitals."""
    name = text.strip().rpartition("\\")[2]
    local, at, realm = name.rpartition("@")
    return f"{local}@{realm.upper()}" if at else name


def login_problem(text: str) -> str | None:
    """Is it the name of somebody who joins?"""
    name = login_name(text)
    local = name.rpartition("@")[0] if "@" in name else name
    if not local or name.endswith("@"):
        return "Name an account of the domain that may join computers, like Administrator."
    if not text.strip().isprintable():
        return "A login name has no hidden characters."
    if name.startswith("-"):
        return "A login name that begins with - would be taken for an option."
    if any(sign in local for sign in _NOT_IN_NAMES):
        return f"A login name of Active Directory has none of {_NOT_IN_NAMES}"
    return None


def computer_of(host: str) -> str:
    """The computer's name of a host name, as realmd makes it: first label, capitals, 15 of them."""
    return host.partition(".")[0].upper()[:LONGEST_COMPUTER]


def computer_problem(text: str) -> str | None:
    """Is it a computer's NetBIOS name, as somebody may choose one?"""
    if not text:
        return "Name the computer's account, like PVE1."
    if len(text) > LONGEST_COMPUTER:
        return f"A computer's name has at most {LONGEST_COMPUTER} characters: this has {len(text)}."
    if not text.isascii() or not _COMPUTER.fullmatch(text):
        return "A computer's name has letters, digits and - only, and no - at its ends."
    if text.isdigit():
        return "A computer's name is not all digits."
    return None


def colliding(host: str, others: tuple[str, ...]) -> tuple[str, ...]:
    """Other host names of which realmd would make the same computer's name."""
    own = computer_of(host)
    first = host.partition(".")[0].lower()
    return tuple(
        name
        for name in others
        if computer_of(name) == own and name.partition(".")[0].lower() != first
    )


def proposed_computer(host: str, suffix: str = "") -> str:
    """Another name for this node's account: `PVE1-RACK` with the cluster's name as `suffix`."""
    tail = _UNFIT.sub("", suffix.upper())[:_LONGEST_SUFFIX] or "NODE"
    room = LONGEST_COMPUTER - len(tail) - 1
    head = _UNFIT.sub("-", computer_of(host))[:room].strip("-") or "PVE"
    return f"{head}-{tail}"


def ou_problem(text: str, domain: str) -> str | None:
    """Is it a place below the domain, as a DN or the part of it before DC= (RFC 4514)?"""
    if not text.strip().isprintable():
        return "A DN has no hidden characters here."
    if not text.strip():
        return "Name the place as a DN, like OU=Servers."
    parts = [_RDN.fullmatch(part) for part in _COMMA.split(text)]
    kinds = [part[1].upper() if part else "" for part in parts]
    if "" in kinds or kinds[0] == "DC":
        return "Write the place as a DN, like OU=Servers or OU=Nodes,OU=Servers."
    if any(_SIGNS.search(_HEX_OR_SIGN.sub("", part[2])) for part in parts if part):
        return 'In a DN, " + ; < > and \\ stand with a \\ before them.'
    odd = [kind for kind in kinds if kind not in ("OU", "CN", "DC")]
    if odd:
        return f"A computer's place is made of OU=, CN= and DC=, not {odd[0]}=."
    first = kinds.index("DC") if "DC" in kinds else len(kinds)
    if any(kind != "DC" for kind in kinds[first:]):
        return "In a DN, DC= stands at the end."
    named = ".".join(part[2].strip() for part in parts[first:] if part)
    if named and named.lower() != domain.lower():
        return f"That DN lies in {named}, and the domain is {domain}."
    return None


def permitted(text: str, domain: str) -> str:
    """As realmd takes it: `alice` is `alice@ad.example.com`."""
    name = text.strip()
    return name if "@" in name else f"{name}@{domain}"


def permit_problem(text: str, domain: str) -> str | None:
    """Is it the name of a user or a group of this domain, to let in?"""
    name = permitted(text, domain)
    local, _, realm = name.rpartition("@")
    if not local:
        return "Name a user or a group of the domain."
    if not text.strip().isprintable():
        return "A name has no hidden characters."
    if "\\" in text:
        return f"Write the name as {local.rpartition(chr(92))[2]}@{domain}."
    if local.startswith(("-", "%")):
        return f"A name does not begin with {local[0]} here."
    if any(sign in local for sign in (*_NOT_IN_NAMES, "@", "$")):
        # realmd takes no $ itself: to sssd it writes one for nobody
        return f"A name to let in has none of {_NOT_IN_NAMES}@$"
    if realm.lower() != domain.lower():
        return f"Only names of {domain} can be let in here."
    return None


def same_permitted(one: str, other: str, domain: str) -> bool:
    """Active Directory and sssd do not tell capitals from small letters."""
    return permitted(one, domain).casefold() == permitted(other, domain).casefold()
