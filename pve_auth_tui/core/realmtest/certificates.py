"""What a server's certificate comes to, for a realm that asks for that server.

Sources: OpenSSL's verify codes (x509_vfy.h); IO::Socket::SSL, which PVE uses (reference 5.2).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from pve_auth_tui.core.directory.causes import Cause
from pve_auth_tui.core.directory.certificate import Certificate
from pve_auth_tui.core.directory.ports import Handshake
from pve_auth_tui.core.directory.settings import DirectorySettings
from pve_auth_tui.core.directory.verifycodes import cause_of
from pve_auth_tui.core.realmtest.report import Fact
from pve_auth_tui.core.realmtest.seen import (
    BEGINS,
    CODE,
    DAYS,
    ENDS,
    IS_FOR,
    ISSUER,
    SAME,
    TLS,
    WOULD,
    Seen,
    facts_of,
)
from pve_auth_tui.core.realmtest.short import SHORT
from pve_auth_tui.core.words import count_words, date, thousands

SOON: Final = 30  # days
_MISSING: Final = "none was sent"
_HIDDEN: Final = "the server insists on our certificate, which it does not get with such a one"
_DAY: Final = 86_400  # seconds
_ISSUERS: Final = frozenset({2, 20, 21})  # codes: an issuer was not found
_BELOW_A_ROOT: Final = re.compile(r"\b(?:sub|subordinate|intermediate|issuing|inter)\b", re.I)


def judge_certificate(
    settings: DirectorySettings,
    shaken: Handshake,
    chain: Sequence[Certificate],
    same: Sequence[str],
    now: float,
) -> Seen:
    """`same`: names of the certificate that lead to the same server. Without `verify` it is told
    what would be, for PVE takes any certificate then.
    """
    own = chain[0] if chain else Certificate(problem=_MISSING if shaken.protocol else _HIDDEN)
    cause = verdict(shaken.code, chain)
    facts = (*_facts(shaken, own, chain, now), *facts_of(SAME, same))
    days = own.days_left(now)
    whole = round((own.ends - now) / _DAY)
    left = count_words(whole, "day", "days") if whole > 0 else "ends today"
    if not settings.verify:
        would = (
            f"it would fail: {SHORT[cause]} ({shaken.code})" if cause else "it would be accepted"
        )
        causes = (Cause.NOT_VERIFIED, *([cause] if cause else []))
        return Seen("LOOK", SHORT[Cause.NOT_VERIFIED], causes, (Fact(WOULD, would), *facts))
    if cause is not None:
        return Seen("BAD", SHORT[cause], (cause,), facts, shaken.reason)
    if not own.problem and days < SOON:
        return Seen("LOOK", left, (Cause.CERT_ENDS_SOON,), facts)
    return Seen("ok", "" if own.problem else left, (), facts)


def verdict(code: int, chain: Sequence[Certificate]) -> Cause | None:
    """None for a certificate that is accepted.

    An issuer that is neither sent nor trusted is either a root that nobody trusts here, or an
    intermediate CA that the server forgot: servers do not send roots, so only the name of the
    issuer of a certificate that came alone tells. Where it does not, the root is the usual case.
    """
    cause = cause_of(code)
    if code not in _ISSUERS or not chain:
        return cause
    last = chain[-1]
    if last.self_signed:
        return Cause.CERT_SELF_SIGNED if len(chain) == 1 else Cause.CERT_UNTRUSTED
    alone = not any(one.is_ca for one in chain)
    return Cause.CERT_INCOMPLETE if alone and _BELOW_A_ROOT.search(last.issuer) else cause


def _facts(
    shaken: Handshake, own: Certificate, chain: Sequence[Certificate], now: float
) -> list[Fact]:
    protocol = " ".join(filter(None, (shaken.protocol, shaken.cipher)))
    facts = [Fact(TLS, protocol)] if protocol else []
    if shaken.code:
        facts.append(Fact(CODE, f"{shaken.code}: {shaken.reason}"))
    if own.problem:
        return [*facts, Fact("Unreadable", own.problem)]
    named = [*own.names, *own.addresses] or [f"{own.subject} (no subjectAltName)"]
    return [
        *facts,
        *facts_of(IS_FOR, named),
        Fact("Subject", own.subject),
        Fact(ISSUER, own.issuer),
        Fact(BEGINS, date(own.begins)),
        Fact(ENDS, date(own.ends)),
        Fact(DAYS, thousands(own.days_left(now))),
        Fact("Key", " ".join(filter(None, (own.key, own.signature)))),
        Fact("SHA-256", own.sha256),
        *(Fact("Sent with it", one.subject or one.problem) for one in chain[1:8]),
    ]
