"""May this certificate be trusted as a CA's? What cannot be meant is BAD, and refused (R30b).

Sources: RFC 5280 4.2.1.9, 4.2.1.3; OpenSSL's x509_vfy; reference/host.md 5.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Final

from pve_auth_tui.core.directory.certificate import Certificate
from pve_auth_tui.core.errors import Refused
from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.trust.model import Authority, Candidate, Contents, Form, Offer
from pve_auth_tui.core.trust.naming import called
from pve_auth_tui.core.words import date

SOON: Final = 90  # days
_WEAK: Final = frozenset({"md2", "md4", "md5", "sha1"})
_RSA: Final = re.compile(r"RSA ([0-9]{1,6})")
_RSA_LEAST: Final = 2048  # Debian's OpenSSL takes no less (security level 2)
_AS_FILE: Final = "That one server alone: a realm's capath may name a file with it."


def judged(certificate: Certificate, now: float) -> tuple[Finding, ...]:
    """BAD first; nothing for a root that is as it should be."""
    if certificate.problem:
        return (Finding("BAD", f"It cannot be used: {certificate.problem}."),)
    return (*_refused(certificate, now), *_looked_at(certificate, now))


def _refused(one: Certificate, now: float) -> list[Finding]:
    found = []
    if not one.is_ca:
        text = "It is no CA's certificate: CA:TRUE is missing in its basicConstraints."
        found.append(Finding("BAD", text, _AS_FILE if one.self_signed else "Ask for the CA's own."))
    elif not one.signs:
        text = "Its key usage does not allow it to sign certificates, so nothing is verified by it."
        found.append(Finding("BAD", text, "Ask whoever runs the CA."))
    if now >= one.ends:
        hint = "Ask for the new one; or is this node's clock wrong?"
        found.append(Finding("BAD", f"It ended on {date(one.ends)}.", hint))
    if now < one.begins:
        hint = "Is this node's clock wrong?"
        found.append(Finding("BAD", f"It is not valid before {date(one.begins)}.", hint))
    return found


def _looked_at(one: Certificate, now: float) -> list[Finding]:
    found = []
    if one.is_ca and not one.self_signed:
        text = "It is an intermediate CA's: trust its root instead, and let servers send this one."
        found.append(Finding("LOOK", text, "Its root is what its issuer names."))
    if one.signature in _WEAK:
        text = f"It is signed with {one.signature.upper()}, which can be forged."
        found.append(Finding("LOOK", text, "Its fingerprint counts all the more: compare it."))
    key = _RSA.fullmatch(one.key)
    if key and int(key[1]) < _RSA_LEAST:
        text = f"Its key is {one.key}: OpenSSL refuses less than {_RSA_LEAST} bits."
        found.append(Finding("LOOK", text, "Ask for a CA with a longer key."))
    if now < one.ends and one.days_left(now) < SOON:
        found.append(Finding("LOOK", f"It ends on {date(one.ends)}.", "Ask for its successor."))
    return found


def offered(source: str, contents: Contents, trusted: Collection[str], now: float) -> Offer:
    """What an input holds, judged. `trusted`: SHA-256 of what this node trusts.

    Raises Refused for a private key, and for what holds no certificate at all.
    """
    if contents.has_key:
        raise Refused(
            f"{source} holds a private key. Nothing was read from it.",
            "A CA's certificate is public, its key is not: take the key away from this node, and"
            " tell whoever runs the CA where it was.",
        )
    if not contents.authorities:
        raise Refused(
            f"{source} holds no certificate that can be read.",
            "PEM, DER or PKCS#7 is what a CA gives: .crt, .cer, .pem, .p7b.",
        )
    candidates = tuple(
        Candidate(one, judged(one.certificate, now), one.sha256 in trusted)
        for one in contents.authorities
    )
    return Offer(source, contents.form, candidates)


def lacking_root(wanted: Sequence[Authority], trusted_subjects: Collection[str]) -> str:
    """Why an intermediate CA would be trusted nowhere: the name of a root that is missing; "" for
    nothing missing. OpenSSL follows a chain to its root.
    """
    known = {*trusted_subjects, *(one.certificate.subject for one in wanted)}
    for one in wanted:
        certificate = one.certificate
        if not certificate.self_signed and certificate.issuer not in known:
            return certificate.issuer
    return ""


def form_words(form: Form, count: int) -> str:
    """`PKCS#7, DER, 3 certificates`"""
    if form in (Form.KEY, Form.OTHER):
        return str(form.value)
    return f"{form.value}, {count} certificates" if count != 1 else form.value


def name_of(authority: Authority) -> str:
    """Untrusted."""
    return called(authority.certificate)
