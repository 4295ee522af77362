"""In words: the certificate of a server, one sentence for every verdict of OpenSSL's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pve_auth_tui.core.directory.causes import Cause
from pve_auth_tui.core.realmtest.report import Fix
from pve_auth_tui.core.realmtest.seen import BEGINS, CODE, DAYS, ENDS, IS_FOR, ISSUER, SAME
from pve_auth_tui.core.realmtest.told import Said, Table, Told
from pve_auth_tui.core.words import listed

_TRUST: Final = "trust its CA on every node (CA Trust)"


def _code(told: Told) -> str:
    code = told.fact(CODE).partition(":")[0]
    return f": {code}" if code else ""


def _other_name(told: Told) -> str:
    own = listed(told.facts(IS_FOR), 2) or "nobody in particular"
    return f"It is for {own}. The realm asks for {told.check.server}{_code(told)}."


def _other_address(told: Told) -> str:
    own = listed(told.facts(IS_FOR), 2) or "no address"
    return f"It is for {own}, and not for the address {told.check.server}{_code(told)}."


def rename(told: Told) -> Iterator[Fix]:
    """To a name of the certificate that leads to the same server."""
    servers = told.settings.servers
    option = "server1" if told.is_first else "server2"
    which = (
        "server" if len(servers) == 1 else "first server" if told.is_first else "fallback server"
    )
    for name in told.facts(SAME)[:2]:
        yield Fix(f"use {name} as {which} (same address, checked just now)", {option: name})


def _untrusted(told: Told) -> str:
    issuer = told.fact(ISSUER) or "a CA that it does not name"
    return f"It was issued by {issuer}, which {told.names['capath']} does not trust{_code(told)}."


def _incomplete(told: Told) -> str:
    issuer = told.fact(ISSUER) or "it"
    return (
        f"{told.check.server} does not send the certificate of {issuer}, the CA between its own "
        f"and the root{_code(told)}."
    )


CERTIFICATES: Final[Table] = {
    Cause.CERT_UNTRUSTED: Said(
        _untrusted,
        (_TRUST, "if that CA is an intermediate one: let the server send it (directory team)"),
    ),
    Cause.CERT_SELF_SIGNED: Said(
        "{server} made its certificate itself; nobody vouches for it (18).",
        (
            "give the server a certificate of your CA (directory team)",
            "trust this very certificate on every node (CA Trust)",
        ),
    ),
    Cause.CERT_INCOMPLETE: Said(
        _incomplete,
        ("let the server send the whole chain (directory team)", "trust that CA on every node"),
    ),
    Cause.CERT_EXPIRED: Said(
        lambda told: f"It ended on {told.fact(ENDS, 'a day that it does not say')}{_code(told)}.",
        ("renew the certificate (directory team)", "see whether this node's clock is right"),
    ),
    Cause.CERT_NOT_YET: Said(
        lambda told: (
            f"It is valid from {told.fact(BEGINS, 'a later day')} on, and not yet now{_code(told)}."
        ),
        ("see whether this node's clock is right", "renew the certificate (directory team)"),
    ),
    Cause.CERT_OTHER_NAME: Said(
        _other_name,
        ("a certificate with the name {server} in its SAN (directory team)",),
        more=rename,
    ),
    Cause.CERT_OTHER_ADDRESS: Said(
        _other_address,
        ("a certificate with the address {server} in its SAN (directory team)",),
        more=rename,
    ),
    Cause.CERT_WEAK: Said(
        lambda told: f"Its key or a signature in the chain is too weak for OpenSSL{_code(told)}.",
        ("renew it with RSA 2048 or EC 256, and SHA-256 or better (directory team)",),
    ),
    Cause.CERT_NOT_FOR_SERVERS: Said(
        lambda told: f"It is not made for servers: serverAuth lacks in its purposes{_code(told)}.",
        ("a certificate with the purpose serverAuth (directory team)",),
    ),
    Cause.CERT_REFUSED: Said(
        lambda told: f"OpenSSL does not accept it ({told.fact(CODE, 'for no named reason')}).",
        ("show the chain below to whoever runs the CA",),
    ),
    Cause.CERT_ENDS_SOON: Said(
        lambda told: f"It ends on {told.fact(ENDS)}, in {told.fact(DAYS, 'a few')} days.",
        ("renew the certificate (directory team)",),
        "All is well until then. From that day on nobody of {realm} can log in.",
    ),
}
